/* Segment search: chooses how a program is scored. */
#include "segment_search.h"
#include "article_marks.h"
#include "score_conjunction.h"
#include "score_phrase.h"
#include "score_wanted.h"
#include "score_window.h"
#include "status.h"
#include "top_hits.h"

#include <stddef.h>
#include <stdlib.h>

int search_segment(SegmentSearch *s) {
    SearchState w = {.s = s, .threshold = s->floor};
    w.hit_space = s->limit + (size_t)s->limit / 4 + 8;
    s->hits = s->limit ? malloc(w.hit_space * sizeof *s->hits) : NULL;
    w.window_postings = calloc((size_t)s->cursor_count + 1, sizeof *w.window_postings);
    s->counted = s->marked != NULL;
    int failed = !w.window_postings || (s->limit && !s->hits) ? NO_MEMORY : DONE;
    int single_term = s->step_count == 1 && s->steps->leaf >= 0 &&
                      (s->plain || (is_conjunction(s) && s->required_count == 1 && *s->required == s->steps->leaf));
    if (failed) {
    } else if (s->marked && s->plain && !s->limit) {
        failed = mark_without_conditions(s);
    } else if (s->wanted && is_of_words_alone(s)) {
        failed = score_wanted_rows(s);
    } else if (s->units) {
        failed = score_phrase_query(&w);
        s->counted = 0;
    } else if (s->limit && single_term) {
        failed = score_single_term(&w);
        s->counted = 0;
    } else if (s->limit && s->plain) {
        failed = score_without_conditions(&w);
    } else if (s->limit && s->single && is_conjunction(s)) {
        failed = score_conjunction(&w);
        s->counted = 0;
    } else
        failed = score_with_conditions(&w);
    if (!failed && s->limit) prune_hits(&w);
    for (int i = 0; i < s->cursor_count && w.window_postings; i++) {
        free(w.window_postings[i].rows);
        free(w.window_postings[i].counts);
        free(w.window_postings[i].own);
    }
    free(w.window_postings);
    free(w.sums);
    free(w.bare_sums);
    free(w.touched);
    free(w.list);
    free(w.registers);
    return failed;
}
