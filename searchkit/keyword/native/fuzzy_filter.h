/* Fuzzy filter: which words one edit may make of another, without looking at all words. */
#ifndef SEARCHKIT_FUZZY_FILTER_H
#define SEARCHKIT_FUZZY_FILTER_H

#include "word_search.h"

#include <stdint.h>

/* A Bloom filter of the words; their letters, and which stand beside which. */
typedef struct {
    uint64_t *blocks, mask, *pairs;
    uint32_t *alphabet; /* ascending */
    int letters, width;
} FuzzyFilter;

/* Return a status of status.h. A filter without blocks: the words have too many letters for one. */
int build_fuzzy_filter(const WordList *words, FuzzyFilter *filter);
void free_fuzzy_filter(FuzzyFilter *filter);
/* The living words within one edit, ascending. */
int match_one_edit(const WordList *words, const FuzzyFilter *filter, const uint32_t *wanted, int size,
                   WordMatches *out);

#endif
