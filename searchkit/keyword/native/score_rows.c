/* Score rows: fills arrays from Python with scores, and says which rows match. */
#include "score_rows.h"
#include "buffers.h"
#include "errors.h"
#include "search_request.h"
#include "segment_search.h"

#include <stdint.h>

/* fill(number, leaves, operations, steps, weights, required, root, asks, plain, mask, filters, wanted, scores, matched,
 * allowed, presence = 0, bare = None): the scores of some rows of a segment, or of all; of some those without presence,
 * too. */
PyObject *segments_fill(PyObject *self, PyObject *args) {
    PyObject *leaves, *o[4], *mask, *filters, *arrays[4], *bare = Py_None, *done = NULL;
    SearchRequest request = {0};
    SegmentSearch *s = &request.s;
    Buffer b[5] = {0};
    int number;
    if (!PyArg_ParseTuple(args, "iO!OOOOiiiOO!OOOO|dO", &number, &PyList_Type, &leaves, o, o + 1, o + 2, o + 3, &s->root,
                          &s->asks, &s->plain, &mask, &PyList_Type, &filters, arrays, arrays + 1, arrays + 2,
                          arrays + 3, &s->presence, &bare))
        return NULL;
    if (!acquire_request(&request, self, leaves, o, mask, filters) || !prepare_request(&request)) goto out;
    if (number < 0 || number >= request.segments->count || !open_segment(&request, number)) {
        raise_unfit();
        goto out;
    }
    if (!acquire_buffer(b, arrays[0], 4, 0) || !acquire_buffer(b + 1, arrays[1], 8, 1) ||
        !acquire_buffer(b + 2, arrays[2], 1, 1) || !acquire_buffer(b + 3, arrays[3], 1, 1) ||
        !acquire_buffer(b + 4, bare, 8, 1))
        goto out;
    s->wanted = b->held ? b->view.buf : NULL;
    s->wanted_count = (uint32_t)buffer_length(b);
    s->scores = b[1].view.buf;
    s->bare_scores = b[4].held ? b[4].view.buf : NULL;
    s->matched = b[2].view.buf;
    s->allowed = b[3].view.buf;
    uint64_t row_count = s->wanted ? s->wanted_count : s->rows;
    int fits = buffer_length(b + 1) == row_count && buffer_length(b + 2) == row_count &&
               (s->wanted || buffer_length(b + 3) == s->rows) &&
               (!b[4].held || (s->wanted && buffer_length(b + 4) == row_count));
    for (uint32_t i = 0; i < s->wanted_count && fits; i++)
        fits = s->wanted[i] < s->rows && (!i || s->wanted[i] >= s->wanted[i - 1]);
    if (!fits) {
        raise_unfit();
        goto out;
    }
    uint64_t few = 40 * (uint64_t)s->wanted_count * (uint64_t)s->cursor_count;
    PyThreadState *released = release_lock(s->wanted ? few : reading_time(&request));
    int failed = search_segment(s);
    acquire_lock(released);
    done = failed ? raise_damaged(failed, number) : Py_None;
    if (!failed) Py_INCREF(done);
out:
    for (int i = 0; i < 5; i++) release_buffer(b + i);
    release_request(&request);
    return done;
}
