/* Bit packing: rows and counts in blocks of 128, by four lanes; positions in blocks of any length. */
#include "bitpacking.h"
#include "buffers.h"
#include "simd.h"

#include <stdlib.h>

/* With `bits` known to the compiler, no shift and no load is left to be decided. */
static inline __attribute__((always_inline)) void unpack_lanes(const uint8_t *packed, const int bits, uint32_t plus,
                                                               uint32_t *out) {
    U32x4 mask = splat(bits == 32 ? 0xFFFFFFFFu : (1u << bits) - 1), more = splat(plus);
#pragma GCC unroll 32
    for (int j = 0; j < 32; j++) {
        int word = j * bits / 32, shift = j * bits % 32;
        U32x4 value = load_lanes(packed + 16 * word) >> splat((uint32_t)shift);
        if (shift + bits > 32) value |= load_lanes(packed + 16 * (word + 1)) << splat((uint32_t)(32 - shift));
        value = (value & mask) + more;
        memcpy(out + 4 * j, &value, 16);
    }
}

void unpack_block(const uint8_t *packed, int bits, uint32_t plus, uint32_t *out) {
#define CASE(n) \
    case n: unpack_lanes(packed, n, plus, out); break;
    switch (bits) {
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
    CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14) CASE(15) CASE(16)
    CASE(17) CASE(18) CASE(19) CASE(20) CASE(21) CASE(22) CASE(23) CASE(24)
    CASE(25) CASE(26) CASE(27) CASE(28) CASE(29) CASE(30) CASE(31) CASE(32)
    default: for (int i = 0; i < BLOCK; i++) out[i] = plus;
    }
#undef CASE
}

int pack_bits(const uint32_t *values, uint8_t *out) {
    uint32_t all_bits = 0;
    for (int i = 0; i < BLOCK; i++) all_bits |= values[i];
    int bits = all_bits ? 32 - __builtin_clz(all_bits) : 0;
    if (!bits) return 0;
    U32x4 word = splat(0);
    int shift = 0;
    for (int j = 0; j < 32; j++) {
        U32x4 value;
        memcpy(&value, values + 4 * j, 16);
        word |= value << splat((uint32_t)shift);
        shift += bits;
        if (shift >= 32) {
            memcpy(out, &word, 16);
            out += 16;
            shift -= 32;
            word = shift ? value >> splat((uint32_t)(bits - shift)) : splat(0);
        }
    }
    return bits;
}

/* pack(numbers): 128 of 32 bits a block, in the fewest bits; bytes, and the bits of each block. */
PyObject *native_pack(PyObject *module, PyObject *numbers) {
    (void)module;
    Buffer b;
    PyObject *done = NULL;
    if (!acquire_buffer(&b, numbers, 4, 0)) goto out;
    uint64_t n = buffer_length(&b);
    if (n % BLOCK) {
        PyErr_SetString(PyExc_ValueError, "whole blocks are packed");
        goto out;
    }
    uint8_t *packed = malloc(n * 4 + 1), *bits = malloc(n / BLOCK + 1), *end = packed;
    if (packed && bits) {
        const uint32_t *values = b.view.buf;
        Py_BEGIN_ALLOW_THREADS
        for (uint64_t i = 0; i < n / BLOCK; i++) {
            bits[i] = (uint8_t)pack_bits(values + i * BLOCK, end);
            end += 16 * bits[i];
        }
        Py_END_ALLOW_THREADS
        done =
            Py_BuildValue("(y#y#)", (char *)packed, (Py_ssize_t)(end - packed), (char *)bits, (Py_ssize_t)(n / BLOCK));
    } else
        PyErr_NoMemory();
    free(packed);
    free(bits);
out:
    release_buffer(&b);
    return done;
}

/* pack_positions(numbers, starts): blocks of any length, the bits one after the other. */
PyObject *native_pack_positions(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *numbers, *starts, *done = NULL;
    if (!PyArg_ParseTuple(args, "OO", &numbers, &starts)) return NULL;
    Buffer b = {0}, at = {0};
    if (!acquire_buffer(&b, numbers, 4, 0) || !acquire_buffer(&at, starts, 8, 0)) goto out;
    uint64_t blocks = buffer_length(&at) ? buffer_length(&at) - 1 : 0;
    const int64_t *start = at.view.buf;
    const uint32_t *values = b.view.buf;
    for (uint64_t i = 0; i < blocks; i++)
        if (start[i] < 0 || start[i + 1] < start[i] || (uint64_t)start[i + 1] > buffer_length(&b)) {
            PyErr_SetString(PyExc_ValueError, "blocks lie outside");
            goto out;
        }
    uint8_t *packed = calloc(buffer_length(&b) * 4 + blocks + 9, 1), *bits = malloc(blocks + 1), *end = packed;
    if (packed && bits) {
        Py_BEGIN_ALLOW_THREADS
        for (uint64_t i = 0; i < blocks; i++) {
            uint32_t all_bits = 0;
            for (int64_t k = start[i]; k < start[i + 1]; k++) all_bits |= values[k];
            unsigned width = all_bits ? 32 - (unsigned)__builtin_clz(all_bits) : 0;
            uint64_t bit = 0;
            for (int64_t k = start[i]; k < start[i + 1]; k++, bit += width) {
                uint64_t word;
                memcpy(&word, end + (bit >> 3), 8);
                word |= (uint64_t)values[k] << (bit & 7);
                memcpy(end + (bit >> 3), &word, 8);
            }
            bits[i] = (uint8_t)width;
            end += (bit + 7) / 8;
        }
        Py_END_ALLOW_THREADS
        done = Py_BuildValue("(y#y#)", (char *)packed, (Py_ssize_t)(end - packed), (char *)bits, (Py_ssize_t)blocks);
    } else
        PyErr_NoMemory();
    free(packed);
    free(bits);
out:
    release_buffer(&b);
    release_buffer(&at);
    return done;
}
