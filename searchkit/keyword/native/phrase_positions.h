/* Phrase positions: how often a phrase begins, by the positions of its words in one row. */
#ifndef SEARCHKIT_PHRASE_POSITIONS_H
#define SEARCHKIT_PHRASE_POSITIONS_H

#include "postings_cursor.h"

#include <stddef.h>
#include <stdint.h>

/* Positions of one word in one row. */
typedef struct {
    uint32_t *values;
    size_t space, n;
} Positions;

/* How often a phrase can be read in some words' positions, last word first; those of the first word from which it can
 * be stay. */
uint32_t count_phrases(Positions *positions, const int32_t *gaps, int unit_count, uint32_t slop);
/* How often, in the row where they stand, the lists' positions follow each other; -1: damaged or no memory. */
int64_t read_phrase_here(Cursor *cursors, Positions *positions, const int32_t *gaps, int unit_count, uint32_t slop);

#endif
