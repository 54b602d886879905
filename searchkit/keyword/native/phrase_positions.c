/* Phrase positions: the words of a phrase in order, each at its offset, with some slop. */
#include "phrase_positions.h"

uint32_t count_phrases(Positions *p, const int32_t *gaps, int unit_count, uint32_t slop) {
    for (int k = unit_count - 2; k >= 0; k--) {
        Positions *here = p + k, *after = p + k + 1;
        size_t kept = 0, j = 0;
        for (size_t i = 0; i < here->n; i++) {
            uint64_t from = (uint64_t)here->values[i] + (uint32_t)gaps[k];
            while (j < after->n && after->values[j] < from) j++;
            if (j == after->n) break;
            if (kept && here->values[kept - 1] == here->values[i]) continue; /* a compound and its part, one term */
            if (after->values[j] <= from + slop - 1) here->values[kept++] = here->values[i];
        }
        here->n = kept;
        if (!kept) return 0;
    }
    return (uint32_t)p[0].n;
}

int64_t read_phrase_here(Cursor *cursors, Positions *positions, const int32_t *gaps, int unit_count, uint32_t slop) {
    for (int k = 0; k < unit_count; k++)
        if (!read_positions(cursors + k, &positions[k].values, &positions[k].space, &positions[k].n)) return -1;
    return count_phrases(positions, gaps, unit_count, slop);
}
