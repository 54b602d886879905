#include "word_search.h"

int word_at(const Words *w, uint64_t place, const uint8_t **word, size_t *size) {
    uint64_t from = number_at(w->offsets, w->width, place), to = number_at(w->offsets, w->width, place + 1);
    if (from > to || to > w->blob_size) return 0;
    *word = w->blob + from;
    *size = to - from;
    return 1;
}

int keep(Alike *out, uint64_t word, int edits) {
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

size_t put_char(uint32_t point, uint8_t *out) {
    if (point < 0x80) {
        out[0] = (uint8_t)point;
        return 1;
    }
    size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i; i--, point >>= 6) out[i] = (uint8_t)(0x80 | (point & 0x3F));
    out[0] = (uint8_t)(point | (0xF00u >> size));
    return size;
}

/* The first word from `from` on that is not less than some bytes. */
int not_less(const Words *w, uint64_t from, const uint8_t *wanted, size_t size, uint64_t *found) {
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
    *found = low;
    return 1;
}

/* The least character from `point` on that can follow a beginning which has no edit left; UINT32_MAX: none. */
static uint32_t following(uint8_t table[][LONGEST + 1], const uint32_t *points, const uint32_t *wanted, int size,
                          int limit, int depth, uint32_t point) {
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
int find_near(const Words *w, const uint32_t *wanted, int size, int limit, Alike *out) {
    if (size < 1 || size >= LONGEST || limit < 0 || limit > 8) return 0;
    uint8_t table[LONGEST + 1][LONGEST + 1];
    uint32_t points[LONGEST + 1];
    size_t ends[LONGEST + 1];
    uint8_t leasts[LONGEST + 1];
    uint8_t far = (uint8_t)(limit + 1), before[4 * LONGEST + 8];
    size_t known = 0, before_size = 0; /* characters and bytes of the word before whose rows are there */
    for (int j = 0; j <= size; j++) table[0][j] = (uint8_t)(j < far ? j : far);
    ends[0] = 0;
    leasts[0] = 0;
    for (uint64_t place = 0; place < w->count;) {
        const uint8_t *word;
        size_t length, shared = 0, depth = 0;
        if (!word_at(w, place, &word, &length)) return 1;
        while (shared < length && shared < before_size && word[shared] == before[shared]) shared++;
        while (depth < known && ends[depth + 1] <= shared) depth++;
        int hopeless = 0, stuck = 0;
        size_t at = ends[depth], end = 0;
        while (at < length) {
            size_t bytes = char_size(word[at]);
            if (at + bytes > length || depth + 1 >= LONGEST) {
                hopeless = 1;
                break;
            }
            uint32_t point = char_at(word + at, bytes);
            if (leasts[depth] >= limit) { /* nothing is left to spend: only some characters can follow */
                uint32_t next = following(table, points, wanted, size, limit, (int)depth, point);
                if (next != point) {
                    stuck = 1;
                    memcpy(before, word, at);
                    end = at + (next == UINT32_MAX ? 0 : put_char(next, before + at));
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
            if (!not_less(w, place + 1, before, end, &place)) return 1;
            continue;
        }
        memcpy(before, word, before_size);
        if (hopeless) {
            before[before_size] = 0xFF;
            if (!not_less(w, place + 1, before, before_size + 1, &place)) return 1;
            continue;
        }
        if (table[depth][size] <= limit && depth && (!w->rows || w->rows[place]) &&
            !keep(out, place, table[depth][size]))
            return 2;
        place++;
    }
    return 0;
}

/* A star takes the first place that fits; a question mark is one character. */
static int fits(const uint8_t *word, size_t length, const uint8_t *pattern, size_t size) {
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

int find_fitting(const Words *w, uint64_t first, uint64_t last, const uint8_t *pattern, size_t size, Alike *out) {
    if (last > w->count) last = w->count;
    for (uint64_t place = first; place < last; place++) {
        const uint8_t *word;
        size_t length;
        if (!word_at(w, place, &word, &length)) return 1;
        if ((!w->rows || w->rows[place]) && length && fits(word, length, pattern, size) && !keep(out, place, 0)) return 2;
    }
    return 0;
}

int find_beginning(const Words *w, const uint8_t *prefix, size_t prefix_size, const uint8_t *pattern, size_t size,
                   Alike *out) {
    uint64_t place = 0;
    if (prefix_size && !not_less(w, 0, prefix, prefix_size, &place)) return 1;
    for (; place < w->count; place++) {
        const uint8_t *word;
        size_t length;
        if (!word_at(w, place, &word, &length)) return 1;
        if (length < prefix_size || memcmp(word, prefix, prefix_size)) break;
        if (w->rows && !w->rows[place]) continue;
        if (pattern && !(length && fits(word, length, pattern, size))) continue;
        if (!keep(out, place, 0)) return 2;
    }
    return 0;
}
