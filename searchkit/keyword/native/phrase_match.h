/* Phrase match: the rows that have a phrase, and how often. */
#ifndef SEARCHKIT_PHRASE_MATCH_H
#define SEARCHKIT_PHRASE_MATCH_H

#include "chunk_borders.h"
#include "postings_cursor.h"

#include <stdint.h>

/* The rows in which lists' positions follow each other, and how often, also over the borders of rows. Return a status
 * of status.h. */
int match_phrase(Cursor *cursors, const int32_t *gaps, int unit_count, uint32_t slop, const ChunkBorders *borders,
                 const uint8_t *deleted, uint32_t **out_rows, uint32_t **out_counts, uint32_t *out_n);

#endif
