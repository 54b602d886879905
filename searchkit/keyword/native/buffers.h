/* How does Python give numbers to the loops? As buffers, whose sizes are checked when they are taken. */
#ifndef SEARCHKIT_BUFFERS_H
#define SEARCHKIT_BUFFERS_H

#include "postings_cursor.h"

typedef struct {
    PyObject_HEAD
    Field field;
} FieldObject;

typedef struct {
    PyObject *field_type, *segments_type, *leaf_type;
} State;

static inline int take(Buffer *b, PyObject *object, Py_ssize_t item, int writable) {
    b->held = 0;
    if (object == Py_None) return 1;
    if (PyObject_GetBuffer(object, &b->view, PyBUF_ND | (writable ? PyBUF_WRITABLE : 0)) < 0) return 0;
    b->held = 1;
    if (b->view.itemsize == item) return 1;
    PyErr_SetString(PyExc_TypeError, "the numbers of an array have another size");
    return 0;
}

static inline void drop(Buffer *b) {
    if (b->held) PyBuffer_Release(&b->view);
    b->held = 0;
}

static inline uint64_t length(const Buffer *b) { return b->held ? (uint64_t)(b->view.len / b->view.itemsize) : 0; }

static inline int wide(Buffer *b, PyObject *object, int *width) {
    if (!take(b, object, 4, 0)) {
        if (!b->held || b->view.itemsize != 8) return 0;
        PyErr_Clear();
    }
    *width = (int)b->view.itemsize;
    return 1;
}


/* strings(tables, numbers, scores), of string_table.c; products and similarity(matrix, query, rows), of dot_product.c. */
PyObject *loops_strings(PyObject *module, PyObject *args);
PyObject *loops_products(PyObject *module, PyObject *args);
PyObject *loops_similarity(PyObject *module, PyObject *args);
/* windows(texts, bases, counts, spans, terms, characters, repeat), of highlight.c. */
PyObject *loops_windows(PyObject *module, PyObject *args);
/* word_bits(words), of highlight.c. */
PyObject *loops_word_bits(PyObject *module, PyObject *args);
/* Make the types of segments.c; 0 where that failed. */
int add_segments(PyObject *module, State *state);

#endif
