/* Top hits: selection of the best by quickselect, whenever so many more came in. */
#include "top_hits.h"

#include <stddef.h>

static inline int better(Hit a, Hit b) { return a.score > b.score || (a.score == b.score && a.row < b.row); }

/* Put the best `keep` first, in no order (quickselect). */
static void select_best(Hit *hits, size_t n, size_t keep) {
    size_t low = 0, high = n;
    while (high - low > 1) {
        Hit pivot = hits[low + (high - low) / 2];
        size_t i = low, j = high - 1;
        for (;;) {
            while (better(hits[i], pivot)) i++;
            while (better(pivot, hits[j])) j--;
            if (i >= j) break;
            Hit other = hits[i];
            hits[i++] = hits[j];
            hits[j--] = other;
        }
        if (j + 1 == high) return; /* two, in order */
        if (keep <= j + 1)
            high = j + 1;
        else
            low = j + 1;
    }
}

void prune_hits(SearchState *w) {
    SegmentSearch *s = w->s;
    if (s->hit_count <= s->limit) return;
    select_best(s->hits, s->hit_count, s->limit);
    s->hit_count = s->limit;
    double least = s->hits[0].score;
    for (size_t i = 1; i < s->limit; i++)
        if (s->hits[i].score < least) least = s->hits[i].score;
    if (least > w->threshold) w->threshold = least;
}
