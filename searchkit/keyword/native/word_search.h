/* Word search: sorted words that are near a misspelling, fit a wildcard or begin with a prefix. */
#ifndef SEARCHKIT_WORD_SEARCH_H
#define SEARCHKIT_WORD_SEARCH_H

#include "python_api.h"

#include <stddef.h>
#include <stdint.h>

/* Sorted words in UTF-8, and in how many rows each stands. */
typedef struct {
    const uint8_t *blob;
    uint64_t blob_size;
    const void *offsets;
    int width;
    uint64_t count;
    const uint32_t *rows; /* NULL: all live */
} WordList;

typedef struct {
    uint32_t *words;
    uint8_t *edits;
    size_t n, space;
} WordMatches;

#define MAX_WORD_LENGTH 128 /* code points of a word: the analyzer cuts at 100 */

/* A word's bytes; 0 where its offsets lie outside. */
int word_at(const WordList *words, uint64_t place, const uint8_t **word, size_t *size);
/* The first word from `from` on that is not less than some bytes. */
int lower_bound_word(const WordList *words, uint64_t from, const uint8_t *wanted, size_t size, uint64_t *place_out);
/* 0: no memory. */
int append_match(WordMatches *out, uint64_t word, int edits);

/* The living words within so many edits, ascending, by optimal string alignment. Return a status of status.h. */
int match_fuzzy(const WordList *words, const uint32_t *wanted, int size, int limit, WordMatches *out);
/* The living words that begin with some bytes, and fit a wildcard where one is given. */
int match_prefix(const WordList *words, const uint8_t *prefix, size_t prefix_size, const uint8_t *pattern, size_t size,
                 WordMatches *out);

PyObject *native_near(PyObject *module, PyObject *args);
PyObject *native_fitting(PyObject *module, PyObject *args);

#endif
