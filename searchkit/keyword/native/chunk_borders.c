/* Chunk borders: positions are counted from where the text of the chunk begins in which the phrase does, and each is
 * looked for in the last chunk that has it. */
#include "chunk_borders.h"
#include "intersect.h"
#include "posting_list.h"
#include "status.h"

#include <stddef.h>
#include <stdlib.h>

static inline int64_t border_value(const void *numbers, int width, uint32_t row) {
    return width == 2 ? ((const uint16_t *)numbers)[row] : ((const uint32_t *)numbers)[row];
}

static inline int64_t body_start(const ChunkBorders *b, uint32_t row) {
    return border_value(b->bodies, b->bodies_width, row);
}

static inline int64_t body_size(const ChunkBorders *b, uint32_t row) {
    return border_value(b->ends, b->ends_width, row) - body_start(b, row);
}

static inline int continues(const ChunkBorders *b, uint32_t row) {
    return row < b->rows && border_value(b->joins, b->joins_width, row) != 0;
}

/* How many positions a row's text begins behind that of the row before it, from which it goes on. */
static inline int64_t row_shift(const ChunkBorders *b, uint32_t row) {
    int64_t step = body_size(b, row - 1) - (border_value(b->joins, b->joins_width, row) - 1);
    return step < 0 ? 0 : step;
}

/* Open a list again that was just opened. */
static void reopen_cursor(Cursor *to, const Cursor *from) {
    if (from->field) {
        open_packed_cursor(to, from->field, from->first, from->last);
    } else {
        open_array_cursor(to, from->rows, from->counts, from->n, from->row_limit);
        to->array_positions = from->array_positions;
        to->array_starts = from->array_starts;
    }
    to->form = from->form;
}

static int append_position(Positions *p, uint32_t place) {
    if (p->n == p->space) {
        size_t space = p->space ? 2 * p->space : 32;
        uint32_t *larger = realloc(p->values, space * sizeof *larger);
        if (!larger) return 0;
        p->values = larger;
        p->space = space;
    }
    p->values[p->n++] = place;
    return 1;
}

/* Go to a row: 1 it has the word, 0 it hasn't. */
static int has_row(Cursor *c, uint32_t row) { return seek(c, row) && c->rows[c->i] == row; }

/* Take a word's positions in a row, which lies `shift` behind the one where the phrase begins: those of the row's own
 * text, before the next row's begins, that are near enough to the first row's end. 0, 1 or 2: failed. */
static int append_row_positions(BorderPhrase *x, Cursor *c, uint32_t row, int64_t shift, int64_t low, int64_t high,
                                Positions *to) {
    if (!read_positions(c, &x->row_positions.values, &x->row_positions.space, &x->row_positions.n)) return DAMAGED;
    int64_t begin = body_start(x->borders, row);
    for (size_t i = 0; i < x->row_positions.n; i++) {
        int64_t place = shift + x->row_positions.values[i] - begin;
        if (x->row_positions.values[i] < begin || place < low) continue;
        if (place >= high) break;
        if (!append_position(to, (uint32_t)place)) return NO_MEMORY;
    }
    return DONE;
}

/* Whether the row and the one behind it may have the words between them: the first ones here, the others there. */
static int may_span(BorderPhrase *x, uint32_t row) {
    int first = 1, last = x->unit_count;
    while (first < x->unit_count && has_row(x->here + first, row)) first++;
    if (first == x->unit_count) first--;
    while (last && has_row(x->next + last - 1, row + 1)) last--;
    return last <= first;
}

/* Read a word's positions where the phrase goes on: from `low` on in the row where it begins (`here` says so), then in
 * the rows up to `last`, which begin `step` and more behind it. */
static int read_word(BorderPhrase *x, int k, uint32_t row, uint32_t last, int here, int64_t low, int64_t step) {
    const ChunkBorders *b = x->borders;
    int failed = 0;
    int64_t shift = step, high = step + x->span;
    x->positions[k].n = 0;
    if (here && has_row(x->here + k, row))
        failed = append_row_positions(x, x->here + k, row, 0, low, step, x->positions + k);
    for (uint32_t behind = row + 1; k && behind <= last && !failed; behind++) {
        Cursor *c = x->next + k;
        int64_t until = continues(b, behind + 1) ? shift + row_shift(b, behind + 1) : INT64_MAX;
        if (behind > row + 1) {
            c = &x->extra;
            reopen_cursor(c, x->cursors + k);
        }
        if (has_row(c, behind))
            failed = append_row_positions(x, c, behind, shift, low, until < high ? until : high, x->positions + k);
        if (c->damaged) failed = DAMAGED;
        shift = until;
    }
    return failed;
}

int may_start_in(BorderPhrase *x, uint32_t row, uint32_t *most) {
    if (!continues(x->borders, row + 1) || !has_row(x->here, row)) return 0;
    *most = x->here->counts[x->here->i];
    return 1;
}

int count_crossing(BorderPhrase *x, uint32_t row, uint32_t *count) {
    const ChunkBorders *b = x->borders;
    *count = 0;
    int64_t step = row_shift(b, row + 1), low = step > x->span ? step - x->span : 0, end = step;
    uint32_t last = row + 1;
    int words = x->unit_count, failed;
    while (continues(b, last + 1) && (end += row_shift(b, last + 1)) < step + x->span) last++;
    if (last == row + 1 && !may_span(x, row)) return 0;
    /* It begins near the end of this row, and ends behind it: that alone rules most rows out. */
    failed = read_word(x, 0, row, last, 1, low, step);
    if (failed || !x->positions->n) return failed;
    failed = read_word(x, words - 1, row, last, 0, low, step);
    if (failed || !x->positions[words - 1].n) return failed;
    for (int k = 1; k < words; k++) {
        failed = read_word(x, k, row, last, 1, low, step);
        if (failed || !x->positions[k].n) return failed;
    }
    if (!count_phrases(x->positions, x->gaps, words, x->slop)) return 0;
    for (int k = 0; k < words && !failed; k++) {
        x->alone[k].n = 0;
        if (has_row(x->here + k, row))
            failed = append_row_positions(x, x->here + k, row, 0, low, INT64_MAX, x->alone + k);
    }
    if (failed || !count_phrases(x->alone, x->gaps, words, x->slop)) x->alone->n = 0;
    size_t j = 0;
    for (size_t i = 0; i < x->positions->n && !failed; i++) {
        while (j < x->alone->n && x->alone->values[j] < x->positions->values[i]) j++;
        *count += j == x->alone->n || x->alone->values[j] != x->positions->values[i];
    }
    return failed;
}

uint32_t first_start_row(const BorderPhrase *x, uint32_t row, uint32_t from) {
    const ChunkBorders *b = x->borders;
    for (int64_t before = 0; row > from && continues(b, row); row--) {
        before += row_shift(b, row);
        if (before - body_size(b, row - 1) >= x->span) break;
    }
    return row;
}

int open_border_phrase(BorderPhrase *x, const ChunkBorders *b, const Cursor *cursors, const int32_t *gaps,
                       int unit_count, uint32_t slop) {
    size_t n = (size_t)unit_count;
    *x = (BorderPhrase){.borders = b, .cursors = cursors, .gaps = gaps, .unit_count = unit_count, .slop = slop};
    x->span = (int64_t)(slop - 1) * (unit_count - 1);
    for (int k = 0; k + 1 < unit_count; k++) x->span += gaps[k];
    x->here = malloc(n * sizeof *x->here);
    x->next = malloc(n * sizeof *x->next);
    x->positions = calloc(n, sizeof *x->positions);
    x->alone = calloc(n, sizeof *x->alone);
    if (!x->here || !x->next || !x->positions || !x->alone) return NO_MEMORY;
    for (size_t k = 0; k < n; k++) {
        reopen_cursor(x->here + k, cursors + k);
        reopen_cursor(x->next + k, cursors + k);
    }
    return 0;
}

int close_border_phrase(BorderPhrase *x) {
    int damaged = 0;
    for (int k = 0; k < x->unit_count; k++) {
        if (x->here && x->next) damaged |= x->here[k].damaged | x->next[k].damaged;
        if (x->positions) free(x->positions[k].values);
        if (x->alone) free(x->alone[k].values);
    }
    free(x->row_positions.values);
    free(x->here);
    free(x->next);
    free(x->positions);
    free(x->alone);
    return damaged;
}

int match_crossing(const ChunkBorders *b, const Cursor *cursors, const int32_t *gaps, int unit_count, uint32_t slop,
                   const uint8_t *deleted, uint32_t **out_rows, uint32_t **out_counts, uint32_t *out_n) {
    if (!b || !b->rows) return 0;
    PostingList out = {0};
    BorderPhrase x;
    Cursor *lead = malloc(sizeof *lead);
    int failed = open_border_phrase(&x, b, cursors, gaps, unit_count, slop);
    if (!lead) failed = NO_MEMORY;
    if (!failed) reopen_cursor(lead, cursors + rarest_cursor(cursors, unit_count));
    uint32_t from = 0, most; /* rows before are done */
    for (; !failed && refill_cursor(lead); lead->i++) {
        uint32_t row = lead->rows[lead->i];
        for (uint32_t begin = row < from ? from : first_start_row(&x, row, from); begin <= row && !failed; begin++) {
            uint32_t count;
            if ((deleted && deleted[begin]) || !may_start_in(&x, begin, &most)) continue;
            failed = count_crossing(&x, begin, &count);
            if (!failed && count && !append_posting(&out, begin, count)) failed = NO_MEMORY;
        }
        if (row >= from) from = row + 1;
    }
    if (lead && lead->damaged) failed = DAMAGED;
    if (close_border_phrase(&x) && !failed) failed = DAMAGED;
    free(lead);
    return finish_postings(out, failed, out_rows, out_counts, out_n);
}
