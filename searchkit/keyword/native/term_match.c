/* Term match: words are found in every segment, and the postings of their terms united. */
#include "term_match.h"
#include "buffers.h"
#include "errors.h"
#include "fuzzy_filter.h"
#include "leaf.h"
#include "module_state.h"
#include "postings_cursor.h"
#include "segments.h"
#include "status.h"
#include "union.h"
#include "word_search.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static Segment *segments_with_words(PyObject *self) {
    SegmentsObject *segments = (SegmentsObject *)self;
    for (int i = 0; i < segments->count; i++)
        if (!segments->items[i].has_words) {
            PyErr_SetString(PyExc_TypeError, "the words of a segment weren't given");
            return NULL;
        }
    return segments->items;
}

/* Misspellings after which a filter is made: it costs as much as some twenty walks through the words. */
#define FUZZY_FILTER_AFTER 8

/* Make a segment's filter where many misspellings are looked for; say whether it can be used. `failed`: a status. */
static int use_fuzzy_filter(Segment *segment, int limit, int *failed) {
    if (limit != 1) return 0;
    if (segment->fuzzy_queries < FUZZY_FILTER_AFTER) segment->fuzzy_queries++;
    if (segment->fuzzy_queries < FUZZY_FILTER_AFTER) return 0;
    if (!segment->has_fuzzy_filter) *failed = build_fuzzy_filter(&segment->words, &segment->fuzzy_filter);
    segment->has_fuzzy_filter = !*failed;
    return segment->fuzzy_filter.blocks != NULL;
}

/* words(kind, pattern, points, limit): for each segment the numbers of the living words (32 bits) that begin with a
 * prefix (kind 0), fit a wildcard (1), or lie within so many edits of a word's code points (2). */
PyObject *segments_words(PyObject *self, PyObject *args) {
    int kind, limit, failed = 0, count = ((SegmentsObject *)self)->count;
    const char *pattern;
    Py_ssize_t size;
    PyObject *points_object;
    Buffer points = {0};
    if (!PyArg_ParseTuple(args, "iy#Oi", &kind, &pattern, &size, &points_object, &limit)) return NULL;
    Segment *segments = segments_with_words(self);
    PyObject *result = segments && acquire_buffer(&points, points_object, 4, 0) ? PyTuple_New(count) : NULL;
    size_t literal = 0;
    while (kind == 1 && literal < (size_t)size && pattern[literal] != '*' && pattern[literal] != '?') literal++;
    for (int i = 0; result && i < count; i++) {
        WordMatches out = {0};
        int size_of = buffer_length(&points) < 1000 ? (int)buffer_length(&points) : 1000;
        int has_fuzzy_filter = kind == 2 && use_fuzzy_filter(segments + i, limit, &failed);
        Py_BEGIN_ALLOW_THREADS
        if (failed) {
        } else if (has_fuzzy_filter)
            failed = match_one_edit(&segments[i].words, &segments[i].fuzzy_filter, points.view.buf, size_of, &out);
        else if (kind == 2)
            failed = match_fuzzy(&segments[i].words, points.view.buf, size_of, limit, &out);
        else
            failed = match_prefix(&segments[i].words, (const uint8_t *)pattern, kind ? literal : (size_t)size,
                                  kind ? (const uint8_t *)pattern : NULL, (size_t)size, &out);
        Py_END_ALLOW_THREADS
        PyObject *item = failed ? raise_damaged(failed, i)
                                : PyBytes_FromStringAndSize((char *)out.words, (Py_ssize_t)(out.n * sizeof *out.words));
        free(out.words);
        free(out.edits);
        if (item)
            PyTuple_SetItem(result, i, item);
        else
            Py_CLEAR(result);
    }
    release_buffer(&points);
    return result;
}

/* A term of some words: its text, and its number in the segment where it was found. */
typedef struct {
    const uint8_t *text;
    size_t size;
    uint32_t id;
    int segment;
} SegmentTerm;

typedef struct {
    SegmentTerm *all;
    size_t n, space;
} TermList;

static int by_text(const void *left, const void *right) {
    const SegmentTerm *a = left, *b = right;
    int order = memcmp(a->text, b->text, a->size < b->size ? a->size : b->size);
    if (order) return order;
    return a->size < b->size ? -1 : a->size > b->size;
}

static int by_id(const void *left, const void *right) {
    const SegmentTerm *a = left, *b = right;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* Note the terms of some words of a segment, each once. */
static int collect_terms(const Segment *segment, int number, const uint32_t *words, uint64_t count, TermList *terms) {
    const Field *f = segment->fields[TEXT];
    size_t from = terms->n;
    for (uint64_t i = 0; i < count; i++) {
        if (words[i] >= segment->words.count) return DAMAGED;
        uint64_t first = number_at(segment->word_starts, segment->word_starts_width, words[i]),
                 last = number_at(segment->word_starts, segment->word_starts_width, (uint64_t)words[i] + 1);
        if (first >= last || last > segment->word_term_count) return DAMAGED;
        for (; first < last; first++) {
            if (terms->n == terms->space) {
                size_t space = terms->space ? 2 * terms->space : 256;
                SegmentTerm *all = realloc(terms->all, space * sizeof *all);
                if (!all) return NO_MEMORY;
                terms->all = all;
                terms->space = space;
            }
            SegmentTerm *term = terms->all + terms->n;
            term->id = segment->word_terms[first];
            term->segment = number;
            if (term->id >= f->term_count) return DAMAGED;
            uint64_t begin = number_at(f->offsets, f->offsets_width, term->id),
                     end = number_at(f->offsets, f->offsets_width, (uint64_t)term->id + 1);
            if (begin > end || end > f->blob_size) return DAMAGED;
            term->text = f->blob + begin;
            term->size = end - begin;
            terms->n++;
        }
    }
    if (terms->n - from > 1) qsort(terms->all + from, terms->n - from, sizeof *terms->all, by_id);
    size_t kept = from;
    for (size_t i = from; i < terms->n; i++)
        if (i == from || terms->all[i].id != terms->all[kept - 1].id) terms->all[kept++] = terms->all[i];
    terms->n = kept;
    return DONE;
}

/* Find where the named terms have postings in a segment. */
static int find_postings(const Segment *segment, int number, int field, const TermList *terms, LeafPostings *matches,
                         size_t *n) {
    const Field *f = segment->fields[field];
    uint64_t from = 0, id;
    *n = 0;
    for (size_t i = 0; i < terms->n;) {
        const SegmentTerm *term = terms->all + i;
        int status = 0;
        for (; i < terms->n && !by_text(terms->all + i, term); i++)
            if (terms->all[i].segment == number && field == TEXT) {
                status = 1;
                id = terms->all[i].id;
            }
        if (!status) status = find_term(f, term->text, term->size, from, &id);
        if (status < 0) return DAMAGED;
        if (id > from) from = id;
        if (!status) continue;
        LeafPostings *match = matches + *n;
        *match = (LeafPostings){0};
        if (!term_postings(f, id, &match->first, &match->last)) return DAMAGED;
        match->df = live_df(segment, field, id, match->first, match->last);
        ++*n;
    }
    return DONE;
}

/* Unite the postings of terms of a segment into those of a leaf. */
static int union_leaf_postings(const Segment *segment, int field, const LeafPostings *matches, size_t n,
                               LeafPostings *span) {
    if (!n) return DONE;
    if (n == 1) {
        *span = *matches;
        return DONE;
    }
    Cursor *cursors = malloc(n * sizeof *cursors);
    if (!cursors) return NO_MEMORY;
    for (size_t k = 0; k < n; k++)
        open_packed_cursor(cursors + k, segment->fields[field], matches[k].first, matches[k].last);
    int failed = union_postings(cursors, (int)n, segment->rows, segment->deleted, &span->rows, &span->counts, &span->n);
    span->df = span->n;
    free(cursors);
    return failed;
}

/* union(field, words): the rows that have any term of some words, for each segment their numbers as `words` gives
 * them. A term counts in every segment, also where no word of it was found. */
PyObject *segments_union(PyObject *self, PyObject *args) {
    SegmentsObject *segments = (SegmentsObject *)self;
    int field, failed = 0, number = 0;
    PyObject *words;
    if (!PyArg_ParseTuple(args, "iO!", &field, &PyTuple_Type, &words)) return NULL;
    Segment *segment_list = segments_with_words(self);
    if (!segment_list) return NULL;
    if (PyTuple_Size(words) != segments->count) {
        PyErr_SetString(PyExc_TypeError, "each segment has words");
        return NULL;
    }
    LeafObject *leaf = make_leaf(segments, field, module_state_of(self));
    if (!leaf) return NULL;
    TermList terms = {0};
    for (; number < segments->count && !failed; number++) {
        Buffer b = {0};
        if (!acquire_buffer(&b, PyTuple_GetItem(words, number), 1, 0)) {
            free(terms.all);
            Py_DECREF(leaf);
            return NULL;
        }
        failed = collect_terms(segment_list + number, number, b.view.buf, buffer_length(&b) / sizeof(uint32_t), &terms);
        release_buffer(&b);
    }
    LeafPostings *matches = malloc((terms.n + 1) * sizeof *matches);
    if (!matches) failed = NO_MEMORY;
    if (!failed) {
        Py_BEGIN_ALLOW_THREADS
        /* Of one segment, terms stand in the order of their numbers, which is that of their texts. */
        if (segments->count > 1 && terms.n > 1) qsort(terms.all, terms.n, sizeof *terms.all, by_text);
        for (number = 0; number < segments->count && !failed; number++) {
            size_t n;
            failed = find_postings(segment_list + number, number, field, &terms, matches, &n);
            if (failed) continue;
            failed = union_leaf_postings(segment_list + number, field, matches, n, leaf->postings + number);
            leaf->df += leaf->postings[number].df;
        }
        Py_END_ALLOW_THREADS
    }
    free(terms.all);
    free(matches);
    if (!failed) return (PyObject *)leaf;
    Py_DECREF(leaf);
    return raise_damaged(failed, number - 1);
}

/* together(field, leaves): the rows that have any of some terms. */
PyObject *segments_together(PyObject *self, PyObject *args) {
    SegmentsObject *segments = (SegmentsObject *)self;
    ModuleState *state = module_state_of(self);
    int field, failed = 0, number = 0, fits = 1;
    PyObject *leaves;
    if (!PyArg_ParseTuple(args, "iO!", &field, &PyList_Type, &leaves)) return NULL;
    Py_ssize_t count = PyList_Size(leaves);
    for (Py_ssize_t k = 0; k < count && fits; k++) {
        LeafObject *term = (LeafObject *)PyList_GetItem(leaves, k);
        fits = PyObject_TypeCheck((PyObject *)term, (PyTypeObject *)state->leaf_type) && term->owner == segments &&
               term->field == field && !term->unit_count;
        for (int i = 0; i < segments->count && fits; i++) fits = !term->postings[i].rows;
    }
    if (!fits) {
        PyErr_SetString(PyExc_TypeError, "packed terms of one field are put together");
        return NULL;
    }
    LeafObject *leaf = make_leaf(segments, field, state);
    LeafPostings *matches = malloc(((size_t)count + 1) * sizeof *matches);
    if (leaf && !matches) PyErr_NoMemory();
    for (; leaf && matches && number < segments->count && !failed; number++) {
        size_t n = 0;
        for (Py_ssize_t k = 0; k < count; k++) {
            const LeafPostings *span = ((LeafObject *)PyList_GetItem(leaves, k))->postings + number;
            if (span->last > span->first) matches[n++] = *span;
        }
        failed = union_leaf_postings(segments->items + number, field, matches, n, leaf->postings + number);
        leaf->df += leaf->postings[number].df;
    }
    if (failed) raise_damaged(failed, number - 1);
    if (leaf && (failed || !matches)) Py_CLEAR(leaf);
    free(matches);
    return (PyObject *)leaf;
}
