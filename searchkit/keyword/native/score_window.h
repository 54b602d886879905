/* Score window: any program, scored some thousand rows at a time. */
#ifndef SEARCHKIT_SCORE_WINDOW_H
#define SEARCHKIT_SCORE_WINDOW_H

#include "search_state.h"

/* Return a status of status.h. */
int score_without_conditions(SearchState *w); /* no conditions: every row with a word matches */
int score_with_conditions(SearchState *w);    /* any program */

#endif
