/* Here are distinct strings; in which order do they stand, and what do they look like one after the other? */
#include "sort_strings.h"

typedef struct {
    uint64_t head; /* the first eight bytes, so that they compare as a number */
    const char *text;
    uint32_t size, number;
} String;

static int compare(const void *one, const void *other) {
    const String *a = one, *b = other;
    if (a->head != b->head) return a->head < b->head ? -1 : 1;
    uint32_t shared = a->size < b->size ? a->size : b->size;
    int order = memcmp(a->text, b->text, shared);
    if (order) return order;
    return a->size < b->size ? -1 : a->size > b->size;
}

/* arrange(strings): the numbers of the strings of a list in the order of their bytes in UTF-8 (32 bits), the bytes of
 * all in that order, and where each begins, with the end of the last (64 bits). */
PyObject *loops_arrange(PyObject *module, PyObject *list) {
    (void)module;
    Py_ssize_t n = PyList_Size(list);
    if (n < 0) return NULL;
    if ((uint64_t)n > UINT32_MAX) return PyErr_NoMemory();
    String *strings = malloc(((size_t)n + 1) * sizeof *strings);
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
        strings[i] = (String){head, text, (uint32_t)size, (uint32_t)i};
        total += (uint64_t)size;
    }
    blob = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)total);
    if (!blob) goto out;
    char *to = PyBytes_AsString(blob), *numbers = PyBytes_AsString(order), *begins = PyBytes_AsString(offsets);
    uint64_t at = 0;
    qsort(strings, (size_t)n, sizeof *strings, compare);
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
