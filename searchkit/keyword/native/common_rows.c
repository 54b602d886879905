/* Common rows: of the rarest word's rows those that have the others; of the others' lists no more is read than that. */
#include "common_rows.h"
#include "errors.h"
#include "leaf.h"
#include "module_state.h"
#include "segments.h"
#include "status.h"

#include <stdint.h>
#include <stdlib.h>

/* Some words, of which each stands where any of its lists has a row. */
typedef struct {
    LeafObject **leaves; /* of all words */
    Cursor *cursors;
    int *ends, words; /* where the lists of each word end among all */
} WordLists;

typedef struct {
    int64_t *rows;
    size_t n, space;
} RowList;

static int add_row(RowList *list, int64_t row) {
    if (list->n == list->space) {
        size_t space = 2 * list->space + 16;
        int64_t *larger = realloc(list->rows, space * sizeof *larger);
        if (!larger) return 0;
        list->rows = larger;
        list->space = space;
    }
    list->rows[list->n++] = row;
    return 1;
}

/* Take the lists of some words. 0 with an error set. */
static int acquire_words(WordLists *w, PyObject *self, PyObject *words) {
    PyTypeObject *leaf_type = (PyTypeObject *)module_state_of(self)->leaf_type;
    Py_ssize_t count = PyList_Size(words);
    int lists = 0, fits = 1;
    for (Py_ssize_t i = 0; i < count && fits; i++) {
        PyObject *word = PyList_GetItem(words, i);
        fits = PyList_Check(word);
        if (fits) lists += (int)PyList_Size(word);
    }
    w->leaves = calloc((size_t)lists + 1, sizeof *w->leaves);
    w->cursors = malloc(((size_t)lists + 1) * sizeof *w->cursors);
    w->ends = calloc((size_t)count + 1, sizeof *w->ends);
    if (!w->leaves || !w->cursors || !w->ends) {
        PyErr_NoMemory();
        return 0;
    }
    for (int at = 0; w->words < count && fits; w->words++) {
        PyObject *word = PyList_GetItem(words, w->words);
        for (Py_ssize_t k = 0; k < PyList_Size(word) && fits; k++) {
            LeafObject *leaf = (LeafObject *)PyList_GetItem(word, k);
            fits = PyObject_TypeCheck((PyObject *)leaf, leaf_type) && (PyObject *)leaf->owner == self &&
                   !leaf->unit_count;
            if (!fits) break;
            w->leaves[at++] = leaf; /* one place more is there, which stays NULL */
            Py_INCREF((PyObject *)leaf); /* other threads may let go of it meanwhile */
        }
        w->ends[w->words] = at;
    }
    if (!fits) PyErr_SetString(PyExc_TypeError, "words are lists of these segments' leaves");
    return fits;
}

static void release_words(WordLists *w) {
    for (int i = 0; w->leaves && w->leaves[i]; i++) Py_DECREF((PyObject *)w->leaves[i]);
    free(w->leaves);
    free(w->cursors);
    free(w->ends);
}

/* Say whether one of some lists has a row at most so far from another; rows are asked for in their order. */
static int is_near(Cursor *cursors, int count, uint32_t row, uint32_t reach) {
    for (int i = 0; i < count; i++)
        if (seek(cursors + i, row > reach ? row - reach : 0) && cursors[i].rows[cursors[i].i] <= (uint64_t)row + reach)
            return 1;
    return 0;
}

/* The next row of any of some lists, from one on; -1 where there is none. */
static int64_t next_row(Cursor *cursors, int count, uint32_t from) {
    int64_t next = -1;
    for (int i = 0; i < count; i++)
        if (seek(cursors + i, from) && (next < 0 || cursors[i].rows[cursors[i].i] < next))
            next = cursors[i].rows[cursors[i].i];
    return next;
}

static int common_rows(WordLists *w, const Segment *segment, int number, uint32_t reach, RowList *common) {
    int lists = w->words ? w->ends[w->words - 1] : 0, first = w->words ? *w->ends : 0;
    for (int i = 0; i < lists; i++)
        open_leaf_cursor(w->cursors + i, segment, w->leaves[i]->field, w->leaves[i]->postings + number);
    for (int64_t row = 0; row < segment->rows && (row = next_row(w->cursors, first, (uint32_t)row)) >= 0; row++) {
        int there = 1;
        for (int k = 1; k < w->words && there; k++)
            there = is_near(w->cursors + w->ends[k - 1], w->ends[k] - w->ends[k - 1], (uint32_t)row, reach);
        if (there && !add_row(common, segment->base + row)) return NO_MEMORY;
    }
    for (int i = 0; i < lists; i++)
        if (w->cursors[i].damaged) return DAMAGED;
    return DONE;
}

/* common_rows(words, reach): the rows, deleted ones too, of the first word that have each other at most `reach` rows
 * away; a word is a list of leaves any of which stands for it. */
PyObject *segments_common_rows(PyObject *self, PyObject *args) {
    const SegmentsObject *segments = (SegmentsObject *)self;
    PyObject *words, *done = NULL;
    unsigned int reach;
    WordLists w = {0};
    RowList common = {0};
    if (!PyArg_ParseTuple(args, "O!I", &PyList_Type, &words, &reach)) return NULL;
    if (acquire_words(&w, self, words)) {
        int failed = DONE, number = 0;
        uint64_t read = 0;
        for (int i = 0; w.words && i < *w.ends; i++) read += w.leaves[i]->df;
        PyThreadState *released = release_lock(100 * read);
        for (; number < segments->count && !failed; number++)
            failed = common_rows(&w, segments->items + number, number, reach, &common);
        acquire_lock(released);
        done = failed ? raise_damaged(failed, number - 1)
                      : PyBytes_FromStringAndSize((char *)common.rows, (Py_ssize_t)(8 * common.n));
    }
    release_words(&w);
    free(common.rows);
    return done;
}
