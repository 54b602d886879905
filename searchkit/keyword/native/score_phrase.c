/* Score phrase: rows that can't come in, by how seldom the rarest word stands there, aren't read. */
#include "score_phrase.h"
#include "bm25.h"
#include "chunk_borders.h"
#include "intersect.h"
#include "phrase_positions.h"
#include "postings_cursor.h"
#include "status.h"
#include "top_hits.h"

#include <stdint.h>
#include <stdlib.h>

/* How often a phrase can be read at most in the row where its words stand: from each place of its first word once;
 * without slop each place of any word is in one reading. */
static uint32_t max_phrases(const SegmentSearch *s) {
    uint32_t most = s->units->counts[s->units->i];
    for (int k = 1; k < s->unit_count && s->slop == 1; k++)
        if (s->units[k].counts[s->units[k].i] < most) most = s->units[k].counts[s->units[k].i];
    return most;
}

static void offer_phrase_hit(SearchState *w, uint32_t row, uint32_t count) {
    double score = *w->s->weights * tf_part(w->s->tables, row, count);
    if (score > w->threshold) offer_hit(w, row, score);
}

/* Score a phrase in a row that has all its words, where it also begins `across` times that end behind the row; 0 where
 * a list is damaged. */
static int score_phrase_row(SearchState *w, Positions *positions, uint32_t row, uint32_t across) {
    SegmentSearch *s = w->s;
    if (*s->weights * tf_part(s->tables, row, max_phrases(s) + across) <= w->threshold) return 1;
    int64_t count = read_phrase_here(s->units, positions, s->gaps, s->unit_count, s->slop);
    if (count < 0) return 0;
    if (count + across) offer_phrase_hit(w, row, (uint32_t)count + across);
    return 1;
}

/* Count how often the phrase begins in a row and ends behind it, unless it doesn't matter. */
static int count_across(SearchState *w, BorderPhrase *x, uint32_t row, uint32_t *count) {
    SegmentSearch *s = w->s;
    uint32_t most;
    *count = 0;
    if (!may_start_in(x, row, &most) || *s->weights * tf_part(s->tables, row, most) <= w->threshold || !is_live(s, row))
        return 0;
    return count_crossing(x, row, count);
}

int score_phrase_query(SearchState *w) {
    SegmentSearch *s = w->s;
    Positions *positions = calloc((size_t)s->unit_count, sizeof *positions);
    Cursor **cursors = calloc((size_t)s->unit_count, sizeof *cursors);
    int failed = positions && cursors ? DONE : NO_MEMORY, ended = 0, crosses = s->borders && s->borders->rows;
    uint32_t from = 0; /* rows before are done */
    BorderPhrase x = {0};
    if (!failed && crosses) failed = open_border_phrase(&x, s->borders, s->units, s->gaps, s->unit_count, s->slop);
    if (!failed) sort_rarest_first(s->units, NULL, s->unit_count, cursors);
    /* Rows that can't come in, since the rarest word alone stands there too seldom, aren't looked for elsewhere. */
    for (Cursor *c = cursors ? *cursors : NULL; !failed && c && refill_cursor(c); c->i = c->n)
        for (uint32_t i = c->i; i < c->n && !failed; i++) {
            uint32_t row = c->rows[i], more = 0;
            if (crosses) {
                for (uint32_t begin = first_start_row(&x, row, from); begin < row && !failed; begin++) {
                    failed = count_across(w, &x, begin, &more);
                    if (more) offer_phrase_hit(w, begin, more);
                }
                from = row + 1;
                if (!failed) failed = count_across(w, &x, row, &more);
                if (failed) break;
            }
            if (s->slop == 1 && *s->weights * tf_part(s->tables, row, c->counts[i] + more) <= w->threshold) continue;
            if (!is_live(s, row)) continue;
            c->i = i;
            int common = ended ? 0 : all_contain(cursors, s->unit_count, row);
            ended |= common < 0;
            if (ended && !crosses) goto out;
            if (common > 0 && !score_phrase_row(w, positions, row, more)) failed = DAMAGED;
            if (common <= 0 && more) offer_phrase_hit(w, row, more);
        }
out:
    for (int k = 0; k < s->unit_count && positions; k++) {
        failed |= s->units[k].damaged;
        free(positions[k].values);
    }
    if (crosses && close_border_phrase(&x) && !failed) failed = DAMAGED;
    free(cursors);
    free(positions);
    return failed;
}
