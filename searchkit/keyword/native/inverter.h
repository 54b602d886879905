#ifndef SEARCHKIT_INVERTER_H
#define SEARCHKIT_INVERTER_H

#include "postings_cursor.h"

/* The tokens of `rows` chunks of `width` parts each, and what a token stands for. */
typedef struct {
    const uint32_t *tokens, *advances, *lexemes, *offsets, *lexeme_terms, *lexeme_words, *lexeme_forms;
    const uint8_t *counted; /* of each of a token's lexemes: 1 where it counts in lengths */
    const int64_t *parts, *starts;
    uint64_t count, kinds, rows, width, terms, words;
    uint32_t first_row, gap;
} Tokens;

/* The postings of every term, one after the other; which of its forms stands at each position. */
typedef struct {
    uint32_t *df, *cf, *rows, *counts, *positions, *forms;
    size_t postings, occurrences;
} Sorted;

/* Of each row: the length of the text and of the title, and the positions where the last part but one begins, where
 * the last one does, and where that ends. Between the last two there is no gap. */
typedef struct {
    uint32_t *lengths, *title_lengths, *bodies, *rests, *ends;
} Rows;

int invert(const Tokens *tokens, Sorted *text, Sorted *title, const Rows *rows, uint32_t *word_rows);
void free_sorted(Sorted *sorted);

#endif
