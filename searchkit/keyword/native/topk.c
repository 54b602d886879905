#include "segments.h"

/* Here are a program and its leaves; which rows of all segments match it best? */

static void wrong(void) { PyErr_SetString(PyExc_TypeError, "a program's arrays don't fit together"); }

void open_span(Cursor *c, const Part *part, int field, const Span *span) {
    if (span->rows) {
        open_plain(c, span->rows, span->counts, span->n, part->rows);
        c->plain_positions = span->positions;
        c->plain_starts = span->starts;
    } else if (span->last > span->first)
        open_list(c, part->fields[field], span->first, span->last);
    else
        open_plain(c, NULL, NULL, 0, part->rows);
    c->form = span->only - 1;
    c->own = span->own - 1;
}

static const Borders *borders_of(const Part *part, int field) { return field == TEXT ? &part->borders : NULL; }

/* Open the lists of a phrase's words in a segment; 0 where one has none, so that there is nothing to find. */
static int open_units(const LeafObject *leaf, int number, Cursor *units) {
    for (int k = 0; k < leaf->unit_count; k++) {
        const Span *span = ((LeafObject *)leaf->units[k])->spans + number;
        if (span->last <= span->first && !span->n) return 0;
        open_span(units + k, leaf->owner->parts + number, leaf->field, span);
    }
    return 1;
}

int find_phrase(LeafObject *leaf) {
    if (leaf->found) return 1;
    Cursor *units = malloc(((size_t)leaf->unit_count + 1) * sizeof *units);
    int failed = units ? 0 : 2, number = 0;
    for (; !failed && number < leaf->owner->count; number++) {
        const Part *p = leaf->owner->parts + number;
        Span *span = leaf->spans + number, mine = {0};
        if (span->rows || !open_units(leaf, number, units)) continue;
        Py_BEGIN_ALLOW_THREADS
        failed = phrase(units, leaf->gaps, leaf->unit_count, leaf->slop, borders_of(p, leaf->field), p->deleted,
                        &mine.rows, &mine.counts, &mine.n);
        Py_END_ALLOW_THREADS
        if (failed) break;
        if (span->rows) { /* another thread was there before */
            free(mine.rows);
            free(mine.counts);
        } else
            *span = mine;
    }
    free(units);
    if (failed) damaged(failed, number);
    leaf->found |= !failed;
    return !failed;
}

/* What a search is made of: the leaves, the program's arrays, and a segment's lists and tables. */
typedef struct {
    Search s;
    SegmentsObject *segments;
    LeafObject **leaves;
    Buffer b[5];
    Buffer mask, *filters;
    int filter_count;
    uint64_t rows; /* of all segments */
} Asked;

static void release(Asked *a) {
    for (int i = 0; i < 4; i++) drop(a->b + i);
    for (int i = 0; i < a->filter_count && a->filters; i++) drop(a->filters + i);
    drop(&a->mask);
    for (int i = 0; i < a->s.list_count && a->leaves; i++) Py_XDECREF((PyObject *)a->leaves[i]);
    free(a->filters);
    free(a->leaves);
    free(a->s.lists);
    free(a->s.units);
    free(a->s.tables);
    free(a->s.filters);
}

/* Check that a program names only what is there. */
static int sound(const Search *s, int filter_count) {
    int good = s->root >= 0 && s->root < s->register_count;
    for (int i = 0; i < s->register_count && good; i++) {
        Operation o = s->operations[i];
        if (o.what == 2) good = o.a >= 0 && o.a < s->list_count;
        if (o.what == 3) good = o.a >= 0 && o.a < filter_count;
        if (o.what > 3) good = o.a >= 0 && o.a < i && o.b >= 0 && o.b < i;
        good &= o.what >= 0 && o.what < 7;
    }
    for (int i = 0; i < s->step_count && good; i++) {
        Step t = s->steps[i];
        good = t.leaf < s->list_count && t.gate >= 0 && t.gate < s->register_count && t.holding >= 0 &&
               t.holding < s->register_count && (t.leaf >= 0 || !s->plain);
    }
    for (int i = 0; i < s->required_count && good; i++)
        good = s->required[i] >= 0 && s->required[i] < s->list_count;
    return good;
}

static int take_leaves(Asked *a, PyObject *self, PyObject *leaves) {
    State *state = PyType_GetModuleState(Py_TYPE(self));
    Search *s = &a->s;
    s->list_count = (int)PyList_Size(leaves);
    size_t n = (size_t)s->list_count + 1;
    a->leaves = calloc(n, sizeof *a->leaves);
    s->lists = malloc(n * sizeof *s->lists);
    s->tables = calloc(n, sizeof *s->tables);
    if (!a->leaves || !s->lists || !s->tables) {
        PyErr_NoMemory();
        return 0;
    }
    for (int i = 0; i < s->list_count; i++) {
        PyObject *leaf = PyList_GetItem(leaves, i);
        if (!PyObject_TypeCheck(leaf, (PyTypeObject *)state->leaf_type) ||
            ((LeafObject *)leaf)->owner != a->segments) {
            PyErr_SetString(PyExc_TypeError, "a leaf is one of these segments'");
            return 0;
        }
        a->leaves[i] = (LeafObject *)leaf;
        Py_INCREF(leaf); /* other threads may let go of it meanwhile */
    }
    return 1;
}

static int take_asked(Asked *a, PyObject *self, PyObject *leaves, PyObject **o, PyObject *mask, PyObject *filters) {
    Search *s = &a->s;
    a->segments = (SegmentsObject *)self;
    if (!take_leaves(a, self, leaves)) return 0;
    Buffer *b = a->b;
    if (!take(b, o[0], 4, 0) || !take(b + 1, o[1], 4, 0) || !take(b + 2, o[2], 8, 0) || !take(b + 3, o[3], 4, 0))
        return 0;
    s->operations = b->view.buf;
    s->register_count = (int)(length(b) / 3);
    s->steps = b[1].view.buf;
    s->step_count = (int)(length(b + 1) / 3);
    s->weights = b[2].view.buf;
    s->required = b[3].view.buf;
    s->required_count = (int)length(b + 3);
    a->rows = 0;
    for (int i = 0; i < a->segments->count; i++) a->rows += a->segments->parts[i].rows;
    int count = (int)PyList_Size(filters);
    a->filters = calloc((size_t)count + 1, sizeof *a->filters);
    s->filters = calloc((size_t)count + 1, sizeof *s->filters);
    if (!a->filters || !s->filters) {
        PyErr_NoMemory();
        return 0;
    }
    int fits = 1;
    for (; a->filter_count < count && fits; a->filter_count++) {
        if (!take(a->filters + a->filter_count, PyList_GetItem(filters, a->filter_count), 1, 0)) return 0;
        fits = length(a->filters + a->filter_count) == a->rows;
    }
    if (!take(&a->mask, mask, 1, 0)) return 0;
    fits &= !a->mask.held || length(&a->mask) == a->rows;
    fits &= !b->held || !b[1].held || !b[2].held || !b[3].held ? 0 : 1;
    if (fits && sound(s, count) && length(b + 2) == (uint64_t)s->step_count) return 1;
    wrong();
    return 0;
}

/* A phrase alone is read while it is scored; any other is worked out before. */
static int lone_phrase(const Asked *a) {
    const Search *s = &a->s;
    return s->limit && s->list_count == 1 && a->leaves[0]->unit_count && !a->leaves[0]->found && s->step_count == 1 &&
           s->steps->leaf == 0 && s->asks && (s->plain || (every_word(s) && s->required_count == 1));
}

/* Get ready what of the leaves needs the interpreter's lock. 0 with an error set. */
static int prepare(Asked *a) {
    Search *s = &a->s;
    if (lone_phrase(a)) {
        s->unit_count = a->leaves[0]->unit_count;
        s->gaps = a->leaves[0]->gaps;
        s->slop = a->leaves[0]->slop;
        s->units = malloc((size_t)s->unit_count * sizeof *s->units);
        if (!s->units) PyErr_NoMemory();
        return s->units != NULL;
    }
    for (int i = 0; i < s->list_count; i++)
        if (!find_phrase(a->leaves[i])) return 0;
    return 1;
}

/* Put a segment in; return 0 where something of it wasn't given, -1 where nothing can be found in it. */
static int enter(Asked *a, int number) {
    Search *s = &a->s;
    const Part *p = a->segments->parts + number;
    s->rows = p->rows;
    s->article_of_row = p->articles;
    s->single = p->has_articles && p->single;
    s->deleted = p->deleted;
    s->mask = a->mask.held ? (const uint8_t *)a->mask.view.buf + p->base : NULL;
    for (int i = 0; i < a->filter_count; i++) s->filters[i] = (const uint8_t *)a->filters[i].view.buf + p->base;
    s->borders = s->units ? borders_of(p, a->leaves[0]->field) : NULL;
    if (!p->has_articles && !(s->plain && s->limit)) return 0;
    for (int i = 0; i < s->list_count; i++) {
        if (!p->has_table[a->leaves[i]->field]) return 0;
        s->tables[i] = p->tables[a->leaves[i]->field];
        open_span(s->lists + i, p, a->leaves[i]->field, a->leaves[i]->spans + number);
    }
    return !s->units || open_units(a->leaves[0], number, s->units) ? 1 : -1;
}

typedef struct {
    int64_t *rows;
    double *scores;
    size_t n;
} Ranked;

static int first(const void *one, const void *other) {
    const Hit *a = one, *b = other;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

/* Take a segment's hits over among those of the segments before, best first, rows before rows where scores are alike:
 * those before are the earlier ones. */
static void merge(Ranked *into, Ranked *spare, const Search *s, int64_t base) {
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
    Ranked swap = *into;
    *into = *spare;
    *spare = swap;
}

static int make_ranked(Ranked *r, size_t n) {
    r->rows = malloc(n * sizeof *r->rows);
    r->scores = malloc(n * sizeof *r->scores);
    return r->rows && r->scores;
}

static void free_ranked(Ranked *r) {
    free(r->rows);
    free(r->scores);
}

/* best(leaves, operations, steps, weights, required, root, asks, plain, mask, filters, depth): the best rows, best
 * first, and one more, if there is one. */
PyObject *segments_best(PyObject *self, PyObject *args) {
    PyObject *leaves, *o[4], *mask, *filters, *done = NULL;
    unsigned int depth;
    Asked a = {0};
    Search *s = &a.s;
    Ranked ranked = {0}, spare = {0};
    if (!PyArg_ParseTuple(args, "O!OOOOiiiOO!I", &PyList_Type, &leaves, o, o + 1, o + 2, o + 3, &s->root, &s->asks,
                          &s->plain, &mask, &PyList_Type, &filters, &depth))
        return NULL;
    if (!take_asked(&a, self, leaves, o, mask, filters)) goto out;
    if (depth >= a.rows) depth = (unsigned int)a.rows;
    s->limit = depth + 1;
    if (!make_ranked(&ranked, s->limit) || !make_ranked(&spare, s->limit)) {
        PyErr_NoMemory();
        goto out;
    }
    if (!prepare(&a)) goto out;
    int failed = 0, number = 0, ready = 1;
    s->floor = s->plain ? 0.0 : -1.0;
    Py_BEGIN_ALLOW_THREADS
    for (; number < a.segments->count; number++) {
        ready = a.segments->parts[number].rows ? enter(&a, number) : -1;
        if (ready < 0) continue;
        s->hit_count = 0;
        failed = ready ? run_search(s) : 1;
        if (!failed) {
            qsort(s->hits, s->hit_count, sizeof *s->hits, first);
            merge(&ranked, &spare, s, a.segments->parts[number].base);
            if (ranked.n == s->limit && ranked.scores[ranked.n - 1] > s->floor) s->floor = ranked.scores[ranked.n - 1];
        }
        free(s->hits);
        s->hits = NULL;
        if (failed) break;
    }
    Py_END_ALLOW_THREADS
    if (!ready)
        wrong();
    else if (failed)
        damaged(failed, number);
    else
        done = Py_BuildValue("(y#y#)", (char *)ranked.rows, (Py_ssize_t)(ranked.n * 8), (char *)ranked.scores,
                             (Py_ssize_t)(ranked.n * 8));
out:
    free_ranked(&ranked);
    free_ranked(&spare);
    release(&a);
    return done;
}

/* fill(number, leaves, operations, steps, weights, required, root, asks, plain, mask, filters, wanted, scores, matched,
 * allowed): the scores of some rows of a segment, or of all. */
PyObject *segments_fill(PyObject *self, PyObject *args) {
    PyObject *leaves, *o[4], *mask, *filters, *given[4], *done = NULL;
    Asked a = {0};
    Search *s = &a.s;
    Buffer b[4] = {0};
    int number;
    if (!PyArg_ParseTuple(args, "iO!OOOOiiiOO!OOOO", &number, &PyList_Type, &leaves, o, o + 1, o + 2, o + 3, &s->root,
                          &s->asks, &s->plain, &mask, &PyList_Type, &filters, given, given + 1, given + 2, given + 3))
        return NULL;
    if (!take_asked(&a, self, leaves, o, mask, filters) || !prepare(&a)) goto out;
    if (number < 0 || number >= a.segments->count || !enter(&a, number)) {
        wrong();
        goto out;
    }
    if (!take(b, given[0], 4, 0) || !take(b + 1, given[1], 8, 1) || !take(b + 2, given[2], 1, 1) ||
        !take(b + 3, given[3], 1, 1))
        goto out;
    s->wanted = b->held ? b->view.buf : NULL;
    s->wanted_count = (uint32_t)length(b);
    s->scores = b[1].view.buf;
    s->matched = b[2].view.buf;
    s->allowed = b[3].view.buf;
    uint64_t asked = s->wanted ? s->wanted_count : s->rows;
    int fits = length(b + 1) == asked && length(b + 2) == asked && (s->wanted || length(b + 3) == s->rows);
    for (uint32_t i = 0; i < s->wanted_count && fits; i++)
        fits = s->wanted[i] < s->rows && (!i || s->wanted[i] >= s->wanted[i - 1]);
    if (!fits) {
        wrong();
        goto out;
    }
    int failed;
    Py_BEGIN_ALLOW_THREADS
    failed = run_search(s);
    Py_END_ALLOW_THREADS
    done = failed ? damaged(failed, number) : Py_None;
    if (!failed) Py_INCREF(done);
out:
    for (int i = 0; i < 4; i++) drop(b + i);
    release(&a);
    return done;
}

double voted_score(const double *scores, int64_t count, double vote, int voters) {
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

/* An article whose chunks are looked at: its number over all segments, its segment, its first row there and how many. */
typedef struct {
    int64_t number;
    int32_t part;
    uint32_t first, count;
} Whole;

static int by_number(const void *one, const void *other) {
    const Whole *a = one, *b = other;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* The articles of some rows, the first `most` different ones, ascending; `next` is the place of the row that would have
 * been one more, or the number of rows. -1 where a row isn't there or the articles aren't known. */
static int whole_articles(const SegmentsObject *segments, const int64_t *rows, uint64_t n, int most, Whole *found,
                          uint64_t *next) {
    int count = 0;
    for (*next = 0; *next < n; ++*next) {
        int64_t before = 0, row = rows[*next];
        int number = 0;
        for (; number < segments->count; number++) {
            const Part *p = segments->parts + number;
            if (p->rows && !p->has_articles) return -1;
            if (row < p->base + (int64_t)p->rows) break;
            if (p->rows) before += (int64_t)p->articles[p->rows - 1] + 1;
        }
        if (row < 0 || number == segments->count) return -1;
        const Part *p = segments->parts + number;
        uint32_t first = (uint32_t)(row - p->base), end = first + 1;
        int32_t article = p->articles[first];
        int known = 0;
        for (int i = 0; i < count && !known; i++) known = found[i].number == before + article;
        if (known) continue;
        if (count == most) break;
        while (first && p->articles[first - 1] == article) first--;
        while (end < p->rows && p->articles[end] == article) end++;
        found[count++] = (Whole){before + article, number, first, end - first};
    }
    qsort(found, (size_t)count, sizeof *found, by_number);
    return count;
}

/* What the chunks of some articles score: each chunk's row over all segments, its score, and whether it matches. */
typedef struct {
    uint32_t *wanted;
    int64_t *rows;
    double *scores;
    uint8_t *matched;
} Chunks;

static int make_chunks(Chunks *c, uint64_t n) {
    c->wanted = malloc((n + 1) * sizeof *c->wanted);
    c->rows = malloc((n + 1) * sizeof *c->rows);
    c->scores = calloc(n + 1, sizeof *c->scores);
    c->matched = calloc(n + 1, 1);
    return c->wanted && c->rows && c->scores && c->matched;
}

static void free_chunks(Chunks *c) {
    free(c->wanted);
    free(c->rows);
    free(c->scores);
    free(c->matched);
}

/* Score the chunks of the articles of one segment, which begin at a place among all chunks. 0: it isn't ready. */
static int score_chunks(Asked *a, const Whole *articles, int count, Chunks *c, uint64_t at, int *failed) {
    Search *s = &a->s;
    int64_t base = a->segments->parts[articles->part].base;
    uint64_t n = 0;
    for (int i = 0; i < count; i++)
        for (uint32_t k = 0; k < articles[i].count; k++, n++) {
            c->wanted[at + n] = articles[i].first + k;
            c->rows[at + n] = base + articles[i].first + k;
        }
    if (!enter(a, articles->part)) return 0;
    s->wanted = c->wanted + at;
    s->wanted_count = (uint32_t)n;
    s->scores = c->scores + at;
    s->matched = c->matched + at;
    *failed = run_search(s);
    return 1;
}

/* voted(leaves, operations, steps, weights, required, root, asks, plain, mask, filters, rows, most, vote, voters): of the
 * articles of the best rows, which come best first, the first `most`: their numbers and scores; how many rows were looked
 * at until there were so many; and the rows of all their chunks, ascending, the scores of these, and which match. */
PyObject *segments_voted(PyObject *self, PyObject *args) {
    PyObject *leaves, *o[4], *mask, *filters, *given, *done = NULL;
    Asked a = {0};
    Search *s = &a.s;
    Buffer b = {0};
    Whole *articles = NULL;
    Chunks chunks = {0};
    int64_t *numbers = NULL;
    double vote, *scores = NULL;
    int most, voters, count, failed = 0, ready = 1, number = 0;
    uint64_t next, n = 0, at = 0;
    if (!PyArg_ParseTuple(args, "O!OOOOiiiOO!Oidi", &PyList_Type, &leaves, o, o + 1, o + 2, o + 3, &s->root, &s->asks,
                          &s->plain, &mask, &PyList_Type, &filters, &given, &most, &vote, &voters))
        return NULL;
    if (!take_asked(&a, self, leaves, o, mask, filters) || !prepare(&a) || !take(&b, given, 8, 0)) goto out;
    if (most < 1 || most > MOST_ARTICLES || voters < 1 || voters > MOST_VOTERS || !b.held) {
        wrong();
        goto out;
    }
    if (!(articles = malloc((size_t)most * sizeof *articles))) {
        PyErr_NoMemory();
        goto out;
    }
    count = whole_articles(a.segments, b.view.buf, length(&b), most, articles, &next);
    if (count < 0) {
        wrong();
        goto out;
    }
    for (int i = 0; i < count; i++) n += articles[i].count;
    numbers = malloc(((size_t)count + 1) * sizeof *numbers);
    scores = malloc(((size_t)count + 1) * sizeof *scores);
    if (!numbers || !scores || !make_chunks(&chunks, n)) {
        PyErr_NoMemory();
        goto out;
    }
    Py_BEGIN_ALLOW_THREADS
    for (int i = 0, mine; i < count && ready && !failed; i += mine) {
        number = articles[i].part;
        for (mine = 1; i + mine < count && articles[i + mine].part == number; mine++) {}
        ready = score_chunks(&a, articles + i, mine, &chunks, at, &failed);
        for (int k = i; k < i + mine && ready && !failed; at += articles[k++].count) {
            numbers[k] = articles[k].number;
            scores[k] = voted_score(chunks.scores + at, articles[k].count, vote, voters);
        }
    }
    Py_END_ALLOW_THREADS
    if (!ready)
        wrong();
    else if (failed)
        damaged(failed, number);
    else
        done = Py_BuildValue("(y#y#Ky#y#y#)", (char *)numbers, (Py_ssize_t)(8 * count), (char *)scores,
                             (Py_ssize_t)(8 * count), (unsigned long long)next, (char *)chunks.rows,
                             (Py_ssize_t)(8 * n), (char *)chunks.scores, (Py_ssize_t)(8 * n), (char *)chunks.matched,
                             (Py_ssize_t)n);
out:
    drop(&b);
    free_chunks(&chunks);
    free(articles);
    free(numbers);
    free(scores);
    release(&a);
    return done;
}
