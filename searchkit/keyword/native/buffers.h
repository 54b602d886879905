/* Buffers: the arrays of numbers that Python hands over; the size of a number is checked when one is acquired. */
#ifndef SEARCHKIT_BUFFERS_H
#define SEARCHKIT_BUFFERS_H

#include "python_api.h"

#include <stdint.h>

/* A read-only buffer of numbers. */
typedef struct {
    Py_buffer view;
    int held;
} Buffer;

/* Read a number of 8 or 4 bytes. */
static inline uint64_t number_at(const void *numbers, int width, uint64_t place) {
    return width == 8 ? ((const uint64_t *)numbers)[place] : ((const uint32_t *)numbers)[place];
}

/* Acquire an array whose numbers have so many bytes, or None. 0 with an error set; release it in any case. */
static inline int acquire_buffer(Buffer *b, PyObject *object, Py_ssize_t item, int writable) {
    b->held = 0;
    if (object == Py_None) return 1;
    if (PyObject_GetBuffer(object, &b->view, PyBUF_ND | (writable ? PyBUF_WRITABLE : 0)) < 0) return 0;
    b->held = 1;
    if (b->view.itemsize == item) return 1;
    PyErr_SetString(PyExc_TypeError, "the numbers of an array have another size");
    return 0;
}

static inline void release_buffer(Buffer *b) {
    if (b->held) PyBuffer_Release(&b->view);
    b->held = 0;
}

static inline uint64_t buffer_length(const Buffer *b) {
    return b->held ? (uint64_t)(b->view.len / b->view.itemsize) : 0;
}

/* The same of numbers of 4 or 8 bytes. */
static inline int acquire_offsets(Buffer *b, PyObject *object, int *width) {
    if (!acquire_buffer(b, object, 4, 0)) {
        if (!b->held || b->view.itemsize != 8) return 0;
        PyErr_Clear();
    }
    *width = (int)b->view.itemsize;
    return 1;
}

#endif
