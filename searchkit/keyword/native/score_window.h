/* Here is a program; which rows match it, and how well? Worked out window by window. */
#ifndef SEARCHKIT_SCORE_WINDOW_H
#define SEARCHKIT_SCORE_WINDOW_H

#include "postings_cursor.h"

/* What BM25 adds below the line. `lengths` NULL: `norms` has a number a row; else one a length, and `ratios` has
 * tf / (tf + norm) for tf 1 to `ready`, each for every length. */
typedef struct {
    const uint16_t *lengths;
    const double *norms, *ratios;
    uint32_t length_count, ready;
} Table;

/* How the chunks of a segment go on from one to the next, of each row: where its own text begins, where that ends, and 0,
 * or where it goes on from the row before one more than the positions that both have. `rows` 0: none does. */
typedef struct {
    const void *bodies, *ends, *joins;
    int bodies_width, ends_width, joins_width;
    uint32_t rows;
} Borders;

typedef struct {
    int32_t leaf, gate, holding;
} Step;

typedef struct {
    int32_t what, a, b;
} Operation;

typedef struct {
    uint32_t row;
    double score;
} Hit;

typedef struct {
    /* what is asked */
    Cursor *lists;
    Table *tables;
    int list_count;
    const Operation *operations;
    int register_count;
    const Step *steps;
    const double *weights;
    int step_count;
    const int32_t *required;
    int required_count;
    int root, asks, plain;
    uint32_t rows;
    const int32_t *article_of_row;
    const uint8_t *deleted, *mask;
    const uint8_t **filters;
    /* what comes out: the best `limit`, or the scores of `wanted` rows, or of all */
    uint32_t limit;
    double floor;
    Hit *hits;
    size_t hit_count;
    const uint32_t *wanted;
    uint32_t wanted_count;
    double *scores;
    uint8_t *matched, *allowed;
    /* what is known of the segment and of the program */
    int single; /* each article has one row */
    /* the only leaf is a phrase, whose words' lists these are */
    Cursor *units;
    const int32_t *gaps;
    int unit_count;
    uint32_t slop;
    const Borders *borders;
} Search;

typedef struct {
    uint32_t *rows, *counts; /* in the window, counted from its first row */
    uint8_t *own;            /* whether the own form stands there, where the list has one */
    size_t n, space;
} Pulled;

typedef struct {
    Search *s;
    double *sums;
    uint8_t *touched;
    uint32_t *list;
    size_t space; /* rows that fit in a window */
    Pulled *pulled;
    uint64_t *registers;
    size_t words; /* of each register */
    double threshold;
    size_t hit_space;
} Work;

/* Positions of one word in one row. */
typedef struct {
    uint32_t *places;
    size_t space, n;
} Places;

static inline double ratio(const Table *t, uint32_t row, uint32_t count) {
    if (t->lengths) {
        uint32_t length = t->lengths[row];
        if (count - 1 < t->ready) return t->ratios[(count - 1) * (size_t)t->length_count + length];
        return count / (count + t->norms[length]);
    }
    return count / (count + t->norms[row]);
}

/* A word that is the whole question scores so many times as much where its own form stands: more than a few words more or
 * less of a chunk's length, less than a second occurrence. */
#define OWN_FORM 1.05

static inline int lives(const Search *s, uint32_t row) {
    return (!s->deleted || !s->deleted[row]) && (!s->mask || s->mask[row]);
}

static inline uint64_t postings_in(const Cursor *c) { return c->field ? c->last - c->first : c->n; }

/* Keep the best hits alone, and see what the next one has to exceed. */
void tighten(Work *w);

static inline void offer(Work *w, uint32_t row, double score) {
    Search *s = w->s;
    if (s->hit_count == w->hit_space) {
        tighten(w);
        if (score <= w->threshold) return;
    }
    s->hits[s->hit_count++] = (Hit){row, score};
}

/* Each of these is 0 where all went well, 1 where a list is damaged, 2 where there is no memory. */
int run_one(Work *w);    /* one list, no conditions */
int run_every(Work *w);  /* each row has one article's words, and all required ones must be there */
int run_phrase(Work *w); /* one phrase */
int every_word(const Search *s);
int run_search(Search *search);
/* Move lists on to the next row that all have; return 0 where there is none. */
int meet(Cursor *lists, int count, int rarest, uint32_t *row);
int rarest_of(const Cursor *lists, int count);
/* How often, in the row where they stand, the lists' positions follow each other; -1: damaged or no memory. */
int64_t read_phrase(Cursor *lists, Places *places, const int32_t *gaps, int unit_count, uint32_t slop);
/* 0: done; 1: a list is damaged; 2: no memory. */
/* The rows that any of some lists has, without deleted ones, and the sums of their counts. */
int unite(Cursor *lists, int list_count, uint32_t rows, const uint8_t *deleted, uint32_t **out_rows,
          uint32_t **out_counts, uint32_t *out_n);
/* The rows in which lists' positions follow each other, and how often, also over the borders of rows. */
int phrase(Cursor *lists, const int32_t *gaps, int unit_count, uint32_t slop, const Borders *borders,
           const uint8_t *deleted, uint32_t **out_rows, uint32_t **out_counts, uint32_t *out_n);
/* How often a phrase can be read in some words' positions, last word first; those of the first word from which it can be
 * stay. */
uint32_t readings(Places *places, const int32_t *gaps, int unit_count, uint32_t slop);
/* A phrase over the borders of rows, which are asked for in order. */
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

/* 0, or 2: no memory; close it in any case. The lists were just opened, and stay. */
int open_crossing(Crossing *x, const Borders *borders, const Cursor *lists, const int32_t *gaps, int unit_count,
                  uint32_t slop);
/* Whether a list was damaged. */
int close_crossing(Crossing *x);
/* The first row, not before `from`, in which a phrase may begin that has a word in `row`. */
uint32_t earliest(const Crossing *x, uint32_t row, uint32_t from);
/* Whether a row goes on in the next and has the phrase's first word, and how often: no phrase begins oftener. */
int begins_in(Crossing *x, uint32_t row, uint32_t *most);
/* Count the phrases that begin in such a row and are read to their end in it and the rows behind, but not in it alone. */
int cross_row(Crossing *x, uint32_t row, uint32_t *count);
/* All rows where one does, and how often. */
int cross_borders(const Borders *borders, const Cursor *lists, const int32_t *gaps, int unit_count, uint32_t slop,
                  const uint8_t *deleted, uint32_t **out_rows, uint32_t **out_counts, uint32_t *out_n);
/* The living rows in which the lists' forms stand, and how often any does. */
int pick_forms(Cursor *lists, int list_count, uint32_t rows, const uint8_t *deleted, uint32_t **out_rows,
               uint32_t **out_counts, uint32_t *out_n);
/* The same with the positions of all, each once in a row, and where those of each row begin. */
int gather(Cursor *lists, int list_count, const uint8_t *deleted, uint32_t **out_rows, uint32_t **out_counts,
           uint32_t *out_n, uint32_t **out_positions, uint64_t **out_starts);

typedef struct {
    uint32_t *rows, *counts;
    size_t n, space;
} Out;

static inline int put(Out *out, uint32_t row, uint32_t count) {
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

static inline int give(Out out, int failed, uint32_t **rows, uint32_t **counts, uint32_t *n) {
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

#endif
