#ifndef SEARCHKIT_INVERTING_H
#define SEARCHKIT_INVERTING_H

#include "lists.h"

/* The tokens of `rows` chunks of `width` parts each, and what a token stands for. */
typedef struct {
    const uint32_t *tokens, *advances, *lexemes, *offsets, *lexeme_terms, *lexeme_words;
    const int64_t *parts, *starts;
    uint64_t count, kinds, rows, width, terms, words;
    uint32_t first_row, gap;
} Tokens;

/* The postings of every term, one after the other. */
typedef struct {
    uint32_t *df, *cf, *rows, *counts, *positions;
    size_t postings, occurrences;
} Sorted;

int invert(const Tokens *tokens, Sorted *text, Sorted *title, uint32_t *lengths, uint32_t *title_lengths,
           uint32_t *word_rows);
void free_sorted(Sorted *sorted);

#endif
