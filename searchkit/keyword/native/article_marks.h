/* Article marks: the articles that match, a bit each. */
#ifndef SEARCHKIT_ARTICLE_MARKS_H
#define SEARCHKIT_ARTICLE_MARKS_H

#include "search_state.h"

/* Mark the articles of a program without conditions. Return a status of status.h. */
int mark_without_conditions(SegmentSearch *s);

#endif
