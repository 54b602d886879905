/* Intersection: the rows that several lists of postings have in common. */
#ifndef SEARCHKIT_INTERSECT_H
#define SEARCHKIT_INTERSECT_H

#include "postings_cursor.h"

#include <stdint.h>

/* The number of the shortest list. */
int rarest_cursor(const Cursor *cursors, int count);
/* Line some lists up, those named or all: the rarest first. */
void sort_rarest_first(Cursor *all, const int32_t *named, int count, Cursor **cursors);
/* Move lists on to the next row that all have; return 0 where there is none. */
int next_common_row(Cursor *cursors, int count, int rarest, uint32_t *row);
/* Look for a row of the rarest word in the other lists: 1 where all have it, 0 where one hasn't, -1 where one ends. */
int all_contain(Cursor **cursors, int count, uint32_t row);

#endif
