#include "score_window.h"

/* Here are conditions that one list, one phrase or a few words spell out; which rows meet them, without looking at
 * others? Lists are moved on to each other's rows, and what lies between isn't decoded. */

int run_one(Work *w) {
    Search *s = w->s;
    Cursor *c = s->lists + s->steps->leaf;
    const Table *t = s->tables + s->steps->leaf;
    double weight = *s->weights;
    for (; refill(c); c->i = c->n)
        for (uint32_t i = c->i; i < c->n; i++) {
            double score = weight * ratio(t, c->rows[i], c->counts[i]);
            if (c->own >= 0 && score * OWN_FORM > w->threshold) {
                uint32_t own;
                c->i = i;
                if (!form_here(c, c->own, &own)) return 1;
                if (own) score *= OWN_FORM;
            }
            if (score > w->threshold && lives(s, c->rows[i])) offer(w, c->rows[i], score);
        }
    return c->damaged;
}

static int is_required(const Search *s, int leaf) {
    for (int k = 0; k < s->required_count; k++)
        if (s->required[k] == leaf) return 1;
    return 0;
}

/* Whether all that is asked of an article is that it has some leaves: then every gate is open where it has them. */
int every_word(const Search *s) {
    for (int r = 0; r < s->register_count; r++) {
        Operation o = s->operations[r];
        if (o.what != 0 && o.what != 4 && !(o.what == 2 && is_required(s, o.a))) return 0;
    }
    for (int k = 0; k < s->step_count; k++)
        if (s->steps[k].leaf < 0) return 0;
    return s->asks && s->required_count > 0;
}

/* Line some lists up, those named or all: the rarest first. */
static void rarest_first(Cursor *all, const int32_t *named, int count, Cursor **lists) {
    for (int k = 0; k < count; k++) {
        Cursor *c = all + (named ? named[k] : k);
        int at = k;
        for (; at && postings_in(lists[at - 1]) > postings_in(c); at--) lists[at] = lists[at - 1];
        lists[at] = c;
    }
}

int run_every(Work *w) {
    Search *s = w->s;
    int count = s->required_count, failed = 0;
    Cursor **lists = malloc((size_t)count * sizeof *lists);
    if (!lists) return 2;
    rarest_first(s->lists, s->required, count, lists);
    Cursor *lead = lists[0];
    for (uint32_t row = 0; seek(lead, row);) {
        row = lead->rows[lead->i];
        int k = 1;
        for (; k < count; k++) {
            Cursor *c = lists[k];
            if (!seek(c, row)) goto out;
            if (c->rows[c->i] != row) {
                row = c->rows[c->i];
                break;
            }
        }
        if (k < count) continue;
        if (lives(s, row)) {
            double sum = 0.0;
            for (int j = 0; j < s->step_count; j++) {
                Cursor *c = s->lists + s->steps[j].leaf;
                if (!seek(c, row)) {
                    if (c->damaged) goto out;
                    continue;
                }
                if (c->rows[c->i] == row)
                    sum += s->weights[j] * ratio(s->tables + s->steps[j].leaf, row, c->counts[c->i]);
            }
            if (sum > w->threshold) offer(w, row, sum);
        }
        row++;
    }
out:
    for (int k = 0; k < s->list_count; k++) failed |= s->lists[k].damaged;
    free(lists);
    return failed;
}

/* How often a phrase can be read at most in the row where its words stand: from each place of its first word once;
 * without slop each place of any word is in one reading. */
static uint32_t most_readings(const Search *s) {
    uint32_t most = s->units->counts[s->units->i];
    for (int k = 1; k < s->unit_count && s->slop == 1; k++)
        if (s->units[k].counts[s->units[k].i] < most) most = s->units[k].counts[s->units[k].i];
    return most;
}

static void offer_phrase(Work *w, uint32_t row, uint32_t count) {
    double score = *w->s->weights * ratio(w->s->tables, row, count);
    if (score > w->threshold) offer(w, row, score);
}

/* Score a phrase in a row that has all its words, where it also begins `across` times that end behind the row; 0 where a
 * list is damaged. */
static int score_phrase(Work *w, Places *places, uint32_t row, uint32_t across) {
    Search *s = w->s;
    if (*s->weights * ratio(s->tables, row, most_readings(s) + across) <= w->threshold) return 1;
    int64_t count = read_phrase(s->units, places, s->gaps, s->unit_count, s->slop);
    if (count < 0) return 0;
    if (count + across) offer_phrase(w, row, (uint32_t)count + across);
    return 1;
}

/* Look for a row of the rarest word in the other lists: 1 where all have it, 0 where one hasn't, -1 where one ends. */
static int all_have(Cursor **lists, int count, uint32_t row) {
    for (int k = 1; k < count; k++) {
        Cursor *c = lists[k];
        if (c->i < c->n && c->rows[c->i] > row) return 0;
        if (!seek(c, row)) return -1;
        if (c->rows[c->i] != row) return 0;
    }
    return 1;
}

/* Count how often the phrase begins in a row and ends behind it, unless it doesn't matter. */
static int look_across(Work *w, Crossing *x, uint32_t row, uint32_t *count) {
    Search *s = w->s;
    uint32_t most;
    *count = 0;
    if (!begins_in(x, row, &most) || *s->weights * ratio(s->tables, row, most) <= w->threshold || !lives(s, row)) return 0;
    return cross_row(x, row, count);
}

int run_phrase(Work *w) {
    Search *s = w->s;
    Places *places = calloc((size_t)s->unit_count, sizeof *places);
    Cursor **lists = calloc((size_t)s->unit_count, sizeof *lists);
    int failed = places && lists ? 0 : 2, ended = 0, crosses = s->borders && s->borders->rows;
    uint32_t from = 0; /* rows before are done */
    Crossing x = {0};
    if (!failed && crosses) failed = open_crossing(&x, s->borders, s->units, s->gaps, s->unit_count, s->slop);
    if (!failed) rarest_first(s->units, NULL, s->unit_count, lists);
    /* Rows that can't come in, since the rarest word alone stands there too seldom, aren't looked for elsewhere. */
    for (Cursor *c = lists ? *lists : NULL; !failed && c && refill(c); c->i = c->n)
        for (uint32_t i = c->i; i < c->n && !failed; i++) {
            uint32_t row = c->rows[i], more = 0;
            if (crosses) {
                for (uint32_t begin = earliest(&x, row, from); begin < row && !failed; begin++) {
                    failed = look_across(w, &x, begin, &more);
                    if (more) offer_phrase(w, begin, more);
                }
                from = row + 1;
                if (!failed) failed = look_across(w, &x, row, &more);
                if (failed) break;
            }
            if (s->slop == 1 && *s->weights * ratio(s->tables, row, c->counts[i] + more) <= w->threshold) continue;
            if (!lives(s, row)) continue;
            c->i = i;
            int found = ended ? 0 : all_have(lists, s->unit_count, row);
            ended |= found < 0;
            if (ended && !crosses) goto out;
            if (found > 0 && !score_phrase(w, places, row, more)) failed = 1;
            if (found <= 0 && more) offer_phrase(w, row, more);
        }
out:
    for (int k = 0; k < s->unit_count && places; k++) {
        failed |= s->units[k].damaged;
        free(places[k].places);
    }
    if (crosses && close_crossing(&x) && !failed) failed = 1;
    free(lists);
    free(places);
    return failed;
}
