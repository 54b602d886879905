/* UTF-8: text that is ASCII for the most part, eight bytes at a time. */
#include "utf8.h"

#include <string.h>

static const uint64_t HIGH_BITS = 0x8080808080808080u;

int is_space(uint32_t c) {
    if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13) || (c >= 28 && c <= 31);
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

uint64_t decode_utf8(const uint8_t *text, uint64_t size, uint32_t *points) {
    uint64_t n = 0;
    for (uint64_t at = 0; at < size;) {
        uint64_t some;
        for (; at + 8 <= size; at += 8, n += 8) { /* most is ASCII */
            memcpy(&some, text + at, 8);
            if (some & HIGH_BITS) break;
            for (int i = 0; i < 8; i++) points[n + i] = text[at + i];
        }
        if (at == size) break;
        if (text[at] < 0x80) {
            points[n++] = text[at++];
            continue;
        }
        size_t bytes = char_size(text[at]);
        points[n++] = decode_char(text + at, bytes);
        at += bytes;
    }
    return n;
}
