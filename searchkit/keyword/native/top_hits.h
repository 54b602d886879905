/* Top hits: the best rows so far, and the score that the next has to exceed. */
#ifndef SEARCHKIT_TOP_HITS_H
#define SEARCHKIT_TOP_HITS_H

#include "search_state.h"

#include <stdint.h>

/* Keep the best hits alone, and see what the next one has to exceed. */
void prune_hits(SearchState *w);

/* Take in a row whose score exceeds the threshold. */
static inline void offer_hit(SearchState *w, uint32_t row, double score) {
    SegmentSearch *s = w->s;
    if (s->hit_count == w->hit_space) {
        prune_hits(w);
        if (score <= w->threshold) return;
    }
    s->hits[s->hit_count++] = (Hit){row, score};
}

#endif
