/* Postings cursor: steps through the rows of a list of postings, with counts, positions and forms. */
#ifndef SEARCHKIT_POSTINGS_CURSOR_H
#define SEARCHKIT_POSTINGS_CURSOR_H

#include "bitpacking.h"
#include "postings_field.h"
#include "python_api.h"

#include <stddef.h>
#include <stdint.h>

/* Steps through a list: `rows[i]` and `counts[i]` up to `n` are decoded. */
typedef struct {
    const uint32_t *rows, *counts;
    uint32_t i, n;
    const Field *field;          /* NULL: the whole list lies in `rows` and `counts` */
    uint64_t first, last, block; /* the list's postings; the block that is decoded */
    int ones;                    /* every count of the block is 1 */
    int damaged;
    int64_t last_row; /* the last row decoded: rows never fall, whatever a file says */
    uint32_t row_limit;
    uint32_t summed, before;  /* the counts of the block's first postings, as far as positions were read */
    const uint8_t *positions; /* where the block's positions are, NULL: not looked for; how many, of how many bits */
    uint32_t position_count, position_bits;
    int64_t form;         /* the one form of the term whose positions are read; -1: all */
    const uint8_t *forms; /* where the block's forms are, NULL: not looked for */
    uint32_t form_bits;
    int64_t own;                     /* the form that scores more than others; -1: none */
    const uint32_t *array_positions; /* of a whole list, and where those of each row begin */
    const uint64_t *array_starts;
    uint32_t row_space[BLOCK], count_space[BLOCK];
} Cursor;

/* Open a list of a field from its first posting to its last. */
void open_packed_cursor(Cursor *c, const Field *field, uint64_t first, uint64_t last);
/* Open a list that lies decoded in memory. */
void open_array_cursor(Cursor *c, const uint32_t *rows, const uint32_t *counts, uint32_t n, uint32_t row_limit);
/* Go to the next block; return 0 behind the last. */
int decode_next_block(Cursor *c);
/* Go on to the first row that isn't below `row`; return 0 where there is none. */
int seek(Cursor *c, uint32_t row);
/* Read the positions of the posting where a list with positions stands; return 0 where they can't be. */
int read_positions(Cursor *c, uint32_t **out, size_t *space, size_t *n);
/* How often a form stands where the list is; 0 where the forms can't be read. */
int count_form(Cursor *c, int64_t form, uint32_t *n);

/* Whether the cursor is at a posting, decoding the next block where this one is done. */
static inline int refill_cursor(Cursor *c) { return c->i < c->n || decode_next_block(c); }

static inline uint64_t posting_count(const Cursor *c) { return c->field ? c->last - c->first : c->n; }

PyObject *native_decode(PyObject *module, PyObject *args);

#endif
