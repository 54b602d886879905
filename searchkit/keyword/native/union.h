/* Union: the rows that any of several lists of postings has. */
#ifndef SEARCHKIT_UNION_H
#define SEARCHKIT_UNION_H

#include "postings_cursor.h"

#include <stdint.h>

/* Each returns a status of status.h. */

/* The rows that any of some lists has, without deleted ones, and the sums of their counts. */
int union_postings(Cursor *cursors, int cursor_count, uint32_t rows, const uint8_t *deleted, uint32_t **out_rows,
                   uint32_t **out_counts, uint32_t *out_n);
/* The living rows in which the lists' forms stand, and how often any does. */
int union_forms(Cursor *cursors, int cursor_count, uint32_t rows, const uint8_t *deleted, uint32_t **out_rows,
                uint32_t **out_counts, uint32_t *out_n);
/* The same with the positions of all, each once in a row, and where those of each row begin. */
int union_positions(Cursor *cursors, int cursor_count, const uint8_t *deleted, uint32_t **out_rows,
                    uint32_t **out_counts, uint32_t *out_n, uint32_t **out_positions, uint64_t **out_starts);

#endif
