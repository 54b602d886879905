/* BM25: the part of a score that depends on a row, from tables that Python makes (scoring/bm25.py). */
#ifndef SEARCHKIT_BM25_H
#define SEARCHKIT_BM25_H

#include <stddef.h>
#include <stdint.h>

/* What BM25 adds to tf in the denominator. `lengths` NULL: `norms` has a number a row; else one a length, and `ratios`
 * has tf / (tf + norm) for tf 1 to `max_tf`, each for every length. `presence` is what a term counts for standing in a
 * row at all, however often (search/fusion.py); 0 in BM25 itself. */
typedef struct {
    const uint16_t *lengths;
    const double *norms, *ratios;
    double presence;
    uint32_t length_count, max_tf;
} ScoreTable;

/* tf / (tf + norm) of a row. */
static inline double tf_ratio(const ScoreTable *t, uint32_t row, uint32_t count) {
    if (t->lengths) {
        uint32_t length = t->lengths[row];
        if (count - 1 < t->max_tf) return t->ratios[(count - 1) * (size_t)t->length_count + length];
        return count / (count + t->norms[length]);
    }
    return count / (count + t->norms[row]);
}

/* The same, and what presence counts. */
static inline double tf_part(const ScoreTable *t, uint32_t row, uint32_t count) {
    return tf_ratio(t, row, count) + t->presence;
}

/* A word that is the whole query scores so many times as much where its own form stands: more than a few words more
 * or less of a chunk's length, less than a second occurrence. */
#define OWN_FORM_BOOST 1.05

#endif
