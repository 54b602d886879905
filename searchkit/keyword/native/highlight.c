/* Which part of each text is worth showing, and what in it stands out? What search/highlight.py says in Python.
 *
 * scan() cuts texts into tokens and numbers them, windows() looks at those that mean something to a query. Between the
 * two, Python learns what the tokens mean that were never met before. A token ends where no word can go on, so that it
 * means the same wherever it stands; a word of ASCII letters is known in lower case and without the punctuation around
 * it, every other token as it is written, without brackets, quotes and commas around it. Of the words of letters only
 * those need be numbered that may mean something to the query: word_bits() tells them from most others by a bit each. */
#include "buffers.h"
#include "token_table.h"
#include "word_search.h"

enum { LETTERS = 100, BITS = 4096, WORD_BITS = 1 << 14 };

/* By the hash of a word in lower case whether it may be one of those wanted; NULL where every word is. */
typedef const uint8_t *WordFilter;

typedef struct {
    uint32_t id, start, end; /* in characters */
} Span;

typedef struct {
    Span *spans;
    uint64_t n, room;
} Spans;

/* What a token means to a query: between two of its characters stands the term of a number. */
typedef struct {
    uint32_t id, first, last, term;
} Wanted;

static const uint32_t WHOLE = UINT32_MAX;

static int is_space(uint32_t c) {
    if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13) || (c >= 28 && c <= 31);
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

/* The spaces that a number may hold, where no word of letters can stand beside it. */
static int in_a_number(uint32_t c, uint32_t before, uint32_t after) {
    if (c != 0xA0 && c != 0x2009 && c != 0x202F) return 0;
    return (before >= 0x80 || (before >= '0' && before <= '9')) && (after >= 0x80 || (after >= '0' && after <= '9'));
}

static int opens(uint32_t c) {
    return c == '"' || c == '(' || c == '[' || c == '{' || c == 0x201C || c == 0x201E || c == 0xAB;
}

static int closes(uint32_t c) {
    return c == '"' || c == ')' || c == ']' || c == '}' || c == ',' || c == ';' || c == ':' || c == '!' || c == '?' ||
           c == 0x201D || c == 0xBB;
}

/* What may stand around a word of letters besides. */
static int leans(uint32_t c) { return c == '\'' || c == 0x2018 || c == 0x2019 || c == 0x2013 || c == 0x2014; }

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

/* Decode UTF-8 that Python made. */
static uint64_t decode(const uint8_t *text, uint64_t size, uint32_t *points) {
    uint64_t n = 0;
    for (uint64_t at = 0; at < size;) {
        uint64_t some;
        for (; at + 8 <= size; at += 8, n += 8) { /* most is ASCII */
            memcpy(&some, text + at, 8);
            if (some & HIGH_BITS) break;
            for (int i = 0; i < 8; i++) points[n + i] = text[at + i];
        }
        if (at == size) break;
        if (text[at] < 0x80) {
            points[n++] = text[at++];
            continue;
        }
        size_t bytes = char_size(text[at]);
        points[n++] = char_at(text + at, bytes);
        at += bytes;
    }
    return n;
}

static int keep_span(Spans *out, uint32_t id, uint64_t start, uint64_t end) {
    if (out->n == out->room) {
        uint64_t room = 2 * out->room + 1024;
        Span *spans = realloc(out->spans, room * sizeof *spans);
        if (!spans) return 0;
        out->spans = spans;
        out->room = room;
    }
    out->spans[out->n++] = (Span){id, (uint32_t)start, (uint32_t)end};
    return 1;
}

enum { BLANK = 1, WIDE = 2, LETTER = 4, OPENS = 8, CLOSES = 16, LEANS = 32, MORE = 64 };

static const uint8_t kind_of[256] = {
    [9 ... 13] = BLANK, [28 ... 32] = BLANK, ['A' ... 'Z'] = LETTER, ['a' ... 'z'] = LETTER, ['"'] = OPENS | CLOSES,
    ['('] = OPENS, ['['] = OPENS, ['{'] = OPENS, [')'] = CLOSES, [']'] = CLOSES, ['}'] = CLOSES, [','] = CLOSES,
    [';'] = CLOSES, [':'] = CLOSES, ['!'] = CLOSES, ['?'] = CLOSES, ['\''] = LEANS, [128 ... 255] = WIDE,
};

/* Which bit of a filter a word of ASCII letters has, in capitals or not. `readable`: bytes from its first on. */
static uint32_t bit_of(const uint8_t *letters, uint64_t size, uint64_t readable) {
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

/* word_bits(words): of each of some words which bit it has in a filter, 16 bits each; none of what no filter tells. */
PyObject *loops_word_bits(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *words;
    if (!PyArg_ParseTuple(args, "O!", &PyList_Type, &words)) return NULL;
    Py_ssize_t n = PyList_Size(words), kept = 0;
    uint16_t *bits = malloc((size_t)(n + 1) * sizeof *bits);
    if (!bits) return PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_ssize_t bytes, letters = 0;
        PyObject *word = PyList_GetItem(words, i); /* borrowed */
        const char *text = word ? PyUnicode_AsUTF8AndSize(word, &bytes) : NULL;
        if (!text) {
            free(bits);
            return NULL;
        }
        while (letters < bytes && is_letter((uint8_t)text[letters])) letters++;
        if (bytes && letters == bytes && bytes <= LETTERS)
            bits[kept++] = (uint16_t)bit_of((const uint8_t *)text, (uint64_t)bytes, (uint64_t)bytes);
    }
    PyObject *done = PyBytes_FromStringAndSize((const char *)bits, kept * (Py_ssize_t)sizeof *bits);
    free(bits);
    return done;
}

/* Set the bits that a list of word_bits names. 0 with an exception where it holds anything else. */
static int filter_of(PyObject *wanted, uint8_t *filter) {
    for (Py_ssize_t i = 0; i < PyList_Size(wanted); i++) {
        Buffer b = {0};
        if (!take(&b, PyList_GetItem(wanted, i), 1, 0)) return 0;
        const uint8_t *numbers = b.view.buf;
        uint64_t size = length(&b);
        int fits = size % 2 == 0;
        for (uint64_t k = 0; fits && k < size; k += 2) {
            uint16_t bit;
            memcpy(&bit, numbers + k, 2);
            if (!(fits = bit < WORD_BITS)) break;
            filter[bit / 8] |= (uint8_t)(1 << bit % 8);
        }
        drop(&b);
        if (!fits) {
            PyErr_SetString(PyExc_ValueError, "a filter of words has no such bit");
            return 0;
        }
    }
    return 1;
}

/* `readable`: bytes of the text from the word's first letter on. */
static int scan_word(TokenTable *table, const uint8_t *letters, uint64_t size, uint64_t readable, uint64_t start,
                     uint32_t language, WordFilter filter, Spans *out) {
    if (filter) {
        uint32_t bit = bit_of(letters, size, readable);
        if (!(filter[bit / 8] >> bit % 8 & 1)) return 1;
    }
    uint8_t word[LETTERS + 16];
    uint32_t id;
    for (uint64_t i = 0; i < size; i++) word[i] = letters[i] | 32;
    memset(word + size, 0, 8);
    return find_word(table, word, size, language, &id) && keep_span(out, id, start, start + size);
}

/* Number a token of ASCII, which begins at a character of the text. 0: no memory. */
static int scan_ascii(TokenTable *table, const uint8_t *token, uint64_t size, uint64_t start, uint32_t language,
                      WordFilter filter, Spans *out) {
    uint64_t begin = 0, end = size, inner;
    uint32_t id;
    while (begin < end && kind_of[token[begin]] & (OPENS | LEANS)) begin++;
    while (end > begin && (kind_of[token[end - 1]] & (CLOSES | LEANS) || token[end - 1] == '.')) end--;
    for (inner = begin; inner < end && kind_of[token[inner]] == LETTER; inner++) {}
    if (end > begin && inner == end && end - begin <= LETTERS)
        return scan_word(table, token + begin, end - begin, size - begin, start + begin, language, filter, out);
    for (begin = 0; begin < size && kind_of[token[begin]] & OPENS; begin++) {}
    for (end = size; end > begin && kind_of[token[end - 1]] & CLOSES; end--) {}
    if (begin == end) return 1;
    return find_key(table, token + begin, end - begin, language, &id) && keep_span(out, id, start + begin, start + end);
}

/* The same of any token, in so many bytes. `points` has room for its characters. */
static int scan_wide(TokenTable *table, const uint8_t *token, uint64_t size, uint64_t start, uint32_t language,
                     uint32_t *points, WordFilter filter, Spans *out) {
    uint64_t n = decode(token, size, points), begin = 0, end = n, inner, skipped = 0;
    uint32_t id;
    while (begin < end && (opens(points[begin]) || leans(points[begin]))) skipped += char_size(token[skipped]), begin++;
    while (end > begin && (closes(points[end - 1]) || leans(points[end - 1]) || points[end - 1] == '.')) end--;
    for (inner = begin; inner < end && is_letter(points[inner]); inner++) {}
    if (end > begin && inner == end && end - begin <= LETTERS)
        return scan_word(table, token + skipped, end - begin, size - skipped, start + begin, language, filter, out);
    for (begin = skipped = 0; begin < n && opens(points[begin]); begin++) skipped += char_size(token[skipped]);
    for (end = n; end > begin && closes(points[end - 1]); end--) {}
    if (begin == end) return 1;
    uint64_t bytes = skipped;
    for (inner = begin; inner < end; inner++) bytes += char_size(token[bytes]);
    return find_key(table, token + skipped, bytes - skipped, language, &id) &&
           keep_span(out, id, start + begin, start + end);
}

/* The character that ends before a byte of the text. */
static uint32_t char_before(const uint8_t *text, uint64_t at) {
    do at--;
    while ((text[at] & 0xC0) == 0x80);
    return char_at(text + at, char_size(text[at]));
}

static int scan_text(TokenTable *table, const uint8_t *text, uint64_t size, uint32_t language, uint32_t *points,
                     WordFilter filter, Spans *out) {
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
            uint32_t c = char_at(text + at, bytes);
            if (is_space(c)) {
                uint64_t next = at + bytes;
                int inside = at > first && next < size &&
                             in_a_number(c, char_before(text, at), char_at(text + next, char_size(text[next])));
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
                   : !(kinds & MORE) && at - first <= LETTERS
                       ? scan_word(table, text + first, at - first, size - first, start, language, filter, out)
                   : wide      ? scan_wide(table, text + first, at - first, start, language, points, filter, out)
                               : scan_ascii(table, text + first, at - first, start, language, filter, out);
        if (!done) return 0;
        at += space;
        if (space > 1) surplus += space - 1;
    }
    return 1;
}

/* The texts of a list in UTF-8; 0 with an exception where one isn't text. */
static int utf8_of(PyObject *texts, Py_ssize_t i, const uint8_t **text, uint64_t *size) {
    PyObject *one = PyList_GetItem(texts, i); /* borrowed */
    Py_ssize_t bytes;
    const char *found = one ? PyUnicode_AsUTF8AndSize(one, &bytes) : NULL;
    if (!found) return 0;
    *text = (const uint8_t *)found;
    *size = (uint64_t)bytes;
    return 1;
}

/* scan(texts, languages, wanted) of Tokens: for each text the count of its tokens, then each token's number, start and
 * end. `wanted`: what word_bits gives, in a list; only words that have such a bit are numbered then. */
PyObject *scan_texts(TokenTable *table, PyObject *args) {
    PyObject *texts, *languages, *wanted = Py_None, *done = NULL;
    uint8_t bits[WORD_BITS / 8];
    Buffer b = {0};
    Spans spans = {0};
    uint32_t *points = NULL, *counts = NULL;
    if (!PyArg_ParseTuple(args, "O!O|O", &PyList_Type, &texts, &languages, &wanted)) return NULL;
    if (wanted != Py_None && !PyList_Check(wanted)) {
        PyErr_SetString(PyExc_TypeError, "the bits of the words that are wanted come in a list");
        return NULL;
    }
    WordFilter filter = wanted == Py_None ? NULL : bits;
    memset(bits, 0, sizeof bits);
    if (filter && !filter_of(wanted, bits)) return NULL;
    Py_ssize_t n = PyList_Size(texts);
    if (!take(&b, languages, 4, 0)) goto out;
    if (length(&b) != (uint64_t)n) {
        PyErr_SetString(PyExc_ValueError, "each text has one language");
        goto out;
    }
    const uint32_t *language = b.view.buf;
    uint64_t longest = 0, size;
    const uint8_t *text;
    for (Py_ssize_t i = 0; i < n; i++) {
        if (!utf8_of(texts, i, &text, &size)) goto out;
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
        if (!utf8_of(texts, i, &text, &size)) goto out;
        if (!scan_text(table, text, size, language[i], points, filter, &spans)) {
            PyErr_NoMemory();
            goto out;
        }
        counts[i] = (uint32_t)(spans.n - before);
    }
    done = Py_BuildValue("(y#y#)", (char *)counts, (Py_ssize_t)(4 * n), spans.n ? (char *)spans.spans : "",
                         (Py_ssize_t)(spans.n * sizeof(Span)));
out:
    drop(&b);
    free(points);
    free(counts);
    free(spans.spans);
    return done;
}

/* One place in a text that means something: which of the wanted terms, from `from` up to `to`. */
typedef struct {
    uint32_t start, end, from, to;
} Place;

/* One text, and what came out of it: where the window lies, and where its marks are among all marks. */
typedef struct {
    const uint8_t *text;
    uint64_t size, start, end, marks_from, marks_to;
} Shown;

typedef struct {
    uint32_t *pairs;
    uint64_t n, room;
} Marks;

typedef struct {
    Wanted *wanted;
    uint64_t count;
    uint8_t may_be[BITS / 8];
    uint32_t *stamps, stamp; /* by term: in which window it was last seen */
    uint32_t *points, *starts;
    Place *places;
    uint64_t length, characters;
    double repeat;
} Look;

static int by_place(const void *one, const void *other) {
    const Wanted *a = one, *b = other;
    if (a->id != b->id) return a->id < b->id ? -1 : 1;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    if (a->last != b->last) return a->last < b->last ? -1 : 1;
    return a->term < b->term ? -1 : a->term > b->term;
}

/* Put together what the terms mean, each a list of (token, first, last). 0 with an exception where one is no list. */
static Wanted *wanted_of(PyObject *terms, uint64_t *count) {
    Py_ssize_t n = PyList_Size(terms);
    uint64_t room = 0, found = 0;
    Wanted *all = NULL;
    for (Py_ssize_t i = 0; i < n; i++) {
        Buffer b = {0};
        if (!take(&b, PyList_GetItem(terms, i), 4, 0)) goto failed;
        uint64_t size = length(&b);
        if (size % 3) {
            PyErr_SetString(PyExc_ValueError, "a place has three numbers");
            drop(&b);
            goto failed;
        }
        if (!all || found + size / 3 > room) {
            room = 2 * room + size / 3 + 64;
            Wanted *wider = realloc(all, room * sizeof *all);
            if (!wider) {
                PyErr_NoMemory();
                drop(&b);
                goto failed;
            }
            all = wider;
        }
        const uint32_t *number = size ? b.view.buf : NULL;
        for (uint64_t k = 0; k < size; k += 3)
            all[found++] = (Wanted){number[k], number[k + 1], number[k + 2], (uint32_t)i};
        drop(&b);
    }
    if (!all && !(all = malloc(sizeof *all))) PyErr_NoMemory();
    if (all) qsort(all, found, sizeof *all, by_place);
    *count = found;
    return all;
failed:
    free(all);
    return NULL;
}

static uint64_t first_wanted(const Look *look, uint32_t id) {
    uint64_t low = 0, high = look->count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (look->wanted[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint64_t find_places(const Look *look, const Span *spans, uint64_t n) {
    uint64_t found = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t id = spans[i].id;
        if (!(look->may_be[(id % BITS) / 8] >> (id % 8) & 1)) continue;
        for (uint64_t at = first_wanted(look, id); at < look->count && look->wanted[at].id == id;) {
            Wanted one = look->wanted[at];
            uint64_t from = at;
            while (at < look->count && look->wanted[at].id == id && look->wanted[at].first == one.first &&
                   look->wanted[at].last == one.last)
                at++;
            uint32_t start = spans[i].start + one.first;
            uint32_t end = one.last == WHOLE ? spans[i].end : spans[i].start + one.last;
            if (start > end || end > look->length) continue;
            look->places[found++] = (Place){start, end, (uint32_t)from, (uint32_t)at};
        }
    }
    return found;
}

static int is_closer(uint32_t c) {
    return c == '"' || c == '\'' || c == 0x201D || c == 0x2019 || c == 0xBB || c == ')' || c == ']';
}

static const uint64_t ENDS = 1ull << '.' | 1ull << '!' | 1ull << '?' | 1ull << '\n';

/* Where sentences begin, by what ends them. */
static uint64_t sentence_starts(const Look *look) {
    const uint32_t *c = look->points;
    uint64_t n = look->length, found = 0;
    look->starts[found++] = 0;
    for (uint64_t i = 0; i < n; i++) {
        /* Without a branch for each character, of which every sixth would go another way. */
        if (!((ENDS >> (c[i] & 63) & (c[i] < 64)) | (c[i] >= 0x80))) continue;
        int alone = c[i] == '\n';
        if (c[i] >= 0x80) {
            alone = c[i] == 0x3002 || c[i] == 0xFF01 || c[i] == 0xFF1F;
            if (!alone && c[i] != 0x964 && c[i] != 0x61F && c[i] != 0x2026) continue;
        }
        uint64_t after = i + 1;
        while (after < n && is_closer(c[after])) after++;
        if (after == n || !(alone || is_space(c[after]))) continue;
        while (after < n && is_space(c[after])) after++;
        look->starts[found++] = (uint32_t)after;
    }
    return found;
}

static uint64_t opening(const Look *look, uint64_t starts, uint64_t position) {
    uint64_t low = 0, high = starts;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (look->starts[middle] <= position)
            low = middle + 1;
        else
            high = middle;
    }
    uint64_t start = look->starts[low ? low - 1 : 0];
    if (position - start <= look->characters / 2) return start;
    start = position - look->characters / 4;
    while (start < position && !is_space(look->points[start - 1])) start++;
    return start;
}

static uint64_t closing(const Look *look, uint64_t start) {
    uint64_t end = start + look->characters, cut = end;
    if (end >= look->length)
        end = look->length;
    else {
        while (cut > start + look->characters / 2 && !is_space(look->points[cut])) cut--;
        if (is_space(look->points[cut])) end = cut;
    }
    while (end && is_space(look->points[end - 1])) end--;
    return end;
}

static double worth(Look *look, const Place *places, uint64_t n, uint64_t start, uint64_t end) {
    uint64_t different = 0, inside = 0;
    look->stamp++;
    for (uint64_t i = 0; i < n && places[i].start <= end; i++) {
        if (places[i].start < start || places[i].end > end) continue;
        inside++;
        for (uint32_t k = places[i].from; k < places[i].to; k++) {
            uint32_t term = look->wanted[k].term;
            different += look->stamps[term] != look->stamp;
            look->stamps[term] = look->stamp;
        }
    }
    return (double)different + look->repeat * (double)inside;
}

/* Choose the window of a text and mark what stands out in it. 0: no memory. */
static int show(Look *look, Shown *shown, const Span *spans, uint64_t n, Marks *marks) {
    look->length = decode(shown->text, shown->size, look->points);
    uint64_t found = find_places(look, spans, n);
    shown->start = 0;
    shown->end = look->length;
    if (look->length > look->characters) {
        uint64_t starts = found ? sentence_starts(look) : 0, best = 0, last = UINT64_MAX;
        double most = 0.0;
        for (uint64_t i = 0; i < found; i++) {
            uint64_t start = opening(look, starts, look->places[i].start);
            if (start == last) continue;
            last = start;
            double here = worth(look, look->places, found, start, start + look->characters);
            if (here > most) {
                most = here;
                best = start;
            }
        }
        shown->start = best;
        shown->end = closing(look, best);
    }
    shown->marks_from = marks->n;
    for (uint64_t i = 0; i < found; i++) {
        Place one = look->places[i];
        if (one.start < shown->start || one.end > shown->end) continue;
        if (marks->n > shown->marks_from && one.start <= marks->pairs[2 * marks->n - 1]) {
            if (one.end > marks->pairs[2 * marks->n - 1]) marks->pairs[2 * marks->n - 1] = one.end;
            continue;
        }
        if (marks->n == marks->room) {
            uint64_t room = 2 * marks->room + 256;
            uint32_t *pairs = realloc(marks->pairs, 2 * room * sizeof *pairs);
            if (!pairs) return 0;
            marks->pairs = pairs;
            marks->room = room;
        }
        marks->pairs[2 * marks->n] = one.start;
        marks->pairs[2 * marks->n++ + 1] = one.end;
    }
    shown->marks_to = marks->n;
    return 1;
}

static PyObject *shown_to_python(const Shown *shown, const Marks *marks, uint64_t base) {
    PyObject *pairs = PyTuple_New((Py_ssize_t)(shown->marks_to - shown->marks_from));
    if (!pairs) return NULL;
    for (uint64_t i = shown->marks_from; i < shown->marks_to; i++) {
        PyObject *pair = PyTuple_New(2);
        if (!pair || PyTuple_SetItem(pairs, (Py_ssize_t)(i - shown->marks_from), pair) < 0 ||
            PyTuple_SetItem(pair, 0, PyLong_FromUnsignedLongLong(base + marks->pairs[2 * i])) < 0 ||
            PyTuple_SetItem(pair, 1, PyLong_FromUnsignedLongLong(base + marks->pairs[2 * i + 1])) < 0 ||
            PyErr_Occurred()) {
            Py_DECREF(pairs);
            return NULL;
        }
    }
    return Py_BuildValue("(KKN)", (unsigned long long)shown->start, (unsigned long long)shown->end, pairs);
}

/* windows(texts, bases, counts, spans, terms, characters, repeat): of each text where to cut it, and what to mark. */
PyObject *loops_windows(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *texts, *terms, *objects[3], *done = NULL;
    Buffer b[3] = {0};
    unsigned long long characters;
    double repeat;
    Shown *shown = NULL;
    Marks marks = {0};
    Look *look = NULL;
    if (!PyArg_ParseTuple(args, "O!OOOO!Kd", &PyList_Type, &texts, objects, objects + 1, objects + 2, &PyList_Type,
                          &terms, &characters, &repeat))
        return NULL;
    if (!take(b, objects[0], 8, 0) || !take(b + 1, objects[1], 1, 0) || !take(b + 2, objects[2], 1, 0)) goto out;
    uint64_t n = (uint64_t)PyList_Size(texts), all = 0, longest = 0, most = 0, several = 1, run = 0;
    const uint64_t *bases = b[0].view.buf;
    const uint32_t *counts = b[1].view.buf;
    int fits = length(b) == n && length(b + 1) == 4 * n && length(b + 2) % sizeof(Span) == 0 && characters;
    for (uint64_t i = 0; fits && i < n; i++) {
        all += counts[i];
        if (counts[i] > most) most = counts[i];
    }
    if (!fits || all != length(b + 2) / sizeof(Span)) {
        PyErr_SetString(PyExc_ValueError, "texts and tokens don't fit together");
        goto out;
    }
    look = calloc(1, sizeof *look);
    if (!look || !(shown = calloc(n + 1, sizeof *shown))) {
        PyErr_NoMemory();
        goto out;
    }
    look->wanted = wanted_of(terms, &look->count);
    if (!look->wanted) goto out;
    look->characters = characters;
    look->repeat = repeat;
    for (uint64_t i = 0; i < look->count; i++) {
        uint32_t id = look->wanted[i].id;
        run = i && id == look->wanted[i - 1].id ? run + 1 : 1;
        if (run > several) several = run;
        look->may_be[(id % BITS) / 8] |= (uint8_t)(1 << id % 8);
    }
    for (uint64_t i = 0; i < n; i++) {
        if (!utf8_of(texts, (Py_ssize_t)i, &shown[i].text, &shown[i].size)) goto out;
        if (shown[i].size > longest) longest = shown[i].size;
    }
    look->points = malloc((longest + 1) * sizeof *look->points);
    look->starts = malloc((longest + 2) * sizeof *look->starts);
    look->places = malloc((most * several + 1) * sizeof *look->places);
    look->stamps = calloc((uint64_t)PyList_Size(terms) + 1, sizeof *look->stamps);
    int enough = look->points && look->starts && look->places && look->stamps;
    const Span *spans = b[2].view.buf;
    Py_BEGIN_ALLOW_THREADS
    for (uint64_t i = 0; enough && i < n; spans += counts[i++]) enough = show(look, shown + i, spans, counts[i], &marks);
    Py_END_ALLOW_THREADS
    if (!enough) {
        PyErr_NoMemory();
        goto out;
    }
    done = PyList_New((Py_ssize_t)n);
    for (uint64_t i = 0; done && i < n; i++) {
        PyObject *one = shown_to_python(shown + i, &marks, bases[i]);
        if (!one || PyList_SetItem(done, (Py_ssize_t)i, one) < 0) {
            Py_DECREF(done);
            done = NULL;
        }
    }
out:
    for (int k = 0; k < 3; k++) drop(b + k);
    if (look) {
        free(look->wanted);
        free(look->points);
        free(look->starts);
        free(look->places);
        free(look->stamps);
    }
    free(look);
    free(shown);
    free(marks.pairs);
    return done;
}
