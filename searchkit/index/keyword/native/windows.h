/* Here is a program; which rows match it, and how well? Worked out window by window. */
#ifndef SEARCHKIT_WINDOWS_H
#define SEARCHKIT_WINDOWS_H

#include "lists.h"

/* What BM25 adds below the line. `lengths` NULL: `norms` has a number a row; else one a length, and `ratios` has
 * tf / (tf + norm) for tf 1 to `ready`, each for every length. */
typedef struct {
    const uint16_t *lengths;
    const double *norms, *ratios;
    uint32_t length_count, ready;
} Table;

typedef struct {
    int32_t leaf, gate, holding;
} Step;

typedef struct {
    int32_t what, a, b;
} Operation;

typedef struct {
    uint32_t row;
    double score;
} Hit;

typedef struct {
    /* what is asked */
    Cursor *lists;
    Table *tables;
    int list_count;
    const Operation *operations;
    int register_count;
    const Step *steps;
    const double *weights;
    int step_count;
    const int32_t *required;
    int required_count;
    int root, asks, plain;
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
    double *scores;
    uint8_t *matched, *allowed;
} Search;

/* 0: done; 1: a list is damaged; 2: no memory. */
int run_search(Search *search);
/* The rows that any of some lists has, without deleted ones, and the sums of their counts. */
int unite(Cursor *lists, int list_count, uint32_t rows, const uint8_t *deleted, uint32_t **out_rows,
          uint32_t **out_counts, uint32_t *out_n);
/* The rows in which lists' positions follow each other, and how often. */
int phrase(Cursor *lists, const int32_t *gaps, int unit_count, uint32_t slop, const uint8_t *deleted,
           uint32_t **out_rows, uint32_t **out_counts, uint32_t *out_n);

#endif
