/* Search request: acquires and checks a program's arrays, and opens its lists in one segment after another. */
#include "search_request.h"
#include "module_state.h"
#include "score_conjunction.h"

#include <stddef.h>
#include <stdlib.h>

void raise_unfit(void) { PyErr_SetString(PyExc_TypeError, "a program's arrays don't fit together"); }

void release_request(SearchRequest *request) {
    for (int i = 0; i < 4; i++) release_buffer(request->b + i);
    for (int i = 0; i < request->filter_count && request->filters; i++) release_buffer(request->filters + i);
    release_buffer(&request->mask);
    for (int i = 0; i < request->s.cursor_count && request->leaves; i++) Py_XDECREF((PyObject *)request->leaves[i]);
    free(request->filters);
    free(request->leaves);
    free(request->s.cursors);
    free(request->s.units);
    free(request->s.tables);
    free(request->s.filters);
}

/* Check that a program names only what is there. */
static int is_valid_program(const SegmentSearch *s, int filter_count) {
    int good = s->root >= 0 && s->root < s->register_count;
    for (int i = 0; i < s->register_count && good; i++) {
        Operation o = s->operations[i];
        if (o.opcode == OP_LEAF) good = o.a >= 0 && o.a < s->cursor_count;
        if (o.opcode == OP_FILTER) good = o.a >= 0 && o.a < filter_count;
        if (o.opcode > OP_FILTER) good = o.a >= 0 && o.a < i && o.b >= 0 && o.b < i;
        good &= o.opcode >= 0 && o.opcode <= OP_NOT;
    }
    for (int i = 0; i < s->step_count && good; i++) {
        Step t = s->steps[i];
        good = t.leaf < s->cursor_count && t.gate >= 0 && t.gate < s->register_count && t.holding >= 0 &&
               t.holding < s->register_count && (t.leaf >= 0 || !s->plain);
    }
    for (int i = 0; i < s->required_count && good; i++) good = s->required[i] >= 0 && s->required[i] < s->cursor_count;
    return good;
}

static int acquire_leaves(SearchRequest *request, PyObject *self, PyObject *leaves) {
    ModuleState *state = module_state_of(self);
    SegmentSearch *s = &request->s;
    s->cursor_count = (int)PyList_Size(leaves);
    size_t n = (size_t)s->cursor_count + 1;
    request->leaves = calloc(n, sizeof *request->leaves);
    s->cursors = malloc(n * sizeof *s->cursors);
    s->tables = calloc(n, sizeof *s->tables);
    if (!request->leaves || !s->cursors || !s->tables) {
        PyErr_NoMemory();
        return 0;
    }
    for (int i = 0; i < s->cursor_count; i++) {
        PyObject *leaf = PyList_GetItem(leaves, i);
        if (!PyObject_TypeCheck(leaf, (PyTypeObject *)state->leaf_type) ||
            ((LeafObject *)leaf)->owner != request->segments) {
            PyErr_SetString(PyExc_TypeError, "a leaf is one of these segments'");
            return 0;
        }
        request->leaves[i] = (LeafObject *)leaf;
        Py_INCREF(leaf); /* other threads may let go of it meanwhile */
    }
    return 1;
}

int acquire_request(SearchRequest *request, PyObject *self, PyObject *leaves, PyObject **o, PyObject *mask,
                    PyObject *filters) {
    SegmentSearch *s = &request->s;
    request->segments = (SegmentsObject *)self;
    if (!acquire_leaves(request, self, leaves)) return 0;
    Buffer *b = request->b;
    if (!acquire_buffer(b, o[0], 4, 0) || !acquire_buffer(b + 1, o[1], 4, 0) || !acquire_buffer(b + 2, o[2], 8, 0) ||
        !acquire_buffer(b + 3, o[3], 4, 0))
        return 0;
    s->operations = b->view.buf;
    s->register_count = (int)(buffer_length(b) / 3);
    s->steps = b[1].view.buf;
    s->step_count = (int)(buffer_length(b + 1) / 3);
    s->weights = b[2].view.buf;
    s->required = b[3].view.buf;
    s->required_count = (int)buffer_length(b + 3);
    request->rows = 0;
    for (int i = 0; i < request->segments->count; i++) request->rows += request->segments->items[i].rows;
    int count = (int)PyList_Size(filters);
    request->filters = calloc((size_t)count + 1, sizeof *request->filters);
    s->filters = calloc((size_t)count + 1, sizeof *s->filters);
    if (!request->filters || !s->filters) {
        PyErr_NoMemory();
        return 0;
    }
    int fits = 1;
    for (; request->filter_count < count && fits; request->filter_count++) {
        if (!acquire_buffer(request->filters + request->filter_count, PyList_GetItem(filters, request->filter_count), 1,
                            0))
            return 0;
        fits = buffer_length(request->filters + request->filter_count) == request->rows;
    }
    if (!acquire_buffer(&request->mask, mask, 1, 0)) return 0;
    fits &= !request->mask.held || buffer_length(&request->mask) == request->rows;
    fits &= !b->held || !b[1].held || !b[2].held || !b[3].held ? 0 : 1;
    if (fits && is_valid_program(s, count) && buffer_length(b + 2) == (uint64_t)s->step_count) return 1;
    raise_unfit();
    return 0;
}

/* A phrase alone is read while it is scored; any other is worked out before. */
static int is_lone_phrase(const SearchRequest *request) {
    const SegmentSearch *s = &request->s;
    return s->limit && s->cursor_count == 1 && request->leaves[0]->unit_count && !request->leaves[0]->resolved &&
           s->step_count == 1 && s->steps->leaf == 0 && s->asks &&
           (s->plain || (is_conjunction(s) && s->required_count == 1));
}

int prepare_request(SearchRequest *request) {
    SegmentSearch *s = &request->s;
    if (is_lone_phrase(request)) {
        s->unit_count = request->leaves[0]->unit_count;
        s->gaps = request->leaves[0]->gaps;
        s->slop = request->leaves[0]->slop;
        s->units = malloc((size_t)s->unit_count * sizeof *s->units);
        if (!s->units) PyErr_NoMemory();
        return s->units != NULL;
    }
    for (int i = 0; i < s->cursor_count; i++)
        if (!resolve_phrase(request->leaves[i])) return 0;
    return 1;
}

uint64_t reading_time(const SearchRequest *request) {
    uint64_t postings = 0;
    for (int i = 0; i < request->s.cursor_count; i++)
        postings += request->leaves[i]->unit_count ? request->rows : request->leaves[i]->df;
    return 8 * postings;
}

int open_segment(SearchRequest *request, int number) {
    SegmentSearch *s = &request->s;
    const Segment *segment = request->segments->items + number;
    s->rows = segment->rows;
    s->article_of_row = segment->articles;
    s->single = segment->has_articles && segment->single;
    s->deleted = segment->deleted;
    s->mask = request->mask.held ? (const uint8_t *)request->mask.view.buf + segment->base : NULL;
    for (int i = 0; i < request->filter_count; i++)
        s->filters[i] = (const uint8_t *)request->filters[i].view.buf + segment->base;
    s->borders = s->units ? phrase_borders(segment, request->leaves[0]->field) : NULL;
    if (!segment->has_articles && !(s->plain && s->limit)) return 0;
    for (int i = 0; i < s->cursor_count; i++) {
        if (!segment->has_table[request->leaves[i]->field]) return 0;
        s->tables[i] = segment->tables[request->leaves[i]->field];
        s->tables[i].presence = s->presence;
        open_leaf_cursor(s->cursors + i, segment, request->leaves[i]->field, request->leaves[i]->postings + number);
    }
    return !s->units || open_phrase_cursors(request->leaves[0], number, s->units) ? 1 : -1;
}
