/* Article marks: the articles that match where there are no conditions; no score is worked out. */
#include "article_marks.h"
#include "postings_cursor.h"
#include "status.h"

#include <stddef.h>
#include <stdint.h>

uint64_t set_bits(const uint64_t *set, size_t words) {
    uint64_t bits = 0;
    for (size_t i = 0; i < words; i++) bits += (uint64_t)__builtin_popcountll(set[i]);
    return bits;
}

/* Without conditions every row with a word matches. */
int mark_without_conditions(SegmentSearch *s) {
    for (int k = 0; k < s->step_count; k++) {
        Cursor *c = s->cursors + s->steps[k].leaf;
        for (; refill_cursor(c); c->i = c->n)
            for (uint32_t i = c->i; i < c->n; i++)
                if (is_live(s, c->rows[i])) mark_article(s, c->rows[i]);
        if (c->damaged) return DAMAGED;
    }
    return DONE;
}
