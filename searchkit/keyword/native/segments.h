/* Segments: what the loops need of each segment of a generation. */
#ifndef SEARCHKIT_SEGMENTS_H
#define SEARCHKIT_SEGMENTS_H

#include "bm25.h"
#include "buffers.h"
#include "chunk_borders.h"
#include "fuzzy_filter.h"
#include "postings_field.h"
#include "python_api.h"
#include "word_search.h"

#include <stdint.h>

enum { TEXT = 0, TITLE = 1 };

/* One segment: its arrays, each held by a buffer. */
typedef struct {
    PyObject *held[2]; /* the Field objects of the text and the title */
    const Field *fields[2];
    Buffer buffers[20];
    ChunkBorders borders; /* of the text */
    ScoreTable tables[2];
    int has_table[2], has_articles, has_words, single;
    const int32_t *articles; /* each row's */
    const uint8_t *deleted;
    const uint32_t *deleted_terms[2], *deleted_df[2]; /* what deleted rows take from the df of terms */
    uint64_t deleted_term_count[2];
    uint32_t rows;
    int64_t base;
    WordList words;
    FuzzyFilter fuzzy_filter;
    int fuzzy_queries,
        has_fuzzy_filter; /* how often words were looked for within one edit; whether a filter was made */
    const void *word_starts;
    int word_starts_width;
    const uint32_t *word_terms;
    uint64_t word_term_count;
} Segment;

/* The Python type Segments. */
typedef struct {
    PyObject_HEAD
    Segment *items;
    int count;
} SegmentsObject;

/* df of a term in a segment, without deleted rows. */
uint64_t live_df(const Segment *segment, int field, uint64_t id, uint64_t first, uint64_t last);

/* The methods of Segments that give it its arrays, and those of its type. */
void segments_dealloc(PyObject *object);
PyObject *segments_new(PyTypeObject *type, PyObject *args, PyObject *kwargs);
PyObject *segments_set_table(PyObject *object, PyObject *args);
PyObject *segments_set_articles(PyObject *object, PyObject *args);
PyObject *segments_set_words(PyObject *object, PyObject *args);

#endif
