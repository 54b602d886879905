/* Score wanted rows: each list is walked through once, from one wanted row to the next. */
#include "score_wanted.h"
#include "bm25.h"
#include "postings_cursor.h"
#include "status.h"

#include <stdint.h>

int is_of_words_alone(const SegmentSearch *s) {
    int alone = s->plain;
    for (int k = 0; k < s->cursor_count; k++) alone &= s->cursors[k].own < 0;
    return alone;
}

/* Every row with a word matches, and words are added in their order, as score_window.c does. */
int score_wanted_rows(SegmentSearch *s) {
    for (int k = 0; k < s->step_count; k++) {
        Cursor *c = s->cursors + s->steps[k].leaf;
        const ScoreTable *t = s->tables + s->steps[k].leaf;
        for (uint32_t i = 0; i < s->wanted_count; i++) {
            uint32_t row = s->wanted[i];
            if (!seek(c, row)) break;
            if (c->rows[c->i] != row || !is_live(s, row)) continue;
            double ratio = tf_ratio(t, row, c->counts[c->i]);
            s->scores[i] += s->weights[k] * (ratio + t->presence);
            if (s->bare_scores) s->bare_scores[i] += s->weights[k] * ratio;
            s->matched[i] = 1;
        }
        if (c->damaged) return DAMAGED;
    }
    return DONE;
}
