/* SIMD: vectors of four 32-bit numbers, in which blocks are packed and summed up. */
#ifndef SEARCHKIT_SIMD_H
#define SEARCHKIT_SIMD_H

#include <stdint.h>
#include <string.h>

/* Four lanes of 32 bits: value i of a block lies in lane i % 4. GCC and clang make vector instructions of these. */
typedef uint32_t U32x4 __attribute__((vector_size(16)));

#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(v, zero, ...) __builtin_shufflevector(v, zero, __VA_ARGS__)
#else
#define SHUFFLE(v, zero, ...) __builtin_shuffle(v, zero, (U32x4){__VA_ARGS__})
#endif

/* A loop of whole numbers, or of sums in a fixed order, that is compiled for wider vectors too; which of both runs is
 * chosen when the extension is loaded. What comes out is the same. */
#if defined(__x86_64__) && defined(__gnu_linux__) && (defined(__clang__) ? __clang_major__ >= 14 : __GNUC__ >= 8) && \
    !defined(__SANITIZE_ADDRESS__)
#define WIDE_VECTORS __attribute__((target_clones("avx2", "default")))
#else
#define WIDE_VECTORS
#endif

static inline U32x4 load_lanes(const uint8_t *from) {
    U32x4 four;
    memcpy(&four, from, 16);
    return four;
}

/* The same number in all lanes. */
static inline U32x4 splat(uint32_t value) { return (U32x4){value, value, value, value}; }

#endif
