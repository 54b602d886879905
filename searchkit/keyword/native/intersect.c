/* Intersection: lists are moved on to each other's rows, and what lies between isn't decoded. */
#include "intersect.h"

#include <stddef.h>

int rarest_cursor(const Cursor *cursors, int count) {
    int rarest = 0;
    for (int k = 1; k < count; k++)
        if (posting_count(cursors + k) < posting_count(cursors + rarest)) rarest = k;
    return rarest;
}

void sort_rarest_first(Cursor *all, const int32_t *named, int count, Cursor **cursors) {
    for (int k = 0; k < count; k++) {
        Cursor *c = all + (named ? named[k] : k);
        int at = k;
        for (; at && posting_count(cursors[at - 1]) > posting_count(c); at--) cursors[at] = cursors[at - 1];
        cursors[at] = c;
    }
}

int next_common_row(Cursor *cursors, int count, int rarest, uint32_t *row) {
    Cursor *lead = cursors + rarest;
    for (;;) {
        if (!seek(lead, *row)) return 0;
        uint32_t here = lead->rows[lead->i];
        int k = 0;
        for (; k < count; k++) {
            if (k == rarest) continue;
            Cursor *c = cursors + k;
            if (!seek(c, here)) return 0;
            if (c->rows[c->i] != here) break;
        }
        *row = k < count ? cursors[k].rows[cursors[k].i] : here;
        if (k == count) return 1;
    }
}

int all_contain(Cursor **cursors, int count, uint32_t row) {
    for (int k = 1; k < count; k++) {
        Cursor *c = cursors[k];
        if (c->i < c->n && c->rows[c->i] > row) return 0;
        if (!seek(c, row)) return -1;
        if (c->rows[c->i] != row) return 0;
    }
    return 1;
}
