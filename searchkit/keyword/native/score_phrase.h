/* Score phrase: a phrase that is the whole query. */
#ifndef SEARCHKIT_SCORE_PHRASE_H
#define SEARCHKIT_SCORE_PHRASE_H

#include "search_state.h"

/* Return a status of status.h. */
int score_phrase_query(SearchState *w);

#endif
