/* Highlight: says of many texts at once what search/highlight.py says of one in Python.
 *
 * scan() (token_spans.c) cuts texts into tokens and numbers them, windows() looks at those that mean something to a
 * query. Between the two, Python learns what the tokens mean that were never met before. */
#include "highlight.h"
#include "buffers.h"
#include "token_spans.h"
#include "utf8.h"

#include <stdint.h>
#include <stdlib.h>

enum { ID_FILTER_BITS = 4096 };

/* What a token means to a query: between two of its characters stands the term of a number. */
typedef struct {
    uint32_t id, first, last, term;
} QueryTermPart;

static const uint32_t WHOLE = UINT32_MAX;

/* One place in a text that means something: which of the wanted terms, from `from` up to `to`. */
typedef struct {
    uint32_t start, end, from, to;
} Match;

/* One text, and what came out of it: where the window lies, and where its marks are among all marks. */
typedef struct {
    const uint8_t *text;
    uint64_t size, start, end, marks_from, marks_to;
} Excerpt;

typedef struct {
    uint32_t *pairs;
    uint64_t n, room;
} Marks;

typedef struct {
    QueryTermPart *parts;
    uint64_t count;
    uint8_t id_filter[ID_FILTER_BITS / 8];
    uint32_t *stamps, stamp; /* by term: in which window it was last seen */
    uint32_t *points, *starts;
    Match *matches;
    uint64_t length, characters;
    double repeat;
} Highlighter;

static int by_place(const void *left, const void *right) {
    const QueryTermPart *a = left, *b = right;
    if (a->id != b->id) return a->id < b->id ? -1 : 1;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    if (a->last != b->last) return a->last < b->last ? -1 : 1;
    return a->term < b->term ? -1 : a->term > b->term;
}

/* Put together what the terms mean, each a list of (token, first, last). 0 with an exception where one is no list. */
static QueryTermPart *query_term_parts(PyObject *terms, uint64_t *count) {
    Py_ssize_t n = PyList_Size(terms);
    uint64_t room = 0, total = 0;
    QueryTermPart *all = NULL;
    for (Py_ssize_t i = 0; i < n; i++) {
        Buffer b = {0};
        if (!acquire_buffer(&b, PyList_GetItem(terms, i), 4, 0)) goto failed;
        uint64_t size = buffer_length(&b);
        if (size % 3) {
            PyErr_SetString(PyExc_ValueError, "a place has three numbers");
            release_buffer(&b);
            goto failed;
        }
        if (!all || total + size / 3 > room) {
            room = 2 * room + size / 3 + 64;
            QueryTermPart *wider = realloc(all, room * sizeof *all);
            if (!wider) {
                PyErr_NoMemory();
                release_buffer(&b);
                goto failed;
            }
            all = wider;
        }
        const uint32_t *number = size ? b.view.buf : NULL;
        for (uint64_t k = 0; k < size; k += 3)
            all[total++] = (QueryTermPart){number[k], number[k + 1], number[k + 2], (uint32_t)i};
        release_buffer(&b);
    }
    if (!all && !(all = malloc(sizeof *all))) PyErr_NoMemory();
    if (all) qsort(all, total, sizeof *all, by_place);
    *count = total;
    return all;
failed:
    free(all);
    return NULL;
}

static uint64_t first_part(const Highlighter *highlighter, uint32_t id) {
    uint64_t low = 0, high = highlighter->count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (highlighter->parts[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint64_t find_matches(const Highlighter *highlighter, const TokenSpan *spans, uint64_t n) {
    uint64_t total = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t id = spans[i].id;
        if (!(highlighter->id_filter[(id % ID_FILTER_BITS) / 8] >> (id % 8) & 1)) continue;
        for (uint64_t at = first_part(highlighter, id); at < highlighter->count && highlighter->parts[at].id == id;) {
            QueryTermPart part = highlighter->parts[at];
            uint64_t from = at;
            while (at < highlighter->count && highlighter->parts[at].id == id &&
                   highlighter->parts[at].first == part.first && highlighter->parts[at].last == part.last)
                at++;
            uint32_t start = spans[i].start + part.first;
            uint32_t end = part.last == WHOLE ? spans[i].end : spans[i].start + part.last;
            if (start > end || end > highlighter->length) continue;
            uint64_t place = total++; /* in order of their starts: a compound's token may begin within another's */
            for (; place && highlighter->matches[place - 1].start > start; place--)
                highlighter->matches[place] = highlighter->matches[place - 1];
            highlighter->matches[place] = (Match){start, end, (uint32_t)from, (uint32_t)at};
        }
    }
    return total;
}

static int is_closer(uint32_t c) {
    return c == '"' || c == '\'' || c == 0x201D || c == 0x2019 || c == 0xBB || c == ')' || c == ']';
}

static const uint64_t ENDS = 1ull << '.' | 1ull << '!' | 1ull << '?' | 1ull << '\n';

/* Where sentences begin, by what ends them. */
static uint64_t sentence_starts(const Highlighter *highlighter) {
    const uint32_t *c = highlighter->points;
    uint64_t n = highlighter->length, total = 0;
    highlighter->starts[total++] = 0;
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
        highlighter->starts[total++] = (uint32_t)after;
    }
    return total;
}

static uint64_t excerpt_start(const Highlighter *highlighter, uint64_t starts, uint64_t position) {
    uint64_t low = 0, high = starts;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (highlighter->starts[middle] <= position)
            low = middle + 1;
        else
            high = middle;
    }
    uint64_t start = highlighter->starts[low ? low - 1 : 0];
    if (position - start <= highlighter->characters / 2) return start;
    start = position - highlighter->characters / 4;
    while (start < position && !is_space(highlighter->points[start - 1])) start++;
    return start;
}

static uint64_t excerpt_end(const Highlighter *highlighter, uint64_t start) {
    uint64_t end = start + highlighter->characters, cut = end;
    if (end >= highlighter->length)
        end = highlighter->length;
    else {
        while (cut > start + highlighter->characters / 2 && !is_space(highlighter->points[cut])) cut--;
        if (is_space(highlighter->points[cut])) end = cut;
    }
    while (end && is_space(highlighter->points[end - 1])) end--;
    return end;
}

static double score_excerpt(Highlighter *highlighter, const Match *matches, uint64_t n, uint64_t start, uint64_t end) {
    uint64_t different = 0, inside = 0;
    highlighter->stamp++;
    for (uint64_t i = 0; i < n && matches[i].start <= end; i++) {
        if (matches[i].start < start || matches[i].end > end) continue;
        inside++;
        for (uint32_t k = matches[i].from; k < matches[i].to; k++) {
            uint32_t term = highlighter->parts[k].term;
            different += highlighter->stamps[term] != highlighter->stamp;
            highlighter->stamps[term] = highlighter->stamp;
        }
    }
    return (double)different + highlighter->repeat * (double)inside;
}

/* Choose the window of a text and mark what stands out in it. 0: no memory. */
static int highlight_text(Highlighter *highlighter, Excerpt *excerpt, const TokenSpan *spans, uint64_t n,
                          Marks *marks) {
    highlighter->length = decode_utf8(excerpt->text, excerpt->size, highlighter->points);
    uint64_t total = find_matches(highlighter, spans, n);
    excerpt->start = 0;
    excerpt->end = highlighter->length;
    if (highlighter->length > highlighter->characters) {
        uint64_t starts = total ? sentence_starts(highlighter) : 0, best = 0, last = UINT64_MAX;
        double most = 0.0;
        for (uint64_t i = 0; i < total; i++) {
            uint64_t start = excerpt_start(highlighter, starts, highlighter->matches[i].start);
            if (start == last) continue;
            last = start;
            double here =
                score_excerpt(highlighter, highlighter->matches, total, start, start + highlighter->characters);
            if (here > most) {
                most = here;
                best = start;
            }
        }
        excerpt->start = best;
        excerpt->end = excerpt_end(highlighter, best);
    }
    excerpt->marks_from = marks->n;
    for (uint64_t i = 0; i < total; i++) {
        Match match = highlighter->matches[i];
        if (match.start < excerpt->start || match.end > excerpt->end) continue;
        if (marks->n > excerpt->marks_from && match.start <= marks->pairs[2 * marks->n - 1]) {
            if (match.end > marks->pairs[2 * marks->n - 1]) marks->pairs[2 * marks->n - 1] = match.end;
            continue;
        }
        if (marks->n == marks->room) {
            uint64_t room = 2 * marks->room + 256;
            uint32_t *pairs = realloc(marks->pairs, 2 * room * sizeof *pairs);
            if (!pairs) return 0;
            marks->pairs = pairs;
            marks->room = room;
        }
        marks->pairs[2 * marks->n] = match.start;
        marks->pairs[2 * marks->n++ + 1] = match.end;
    }
    excerpt->marks_to = marks->n;
    return 1;
}

static PyObject *excerpt_to_python(const Excerpt *excerpt, const Marks *marks, uint64_t base) {
    PyObject *pairs = PyTuple_New((Py_ssize_t)(excerpt->marks_to - excerpt->marks_from));
    if (!pairs) return NULL;
    for (uint64_t i = excerpt->marks_from; i < excerpt->marks_to; i++) {
        PyObject *pair = PyTuple_New(2);
        if (!pair || PyTuple_SetItem(pairs, (Py_ssize_t)(i - excerpt->marks_from), pair) < 0 ||
            PyTuple_SetItem(pair, 0, PyLong_FromUnsignedLongLong(base + marks->pairs[2 * i])) < 0 ||
            PyTuple_SetItem(pair, 1, PyLong_FromUnsignedLongLong(base + marks->pairs[2 * i + 1])) < 0 ||
            PyErr_Occurred()) {
            Py_DECREF(pairs);
            return NULL;
        }
    }
    return Py_BuildValue("(KKN)", (unsigned long long)excerpt->start, (unsigned long long)excerpt->end, pairs);
}

/* windows(texts, bases, counts, spans, terms, characters, repeat): of each text where to cut it, and what to mark. */
PyObject *native_windows(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *texts, *terms, *objects[3], *done = NULL;
    Buffer b[3] = {0};
    unsigned long long characters;
    double repeat;
    Excerpt *excerpts = NULL;
    Marks marks = {0};
    Highlighter *highlighter = NULL;
    if (!PyArg_ParseTuple(args, "O!OOOO!Kd", &PyList_Type, &texts, objects, objects + 1, objects + 2, &PyList_Type,
                          &terms, &characters, &repeat))
        return NULL;
    if (!acquire_buffer(b, objects[0], 8, 0) || !acquire_buffer(b + 1, objects[1], 1, 0) ||
        !acquire_buffer(b + 2, objects[2], 1, 0))
        goto out;
    uint64_t n = (uint64_t)PyList_Size(texts), all = 0, longest = 0, bytes = 0, most = 0, several = 1, run = 0;
    const uint64_t *bases = b[0].view.buf;
    const uint32_t *counts = b[1].view.buf;
    int fits = buffer_length(b) == n && buffer_length(b + 1) == 4 * n &&
               buffer_length(b + 2) % sizeof(TokenSpan) == 0 && characters;
    for (uint64_t i = 0; fits && i < n; i++) {
        all += counts[i];
        if (counts[i] > most) most = counts[i];
    }
    if (!fits || all != buffer_length(b + 2) / sizeof(TokenSpan)) {
        PyErr_SetString(PyExc_ValueError, "texts and tokens don't fit together");
        goto out;
    }
    highlighter = calloc(1, sizeof *highlighter);
    if (!highlighter || !(excerpts = calloc(n + 1, sizeof *excerpts))) {
        PyErr_NoMemory();
        goto out;
    }
    highlighter->parts = query_term_parts(terms, &highlighter->count);
    if (!highlighter->parts) goto out;
    highlighter->characters = characters;
    highlighter->repeat = repeat;
    for (uint64_t i = 0; i < highlighter->count; i++) {
        uint32_t id = highlighter->parts[i].id;
        run = i && id == highlighter->parts[i - 1].id ? run + 1 : 1;
        if (run > several) several = run;
        highlighter->id_filter[(id % ID_FILTER_BITS) / 8] |= (uint8_t)(1 << id % 8);
    }
    for (uint64_t i = 0; i < n; i++) {
        if (!text_at(texts, (Py_ssize_t)i, &excerpts[i].text, &excerpts[i].size)) goto out;
        if (excerpts[i].size > longest) longest = excerpts[i].size;
        bytes += excerpts[i].size;
    }
    highlighter->points = malloc((longest + 1) * sizeof *highlighter->points);
    highlighter->starts = malloc((longest + 2) * sizeof *highlighter->starts);
    highlighter->matches = malloc((most * several + 1) * sizeof *highlighter->matches);
    highlighter->stamps = calloc((uint64_t)PyList_Size(terms) + 1, sizeof *highlighter->stamps);
    int enough = highlighter->points && highlighter->starts && highlighter->matches && highlighter->stamps;
    const TokenSpan *spans = b[2].view.buf;
    PyThreadState *released = release_lock(5 * bytes);
    for (uint64_t i = 0; enough && i < n; spans += counts[i++])
        enough = highlight_text(highlighter, excerpts + i, spans, counts[i], &marks);
    acquire_lock(released);
    if (!enough) {
        PyErr_NoMemory();
        goto out;
    }
    done = PyList_New((Py_ssize_t)n);
    for (uint64_t i = 0; done && i < n; i++) {
        PyObject *item = excerpt_to_python(excerpts + i, &marks, bases[i]);
        if (!item || PyList_SetItem(done, (Py_ssize_t)i, item) < 0) {
            Py_DECREF(done);
            done = NULL;
        }
    }
out:
    for (int k = 0; k < 3; k++) release_buffer(b + k);
    if (highlighter) {
        free(highlighter->parts);
        free(highlighter->points);
        free(highlighter->starts);
        free(highlighter->matches);
        free(highlighter->stamps);
    }
    free(highlighter);
    free(excerpts);
    free(marks.pairs);
    return done;
}
