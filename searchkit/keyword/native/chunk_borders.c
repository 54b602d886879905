#include "score_window.h"

/* Here is a phrase; where does it begin in one chunk of an article and end in a later one? Positions are counted from
 * where the text of the chunk begins in which the phrase does, and each is looked for in the last chunk that has it. */

static inline int64_t of_row(const void *numbers, int width, uint32_t row) {
    return width == 2 ? ((const uint16_t *)numbers)[row] : ((const uint32_t *)numbers)[row];
}

static inline int64_t body(const Borders *b, uint32_t row) { return of_row(b->bodies, b->bodies_width, row); }

static inline int64_t size_of(const Borders *b, uint32_t row) {
    return of_row(b->ends, b->ends_width, row) - body(b, row);
}

static inline int goes_on(const Borders *b, uint32_t row) {
    return row < b->rows && of_row(b->joins, b->joins_width, row) != 0;
}

/* How many positions a row's text begins behind that of the row before it, from which it goes on. */
static inline int64_t step_to(const Borders *b, uint32_t row) {
    int64_t step = size_of(b, row - 1) - (of_row(b->joins, b->joins_width, row) - 1);
    return step < 0 ? 0 : step;
}

/* Open a list again that was just opened. */
static void copy_list(Cursor *to, const Cursor *from) {
    if (from->field) {
        open_list(to, from->field, from->first, from->last);
    } else {
        open_plain(to, from->rows, from->counts, from->n, from->row_limit);
        to->plain_positions = from->plain_positions;
        to->plain_starts = from->plain_starts;
    }
    to->form = from->form;
}

static int take_place(Places *p, uint32_t place) {
    if (p->n == p->space) {
        size_t space = p->space ? 2 * p->space : 32;
        uint32_t *larger = realloc(p->places, space * sizeof *larger);
        if (!larger) return 0;
        p->places = larger;
        p->space = space;
    }
    p->places[p->n++] = place;
    return 1;
}

/* Go to a row: 1 it has the word, 0 it hasn't. */
static int at_row(Cursor *c, uint32_t row) { return seek(c, row) && c->rows[c->i] == row; }

/* Take a word's positions in a row, which lies `shift` behind the one where the phrase begins: those of the row's own
 * text, before the next row's begins, that are near enough to the first row's end. 0, 1 or 2: failed. */
static int take_places(Crossing *x, Cursor *c, uint32_t row, int64_t shift, int64_t low, int64_t high, Places *to) {
    if (!positions_here(c, &x->read.places, &x->read.space, &x->read.n)) return 1;
    int64_t begin = body(x->borders, row);
    for (size_t i = 0; i < x->read.n; i++) {
        int64_t place = shift + x->read.places[i] - begin;
        if (x->read.places[i] < begin || place < low) continue;
        if (place >= high) break;
        if (!take_place(to, (uint32_t)place)) return 2;
    }
    return 0;
}

/* Whether the row and the one behind it may have the words between them: the first ones here, the others there. */
static int may_cross(Crossing *x, uint32_t row) {
    int first = 1, last = x->unit_count;
    while (first < x->unit_count && at_row(x->here + first, row)) first++;
    if (first == x->unit_count) first--;
    while (last && at_row(x->next + last - 1, row + 1)) last--;
    return last <= first;
}

/* Read a word's positions where the phrase goes on: from `low` on in the row where it begins (`here` says so), then in the
 * rows up to `last`, which begin `step` and more behind it. */
static int take_word(Crossing *x, int k, uint32_t row, uint32_t last, int here, int64_t low, int64_t step) {
    const Borders *b = x->borders;
    int failed = 0;
    int64_t shift = step, high = step + x->span;
    x->places[k].n = 0;
    if (here && at_row(x->here + k, row)) failed = take_places(x, x->here + k, row, 0, low, step, x->places + k);
    for (uint32_t behind = row + 1; k && behind <= last && !failed; behind++) {
        Cursor *c = x->next + k;
        int64_t until = goes_on(b, behind + 1) ? shift + step_to(b, behind + 1) : INT64_MAX;
        if (behind > row + 1) {
            c = &x->extra;
            copy_list(c, x->lists + k);
        }
        if (at_row(c, behind)) failed = take_places(x, c, behind, shift, low, until < high ? until : high, x->places + k);
        if (c->damaged) failed = 1;
        shift = until;
    }
    return failed;
}

int begins_in(Crossing *x, uint32_t row, uint32_t *most) {
    if (!goes_on(x->borders, row + 1) || !at_row(x->here, row)) return 0;
    *most = x->here->counts[x->here->i];
    return 1;
}

int cross_row(Crossing *x, uint32_t row, uint32_t *count) {
    const Borders *b = x->borders;
    *count = 0;
    int64_t step = step_to(b, row + 1), low = step > x->span ? step - x->span : 0, end = step;
    uint32_t last = row + 1;
    int words = x->unit_count, failed;
    while (goes_on(b, last + 1) && (end += step_to(b, last + 1)) < step + x->span) last++;
    if (last == row + 1 && !may_cross(x, row)) return 0;
    /* It begins near the end of this row, and ends behind it: that alone rules most rows out. */
    failed = take_word(x, 0, row, last, 1, low, step);
    if (failed || !x->places->n) return failed;
    failed = take_word(x, words - 1, row, last, 0, low, step);
    if (failed || !x->places[words - 1].n) return failed;
    for (int k = 1; k < words; k++) {
        failed = take_word(x, k, row, last, 1, low, step);
        if (failed || !x->places[k].n) return failed;
    }
    if (!readings(x->places, x->gaps, words, x->slop)) return 0;
    for (int k = 0; k < words && !failed; k++) {
        x->alone[k].n = 0;
        if (at_row(x->here + k, row)) failed = take_places(x, x->here + k, row, 0, low, INT64_MAX, x->alone + k);
    }
    if (failed || !readings(x->alone, x->gaps, words, x->slop)) x->alone->n = 0;
    size_t j = 0;
    for (size_t i = 0; i < x->places->n && !failed; i++) {
        while (j < x->alone->n && x->alone->places[j] < x->places->places[i]) j++;
        *count += j == x->alone->n || x->alone->places[j] != x->places->places[i];
    }
    return failed;
}

uint32_t earliest(const Crossing *x, uint32_t row, uint32_t from) {
    const Borders *b = x->borders;
    for (int64_t before = 0; row > from && goes_on(b, row); row--) {
        before += step_to(b, row);
        if (before - size_of(b, row - 1) >= x->span) break;
    }
    return row;
}

int open_crossing(Crossing *x, const Borders *b, const Cursor *lists, const int32_t *gaps, int unit_count,
                  uint32_t slop) {
    size_t n = (size_t)unit_count;
    *x = (Crossing){.borders = b, .lists = lists, .gaps = gaps, .unit_count = unit_count, .slop = slop};
    x->span = (int64_t)(slop - 1) * (unit_count - 1);
    for (int k = 0; k + 1 < unit_count; k++) x->span += gaps[k];
    x->here = malloc(n * sizeof *x->here);
    x->next = malloc(n * sizeof *x->next);
    x->places = calloc(n, sizeof *x->places);
    x->alone = calloc(n, sizeof *x->alone);
    if (!x->here || !x->next || !x->places || !x->alone) return 2;
    for (size_t k = 0; k < n; k++) {
        copy_list(x->here + k, lists + k);
        copy_list(x->next + k, lists + k);
    }
    return 0;
}

int close_crossing(Crossing *x) {
    int damaged = 0;
    for (int k = 0; k < x->unit_count; k++) {
        if (x->here && x->next) damaged |= x->here[k].damaged | x->next[k].damaged;
        if (x->places) free(x->places[k].places);
        if (x->alone) free(x->alone[k].places);
    }
    free(x->read.places);
    free(x->here);
    free(x->next);
    free(x->places);
    free(x->alone);
    return damaged;
}

int cross_borders(const Borders *b, const Cursor *lists, const int32_t *gaps, int unit_count, uint32_t slop,
                  const uint8_t *deleted, uint32_t **out_rows, uint32_t **out_counts, uint32_t *out_n) {
    if (!b || !b->rows) return 0;
    Out out = {0};
    Crossing x;
    Cursor *lead = malloc(sizeof *lead);
    int failed = open_crossing(&x, b, lists, gaps, unit_count, slop);
    if (!lead) failed = 2;
    if (!failed) copy_list(lead, lists + rarest_of(lists, unit_count));
    uint32_t from = 0, most; /* rows before are done */
    for (; !failed && refill(lead); lead->i++) {
        uint32_t row = lead->rows[lead->i];
        for (uint32_t begin = row < from ? from : earliest(&x, row, from); begin <= row && !failed; begin++) {
            uint32_t count;
            if ((deleted && deleted[begin]) || !begins_in(&x, begin, &most)) continue;
            failed = cross_row(&x, begin, &count);
            if (!failed && count && !put(&out, begin, count)) failed = 2;
        }
        if (row >= from) from = row + 1;
    }
    if (lead && lead->damaged) failed = 1;
    if (close_crossing(&x) && !failed) failed = 1;
    free(lead);
    return give(out, failed, out_rows, out_counts, out_n);
}
