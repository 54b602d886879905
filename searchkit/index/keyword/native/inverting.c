/* Here are the tokens of chunks in order; which rows and positions has each term? By counting, since rows and positions
 * come in order: once through to count, once more to put each occurrence in its place. */
#include "inverting.h"

static int grow(Sorted *s, size_t terms, size_t occurrences) {
    s->df = calloc(terms + 1, sizeof *s->df);
    s->cf = calloc(terms + 1, sizeof *s->cf);
    s->rows = malloc((occurrences + 1) * sizeof *s->rows);
    s->positions = malloc((occurrences + 1) * sizeof *s->positions);
    s->counts = NULL;
    return s->df && s->cf && s->rows && s->positions;
}

void free_sorted(Sorted *s) {
    free(s->df);
    free(s->cf);
    free(s->rows);
    free(s->positions);
    free(s->counts);
}

/* Turn a row an occurrence into a row and a count a posting, in place. */
static int shrink(Sorted *s, size_t terms, size_t occurrences) {
    s->counts = malloc((occurrences + 1) * sizeof *s->counts);
    if (!s->counts) return 0;
    size_t out = 0, at = 0;
    for (size_t term = 0; term < terms; term++) {
        size_t end = at + s->cf[term], first = out;
        while (at < end) {
            uint32_t row = s->rows[at], count = 0;
            for (; at < end && s->rows[at] == row; at++) count++;
            s->rows[out] = row;
            s->counts[out++] = count;
        }
        s->df[term] = (uint32_t)(out - first);
    }
    s->postings = out;
    s->occurrences = occurrences;
    return 1;
}

/* 0: done; 1: a number lies outside; 2: no memory. */
int invert(const Tokens *t, Sorted *text, Sorted *title, uint32_t *lengths, uint32_t *title_lengths,
           uint32_t *word_rows) {
    uint32_t *last_row = malloc((t->words + 1) * sizeof *last_row);
    uint64_t *next = malloc((t->terms + 1) * sizeof *next), *next_title = malloc((t->terms + 1) * sizeof *next_title);
    uint64_t *cf = calloc(t->terms + 1, sizeof *cf), *title_cf = calloc(t->terms + 1, sizeof *title_cf);
    int failed = last_row && next && next_title && cf && title_cf ? 0 : 2;
    if (!failed) memset(last_row, 255, (t->words + 1) * sizeof *last_row);
    size_t at = 0;
    for (uint64_t row = 0; row < t->rows && !failed; row++)
        for (uint64_t part = 0; part < t->width && !failed; part++)
            for (int64_t n = t->parts[row * t->width + part]; n > 0; n--, at++) {
                if (at >= t->count || t->tokens[at] >= t->kinds) {
                    failed = 1;
                    break;
                }
                for (int64_t k = t->starts[t->tokens[at]]; k < t->starts[t->tokens[at] + 1]; k++) {
                    uint32_t lexeme = t->lexemes[k], term = t->lexeme_terms[lexeme], word = t->lexeme_words[lexeme];
                    cf[term]++;
                    lengths[row]++;
                    if (!part) {
                        title_cf[term]++;
                        title_lengths[row]++;
                    }
                    if (last_row[word] != row) word_rows[word]++;
                    last_row[word] = (uint32_t)row;
                }
            }
    uint64_t total = 0, title_total = 0;
    for (uint64_t term = 0; term < t->terms && !failed; term++) {
        next[term] = total;
        next_title[term] = title_total;
        total += cf[term];
        title_total += title_cf[term];
    }
    if (!failed && (!grow(text, t->terms, total) || !grow(title, t->terms, title_total))) failed = 2;
    for (uint64_t term = 0; term < t->terms && !failed; term++) {
        text->cf[term] = (uint32_t)cf[term];
        title->cf[term] = (uint32_t)title_cf[term];
    }
    at = 0;
    for (uint64_t row = 0; row < t->rows && !failed; row++) {
        uint32_t position = 0;
        for (uint64_t part = 0; part < t->width; part++, position += t->gap)
            for (int64_t n = t->parts[row * t->width + part]; n > 0; n--, at++) {
                uint32_t token = t->tokens[at];
                for (int64_t k = t->starts[token]; k < t->starts[token + 1]; k++) {
                    uint32_t term = t->lexeme_terms[t->lexemes[k]], place = position + t->offsets[k];
                    uint64_t to = next[term]++;
                    text->rows[to] = t->first_row + (uint32_t)row;
                    text->positions[to] = place;
                    if (!part) {
                        to = next_title[term]++;
                        title->rows[to] = t->first_row + (uint32_t)row;
                        title->positions[to] = place;
                    }
                }
                position += t->advances[token];
            }
    }
    if (!failed && (!shrink(text, t->terms, total) || !shrink(title, t->terms, title_total))) failed = 2;
    free(last_row);
    free(next);
    free(next_title);
    free(cf);
    free(title_cf);
    return failed;
}
