/* Leaf: what a word, several words or a phrase has in each segment. */
#ifndef SEARCHKIT_LEAF_H
#define SEARCHKIT_LEAF_H

#include "chunk_borders.h"
#include "module_state.h"
#include "postings_cursor.h"
#include "python_api.h"
#include "segments.h"

#include <stdint.h>

/* What a leaf has in one segment: packed postings, or rows and counts; neither where it has none. `only_form`: 0, or
 * one more than the one form of the term whose positions count. */
typedef struct {
    uint64_t first, last, df;
    int64_t only_form;
    int64_t own_form; /* 0, or one more than the form that scores more than others */
    uint32_t *rows, *counts;
    uint32_t *positions; /* of rows and counts, where a phrase needs them, and where those of each row begin */
    uint64_t *starts;
    uint32_t n;
} LeafPostings;

/* The Python type Leaf. */
typedef struct {
    PyObject_HEAD
    SegmentsObject *owner;
    LeafPostings *postings;
    int field;
    uint64_t df;
    /* a phrase: its words; what they have in common is worked out when something needs it */
    PyObject **units;
    int32_t *gaps;
    int unit_count, resolved;
    uint32_t slop;
} LeafObject;

/* A new leaf, without postings; NULL with an error set. */
LeafObject *make_leaf(SegmentsObject *owner, int field, ModuleState *state);
/* Open what a leaf has in a segment. */
void open_leaf_cursor(Cursor *c, const Segment *segment, int field, const LeafPostings *span);
/* The borders over which a field's phrases may go: those of the text. */
const ChunkBorders *phrase_borders(const Segment *segment, int field);
/* Open the lists of a phrase's words in a segment; 0 where one has none, so that there is nothing to find. */
int open_phrase_cursors(const LeafObject *leaf, int number, Cursor *units);
/* Work a phrase's rows out, once. 0 with an error set. */
int resolve_phrase(LeafObject *leaf);

/* The methods of Segments that make leaves. */
PyObject *segments_term(PyObject *object, PyObject *args);
PyObject *segments_preferring(PyObject *object, PyObject *args);
PyObject *segments_forms(PyObject *object, PyObject *args);
PyObject *segments_phrase(PyObject *object, PyObject *args);

extern PyType_Spec leaf_spec;

#endif
