/* Inverter: inverts by counting, since rows and positions come in order: once through to count, once more to put each
 * occurrence in its place. */
#include "inverter.h"
#include "buffers.h"
#include "errors.h"
#include "status.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* The tokens of `rows` chunks of `width` parts each, and what a token stands for. */
typedef struct {
    const uint32_t *tokens, *advances, *lexemes, *offsets, *lexeme_terms, *lexeme_words, *lexeme_forms;
    const uint8_t *counted; /* of each of a token's lexemes: 1 where it counts in lengths */
    const int64_t *parts, *starts;
    uint64_t count, kinds, rows, width, terms, words;
    uint32_t first_row, gap;
} TokenStream;

/* The postings of every term, one after the other; which of its forms stands at each position. */
typedef struct {
    uint32_t *df, *cf, *rows, *counts, *positions, *forms;
    size_t postings, occurrences;
} InvertedField;

/* Of each row: the length of the text and of the title, and the positions where the last part but one begins, where
 * the last one does, and where that ends. Between the last two there is no gap. */
typedef struct {
    uint32_t *lengths, *title_lengths, *bodies, *rests, *ends;
} RowArrays;

/* What most tokens stand for, one lexeme at their own position: its term and its word. SEVERAL: the tables say. */
typedef struct {
    uint32_t term, word, form;
} SingleLexeme;

static const uint32_t SEVERAL = UINT32_MAX;

/* How often a term occurs, in text and title; and then where its next occurrence goes. */
typedef struct {
    uint64_t text, title;
} Occurrences;

typedef struct {
    uint32_t last_row, rows;
} WordRows;

typedef struct {
    SingleLexeme *single;
    Occurrences *places;
    WordRows *seen;
    uint64_t *text, *title; /* row << 32 | position of each occurrence */
    uint32_t *text_forms, *title_forms;
} Inverter;

static void free_inverted(InvertedField *s) {
    free(s->df);
    free(s->cf);
    free(s->rows);
    free(s->positions);
    free(s->counts);
    free(s->forms);
}

/* Write a row and a count for each posting, and the positions apart. */
static int write_postings(InvertedField *s, const Inverter *w, const uint64_t *from, size_t terms, size_t occurrences,
                          int title) {
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

static void count_lexeme(Inverter *w, uint32_t term, uint32_t word, uint64_t row, uint64_t part, uint32_t counted,
                         uint32_t *lengths, uint32_t *title_lengths) {
    w->places[term].text++;
    lengths[row] += counted;
    if (!part) {
        w->places[term].title++;
        title_lengths[row] += counted;
    }
    WordRows *seen = w->seen + word;
    seen->rows += seen->last_row != (uint32_t)row;
    seen->last_row = (uint32_t)row;
}

/* 1: a number lies outside. */
static int count_occurrences(const TokenStream *t, Inverter *w, uint32_t *lengths, uint32_t *title_lengths) {
    uint64_t at = 0;
    for (uint64_t row = 0; row < t->rows; row++)
        for (uint64_t part = 0; part < t->width; part++)
            for (int64_t n = t->parts[row * t->width + part]; n > 0; n--, at++) {
                if (at >= t->count || t->tokens[at] >= t->kinds) return 1;
                uint32_t token = t->tokens[at];
                SingleLexeme lone = w->single[token];
                if (lone.term != SEVERAL) {
                    count_lexeme(w, lone.term, lone.word, row, part, 1, lengths, title_lengths);
                    continue;
                }
                for (int64_t k = t->starts[token]; k < t->starts[token + 1]; k++) {
                    uint32_t lexeme = t->lexemes[k];
                    count_lexeme(w, t->lexeme_terms[lexeme], t->lexeme_words[lexeme], row, part, t->counted[k], lengths,
                                 title_lengths);
                }
            }
    return 0;
}

static void store_occurrence(Inverter *w, uint32_t term, uint32_t form, uint64_t row, uint64_t part,
                             uint32_t position) {
    Occurrences *places = w->places + term;
    w->text_forms[places->text] = form;
    w->text[places->text++] = row << 32 | position;
    if (!part) {
        w->title_forms[places->title] = form;
        w->title[places->title++] = row << 32 | position;
    }
}

static void store_occurrences(const TokenStream *t, Inverter *w, const RowArrays *rows) {
    uint64_t at = 0;
    for (uint64_t row = 0; row < t->rows; row++) {
        uint32_t position = 0;
        for (uint64_t part = 0; part < t->width; part++) {
            if (part && part + 1 < t->width) position += t->gap;
            if (part + 2 == t->width) rows->bodies[row] = position;
            if (part + 1 == t->width) rows->rests[row] = position;
            for (int64_t n = t->parts[row * t->width + part]; n > 0; n--, at++) {
                uint32_t token = t->tokens[at];
                SingleLexeme lone = w->single[token];
                if (lone.term != SEVERAL) {
                    store_occurrence(w, lone.term, lone.form, t->first_row + row, part, position++);
                    continue;
                }
                for (int64_t k = t->starts[token]; k < t->starts[token + 1]; k++)
                    store_occurrence(w, t->lexeme_terms[t->lexemes[k]], t->lexeme_forms[t->lexemes[k]],
                                     t->first_row + row, part, position + t->offsets[k]);
                position += t->advances[token];
            }
        }
        rows->ends[row] = position;
    }
}

static void find_single_lexemes(const TokenStream *t, SingleLexeme *single) {
    for (uint64_t i = 0; i < t->kinds; i++) {
        int64_t k = t->starts[i];
        single[i] = (SingleLexeme){SEVERAL, 0, 0};
        if (t->starts[i + 1] != k + 1 || t->offsets[k] || t->advances[i] != 1 || t->counted[k] != 1) continue;
        uint32_t lexeme = t->lexemes[k];
        single[i] = (SingleLexeme){t->lexeme_terms[lexeme], t->lexeme_words[lexeme], t->lexeme_forms[lexeme]};
    }
}

/* 0: done; 1: a number lies outside; 2: no memory. */
static int invert(const TokenStream *t, InvertedField *text, InvertedField *title, const RowArrays *rows,
                  uint32_t *word_rows) {
    Inverter w = {0};
    uint64_t total = 0, title_total = 0;
    int failed = NO_MEMORY;
    w.single = malloc((t->kinds + 1) * sizeof *w.single);
    w.places = calloc(t->terms + 1, sizeof *w.places);
    w.seen = malloc((t->words + 1) * sizeof *w.seen);
    if (!w.single || !w.places || !w.seen) goto out;
    for (uint64_t word = 0; word < t->words; word++) w.seen[word] = (WordRows){UINT32_MAX, 0};
    find_single_lexemes(t, w.single);
    failed = count_occurrences(t, &w, rows->lengths, rows->title_lengths);
    if (failed) goto out;
    for (uint64_t word = 0; word < t->words; word++) word_rows[word] = w.seen[word].rows;
    for (uint64_t term = 0; term < t->terms; term++) {
        Occurrences counted = w.places[term];
        w.places[term] = (Occurrences){total, title_total};
        total += counted.text;
        title_total += counted.title;
    }
    failed = NO_MEMORY;
    w.text = malloc((total + 1) * sizeof *w.text);
    w.title = malloc((title_total + 1) * sizeof *w.title);
    text->forms = w.text_forms = malloc((total + 1) * sizeof *w.text_forms);
    title->forms = w.title_forms = malloc((title_total + 1) * sizeof *w.title_forms);
    if (!w.text || !w.title || !w.text_forms || !w.title_forms) goto out;
    store_occurrences(t, &w, rows);
    if (write_postings(text, &w, w.text, t->terms, total, 0) &&
        write_postings(title, &w, w.title, t->terms, title_total, 1))
        failed = 0;
out:
    free(w.single);
    free(w.places);
    free(w.seen);
    free(w.text);
    free(w.title);
    return failed;
}

/* invert(tokens, parts, width, first_row, gap, starts, advances, lexemes, offsets, counted, lexeme_terms,
 * lexeme_words, lexeme_forms, terms, words): df, cf, rows, counts, positions and forms of "text" and of "title", each
 * row's length in both, each word's rows, and where in each row the last part but one begins, the last one does, and
 * that ends. */
PyObject *native_invert(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *o[10], *done = NULL;
    unsigned long long width, terms, words;
    TokenStream t = {0};
    Buffer b[10] = {0};
    InvertedField text = {0}, title = {0};
    uint32_t *rows = NULL;
    if (!PyArg_ParseTuple(args, "OOKIIOOOOOOOOKK", o, o + 1, &width, &t.first_row, &t.gap, o + 2, o + 3, o + 4, o + 5,
                          o + 9, o + 6, o + 7, o + 8, &terms, &words))
        return NULL;
    static const Py_ssize_t sizes[10] = {4, 8, 8, 4, 4, 4, 4, 4, 4, 1};
    for (int i = 0; i < 10; i++)
        if (!acquire_buffer(b + i, o[i], sizes[i], 0)) goto out;
    t.tokens = b[0].view.buf;
    t.parts = b[1].view.buf;
    t.starts = b[2].view.buf;
    t.advances = b[3].view.buf;
    t.lexemes = b[4].view.buf;
    t.offsets = b[5].view.buf;
    t.lexeme_terms = b[6].view.buf;
    t.lexeme_words = b[7].view.buf;
    t.lexeme_forms = b[8].view.buf;
    t.counted = b[9].view.buf;
    t.count = buffer_length(b);
    t.width = width;
    t.rows = width ? buffer_length(b + 1) / width : 0;
    t.kinds = buffer_length(b + 3);
    t.terms = terms;
    t.words = words;
    int fits = buffer_length(b + 2) == t.kinds + 1 && buffer_length(b + 5) == buffer_length(b + 4) &&
               buffer_length(b + 6) == buffer_length(b + 7) && buffer_length(b + 8) == buffer_length(b + 6) &&
               buffer_length(b + 9) == buffer_length(b + 4) && width > 1;
    for (uint64_t i = 0; i < t.kinds && fits; i++)
        fits = t.starts[i] >= 0 && t.starts[i] <= t.starts[i + 1] && (uint64_t)t.starts[i + 1] <= buffer_length(b + 4);
    for (uint64_t i = 0; i < buffer_length(b + 4) && fits; i++) fits = t.lexemes[i] < buffer_length(b + 6);
    for (uint64_t i = 0; i < buffer_length(b + 6) && fits; i++)
        fits = t.lexeme_terms[i] < terms && t.lexeme_words[i] < words;
    if (!fits) {
        PyErr_SetString(PyExc_ValueError, "the tables of tokens don't fit together");
        goto out;
    }
    int failed = NO_MEMORY;
    rows = calloc(5 * t.rows + words + 1, sizeof *rows);
    RowArrays each = {rows, rows + t.rows, rows + 2 * t.rows, rows + 3 * t.rows, rows + 4 * t.rows};
    Py_BEGIN_ALLOW_THREADS
    if (rows) failed = invert(&t, &text, &title, &each, rows + 5 * t.rows);
    Py_END_ALLOW_THREADS
    if (failed) {
        raise_failure(failed);
        goto out;
    }
#define OUT(array, n) (char *)(array), (Py_ssize_t)(n) * 4
    done = Py_BuildValue("((y#y#y#y#y#y#)(y#y#y#y#y#y#)y#y#y#y#y#y#)", OUT(text.df, terms), OUT(text.cf, terms),
                         OUT(text.rows, text.postings), OUT(text.counts, text.postings),
                         OUT(text.positions, text.occurrences), OUT(text.forms, text.occurrences), OUT(title.df, terms),
                         OUT(title.cf, terms), OUT(title.rows, title.postings), OUT(title.counts, title.postings),
                         OUT(title.positions, title.occurrences), OUT(title.forms, title.occurrences),
                         OUT(each.lengths, t.rows), OUT(each.title_lengths, t.rows), OUT(rows + 5 * t.rows, words),
                         OUT(each.bodies, t.rows), OUT(each.rests, t.rows), OUT(each.ends, t.rows));
out:
    for (int i = 0; i < 10; i++) release_buffer(b + i);
    free_inverted(&text);
    free_inverted(&title);
    free(rows);
    return done;
}
