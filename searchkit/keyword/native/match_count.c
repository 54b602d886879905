/* Match count: how many articles a program matches; no score is worked out where none is needed to tell. */
#include "match_count.h"
#include "article_marks.h"
#include "errors.h"
#include "search_request.h"
#include "segment_search.h"
#include "status.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* count(leaves, operations, steps, weights, required, root, asks, plain, mask, filters): the articles that match. */
PyObject *segments_count(PyObject *self, PyObject *args) {
    PyObject *leaves, *o[4], *mask, *filters, *done = NULL;
    SearchRequest request = {0};
    SegmentSearch *s = &request.s;
    if (!PyArg_ParseTuple(args, "O!OOOOiiiOO!", &PyList_Type, &leaves, o, o + 1, o + 2, o + 3, &s->root, &s->asks,
                          &s->plain, &mask, &PyList_Type, &filters))
        return NULL;
    if (!acquire_request(&request, self, leaves, o, mask, filters) || !prepare_request(&request)) goto out;
    uint64_t count = 0;
    int failed = DONE, number = 0, ready = 1;
    PyThreadState *released = release_lock(reading_time(&request));
    for (; number < request.segments->count && !failed; number++) {
        const Segment *segment = request.segments->items + number;
        if (!segment->rows) continue;
        ready = segment->has_articles && open_segment(&request, number) > 0;
        if (!ready) break;
        size_t words = marked_words(segment);
        s->marked = calloc(words, sizeof *s->marked);
        failed = s->marked ? search_segment(s) : NO_MEMORY;
        if (!failed) count += set_bits(s->marked, words);
        free(s->marked);
        if (failed) break;
    }
    acquire_lock(released);
    if (!ready)
        raise_unfit();
    else
        done = failed ? raise_damaged(failed, number) : PyLong_FromUnsignedLongLong(count);
out:
    release_request(&request);
    return done;
}
