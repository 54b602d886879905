#include "windows.h"

/* Here are several lists; which rows has any of them, or which have them all in order? */

#define SPAN 16384

typedef struct {
    uint32_t *rows, *counts;
    size_t n, space;
} Out;

static int put(Out *out, uint32_t row, uint32_t count) {
    if (out->n == out->space) {
        size_t space = out->space ? 2 * out->space : 1024;
        uint32_t *rows = realloc(out->rows, space * sizeof *rows);
        if (rows) out->rows = rows;
        uint32_t *counts = realloc(out->counts, space * sizeof *counts);
        if (counts) out->counts = counts;
        if (!rows || !counts) return 0;
        out->space = space;
    }
    out->rows[out->n] = row;
    out->counts[out->n++] = count;
    return 1;
}

static int give(Out out, int failed, uint32_t **rows, uint32_t **counts, uint32_t *n) {
    if (failed) {
        free(out.rows);
        free(out.counts);
        return failed;
    }
    *rows = out.rows;
    *counts = out.counts;
    *n = (uint32_t)out.n;
    return 0;
}

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
    if (total < rows / 4) {
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

typedef struct {
    uint32_t *places;
    size_t space, n;
} Places;

/* Count the positions of the first word from which the phrase can be read to its end, last word first. */
static uint32_t readings(Places *p, const int32_t *gaps, int unit_count, uint32_t slop) {
    for (int k = unit_count - 2; k >= 0; k--) {
        Places *here = p + k, *after = p + k + 1;
        size_t kept = 0, j = 0;
        for (size_t i = 0; i < here->n; i++) {
            uint64_t from = (uint64_t)here->places[i] + (uint32_t)gaps[k];
            while (j < after->n && after->places[j] < from) j++;
            if (j == after->n) break;
            if (after->places[j] <= from + slop - 1) here->places[kept++] = here->places[i];
        }
        here->n = kept;
        if (!kept) return 0;
    }
    return (uint32_t)p[0].n;
}

int phrase(Cursor *lists, const int32_t *gaps, int unit_count, uint32_t slop, const uint8_t *deleted,
           uint32_t **out_rows, uint32_t **out_counts, uint32_t *out_n) {
    Out out = {0};
    Places *places = calloc((size_t)unit_count, sizeof *places);
    int rarest = 0, failed = places ? 0 : 2;
    for (int k = 1; k < unit_count; k++)
        if (lists[k].last - lists[k].first < lists[rarest].last - lists[rarest].first) rarest = k;
    uint32_t row = 0;
    while (!failed) {
        if (!seek(lists + rarest, row)) break;
        row = lists[rarest].rows[lists[rarest].i];
        int k = 0;
        for (; k < unit_count; k++) {
            if (k == rarest) continue;
            if (!seek(lists + k, row)) break;
            uint32_t there = lists[k].rows[lists[k].i];
            if (there != row) {
                row = there;
                break;
            }
        }
        if (k < unit_count) {
            if (lists[k].damaged || lists[k].i >= lists[k].n) break;
            continue;
        }
        if (!deleted || !deleted[row]) {
            for (k = 0; k < unit_count && !failed; k++)
                if (!positions_here(lists + k, &places[k].places, &places[k].space, &places[k].n)) failed = 1;
            uint32_t count = failed ? 0 : readings(places, gaps, unit_count, slop);
            if (count && !put(&out, row, count)) failed = 2;
        }
        if (row == UINT32_MAX) break;
        row++;
    }
    for (int k = 0; k < unit_count && places; k++) {
        failed |= lists[k].damaged;
        free(places[k].places);
    }
    free(places);
    return give(out, failed, out_rows, out_counts, out_n);
}
