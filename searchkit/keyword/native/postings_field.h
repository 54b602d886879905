/* Postings field: the packed postings, terms and forms of one field of one segment.
 *
 * Postings are packed in blocks of 128, whatever terms they belong to (postings/reader.py has the format). A field
 * holds buffers whose sizes were checked when it was made; widths and offsets are checked block by block as they are
 * read, and rows before anything is done with them: what a stranger wrote can be wrong, but do no harm.
 */
#ifndef SEARCHKIT_POSTINGS_FIELD_H
#define SEARCHKIT_POSTINGS_FIELD_H

#include "buffers.h"
#include "python_api.h"

#include <stddef.h>
#include <stdint.h>

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

/* The Python type Field. */
typedef struct {
    PyObject_HEAD
    Field field;
} FieldObject;

/* Find a term from the number `from` on: 1, and its number; 0 where it isn't there; -1 where the terms are damaged. */
int find_term(const Field *field, const void *term, size_t size, uint64_t from, uint64_t *id);
/* Find where a term's postings begin and end; 0 where that can't be. */
int term_postings(const Field *field, uint64_t id, uint64_t *first, uint64_t *last);

extern PyType_Spec field_spec;

#endif
