/* Here is a misspelling or a wildcard; which of sorted words look like it? */
#ifndef SEARCHKIT_WORDS_H
#define SEARCHKIT_WORDS_H

#include "lists.h"

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

/* 0: done; 1: the words are damaged; 2: no memory. */
int find_near(const Words *words, const uint32_t *wanted, int size, int limit, Alike *out);
/* The living words that begin with some bytes, and fit a wildcard where one is given. */
int find_beginning(const Words *words, const uint8_t *prefix, size_t prefix_size, const uint8_t *pattern, size_t size,
                   Alike *out);
int find_fitting(const Words *words, uint64_t first, uint64_t last, const uint8_t *pattern, size_t size, Alike *out);

#endif
