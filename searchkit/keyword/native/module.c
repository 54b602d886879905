/* The Python side: buffers are taken and their sizes checked here, and the loops run without the interpreter's lock. */
#include "buffers.h"
#include "word_search.h"
#include "inverter.h"
#include "token_table.h"
#include "sort_strings.h"
#include "scatter.h"
#include "segments.h"


static void field_dealloc(PyObject *self) {
    for (int i = 0; i < 15; i++) drop(((FieldObject *)self)->field.buffers + i);
    PyTypeObject *type = Py_TYPE(self);
    freefunc done = (freefunc)PyType_GetSlot(type, Py_tp_free);
    done(self);
    Py_DECREF(type);
}

static PyObject *field_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    (void)kwargs;
    PyObject *o[15];
    unsigned long long rows, postings;
    if (!PyArg_ParseTuple(args, "OOOOOOOOOKKOOOOOO", o, o + 1, o + 2, o + 3, o + 4, o + 5, o + 6, o + 7, o + 8, &rows,
                          &postings, o + 9, o + 10, o + 11, o + 12, o + 13, o + 14))
        return NULL;
    allocfunc make = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    FieldObject *self = (FieldObject *)make(type, 0);
    if (!self) return NULL;
    Field *f = &self->field;
    Buffer *b = f->buffers;
    uint64_t blocks = (postings + BLOCK - 1) / BLOCK;
    if (!take(b, o[0], 1, 0) || !wide(b + 1, o[1], &f->block_at_width) || !take(b + 2, o[2], 1, 0) ||
        !take(b + 3, o[3], 1, 0) || !take(b + 4, o[4], 4, 0) || !take(b + 5, o[5], 1, 0) ||
        !wide(b + 6, o[6], &f->position_at_width) || !take(b + 7, o[7], 1, 0) ||
        !wide(b + 8, o[8], &f->blocks_width) || !take(b + 9, o[9], 1, 0) || !wide(b + 10, o[10], &f->offsets_width) ||
        !wide(b + 11, o[11], &f->starts_width) || !take(b + 12, o[12], 1, 0) ||
        (b[12].held && (!wide(b + 13, o[13], &f->form_at_width) || !take(b + 14, o[14], 1, 0)))) {
        Py_DECREF(self);
        return NULL;
    }
    if (length(b + 1) != blocks || length(b + 2) != blocks || length(b + 3) != blocks || length(b + 4) != blocks ||
        length(b + 6) != blocks || length(b + 7) != blocks || length(b + 8) != blocks + 1 || rows > UINT32_MAX ||
        !length(b + 10) || length(b + 10) != length(b + 11) ||
        (b[12].held && (length(b + 13) != blocks || length(b + 14) != blocks))) {
        PyErr_SetString(PyExc_ValueError, "the arrays of a field don't fit together");
        Py_DECREF(self);
        return NULL;
    }
    f->packed = b[0].view.buf;
    f->packed_size = (uint64_t)b[0].view.len;
    f->block_at = b[1].view.buf;
    f->row_bits = b[2].view.buf;
    f->count_bits = b[3].view.buf;
    f->bases = b[4].view.buf;
    f->positions = b[5].view.buf;
    f->positions_size = (uint64_t)b[5].view.len;
    f->position_at = b[6].view.buf;
    f->position_bits = b[7].view.buf;
    f->blocks = b[8].view.buf;
    f->blob = b[9].view.buf;
    f->blob_size = (uint64_t)b[9].view.len;
    f->offsets = b[10].view.buf;
    f->starts = b[11].view.buf;
    f->term_count = length(b + 10) - 1;
    if (b[12].held) {
        f->forms = b[12].view.buf;
        f->forms_size = (uint64_t)b[12].view.len;
        f->form_at = b[13].view.buf;
        f->form_bits = b[14].view.buf;
    }
    f->rows = (uint32_t)rows;
    f->postings = postings;
    f->block_count = blocks;
    return (PyObject *)self;
}

static PyType_Slot field_slots[] = {
    {Py_tp_doc, "The packed postings of one field of one segment."},
    {Py_tp_new, field_new},
    {Py_tp_dealloc, field_dealloc},
    {0, NULL},
};
static PyType_Spec field_spec = {"searchkit._native.Field", sizeof(FieldObject), 0, Py_TPFLAGS_DEFAULT,
                                 field_slots};

static State *state_of(PyObject *module) { return PyModule_GetState(module); }

static PyObject *failure(int failed) {
    if (failed == 2) return PyErr_NoMemory();
    PyErr_SetString(PyExc_ValueError, "a list of postings is damaged");
    return NULL;
}

/* Lists as Python gives them: (Field, first, last), or (rows, counts, 0) of 32 bits each. */
typedef struct {
    Cursor *lists;
    Buffer *buffers;
    int n;
} Lists;

static void drop_lists(Lists *l) {
    for (int i = 0; l->buffers && i < 2 * l->n; i++) drop(l->buffers + i);
    free(l->buffers);
    free(l->lists);
}

static int take_lists(PyObject *module, PyObject *given, uint32_t rows, Lists *l) {
    memset(l, 0, sizeof *l);
    Py_ssize_t n = PyList_Size(given);
    if (n < 0) return 0;
    l->n = (int)n;
    l->lists = malloc((size_t)(n + 1) * sizeof *l->lists);
    l->buffers = calloc(2 * (size_t)n + 1, sizeof *l->buffers);
    if (!l->lists || !l->buffers) {
        PyErr_NoMemory();
        return 0;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *one, *other;
        unsigned long long last, first;
        if (!PyArg_ParseTuple(PyList_GetItem(given, i), "OOK", &one, &other, &last)) return 0;
        if (PyObject_TypeCheck(one, (PyTypeObject *)state_of(module)->field_type)) {
            Field *field = &((FieldObject *)one)->field;
            first = PyLong_AsUnsignedLongLong(other);
            if (PyErr_Occurred()) return 0;
            if (first >= last || last > field->postings || field->rows > rows) {
                PyErr_SetString(PyExc_ValueError, "a list of postings lies outside");
                return 0;
            }
            open_list(l->lists + i, field, first, last);
        } else {
            Buffer *b = l->buffers + 2 * i;
            if (!take(b, one, 4, 0) || !take(b + 1, other, 4, 0)) return 0;
            uint64_t count = length(b);
            const uint32_t *all = b[0].view.buf;
            if (length(b + 1) != count || (count && all[count - 1] >= rows)) {
                PyErr_SetString(PyExc_ValueError, "rows and counts don't fit together");
                return 0;
            }
            open_plain(l->lists + i, all, b[1].view.buf, (uint32_t)count, rows);
        }
    }
    return 1;
}

/* find(blob, offsets, wanted): the number of the first string that isn't less, and whether it is the same. */
static PyObject *loops_find(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *blob, *offsets, *done = NULL;
    const char *wanted;
    Py_ssize_t size;
    int width;
    Buffer b = {0}, at = {0};
    if (!PyArg_ParseTuple(args, "OOy#", &blob, &offsets, &wanted, &size)) return NULL;
    if (!take(&b, blob, 1, 0) || !wide(&at, offsets, &width)) goto out;
    uint64_t low = 0, high = length(&at) ? length(&at) - 1 : 0, count = high, end = (uint64_t)b.view.len;
    int same = 0;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        uint64_t from = number_at(at.view.buf, width, middle), to = number_at(at.view.buf, width, middle + 1);
        if (from > to || to > end) {
            PyErr_SetString(PyExc_ValueError, "strings don't fit their offsets");
            goto out;
        }
        uint64_t shared = to - from < (uint64_t)size ? to - from : (uint64_t)size;
        int order = memcmp((const char *)b.view.buf + from, wanted, shared);
        if (order < 0 || (order == 0 && to - from < (uint64_t)size))
            low = middle + 1;
        else
            high = middle;
    }
    if (low < count) {
        uint64_t from = number_at(at.view.buf, width, low), to = number_at(at.view.buf, width, low + 1);
        same = from <= to && to <= end && to - from == (uint64_t)size &&
               !memcmp((const char *)b.view.buf + from, wanted, (size_t)size);
    }
    done = Py_BuildValue("(KO)", (unsigned long long)low, same ? Py_True : Py_False);
out:
    drop(&b);
    drop(&at);
    return done;
}

static int take_words(PyObject *blob, PyObject *offsets, PyObject *rows, Buffer *b, Words *w) {
    if (!take(b, blob, 1, 0) || !wide(b + 1, offsets, &w->width) || !take(b + 2, rows, 4, 0)) return 0;
    w->blob = b[0].view.buf;
    w->blob_size = (uint64_t)b[0].view.len;
    w->offsets = b[1].view.buf;
    w->count = length(b + 1) ? length(b + 1) - 1 : 0;
    w->rows = b[2].held ? b[2].view.buf : NULL;
    if ((!b[2].held || length(b + 2) == w->count) && w->count <= UINT32_MAX) return 1;
    PyErr_SetString(PyExc_ValueError, "the arrays of words don't fit together");
    return 0;
}

static PyObject *alike(Alike *out, int failed) {
    PyObject *done = failed ? failure(failed)
                            : Py_BuildValue("(y#y#)", out->n ? (char *)out->words : "", (Py_ssize_t)out->n * 4,
                                            out->n ? (char *)out->edits : "", (Py_ssize_t)out->n);
    free(out->words);
    free(out->edits);
    return done;
}

/* near(blob, offsets, rows, wanted, limit): the living words within so many edits, and the edits. */
static PyObject *loops_near(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *blob, *offsets, *rows, *wanted, *done = NULL;
    int limit, failed;
    Buffer b[4] = {0};
    Words w;
    Alike out = {0};
    if (!PyArg_ParseTuple(args, "OOOOi", &blob, &offsets, &rows, &wanted, &limit)) return NULL;
    if (take_words(blob, offsets, rows, b, &w) && take(b + 3, wanted, 4, 0)) {
        int size = length(b + 3) < 1000 ? (int)length(b + 3) : 1000;
        Py_BEGIN_ALLOW_THREADS
        failed = find_near(&w, b[3].view.buf, size, limit, &out);
        Py_END_ALLOW_THREADS
        done = alike(&out, failed);
    }
    for (int i = 0; i < 4; i++) drop(b + i);
    return done;
}

/* fitting(blob, offsets, rows, first, last, pattern): the living words of a range that fit a wildcard in UTF-8. */
static PyObject *loops_fitting(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *blob, *offsets, *rows, *done = NULL;
    unsigned long long first, last;
    const char *pattern;
    Py_ssize_t size;
    int failed;
    Buffer b[3] = {0};
    Words w;
    Alike out = {0};
    if (!PyArg_ParseTuple(args, "OOOKKy#", &blob, &offsets, &rows, &first, &last, &pattern, &size)) return NULL;
    if (take_words(blob, offsets, rows, b, &w)) {
        Py_BEGIN_ALLOW_THREADS
        failed = find_fitting(&w, first, last, (const uint8_t *)pattern, (size_t)size, &out);
        Py_END_ALLOW_THREADS
        done = alike(&out, failed);
    }
    for (int i = 0; i < 3; i++) drop(b + i);
    return done;
}

/* pack(numbers): 128 of 32 bits a block, in the fewest bits; bytes, and the bits of each block. */
static PyObject *loops_pack(PyObject *module, PyObject *numbers) {
    (void)module;
    Buffer b;
    PyObject *done = NULL;
    if (!take(&b, numbers, 4, 0)) goto out;
    uint64_t n = length(&b);
    if (n % BLOCK) {
        PyErr_SetString(PyExc_ValueError, "whole blocks are packed");
        goto out;
    }
    uint8_t *packed = malloc(n * 4 + 1), *bits = malloc(n / BLOCK + 1), *end = packed;
    if (packed && bits) {
        const uint32_t *values = b.view.buf;
        Py_BEGIN_ALLOW_THREADS
        for (uint64_t i = 0; i < n / BLOCK; i++) {
            bits[i] = (uint8_t)pack_bits(values + i * BLOCK, end);
            end += 16 * bits[i];
        }
        Py_END_ALLOW_THREADS
        done = Py_BuildValue("(y#y#)", (char *)packed, (Py_ssize_t)(end - packed), (char *)bits, (Py_ssize_t)(n / BLOCK));
    } else
        PyErr_NoMemory();
    free(packed);
    free(bits);
out:
    drop(&b);
    return done;
}

/* pack_positions(numbers, starts): blocks of any length, the bits one after the other. */
static PyObject *loops_pack_positions(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *numbers, *starts, *done = NULL;
    if (!PyArg_ParseTuple(args, "OO", &numbers, &starts)) return NULL;
    Buffer b = {0}, at = {0};
    if (!take(&b, numbers, 4, 0) || !take(&at, starts, 8, 0)) goto out;
    uint64_t blocks = length(&at) ? length(&at) - 1 : 0;
    const int64_t *start = at.view.buf;
    const uint32_t *values = b.view.buf;
    for (uint64_t i = 0; i < blocks; i++)
        if (start[i] < 0 || start[i + 1] < start[i] || (uint64_t)start[i + 1] > length(&b)) {
            PyErr_SetString(PyExc_ValueError, "blocks lie outside");
            goto out;
        }
    uint8_t *packed = calloc(length(&b) * 4 + blocks + 9, 1), *bits = malloc(blocks + 1), *end = packed;
    if (packed && bits) {
        Py_BEGIN_ALLOW_THREADS
        for (uint64_t i = 0; i < blocks; i++) {
            uint32_t every = 0;
            for (int64_t k = start[i]; k < start[i + 1]; k++) every |= values[k];
            unsigned width = every ? 32 - (unsigned)__builtin_clz(every) : 0;
            uint64_t bit = 0;
            for (int64_t k = start[i]; k < start[i + 1]; k++, bit += width) {
                uint64_t word;
                memcpy(&word, end + (bit >> 3), 8);
                word |= (uint64_t)values[k] << (bit & 7);
                memcpy(end + (bit >> 3), &word, 8);
            }
            bits[i] = (uint8_t)width;
            end += (bit + 7) / 8;
        }
        Py_END_ALLOW_THREADS
        done = Py_BuildValue("(y#y#)", (char *)packed, (Py_ssize_t)(end - packed), (char *)bits, (Py_ssize_t)blocks);
    } else
        PyErr_NoMemory();
    free(packed);
    free(bits);
out:
    drop(&b);
    drop(&at);
    return done;
}

/* decode(field, first, last): rows and counts, as bytes of 32-bit numbers. */
static PyObject *loops_decode(PyObject *module, PyObject *args) {
    PyObject *given;
    unsigned int rows;
    if (!PyArg_ParseTuple(args, "O!I", &PyList_Type, &given, &rows)) return NULL;
    Lists l;
    PyObject *done = NULL;
    if (take_lists(module, given, rows, &l)) {
        if (l.n != 1 || !l.lists->field)
            PyErr_SetString(PyExc_ValueError, "one packed list is decoded");
        else {
            Cursor *c = l.lists;
            uint64_t n = c->last - c->first, at = 0;
            PyObject *out_rows = n > rows ? NULL : PyBytes_FromStringAndSize(NULL, (Py_ssize_t)n * 4);
            PyObject *out_counts = n > rows ? NULL : PyBytes_FromStringAndSize(NULL, (Py_ssize_t)n * 4);
            if (out_rows && out_counts) {
                char *r = PyBytes_AsString(out_rows), *k = PyBytes_AsString(out_counts);
                Py_BEGIN_ALLOW_THREADS
                while (refill(c)) {
                    uint64_t some = c->n - c->i;
                    memcpy(r + 4 * at, c->rows + c->i, 4 * some);
                    memcpy(k + 4 * at, c->counts + c->i, 4 * some);
                    at += some;
                    c->i = c->n;
                }
                Py_END_ALLOW_THREADS
            }
            if (out_rows && out_counts && at == n)
                done = Py_BuildValue("(OO)", out_rows, out_counts);
            else if (!PyErr_Occurred())
                failure(1);
            Py_XDECREF(out_rows);
            Py_XDECREF(out_counts);
        }
    }
    drop_lists(&l);
    return done;
}

/* mark(numbers, flags): set the flag of each number (64 bits). */
static PyObject *loops_mark(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *numbers, *flags, *done = NULL;
    Buffer b[2] = {0};
    if (!PyArg_ParseTuple(args, "OO", &numbers, &flags)) return NULL;
    if (take(b, numbers, 8, 0) && take(b + 1, flags, 1, 1) && b->held && b[1].held) {
        const int64_t *number = b->view.buf;
        uint8_t *flag = b[1].view.buf;
        uint64_t n = length(b), size = length(b + 1), i = 0;
        for (; i < n && (uint64_t)number[i] < size; i++) flag[number[i]] = 1;
        if (i < n)
            PyErr_SetString(PyExc_ValueError, "a number has no flag");
        else {
            Py_INCREF(Py_None);
            done = Py_None;
        }
    } else if (!PyErr_Occurred())
        PyErr_SetString(PyExc_TypeError, "numbers and flags are needed");
    drop(b);
    drop(b + 1);
    return done;
}

/* invert(tokens, parts, width, first_row, gap, starts, advances, lexemes, offsets, counted, lexeme_terms,
 * lexeme_words, lexeme_forms, terms, words): df, cf, rows, counts, positions and forms of "text" and of "title", each
 * row's length in both, each word's rows, and where in each row the last part but one begins, the last one does, and
 * that ends. */
static PyObject *loops_invert(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *o[10], *done = NULL;
    unsigned long long width, terms, words;
    Tokens t = {0};
    Buffer b[10] = {0};
    Sorted text = {0}, title = {0};
    uint32_t *rows = NULL;
    if (!PyArg_ParseTuple(args, "OOKIIOOOOOOOOKK", o, o + 1, &width, &t.first_row, &t.gap, o + 2, o + 3, o + 4, o + 5,
                          o + 9, o + 6, o + 7, o + 8, &terms, &words))
        return NULL;
    static const Py_ssize_t sizes[10] = {4, 8, 8, 4, 4, 4, 4, 4, 4, 1};
    for (int i = 0; i < 10; i++)
        if (!take(b + i, o[i], sizes[i], 0)) goto out;
    t.tokens = b[0].view.buf;
    t.parts = b[1].view.buf;
    t.starts = b[2].view.buf;
    t.advances = b[3].view.buf;
    t.lexemes = b[4].view.buf;
    t.offsets = b[5].view.buf;
    t.lexeme_terms = b[6].view.buf;
    t.lexeme_words = b[7].view.buf;
    t.lexeme_forms = b[8].view.buf;
    t.counted = b[9].view.buf;
    t.count = length(b);
    t.width = width;
    t.rows = width ? length(b + 1) / width : 0;
    t.kinds = length(b + 3);
    t.terms = terms;
    t.words = words;
    int fits = length(b + 2) == t.kinds + 1 && length(b + 5) == length(b + 4) && length(b + 6) == length(b + 7) &&
               length(b + 8) == length(b + 6) && length(b + 9) == length(b + 4) && width > 1;
    for (uint64_t i = 0; i < t.kinds && fits; i++)
        fits = t.starts[i] >= 0 && t.starts[i] <= t.starts[i + 1] && (uint64_t)t.starts[i + 1] <= length(b + 4);
    for (uint64_t i = 0; i < length(b + 4) && fits; i++) fits = t.lexemes[i] < length(b + 6);
    for (uint64_t i = 0; i < length(b + 6) && fits; i++) fits = t.lexeme_terms[i] < terms && t.lexeme_words[i] < words;
    if (!fits) {
        PyErr_SetString(PyExc_ValueError, "the tables of tokens don't fit together");
        goto out;
    }
    int failed = 2;
    rows = calloc(5 * t.rows + words + 1, sizeof *rows);
    Rows each = {rows, rows + t.rows, rows + 2 * t.rows, rows + 3 * t.rows, rows + 4 * t.rows};
    Py_BEGIN_ALLOW_THREADS
    if (rows) failed = invert(&t, &text, &title, &each, rows + 5 * t.rows);
    Py_END_ALLOW_THREADS
    if (failed) {
        failure(failed);
        goto out;
    }
#define OUT(array, n) (char *)(array), (Py_ssize_t)(n)*4
    done = Py_BuildValue("((y#y#y#y#y#y#)(y#y#y#y#y#y#)y#y#y#y#y#y#)", OUT(text.df, terms), OUT(text.cf, terms),
                         OUT(text.rows, text.postings), OUT(text.counts, text.postings),
                         OUT(text.positions, text.occurrences), OUT(text.forms, text.occurrences),
                         OUT(title.df, terms), OUT(title.cf, terms), OUT(title.rows, title.postings),
                         OUT(title.counts, title.postings), OUT(title.positions, title.occurrences),
                         OUT(title.forms, title.occurrences), OUT(each.lengths, t.rows),
                         OUT(each.title_lengths, t.rows), OUT(rows + 5 * t.rows, words), OUT(each.bodies, t.rows),
                         OUT(each.rests, t.rows), OUT(each.ends, t.rows));
out:
    for (int i = 0; i < 10; i++) drop(b + i);
    free_sorted(&text);
    free_sorted(&title);
    free(rows);
    return done;
}

/* vote(counts, scores, vote, voters): each group's score, the best less the vote times how far the best few lie below
 * it in the mean; the groups' scores stand one after the other. */
static PyObject *loops_vote(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *counts, *scores, *done = NULL;
    double vote;
    int voters;
    Buffer b[2] = {0};
    if (!PyArg_ParseTuple(args, "OOdi", &counts, &scores, &vote, &voters)) return NULL;
    if (!take(b, counts, 8, 0) || !take(b + 1, scores, 8, 0)) goto out;
    const int64_t *count = b[0].view.buf;
    const double *score = b[1].view.buf;
    uint64_t groups = length(b), left = length(b + 1);
    int fits = voters > 0 && voters <= MOST_VOTERS;
    for (uint64_t i = 0; i < groups && fits; left -= (uint64_t)count[i++])
        fits = count[i] > 0 && (uint64_t)count[i] <= left;
    if (!fits || left) {
        PyErr_SetString(PyExc_ValueError, "groups and scores don't fit together");
        goto out;
    }
    done = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)groups * 8);
    if (!done) goto out;
    double *to = (double *)PyBytes_AsString(done);
    for (uint64_t i = 0; i < groups; score += count[i++]) {
        to[i] = voted_score(score, count[i], vote, voters);
    }
out:
    drop(b);
    drop(b + 1);
    return done;
}

static PyMethodDef methods[] = {
    {"vote", loops_vote, METH_VARARGS, NULL},
    {"invert", loops_invert, METH_VARARGS, NULL},
    {"arrange", loops_arrange, METH_O, NULL},
    {"move", loops_move, METH_VARARGS, NULL},
    {"decode", loops_decode, METH_VARARGS, NULL}, {"mark", loops_mark, METH_VARARGS, NULL},
    {"pack", loops_pack, METH_O, NULL},           {"pack_positions", loops_pack_positions, METH_VARARGS, NULL},
    {"find", loops_find, METH_VARARGS, NULL},     {"near", loops_near, METH_VARARGS, NULL},
    {"fitting", loops_fitting, METH_VARARGS, NULL}, {"strings", loops_strings, METH_VARARGS, NULL},
    {"products", loops_products, METH_VARARGS, NULL}, {"similarity", loops_similarity, METH_VARARGS, NULL},
    {"windows", loops_windows, METH_VARARGS, NULL},
    {"word_bits", loops_word_bits, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int start(PyObject *module) {
    State *state = state_of(module);
    state->field_type = PyType_FromModuleAndSpec(module, &field_spec, NULL);
    if (!state->field_type) return -1;
    Py_INCREF(state->field_type);
    if (PyModule_AddObject(module, "Field", state->field_type) < 0) return -1;
    if (PyModule_AddObject(module, "Tokens", PyType_FromModuleAndSpec(module, &tokens_spec, NULL)) < 0) return -1;
    return add_segments(module, state) ? 0 : -1;
}

static int clear(PyObject *module) {
    Py_CLEAR(state_of(module)->field_type);
    Py_CLEAR(state_of(module)->segments_type);
    Py_CLEAR(state_of(module)->leaf_type);
    return 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, start}, {0, NULL}};
static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_native", "The keyword leg's loops.", sizeof(State), methods, slots, NULL, clear, NULL,
};

PyMODINIT_FUNC PyInit__native(void) { return PyModuleDef_Init(&module); }
