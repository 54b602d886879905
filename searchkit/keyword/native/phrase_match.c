/* Phrase match: within rows and over their borders. */
#include "phrase_match.h"
#include "intersect.h"
#include "phrase_positions.h"
#include "posting_list.h"
#include "status.h"

#include <stdlib.h>

int match_phrase(Cursor *cursors, const int32_t *gaps, int unit_count, uint32_t slop, const ChunkBorders *borders,
                 const uint8_t *deleted, uint32_t **out_rows, uint32_t **out_counts, uint32_t *out_n) {
    PostingList out = {0}, across = {0};
    uint32_t crossing = 0, at = 0;
    int failed =
        match_crossing(borders, cursors, gaps, unit_count, slop, deleted, &across.rows, &across.counts, &crossing);
    Positions *positions = calloc((size_t)unit_count, sizeof *positions);
    int rarest = rarest_cursor(cursors, unit_count);
    if (!positions) failed = NO_MEMORY;
    for (uint32_t row = 0; !failed && next_common_row(cursors, unit_count, rarest, &row); row++) {
        if (deleted && deleted[row]) continue;
        int64_t count = read_phrase_here(cursors, positions, gaps, unit_count, slop);
        if (count < 0) failed = DAMAGED;
        for (; at < crossing && across.rows[at] < row; at++)
            if (!append_posting(&out, across.rows[at], across.counts[at])) failed = NO_MEMORY;
        if (at < crossing && across.rows[at] == row && count >= 0) count += across.counts[at++];
        if (count > 0 && !append_posting(&out, row, (uint32_t)count)) failed = NO_MEMORY;
    }
    for (; at < crossing && !failed; at++)
        if (!append_posting(&out, across.rows[at], across.counts[at])) failed = NO_MEMORY;
    free(across.rows);
    free(across.counts);
    for (int k = 0; k < unit_count && positions; k++) {
        failed |= cursors[k].damaged;
        free(positions[k].values);
    }
    free(positions);
    return finish_postings(out, failed, out_rows, out_counts, out_n);
}
