#include "segments.h"

/* Here is a pattern or a misspelling; which words look like it, and where do their terms stand? */

static Part *parts_with_words(PyObject *self) {
    SegmentsObject *segments = (SegmentsObject *)self;
    for (int i = 0; i < segments->count; i++)
        if (!segments->parts[i].has_words) {
            PyErr_SetString(PyExc_TypeError, "the words of a segment weren't given");
            return NULL;
        }
    return segments->parts;
}

/* Misspellings after which a sieve is made: it costs as much as some twenty walks through the words. */
#define PATIENCE 8

/* Make a segment's sieve where many misspellings are asked; say whether it can be used for one. 0, 1 or 2: failed. */
static int sifts(Part *p, int limit, int *failed) {
    if (limit != 1) return 0;
    if (p->misspelt < PATIENCE) p->misspelt++;
    if (p->misspelt < PATIENCE) return 0;
    if (!p->sifted) *failed = make_sieve(&p->words, &p->sieve);
    p->sifted = !*failed;
    return p->sieve.blocks != NULL;
}

/* words(kind, pattern, points, limit): for each segment the numbers of the living words (32 bits) that begin with a
 * prefix (kind 0), fit a wildcard (1), or lie within so many edits of a word's code points (2). */
PyObject *segments_words(PyObject *self, PyObject *args) {
    int kind, limit, failed = 0, count = ((SegmentsObject *)self)->count;
    const char *pattern;
    Py_ssize_t size;
    PyObject *given;
    Buffer points = {0};
    if (!PyArg_ParseTuple(args, "iy#Oi", &kind, &pattern, &size, &given, &limit)) return NULL;
    Part *parts = parts_with_words(self);
    PyObject *done = parts && take(&points, given, 4, 0) ? PyTuple_New(count) : NULL;
    size_t literal = 0;
    while (kind == 1 && literal < (size_t)size && pattern[literal] != '*' && pattern[literal] != '?') literal++;
    for (int i = 0; done && i < count; i++) {
        Alike out = {0};
        int size_of = length(&points) < 1000 ? (int)length(&points) : 1000;
        int sifted = kind == 2 && sifts(parts + i, limit, &failed);
        Py_BEGIN_ALLOW_THREADS
        if (failed) {
        } else if (sifted)
            failed = find_one_off(&parts[i].words, &parts[i].sieve, points.view.buf, size_of, &out);
        else if (kind == 2)
            failed = find_near(&parts[i].words, points.view.buf, size_of, limit, &out);
        else
            failed = find_beginning(&parts[i].words, (const uint8_t *)pattern, kind ? literal : (size_t)size,
                                    kind ? (const uint8_t *)pattern : NULL, (size_t)size, &out);
        Py_END_ALLOW_THREADS
        PyObject *one = failed ? damaged(failed, i)
                               : PyBytes_FromStringAndSize((char *)out.words, (Py_ssize_t)(out.n * sizeof *out.words));
        free(out.words);
        free(out.edits);
        if (one)
            PyTuple_SetItem(done, i, one);
        else
            Py_CLEAR(done);
    }
    drop(&points);
    return done;
}

/* A term of some words: its text, and its number in the segment where it was found. */
typedef struct {
    const uint8_t *text;
    size_t size;
    uint32_t id;
    int segment;
} Named;

typedef struct {
    Named *all;
    size_t n, space;
} Names;

static int by_text(const void *one, const void *other) {
    const Named *a = one, *b = other;
    int order = memcmp(a->text, b->text, a->size < b->size ? a->size : b->size);
    if (order) return order;
    return a->size < b->size ? -1 : a->size > b->size;
}

static int by_id(const void *one, const void *other) {
    const Named *a = one, *b = other;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* Note the terms of some words of a segment, each once. */
static int note_terms(const Part *p, int number, const uint32_t *words, uint64_t count, Names *names) {
    const Field *f = p->fields[TEXT];
    size_t from = names->n;
    for (uint64_t i = 0; i < count; i++) {
        if (words[i] >= p->words.count) return 1;
        uint64_t first = number_at(p->word_starts, p->word_starts_width, words[i]),
                 last = number_at(p->word_starts, p->word_starts_width, (uint64_t)words[i] + 1);
        if (first >= last || last > p->word_term_count) return 1;
        for (; first < last; first++) {
            if (names->n == names->space) {
                size_t space = names->space ? 2 * names->space : 256;
                Named *all = realloc(names->all, space * sizeof *all);
                if (!all) return 2;
                names->all = all;
                names->space = space;
            }
            Named *one = names->all + names->n;
            one->id = p->word_terms[first];
            one->segment = number;
            if (one->id >= f->term_count) return 1;
            uint64_t begin = number_at(f->offsets, f->offsets_width, one->id),
                     end = number_at(f->offsets, f->offsets_width, (uint64_t)one->id + 1);
            if (begin > end || end > f->blob_size) return 1;
            one->text = f->blob + begin;
            one->size = end - begin;
            names->n++;
        }
    }
    if (names->n - from > 1) qsort(names->all + from, names->n - from, sizeof *names->all, by_id);
    size_t kept = from;
    for (size_t i = from; i < names->n; i++)
        if (i == from || names->all[i].id != names->all[kept - 1].id) names->all[kept++] = names->all[i];
    names->n = kept;
    return 0;
}

/* Find where the named terms have postings in a segment. */
static int find_places(const Part *p, int number, int field, const Names *names, Span *places, size_t *n) {
    const Field *f = p->fields[field];
    uint64_t from = 0, id;
    *n = 0;
    for (size_t i = 0; i < names->n;) {
        const Named *one = names->all + i;
        int found = 0;
        for (; i < names->n && !by_text(names->all + i, one); i++)
            if (names->all[i].segment == number && field == TEXT) {
                found = 1;
                id = names->all[i].id;
            }
        if (!found) found = find_term(f, one->text, one->size, from, &id);
        if (found < 0) return 1;
        if (id > from) from = id;
        if (!found) continue;
        Span *place = places + *n;
        *place = (Span){0};
        if (!span_of(f, id, &place->first, &place->last)) return 1;
        place->df = living_df(p, field, id, place->first, place->last);
        ++*n;
    }
    return 0;
}

/* Unite what was found in a segment into a leaf's span. */
static int unite_places(const Part *p, int field, const Span *places, size_t n, Span *span) {
    if (!n) return 0;
    if (n == 1) {
        *span = *places;
        return 0;
    }
    Cursor *lists = malloc(n * sizeof *lists);
    if (!lists) return 2;
    for (size_t k = 0; k < n; k++) open_list(lists + k, p->fields[field], places[k].first, places[k].last);
    int failed = unite(lists, (int)n, p->rows, p->deleted, &span->rows, &span->counts, &span->n);
    span->df = span->n;
    free(lists);
    return failed;
}

/* union(field, words): the rows that have any term of some words, for each segment their numbers as `words` gives
 * them. A term counts in every segment, also where no word of it was found. */
PyObject *segments_union(PyObject *self, PyObject *args) {
    SegmentsObject *segments = (SegmentsObject *)self;
    int field, failed = 0, number = 0;
    PyObject *given;
    if (!PyArg_ParseTuple(args, "iO!", &field, &PyTuple_Type, &given)) return NULL;
    Part *parts = parts_with_words(self);
    if (!parts) return NULL;
    if (PyTuple_Size(given) != segments->count) {
        PyErr_SetString(PyExc_TypeError, "each segment has words");
        return NULL;
    }
    LeafObject *leaf = new_leaf(segments, field, PyType_GetModuleState(Py_TYPE(self)));
    if (!leaf) return NULL;
    Names names = {0};
    for (; number < segments->count && !failed; number++) {
        Buffer b = {0};
        if (!take(&b, PyTuple_GetItem(given, number), 1, 0)) {
            free(names.all);
            Py_DECREF(leaf);
            return NULL;
        }
        failed = note_terms(parts + number, number, b.view.buf, length(&b) / sizeof(uint32_t), &names);
        drop(&b);
    }
    Span *places = malloc((names.n + 1) * sizeof *places);
    if (!places) failed = 2;
    if (!failed) {
        Py_BEGIN_ALLOW_THREADS
        /* Of one segment, terms stand in the order of their numbers, which is that of their texts. */
        if (segments->count > 1 && names.n > 1) qsort(names.all, names.n, sizeof *names.all, by_text);
        for (number = 0; number < segments->count && !failed; number++) {
            size_t n;
            failed = find_places(parts + number, number, field, &names, places, &n);
            if (failed) continue;
            failed = unite_places(parts + number, field, places, n, leaf->spans + number);
            leaf->df += leaf->spans[number].df;
        }
        Py_END_ALLOW_THREADS
    }
    free(names.all);
    free(places);
    if (!failed) return (PyObject *)leaf;
    Py_DECREF(leaf);
    return damaged(failed, number - 1);
}

/* together(field, leaves): the rows that have any of some terms. */
PyObject *segments_together(PyObject *self, PyObject *args) {
    SegmentsObject *segments = (SegmentsObject *)self;
    State *state = PyType_GetModuleState(Py_TYPE(self));
    int field, failed = 0, number = 0, fits = 1;
    PyObject *given;
    if (!PyArg_ParseTuple(args, "iO!", &field, &PyList_Type, &given)) return NULL;
    Py_ssize_t count = PyList_Size(given);
    for (Py_ssize_t k = 0; k < count && fits; k++) {
        LeafObject *one = (LeafObject *)PyList_GetItem(given, k);
        fits = PyObject_TypeCheck((PyObject *)one, (PyTypeObject *)state->leaf_type) && one->owner == segments &&
               one->field == field && !one->unit_count;
        for (int i = 0; i < segments->count && fits; i++) fits = !one->spans[i].rows;
    }
    if (!fits) {
        PyErr_SetString(PyExc_TypeError, "packed terms of one field are put together");
        return NULL;
    }
    LeafObject *leaf = new_leaf(segments, field, state);
    Span *places = malloc(((size_t)count + 1) * sizeof *places);
    if (leaf && !places) PyErr_NoMemory();
    for (; leaf && places && number < segments->count && !failed; number++) {
        size_t n = 0;
        for (Py_ssize_t k = 0; k < count; k++) {
            const Span *span = ((LeafObject *)PyList_GetItem(given, k))->spans + number;
            if (span->last > span->first) places[n++] = *span;
        }
        failed = unite_places(segments->parts + number, field, places, n, leaf->spans + number);
        leaf->df += leaf->spans[number].df;
    }
    if (failed) damaged(failed, number - 1);
    if (leaf && (failed || !places)) Py_CLEAR(leaf);
    free(places);
    return (PyObject *)leaf;
}
