/* Here is a misspelling or a wildcard; which of sorted words look like it? */
#ifndef SEARCHKIT_WORD_SEARCH_H
#define SEARCHKIT_WORD_SEARCH_H

#include "postings_cursor.h"

/* Sorted words in UTF-8, and in how many rows each stands. */
typedef struct {
    const uint8_t *blob;
    uint64_t blob_size;
    const void *offsets;
    int width;
    uint64_t count;
    const uint32_t *rows; /* NULL: all live */
} Words;

typedef struct {
    uint32_t *words;
    uint8_t *edits;
    size_t n, space;
} Alike;

#define LONGEST 128 /* code points of a word: the analyzer cuts at 100 */

/* What tells most of what isn't one of some words from what is; their letters, and which stand beside which. */
typedef struct {
    uint64_t *blocks, mask, *pairs;
    uint32_t *alphabet; /* ascending */
    int letters, width;
} Sieve;

/* Bytes of the character that begins with this one. */
static inline size_t char_size(uint8_t first) { return first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4; }

static inline uint32_t char_at(const uint8_t *at, size_t size) {
    if (size == 1) return at[0];
    uint32_t point = at[0] & (0xFF >> (size + 1));
    for (size_t i = 1; i < size; i++) point = point << 6 | (at[i] & 0x3F);
    return point;
}

size_t put_char(uint32_t point, uint8_t *out);

int word_at(const Words *words, uint64_t place, const uint8_t **word, size_t *size);
int not_less(const Words *words, uint64_t from, const uint8_t *wanted, size_t size, uint64_t *found);
int keep(Alike *out, uint64_t word, int edits);
/* 0: done; 1: the words are damaged; 2: no memory. A sieve without blocks: the words have too many letters for one. */
void free_sieve(Sieve *sieve);
int make_sieve(const Words *words, Sieve *sieve);
/* The living words within one edit, ascending. */
int find_one_off(const Words *words, const Sieve *sieve, const uint32_t *wanted, int size, Alike *out);
int find_near(const Words *words, const uint32_t *wanted, int size, int limit, Alike *out);
/* The living words that begin with some bytes, and fit a wildcard where one is given. */
int find_beginning(const Words *words, const uint8_t *prefix, size_t prefix_size, const uint8_t *pattern, size_t size,
                   Alike *out);
int find_fitting(const Words *words, uint64_t first, uint64_t last, const uint8_t *pattern, size_t size, Alike *out);

#endif
