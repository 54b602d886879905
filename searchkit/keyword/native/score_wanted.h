/* Score wanted rows: some rows' scores, where there are no conditions. */
#ifndef SEARCHKIT_SCORE_WANTED_H
#define SEARCHKIT_SCORE_WANTED_H

#include "search_state.h"

/* Whether a program's wanted rows can be scored so: it has no conditions, and no form scores more than others. */
int is_of_words_alone(const SegmentSearch *s);
/* Score the wanted rows, ascending. */
int score_wanted_rows(SegmentSearch *s);

#endif
