/* Here are the tokens of chunks in order; which rows and positions has each term? By counting, since rows and positions
 * come in order: once through to count, once more to put each occurrence in its place. */
#include "inverter.h"

/* What most tokens stand for, one lexeme at their own position: its term and its word. MANY: the tables say. */
typedef struct {
    uint32_t term, word, form;
} Simple;

static const uint32_t MANY = UINT32_MAX;

/* How often a term occurs, in text and title; and then where its next occurrence goes. */
typedef struct {
    uint64_t text, title;
} Places;

typedef struct {
    uint32_t last_row, rows;
} Seen;

typedef struct {
    Simple *simple;
    Places *places;
    Seen *seen;
    uint64_t *text, *title; /* row << 32 | position of each occurrence */
    uint32_t *text_forms, *title_forms;
} Work;

void free_sorted(Sorted *s) {
    free(s->df);
    free(s->cf);
    free(s->rows);
    free(s->positions);
    free(s->counts);
    free(s->forms);
}

/* Write a row and a count for each posting, and the positions apart. */
static int spread(Sorted *s, const Work *w, const uint64_t *from, size_t terms, size_t occurrences, int title) {
    s->df = calloc(terms + 1, sizeof *s->df);
    s->cf = calloc(terms + 1, sizeof *s->cf);
    s->positions = malloc((occurrences + 1) * sizeof *s->positions);
    s->rows = malloc((occurrences + 1) * sizeof *s->rows);
    s->counts = malloc((occurrences + 1) * sizeof *s->counts);
    if (!s->df || !s->cf || !s->positions || !s->rows || !s->counts) return 0;
    size_t out = 0, at = 0;
    for (size_t term = 0; term < terms; term++) {
        size_t end = title ? w->places[term].title : w->places[term].text, first = out;
        s->cf[term] = (uint32_t)(end - at);
        while (at < end) {
            uint32_t row = (uint32_t)(from[at] >> 32), count = 0;
            for (; at < end && (uint32_t)(from[at] >> 32) == row; at++, count++) s->positions[at] = (uint32_t)from[at];
            s->rows[out] = row;
            s->counts[out++] = count;
        }
        s->df[term] = (uint32_t)(out - first);
    }
    s->postings = out;
    s->occurrences = occurrences;
    return 1;
}

static void count_lexeme(Work *w, uint32_t term, uint32_t word, uint64_t row, uint64_t part, uint32_t counted,
                         uint32_t *lengths, uint32_t *title_lengths) {
    w->places[term].text++;
    lengths[row] += counted;
    if (!part) {
        w->places[term].title++;
        title_lengths[row] += counted;
    }
    Seen *seen = w->seen + word;
    seen->rows += seen->last_row != (uint32_t)row;
    seen->last_row = (uint32_t)row;
}

/* 1: a number lies outside. */
static int count(const Tokens *t, Work *w, uint32_t *lengths, uint32_t *title_lengths) {
    uint64_t at = 0;
    for (uint64_t row = 0; row < t->rows; row++)
        for (uint64_t part = 0; part < t->width; part++)
            for (int64_t n = t->parts[row * t->width + part]; n > 0; n--, at++) {
                if (at >= t->count || t->tokens[at] >= t->kinds) return 1;
                uint32_t token = t->tokens[at];
                Simple one = w->simple[token];
                if (one.term != MANY) {
                    count_lexeme(w, one.term, one.word, row, part, 1, lengths, title_lengths);
                    continue;
                }
                for (int64_t k = t->starts[token]; k < t->starts[token + 1]; k++) {
                    uint32_t lexeme = t->lexemes[k];
                    count_lexeme(w, t->lexeme_terms[lexeme], t->lexeme_words[lexeme], row, part, t->counted[k],
                                 lengths, title_lengths);
                }
            }
    return 0;
}

static void put(Work *w, uint32_t term, uint32_t form, uint64_t row, uint64_t part, uint32_t position) {
    Places *places = w->places + term;
    w->text_forms[places->text] = form;
    w->text[places->text++] = row << 32 | position;
    if (!part) {
        w->title_forms[places->title] = form;
        w->title[places->title++] = row << 32 | position;
    }
}

static void place(const Tokens *t, Work *w, const Rows *rows) {
    uint64_t at = 0;
    for (uint64_t row = 0; row < t->rows; row++) {
        uint32_t position = 0;
        for (uint64_t part = 0; part < t->width; part++) {
            if (part && part + 1 < t->width) position += t->gap;
            if (part + 2 == t->width) rows->bodies[row] = position;
            if (part + 1 == t->width) rows->rests[row] = position;
            for (int64_t n = t->parts[row * t->width + part]; n > 0; n--, at++) {
                uint32_t token = t->tokens[at];
                Simple one = w->simple[token];
                if (one.term != MANY) {
                    put(w, one.term, one.form, t->first_row + row, part, position++);
                    continue;
                }
                for (int64_t k = t->starts[token]; k < t->starts[token + 1]; k++)
                    put(w, t->lexeme_terms[t->lexemes[k]], t->lexeme_forms[t->lexemes[k]], t->first_row + row, part,
                        position + t->offsets[k]);
                position += t->advances[token];
            }
        }
        rows->ends[row] = position;
    }
}

static void simplify(const Tokens *t, Simple *simple) {
    for (uint64_t i = 0; i < t->kinds; i++) {
        int64_t k = t->starts[i];
        simple[i] = (Simple){MANY, 0, 0};
        if (t->starts[i + 1] != k + 1 || t->offsets[k] || t->advances[i] != 1 || t->counted[k] != 1) continue;
        uint32_t lexeme = t->lexemes[k];
        simple[i] = (Simple){t->lexeme_terms[lexeme], t->lexeme_words[lexeme], t->lexeme_forms[lexeme]};
    }
}

/* 0: done; 1: a number lies outside; 2: no memory. */
int invert(const Tokens *t, Sorted *text, Sorted *title, const Rows *rows, uint32_t *word_rows) {
    Work w = {0};
    uint64_t total = 0, title_total = 0;
    int failed = 2;
    w.simple = malloc((t->kinds + 1) * sizeof *w.simple);
    w.places = calloc(t->terms + 1, sizeof *w.places);
    w.seen = malloc((t->words + 1) * sizeof *w.seen);
    if (!w.simple || !w.places || !w.seen) goto out;
    for (uint64_t word = 0; word < t->words; word++) w.seen[word] = (Seen){UINT32_MAX, 0};
    simplify(t, w.simple);
    failed = count(t, &w, rows->lengths, rows->title_lengths);
    if (failed) goto out;
    for (uint64_t word = 0; word < t->words; word++) word_rows[word] = w.seen[word].rows;
    for (uint64_t term = 0; term < t->terms; term++) {
        Places counted = w.places[term];
        w.places[term] = (Places){total, title_total};
        total += counted.text;
        title_total += counted.title;
    }
    failed = 2;
    w.text = malloc((total + 1) * sizeof *w.text);
    w.title = malloc((title_total + 1) * sizeof *w.title);
    text->forms = w.text_forms = malloc((total + 1) * sizeof *w.text_forms);
    title->forms = w.title_forms = malloc((title_total + 1) * sizeof *w.title_forms);
    if (!w.text || !w.title || !w.text_forms || !w.title_forms) goto out;
    place(t, &w, rows);
    if (spread(text, &w, w.text, t->terms, total, 0) && spread(title, &w, w.title, t->terms, title_total, 1)) failed = 0;
out:
    free(w.simple);
    free(w.places);
    free(w.seen);
    free(w.text);
    free(w.title);
    return failed;
}
