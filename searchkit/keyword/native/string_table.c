/* String table: sorting the strings of one, finding a string, reading strings by number. */
#include "string_table.h"
#include "buffers.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    uint64_t head; /* the first eight bytes, so that they compare as a number */
    const char *text;
    uint32_t size, number;
} ListedString;

static int by_bytes(const void *left, const void *right) {
    const ListedString *a = left, *b = right;
    if (a->head != b->head) return a->head < b->head ? -1 : 1;
    uint32_t shared = a->size < b->size ? a->size : b->size;
    int order = memcmp(a->text, b->text, shared);
    if (order) return order;
    return a->size < b->size ? -1 : a->size > b->size;
}

/* arrange(strings): the numbers of the strings of a list in the order of their bytes in UTF-8 (32 bits), the bytes of
 * all in that order, and where each begins, with the end of the last (64 bits). */
PyObject *native_arrange(PyObject *module, PyObject *list) {
    (void)module;
    Py_ssize_t n = PyList_Size(list);
    if (n < 0) return NULL;
    if ((uint64_t)n > UINT32_MAX) return PyErr_NoMemory();
    ListedString *strings = malloc(((size_t)n + 1) * sizeof *strings);
    PyObject *order = PyBytes_FromStringAndSize(NULL, 4 * n), *offsets = PyBytes_FromStringAndSize(NULL, 8 * (n + 1));
    PyObject *blob = NULL, *done = NULL;
    uint64_t total = 0;
    if (!strings || !order || !offsets) {
        PyErr_NoMemory();
        goto out;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_ssize_t size;
        const char *text = PyUnicode_AsUTF8AndSize(PyList_GetItem(list, i), &size);
        if (!text) goto out;
        if ((uint64_t)size > UINT32_MAX) {
            PyErr_NoMemory();
            goto out;
        }
        uint64_t head = 0;
        for (int k = 0; k < 8; k++) head = head << 8 | (k < size ? (uint8_t)text[k] : 0);
        strings[i] = (ListedString){head, text, (uint32_t)size, (uint32_t)i};
        total += (uint64_t)size;
    }
    blob = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)total);
    if (!blob) goto out;
    char *to = PyBytes_AsString(blob), *numbers = PyBytes_AsString(order), *begins = PyBytes_AsString(offsets);
    uint64_t at = 0;
    qsort(strings, (size_t)n, sizeof *strings, by_bytes);
    for (Py_ssize_t i = 0; i < n; i++) {
        memcpy(numbers + 4 * i, &strings[i].number, 4);
        memcpy(begins + 8 * i, &at, 8);
        memcpy(to + at, strings[i].text, strings[i].size);
        at += strings[i].size;
    }
    memcpy(begins + 8 * n, &at, 8);
    done = Py_BuildValue("(OOO)", order, blob, offsets);
out:
    free(strings);
    Py_XDECREF(order);
    Py_XDECREF(offsets);
    Py_XDECREF(blob);
    return done;
}

/* find(blob, offsets, wanted): the number of the first string that isn't less, and whether it is the same. */
PyObject *native_find(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *blob, *offsets, *done = NULL;
    const char *wanted;
    Py_ssize_t size;
    int width;
    Buffer b = {0}, at = {0};
    if (!PyArg_ParseTuple(args, "OOy#", &blob, &offsets, &wanted, &size)) return NULL;
    if (!acquire_buffer(&b, blob, 1, 0) || !acquire_offsets(&at, offsets, &width)) goto out;
    uint64_t low = 0, high = buffer_length(&at) ? buffer_length(&at) - 1 : 0, count = high, end = (uint64_t)b.view.len;
    int same = 0;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        uint64_t from = number_at(at.view.buf, width, middle), to = number_at(at.view.buf, width, middle + 1);
        if (from > to || to > end) {
            PyErr_SetString(PyExc_ValueError, "strings don't fit their offsets");
            goto out;
        }
        uint64_t shared = to - from < (uint64_t)size ? to - from : (uint64_t)size;
        int order = memcmp((const char *)b.view.buf + from, wanted, shared);
        if (order < 0 || (order == 0 && to - from < (uint64_t)size))
            low = middle + 1;
        else
            high = middle;
    }
    if (low < count) {
        uint64_t from = number_at(at.view.buf, width, low), to = number_at(at.view.buf, width, low + 1);
        same = from <= to && to <= end && to - from == (uint64_t)size &&
               !memcmp((const char *)b.view.buf + from, wanted, (size_t)size);
    }
    done = Py_BuildValue("(KO)", (unsigned long long)low, same ? Py_True : Py_False);
out:
    release_buffer(&b);
    release_buffer(&at);
    return done;
}

typedef struct {
    const char *text;
    size_t size;
} TableString;

/* The order of the bytes in UTF-8 is that of the code points. */
static int by_text(const void *a, const void *b) {
    const TableString *x = a, *y = b;
    int order = memcmp(x->text, y->text, x->size < y->size ? x->size : y->size);
    return order ? order : x->size < y->size ? -1 : x->size > y->size;
}

/* Find a string by its number over all tables; 0 where it isn't there. */
static int find_text(const Buffer *b, const int *widths, Py_ssize_t tables, uint64_t place, TableString *out) {
    for (Py_ssize_t k = 0; k < tables; k++, b += 2) {
        uint64_t count = buffer_length(b + 1) ? buffer_length(b + 1) - 1 : 0;
        if (place < count) {
            uint64_t from = number_at(b[1].view.buf, widths[k], place),
                     to = number_at(b[1].view.buf, widths[k], place + 1);
            *out = (TableString){(const char *)b->view.buf + from, (size_t)(to - from)};
            return from <= to && to <= (uint64_t)b->view.len;
        }
        place -= count;
    }
    return 0;
}

/* Sort what stands together and has the same score. */
static void sort_ties(TableString *texts, const double *scores, uint64_t n) {
    for (uint64_t first = 0, i = 1; i <= n; i++) {
        if (i < n && scores[i] == scores[first]) continue;
        if (i - first > 1) qsort(texts + first, i - first, sizeof *texts, by_text);
        first = i;
    }
}

static PyObject *texts_to_python(const TableString *texts, uint64_t n) {
    PyObject *done = PyList_New((Py_ssize_t)n);
    for (uint64_t i = 0; i < n && done; i++) {
        PyObject *item = PyUnicode_DecodeUTF8(texts[i].text, (Py_ssize_t)texts[i].size, NULL);
        if (item)
            PyList_SetItem(done, (Py_ssize_t)i, item);
        else
            Py_CLEAR(done);
    }
    return done;
}

/* strings(tables, numbers, scores): the strings of some numbers, counted over all tables (blob, offsets), in their
 * order; with scores, those of neighbours with the same score in their own. */
PyObject *native_strings(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *table_list, *numbers, *values, *done = NULL;
    Buffer number_buffer = {0}, scores = {0};
    if (!PyArg_ParseTuple(args, "O!OO", &PyList_Type, &table_list, &numbers, &values)) return NULL;
    Py_ssize_t tables = PyList_Size(table_list);
    Buffer *b = calloc(2 * (size_t)tables + 1, sizeof *b);
    int *widths = calloc((size_t)tables + 1, sizeof *widths);
    TableString *texts = NULL;
    if (!b || !widths) {
        PyErr_NoMemory();
        goto out;
    }
    for (Py_ssize_t k = 0; k < tables; k++) {
        PyObject *blob, *offsets;
        if (!PyArg_ParseTuple(PyList_GetItem(table_list, k), "OO", &blob, &offsets) ||
            !acquire_buffer(b + 2 * k, blob, 1, 0) || !acquire_offsets(b + 2 * k + 1, offsets, widths + k))
            goto out;
    }
    if (!acquire_buffer(&number_buffer, numbers, 8, 0) || !acquire_buffer(&scores, values, 8, 0)) goto out;
    uint64_t n = buffer_length(&number_buffer), count = 0;
    texts = malloc((n + 1) * sizeof *texts);
    if (!texts) {
        PyErr_NoMemory();
        goto out;
    }
    const int64_t *number = number_buffer.view.buf;
    while (count < n && find_text(b, widths, tables, (uint64_t)number[count], texts + count)) count++;
    if (count < n || (scores.held && buffer_length(&scores) != n)) {
        PyErr_SetString(PyExc_ValueError, "strings don't fit their offsets");
        goto out;
    }
    if (scores.held) sort_ties(texts, scores.view.buf, n);
    done = texts_to_python(texts, n);
out:
    for (Py_ssize_t k = 0; b && k < 2 * tables; k++) release_buffer(b + k);
    release_buffer(&number_buffer);
    release_buffer(&scores);
    free(texts);
    free(b);
    free(widths);
    return done;
}
