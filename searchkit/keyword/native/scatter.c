/* Scatter: runs of numbers are copied, flags are set; no place lies outside. */
#include "scatter.h"
#include "buffers.h"

#include <stdint.h>
#include <string.h>

static uint32_t number_of_width(const void *from, Py_ssize_t width, uint64_t at) {
    if (width == 1) return ((const uint8_t *)from)[at];
    return width == 2 ? ((const uint16_t *)from)[at] : ((const uint32_t *)from)[at];
}

/* Return 1 where something lies outside. */
static int copy_runs(const Py_buffer *source, const uint32_t *starts, const uint32_t *counts, uint64_t n,
                     int64_t *places, uint64_t place_count, const uint32_t *which, uint32_t *target,
                     uint64_t target_count) {
    uint64_t source_count = (uint64_t)(source->len / source->itemsize);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t from = starts[i], count = counts[i];
        if (which[i] >= place_count || from + count > source_count) return 1;
        int64_t to = places[which[i]];
        if (to < 0 || (uint64_t)to + count > target_count) return 1;
        places[which[i]] = to + (int64_t)count;
        if (source->itemsize == 4)
            memcpy(target + to, (const uint32_t *)source->buf + from, 4 * count);
        else
            for (uint64_t k = 0; k < count; k++)
                target[(uint64_t)to + k] = number_of_width(source->buf, source->itemsize, from + k);
    }
    return 0;
}

/* move(source, starts, counts, places, which, target): copy counts[i] numbers of source (8, 16 or 32 bits), from
 * starts[i] on, to places[which[i]] in target (32 bits), and let that place (64 bits) follow behind them. */
PyObject *native_move(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *o[6], *done = NULL;
    Py_buffer b[6];
    int held = 0, failed;
    static const Py_ssize_t sizes[6] = {0, 4, 4, 8, 4, 4};
    if (!PyArg_ParseTuple(args, "OOOOOO", o, o + 1, o + 2, o + 3, o + 4, o + 5)) return NULL;
    for (; held < 6; held++) {
        int writable = held == 3 || held == 5;
        if (PyObject_GetBuffer(o[held], b + held, PyBUF_ND | (writable ? PyBUF_WRITABLE : 0)) < 0) goto out;
        Py_ssize_t size = b[held].itemsize;
        if (held ? size != sizes[held] : size != 1 && size != 2 && size != 4) {
            PyErr_SetString(PyExc_TypeError, "the numbers of an array have another size");
            held++;
            goto out;
        }
    }
    if (b[1].len != b[2].len || b[1].len != b[4].len) {
        PyErr_SetString(PyExc_ValueError, "runs of numbers don't fit together");
        goto out;
    }
    Py_BEGIN_ALLOW_THREADS
    failed = copy_runs(b, b[1].buf, b[2].buf, (uint64_t)b[1].len / 4, b[3].buf, (uint64_t)b[3].len / 8, b[4].buf,
                       b[5].buf, (uint64_t)b[5].len / 4);
    Py_END_ALLOW_THREADS
    if (failed)
        PyErr_SetString(PyExc_ValueError, "numbers would lie outside");
    else
        done = Py_BuildValue("");
out:
    for (int i = 0; i < held; i++) PyBuffer_Release(b + i);
    return done;
}

/* mark(numbers, flags): set the flag of each number (64 bits). */
PyObject *native_mark(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *numbers, *flags, *done = NULL;
    Buffer b[2] = {0};
    if (!PyArg_ParseTuple(args, "OO", &numbers, &flags)) return NULL;
    if (acquire_buffer(b, numbers, 8, 0) && acquire_buffer(b + 1, flags, 1, 1) && b->held && b[1].held) {
        const int64_t *number = b->view.buf;
        uint8_t *flag = b[1].view.buf;
        uint64_t n = buffer_length(b), size = buffer_length(b + 1), i = 0;
        for (; i < n && (uint64_t)number[i] < size; i++) flag[number[i]] = 1;
        if (i < n)
            PyErr_SetString(PyExc_ValueError, "a number has no flag");
        else {
            Py_INCREF(Py_None);
            done = Py_None;
        }
    } else if (!PyErr_Occurred())
        PyErr_SetString(PyExc_TypeError, "numbers and flags are needed");
    release_buffer(b);
    release_buffer(b + 1);
    return done;
}
