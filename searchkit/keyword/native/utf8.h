/* UTF-8: code points from bytes, and back. */
#ifndef SEARCHKIT_UTF8_H
#define SEARCHKIT_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character that begins with this one. */
static inline size_t char_size(uint8_t first) { return first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4; }

static inline uint32_t decode_char(const uint8_t *at, size_t size) {
    if (size == 1) return at[0];
    uint32_t point = at[0] & (0xFF >> (size + 1));
    for (size_t i = 1; i < size; i++) point = point << 6 | (at[i] & 0x3F);
    return point;
}

static inline size_t encode_char(uint32_t point, uint8_t *out) {
    if (point < 0x80) {
        out[0] = (uint8_t)point;
        return 1;
    }
    size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i; i--, point >>= 6) out[i] = (uint8_t)(0x80 | (point & 0x3F));
    out[0] = (uint8_t)(point | (0xF00u >> size));
    return size;
}

/* Decode UTF-8 that Python made; return how many code points there are. */
uint64_t decode_utf8(const uint8_t *text, uint64_t size, uint32_t *points);
/* What str.isspace() says of a code point. */
int is_space(uint32_t c);

#endif
