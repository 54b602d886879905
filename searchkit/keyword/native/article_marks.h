/* Article marks: the articles that match, a bit each. */
#ifndef SEARCHKIT_ARTICLE_MARKS_H
#define SEARCHKIT_ARTICLE_MARKS_H

#include "search_state.h"
#include "segments.h"

#include <stddef.h>
#include <stdint.h>

/* Mark the articles of a program without conditions. Return a status of status.h. */
int mark_without_conditions(SegmentSearch *s);

/* Of how many numbers the set of a segment's articles is; 0 where the articles aren't known. */
static inline size_t marked_words(const Segment *segment) {
    return segment->rows && segment->has_articles ? (size_t)segment->articles[segment->rows - 1] / 64 + 1 : 0;
}

/* How many articles are in a set. */
uint64_t set_bits(const uint64_t *set, size_t words);

#endif
