/* Top k: each segment's best rows are merged with those of the segments before. */
#include "topk.h"
#include "article_marks.h"
#include "errors.h"
#include "search_request.h"
#include "segment_search.h"
#include "status.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct {
    int64_t *rows;
    double *scores;
    size_t n;
} RankedRows;

static int by_rank(const void *left, const void *right) {
    const Hit *a = left, *b = right;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

/* Take a segment's hits over among those of the segments before, best first, rows before rows where scores are alike:
 * those before are the earlier ones. */
static void merge_hits(RankedRows *into, RankedRows *spare, const SegmentSearch *s, int64_t base) {
    size_t i = 0, j = 0, n = 0;
    while (n < s->limit && (i < into->n || j < s->hit_count)) {
        if (j == s->hit_count || (i < into->n && into->scores[i] >= s->hits[j].score)) {
            spare->rows[n] = into->rows[i];
            spare->scores[n++] = into->scores[i++];
        } else {
            spare->rows[n] = base + s->hits[j].row;
            spare->scores[n++] = s->hits[j++].score;
        }
    }
    spare->n = n;
    RankedRows swap = *into;
    *into = *spare;
    *spare = swap;
}

static int reserve_ranked(RankedRows *r, size_t n) {
    r->rows = malloc(n * sizeof *r->rows);
    r->scores = malloc(n * sizeof *r->scores);
    return r->rows && r->scores;
}

static void free_ranked(RankedRows *r) {
    free(r->rows);
    free(r->scores);
}

/* best(leaves, operations, steps, weights, required, root, asks, plain, mask, filters, depth, presence = 0, counting =
 * 0): the best rows, best first, and one more, if there is one; how many articles match, or -1 where that wasn't wanted
 * or couldn't be told by the way. */
PyObject *segments_best(PyObject *self, PyObject *args) {
    PyObject *leaves, *o[4], *mask, *filters, *done = NULL;
    unsigned int depth;
    int counting = 0;
    long long count = 0;
    SearchRequest request = {0};
    SegmentSearch *s = &request.s;
    RankedRows ranked = {0}, spare = {0};
    if (!PyArg_ParseTuple(args, "O!OOOOiiiOO!I|dp", &PyList_Type, &leaves, o, o + 1, o + 2, o + 3, &s->root, &s->asks,
                          &s->plain, &mask, &PyList_Type, &filters, &depth, &s->presence,
                          &counting))
        return NULL;
    if (!acquire_request(&request, self, leaves, o, mask, filters)) goto out;
    if (depth >= request.rows) depth = (unsigned int)request.rows;
    s->limit = depth + 1;
    if (!reserve_ranked(&ranked, s->limit) || !reserve_ranked(&spare, s->limit)) {
        PyErr_NoMemory();
        goto out;
    }
    if (!prepare_request(&request)) goto out;
    int failed = 0, number = 0, ready = 1;
    s->floor = s->plain ? 0.0 : -1.0;
    PyThreadState *released = release_lock(reading_time(&request));
    for (; number < request.segments->count; number++) {
        ready = request.segments->items[number].rows ? open_segment(&request, number) : -1;
        if (ready < 0) continue;
        s->hit_count = 0;
        size_t words = counting && count >= 0 ? marked_words(request.segments->items + number) : 0;
        s->marked = words ? calloc(words, sizeof *s->marked) : NULL;
        failed = words && !s->marked ? NO_MEMORY : ready ? search_segment(s) : 1;
        count = s->marked && s->counted ? count + (long long)set_bits(s->marked, words) : -1;
        free(s->marked);
        if (!failed) {
            qsort(s->hits, s->hit_count, sizeof *s->hits, by_rank);
            merge_hits(&ranked, &spare, s, request.segments->items[number].base);
            if (ranked.n == s->limit && ranked.scores[ranked.n - 1] > s->floor) s->floor = ranked.scores[ranked.n - 1];
        }
        free(s->hits);
        s->hits = NULL;
        if (failed) break;
    }
    acquire_lock(released);
    if (!ready)
        raise_unfit();
    else if (failed)
        raise_damaged(failed, number);
    else
        done = Py_BuildValue("(y#y#L)", (char *)ranked.rows, (Py_ssize_t)(ranked.n * 8), (char *)ranked.scores,
                             (Py_ssize_t)(ranked.n * 8), counting ? count : -1LL);
out:
    free_ranked(&ranked);
    free_ranked(&spare);
    release_request(&request);
    return done;
}
