/* Chunk borders: phrases that begin in one chunk of an article and end in a later one. */
#ifndef SEARCHKIT_CHUNK_BORDERS_H
#define SEARCHKIT_CHUNK_BORDERS_H

#include "phrase_positions.h"
#include "postings_cursor.h"

#include <stdint.h>

/* How the chunks of a segment go on from one to the next, of each row: where its own text begins, where that ends, and
 * 0, or where it goes on from the row before one more than the positions that both have. `rows` 0: none does. */
typedef struct {
    const void *bodies, *ends, *joins;
    int bodies_width, ends_width, joins_width;
    uint32_t rows;
} ChunkBorders;

/* A phrase over the borders of rows, which are asked for in order. */
typedef struct {
    const ChunkBorders *borders;
    const Cursor *cursors; /* as they were opened */
    Cursor *here, *next;   /* of each word: at the row looked at, and at the one behind it */
    Cursor extra;          /* further behind */
    const int32_t *gaps;
    int unit_count;
    uint32_t slop;
    int64_t span; /* from the phrase's first position to its last, at most */
    Positions *positions, *alone, row_positions;
} BorderPhrase;

/* DONE or NO_MEMORY; close it in any case. The lists were just opened, and stay. */
int open_border_phrase(BorderPhrase *x, const ChunkBorders *borders, const Cursor *cursors, const int32_t *gaps,
                       int unit_count, uint32_t slop);
/* Whether a list was damaged. */
int close_border_phrase(BorderPhrase *x);
/* The first row, not before `from`, in which a phrase may begin that has a word in `row`. */
uint32_t first_start_row(const BorderPhrase *x, uint32_t row, uint32_t from);
/* Whether a row goes on in the next and has the phrase's first word, and how often: no phrase begins oftener. */
int may_start_in(BorderPhrase *x, uint32_t row, uint32_t *most);
/* Count the phrases that begin in such a row and end in it or behind it, without those that do in it alone. */
int count_crossing(BorderPhrase *x, uint32_t row, uint32_t *count);
/* All rows where a phrase does, and how often. */
int match_crossing(const ChunkBorders *borders, const Cursor *cursors, const int32_t *gaps, int unit_count,
                   uint32_t slop, const uint8_t *deleted, uint32_t **out_rows, uint32_t **out_counts, uint32_t *out_n);

#endif
