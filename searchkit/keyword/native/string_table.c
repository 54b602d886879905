#include "buffers.h"

typedef struct {
    const char *text;
    size_t size;
} Text;

/* The order of the bytes in UTF-8 is that of the code points. */
static int by_text(const void *a, const void *b) {
    const Text *x = a, *y = b;
    int order = memcmp(x->text, y->text, x->size < y->size ? x->size : y->size);
    return order ? order : x->size < y->size ? -1 : x->size > y->size;
}

/* Find a string by its number over all tables; 0 where it isn't there. */
static int text_at(const Buffer *b, const int *widths, Py_ssize_t tables, uint64_t place, Text *out) {
    for (Py_ssize_t k = 0; k < tables; k++, b += 2) {
        uint64_t count = length(b + 1) ? length(b + 1) - 1 : 0;
        if (place < count) {
            uint64_t from = number_at(b[1].view.buf, widths[k], place),
                     to = number_at(b[1].view.buf, widths[k], place + 1);
            *out = (Text){(const char *)b->view.buf + from, (size_t)(to - from)};
            return from <= to && to <= (uint64_t)b->view.len;
        }
        place -= count;
    }
    return 0;
}

/* Sort what stands together and has the same score. */
static void sort_ties(Text *texts, const double *scores, uint64_t n) {
    for (uint64_t first = 0, i = 1; i <= n; i++) {
        if (i < n && scores[i] == scores[first]) continue;
        if (i - first > 1) qsort(texts + first, i - first, sizeof *texts, by_text);
        first = i;
    }
}

static PyObject *list_of(const Text *texts, uint64_t n) {
    PyObject *done = PyList_New((Py_ssize_t)n);
    for (uint64_t i = 0; i < n && done; i++) {
        PyObject *one = PyUnicode_DecodeUTF8(texts[i].text, (Py_ssize_t)texts[i].size, NULL);
        if (one)
            PyList_SetItem(done, (Py_ssize_t)i, one);
        else
            Py_CLEAR(done);
    }
    return done;
}

/* strings(tables, numbers, scores): the strings of some numbers, counted over all tables (blob, offsets), in their
 * order; with scores, those of neighbours with the same score in their own. */
PyObject *loops_strings(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *given, *numbers, *values, *done = NULL;
    Buffer asked = {0}, scores = {0};
    if (!PyArg_ParseTuple(args, "O!OO", &PyList_Type, &given, &numbers, &values)) return NULL;
    Py_ssize_t tables = PyList_Size(given);
    Buffer *b = calloc(2 * (size_t)tables + 1, sizeof *b);
    int *widths = calloc((size_t)tables + 1, sizeof *widths);
    Text *texts = NULL;
    if (!b || !widths) {
        PyErr_NoMemory();
        goto out;
    }
    for (Py_ssize_t k = 0; k < tables; k++) {
        PyObject *blob, *offsets;
        if (!PyArg_ParseTuple(PyList_GetItem(given, k), "OO", &blob, &offsets) || !take(b + 2 * k, blob, 1, 0) ||
            !wide(b + 2 * k + 1, offsets, widths + k))
            goto out;
    }
    if (!take(&asked, numbers, 8, 0) || !take(&scores, values, 8, 0)) goto out;
    uint64_t n = length(&asked), found = 0;
    texts = malloc((n + 1) * sizeof *texts);
    if (!texts) {
        PyErr_NoMemory();
        goto out;
    }
    const int64_t *wanted = asked.view.buf;
    while (found < n && text_at(b, widths, tables, (uint64_t)wanted[found], texts + found)) found++;
    if (found < n || (scores.held && length(&scores) != n)) {
        PyErr_SetString(PyExc_ValueError, "strings don't fit their offsets");
        goto out;
    }
    if (scores.held) sort_ties(texts, scores.view.buf, n);
    done = list_of(texts, n);
out:
    for (Py_ssize_t k = 0; b && k < 2 * tables; k++) drop(b + k);
    drop(&asked);
    drop(&scores);
    free(texts);
    free(b);
    free(widths);
    return done;
}
