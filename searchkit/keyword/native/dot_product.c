/* Dot product: without the interpreter's lock and on one thread.
 *
 * numpy hands such a product to OpenBLAS, which wakes a thread a core for each caller: eight threads of a program then
 * get a thirtieth of what one gets. Rows may begin anywhere, also between two multiples of four bytes. */
#include "dot_product.h"
#include "buffers.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 16 };

static float dot_product(const uint8_t *row, const float *query, uint64_t dimension) {
    float sums[LANES] = {0}, values[LANES];
    uint64_t i = 0;
    for (; i + LANES <= dimension; i += LANES) {
        memcpy(values, row + 4 * i, sizeof values);
        for (int k = 0; k < LANES; k++) sums[k] += values[k] * query[i + k];
    }
    for (int k = 0; i < dimension; i++, k++) {
        memcpy(values, row + 4 * i, 4);
        sums[k] += values[0] * query[i];
    }
    for (int step = LANES / 2; step; step /= 2)
        for (int k = 0; k < step; k++) sums[k] += sums[k + step];
    return sums[0];
}

/* Sum up as numpy sums a row of float64: in pairs of halves above 128 numbers, in eight sums below. */
static double pairwise_sum(const double *values, uint64_t n) {
    if (n > 128) {
        uint64_t half = n / 2;
        half -= half % 8;
        return pairwise_sum(values, half) + pairwise_sum(values + half, n - half);
    }
    if (n < 8) {
        double sum = n ? values[0] : 0.0;
        for (uint64_t i = 1; i < n; i++) sum += values[i];
        return sum;
    }
    double s[8];
    uint64_t i = 8;
    for (int k = 0; k < 8; k++) s[k] = values[k];
    for (; i + 8 <= n; i += 8)
        for (int k = 0; k < 8; k++) s[k] += values[i + k];
    double sum = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
    for (; i < n; i++) sum += values[i];
    return sum;
}

static double exact_dot_product(const uint8_t *row, const double *query, uint64_t dimension, double *space) {
    for (uint64_t i = 0; i < dimension; i++) {
        float value;
        memcpy(&value, row + 4 * i, 4);
        space[i] = (double)value * query[i];
    }
    return pairwise_sum(space, dimension);
}

/* similarity(matrix, query, rows): the inner products of some rows with a query in float64, as numpy gives them. */
PyObject *native_similarity(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *matrix, *query, *rows, *done = NULL;
    double *space = NULL;
    Buffer b[3] = {0};
    if (!PyArg_ParseTuple(args, "OOO", &matrix, &query, &rows)) return NULL;
    if (!acquire_buffer(b, matrix, 4, 0) || !acquire_buffer(b + 1, query, 8, 0) || !acquire_buffer(b + 2, rows, 8, 0))
        goto out;
    uint64_t dimension = buffer_length(b + 1), count = dimension ? buffer_length(b) / dimension : 0,
             n = buffer_length(b + 2), i = 0;
    const int64_t *row = b[2].view.buf;
    for (; i < n && (uint64_t)row[i] < count; i++) {}
    if (i < n || count * dimension != buffer_length(b)) {
        PyErr_SetString(PyExc_ValueError, "a row lies outside the matrix, or the query has another width");
        goto out;
    }
    done = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(8 * n));
    space = malloc((dimension + 1) * sizeof *space);
    if (!done || !space) {
        if (done) PyErr_NoMemory();
        Py_CLEAR(done);
        goto out;
    }
    double *to = (double *)PyBytes_AsString(done);
    const uint8_t *from = b->view.buf;
    PyThreadState *released = release_lock(n * dimension);
    for (i = 0; i < n; i++)
        to[i] = exact_dot_product(from + 4 * dimension * (uint64_t)row[i], b[1].view.buf, dimension, space);
    acquire_lock(released);
out:
    free(space);
    for (int k = 0; k < 3; k++) release_buffer(b + k);
    return done;
}

/* products(matrix, query, rows): the inner product of each of some rows with the query; of all where `rows` is None. */
PyObject *native_products(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *matrix, *query, *rows, *done = NULL;
    Buffer b[3] = {0};
    if (!PyArg_ParseTuple(args, "OOO", &matrix, &query, &rows)) return NULL;
    if (!acquire_buffer(b, matrix, 4, 0) || !acquire_buffer(b + 1, query, 4, 0) || !acquire_buffer(b + 2, rows, 8, 0))
        goto out;
    uint64_t dimension = buffer_length(b + 1), count = dimension ? buffer_length(b) / dimension : 0;
    uint64_t wanted = b[2].held ? buffer_length(b + 2) : count, i = 0;
    const int64_t *row = b[2].held ? b[2].view.buf : NULL;
    if (!dimension || count * dimension != buffer_length(b)) {
        PyErr_SetString(PyExc_ValueError, "the matrix and the query have different widths");
        goto out;
    }
    for (; row && i < wanted && (uint64_t)row[i] < count; i++) {}
    if (row && i < wanted) {
        PyErr_SetString(PyExc_ValueError, "a row lies outside the matrix");
        goto out;
    }
    done = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(4 * wanted));
    if (!done) goto out;
    float *to = (float *)PyBytes_AsString(done);
    const uint8_t *from = b->view.buf;
    const float *vector = b[1].view.buf;
    PyThreadState *released = release_lock(wanted * dimension / 4);
    for (i = 0; i < wanted; i++)
        to[i] = dot_product(from + 4 * dimension * (row ? (uint64_t)row[i] : i), vector, dimension);
    acquire_lock(released);
out:
    for (int k = 0; k < 3; k++) release_buffer(b + k);
    return done;
}
