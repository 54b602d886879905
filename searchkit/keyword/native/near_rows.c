/* Near rows: each pair of some vectors is multiplied once, without the interpreter's lock and on one thread.
 *
 * They are rounded to whole numbers first: a sum of products of these is exact in any order. So compilers make vector
 * instructions of it, and what comes out depends on the two vectors alone. */
#include "near_rows.h"
#include "buffers.h"
#include "simd.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Added to a float that is small beside it, this leaves the nearest whole number in the last bits. */
static const float WHOLE = 12582912.0f;
static const uint32_t WHOLE_BITS = 0x4B400000;

static WIDE_VECTORS void round_vectors(const float *vectors, uint64_t n, float unit, int16_t *codes) {
    for (uint64_t i = 0; i < n; i++) {
        float product = vectors[i] * unit, sum = product + WHOLE;
        uint32_t bits;
        memcpy(&bits, &sum, 4);
        codes[i] = (int16_t)(uint16_t)(bits - WHOLE_BITS);
    }
}

/* The products of two rows with two others: each number is read once for two of them. */
static inline void multiply_pairs(const int16_t *const a[2], const int16_t *const b[2], uint64_t dimension, uint32_t sums[4]) {
    uint32_t first = 0, second = 0, third = 0, fourth = 0;
    for (uint64_t i = 0; i < dimension; i++) {
        first += (uint32_t)((int32_t)a[0][i] * b[0][i]);
        second += (uint32_t)((int32_t)a[0][i] * b[1][i]);
        third += (uint32_t)((int32_t)a[1][i] * b[0][i]);
        fourth += (uint32_t)((int32_t)a[1][i] * b[1][i]);
    }
    sums[0] = first;
    sums[1] = second;
    sums[2] = third;
    sums[3] = fourth;
}

/* Put a row among the nearest of another, which stand best first; behind the last it falls out. */
static void place_row(int32_t *places, int32_t *products, uint64_t count, const int32_t *order, int32_t row,
                      int32_t product) {
    uint64_t at = count;
    for (; at > 0; at--) {
        int32_t other = places[at - 1];
        if (other >= 0 && (products[at - 1] > product || (products[at - 1] == product && order[other] >= order[row])))
            break;
        if (at < count) {
            places[at] = other;
            products[at] = products[at - 1];
        }
    }
    if (at == count) return;
    places[at] = row;
    products[at] = product;
}

static WIDE_VECTORS void find_nearest(const int16_t *code, uint64_t rows, uint64_t dimension, const int64_t *group,
                         const int32_t *order, uint64_t count, int32_t *places, int32_t *products) {
    for (uint64_t i = 0; i < rows; i += 2)
        for (uint64_t j = 0; j <= i; j += 2) {
            uint32_t sums[4];
            const int16_t *const a[2] = {code + i * dimension, code + (i + 1 < rows ? i + 1 : i) * dimension};
            const int16_t *const b[2] = {code + j * dimension, code + (j + 1 < rows ? j + 1 : j) * dimension};
            multiply_pairs(a, b, dimension, sums);
            for (uint64_t pair = 0; pair < 4; pair++) {
                uint64_t left = i + pair / 2, right = j + pair % 2;
                if (left >= rows || right >= left || group[left] == group[right]) continue;
                int32_t product = (int32_t)sums[pair];
                place_row(places + left * count, products + left * count, count, order, (int32_t)right, product);
                place_row(places + right * count, products + right * count, count, order, (int32_t)left, product);
            }
        }
}

/* near_rows(vectors, unit, groups, order, count): the places of the `count` nearest rows of other groups, and their
 * inner products. */
PyObject *native_near_rows(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *vectors, *groups, *order, *done = NULL;
    unsigned long long count;
    float unit;
    Buffer b[3] = {0};
    int32_t *places = NULL, *products = NULL;
    int16_t *codes = NULL;
    if (!PyArg_ParseTuple(args, "OfOOK", &vectors, &unit, &groups, &order, &count)) return NULL;
    if (!acquire_buffer(b, vectors, 4, 0) || !acquire_buffer(b + 1, groups, 8, 0) ||
        !acquire_buffer(b + 2, order, 4, 0))
        goto out;
    uint64_t n = buffer_length(b), rows = buffer_length(b + 1), dimension = rows ? n / rows : 0;
    if (!b->held || !b[1].held || !b[2].held || !count || count > 64 || rows > 1 << 16 || rows * dimension != n ||
        buffer_length(b + 2) != rows) {
        PyErr_SetString(PyExc_ValueError, "vectors, groups and their order don't fit together");
        goto out;
    }
    places = malloc((rows * count + 1) * sizeof *places);
    products = calloc(rows * count + 1, sizeof *products);
    codes = malloc((n + 1) * sizeof *codes);
    if (!places || !products || !codes) {
        PyErr_NoMemory();
        goto out;
    }
    PyThreadState *released = release_lock(rows * rows * dimension / 32);
    for (uint64_t i = 0; i < rows * count; i++) places[i] = -1;
    round_vectors(b->view.buf, n, unit, codes);
    find_nearest(codes, rows, dimension, b[1].view.buf, b[2].view.buf, count, places, products);
    acquire_lock(released);
    done = Py_BuildValue("(y#y#)", (char *)places, (Py_ssize_t)(rows * count * sizeof *places), (char *)products,
                         (Py_ssize_t)(rows * count * sizeof *products));
out:
    free(places);
    free(products);
    free(codes);
    for (int k = 0; k < 3; k++) release_buffer(b + k);
    return done;
}
