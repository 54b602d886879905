/* Code scan: without the interpreter's lock and on one thread.
 *
 * A sum of products of whole numbers is exact in any order, so that compilers make vector instructions of it: 20,000
 * rows of 384 values take .4 ms, of which most is waiting for memory; FAISS takes 2.0 for them in float32. */
#include "code_scan.h"
#include "buffers.h"
#include "simd.h"

#include <stdint.h>
#include <stdlib.h>

static inline int32_t code_product(const uint8_t *codes, const int16_t *query, uint64_t dimension) {
    int32_t sum = 0;
    for (uint64_t i = 0; i < dimension; i++) sum += (int16_t)codes[i] * query[i];
    return sum;
}

/* Put a sum in the place of the least of some, which stand in a heap. */
static void replace_least(int32_t *heap, uint64_t n, int32_t sum) {
    uint64_t at = 0, child;
    while ((child = 2 * at + 1) < n) {
        if (child + 1 < n && heap[child + 1] < heap[child]) child++;
        if (heap[child] >= sum) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = sum;
}

/* Work out the sums of the allowed rows; return the `depth`th best, or the least there is where they are fewer. */
static WIDE_VECTORS int32_t scan_codes(const uint8_t *codes, const int16_t *query, uint64_t dimension, const uint8_t *allowed,
                          uint64_t rows, int32_t *sums, int32_t *heap, uint64_t depth) {
    for (uint64_t i = 0; i < depth; i++) heap[i] = INT32_MIN;
    for (uint64_t i = 0; i < rows; i++) {
        if (allowed && !allowed[i]) continue;
        sums[i] = code_product(codes + i * dimension, query, dimension);
        if (sums[i] > heap[0]) replace_least(heap, depth, sums[i]);
    }
    return heap[0];
}

/* Say whether no sum of a row's products with the query leaves 32 bits. */
static int fits(const int16_t *query, uint64_t dimension) {
    int64_t most = 0;
    for (uint64_t i = 0; i < dimension; i++) most += 255 * (int64_t)abs(query[i]);
    return most <= INT32_MAX;
}

/* nearest_codes(codes, query, allowed, depth, margin): the rows whose sum is at most `margin` below the `depth`th. */
PyObject *native_nearest_codes(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *codes, *query, *allowed, *done = NULL;
    unsigned long long depth, margin;
    Buffer b[3] = {0};
    int32_t *sums = NULL, *heap = NULL;
    int64_t *chosen = NULL;
    if (!PyArg_ParseTuple(args, "OOOKK", &codes, &query, &allowed, &depth, &margin)) return NULL;
    if (!acquire_buffer(b, codes, 1, 0) || !acquire_buffer(b + 1, query, 2, 0) || !acquire_buffer(b + 2, allowed, 1, 0))
        goto out;
    uint64_t dimension = buffer_length(b + 1), rows = dimension ? buffer_length(b) / dimension : 0, n = 0;
    const uint8_t *mask = b[2].held ? b[2].view.buf : NULL;
    if (!depth || depth > rows || rows * dimension != buffer_length(b) || (mask && buffer_length(b + 2) != rows) ||
        !fits(b[1].view.buf, dimension)) {
        PyErr_SetString(PyExc_ValueError, "codes, query and rows don't fit together");
        goto out;
    }
    sums = malloc(rows * sizeof *sums);
    heap = malloc(depth * sizeof *heap);
    chosen = malloc(rows * sizeof *chosen);
    if (!sums || !heap || !chosen) {
        PyErr_NoMemory();
        goto out;
    }
    PyThreadState *released = release_lock(rows * dimension / 16);
    int64_t least = (int64_t)scan_codes(b->view.buf, b[1].view.buf, dimension, mask, rows, sums, heap, depth);
    least -= margin < INT32_MAX ? (int64_t)margin : INT32_MAX;
    for (uint64_t i = 0; i < rows; i++) {
        if ((mask && !mask[i]) || sums[i] < least) continue;
        sums[n] = sums[i];
        chosen[n++] = (int64_t)i;
    }
    acquire_lock(released);
    done = Py_BuildValue("(y#y#)", (char *)chosen, (Py_ssize_t)(n * sizeof *chosen), (char *)sums,
                         (Py_ssize_t)(n * sizeof *sums));
out:
    free(sums);
    free(heap);
    free(chosen);
    for (int k = 0; k < 3; k++) release_buffer(b + k);
    return done;
}
