/* Score window: the sums of a window stay in the nearest cache; conditions are sets of articles, a bit each. */
#include "score_window.h"
#include "bm25.h"
#include "postings_cursor.h"
#include "status.h"
#include "top_hits.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Rows that are scored at once: their sums stay in the nearest cache. */
#define WINDOW 8192
/* Where a word is required, windows are cut so that it stands in about so many rows of each. */
#define SPARSE_ROWS_PER_WINDOW 16
/* Where a required word stands in fewer than one of so many rows, articles are looked at one by one: 16 to 200 take the
 * same time at 100,000 rows, windows alone two to three times as long. */
#define SINGLE_ARTICLE_RATIO 48
/* Below one posting in so many rows, rows with a sum are listed. */
#define LISTED_RATIO 3

/* How many of a list's decoded postings, from where it stands, lie below a row. */
static inline uint32_t below(const Cursor *c, uint32_t high) {
    if (c->rows[c->n - 1] < high) return c->n;
    uint32_t from = c->i, to = c->n;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (c->rows[middle] < high)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Add a list's scores up to a row, which isn't reached. */
static void add_scores(SearchState *w, Cursor *c, const ScoreTable *t, double weight, uint32_t low, uint32_t high) {
    double *sums = w->sums;
    while (refill_cursor(c)) {
        uint32_t i = c->i, n = below(c, high);
        const uint32_t *rows = c->rows, *counts = c->counts;
        if (w->s->mask) {
            const uint8_t *mask = w->s->mask;
            for (; i < n; i++)
                if (mask[rows[i]]) sums[rows[i] - low] += weight * tf_part(t, rows[i], counts[i]);
        } else if (c->ones && t->lengths && t->max_tf) {
            const uint16_t *lengths = t->lengths;
            const double *ratios = t->ratios, presence = t->presence;
            for (; i < n; i++) sums[rows[i] - low] += weight * (ratios[lengths[rows[i]]] + presence);
        } else {
            for (; i < n; i++) sums[rows[i] - low] += weight * tf_part(t, rows[i], counts[i]);
        }
        c->i = n;
        if (n < c->n) return;
    }
}

/* The same, and list the rows that had no sum before. */
static size_t add_listed_scores(SearchState *w, Cursor *c, const ScoreTable *t, double weight, uint32_t low,
                                uint32_t high, size_t listed) {
    double *sums = w->sums;
    uint32_t *list = w->list;
    while (refill_cursor(c)) {
        uint32_t i = c->i, n = below(c, high);
        const uint8_t *mask = w->s->mask;
        for (; i < n; i++) {
            uint32_t place = c->rows[i] - low;
            if (mask && !mask[c->rows[i]]) continue;
            list[listed] = place;
            listed += sums[place] == 0;
            sums[place] += weight * tf_part(t, c->rows[i], c->counts[i]);
        }
        c->i = n;
        if (n < c->n) break;
    }
    return listed;
}

/* Mark the articles of the rows that have a sum: without conditions those are all that match. */
static void mark_window(SearchState *w, uint32_t low, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (w->sums[i] > 0 && is_live(w->s, low + i)) mark_article(w->s, low + i);
}

/* Take the rows above the threshold out of the sums, which are zero afterwards. */
static void collect_window(SearchState *w, uint32_t low, uint32_t n) {
    double *sums = w->sums;
    uint32_t j = 0;
    if (w->s->counted) mark_window(w, low, n);
    for (; j + 16 <= n; j += 16) {
        double threshold = w->threshold;
        int any = 0;
        for (int k = 0; k < 16; k++) any |= sums[j + k] > threshold;
        if (any)
            for (int k = 0; k < 16; k++)
                if (sums[j + k] > w->threshold && is_live(w->s, low + j + k)) offer_hit(w, low + j + k, sums[j + k]);
    }
    for (; j < n; j++)
        if (sums[j] > w->threshold && is_live(w->s, low + j)) offer_hit(w, low + j, sums[j]);
    memset(sums, 0, n * sizeof *sums);
}

/* No conditions: every row with a word matches, and the sums alone say which. */
int score_without_conditions(SearchState *w) {
    SegmentSearch *s = w->s;
    uint64_t total = 0;
    w->sums = calloc(WINDOW, sizeof *w->sums);
    w->list = malloc((WINDOW + 1) * sizeof *w->list);
    if (!w->sums || !w->list) return NO_MEMORY;
    for (int k = 0; k < s->step_count; k++) {
        total += posting_count(s->cursors + s->steps[k].leaf);
        if (s->weights[k] <= 0) s->counted = 0; /* its rows have no sum by which they could be told */
    }
    int few = total < s->rows / LISTED_RATIO; /* to list the rows costs less than to look at all */
    for (uint32_t low = 0; low < s->rows; low += WINDOW) {
        uint32_t n = s->rows - low < WINDOW ? s->rows - low : WINDOW;
        size_t listed = 0;
        for (int k = 0; k < s->step_count; k++) {
            Cursor *c = s->cursors + s->steps[k].leaf;
            const ScoreTable *t = s->tables + s->steps[k].leaf;
            if (few)
                listed = add_listed_scores(w, c, t, s->weights[k], low, low + n, listed);
            else
                add_scores(w, c, t, s->weights[k], low, low + n);
            if (c->damaged) return DAMAGED;
        }
        if (!few) collect_window(w, low, n);
        for (size_t i = 0; i < listed; i++) {
            uint32_t place = w->list[i];
            if (w->sums[place] > w->threshold && is_live(s, low + place)) offer_hit(w, low + place, w->sums[place]);
            if (s->counted && is_live(s, low + place)) mark_article(s, low + place);
            w->sums[place] = 0;
        }
        if (low > UINT32_MAX - WINDOW) break;
    }
    return DONE;
}

static int reserve_window(SearchState *w, size_t rows) {
    if (rows <= w->space) return 1;
    free(w->sums);
    free(w->bare_sums);
    free(w->touched);
    free(w->list);
    free(w->registers);
    w->sums = calloc(rows, sizeof *w->sums);
    w->bare_sums = w->s->bare_scores ? calloc(rows, sizeof *w->bare_sums) : NULL;
    w->touched = calloc(rows, 1);
    w->list = malloc((rows + 1) * sizeof *w->list);
    w->words = (rows + 63) / 64;
    w->registers = malloc((size_t)w->s->register_count * w->words * 8);
    w->space = rows;
    return w->sums && (w->bare_sums || !w->s->bare_scores) && w->touched && w->list && w->registers;
}

/* Decode a list's postings from `low` to `high`. */
static int decode_window(Cursor *c, WindowPostings *p, uint32_t low, uint32_t high) {
    p->n = 0;
    if (!seek(c, low)) return !c->damaged;
    while (refill_cursor(c) && c->rows[c->i] < high) {
        uint32_t n = c->n - c->i;
        if (p->n + n > p->space) {
            size_t space = 2 * (p->n + n);
            uint32_t *rows = realloc(p->rows, space * sizeof *rows);
            if (rows) p->rows = rows;
            uint32_t *counts = realloc(p->counts, space * sizeof *counts);
            if (counts) p->counts = counts;
            uint8_t *own = c->own < 0 ? NULL : realloc(p->own, space);
            if (own) p->own = own;
            if (!rows || !counts || (c->own >= 0 && !own)) return 0;
            p->space = space;
        }
        uint32_t i = c->i, first = i;
        size_t at = p->n;
        for (; i < c->n && c->rows[i] < high; i++, p->n++) {
            p->rows[p->n] = c->rows[i] - low;
            p->counts[p->n] = c->counts[i];
        }
        for (; c->own >= 0 && first < i; first++) {
            uint32_t own;
            c->i = first;
            if (!count_form(c, c->own, &own)) c->damaged = 1;
            p->own[at++] = !c->damaged && own;
        }
        c->i = i;
    }
    return !c->damaged;
}

static inline int contains(const uint64_t *set, uint32_t place) { return set[place >> 6] >> (place & 63) & 1; }

/* Make the registers of a window: bit i is the i-th article in it. */
static void make_registers(SearchState *w, uint32_t low, uint32_t n, size_t words) {
    SegmentSearch *s = w->s;
    const int32_t *article = s->article_of_row + low;
    for (int r = 0; r < s->register_count; r++) {
        Operation o = s->operations[r];
        uint64_t *out = w->registers + r * w->words, *a = NULL, *b = NULL;
        if (o.opcode > OP_FILTER) { /* else they number no registers */
            a = w->registers + (size_t)o.a * w->words;
            b = w->registers + (size_t)o.b * w->words;
        }
        switch (o.opcode) {
        case OP_ALL: memset(out, 255, words * 8); break;
        case OP_NONE: memset(out, 0, words * 8); break;
        case OP_LEAF:
        case OP_FILTER:
            memset(out, 0, words * 8);
            if (o.opcode == OP_LEAF) {
                const WindowPostings *p = w->window_postings + o.a;
                for (size_t i = 0; i < p->n; i++) {
                    uint32_t place = (uint32_t)(article[p->rows[i]] - article[0]);
                    out[place >> 6] |= (uint64_t)1 << (place & 63);
                }
            } else {
                const uint8_t *rows = s->filters[o.a] + low;
                for (uint32_t i = 0; i < n; i++) {
                    uint32_t place = (uint32_t)(article[i] - article[0]);
                    out[place >> 6] |= (uint64_t)(rows[i] != 0) << (place & 63);
                }
            }
            break;
        case OP_AND:
            for (size_t i = 0; i < words; i++) out[i] = a[i] & b[i];
            break;
        case OP_OR:
            for (size_t i = 0; i < words; i++) out[i] = a[i] | b[i];
            break;
        default:
            for (size_t i = 0; i < words; i++) out[i] = ~a[i];
        }
    }
}

static inline void mark_touched(SearchState *w, uint32_t place, size_t *touched) {
    w->list[*touched] = place;
    *touched += !w->touched[place];
    w->touched[place] = 1;
}

/* Score a window; return how many rows match, listed, with their sums. What matches not is zero again. */
static size_t score_window(SearchState *w, uint32_t low, uint32_t n) {
    SegmentSearch *s = w->s;
    const int32_t *article = s->article_of_row + low;
    const uint64_t *root = w->registers + s->root * w->words;
    size_t touched = 0;
    if (!s->asks) {
        for (uint32_t i = 0; i < n; i++)
            if (contains(root, (uint32_t)(article[i] - article[0]))) mark_touched(w, i, &touched);
        return touched;
    }
    int strays = 0;
    for (int k = 0; k < s->step_count; k++) {
        Step step = s->steps[k];
        const uint64_t *gate = w->registers + (size_t)step.gate * w->words,
                       *holding = w->registers + (size_t)step.holding * w->words;
        if (step.leaf < 0) {
            for (uint32_t i = 0; i < n; i++) {
                uint32_t place = (uint32_t)(article[i] - article[0]);
                if (contains(gate, place) && contains(root, place)) mark_touched(w, i, &touched);
            }
            continue;
        }
        const WindowPostings *p = w->window_postings + step.leaf;
        const ScoreTable *t = s->tables + step.leaf;
        const uint8_t *own = s->cursors[step.leaf].own < 0 ? NULL : p->own;
        for (size_t i = 0; i < p->n; i++) {
            uint32_t row = p->rows[i], place = (uint32_t)(article[row] - article[0]);
            if (!contains(gate, place) || !contains(root, place)) continue;
            double ratio = tf_ratio(t, low + row, p->counts[i]), score = s->weights[k] * (ratio + t->presence);
            w->sums[row] += own && own[i] ? score * OWN_FORM_BOOST : score;
            if (w->bare_sums) {
                score = s->weights[k] * ratio;
                w->bare_sums[row] += own && own[i] ? score * OWN_FORM_BOOST : score;
            }
            if (step.gate == step.holding || contains(holding, place))
                mark_touched(w, row, &touched);
            else
                strays = 1;
        }
    }
    if (strays) /* parts of a compound that isn't there have scored in rows that may not match */
        for (int k = 0; k < s->step_count; k++)
            if (s->steps[k].leaf >= 0) {
                const WindowPostings *p = w->window_postings + s->steps[k].leaf;
                for (size_t i = 0; i < p->n; i++)
                    if (!w->touched[p->rows[i]]) {
                        w->sums[p->rows[i]] = 0;
                        if (w->bare_sums) w->bare_sums[p->rows[i]] = 0;
                    }
            }
    return touched;
}

/* Hand on what matches in a window, and clear it. */
static void emit_window(SearchState *w, uint32_t low, uint32_t n, size_t touched, uint32_t *next) {
    SegmentSearch *s = w->s;
    if (s->wanted) {
        for (; *next < s->wanted_count && s->wanted[*next] < low + n; ++*next) {
            uint32_t place = s->wanted[*next] - low;
            if (w->touched[place] && is_live(s, low + place)) {
                s->scores[*next] = w->sums[place];
                if (w->bare_sums) s->bare_scores[*next] = w->bare_sums[place];
                s->matched[*next] = 1;
            }
        }
    } else if (s->limit) {
        for (size_t i = 0; i < touched; i++) {
            uint32_t place = w->list[i];
            if (w->sums[place] > w->threshold && is_live(s, low + place)) offer_hit(w, low + place, w->sums[place]);
            if (s->marked && is_live(s, low + place)) mark_article(s, low + place);
        }
    } else if (s->marked) {
        for (size_t i = 0; i < touched; i++)
            if (is_live(s, low + w->list[i])) mark_article(s, low + w->list[i]);
    } else {
        const uint64_t *root = w->registers + s->root * w->words;
        const int32_t *article = s->article_of_row + low;
        for (size_t i = 0; i < touched; i++)
            if (is_live(s, low + w->list[i])) {
                s->scores[low + w->list[i]] = w->sums[w->list[i]];
                s->matched[low + w->list[i]] = 1;
            }
        for (uint32_t i = 0; i < n; i++)
            s->allowed[low + i] = is_live(s, low + i) && contains(root, (uint32_t)(article[i] - article[0]));
    }
    for (size_t i = 0; i < touched; i++) {
        w->touched[w->list[i]] = 0;
        w->sums[w->list[i]] = 0;
        if (w->bare_sums) w->bare_sums[w->list[i]] = 0;
    }
}

static uint32_t first_of_article(const int32_t *article, uint32_t row) {
    while (row && article[row - 1] == article[row]) row--;
    return row;
}

/* Move `low` on to the first row of an article that can have all required leaves; where `strict`, each was looked for
 * in that very article. Return 0 where there is none. */
static int next_article(SegmentSearch *s, int strict, uint32_t *low) {
    const int32_t *article = s->article_of_row;
    for (int moved = 1; moved;) {
        moved = 0;
        for (int k = 0; k < s->required_count; k++) {
            Cursor *c = s->cursors + s->required[k];
            if (!seek(c, *low)) return 0;
            if (article[c->rows[c->i]] == article[*low]) continue;
            *low = first_of_article(article, c->rows[c->i]);
            moved = strict && s->required_count > 1;
        }
    }
    return 1;
}

/* Conditions hold for articles: a window begins and ends with one. */
int score_with_conditions(SearchState *w) {
    SegmentSearch *s = w->s;
    const int32_t *article = s->article_of_row;
    uint32_t low = 0, next = 0, size = WINDOW;
    uint64_t fewest = s->rows;
    for (int k = 0; k < s->required_count; k++) {
        const Cursor *c = s->cursors + s->required[k];
        if (posting_count(c) < fewest) fewest = posting_count(c);
    }
    int alone = s->required_count && fewest < s->rows / SINGLE_ARTICLE_RATIO;
    if (s->required_count && fewest < s->rows / 2) {
        uint64_t fitting = fewest ? SPARSE_ROWS_PER_WINDOW * (uint64_t)s->rows / fewest : WINDOW;
        size = fitting < 64 ? 64 : fitting > WINDOW ? WINDOW : (uint32_t)fitting;
    }
    if (s->wanted || alone) size = 1;    /* an article at a time */
    int every = !s->wanted && !s->limit && !s->marked; /* all rows are asked for, so no window is left out */
    if (every) size = WINDOW;
    while (low < s->rows) {
        if (s->wanted) {
            if (next == s->wanted_count) break;
            low = s->wanted[next];
        }
        if (!every && !s->wanted && s->required_count && !next_article(s, alone, &low)) break;
        low = first_of_article(article, low);
        uint32_t high = s->rows - low <= size ? s->rows : low + size;
        while (high < s->rows && article[high - 1] == article[high]) high++;
        uint32_t n = high - low;
        if (!reserve_window(w, n > WINDOW ? 2 * (size_t)n : WINDOW)) return NO_MEMORY;
        size_t words = (size_t)((uint32_t)(article[high - 1] - article[low]) + 64) / 64;
        if (words > w->words) return DAMAGED;
        int hopeless = 0;
        for (int k = 0; k < s->required_count && !every && !hopeless; k++) {
            int leaf = s->required[k];
            if (!decode_window(s->cursors + leaf, w->window_postings + leaf, low, high))
                return s->cursors[leaf].damaged ? DAMAGED : NO_MEMORY;
            hopeless = !w->window_postings[leaf].n;
        }
        if (!hopeless) {
            for (int leaf = 0; leaf < s->cursor_count; leaf++) {
                int there = 0;
                for (int k = 0; k < s->required_count && !every; k++) there |= s->required[k] == leaf;
                if (!there && !decode_window(s->cursors + leaf, w->window_postings + leaf, low, high))
                    return s->cursors[leaf].damaged ? DAMAGED : NO_MEMORY;
            }
            make_registers(w, low, n, words);
            emit_window(w, low, n, score_window(w, low, n), &next);
        } else
            while (next < s->wanted_count && s->wanted[next] < high) next++;
        low = high;
    }
    for (int k = 0; k < s->cursor_count; k++)
        if (s->cursors[k].damaged) return DAMAGED;
    return DONE;
}
