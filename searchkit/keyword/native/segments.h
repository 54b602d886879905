/* Here is a generation; what do the loops need of each of its segments? */
#ifndef SEARCHKIT_SEGMENTS_H
#define SEARCHKIT_SEGMENTS_H

#include "buffers.h"
#include "score_window.h"
#include "word_search.h"

enum { TEXT = 0, TITLE = 1 };

typedef struct {
    PyObject *held[2]; /* the Field objects of the text and the title */
    const Field *fields[2];
    Buffer buffers[20];
    Borders borders; /* of the text */
    Table tables[2];
    int has_table[2], has_articles, has_words, single;
    const int32_t *articles; /* each row's */
    const uint8_t *deleted;
    const uint32_t *gone_terms[2], *gone_counts[2]; /* what deleted rows take from the df of terms */
    uint64_t gone[2];
    uint32_t rows;
    int64_t base;
    Words words;
    Sieve sieve;
    int misspelt, sifted; /* how often words were looked for within one edit; whether a sieve was made */
    const void *word_starts;
    int word_starts_width;
    const uint32_t *word_terms;
    uint64_t word_term_count;
} Part;

typedef struct {
    PyObject_HEAD
    Part *parts;
    int count;
} SegmentsObject;

/* What a leaf has in one segment: packed postings, or rows and counts; neither where it has none. `only`: 0, or one more
 * than the one form of the term whose positions count. */
typedef struct {
    uint64_t first, last, df;
    int64_t only;
    int64_t own; /* 0, or one more than the form that scores more than others */
    uint32_t *rows, *counts;
    uint32_t *positions; /* of rows and counts, where a phrase needs them, and where those of each row begin */
    uint64_t *starts;
    uint32_t n;
} Span;

typedef struct {
    PyObject_HEAD
    SegmentsObject *owner;
    Span *spans;
    int field;
    uint64_t df;
    /* a phrase: its words; what they have in common is worked out when something needs it */
    PyObject **units;
    int32_t *gaps;
    int unit_count, found;
    uint32_t slop;
} LeafObject;

/* A list of postings of part `number` is damaged. */
PyObject *damaged(int failed, int number);
LeafObject *new_leaf(SegmentsObject *owner, int field, State *state);
void open_span(Cursor *c, const Part *part, int field, const Span *span);
/* df of a term in a segment, without deleted rows. */
uint64_t living_df(const Part *part, int field, uint64_t id, uint64_t first, uint64_t last);
/* Work a phrase's rows out, once. 0 with an error set. */
int find_phrase(LeafObject *leaf);
PyObject *segments_words(PyObject *self, PyObject *args);
PyObject *segments_together(PyObject *self, PyObject *args);
PyObject *segments_union(PyObject *self, PyObject *args);
PyObject *segments_best(PyObject *self, PyObject *args);
PyObject *segments_fill(PyObject *self, PyObject *args);
PyObject *segments_voted(PyObject *self, PyObject *args);

enum { MOST_VOTERS = 16, MOST_ARTICLES = 256 };

/* A group's score: the best less the vote times how far the best few lie below it in the mean. */
double voted_score(const double *scores, int64_t count, double vote, int voters);

#endif
