/* Bit packing: blocks of numbers, each number in as many bits as the largest of its block needs. */
#ifndef SEARCHKIT_BITPACKING_H
#define SEARCHKIT_BITPACKING_H

#include "python_api.h"

#include <stdint.h>
#include <string.h>

#define BLOCK 128 /* numbers in a block */

/* Pack 128 numbers in as few bits as hold the largest; return how many, of which `out` gets 16 * bits bytes. */
int pack_bits(const uint32_t *values, uint8_t *out);
/* Unpack 128 numbers of `bits` bits, 0 to 32, and add something to each. `packed` has 16 * bits bytes. */
void unpack_block(const uint8_t *packed, int bits, uint32_t plus, uint32_t *out);

/* Read a number that begins at a bit; eight bytes from there on have to be readable. */
static inline uint32_t bits_at(const uint8_t *numbers, uint64_t bit, uint64_t mask) {
    uint64_t word;
    memcpy(&word, numbers + (bit >> 3), 8);
    return (uint32_t)((word >> (bit & 7)) & mask);
}

/* As many low bits. */
static inline uint64_t mask_of(unsigned bits) { return bits ? UINT64_MAX >> (64 - bits) : 0; }

PyObject *native_pack(PyObject *module, PyObject *numbers);
PyObject *native_pack_positions(PyObject *module, PyObject *args);

#endif
