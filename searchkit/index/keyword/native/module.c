/* The Python side: buffers are taken and their sizes checked here, and the loops run without the interpreter's lock. */
#include "windows.h"
#include "words.h"
#include "inverting.h"

enum { MOST_VOTERS = 16 };

static int take(Buffer *b, PyObject *object, Py_ssize_t item, int writable) {
    b->held = 0;
    if (object == Py_None) return 1;
    if (PyObject_GetBuffer(object, &b->view, PyBUF_ND | (writable ? PyBUF_WRITABLE : 0)) < 0) return 0;
    b->held = 1;
    if (b->view.itemsize == item) return 1;
    PyErr_SetString(PyExc_TypeError, "the numbers of an array have another size");
    return 0;
}

static void drop(Buffer *b) {
    if (b->held) PyBuffer_Release(&b->view);
    b->held = 0;
}

static uint64_t length(const Buffer *b) { return b->held ? (uint64_t)(b->view.len / b->view.itemsize) : 0; }

typedef struct {
    PyObject_HEAD
    Field field;
} FieldObject;

static void field_dealloc(PyObject *self) {
    for (int i = 0; i < 9; i++) drop(((FieldObject *)self)->field.buffers + i);
    PyTypeObject *type = Py_TYPE(self);
    freefunc done = (freefunc)PyType_GetSlot(type, Py_tp_free);
    done(self);
    Py_DECREF(type);
}

static int wide(Buffer *b, PyObject *object, int *width) {
    if (!take(b, object, 4, 0)) {
        if (!b->held || b->view.itemsize != 8) return 0;
        PyErr_Clear();
    }
    *width = (int)b->view.itemsize;
    return 1;
}

static PyObject *field_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    (void)kwargs;
    PyObject *o[9];
    unsigned long long rows, postings;
    if (!PyArg_ParseTuple(args, "OOOOOOOOOKK", o, o + 1, o + 2, o + 3, o + 4, o + 5, o + 6, o + 7, o + 8, &rows,
                          &postings))
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
        !wide(b + 8, o[8], &f->blocks_width)) {
        Py_DECREF(self);
        return NULL;
    }
    if (length(b + 1) != blocks || length(b + 2) != blocks || length(b + 3) != blocks || length(b + 4) != blocks ||
        length(b + 6) != blocks || length(b + 7) != blocks || length(b + 8) != blocks + 1 || rows > UINT32_MAX) {
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
static PyType_Spec field_spec = {"searchkit.index.keyword._loops.Field", sizeof(FieldObject), 0, Py_TPFLAGS_DEFAULT,
                                 field_slots};

typedef struct {
    PyObject *field_type;
} State;

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

static PyObject *pair_of(uint32_t *rows, uint32_t *counts, uint32_t n) {
    PyObject *done = Py_BuildValue("(y#y#)", n ? (char *)rows : "", (Py_ssize_t)n * 4, n ? (char *)counts : "",
                                   (Py_ssize_t)n * 4);
    free(rows);
    free(counts);
    return done;
}

static int take_rows(Buffer *b, PyObject *object, uint32_t rows) {
    if (!take(b, object, 1, 0)) return 0;
    if (!b->held || length(b) == rows) return 1;
    PyErr_SetString(PyExc_ValueError, "a mask has another number of rows");
    return 0;
}

static PyObject *loops_unite(PyObject *module, PyObject *args) {
    PyObject *given, *deleted;
    unsigned int rows;
    uint32_t *out_rows = NULL, *out_counts = NULL, n = 0;
    if (!PyArg_ParseTuple(args, "O!IO", &PyList_Type, &given, &rows, &deleted)) return NULL;
    Lists l;
    Buffer gone = {0};
    PyObject *done = NULL;
    if (take_lists(module, given, rows, &l) && take_rows(&gone, deleted, rows)) {
        int failed;
        for (int i = 0; i < l.n; i++)
            if (!l.lists[i].field) {
                PyErr_SetString(PyExc_TypeError, "only packed lists can be united");
                goto out;
            }
        Py_BEGIN_ALLOW_THREADS
        failed = unite(l.lists, l.n, rows, gone.held ? gone.view.buf : NULL, &out_rows, &out_counts, &n);
        Py_END_ALLOW_THREADS
        done = failed ? failure(failed) : pair_of(out_rows, out_counts, n);
    }
out:
    drop(&gone);
    drop_lists(&l);
    return done;
}

static PyObject *loops_phrase(PyObject *module, PyObject *args) {
    PyObject *given, *deleted, *gaps;
    unsigned int rows, slop;
    uint32_t *out_rows = NULL, *out_counts = NULL, n = 0;
    if (!PyArg_ParseTuple(args, "O!OIIO", &PyList_Type, &given, &gaps, &slop, &rows, &deleted)) return NULL;
    Lists l;
    Buffer gone = {0}, between = {0};
    PyObject *done = NULL;
    if (take_lists(module, given, rows, &l) && take_rows(&gone, deleted, rows) && take(&between, gaps, 4, 0)) {
        int failed, fits = l.n > 1 && length(&between) == (uint64_t)l.n - 1;
        for (int i = 0; i < l.n; i++) fits &= l.lists[i].field != NULL;
        if (!fits)
            PyErr_SetString(PyExc_ValueError, "a phrase has two packed lists at least, and a gap between each two");
        else {
            Py_BEGIN_ALLOW_THREADS
            failed = phrase(l.lists, between.view.buf, l.n, slop, gone.held ? gone.view.buf : NULL, &out_rows,
                            &out_counts, &n);
            Py_END_ALLOW_THREADS
            done = failed ? failure(failed) : pair_of(out_rows, out_counts, n);
        }
    }
    drop(&between);
    drop(&gone);
    drop_lists(&l);
    return done;
}

/* Check that a program names only what is there. */
static int sound(const Search *s, int filter_count) {
    int good = s->root >= 0 && s->root < s->register_count;
    for (int i = 0; i < s->register_count && good; i++) {
        Operation o = s->operations[i];
        if (o.what == 2) good = o.a >= 0 && o.a < s->list_count;
        if (o.what == 3) good = o.a >= 0 && o.a < filter_count;
        if (o.what > 3) good = o.a >= 0 && o.a < i && o.b >= 0 && o.b < i;
        good &= o.what >= 0 && o.what < 7;
    }
    for (int i = 0; i < s->step_count && good; i++) {
        Step t = s->steps[i];
        good = t.leaf < s->list_count && t.gate >= 0 && t.gate < s->register_count && t.holding >= 0 &&
               t.holding < s->register_count && (t.leaf >= 0 || !s->plain);
    }
    for (int i = 0; i < s->required_count && good; i++)
        good = s->required[i] >= 0 && s->required[i] < s->list_count;
    return good;
}

static int take_tables(PyObject *tables, Search *s, Buffer *b) {
    if (PyList_Size(tables) != s->list_count) {
        PyErr_SetString(PyExc_ValueError, "each list needs a table");
        return 0;
    }
    for (int i = 0; i < s->list_count; i++, b += 3) {
        PyObject *lengths, *norms, *ratios;
        if (!PyArg_ParseTuple(PyList_GetItem(tables, i), "OOO", &lengths, &norms, &ratios)) return 0;
        if (!take(b, lengths, 2, 0) || !take(b + 1, norms, 8, 0) || !take(b + 2, ratios, 8, 0)) return 0;
        Table *t = s->tables + i;
        t->lengths = b->held ? b->view.buf : NULL;
        t->norms = b[1].view.buf;
        t->length_count = (uint32_t)length(b + 1);
        t->ratios = b[2].held ? b[2].view.buf : NULL;
        t->ready = t->length_count ? (uint32_t)(length(b + 2) / t->length_count) : 0;
        if (length(b + (b->held ? 0 : 1)) != s->rows) {
            PyErr_SetString(PyExc_ValueError, "there is a length for each row");
            return 0;
        }
    }
    return 1;
}

static PyObject *results(Search *s) {
    PyObject *rows = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)s->hit_count * 8);
    PyObject *scores = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)s->hit_count * 8);
    if (!rows || !scores) {
        Py_XDECREF(rows);
        Py_XDECREF(scores);
        return NULL;
    }
    int64_t *r = (int64_t *)PyBytes_AsString(rows);
    double *d = (double *)PyBytes_AsString(scores);
    for (size_t i = 0; i < s->hit_count; i++) {
        r[i] = s->hits[i].row;
        d[i] = s->hits[i].score;
    }
    return Py_BuildValue("(NN)", rows, scores);
}

/* search(lists, tables, operations, steps, weights, required, root, asks, plain, rows, articles, deleted, mask,
 * filters, limit, floor, wanted, scores, matched, allowed) */
static PyObject *loops_search(PyObject *module, PyObject *args) {
    PyObject *lists, *tables, *filters, *o[11];
    unsigned int rows, limit;
    Search s = {0};
    if (!PyArg_ParseTuple(args, "O!O!OOOOiiiIOOOO!IdOOOO", &PyList_Type, &lists, &PyList_Type, &tables, o, o + 1, o + 2,
                          o + 3, &s.root, &s.asks, &s.plain, &rows, o + 4, o + 5, o + 6, &PyList_Type, &filters, &limit,
                          &s.floor, o + 7, o + 8, o + 9, o + 10))
        return NULL;
    s.rows = rows;
    s.limit = limit;
    Py_ssize_t filter_count = PyList_Size(filters);
    Lists l;
    Buffer b[11] = {0}, *table_buffers = NULL, *filter_buffers = NULL;
    PyObject *done = NULL;
    int failed;
    if (!take_lists(module, lists, rows, &l)) goto out;
    s.lists = l.lists;
    s.list_count = l.n;
    s.tables = calloc((size_t)l.n + 1, sizeof *s.tables);
    table_buffers = calloc(3 * (size_t)l.n + 1, sizeof *table_buffers);
    filter_buffers = calloc((size_t)filter_count + 1, sizeof *filter_buffers);
    s.filters = calloc((size_t)filter_count + 1, sizeof *s.filters);
    if (!s.tables || !table_buffers || !filter_buffers || !s.filters) {
        PyErr_NoMemory();
        goto out;
    }
    if (!take_tables(tables, &s, table_buffers)) goto out;
    for (Py_ssize_t i = 0; i < filter_count; i++) {
        if (!take_rows(filter_buffers + i, PyList_GetItem(filters, i), rows)) goto out;
        s.filters[i] = filter_buffers[i].view.buf;
        if (!filter_buffers[i].held) goto wrong;
    }
    if (!take(b, o[0], 4, 0) || !take(b + 1, o[1], 4, 0) || !take(b + 2, o[2], 8, 0) || !take(b + 3, o[3], 4, 0) ||
        !take(b + 4, o[4], 4, 0) || !take_rows(b + 5, o[5], rows) || !take_rows(b + 6, o[6], rows) ||
        !take(b + 7, o[7], 4, 0) || !take(b + 8, o[8], 8, 1) || !take(b + 9, o[9], 1, 1) || !take(b + 10, o[10], 1, 1))
        goto out;
    s.operations = b[0].view.buf;
    s.register_count = (int)(length(b) / 3);
    s.steps = b[1].view.buf;
    s.step_count = (int)(length(b + 1) / 3);
    s.weights = b[2].view.buf;
    s.required = b[3].view.buf;
    s.required_count = (int)length(b + 3);
    s.article_of_row = b[4].held ? b[4].view.buf : NULL;
    s.deleted = b[5].held ? b[5].view.buf : NULL;
    s.mask = b[6].held ? b[6].view.buf : NULL;
    s.wanted = b[7].held ? b[7].view.buf : NULL;
    s.wanted_count = (uint32_t)length(b + 7);
    s.scores = b[8].held ? b[8].view.buf : NULL;
    s.matched = b[9].held ? b[9].view.buf : NULL;
    s.allowed = b[10].held ? b[10].view.buf : NULL;
    if (!sound(&s, (int)filter_count) || length(b + 2) != (uint64_t)s.step_count) goto wrong;
    if (!(s.plain && s.limit) && length(b + 4) != rows) goto wrong;
    if (!s.limit) {
        uint64_t asked = s.wanted ? s.wanted_count : rows;
        if (length(b + 8) != asked || length(b + 9) != asked || (!s.wanted && length(b + 10) != rows)) goto wrong;
        for (uint32_t i = 0; i < s.wanted_count; i++)
            if (s.wanted[i] >= rows || (i && s.wanted[i] < s.wanted[i - 1])) goto wrong;
    } else if (s.wanted)
        goto wrong;
    Py_BEGIN_ALLOW_THREADS
    failed = run_search(&s);
    Py_END_ALLOW_THREADS
    done = failed ? failure(failed) : results(&s);
    goto out;
wrong:
    PyErr_SetString(PyExc_TypeError, "a program's arrays don't fit together");
out:
    for (int i = 0; i < 11; i++) drop(b + i);
    for (int i = 0; table_buffers && i < 3 * l.n; i++) drop(table_buffers + i);
    for (Py_ssize_t i = 0; filter_buffers && i < filter_count; i++) drop(filter_buffers + i);
    free(table_buffers);
    free(filter_buffers);
    free(s.tables);
    free(s.filters);
    free(s.hits);
    drop_lists(&l);
    return done;
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

/* invert(tokens, parts, width, first_row, gap, starts, advances, lexemes, offsets, lexeme_terms, lexeme_words, terms,
 * words): df, cf, rows, counts and positions of "text" and of "title", each row's length in both, each word's rows. */
static PyObject *loops_invert(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *o[8], *done = NULL;
    unsigned long long width, terms, words;
    Tokens t = {0};
    Buffer b[8] = {0};
    Sorted text = {0}, title = {0};
    uint32_t *rows = NULL;
    if (!PyArg_ParseTuple(args, "OOKIIOOOOOOKK", o, o + 1, &width, &t.first_row, &t.gap, o + 2, o + 3, o + 4, o + 5,
                          o + 6, o + 7, &terms, &words))
        return NULL;
    static const Py_ssize_t sizes[8] = {4, 8, 8, 4, 4, 4, 4, 4};
    for (int i = 0; i < 8; i++)
        if (!take(b + i, o[i], sizes[i], 0)) goto out;
    t.tokens = b[0].view.buf;
    t.parts = b[1].view.buf;
    t.starts = b[2].view.buf;
    t.advances = b[3].view.buf;
    t.lexemes = b[4].view.buf;
    t.offsets = b[5].view.buf;
    t.lexeme_terms = b[6].view.buf;
    t.lexeme_words = b[7].view.buf;
    t.count = length(b);
    t.width = width;
    t.rows = width ? length(b + 1) / width : 0;
    t.kinds = length(b + 3);
    t.terms = terms;
    t.words = words;
    int fits = length(b + 2) == t.kinds + 1 && length(b + 5) == length(b + 4) && length(b + 6) == length(b + 7);
    for (uint64_t i = 0; i < t.kinds && fits; i++)
        fits = t.starts[i] >= 0 && t.starts[i] <= t.starts[i + 1] && (uint64_t)t.starts[i + 1] <= length(b + 4);
    for (uint64_t i = 0; i < length(b + 4) && fits; i++) fits = t.lexemes[i] < length(b + 6);
    for (uint64_t i = 0; i < length(b + 6) && fits; i++) fits = t.lexeme_terms[i] < terms && t.lexeme_words[i] < words;
    if (!fits) {
        PyErr_SetString(PyExc_ValueError, "the tables of tokens don't fit together");
        goto out;
    }
    int failed = 2;
    rows = calloc(2 * t.rows + words + 1, sizeof *rows);
    Py_BEGIN_ALLOW_THREADS
    if (rows) failed = invert(&t, &text, &title, rows, rows + t.rows, rows + 2 * t.rows);
    Py_END_ALLOW_THREADS
    if (failed) {
        failure(failed);
        goto out;
    }
#define OUT(array, n) (char *)(array), (Py_ssize_t)(n)*4
    done = Py_BuildValue("((y#y#y#y#y#)(y#y#y#y#y#)y#y#y#)", OUT(text.df, terms), OUT(text.cf, terms),
                         OUT(text.rows, text.postings), OUT(text.counts, text.postings),
                         OUT(text.positions, text.occurrences), OUT(title.df, terms), OUT(title.cf, terms),
                         OUT(title.rows, title.postings), OUT(title.counts, title.postings),
                         OUT(title.positions, title.occurrences), OUT(rows, t.rows), OUT(rows + t.rows, t.rows),
                         OUT(rows + 2 * t.rows, words));
out:
    for (int i = 0; i < 8; i++) drop(b + i);
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
        double best[MOST_VOTERS], behind = 0.0;
        int n = 0;
        for (int64_t k = 0; k < count[i]; k++) {
            int at = n < voters ? n++ : voters;
            for (; at && best[at - 1] < score[k]; at--)
                if (at < voters) best[at] = best[at - 1];
            if (at < voters) best[at] = score[k];
        }
        for (int k = 0; k < n; k++) behind += best[0] - best[k];
        to[i] = best[0] - vote * behind / n;
    }
out:
    drop(b);
    drop(b + 1);
    return done;
}

static PyMethodDef methods[] = {
    {"vote", loops_vote, METH_VARARGS, NULL},
    {"invert", loops_invert, METH_VARARGS, NULL},
    {"unite", loops_unite, METH_VARARGS, NULL},   {"phrase", loops_phrase, METH_VARARGS, NULL},
    {"search", loops_search, METH_VARARGS, NULL}, {"decode", loops_decode, METH_VARARGS, NULL},
    {"pack", loops_pack, METH_O, NULL},           {"pack_positions", loops_pack_positions, METH_VARARGS, NULL},
    {"find", loops_find, METH_VARARGS, NULL},     {"near", loops_near, METH_VARARGS, NULL},
    {"fitting", loops_fitting, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int start(PyObject *module) {
    State *state = state_of(module);
    state->field_type = PyType_FromModuleAndSpec(module, &field_spec, NULL);
    if (!state->field_type) return -1;
    Py_INCREF(state->field_type);
    return PyModule_AddObject(module, "Field", state->field_type);
}

static int clear(PyObject *module) {
    Py_CLEAR(state_of(module)->field_type);
    return 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, start}, {0, NULL}};
static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_loops", "The keyword leg's loops.", sizeof(State), methods, slots, NULL, clear, NULL,
};

PyMODINIT_FUNC PyInit__loops(void) { return PyModuleDef_Init(&module); }
