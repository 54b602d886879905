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
