/* Segment search: a query program, worked out in one segment. */
#ifndef SEARCHKIT_SEGMENT_SEARCH_H
#define SEARCHKIT_SEGMENT_SEARCH_H

#include "search_state.h"

/* Return a status of status.h. */
int search_segment(SegmentSearch *s);

#endif
