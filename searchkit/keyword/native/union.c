/* Union: counts are added up row by row, or sorted where postings are few. */
#include "union.h"
#include "phrase_positions.h"
#include "posting_list.h"
#include "status.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define ROW_WINDOW 16384
/* Below one posting in so many rows, postings are sorted rather than added up row by row: at 1,000,000 rows 4 and 8
 * take as long, 16 half as long again for the prefixes of most words. */
#define SPARSE_RATIO 8

/* Sort row and count, packed into one number each, by the row: 11 bits at a time. */
static uint64_t *radix_sort_by_row(uint64_t *pairs, uint64_t *other, size_t n, uint32_t rows) {
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

static int union_sparse(Cursor *cursors, int cursor_count, size_t total, uint32_t rows, const uint8_t *deleted,
                        PostingList *out) {
    uint64_t *pairs = malloc(2 * (total + 1) * sizeof *pairs);
    if (!pairs) return NO_MEMORY;
    size_t n = 0;
    int failed = 0;
    for (int k = 0; k < cursor_count && !failed; k++) {
        for (Cursor *c = cursors + k; refill_cursor(c); c->i++) {
            if (n == total) break;
            if (!deleted || !deleted[c->rows[c->i]]) pairs[n++] = (uint64_t)c->rows[c->i] << 32 | c->counts[c->i];
        }
        failed = cursors[k].damaged;
    }
    uint64_t *by_row = failed ? pairs : radix_sort_by_row(pairs, pairs + total + 1, n, rows);
    out->rows = malloc((n + 1) * sizeof *out->rows);
    out->counts = malloc((n + 1) * sizeof *out->counts);
    out->space = n + 1;
    if (!out->rows || !out->counts) failed = NO_MEMORY;
    for (size_t i = 0; i < n && !failed;) {
        uint32_t row = (uint32_t)(by_row[i] >> 32), count = 0;
        for (; i < n && by_row[i] >> 32 == row; i++) count += (uint32_t)by_row[i];
        if (!append_posting(out, row, count)) failed = NO_MEMORY;
    }
    free(pairs);
    return failed;
}

int union_postings(Cursor *cursors, int cursor_count, uint32_t rows, const uint8_t *deleted, uint32_t **out_rows,
                   uint32_t **out_counts, uint32_t *out_n) {
    PostingList out = {0};
    uint64_t total = 0;
    for (int k = 0; k < cursor_count; k++) total += cursors[k].last - cursors[k].first;
    if (total < rows / SPARSE_RATIO) {
        int failed = union_sparse(cursors, cursor_count, total, rows, deleted, &out);
        return finish_postings(out, failed, out_rows, out_counts, out_n);
    }
    uint32_t *sums = calloc(ROW_WINDOW, sizeof *sums);
    if (!sums) return NO_MEMORY;
    int failed = 0;
    for (uint32_t low = 0; low < rows && !failed; low = rows - low < ROW_WINDOW ? rows : low + ROW_WINDOW) {
        uint32_t high = rows - low < ROW_WINDOW ? rows : low + ROW_WINDOW;
        for (int k = 0; k < cursor_count; k++) {
            Cursor *c = cursors + k;
            while (refill_cursor(c) && c->rows[c->i] < high)
                for (; c->i < c->n && c->rows[c->i] < high; c->i++) sums[c->rows[c->i] - low] += c->counts[c->i];
            if (c->damaged) failed = DAMAGED;
        }
        for (uint32_t i = 0; i < high - low; i++) {
            if (sums[i] && (!deleted || !deleted[low + i]) && !append_posting(&out, low + i, sums[i]))
                failed = NO_MEMORY;
            sums[i] = 0;
        }
    }
    free(sums);
    return finish_postings(out, failed, out_rows, out_counts, out_n);
}

static int filter_form(Cursor *c, const uint8_t *deleted, PostingList *out) {
    for (; refill_cursor(c); c->i++) {
        uint32_t row = c->rows[c->i], count;
        if (deleted && deleted[row]) continue;
        if (!count_form(c, c->form, &count)) return DAMAGED;
        if (count && !append_posting(out, row, count)) return NO_MEMORY;
    }
    return c->damaged;
}

int union_forms(Cursor *cursors, int cursor_count, uint32_t rows, const uint8_t *deleted, uint32_t **out_rows,
                uint32_t **out_counts, uint32_t *out_n) {
    PostingList out = {0}, *each = calloc((size_t)cursor_count + 1, sizeof *each);
    Cursor *picked = malloc(((size_t)cursor_count + 1) * sizeof *picked);
    int failed = each && picked ? DONE : NO_MEMORY;
    size_t total = 0;
    for (int k = 0; k < cursor_count && !failed; k++) {
        failed = filter_form(cursors + k, deleted, each + k);
        open_array_cursor(picked + k, each[k].rows, each[k].counts, (uint32_t)each[k].n, rows);
        total += each[k].n;
    }
    if (!failed && cursor_count == 1) {
        out = *each;
        *each = (PostingList){0};
    } else if (!failed && total)
        failed = union_sparse(picked, cursor_count, total, rows, NULL, &out);
    for (int k = 0; k < cursor_count && each; k++) {
        free(each[k].rows);
        free(each[k].counts);
    }
    free(each);
    free(picked);
    return finish_postings(out, failed, out_rows, out_counts, out_n);
}

/* Put a list's positions in a row among those of others, each once. */
static int merge_positions(Positions *into, const Positions *more, Positions *spare) {
    if (spare->space < into->n + more->n) {
        size_t space = 2 * (into->n + more->n);
        uint32_t *larger = realloc(spare->values, space * sizeof *larger);
        if (!larger) return 0;
        spare->values = larger;
        spare->space = space;
    }
    size_t i = 0, j = 0, n = 0;
    while (i < into->n || j < more->n) {
        int from_first = j == more->n || (i < into->n && into->values[i] <= more->values[j]);
        uint32_t place = from_first ? into->values[i++] : more->values[j++];
        if (!n || spare->values[n - 1] != place) spare->values[n++] = place;
    }
    spare->n = n;
    Positions swap = *into;
    *into = *spare;
    *spare = swap;
    return 1;
}

int union_positions(Cursor *cursors, int cursor_count, const uint8_t *deleted, uint32_t **out_rows,
                    uint32_t **out_counts, uint32_t *out_n, uint32_t **out_positions, uint64_t **out_starts) {
    PostingList out = {0};
    Positions row_positions = {0}, cursor_positions = {0}, spare = {0};
    uint32_t *positions = NULL;
    uint64_t *starts = NULL, total = 0;
    size_t space = 0, start_space = 0;
    int failed = 0;
    for (uint32_t row = 0; !failed; row++) {
        uint32_t next = UINT32_MAX;
        for (int k = 0; k < cursor_count; k++)
            if (seek(cursors + k, row) && cursors[k].rows[cursors[k].i] < next) next = cursors[k].rows[cursors[k].i];
        row = next;
        if (row == UINT32_MAX) break;
        if (deleted && deleted[row]) continue;
        row_positions.n = 0;
        for (int k = 0; k < cursor_count && !failed; k++) {
            Cursor *c = cursors + k;
            if (c->i >= c->n || c->rows[c->i] != row) continue;
            if (!read_positions(c, &cursor_positions.values, &cursor_positions.space, &cursor_positions.n))
                failed = DAMAGED;
            else if (!merge_positions(&row_positions, &cursor_positions, &spare))
                failed = NO_MEMORY;
        }
        if (failed || !row_positions.n) continue;
        if (total + row_positions.n > space) {
            space = 2 * (total + row_positions.n);
            uint32_t *larger = realloc(positions, space * sizeof *larger);
            if (larger) positions = larger;
            failed = larger ? DONE : NO_MEMORY;
        }
        if (!failed && out.n + 2 > start_space) {
            start_space = 2 * (out.n + 2);
            uint64_t *larger = realloc(starts, start_space * sizeof *larger);
            if (larger) starts = larger;
            failed = larger ? DONE : NO_MEMORY;
        }
        if (failed || !append_posting(&out, row, (uint32_t)row_positions.n)) {
            failed = NO_MEMORY;
            continue;
        }
        memcpy(positions + total, row_positions.values, row_positions.n * sizeof *positions);
        starts[out.n - 1] = total;
        starts[out.n] = total += row_positions.n;
    }
    for (int k = 0; k < cursor_count; k++)
        if (!failed && cursors[k].damaged) failed = DAMAGED;
    free(row_positions.values);
    free(cursor_positions.values);
    free(spare.values);
    if (failed) {
        free(positions);
        free(starts);
    } else {
        *out_positions = positions;
        *out_starts = starts;
    }
    return finish_postings(out, failed, out_rows, out_counts, out_n);
}
