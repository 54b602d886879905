#include "score_window.h"

/* Here are several lists; which rows has any of them, or which have them all in order? */

#define SPAN 16384
/* Below one posting in so many rows, postings are sorted rather than added up row by row: at 1,000,000 rows 4 and 8 take
 * as long, 16 half as long again for the prefixes of most words. */
#define SCATTERED 8

/* Sort row and count, packed into one number each, by the row: 11 bits at a time. */
static uint64_t *sorted(uint64_t *pairs, uint64_t *other, size_t n, uint32_t rows) {
    for (int shift = 32; shift < 64 && (rows - 1) >> (shift - 32); shift += 11) {
        size_t starts[2049] = {0};
        for (size_t i = 0; i < n; i++) starts[(pairs[i] >> shift & 2047) + 1]++;
        for (int i = 0; i < 2048; i++) starts[i + 1] += starts[i];
        for (size_t i = 0; i < n; i++) other[starts[pairs[i] >> shift & 2047]++] = pairs[i];
        uint64_t *swap = pairs;
        pairs = other;
        other = swap;
    }
    return pairs;
}

static int unite_few(Cursor *lists, int list_count, size_t total, uint32_t rows, const uint8_t *deleted, Out *out) {
    uint64_t *pairs = malloc(2 * (total + 1) * sizeof *pairs);
    if (!pairs) return 2;
    size_t n = 0;
    int failed = 0;
    for (int k = 0; k < list_count && !failed; k++) {
        for (Cursor *c = lists + k; refill(c); c->i++) {
            if (n == total) break;
            if (!deleted || !deleted[c->rows[c->i]]) pairs[n++] = (uint64_t)c->rows[c->i] << 32 | c->counts[c->i];
        }
        failed = lists[k].damaged;
    }
    uint64_t *one = failed ? pairs : sorted(pairs, pairs + total + 1, n, rows);
    out->rows = malloc((n + 1) * sizeof *out->rows);
    out->counts = malloc((n + 1) * sizeof *out->counts);
    out->space = n + 1;
    if (!out->rows || !out->counts) failed = 2;
    for (size_t i = 0; i < n && !failed;) {
        uint32_t row = (uint32_t)(one[i] >> 32), count = 0;
        for (; i < n && one[i] >> 32 == row; i++) count += (uint32_t)one[i];
        if (!put(out, row, count)) failed = 2;
    }
    free(pairs);
    return failed;
}

int unite(Cursor *lists, int list_count, uint32_t rows, const uint8_t *deleted, uint32_t **out_rows,
          uint32_t **out_counts, uint32_t *out_n) {
    Out out = {0};
    uint64_t total = 0;
    for (int k = 0; k < list_count; k++) total += lists[k].last - lists[k].first;
    if (total < rows / SCATTERED) {
        int failed = unite_few(lists, list_count, total, rows, deleted, &out);
        return give(out, failed, out_rows, out_counts, out_n);
    }
    uint32_t *sums = calloc(SPAN, sizeof *sums);
    if (!sums) return 2;
    int failed = 0;
    for (uint32_t low = 0; low < rows && !failed; low = rows - low < SPAN ? rows : low + SPAN) {
        uint32_t high = rows - low < SPAN ? rows : low + SPAN;
        for (int k = 0; k < list_count; k++) {
            Cursor *c = lists + k;
            while (refill(c) && c->rows[c->i] < high)
                for (; c->i < c->n && c->rows[c->i] < high; c->i++) sums[c->rows[c->i] - low] += c->counts[c->i];
            if (c->damaged) failed = 1;
        }
        for (uint32_t i = 0; i < high - low; i++) {
            if (sums[i] && (!deleted || !deleted[low + i]) && !put(&out, low + i, sums[i])) failed = 2;
            sums[i] = 0;
        }
    }
    free(sums);
    return give(out, failed, out_rows, out_counts, out_n);
}

/* Count the positions of the first word from which the phrase can be read to its end, last word first. */
uint32_t readings(Places *p, const int32_t *gaps, int unit_count, uint32_t slop) {
    for (int k = unit_count - 2; k >= 0; k--) {
        Places *here = p + k, *after = p + k + 1;
        size_t kept = 0, j = 0;
        for (size_t i = 0; i < here->n; i++) {
            uint64_t from = (uint64_t)here->places[i] + (uint32_t)gaps[k];
            while (j < after->n && after->places[j] < from) j++;
            if (j == after->n) break;
            if (kept && here->places[kept - 1] == here->places[i]) continue; /* a compound and its part, one term */
            if (after->places[j] <= from + slop - 1) here->places[kept++] = here->places[i];
        }
        here->n = kept;
        if (!kept) return 0;
    }
    return (uint32_t)p[0].n;
}

int64_t read_phrase(Cursor *lists, Places *places, const int32_t *gaps, int unit_count, uint32_t slop) {
    for (int k = 0; k < unit_count; k++)
        if (!positions_here(lists + k, &places[k].places, &places[k].space, &places[k].n)) return -1;
    return readings(places, gaps, unit_count, slop);
}

int rarest_of(const Cursor *lists, int count) {
    int rarest = 0;
    for (int k = 1; k < count; k++)
        if (postings_in(lists + k) < postings_in(lists + rarest)) rarest = k;
    return rarest;
}

int meet(Cursor *lists, int count, int rarest, uint32_t *row) {
    Cursor *lead = lists + rarest;
    for (;;) {
        if (!seek(lead, *row)) return 0;
        uint32_t here = lead->rows[lead->i];
        int k = 0;
        for (; k < count; k++) {
            if (k == rarest) continue;
            Cursor *c = lists + k;
            if (!seek(c, here)) return 0;
            if (c->rows[c->i] != here) break;
        }
        *row = k < count ? lists[k].rows[lists[k].i] : here;
        if (k == count) return 1;
    }
}

int phrase(Cursor *lists, const int32_t *gaps, int unit_count, uint32_t slop, const Borders *borders,
           const uint8_t *deleted, uint32_t **out_rows, uint32_t **out_counts, uint32_t *out_n) {
    Out out = {0}, across = {0};
    uint32_t crossing = 0, at = 0;
    int failed = cross_borders(borders, lists, gaps, unit_count, slop, deleted, &across.rows, &across.counts, &crossing);
    Places *places = calloc((size_t)unit_count, sizeof *places);
    int rarest = rarest_of(lists, unit_count);
    if (!places) failed = 2;
    for (uint32_t row = 0; !failed && meet(lists, unit_count, rarest, &row); row++) {
        if (deleted && deleted[row]) continue;
        int64_t count = read_phrase(lists, places, gaps, unit_count, slop);
        if (count < 0) failed = 1;
        for (; at < crossing && across.rows[at] < row; at++)
            if (!put(&out, across.rows[at], across.counts[at])) failed = 2;
        if (at < crossing && across.rows[at] == row && count >= 0) count += across.counts[at++];
        if (count > 0 && !put(&out, row, (uint32_t)count)) failed = 2;
    }
    for (; at < crossing && !failed; at++)
        if (!put(&out, across.rows[at], across.counts[at])) failed = 2;
    free(across.rows);
    free(across.counts);
    for (int k = 0; k < unit_count && places; k++) {
        failed |= lists[k].damaged;
        free(places[k].places);
    }
    free(places);
    return give(out, failed, out_rows, out_counts, out_n);
}

static int pick_one(Cursor *c, const uint8_t *deleted, Out *out) {
    for (; refill(c); c->i++) {
        uint32_t row = c->rows[c->i], count;
        if (deleted && deleted[row]) continue;
        if (!form_here(c, c->form, &count)) return 1;
        if (count && !put(out, row, count)) return 2;
    }
    return c->damaged;
}

int pick_forms(Cursor *lists, int list_count, uint32_t rows, const uint8_t *deleted, uint32_t **out_rows,
               uint32_t **out_counts, uint32_t *out_n) {
    Out out = {0}, *each = calloc((size_t)list_count + 1, sizeof *each);
    Cursor *picked = malloc(((size_t)list_count + 1) * sizeof *picked);
    int failed = each && picked ? 0 : 2;
    size_t total = 0;
    for (int k = 0; k < list_count && !failed; k++) {
        failed = pick_one(lists + k, deleted, each + k);
        open_plain(picked + k, each[k].rows, each[k].counts, (uint32_t)each[k].n, rows);
        total += each[k].n;
    }
    if (!failed && list_count == 1) {
        out = *each;
        *each = (Out){0};
    } else if (!failed && total)
        failed = unite_few(picked, list_count, total, rows, NULL, &out);
    for (int k = 0; k < list_count && each; k++) {
        free(each[k].rows);
        free(each[k].counts);
    }
    free(each);
    free(picked);
    return give(out, failed, out_rows, out_counts, out_n);
}

/* Put a list's positions in a row among those of others, each once. */
static int mix(Places *into, const Places *more, Places *spare) {
    if (spare->space < into->n + more->n) {
        size_t space = 2 * (into->n + more->n);
        uint32_t *larger = realloc(spare->places, space * sizeof *larger);
        if (!larger) return 0;
        spare->places = larger;
        spare->space = space;
    }
    size_t i = 0, j = 0, n = 0;
    while (i < into->n || j < more->n) {
        int mine = j == more->n || (i < into->n && into->places[i] <= more->places[j]);
        uint32_t place = mine ? into->places[i++] : more->places[j++];
        if (!n || spare->places[n - 1] != place) spare->places[n++] = place;
    }
    spare->n = n;
    Places swap = *into;
    *into = *spare;
    *spare = swap;
    return 1;
}

int gather(Cursor *lists, int list_count, const uint8_t *deleted, uint32_t **out_rows, uint32_t **out_counts,
           uint32_t *out_n, uint32_t **out_positions, uint64_t **out_starts) {
    Out out = {0};
    Places row_places = {0}, one = {0}, spare = {0};
    uint32_t *positions = NULL;
    uint64_t *starts = NULL, total = 0;
    size_t space = 0, start_space = 0;
    int failed = 0;
    for (uint32_t row = 0; !failed; row++) {
        uint32_t next = UINT32_MAX;
        for (int k = 0; k < list_count; k++)
            if (seek(lists + k, row) && lists[k].rows[lists[k].i] < next) next = lists[k].rows[lists[k].i];
        row = next;
        if (row == UINT32_MAX) break;
        if (deleted && deleted[row]) continue;
        row_places.n = 0;
        for (int k = 0; k < list_count && !failed; k++) {
            Cursor *c = lists + k;
            if (c->i >= c->n || c->rows[c->i] != row) continue;
            if (!positions_here(c, &one.places, &one.space, &one.n))
                failed = 1;
            else if (!mix(&row_places, &one, &spare))
                failed = 2;
        }
        if (failed || !row_places.n) continue;
        if (total + row_places.n > space) {
            space = 2 * (total + row_places.n);
            uint32_t *larger = realloc(positions, space * sizeof *larger);
            if (larger) positions = larger;
            failed = larger ? 0 : 2;
        }
        if (!failed && out.n + 2 > start_space) {
            start_space = 2 * (out.n + 2);
            uint64_t *larger = realloc(starts, start_space * sizeof *larger);
            if (larger) starts = larger;
            failed = larger ? 0 : 2;
        }
        if (failed || !put(&out, row, (uint32_t)row_places.n)) {
            failed = 2;
            continue;
        }
        memcpy(positions + total, row_places.places, row_places.n * sizeof *positions);
        starts[out.n - 1] = total;
        starts[out.n] = total += row_places.n;
    }
    for (int k = 0; k < list_count; k++)
        if (!failed && lists[k].damaged) failed = 1;
    free(row_places.places);
    free(one.places);
    free(spare.places);
    if (failed) {
        free(positions);
        free(starts);
    } else {
        *out_positions = positions;
        *out_starts = starts;
    }
    return give(out, failed, out_rows, out_counts, out_n);
}
