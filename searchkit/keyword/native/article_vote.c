/* Article vote: the best chunk's score, less a part of how far the best few lie below it in the mean. */
#include "article_vote.h"
#include "buffers.h"
#include "errors.h"
#include "search_request.h"
#include "segment_search.h"
#include "segments.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum { MOST_VOTERS = 16, MOST_ARTICLES = 256 };

/* A group's score: the best less the vote times how far the best few lie below it in the mean. */
static double voted_score(const double *scores, int64_t count, double vote, int voters) {
    double best[MOST_VOTERS] = {0}, behind = 0.0;
    int n = 0;
    for (int64_t k = 0; k < count; k++) {
        int at = n < voters ? n++ : voters;
        for (; at && best[at - 1] < scores[k]; at--)
            if (at < voters) best[at] = best[at - 1];
        if (at < voters) best[at] = scores[k];
    }
    for (int k = 0; k < n; k++) behind += best[0] - best[k];
    return best[0] - vote * behind / n;
}

/* An article whose chunks are scored: its number over all segments, its segment, its first row there, its row count. */
typedef struct {
    int64_t number;
    int32_t segment;
    uint32_t first, count;
} ArticleChunks;

static int by_number(const void *left, const void *right) {
    const ArticleChunks *a = left, *b = right;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* The articles of some rows, the first `most` different ones, ascending; `next` is the place of the row that would have
 * been one more, or the number of rows. -1 where a row isn't there or the articles aren't known. */
static int articles_of_rows(const SegmentsObject *segments, const int64_t *rows, uint64_t n, int most,
                            ArticleChunks *articles, uint64_t *next) {
    int count = 0;
    for (*next = 0; *next < n; ++*next) {
        int64_t before = 0, row = rows[*next];
        int number = 0;
        for (; number < segments->count; number++) {
            const Segment *segment = segments->items + number;
            if (segment->rows && !segment->has_articles) return -1;
            if (row < segment->base + (int64_t)segment->rows) break;
            if (segment->rows) before += (int64_t)segment->articles[segment->rows - 1] + 1;
        }
        if (row < 0 || number == segments->count) return -1;
        const Segment *segment = segments->items + number;
        uint32_t first = (uint32_t)(row - segment->base), end = first + 1;
        int32_t article = segment->articles[first];
        int known = 0;
        for (int i = 0; i < count && !known; i++) known = articles[i].number == before + article;
        if (known) continue;
        if (count == most) break;
        while (first && segment->articles[first - 1] == article) first--;
        while (end < segment->rows && segment->articles[end] == article) end++;
        articles[count++] = (ArticleChunks){before + article, number, first, end - first};
    }
    qsort(articles, (size_t)count, sizeof *articles, by_number);
    return count;
}

/* What the chunks of some articles score: each chunk's row over all segments, its score, and whether it matches. */
typedef struct {
    uint32_t *wanted;
    int64_t *rows;
    double *scores;
    uint8_t *matched;
} ChunkScores;

static int reserve_chunks(ChunkScores *c, uint64_t n) {
    c->wanted = malloc((n + 1) * sizeof *c->wanted);
    c->rows = malloc((n + 1) * sizeof *c->rows);
    c->scores = calloc(n + 1, sizeof *c->scores);
    c->matched = calloc(n + 1, 1);
    return c->wanted && c->rows && c->scores && c->matched;
}

static void free_chunks(ChunkScores *c) {
    free(c->wanted);
    free(c->rows);
    free(c->scores);
    free(c->matched);
}

/* Score the chunks of the articles of one segment, which begin at a place among all chunks. 0: it isn't ready. */
static int score_chunks(SearchRequest *request, const ArticleChunks *articles, int count, ChunkScores *c, uint64_t at,
                        int *failed) {
    SegmentSearch *s = &request->s;
    int64_t base = request->segments->items[articles->segment].base;
    uint64_t n = 0;
    for (int i = 0; i < count; i++)
        for (uint32_t k = 0; k < articles[i].count; k++, n++) {
            c->wanted[at + n] = articles[i].first + k;
            c->rows[at + n] = base + articles[i].first + k;
        }
    if (!open_segment(request, articles->segment)) return 0;
    s->wanted = c->wanted + at;
    s->wanted_count = (uint32_t)n;
    s->scores = c->scores + at;
    s->matched = c->matched + at;
    *failed = search_segment(s);
    return 1;
}

/* voted(leaves, operations, steps, weights, required, root, asks, plain, mask, filters, rows, most, vote, voters): of
 * the articles of the best rows, which come best first, the first `most`: their numbers and scores; how many rows were
 * looked at until there were so many; and the rows of all their chunks, ascending, the scores of these, and which
 * match. */
PyObject *segments_voted(PyObject *self, PyObject *args) {
    PyObject *leaves, *o[4], *mask, *filters, *rows_object, *done = NULL;
    SearchRequest request = {0};
    SegmentSearch *s = &request.s;
    Buffer b = {0};
    ArticleChunks *articles = NULL;
    ChunkScores chunks = {0};
    int64_t *numbers = NULL;
    double vote, *scores = NULL;
    int most, voters, count, failed = 0, ready = 1, number = 0;
    uint64_t next, n = 0, at = 0;
    if (!PyArg_ParseTuple(args, "O!OOOOiiiOO!Oidi", &PyList_Type, &leaves, o, o + 1, o + 2, o + 3, &s->root, &s->asks,
                          &s->plain, &mask, &PyList_Type, &filters, &rows_object, &most, &vote, &voters))
        return NULL;
    if (!acquire_request(&request, self, leaves, o, mask, filters) || !prepare_request(&request) ||
        !acquire_buffer(&b, rows_object, 8, 0))
        goto out;
    if (most < 1 || most > MOST_ARTICLES || voters < 1 || voters > MOST_VOTERS || !b.held) {
        raise_unfit();
        goto out;
    }
    if (!(articles = malloc((size_t)most * sizeof *articles))) {
        PyErr_NoMemory();
        goto out;
    }
    count = articles_of_rows(request.segments, b.view.buf, buffer_length(&b), most, articles, &next);
    if (count < 0) {
        raise_unfit();
        goto out;
    }
    for (int i = 0; i < count; i++) n += articles[i].count;
    numbers = malloc(((size_t)count + 1) * sizeof *numbers);
    scores = malloc(((size_t)count + 1) * sizeof *scores);
    if (!numbers || !scores || !reserve_chunks(&chunks, n)) {
        PyErr_NoMemory();
        goto out;
    }
    PyThreadState *released = release_lock(40 * n * (uint64_t)request.s.cursor_count);
    for (int i = 0, same_segment; i < count && ready && !failed; i += same_segment) {
        number = articles[i].segment;
        for (same_segment = 1; i + same_segment < count && articles[i + same_segment].segment == number;
             same_segment++) {}
        ready = score_chunks(&request, articles + i, same_segment, &chunks, at, &failed);
        for (int k = i; k < i + same_segment && ready && !failed; at += articles[k++].count) {
            numbers[k] = articles[k].number;
            scores[k] = voted_score(chunks.scores + at, articles[k].count, vote, voters);
        }
    }
    acquire_lock(released);
    if (!ready)
        raise_unfit();
    else if (failed)
        raise_damaged(failed, number);
    else
        done =
            Py_BuildValue("(y#y#Ky#y#y#)", (char *)numbers, (Py_ssize_t)(8 * count), (char *)scores,
                          (Py_ssize_t)(8 * count), (unsigned long long)next, (char *)chunks.rows, (Py_ssize_t)(8 * n),
                          (char *)chunks.scores, (Py_ssize_t)(8 * n), (char *)chunks.matched, (Py_ssize_t)n);
out:
    release_buffer(&b);
    free_chunks(&chunks);
    free(articles);
    free(numbers);
    free(scores);
    release_request(&request);
    return done;
}

/* vote(counts, scores, vote, voters): each group's score, the best less the vote times how far the best few lie below
 * it in the mean; the groups' scores stand one after the other. */
PyObject *native_vote(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *counts, *scores, *done = NULL;
    double vote;
    int voters;
    Buffer b[2] = {0};
    if (!PyArg_ParseTuple(args, "OOdi", &counts, &scores, &vote, &voters)) return NULL;
    if (!acquire_buffer(b, counts, 8, 0) || !acquire_buffer(b + 1, scores, 8, 0)) goto out;
    const int64_t *count = b[0].view.buf;
    const double *score = b[1].view.buf;
    uint64_t groups = buffer_length(b), left = buffer_length(b + 1);
    int fits = voters > 0 && voters <= MOST_VOTERS;
    for (uint64_t i = 0; i < groups && fits; left -= (uint64_t)count[i++])
        fits = count[i] > 0 && (uint64_t)count[i] <= left;
    if (!fits || left) {
        PyErr_SetString(PyExc_ValueError, "groups and scores don't fit together");
        goto out;
    }
    done = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)groups * 8);
    if (!done) goto out;
    double *to = (double *)PyBytes_AsString(done);
    for (uint64_t i = 0; i < groups; score += count[i++]) {
        to[i] = voted_score(score, count[i], vote, voters);
    }
out:
    release_buffer(b);
    release_buffer(b + 1);
    return done;
}
