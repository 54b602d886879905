/* Score conjunction: lists move on to each other's rows, and only those that all have are scored. */
#include "score_conjunction.h"
#include "bm25.h"
#include "intersect.h"
#include "postings_cursor.h"
#include "status.h"
#include "top_hits.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int score_single_term(SearchState *w) {
    SegmentSearch *s = w->s;
    Cursor *c = s->cursors + s->steps->leaf;
    const ScoreTable *t = s->tables + s->steps->leaf;
    double weight = *s->weights;
    for (; refill_cursor(c); c->i = c->n)
        for (uint32_t i = c->i; i < c->n; i++) {
            double score = weight * tf_part(t, c->rows[i], c->counts[i]);
            if (c->own >= 0 && score * OWN_FORM_BOOST > w->threshold) {
                uint32_t own;
                c->i = i;
                if (!count_form(c, c->own, &own)) return DAMAGED;
                if (own) score *= OWN_FORM_BOOST;
            }
            if (score > w->threshold && is_live(s, c->rows[i])) offer_hit(w, c->rows[i], score);
        }
    return c->damaged;
}

static int is_required(const SegmentSearch *s, int leaf) {
    for (int k = 0; k < s->required_count; k++)
        if (s->required[k] == leaf) return 1;
    return 0;
}

int is_conjunction(const SegmentSearch *s) {
    for (int r = 0; r < s->register_count; r++) {
        Operation o = s->operations[r];
        if (o.opcode != OP_ALL && o.opcode != OP_AND && !(o.opcode == OP_LEAF && is_required(s, o.a))) return 0;
    }
    for (int k = 0; k < s->step_count; k++)
        if (s->steps[k].leaf < 0) return 0;
    return s->asks && s->required_count > 0;
}

int score_conjunction(SearchState *w) {
    SegmentSearch *s = w->s;
    int count = s->required_count, failed = 0;
    Cursor **cursors = malloc((size_t)count * sizeof *cursors);
    if (!cursors) return NO_MEMORY;
    sort_rarest_first(s->cursors, s->required, count, cursors);
    Cursor *lead = cursors[0];
    for (uint32_t row = 0; seek(lead, row);) {
        row = lead->rows[lead->i];
        int k = 1;
        for (; k < count; k++) {
            Cursor *c = cursors[k];
            if (!seek(c, row)) goto out;
            if (c->rows[c->i] != row) {
                row = c->rows[c->i];
                break;
            }
        }
        if (k < count) continue;
        if (is_live(s, row)) {
            double sum = 0.0;
            for (int j = 0; j < s->step_count; j++) {
                Cursor *c = s->cursors + s->steps[j].leaf;
                if (!seek(c, row)) {
                    if (c->damaged) goto out;
                    continue;
                }
                if (c->rows[c->i] == row)
                    sum += s->weights[j] * tf_part(s->tables + s->steps[j].leaf, row, c->counts[c->i]);
            }
            if (sum > w->threshold) offer_hit(w, row, sum);
        }
        row++;
    }
out:
    for (int k = 0; k < s->cursor_count; k++) failed |= s->cursors[k].damaged;
    free(cursors);
    return failed;
}
