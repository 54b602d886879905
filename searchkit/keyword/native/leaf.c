/* Leaf: terms, forms of terms and phrases, looked up in every segment. */
#include "leaf.h"
#include "errors.h"
#include "phrase_match.h"
#include "status.h"
#include "union.h"

#include <stddef.h>
#include <stdlib.h>

static void raise_type_error(const char *why) { PyErr_SetString(PyExc_TypeError, why); }

static void leaf_dealloc(PyObject *object) {
    LeafObject *self = (LeafObject *)object;
    for (int i = 0; self->owner && self->postings && i < self->owner->count; i++) {
        free(self->postings[i].rows);
        free(self->postings[i].counts);
        free(self->postings[i].positions);
        free(self->postings[i].starts);
    }
    for (int i = 0; i < self->unit_count; i++) Py_DECREF(self->units[i]);
    free(self->postings);
    free(self->units);
    free(self->gaps);
    Py_XDECREF((PyObject *)self->owner);
    free_instance(object);
}

LeafObject *make_leaf(SegmentsObject *owner, int field, ModuleState *state) {
    PyTypeObject *type = (PyTypeObject *)state->leaf_type;
    allocfunc make = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    if (field < 0 || field > 1) {
        raise_type_error("there are two fields");
        return NULL;
    }
    LeafObject *leaf = (LeafObject *)make(type, 0);
    if (!leaf) return NULL;
    leaf->owner = owner;
    Py_INCREF((PyObject *)owner);
    leaf->field = field;
    leaf->resolved = 1;
    leaf->postings = calloc((size_t)owner->count + 1, sizeof *leaf->postings);
    if (leaf->postings) return leaf;
    Py_DECREF(leaf);
    PyErr_NoMemory();
    return NULL;
}

void open_leaf_cursor(Cursor *c, const Segment *segment, int field, const LeafPostings *span) {
    if (span->rows) {
        open_array_cursor(c, span->rows, span->counts, span->n, segment->rows);
        c->array_positions = span->positions;
        c->array_starts = span->starts;
    } else if (span->last > span->first)
        open_packed_cursor(c, segment->fields[field], span->first, span->last);
    else
        open_array_cursor(c, NULL, NULL, 0, segment->rows);
    c->form = span->only_form - 1;
    c->own = span->own_form - 1;
}

const ChunkBorders *phrase_borders(const Segment *segment, int field) {
    return field == TEXT ? &segment->borders : NULL;
}

int open_phrase_cursors(const LeafObject *leaf, int number, Cursor *units) {
    for (int k = 0; k < leaf->unit_count; k++) {
        const LeafPostings *span = ((LeafObject *)leaf->units[k])->postings + number;
        if (span->last <= span->first && !span->n) return 0;
        open_leaf_cursor(units + k, leaf->owner->items + number, leaf->field, span);
    }
    return 1;
}

int resolve_phrase(LeafObject *leaf) {
    if (leaf->resolved) return 1;
    Cursor *units = malloc(((size_t)leaf->unit_count + 1) * sizeof *units);
    int failed = units ? DONE : NO_MEMORY, number = 0;
    for (; !failed && number < leaf->owner->count; number++) {
        const Segment *segment = leaf->owner->items + number;
        LeafPostings *span = leaf->postings + number, matches = {0};
        if (span->rows || !open_phrase_cursors(leaf, number, units)) continue;
        Py_BEGIN_ALLOW_THREADS
        failed = match_phrase(units, leaf->gaps, leaf->unit_count, leaf->slop, phrase_borders(segment, leaf->field),
                              segment->deleted, &matches.rows, &matches.counts, &matches.n);
        Py_END_ALLOW_THREADS
        if (failed) break;
        if (span->rows) { /* another thread was there before */
            free(matches.rows);
            free(matches.counts);
        } else
            *span = matches;
    }
    free(units);
    if (failed) raise_damaged(failed, number);
    leaf->resolved |= !failed;
    return !failed;
}

/* term(field, utf-8): a term's postings in all segments. */
PyObject *segments_term(PyObject *object, PyObject *args) {
    SegmentsObject *self = (SegmentsObject *)object;
    int field;
    const char *term;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(args, "iy#", &field, &term, &size)) return NULL;
    LeafObject *leaf = make_leaf(self, field, module_state_of(object));
    for (int i = 0; leaf && i < self->count; i++) {
        const Segment *segment = self->items + i;
        LeafPostings *span = leaf->postings + i;
        uint64_t id;
        int status = find_term(segment->fields[field], term, (size_t)size, 0, &id);
        if (status < 0 || (status && !term_postings(segment->fields[field], id, &span->first, &span->last))) {
            Py_DECREF(leaf);
            return raise_damaged(DAMAGED, i);
        }
        if (status) leaf->df += span->df = live_df(segment, field, id, span->first, span->last);
    }
    return (PyObject *)leaf;
}

/* preferring(leaf, forms): a term that scores more where a form of it stands, for each segment its number, or -1. */
PyObject *segments_preferring(PyObject *object, PyObject *args) {
    SegmentsObject *self = (SegmentsObject *)object;
    PyObject *term_object, *forms;
    if (!PyArg_ParseTuple(args, "OO!", &term_object, &PyList_Type, &forms)) return NULL;
    LeafObject *term = (LeafObject *)term_object;
    int fits = PyObject_TypeCheck(term_object, (PyTypeObject *)module_state_of(object)->leaf_type) &&
               term->owner == self && !term->unit_count && PyList_Size(forms) == self->count;
    for (int i = 0; i < self->count && fits; i++) fits = !term->postings[i].rows;
    if (!fits) {
        raise_type_error("a term has a form in each segment");
        return NULL;
    }
    LeafObject *leaf = make_leaf(self, term->field, module_state_of(object));
    for (int i = 0; leaf && i < self->count; i++) {
        long long form = PyLong_AsLongLong(PyList_GetItem(forms, i));
        if (PyErr_Occurred() || form < -1 || form > UINT32_MAX) {
            if (!PyErr_Occurred()) raise_type_error("there is no such form");
            Py_CLEAR(leaf);
            break;
        }
        leaf->postings[i] = term->postings[i];
        leaf->postings[i].own_form = form + 1;
        leaf->df += leaf->postings[i].df;
    }
    return (PyObject *)leaf;
}

/* forms(field, [[(term, form), …], …], placed): where any of some forms of terms stands, for each segment the numbers
 * of terms and of their forms, -1 for all. `placed`: for a phrase, which needs the positions. */
PyObject *segments_forms(PyObject *object, PyObject *args) {
    SegmentsObject *self = (SegmentsObject *)object;
    int field, placed, failed = 0, number = 0;
    PyObject *lists;
    if (!PyArg_ParseTuple(args, "iO!i", &field, &PyList_Type, &lists, &placed)) return NULL;
    if (PyList_Size(lists) != self->count) {
        raise_type_error("each segment has a list");
        return NULL;
    }
    LeafObject *leaf = make_leaf(self, field, module_state_of(object));
    for (; leaf && number < self->count && !failed; number++) {
        const Segment *segment = self->items + number;
        PyObject *pairs = PyList_GetItem(lists, number);
        Py_ssize_t n = PyList_Size(pairs);
        LeafPostings *span = leaf->postings + number;
        if (n < 0) {
            raise_type_error("a list of forms is needed");
            Py_CLEAR(leaf);
            break;
        }
        Cursor *cursors = malloc(((size_t)n + 1) * sizeof *cursors);
        failed = cursors ? DONE : NO_MEMORY;
        for (Py_ssize_t k = 0; k < n && !failed; k++) {
            unsigned long long id;
            long long form;
            uint64_t first, last;
            if (!PyArg_ParseTuple(PyList_GetItem(pairs, k), "KL", &id, &form)) {
                free(cursors);
                Py_DECREF(leaf);
                return NULL;
            }
            if ((form >= 0 && !segment->fields[field]->forms) || form > UINT32_MAX || form < -1 ||
                !term_postings(segment->fields[field], id, &first, &last)) {
                failed = DAMAGED;
                break;
            }
            *span = (LeafPostings){.first = first, .last = last, .only_form = (int64_t)form + 1};
            open_leaf_cursor(cursors + k, segment, field, span);
        }
        if (!failed && n && (!placed || n > 1)) {
            *span = (LeafPostings){0};
            Py_BEGIN_ALLOW_THREADS
            if (placed)
                failed = union_positions(cursors, (int)n, segment->deleted, &span->rows, &span->counts, &span->n,
                                         &span->positions, &span->starts);
            else
                failed =
                    union_forms(cursors, (int)n, segment->rows, segment->deleted, &span->rows, &span->counts, &span->n);
            Py_END_ALLOW_THREADS
            leaf->df += span->df = span->n;
        }
        free(cursors);
    }
    if (leaf && failed) {
        Py_CLEAR(leaf);
        raise_damaged(failed, number - 1);
    }
    return (PyObject *)leaf;
}

/* phrase(words, offsets, slop): words in order, each at its offset. They were found with positions. */
PyObject *segments_phrase(PyObject *object, PyObject *args) {
    SegmentsObject *self = (SegmentsObject *)object;
    ModuleState *state = module_state_of(object);
    PyObject *words, *offsets;
    unsigned int slop;
    if (!PyArg_ParseTuple(args, "O!O!I", &PyList_Type, &words, &PyTuple_Type, &offsets, &slop)) return NULL;
    int n = (int)PyList_Size(words), fits = n > 1 && slop > 0 && PyTuple_Size(offsets) == n, packed = 1;
    for (int i = 0, field = 0; i < n && fits; i++) {
        LeafObject *word = (LeafObject *)PyList_GetItem(words, i);
        fits = PyObject_TypeCheck((PyObject *)word, (PyTypeObject *)state->leaf_type) && word->owner == self &&
               !word->unit_count && (!i || word->field == field);
        if (fits) field = word->field;
        for (int k = 0; k < self->count && fits; k++)
            packed &= !word->postings[k].rows || word->postings[k].positions != NULL;
    }
    if (!fits || !packed) {
        raise_type_error("a phrase has two words at least, of one field, each with its offset and its positions");
        return NULL;
    }
    LeafObject *leaf = make_leaf(self, ((LeafObject *)PyList_GetItem(words, 0))->field, state);
    if (!leaf) return NULL;
    leaf->resolved = 0;
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
    if (!PyErr_Occurred()) raise_type_error("offsets ascend");
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
PyType_Spec leaf_spec = {"searchkit._native.Leaf", sizeof(LeafObject), 0,
                         Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, leaf_slots};
