/* Token spans: what highlight.c marks, found as search/highlight.py says.
 *
 * A token ends where no word can go on, so that it means the same wherever it stands; a word of ASCII letters is known
 * in lower case and without the punctuation around it, every other token as it is written, without brackets, quotes and
 * commas around it. Only what may mean something to the query need be numbered: word_bits() tells that from most of the
 * rest by a bit each. */
#include "token_spans.h"
#include "buffers.h"
#include "utf8.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LETTERS = 100, WORD_BITS = 1 << 14, MAX_RUNS = 64, AHEAD = 4 };

/* What may be one of the words wanted, by hashes of what is in lower case: words of letters or of digits alone, and
 * beginnings of words. NULL where every word is wanted. */
typedef struct {
    uint8_t words[WORD_BITS / 8], beginnings[WORD_BITS / 8];
} Wanted;
typedef const Wanted *WordFilter;

typedef struct {
    TokenSpan *spans;
    uint64_t n, room;
} TokenSpanList;

/* The spaces that a number may hold, where no word of letters can stand beside it. */
static int is_number_space(uint32_t c, uint32_t before, uint32_t after) {
    if (c != 0xA0 && c != 0x2009 && c != 0x202F) return 0;
    return (before >= 0x80 || (before >= '0' && before <= '9')) && (after >= 0x80 || (after >= '0' && after <= '9'));
}

static int is_opener(uint32_t c) {
    return c == '"' || c == '(' || c == '[' || c == '{' || c == 0x201C || c == 0x201E || c == 0xAB;
}

static int is_closer(uint32_t c) {
    return c == '"' || c == ')' || c == ']' || c == '}' || c == ',' || c == ';' || c == ':' || c == '!' || c == '?' ||
           c == 0x201D || c == 0xBB;
}

/* What may stand around a word of letters besides. */
static int is_joiner(uint32_t c) { return c == '\'' || c == 0x2018 || c == 0x2019 || c == 0x2013 || c == 0x2014; }

static const uint64_t ONES = 0x0101010101010101u, HIGH_BITS = 0x8080808080808080u;

/* How many letters of ASCII stand at the beginning, of at most so many bytes. */
static uint64_t letters_at(const uint8_t *text, uint64_t size) {
    uint64_t n = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (uint64_t some; n + 8 <= size; n += 8) {
        memcpy(&some, text + n, 8);
        uint64_t low = (some | 0x20 * ONES) & ~HIGH_BITS;
        uint64_t letters = (low + (0x80 - 'a') * ONES) & ~(low + (0x7F - 'z') * ONES) & ~some & HIGH_BITS;
        if (letters != HIGH_BITS) return n + (uint64_t)__builtin_ctzll(letters ^ HIGH_BITS) / 8;
    }
#endif
    while (n < size && (text[n] | 32) >= 'a' && (text[n] | 32) <= 'z') n++;
    return n;
}

static int is_letter(uint32_t c) { return (c | 32) >= 'a' && (c | 32) <= 'z' && c < 0x80; }

static int append_span(TokenSpanList *out, uint32_t id, uint64_t start, uint64_t end) {
    if (out->n == out->room) {
        uint64_t room = 2 * out->room + 1024;
        TokenSpan *spans = realloc(out->spans, room * sizeof *spans);
        if (!spans) return 0;
        out->spans = spans;
        out->room = room;
    }
    out->spans[out->n++] = (TokenSpan){id, (uint32_t)start, (uint32_t)end};
    return 1;
}

enum { BLANK = 1, WIDE = 2, LETTER = 4, OPENS = 8, CLOSES = 16, JOINS = 32, MORE = 64 };

static const uint8_t kind_of[256] = {
    [9 ... 13] = BLANK, [28 ... 32] = BLANK, ['A' ... 'Z'] = LETTER, ['a' ... 'z'] = LETTER, ['"'] = OPENS | CLOSES,
    ['('] = OPENS,      ['['] = OPENS,       ['{'] = OPENS,          [')'] = CLOSES,         [']'] = CLOSES,
    ['}'] = CLOSES,     [','] = CLOSES,      [';'] = CLOSES,         [':'] = CLOSES,         ['!'] = CLOSES,
    ['?'] = CLOSES,     ['\''] = JOINS,      [128 ... 255] = WIDE,
};

/* Which bit of a filter a word of ASCII letters has, in capitals or not. `readable`: bytes from its first on. */
static uint32_t filter_bit(const uint8_t *letters, uint64_t size, uint64_t readable) {
    uint64_t hash = size, some;
    for (; size >= 8; letters += 8, size -= 8, readable -= 8) {
        memcpy(&some, letters, 8);
        hash = (hash ^ (some | 0x20 * ONES)) * 0x9FB21C651E98DF25u;
        hash ^= hash >> 29;
    }
    if (size) {
        some = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        if (readable >= 8)
            memcpy(&some, letters, 8);
        else
#endif
            memcpy(&some, letters, size);
        hash ^= (some | 0x20 * ONES) & (UINT64_MAX >> (64 - 8 * size));
    }
    return (uint32_t)(hash * 0x9FB21C651E98DF25u >> 50);
}

static int is_digit(uint32_t c) { return c >= '0' && c <= '9'; }

/* Where the run of letters or of digits ends that begins at a byte. */
static uint64_t run_end(const uint8_t *text, uint64_t at, uint64_t size) {
    int (*belongs)(uint32_t) = is_digit(text[at]) ? is_digit : is_letter;
    while (at < size && belongs(text[at])) at++;
    return at;
}

static int has_bit(const uint8_t *bits, uint32_t bit) { return bits[bit / 8] >> bit % 8 & 1; }

/* What English prose has beside ASCII between its words (highlight.py, _TYPOGRAPHY): the bytes of such a sign, or 0. */
static uint64_t sign_size(const uint8_t *text, uint64_t size) {
    if (size < 2 || text[0] < 0xC2) return 0;
    uint32_t c = decode_char(text, char_size(text[0]));
    int known = c == 0x2018 || c == 0x2019 || c == 0xB4 || c == 0x201C || c == 0x201D || c == 0x201E || c == 0xAB ||
                c == 0xBB || c == 0x2013 || c == 0x2014 || c == 0x2026 || c == 0x2022 || c == 0x20AC || c == 0xA3;
    return known ? char_size(text[0]) : 0;
}

/* Say whether a token that isn't of letters alone may mean a word wanted. What it means begins, signs aside, with a whole
 * run of its letters or digits: that is all of it, or the first character of one of the next runs follows. Of tags and
 * of other letters than those of ASCII nothing is told. */
static int may_be_wanted(WordFilter filter, const uint8_t *token, uint64_t size) {
    uint64_t starts[MAX_RUNS], ends[MAX_RUNS], n = 0;
    uint8_t beginning[MAX_LETTERS + 16];
    if (!filter) return 1;
    for (uint64_t at = 0, signs; at < size;) {
        if (is_letter(token[at]) || is_digit(token[at])) {
            uint64_t end = run_end(token, at, size);
            if (n == MAX_RUNS || end - at >= MAX_LETTERS) return 1;
            starts[n] = at;
            ends[n++] = at = end;
        } else if ((token[at] == '#' || token[at] == '@') && (!n || ends[n - 1] != at))
            return 1;
        else if (token[at] < 0x80)
            at++;
        else if ((signs = sign_size(token + at, size - at)))
            at += signs;
        else
            return 1;
    }
    for (uint64_t i = 0; i < n; i++) {
        uint64_t length = ends[i] - starts[i];
        if (has_bit(filter->words, filter_bit(token + starts[i], length, size - starts[i]))) return 1;
        memcpy(beginning, token + starts[i], length);
        for (uint64_t k = i + 1; k < n && k <= i + AHEAD; k++) {
            beginning[length] = token[starts[k]];
            if (has_bit(filter->beginnings, filter_bit(beginning, length + 1, sizeof beginning))) return 1;
        }
    }
    return 0;
}

/* Append the bits of a word to those before: its own, where it is one run, and those of its beginnings. Of a word with
 * signs (3.5, AT&T, .NET) what stands before them, or behind the first. */
static void append_bits(uint16_t *bits, Py_ssize_t *n, const uint8_t *word, uint64_t size) {
    uint64_t end = 0;
    for (; size && !is_letter(*word) && !is_digit(*word); word++) size--;
    while (end < size && (is_letter(word[end]) || is_digit(word[end]))) end++;
    if (end && end <= MAX_LETTERS && run_end(word, 0, end) == end) bits[(*n)++] = (uint16_t)filter_bit(word, end, size);
    for (uint64_t i = 2; i <= end && i <= MAX_LETTERS; i++)
        bits[(*n)++] = (uint16_t)(WORD_BITS + filter_bit(word, i, size));
}

/* word_bits(words): which bits some words have in a filter, 16 bits each. */
PyObject *native_word_bits(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *words;
    if (!PyArg_ParseTuple(args, "O!", &PyList_Type, &words)) return NULL;
    Py_ssize_t n = PyList_Size(words), kept = 0;
    uint16_t *bits = malloc((size_t)(n + 1) * (MAX_LETTERS + 1) * sizeof *bits);
    if (!bits) return PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_ssize_t bytes, ascii = 0;
        PyObject *word = PyList_GetItem(words, i); /* borrowed */
        const char *text = word ? PyUnicode_AsUTF8AndSize(word, &bytes) : NULL;
        if (!text) {
            free(bits);
            return NULL;
        }
        while (ascii < bytes && (uint8_t)text[ascii] < 0x80) ascii++;
        if (!bytes || ascii < bytes) continue; /* what is of other letters no filter keeps out */
        append_bits(bits, &kept, (const uint8_t *)text, (uint64_t)bytes);
    }
    PyObject *done = PyBytes_FromStringAndSize((const char *)bits, kept * (Py_ssize_t)sizeof *bits);
    free(bits);
    return done;
}

/* Set the bits that a list of word_bits names. 0 with an exception where it holds anything else. */
static int fill_filter(PyObject *wanted, Wanted *filter) {
    for (Py_ssize_t i = 0; i < PyList_Size(wanted); i++) {
        Buffer b = {0};
        if (!acquire_buffer(&b, PyList_GetItem(wanted, i), 1, 0)) return 0;
        const uint8_t *numbers = b.view.buf;
        uint64_t size = buffer_length(&b);
        int fits = size % 2 == 0;
        for (uint64_t k = 0; fits && k < size; k += 2) {
            uint16_t bit;
            memcpy(&bit, numbers + k, 2);
            if (!(fits = bit < 2 * WORD_BITS)) break;
            uint8_t *set = bit < WORD_BITS ? filter->words : filter->beginnings;
            set[bit % WORD_BITS / 8] |= (uint8_t)(1 << bit % 8);
        }
        release_buffer(&b);
        if (!fits) {
            PyErr_SetString(PyExc_ValueError, "a filter of words has no such bit");
            return 0;
        }
    }
    return 1;
}

/* `readable`: bytes of the text from the word's first letter on. */
static int scan_word(TokenTable *table, const uint8_t *letters, uint64_t size, uint64_t readable, uint64_t start,
                     uint32_t language, WordFilter filter, TokenSpanList *out) {
    if (filter && !has_bit(filter->words, filter_bit(letters, size, readable))) return 1;
    uint8_t word[MAX_LETTERS + 16];
    uint32_t id;
    for (uint64_t i = 0; i < size; i++) word[i] = letters[i] | 32;
    memset(word + size, 0, 8);
    return find_padded_token(table, word, size, language, &id) && append_span(out, id, start, start + size);
}

/* Number a token of ASCII, which begins at a character of the text. 0: no memory. */
static int scan_ascii(TokenTable *table, const uint8_t *token, uint64_t size, uint64_t start, uint32_t language,
                      WordFilter filter, TokenSpanList *out) {
    uint64_t begin = 0, end = size, inner;
    uint32_t id;
    while (begin < end && kind_of[token[begin]] & (OPENS | JOINS)) begin++;
    while (end > begin && (kind_of[token[end - 1]] & (CLOSES | JOINS) || token[end - 1] == '.')) end--;
    for (inner = begin; inner < end && kind_of[token[inner]] == LETTER; inner++) {}
    if (end > begin && inner == end && end - begin <= MAX_LETTERS)
        return scan_word(table, token + begin, end - begin, size - begin, start + begin, language, filter, out);
    for (begin = 0; begin < size && kind_of[token[begin]] & OPENS; begin++) {}
    for (end = size; end > begin && kind_of[token[end - 1]] & CLOSES; end--) {}
    if (begin == end || !may_be_wanted(filter, token + begin, end - begin)) return 1;
    return find_token(table, token + begin, end - begin, language, &id) &&
           append_span(out, id, start + begin, start + end);
}

/* The same of any token, in so many bytes. `points` has room for its characters. */
static int scan_wide(TokenTable *table, const uint8_t *token, uint64_t size, uint64_t start, uint32_t language,
                     uint32_t *points, WordFilter filter, TokenSpanList *out) {
    uint64_t n = decode_utf8(token, size, points), begin = 0, end = n, inner, skipped = 0;
    uint32_t id;
    while (begin < end && (is_opener(points[begin]) || is_joiner(points[begin])))
        skipped += char_size(token[skipped]), begin++;
    while (end > begin && (is_closer(points[end - 1]) || is_joiner(points[end - 1]) || points[end - 1] == '.')) end--;
    for (inner = begin; inner < end && is_letter(points[inner]); inner++) {}
    if (end > begin && inner == end && end - begin <= MAX_LETTERS)
        return scan_word(table, token + skipped, end - begin, size - skipped, start + begin, language, filter, out);
    for (begin = skipped = 0; begin < n && is_opener(points[begin]); begin++) skipped += char_size(token[skipped]);
    for (end = n; end > begin && is_closer(points[end - 1]); end--) {}
    if (begin == end) return 1;
    uint64_t bytes = skipped;
    for (inner = begin; inner < end; inner++) bytes += char_size(token[bytes]);
    if (!may_be_wanted(filter, token + skipped, bytes - skipped)) return 1;
    return find_token(table, token + skipped, bytes - skipped, language, &id) &&
           append_span(out, id, start + begin, start + end);
}

/* The character that ends before a byte of the text. */
static uint32_t char_before(const uint8_t *text, uint64_t at) {
    do at--;
    while ((text[at] & 0xC0) == 0x80);
    return decode_char(text + at, char_size(text[at]));
}

static int scan_text(TokenTable *table, const uint8_t *text, uint64_t size, uint32_t language, uint32_t *points,
                     WordFilter filter, TokenSpanList *out) {
    uint64_t at = 0, surplus = 0; /* the bytes before here that begin no character */
    while (at < size) {
        uint64_t first = at, start = at - surplus, space = 0;
        int wide = 0;
        unsigned kinds = 0;
        at += letters_at(text + at, size - at);
        for (; at < size; at++) {
            unsigned kind = kind_of[text[at]];
            kinds |= kind;
            if (kind == LETTER) continue;
            if (kind == BLANK) {
                space = 1;
                break;
            }
            kinds |= MORE;
            if (kind != WIDE) continue;
            size_t bytes = char_size(text[at]);
            uint32_t c = decode_char(text + at, bytes);
            if (is_space(c)) {
                uint64_t next = at + bytes;
                int inside = at > first && next < size &&
                             is_number_space(c, char_before(text, at), decode_char(text + next, char_size(text[next])));
                if (!inside) {
                    space = bytes;
                    break;
                }
            }
            wide = 1;
            at += bytes - 1;
            surplus += bytes - 1;
        }
        int done = at == first ? 1
                   : !(kinds & MORE) && at - first <= MAX_LETTERS
                       ? scan_word(table, text + first, at - first, size - first, start, language, filter, out)
                   : wide ? scan_wide(table, text + first, at - first, start, language, points, filter, out)
                          : scan_ascii(table, text + first, at - first, start, language, filter, out);
        if (!done) return 0;
        at += space;
        if (space > 1) surplus += space - 1;
    }
    return 1;
}

int text_at(PyObject *texts, Py_ssize_t i, const uint8_t **text, uint64_t *size) {
    PyObject *item = PyList_GetItem(texts, i); /* borrowed */
    Py_ssize_t bytes;
    const char *utf8 = item ? PyUnicode_AsUTF8AndSize(item, &bytes) : NULL;
    if (!utf8) return 0;
    *text = (const uint8_t *)utf8;
    *size = (uint64_t)bytes;
    return 1;
}

/* scan(texts, languages, wanted) of Tokens: for each text the count of its tokens, then each token's number, start and
 * end. `wanted`: what word_bits gives, in a list; only words that have such a bit are numbered then. */
PyObject *scan_texts(TokenTable *table, PyObject *args) {
    PyObject *texts, *languages, *wanted = Py_None, *done = NULL;
    Wanted words;
    Buffer b = {0};
    TokenSpanList spans = {0};
    uint32_t *points = NULL, *counts = NULL;
    if (!PyArg_ParseTuple(args, "O!O|O", &PyList_Type, &texts, &languages, &wanted)) return NULL;
    if (wanted != Py_None && !PyList_Check(wanted)) {
        PyErr_SetString(PyExc_TypeError, "the bits of the words that are wanted come in a list");
        return NULL;
    }
    WordFilter filter = wanted == Py_None ? NULL : &words;
    memset(&words, 0, sizeof words);
    if (filter && !fill_filter(wanted, &words)) return NULL;
    Py_ssize_t n = PyList_Size(texts);
    if (!acquire_buffer(&b, languages, 4, 0)) goto out;
    if (buffer_length(&b) != (uint64_t)n) {
        PyErr_SetString(PyExc_ValueError, "each text has one language");
        goto out;
    }
    const uint32_t *language = b.view.buf;
    uint64_t longest = 0, size;
    const uint8_t *text;
    for (Py_ssize_t i = 0; i < n; i++) {
        if (!text_at(texts, i, &text, &size)) goto out;
        if (size > longest) longest = size;
    }
    points = malloc((longest + 1) * sizeof *points);
    counts = malloc((uint64_t)(n + 1) * sizeof *counts);
    if (!points || !counts) {
        PyErr_NoMemory();
        goto out;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        uint64_t before = spans.n;
        if (!text_at(texts, i, &text, &size)) goto out;
        if (!scan_text(table, text, size, language[i], points, filter, &spans)) {
            PyErr_NoMemory();
            goto out;
        }
        counts[i] = (uint32_t)(spans.n - before);
    }
    done = Py_BuildValue("(y#y#)", (char *)counts, (Py_ssize_t)(4 * n), spans.n ? (char *)spans.spans : "",
                         (Py_ssize_t)(spans.n * sizeof(TokenSpan)));
out:
    release_buffer(&b);
    free(points);
    free(counts);
    free(spans.spans);
    return done;
}
