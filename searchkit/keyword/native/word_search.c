/* Word search: binary search, optimal string alignment, wildcards. */
#include "word_search.h"
#include "buffers.h"
#include "errors.h"
#include "status.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

int word_at(const WordList *w, uint64_t place, const uint8_t **word, size_t *size) {
    uint64_t from = number_at(w->offsets, w->width, place), to = number_at(w->offsets, w->width, place + 1);
    if (from > to || to > w->blob_size) return 0;
    *word = w->blob + from;
    *size = to - from;
    return 1;
}

int append_match(WordMatches *out, uint64_t word, int edits) {
    if (out->n == out->space) {
        size_t space = out->space ? 2 * out->space : 256;
        uint32_t *words = realloc(out->words, space * sizeof *words);
        if (words) out->words = words;
        uint8_t *all = realloc(out->edits, space);
        if (all) out->edits = all;
        if (!words || !all) return 0;
        out->space = space;
    }
    out->words[out->n] = (uint32_t)word;
    out->edits[out->n++] = (uint8_t)edits;
    return 1;
}

int lower_bound_word(const WordList *w, uint64_t from, const uint8_t *wanted, size_t size, uint64_t *place_out) {
    uint64_t step = 1, low = from, high = w->count;
    const uint8_t *word;
    size_t length;
    int probing = from > 0;
    while (low < high) {
        uint64_t place = probing ? low + step - 1 : low + (high - low) / 2;
        if (place >= high) {
            probing = 0;
            continue;
        }
        if (!word_at(w, place, &word, &length)) return 0;
        int order = memcmp(word, wanted, length < size ? length : size);
        if (order < 0 || (order == 0 && length < size)) {
            low = place + 1;
            step *= 2;
        } else {
            high = place;
            probing = 0;
        }
    }
    *place_out = low;
    return 1;
}

/* The least character from `point` on that can follow a beginning which has no edit left; UINT32_MAX: none. */
static uint32_t next_possible_char(uint8_t table[][MAX_WORD_LENGTH + 1], const uint32_t *points, const uint32_t *wanted,
                                   int size, int limit, int depth, uint32_t point) {
    uint32_t least = UINT32_MAX;
    int i = depth + 1, from = i - limit < 1 ? 1 : i - limit, to = i + limit > size ? size : i + limit;
    for (int j = from; j <= to; j++) {
        uint32_t next = wanted[j - 1];
        if (table[depth][j - 1] <= limit && next >= point && next < least) least = next;
        if (i > 1 && j > 1 && points[i - 2] == wanted[j - 1] && table[i - 2][j - 2] < limit) {
            next = wanted[j - 2];
            if (next >= point && next < least) least = next;
        }
    }
    return least;
}

/* Optimal string alignment (Damerau 1964, Wagner and Fischer 1974), a row a character of the word, of which only the
 * band is filled in that can stay within the limit. Words are sorted, so that rows are kept for what a word shares with
 * the one before, and what begins with a hopeless beginning is left out at once. */
int match_fuzzy(const WordList *w, const uint32_t *wanted, int size, int limit, WordMatches *out) {
    if (size < 1 || size >= MAX_WORD_LENGTH || limit < 0 || limit > 8) return DONE;
    uint8_t table[MAX_WORD_LENGTH + 1][MAX_WORD_LENGTH + 1];
    uint32_t points[MAX_WORD_LENGTH + 1];
    size_t ends[MAX_WORD_LENGTH + 1];
    uint8_t leasts[MAX_WORD_LENGTH + 1];
    uint8_t far = (uint8_t)(limit + 1), before[4 * MAX_WORD_LENGTH + 8];
    size_t known = 0, before_size = 0; /* characters and bytes of the word before whose rows are there */
    for (int j = 0; j <= size; j++) table[0][j] = (uint8_t)(j < far ? j : far);
    ends[0] = 0;
    leasts[0] = 0;
    for (uint64_t place = 0; place < w->count;) {
        const uint8_t *word;
        size_t length, shared = 0, depth = 0;
        if (!word_at(w, place, &word, &length)) return DAMAGED;
        while (shared < length && shared < before_size && word[shared] == before[shared]) shared++;
        while (depth < known && ends[depth + 1] <= shared) depth++;
        int hopeless = 0, stuck = 0;
        size_t at = ends[depth], end = 0;
        while (at < length) {
            size_t bytes = char_size(word[at]);
            if (at + bytes > length || depth + 1 >= MAX_WORD_LENGTH) {
                hopeless = 1;
                break;
            }
            uint32_t point = decode_char(word + at, bytes);
            if (leasts[depth] >= limit) { /* nothing is left to spend: only some characters can follow */
                uint32_t next = next_possible_char(table, points, wanted, size, limit, (int)depth, point);
                if (next != point) {
                    stuck = 1;
                    memcpy(before, word, at);
                    end = at + (next == UINT32_MAX ? 0 : encode_char(next, before + at));
                    if (next == UINT32_MAX) before[end++] = 0xFF;
                    break;
                }
            }
            points[depth] = point;
            uint8_t *row = table[depth + 1], *last = table[depth], least = far;
            at += bytes;
            ends[++depth] = at;
            memset(row, far, (size_t)size + 1);
            int i = (int)depth, from = i - limit < 1 ? 1 : i - limit, to = i + limit > size ? size : i + limit;
            row[0] = (uint8_t)(i < far ? i : far);
            if (row[0] < least) least = row[0];
            for (int j = from; j <= to; j++) {
                int cell = last[j - 1] + (wanted[j - 1] != point);
                if (last[j] + 1 < cell) cell = last[j] + 1;
                if (row[j - 1] + 1 < cell) cell = row[j - 1] + 1;
                if (i > 1 && j > 1 && point == wanted[j - 2] && points[i - 2] == wanted[j - 1] &&
                    table[i - 2][j - 2] + 1 < cell)
                    cell = table[i - 2][j - 2] + 1;
                row[j] = (uint8_t)(cell < far ? cell : far);
                if (row[j] < least) least = row[j];
            }
            leasts[depth] = least;
            /* Two neighbours changed over go back two rows, for one edit more. */
            if (least > limit && leasts[depth - 1] >= limit) {
                hopeless = 1;
                break;
            }
        }
        known = depth;
        before_size = ends[depth];
        if (stuck) {
            if (!lower_bound_word(w, place + 1, before, end, &place)) return DAMAGED;
            continue;
        }
        memcpy(before, word, before_size);
        if (hopeless) {
            before[before_size] = 0xFF;
            if (!lower_bound_word(w, place + 1, before, before_size + 1, &place)) return DAMAGED;
            continue;
        }
        if (table[depth][size] <= limit && depth && (!w->rows || w->rows[place]) &&
            !append_match(out, place, table[depth][size]))
            return NO_MEMORY;
        place++;
    }
    return DONE;
}

/* A star takes the first place that fits; a question mark is one character. */
static int fits_wildcard(const uint8_t *word, size_t length, const uint8_t *pattern, size_t size) {
    size_t i = 0, j = 0, star = SIZE_MAX, mark = 0;
    while (i < length) {
        if (j < size && pattern[j] == '*') {
            star = ++j;
            mark = i;
        } else if (j < size && pattern[j] == '?') {
            i += char_size(word[i]);
            j++;
        } else if (j < size && pattern[j] == word[i]) {
            i++;
            j++;
        } else if (star != SIZE_MAX) {
            mark += char_size(word[mark]);
            i = mark;
            j = star;
        } else
            return 0;
    }
    while (j < size && pattern[j] == '*') j++;
    return j == size && i == length;
}

static int match_wildcard(const WordList *w, uint64_t first, uint64_t last, const uint8_t *pattern, size_t size,
                          WordMatches *out) {
    if (last > w->count) last = w->count;
    for (uint64_t place = first; place < last; place++) {
        const uint8_t *word;
        size_t length;
        if (!word_at(w, place, &word, &length)) return DAMAGED;
        if ((!w->rows || w->rows[place]) && length && fits_wildcard(word, length, pattern, size) &&
            !append_match(out, place, 0))
            return NO_MEMORY;
    }
    return DONE;
}

int match_prefix(const WordList *w, const uint8_t *prefix, size_t prefix_size, const uint8_t *pattern, size_t size,
                 WordMatches *out) {
    uint64_t place = 0;
    if (prefix_size && !lower_bound_word(w, 0, prefix, prefix_size, &place)) return DAMAGED;
    for (; place < w->count; place++) {
        const uint8_t *word;
        size_t length;
        if (!word_at(w, place, &word, &length)) return DAMAGED;
        if (length < prefix_size || memcmp(word, prefix, prefix_size)) break;
        if (w->rows && !w->rows[place]) continue;
        if (pattern && !(length && fits_wildcard(word, length, pattern, size))) continue;
        if (!append_match(out, place, 0)) return NO_MEMORY;
    }
    return DONE;
}

static int acquire_words(PyObject *blob, PyObject *offsets, PyObject *rows, Buffer *b, WordList *w) {
    if (!acquire_buffer(b, blob, 1, 0) || !acquire_offsets(b + 1, offsets, &w->width) ||
        !acquire_buffer(b + 2, rows, 4, 0))
        return 0;
    w->blob = b[0].view.buf;
    w->blob_size = (uint64_t)b[0].view.len;
    w->offsets = b[1].view.buf;
    w->count = buffer_length(b + 1) ? buffer_length(b + 1) - 1 : 0;
    w->rows = b[2].held ? b[2].view.buf : NULL;
    if ((!b[2].held || buffer_length(b + 2) == w->count) && w->count <= UINT32_MAX) return 1;
    PyErr_SetString(PyExc_ValueError, "the arrays of words don't fit together");
    return 0;
}

static PyObject *matches_to_python(WordMatches *out, int failed) {
    PyObject *done = failed ? raise_failure(failed)
                            : Py_BuildValue("(y#y#)", out->n ? (char *)out->words : "", (Py_ssize_t)out->n * 4,
                                            out->n ? (char *)out->edits : "", (Py_ssize_t)out->n);
    free(out->words);
    free(out->edits);
    return done;
}

/* near(blob, offsets, rows, wanted, limit): the living words within so many edits, and the edits. */
PyObject *native_near(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *blob, *offsets, *rows, *wanted, *done = NULL;
    int limit, failed;
    Buffer b[4] = {0};
    WordList w;
    WordMatches out = {0};
    if (!PyArg_ParseTuple(args, "OOOOi", &blob, &offsets, &rows, &wanted, &limit)) return NULL;
    if (acquire_words(blob, offsets, rows, b, &w) && acquire_buffer(b + 3, wanted, 4, 0)) {
        int size = buffer_length(b + 3) < 1000 ? (int)buffer_length(b + 3) : 1000;
        Py_BEGIN_ALLOW_THREADS
        failed = match_fuzzy(&w, b[3].view.buf, size, limit, &out);
        Py_END_ALLOW_THREADS
        done = matches_to_python(&out, failed);
    }
    for (int i = 0; i < 4; i++) release_buffer(b + i);
    return done;
}

/* fitting(blob, offsets, rows, first, last, pattern): the living words of a range that fit a wildcard in UTF-8. */
PyObject *native_fitting(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *blob, *offsets, *rows, *done = NULL;
    unsigned long long first, last;
    const char *pattern;
    Py_ssize_t size;
    int failed;
    Buffer b[3] = {0};
    WordList w;
    WordMatches out = {0};
    if (!PyArg_ParseTuple(args, "OOOKKy#", &blob, &offsets, &rows, &first, &last, &pattern, &size)) return NULL;
    if (acquire_words(blob, offsets, rows, b, &w)) {
        Py_BEGIN_ALLOW_THREADS
        failed = match_wildcard(&w, first, last, (const uint8_t *)pattern, (size_t)size, &out);
        Py_END_ALLOW_THREADS
        done = matches_to_python(&out, failed);
    }
    for (int i = 0; i < 3; i++) release_buffer(b + i);
    return done;
}
