/* Posting list: rows and counts in memory, put together one by one. */
#ifndef SEARCHKIT_POSTING_LIST_H
#define SEARCHKIT_POSTING_LIST_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct {
    uint32_t *rows, *counts;
    size_t n, space;
} PostingList;

/* 0: no memory. */
static inline int append_posting(PostingList *out, uint32_t row, uint32_t count) {
    if (out->n == out->space) {
        size_t space = out->space ? 2 * out->space : 1024;
        uint32_t *rows = realloc(out->rows, space * sizeof *rows);
        if (rows) out->rows = rows;
        uint32_t *counts = realloc(out->counts, space * sizeof *counts);
        if (counts) out->counts = counts;
        if (!rows || !counts) return 0;
        out->space = space;
    }
    out->rows[out->n] = row;
    out->counts[out->n++] = count;
    return 1;
}

/* Hand rows and counts over, or free them where something failed; return the status. */
static inline int finish_postings(PostingList out, int failed, uint32_t **rows, uint32_t **counts, uint32_t *n) {
    if (failed) {
        free(out.rows);
        free(out.counts);
        return failed;
    }
    *rows = out.rows;
    *counts = out.counts;
    *n = (uint32_t)out.n;
    return 0;
}

#endif
