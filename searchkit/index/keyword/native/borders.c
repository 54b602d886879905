#include "windows.h"

/* Here is a phrase; where does it begin in one chunk of an article and end in a later one? Positions are counted from
 * where the text of the chunk begins in which the phrase does, and each is looked for in the last chunk that has it. */

typedef struct {
    const Borders *borders;
    const Cursor *lists; /* as they were opened */
    Cursor *here, *next; /* of each word: at the row looked at, and at the one behind it */
    Cursor extra;        /* further behind */
    const int32_t *gaps;
    int unit_count;
    uint32_t slop;
    int64_t span; /* from the phrase's first position to its last, at most */
    Places *places, *alone, read;
} Crossing;

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

/* Count the phrases that begin in a row and end behind it, of which none is read in the row alone. */
static int cross_row(Crossing *x, uint32_t row, uint32_t *count) {
    const Borders *b = x->borders;
    *count = 0;
    if (!goes_on(b, row + 1) || !at_row(x->here, row)) return 0;
    int64_t step = step_to(b, row + 1), low = step > x->span ? step - x->span : 0, high = step + x->span;
    int64_t end = step;
    uint32_t last = row + 1;
    while (goes_on(b, last + 1) && (end += step_to(b, last + 1)) < high) last++;
    if (last == row + 1 && !may_cross(x, row)) return 0;
    int failed = 0;
    for (int k = 0; k < x->unit_count && !failed; k++) {
        Cursor *here = x->here + k, *next = x->next + k;
        x->places[k].n = x->alone[k].n = 0;
        if (at_row(here, row)) {
            failed = take_places(x, here, row, 0, low, step, x->places + k);
            if (!failed) failed = take_places(x, here, row, 0, low, INT64_MAX, x->alone + k);
        }
        if (!k) continue; /* it begins here */
        int64_t shift = step;
        for (uint32_t behind = row + 1; behind <= last && !failed; behind++) {
            int64_t until = goes_on(b, behind + 1) ? shift + step_to(b, behind + 1) : INT64_MAX;
            if (behind > row + 1) {
                next = &x->extra;
                open_list(next, x->lists[k].field, x->lists[k].first, x->lists[k].last);
                next->form = x->lists[k].form;
            }
            if (at_row(next, behind))
                failed = take_places(x, next, behind, shift, low, until < high ? until : high, x->places + k);
            failed |= next->damaged;
            shift = until;
        }
        failed |= here->damaged;
        if (!x->places[k].n) return failed;
    }
    if (failed || !x->places->n || !readings(x->places, x->gaps, x->unit_count, x->slop)) return failed;
    if (!readings(x->alone, x->gaps, x->unit_count, x->slop)) x->alone->n = 0;
    size_t j = 0;
    for (size_t i = 0; i < x->places->n; i++) {
        while (j < x->alone->n && x->alone->places[j] < x->places->places[i]) j++;
        *count += j == x->alone->n || x->alone->places[j] != x->places->places[i];
    }
    return 0;
}

/* The first row, not before `from`, in which a phrase may begin that has a word in `row`. */
static uint32_t earliest(const Borders *b, uint32_t row, uint32_t from, int64_t span) {
    for (int64_t before = 0; row > from && goes_on(b, row); row--) {
        before += step_to(b, row);
        if (before - size_of(b, row - 1) >= span) break;
    }
    return row;
}

int cross_borders(const Borders *b, const Cursor *lists, const int32_t *gaps, int unit_count, uint32_t slop,
                  const uint8_t *deleted, uint32_t **out_rows, uint32_t **out_counts, uint32_t *out_n) {
    if (!b || !b->rows) return 0;
    Out out = {0};
    Crossing x = {.borders = b, .lists = lists, .gaps = gaps, .unit_count = unit_count, .slop = slop};
    size_t n = (size_t)unit_count;
    x.span = (int64_t)(slop - 1) * (unit_count - 1);
    for (int k = 0; k + 1 < unit_count; k++) x.span += gaps[k];
    x.here = malloc(n * sizeof *x.here);
    x.next = malloc(n * sizeof *x.next);
    x.places = calloc(n, sizeof *x.places);
    x.alone = calloc(n, sizeof *x.alone);
    Cursor *lead = malloc(sizeof *lead);
    int failed = x.here && x.next && x.places && x.alone && lead ? 0 : 2;
    if (!failed) {
        memcpy(x.here, lists, n * sizeof *x.here);
        memcpy(x.next, lists, n * sizeof *x.next);
        for (size_t k = 0; k < n; k++) {
            x.here[k].rows = x.here[k].row_space;
            x.here[k].counts = x.here[k].count_space;
            x.next[k].rows = x.next[k].row_space;
            x.next[k].counts = x.next[k].count_space;
        }
        *lead = lists[rarest_of(lists, unit_count)];
        lead->rows = lead->row_space;
        lead->counts = lead->count_space;
    }
    uint32_t from = 0; /* rows before are done */
    for (; !failed && refill(lead); lead->i++) {
        uint32_t row = lead->rows[lead->i];
        uint32_t begin = row < from ? from : earliest(b, row, from, x.span);
        for (; begin <= row && !failed; begin++) {
            uint32_t count;
            if (deleted && deleted[begin]) continue;
            failed = cross_row(&x, begin, &count);
            if (!failed && count && !put(&out, begin, count)) failed = 2;
        }
        if (row >= from) from = row + 1;
    }
    if (lead && lead->damaged) failed = 1;
    for (size_t k = 0; k < n && x.places && x.alone; k++) {
        if (!failed && (x.here[k].damaged || x.next[k].damaged)) failed = 1;
        free(x.places[k].places);
        free(x.alone[k].places);
    }
    free(x.read.places);
    free(x.here);
    free(x.next);
    free(x.places);
    free(x.alone);
    free(lead);
    return give(out, failed, out_rows, out_counts, out_n);
}
