/* Article marks: the articles that match where there are no conditions; no score is worked out. */
#include "article_marks.h"
#include "postings_cursor.h"
#include "status.h"

#include <stdint.h>

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
