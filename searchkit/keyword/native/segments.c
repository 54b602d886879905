#include "segments.h"

/* The Python side of a generation and of what is asked of it: arrays are taken once, and a search names them only. */

static State *state_of_type(PyObject *self) { return PyType_GetModuleState(Py_TYPE(self)); }

PyObject *damaged(int failed, int number) {
    if (failed == 2) return PyErr_NoMemory();
    PyObject *why = Py_BuildValue("(si)", "a list of postings is damaged", number);
    if (why) PyErr_SetObject(PyExc_ValueError, why);
    Py_XDECREF(why);
    return NULL;
}

static void wrong(const char *why) { PyErr_SetString(PyExc_TypeError, why); }

static void free_object(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    freefunc done = (freefunc)PyType_GetSlot(type, Py_tp_free);
    done(self);
    Py_DECREF(type);
}

static void segments_dealloc(PyObject *object) {
    SegmentsObject *self = (SegmentsObject *)object;
    for (int i = 0; i < self->count; i++) {
        for (int k = 0; k < 20; k++) drop(self->parts[i].buffers + k);
        Py_XDECREF(self->parts[i].held[0]);
        Py_XDECREF(self->parts[i].held[1]);
        free_sieve(&self->parts[i].sieve);
    }
    free(self->parts);
    free_object(object);
}

/* Take numbers of 16 or 32 bits. */
static int narrow(Buffer *b, PyObject *object, int *width) {
    if (!take(b, object, 4, 0)) {
        if (!b->held || b->view.itemsize != 2) return 0;
        PyErr_Clear();
    }
    *width = (int)b->view.itemsize;
    return 1;
}

static int take_borders(Part *p, PyObject **o) {
    Buffer *b = p->buffers + 17;
    Borders *borders = &p->borders;
    if (o[0] == Py_None) return 1;
    if (!narrow(b, o[0], &borders->bodies_width) || !narrow(b + 1, o[1], &borders->ends_width) ||
        !narrow(b + 2, o[2], &borders->joins_width))
        return 0;
    borders->bodies = b->view.buf;
    borders->ends = b[1].view.buf;
    borders->joins = b[2].view.buf;
    borders->rows = p->rows;
    return length(b) == p->rows && length(b + 1) == p->rows && length(b + 2) == p->rows;
}

static int take_part(Part *p, PyObject *given, PyObject *field_type) {
    PyObject *o[10];
    if (!PyArg_ParseTuple(given, "OOOOOOOOOO", o, o + 1, o + 2, o + 3, o + 4, o + 5, o + 6, o + 7, o + 8, o + 9))
        return 0;
    for (int f = 0; f < 2; f++) {
        if (!PyObject_TypeCheck(o[f], (PyTypeObject *)field_type)) {
            wrong("a segment has two fields");
            return 0;
        }
        p->held[f] = o[f];
        Py_INCREF(o[f]);
        p->fields[f] = &((FieldObject *)o[f])->field;
    }
    Buffer *b = p->buffers;
    p->rows = p->fields[TEXT]->rows;
    if (!take(b, o[2], 1, 0)) return 0;
    for (int i = 1; i < 5; i++)
        if (!take(b + i, o[i + 2], 4, 0)) return 0;
    p->deleted = b->held ? b->view.buf : NULL;
    int fits = p->fields[TITLE]->rows == p->rows && (!b->held || length(b) == p->rows);
    for (int f = 0; f < 2; f++) {
        p->gone[f] = length(b + 1 + 2 * f);
        p->gone_terms[f] = b[1 + 2 * f].view.buf;
        p->gone_counts[f] = b[2 + 2 * f].view.buf;
        fits &= length(b + 2 + 2 * f) == p->gone[f];
    }
    fits &= take_borders(p, o + 7);
    if (PyErr_Occurred()) return 0;
    if (!fits) wrong("the arrays of a segment don't fit together");
    return fits;
}

/* Segments([(text, title, deleted, text terms, text df, title terms, title df, bodies, ends, joins), …]): four are what
 * deleted rows take, None where none is deleted; the last three how rows go on from one to the next, None where none
 * does. */
static PyObject *segments_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    (void)kwargs;
    PyObject *given;
    if (!PyArg_ParseTuple(args, "O!", &PyList_Type, &given)) return NULL;
    State *state = PyType_GetModuleState(type);
    allocfunc make = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    SegmentsObject *self = (SegmentsObject *)make(type, 0);
    if (!self) return NULL;
    int count = (int)PyList_Size(given);
    self->parts = calloc((size_t)count + 1, sizeof *self->parts);
    if (!self->parts) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    int64_t base = 0;
    for (; self->count < count; self->count++) {
        Part *p = self->parts + self->count;
        p->base = base;
        if (!take_part(p, PyList_GetItem(given, self->count), state->field_type)) {
            self->count++;
            Py_DECREF(self);
            return NULL;
        }
        base += p->rows;
    }
    return (PyObject *)self;
}

static Part *part_of(SegmentsObject *self, int number) {
    if (number >= 0 && number < self->count) return self->parts + number;
    PyErr_SetString(PyExc_IndexError, "there is no such segment");
    return NULL;
}

/* set_table(number, field, lengths, norms, ratios): what turns counts into scores. */
static PyObject *segments_set_table(PyObject *object, PyObject *args) {
    int number, field;
    PyObject *o[3];
    if (!PyArg_ParseTuple(args, "iiOOO", &number, &field, o, o + 1, o + 2)) return NULL;
    Part *p = part_of((SegmentsObject *)object, number);
    if (!p) return NULL;
    if (field < 0 || field > 1 || p->has_table[field]) Py_RETURN_NONE;
    Buffer *b = p->buffers + 5 + 3 * field;
    Table *t = p->tables + field;
    if (!take(b, o[0], 2, 0) || !take(b + 1, o[1], 8, 0) || !take(b + 2, o[2], 8, 0)) goto out;
    t->lengths = b->held ? b->view.buf : NULL;
    t->norms = b[1].view.buf;
    t->length_count = (uint32_t)length(b + 1);
    t->ratios = b[2].held ? b[2].view.buf : NULL;
    t->ready = t->length_count ? (uint32_t)(length(b + 2) / t->length_count) : 0;
    if (length(b + (b->held ? 0 : 1)) != p->rows) {
        PyErr_SetString(PyExc_ValueError, "there is a length for each row");
        goto out;
    }
    for (uint32_t row = 0; t->lengths && row < p->rows; row++)
        if (t->lengths[row] >= t->length_count) {
            PyErr_SetString(PyExc_ValueError, "there is a norm for each length");
            goto out;
        }
    p->has_table[field] = 1;
    Py_RETURN_NONE;
out:
    for (int i = 0; i < 3; i++) drop(b + i);
    return NULL;
}

/* set_articles(number, articles): the article of each row, ascending. */
static PyObject *segments_set_articles(PyObject *object, PyObject *args) {
    int number;
    PyObject *given;
    if (!PyArg_ParseTuple(args, "iO", &number, &given)) return NULL;
    Part *p = part_of((SegmentsObject *)object, number);
    if (!p) return NULL;
    if (p->has_articles) Py_RETURN_NONE;
    Buffer *b = p->buffers + 11;
    if (!take(b, given, 4, 0)) return NULL;
    const int32_t *article = b->view.buf;
    int fits = b->held && length(b) == p->rows;
    p->single = 1;
    for (uint32_t row = 0; row < p->rows && fits; row++) {
        if (article[row] != (int32_t)row) p->single = 0;
        if (article[row] < 0 || (row && article[row] < article[row - 1])) fits = 0;
    }
    if (!fits) {
        drop(b);
        PyErr_SetString(PyExc_ValueError, "there is an article for each row, ascending");
        return NULL;
    }
    p->articles = article;
    p->has_articles = 1;
    Py_RETURN_NONE;
}

/* set_words(number, blob, offsets, rows, starts, terms): the table of words, and in how many living rows each stands. */
static PyObject *segments_set_words(PyObject *object, PyObject *args) {
    int number;
    PyObject *o[5];
    if (!PyArg_ParseTuple(args, "iOOOOO", &number, o, o + 1, o + 2, o + 3, o + 4)) return NULL;
    Part *p = part_of((SegmentsObject *)object, number);
    if (!p) return NULL;
    if (p->has_words) Py_RETURN_NONE;
    Buffer *b = p->buffers + 12;
    Words *w = &p->words;
    if (!take(b, o[0], 1, 0) || !wide(b + 1, o[1], &w->width) || !take(b + 2, o[2], 4, 0) ||
        !wide(b + 3, o[3], &p->word_starts_width) || !take(b + 4, o[4], 4, 0))
        goto out;
    w->blob = b->view.buf;
    w->blob_size = (uint64_t)b->view.len;
    w->offsets = b[1].view.buf;
    w->count = length(b + 1) ? length(b + 1) - 1 : 0;
    w->rows = b[2].view.buf;
    p->word_starts = b[3].view.buf;
    p->word_terms = b[4].view.buf;
    p->word_term_count = length(b + 4);
    if (length(b + 2) != w->count || length(b + 3) != w->count + 1 || w->count > UINT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "the arrays of words don't fit together");
        goto out;
    }
    p->has_words = 1;
    Py_RETURN_NONE;
out:
    for (int i = 0; i < 5; i++) drop(b + i);
    return NULL;
}

static void leaf_dealloc(PyObject *object) {
    LeafObject *self = (LeafObject *)object;
    for (int i = 0; self->owner && self->spans && i < self->owner->count; i++) {
        free(self->spans[i].rows);
        free(self->spans[i].counts);
        free(self->spans[i].positions);
        free(self->spans[i].starts);
    }
    for (int i = 0; i < self->unit_count; i++) Py_DECREF(self->units[i]);
    free(self->spans);
    free(self->units);
    free(self->gaps);
    Py_XDECREF((PyObject *)self->owner);
    free_object(object);
}

LeafObject *new_leaf(SegmentsObject *owner, int field, State *state) {
    PyTypeObject *type = (PyTypeObject *)state->leaf_type;
    allocfunc make = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    if (field < 0 || field > 1) {
        wrong("there are two fields");
        return NULL;
    }
    LeafObject *leaf = (LeafObject *)make(type, 0);
    if (!leaf) return NULL;
    leaf->owner = owner;
    Py_INCREF((PyObject *)owner);
    leaf->field = field;
    leaf->found = 1;
    leaf->spans = calloc((size_t)owner->count + 1, sizeof *leaf->spans);
    if (leaf->spans) return leaf;
    Py_DECREF(leaf);
    PyErr_NoMemory();
    return NULL;
}

uint64_t living_df(const Part *p, int field, uint64_t id, uint64_t first, uint64_t last) {
    const uint32_t *terms = p->gone_terms[field];
    uint64_t low = 0, high = p->gone[field], df = last - first;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (terms[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == p->gone[field] || terms[low] != id) return df;
    return p->gone_counts[field][low] < df ? df - p->gone_counts[field][low] : 0;
}

/* term(field, utf-8): a term's postings in all segments. */
static PyObject *segments_term(PyObject *object, PyObject *args) {
    SegmentsObject *self = (SegmentsObject *)object;
    int field;
    const char *term;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(args, "iy#", &field, &term, &size)) return NULL;
    LeafObject *leaf = new_leaf(self, field, state_of_type(object));
    for (int i = 0; leaf && i < self->count; i++) {
        const Part *p = self->parts + i;
        Span *span = leaf->spans + i;
        uint64_t id;
        int found = find_term(p->fields[field], term, (size_t)size, 0, &id);
        if (found < 0 || (found && !span_of(p->fields[field], id, &span->first, &span->last))) {
            Py_DECREF(leaf);
            return damaged(1, i);
        }
        if (found) leaf->df += span->df = living_df(p, field, id, span->first, span->last);
    }
    return (PyObject *)leaf;
}

/* preferring(leaf, forms): a term that scores more where one of its forms stands, for each segment its number, or -1. */
static PyObject *segments_preferring(PyObject *object, PyObject *args) {
    SegmentsObject *self = (SegmentsObject *)object;
    PyObject *given, *forms;
    if (!PyArg_ParseTuple(args, "OO!", &given, &PyList_Type, &forms)) return NULL;
    LeafObject *term = (LeafObject *)given;
    int fits = PyObject_TypeCheck(given, (PyTypeObject *)state_of_type(object)->leaf_type) && term->owner == self &&
               !term->unit_count && PyList_Size(forms) == self->count;
    for (int i = 0; i < self->count && fits; i++) fits = !term->spans[i].rows;
    if (!fits) {
        wrong("a term has a form in each segment");
        return NULL;
    }
    LeafObject *leaf = new_leaf(self, term->field, state_of_type(object));
    for (int i = 0; leaf && i < self->count; i++) {
        long long form = PyLong_AsLongLong(PyList_GetItem(forms, i));
        if (PyErr_Occurred() || form < -1 || form > UINT32_MAX) {
            if (!PyErr_Occurred()) wrong("there is no such form");
            Py_CLEAR(leaf);
            break;
        }
        leaf->spans[i] = term->spans[i];
        leaf->spans[i].own = form + 1;
        leaf->df += leaf->spans[i].df;
    }
    return (PyObject *)leaf;
}

/* forms(field, [[(term, form), …], …], placed): where any of some forms of terms stands, for each segment the numbers of
 * terms and of their forms, -1 for all. `placed`: for a phrase, which needs the positions. */
static PyObject *segments_forms(PyObject *object, PyObject *args) {
    SegmentsObject *self = (SegmentsObject *)object;
    int field, placed, failed = 0, number = 0;
    PyObject *lists;
    if (!PyArg_ParseTuple(args, "iO!i", &field, &PyList_Type, &lists, &placed)) return NULL;
    if (PyList_Size(lists) != self->count) {
        wrong("each segment has a list");
        return NULL;
    }
    LeafObject *leaf = new_leaf(self, field, state_of_type(object));
    for (; leaf && number < self->count && !failed; number++) {
        const Part *p = self->parts + number;
        PyObject *pairs = PyList_GetItem(lists, number);
        Py_ssize_t n = PyList_Size(pairs);
        Span *span = leaf->spans + number;
        if (n < 0) {
            wrong("a list of forms is needed");
            Py_CLEAR(leaf);
            break;
        }
        Cursor *cursors = malloc(((size_t)n + 1) * sizeof *cursors);
        failed = cursors ? 0 : 2;
        for (Py_ssize_t k = 0; k < n && !failed; k++) {
            unsigned long long id;
            long long form;
            uint64_t first, last;
            if (!PyArg_ParseTuple(PyList_GetItem(pairs, k), "KL", &id, &form)) {
                free(cursors);
                Py_DECREF(leaf);
                return NULL;
            }
            if ((form >= 0 && !p->fields[field]->forms) || form > UINT32_MAX || form < -1 ||
                !span_of(p->fields[field], id, &first, &last)) {
                failed = 1;
                break;
            }
            *span = (Span){.first = first, .last = last, .only = (int64_t)form + 1};
            open_span(cursors + k, p, field, span);
        }
        if (!failed && n && (!placed || n > 1)) {
            *span = (Span){0};
            Py_BEGIN_ALLOW_THREADS
            if (placed)
                failed = gather(cursors, (int)n, p->deleted, &span->rows, &span->counts, &span->n, &span->positions,
                                &span->starts);
            else
                failed = pick_forms(cursors, (int)n, p->rows, p->deleted, &span->rows, &span->counts, &span->n);
            Py_END_ALLOW_THREADS
            leaf->df += span->df = span->n;
        }
        free(cursors);
    }
    if (leaf && failed) {
        Py_CLEAR(leaf);
        damaged(failed, number - 1);
    }
    return (PyObject *)leaf;
}

/* phrase(words, offsets, slop): words in order, each at its offset. They were found with positions. */
static PyObject *segments_phrase(PyObject *object, PyObject *args) {
    SegmentsObject *self = (SegmentsObject *)object;
    State *state = state_of_type(object);
    PyObject *words, *offsets;
    unsigned int slop;
    if (!PyArg_ParseTuple(args, "O!O!I", &PyList_Type, &words, &PyTuple_Type, &offsets, &slop)) return NULL;
    int n = (int)PyList_Size(words), fits = n > 1 && slop > 0 && PyTuple_Size(offsets) == n, packed = 1;
    for (int i = 0, field = 0; i < n && fits; i++) {
        LeafObject *word = (LeafObject *)PyList_GetItem(words, i);
        fits = PyObject_TypeCheck((PyObject *)word, (PyTypeObject *)state->leaf_type) && word->owner == self &&
               !word->unit_count && (!i || word->field == field);
        if (fits) field = word->field;
        for (int k = 0; k < self->count && fits; k++) packed &= !word->spans[k].rows || word->spans[k].positions != NULL;
    }
    if (!fits || !packed) {
        wrong("a phrase has two words at least, of one field, each with its offset and its positions");
        return NULL;
    }
    LeafObject *leaf = new_leaf(self, ((LeafObject *)PyList_GetItem(words, 0))->field, state);
    if (!leaf) return NULL;
    leaf->found = 0;
    leaf->slop = slop;
    leaf->units = calloc((size_t)n, sizeof *leaf->units);
    leaf->gaps = malloc((size_t)n * sizeof *leaf->gaps);
    if (!leaf->units || !leaf->gaps) {
        Py_DECREF(leaf);
        return PyErr_NoMemory();
    }
    for (; leaf->unit_count < n; leaf->unit_count++) {
        leaf->units[leaf->unit_count] = PyList_GetItem(words, leaf->unit_count);
        Py_INCREF(leaf->units[leaf->unit_count]);
    }
    long before = 0;
    for (int i = 0; i < n && fits; i++) {
        long offset = PyLong_AsLong(PyTuple_GetItem(offsets, i));
        fits = !PyErr_Occurred() && offset >= 0 && offset <= INT32_MAX && offset >= before;
        if (i && fits) leaf->gaps[i - 1] = (int32_t)(offset - before);
        before = offset;
    }
    if (fits) return (PyObject *)leaf;
    if (!PyErr_Occurred()) wrong("offsets ascend");
    Py_DECREF(leaf);
    return NULL;
}

static PyObject *leaf_df(PyObject *object, void *closure) {
    (void)closure;
    return PyLong_FromUnsignedLongLong(((LeafObject *)object)->df);
}

static PyGetSetDef leaf_getset[] = {{"df", leaf_df, NULL, "The living rows that have it; 0 for a phrase.", NULL},
                                    {NULL, NULL, NULL, NULL, NULL}};
static PyType_Slot leaf_slots[] = {
    {Py_tp_doc, "What a word, several words or a phrase has in each segment."},
    {Py_tp_dealloc, leaf_dealloc},
    {Py_tp_getset, leaf_getset},
    {0, NULL},
};
static PyType_Spec leaf_spec = {"searchkit._native.Leaf", sizeof(LeafObject), 0,
                                Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, leaf_slots};

static PyMethodDef segments_methods[] = {
    {"set_table", segments_set_table, METH_VARARGS, NULL}, {"set_articles", segments_set_articles, METH_VARARGS, NULL},
    {"set_words", segments_set_words, METH_VARARGS, NULL}, {"term", segments_term, METH_VARARGS, NULL},
    {"forms", segments_forms, METH_VARARGS, NULL},         {"phrase", segments_phrase, METH_VARARGS, NULL},
    {"together", segments_together, METH_VARARGS, NULL},   {"words", segments_words, METH_VARARGS, NULL},
    {"union", segments_union, METH_VARARGS, NULL},         {"preferring", segments_preferring, METH_VARARGS, NULL},
    {"best", segments_best, METH_VARARGS, NULL},           {"fill", segments_fill, METH_VARARGS, NULL},
    {"voted", segments_voted, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot segments_slots[] = {
    {Py_tp_doc, "The segments of a generation, for the loops."},
    {Py_tp_new, segments_new},
    {Py_tp_dealloc, segments_dealloc},
    {Py_tp_methods, segments_methods},
    {0, NULL},
};
static PyType_Spec segments_spec = {"searchkit._native.Segments", sizeof(SegmentsObject), 0,
                                    Py_TPFLAGS_DEFAULT, segments_slots};

int add_segments(PyObject *module, State *state) {
    state->segments_type = PyType_FromModuleAndSpec(module, &segments_spec, NULL);
    state->leaf_type = PyType_FromModuleAndSpec(module, &leaf_spec, NULL);
    if (!state->segments_type || !state->leaf_type) return 0;
    Py_INCREF(state->segments_type);
    if (PyModule_AddObject(module, "Segments", state->segments_type) < 0) return 0;
    Py_INCREF(state->leaf_type);
    return PyModule_AddObject(module, "Leaf", state->leaf_type) == 0;
}
