/* Segments: arrays are taken from Python once, and checked; a search names them only. */
#include "segments.h"
#include "module_state.h"

#include <stdlib.h>

static void raise_type_error(const char *why) { PyErr_SetString(PyExc_TypeError, why); }

void segments_dealloc(PyObject *object) {
    SegmentsObject *self = (SegmentsObject *)object;
    for (int i = 0; i < self->count; i++) {
        for (int k = 0; k < 20; k++) release_buffer(self->items[i].buffers + k);
        Py_XDECREF(self->items[i].held[0]);
        Py_XDECREF(self->items[i].held[1]);
        free_fuzzy_filter(&self->items[i].fuzzy_filter);
    }
    free(self->items);
    free_instance(object);
}

/* Take numbers of 16 or 32 bits. */
static int acquire_narrow(Buffer *b, PyObject *object, int *width) {
    if (!acquire_buffer(b, object, 4, 0)) {
        if (!b->held || b->view.itemsize != 2) return 0;
        PyErr_Clear();
    }
    *width = (int)b->view.itemsize;
    return 1;
}

static int acquire_borders(Segment *segment, PyObject **o) {
    Buffer *b = segment->buffers + 17;
    ChunkBorders *borders = &segment->borders;
    if (o[0] == Py_None) return 1;
    if (!acquire_narrow(b, o[0], &borders->bodies_width) || !acquire_narrow(b + 1, o[1], &borders->ends_width) ||
        !acquire_narrow(b + 2, o[2], &borders->joins_width))
        return 0;
    borders->bodies = b->view.buf;
    borders->ends = b[1].view.buf;
    borders->joins = b[2].view.buf;
    borders->rows = segment->rows;
    return buffer_length(b) == segment->rows && buffer_length(b + 1) == segment->rows &&
           buffer_length(b + 2) == segment->rows;
}

static int acquire_segment(Segment *segment, PyObject *arrays, PyObject *field_type) {
    PyObject *o[10];
    if (!PyArg_ParseTuple(arrays, "OOOOOOOOOO", o, o + 1, o + 2, o + 3, o + 4, o + 5, o + 6, o + 7, o + 8, o + 9))
        return 0;
    for (int f = 0; f < 2; f++) {
        if (!PyObject_TypeCheck(o[f], (PyTypeObject *)field_type)) {
            raise_type_error("a segment has two fields");
            return 0;
        }
        segment->held[f] = o[f];
        Py_INCREF(o[f]);
        segment->fields[f] = &((FieldObject *)o[f])->field;
    }
    Buffer *b = segment->buffers;
    segment->rows = segment->fields[TEXT]->rows;
    if (!acquire_buffer(b, o[2], 1, 0)) return 0;
    for (int i = 1; i < 5; i++)
        if (!acquire_buffer(b + i, o[i + 2], 4, 0)) return 0;
    segment->deleted = b->held ? b->view.buf : NULL;
    int fits = segment->fields[TITLE]->rows == segment->rows && (!b->held || buffer_length(b) == segment->rows);
    for (int f = 0; f < 2; f++) {
        segment->deleted_term_count[f] = buffer_length(b + 1 + 2 * f);
        segment->deleted_terms[f] = b[1 + 2 * f].view.buf;
        segment->deleted_df[f] = b[2 + 2 * f].view.buf;
        fits &= buffer_length(b + 2 + 2 * f) == segment->deleted_term_count[f];
    }
    fits &= acquire_borders(segment, o + 7);
    if (PyErr_Occurred()) return 0;
    if (!fits) raise_type_error("the arrays of a segment don't fit together");
    return fits;
}

/* Segments([(text, title, deleted, text terms, text df, title terms, title df, bodies, ends, joins), …]): four are what
 * deleted rows take, None where none is deleted; the last three how rows go on from one to the next, None where none
 * does. */
PyObject *segments_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    (void)kwargs;
    PyObject *segments;
    if (!PyArg_ParseTuple(args, "O!", &PyList_Type, &segments)) return NULL;
    ModuleState *state = PyType_GetModuleState(type);
    allocfunc make = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    SegmentsObject *self = (SegmentsObject *)make(type, 0);
    if (!self) return NULL;
    int count = (int)PyList_Size(segments);
    self->items = calloc((size_t)count + 1, sizeof *self->items);
    if (!self->items) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    int64_t base = 0;
    for (; self->count < count; self->count++) {
        Segment *segment = self->items + self->count;
        segment->base = base;
        if (!acquire_segment(segment, PyList_GetItem(segments, self->count), state->field_type)) {
            self->count++;
            Py_DECREF(self);
            return NULL;
        }
        base += segment->rows;
    }
    return (PyObject *)self;
}

static Segment *segment_at(SegmentsObject *self, int number) {
    if (number >= 0 && number < self->count) return self->items + number;
    PyErr_SetString(PyExc_IndexError, "there is no such segment");
    return NULL;
}

/* set_table(number, field, lengths, norms, ratios): what turns counts into scores. */
PyObject *segments_set_table(PyObject *object, PyObject *args) {
    int number, field;
    PyObject *o[3];
    if (!PyArg_ParseTuple(args, "iiOOO", &number, &field, o, o + 1, o + 2)) return NULL;
    Segment *segment = segment_at((SegmentsObject *)object, number);
    if (!segment) return NULL;
    if (field < 0 || field > 1 || segment->has_table[field]) Py_RETURN_NONE;
    Buffer *b = segment->buffers + 5 + 3 * field;
    ScoreTable *t = segment->tables + field;
    if (!acquire_buffer(b, o[0], 2, 0) || !acquire_buffer(b + 1, o[1], 8, 0) || !acquire_buffer(b + 2, o[2], 8, 0))
        goto out;
    t->lengths = b->held ? b->view.buf : NULL;
    t->norms = b[1].view.buf;
    t->length_count = (uint32_t)buffer_length(b + 1);
    t->ratios = b[2].held ? b[2].view.buf : NULL;
    t->max_tf = t->length_count ? (uint32_t)(buffer_length(b + 2) / t->length_count) : 0;
    if (buffer_length(b + (b->held ? 0 : 1)) != segment->rows) {
        PyErr_SetString(PyExc_ValueError, "there is a length for each row");
        goto out;
    }
    for (uint32_t row = 0; t->lengths && row < segment->rows; row++)
        if (t->lengths[row] >= t->length_count) {
            PyErr_SetString(PyExc_ValueError, "there is a norm for each length");
            goto out;
        }
    segment->has_table[field] = 1;
    Py_RETURN_NONE;
out:
    for (int i = 0; i < 3; i++) release_buffer(b + i);
    return NULL;
}

/* set_articles(number, articles): the article of each row, ascending. */
PyObject *segments_set_articles(PyObject *object, PyObject *args) {
    int number;
    PyObject *articles;
    if (!PyArg_ParseTuple(args, "iO", &number, &articles)) return NULL;
    Segment *segment = segment_at((SegmentsObject *)object, number);
    if (!segment) return NULL;
    if (segment->has_articles) Py_RETURN_NONE;
    Buffer *b = segment->buffers + 11;
    if (!acquire_buffer(b, articles, 4, 0)) return NULL;
    const int32_t *article = b->view.buf;
    int fits = b->held && buffer_length(b) == segment->rows;
    segment->single = 1;
    for (uint32_t row = 0; row < segment->rows && fits; row++) {
        if (article[row] != (int32_t)row) segment->single = 0;
        if (article[row] < 0 || (row && article[row] < article[row - 1])) fits = 0;
    }
    if (!fits) {
        release_buffer(b);
        PyErr_SetString(PyExc_ValueError, "there is an article for each row, ascending");
        return NULL;
    }
    segment->articles = article;
    segment->has_articles = 1;
    Py_RETURN_NONE;
}

/* set_words(number, blob, offsets, rows, starts, terms): the table of words, and in how many living rows each is. */
PyObject *segments_set_words(PyObject *object, PyObject *args) {
    int number;
    PyObject *o[5];
    if (!PyArg_ParseTuple(args, "iOOOOO", &number, o, o + 1, o + 2, o + 3, o + 4)) return NULL;
    Segment *segment = segment_at((SegmentsObject *)object, number);
    if (!segment) return NULL;
    if (segment->has_words) Py_RETURN_NONE;
    Buffer *b = segment->buffers + 12;
    WordList *w = &segment->words;
    if (!acquire_buffer(b, o[0], 1, 0) || !acquire_offsets(b + 1, o[1], &w->width) ||
        !acquire_buffer(b + 2, o[2], 4, 0) || !acquire_offsets(b + 3, o[3], &segment->word_starts_width) ||
        !acquire_buffer(b + 4, o[4], 4, 0))
        goto out;
    w->blob = b->view.buf;
    w->blob_size = (uint64_t)b->view.len;
    w->offsets = b[1].view.buf;
    w->count = buffer_length(b + 1) ? buffer_length(b + 1) - 1 : 0;
    w->rows = b[2].view.buf;
    segment->word_starts = b[3].view.buf;
    segment->word_terms = b[4].view.buf;
    segment->word_term_count = buffer_length(b + 4);
    if (buffer_length(b + 2) != w->count || buffer_length(b + 3) != w->count + 1 || w->count > UINT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "the arrays of words don't fit together");
        goto out;
    }
    segment->has_words = 1;
    Py_RETURN_NONE;
out:
    for (int i = 0; i < 5; i++) release_buffer(b + i);
    return NULL;
}

uint64_t live_df(const Segment *segment, int field, uint64_t id, uint64_t first, uint64_t last) {
    const uint32_t *terms = segment->deleted_terms[field];
    uint64_t low = 0, high = segment->deleted_term_count[field], df = last - first;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (terms[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == segment->deleted_term_count[field] || terms[low] != id) return df;
    return segment->deleted_df[field][low] < df ? df - segment->deleted_df[field][low] : 0;
}
