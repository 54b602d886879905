/* Score conjunction: the rows that have one term, or every required one. */
#ifndef SEARCHKIT_SCORE_CONJUNCTION_H
#define SEARCHKIT_SCORE_CONJUNCTION_H

#include "search_state.h"

/* Whether all that is asked of an article is that it has some leaves: then every gate is open where it has them. */
int is_conjunction(const SegmentSearch *s);
/* Return a status of status.h. */
int score_single_term(SearchState *w); /* one list, no conditions */
int score_conjunction(SearchState *w); /* each row has one article's words, and all required ones must be there */

#endif
