/* Here is a packed list of postings; which rows does it hold, how often, and where?
 *
 * Postings are packed in blocks of 128, whatever terms they belong to (reader.py has the format). A field holds the
 * buffers of one field of one segment, whose sizes were checked when it was made; widths and offsets are checked here,
 * block by block, and rows before anything is done with them: what a stranger wrote can be wrong, but do no harm.
 */
#ifndef SEARCHKIT_POSTINGS_CURSOR_H
#define SEARCHKIT_POSTINGS_CURSOR_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 128

/* A read-only buffer of numbers. */
typedef struct {
    Py_buffer view;
    int held;
} Buffer;

typedef struct {
    const uint8_t *packed;
    const void *block_at, *blocks, *position_at; /* 4 or 8 bytes a number */
    int block_at_width, blocks_width, position_at_width;
    const uint8_t *row_bits, *count_bits, *position_bits;
    const uint32_t *bases;
    const uint8_t *positions;
    uint64_t packed_size, positions_size, postings, block_count;
    uint32_t rows;
    /* its terms, sorted, and where the postings of each begin */
    const uint8_t *blob;
    const void *offsets, *starts;
    int offsets_width, starts_width;
    uint64_t blob_size, term_count;
    /* which of its term's forms stands at each position; NULL where that wasn't written */
    const uint8_t *forms, *form_bits;
    const void *form_at;
    int form_at_width;
    uint64_t forms_size;
    Buffer buffers[15];
} Field;

/* Steps through a list: `rows[i]` and `counts[i]` up to `n` are decoded. */
typedef struct {
    const uint32_t *rows, *counts;
    uint32_t i, n;
    const Field *field; /* NULL: the whole list lies in `rows` and `counts` */
    uint64_t first, last, block; /* the list's postings; the block that is decoded */
    int ones; /* every count of the block is 1 */
    int damaged;
    int64_t reached; /* the last row decoded: rows never fall, whatever a file says */
    uint32_t row_limit;
    uint32_t summed, before; /* the counts of the block's first postings, as far as positions were read */
    const uint8_t *places;   /* where the block's positions are, NULL: not looked for; how many, of how many bits */
    uint32_t place_count, place_bits;
    int64_t form;         /* the one form of the term whose positions are read; -1: all */
    const uint8_t *forms; /* where the block's forms are, NULL: not looked for */
    uint32_t form_bits;
    int64_t own; /* the form that scores more than others; -1: none */
    const uint32_t *plain_positions; /* of a whole list, and where those of each row begin */
    const uint64_t *plain_starts;
    uint32_t row_space[BLOCK], count_space[BLOCK];
} Cursor;

static inline uint64_t number_at(const void *numbers, int width, uint64_t place) {
    return width == 8 ? ((const uint64_t *)numbers)[place] : ((const uint32_t *)numbers)[place];
}

int pack_bits(const uint32_t *values, uint8_t *out);
void open_list(Cursor *c, const Field *field, uint64_t first, uint64_t last);
void open_plain(Cursor *c, const uint32_t *rows, const uint32_t *counts, uint32_t n, uint32_t row_limit);
int next_block(Cursor *c);
int seek(Cursor *c, uint32_t row);
int positions_here(Cursor *c, uint32_t **out, size_t *space, size_t *n);
/* How often a form stands where the list is; 0 where the forms can't be read. */
int form_here(Cursor *c, int64_t form, uint32_t *n);

/* Find a term from the number `from` on: 1, and its number; 0 where it isn't there; -1 where the terms are damaged. */
int find_term(const Field *field, const void *term, size_t size, uint64_t from, uint64_t *id);
/* Find where a term's postings begin and end; 0 where that can't be. */
int span_of(const Field *field, uint64_t id, uint64_t *first, uint64_t *last);

static inline int refill(Cursor *c) { return c->i < c->n || next_block(c); }

#endif
