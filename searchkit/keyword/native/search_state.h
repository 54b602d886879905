/* Search state: what a query program works with in one segment. Types that the scorers share. */
#ifndef SEARCHKIT_SEARCH_STATE_H
#define SEARCHKIT_SEARCH_STATE_H

#include "bm25.h"
#include "chunk_borders.h"
#include "postings_cursor.h"

#include <stddef.h>
#include <stdint.h>

/* Add a leaf's scores where the register `gate` is open; `holding` says which rows match then (query/plan.py). */
typedef struct {
    int32_t leaf, gate, holding;
} Step;

/* What makes a register, as query/plan.py numbers it. */
enum { OP_ALL, OP_NONE, OP_LEAF, OP_FILTER, OP_AND, OP_OR, OP_NOT };

/* `a` and `b`: the number of a leaf or a filter, or one register or two. */
typedef struct {
    int32_t opcode, a, b;
} Operation;

typedef struct {
    uint32_t row;
    double score;
} Hit;

/* A query program on one segment. */
typedef struct {
    /* the program and the segment */
    Cursor *cursors;
    ScoreTable *tables;
    int cursor_count;
    const Operation *operations;
    int register_count;
    const Step *steps;
    const double *weights;
    int step_count;
    const int32_t *required;
    int required_count;
    int root, asks, plain;
    double presence;
    uint32_t rows;
    const int32_t *article_of_row;
    const uint8_t *deleted, *mask;
    const uint8_t **filters;
    /* what comes out: the best `limit`, or the scores of `wanted` rows, or of all */
    uint32_t limit;
    double floor;
    Hit *hits;
    size_t hit_count;
    const uint32_t *wanted;
    uint32_t wanted_count;
    double *scores, *bare_scores; /* the latter without presence, of wanted rows; NULL where nobody asks */
    uint8_t *matched, *allowed;
    uint64_t *marked; /* the articles that match, a bit each, where they are wanted */
    int counted;      /* whether they were marked */
    /* what is known of the segment and of the program */
    int single; /* each article has one row */
    /* the only leaf is a phrase, whose words' lists these are */
    Cursor *units;
    const int32_t *gaps;
    int unit_count;
    uint32_t slop;
    const ChunkBorders *borders;
} SegmentSearch;

/* A list's postings in a window. */
typedef struct {
    uint32_t *rows, *counts; /* in the window, counted from its first row */
    uint8_t *own;            /* whether the own form stands there, where the list has one */
    size_t n, space;
} WindowPostings;

/* What the scorers keep while they work. */
typedef struct {
    SegmentSearch *s;
    double *sums, *bare_sums;
    uint8_t *touched; /* rows of the window that match */
    uint32_t *list;   /* the same, one after the other */
    size_t space;     /* rows that fit in a window */
    WindowPostings *window_postings;
    uint64_t *registers;
    size_t words; /* of each register */
    double threshold;
    size_t hit_space;
} SearchState;

/* Whether a row is neither deleted nor masked out. */
static inline int is_live(const SegmentSearch *s, uint32_t row) {
    return (!s->deleted || !s->deleted[row]) && (!s->mask || s->mask[row]);
}

/* Note that the article of a row matches. */
static inline void mark_article(SegmentSearch *s, uint32_t row) {
    uint32_t article = (uint32_t)s->article_of_row[row];
    s->marked[article >> 6] |= (uint64_t)1 << (article & 63);
}

#endif
