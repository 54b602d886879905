/* Postings cursor: decodes blocks as they are needed, and skips those that end below a row. */
#include "postings_cursor.h"
#include "buffers.h"
#include "errors.h"
#include "module_state.h"
#include "simd.h"
#include "status.h"

#include <stdlib.h>
#include <string.h>

void open_packed_cursor(Cursor *c, const Field *field, uint64_t first, uint64_t last) {
    c->field = field;
    c->first = first;
    c->last = last;
    c->block = UINT64_MAX;
    c->i = c->n = 0;
    c->ones = 0;
    c->damaged = 0;
    c->last_row = -1;
    c->form = c->own = -1;
    c->row_limit = field->rows;
    c->rows = c->row_space;
    c->counts = c->count_space;
}

void open_array_cursor(Cursor *c, const uint32_t *rows, const uint32_t *counts, uint32_t n, uint32_t row_limit) {
    c->field = NULL;
    c->rows = rows;
    c->counts = counts;
    c->i = 0;
    c->n = n;
    c->ones = 0;
    c->damaged = 0;
    c->last_row = -1;
    c->form = c->own = -1;
    c->array_positions = NULL;
    c->row_limit = row_limit;
}

/* Decode a block of the list; return whether it holds what it should. */
static int decode_block(Cursor *c, uint64_t block) {
    const Field *f = c->field;
    uint64_t at = number_at(f->block_at, f->block_at_width, block);
    int row_bits = f->row_bits[block], count_bits = f->count_bits[block];
    if (row_bits > 32 || count_bits > 32 || at > f->packed_size ||
        f->packed_size - at < 16 * (uint64_t)(row_bits + count_bits))
        return 0;
    unpack_block(f->packed + at, row_bits, 1, c->row_space);
    if (count_bits || !c->ones || c->block == UINT64_MAX) /* else all are 1, as before */
        unpack_block(f->packed + at + 16 * row_bits, count_bits, 1, c->count_space);
    c->ones = !count_bits;
    uint64_t begin = block * BLOCK;
    uint32_t start = c->first > begin ? (uint32_t)(c->first - begin) : 0;
    uint32_t end = c->last - begin < BLOCK ? (uint32_t)(c->last - begin) : BLOCK;
    uint32_t row = c->first >= begin ? UINT32_MAX : f->bases[block], first = row;
    uint32_t *rows = c->row_space, bad = 0;
    if (start == 0 && end == BLOCK) {
        /* Sums in fours; the fourth lane goes on. */
        U32x4 sum = splat(row);
        for (int j = 0; j < BLOCK; j += 4) {
            U32x4 v, zero = splat(0);
            memcpy(&v, rows + j, 16);
            v += SHUFFLE(v, zero, 4, 0, 1, 2);
            v += SHUFFLE(v, zero, 4, 4, 0, 1);
            v += sum;
            memcpy(rows + j, &v, 16);
            sum = splat(v[3]);
        }
    } else {
        for (uint32_t i = start; i < end; i++) rows[i] = row += rows[i];
    }
    /* Rows ascend unless their sum passes 32 bits, which small gaps can't make it do. */
    if (row_bits > 24 || c->row_limit > 1u << 31 || (first != UINT32_MAX && first >= c->row_limit))
        for (uint32_t i = start + 1; i < end; i++) bad |= rows[i] <= rows[i - 1];
    if (bad || rows[end - 1] >= c->row_limit || rows[start] <= c->last_row) return 0;
    c->last_row = rows[end - 1];
    c->block = block;
    c->summed = c->before = 0;
    c->positions = c->forms = NULL;
    c->i = start;
    c->n = end;
    return 1;
}

int decode_next_block(Cursor *c) {
    if (!c->field || c->damaged) return 0;
    uint64_t block = c->block == UINT64_MAX ? c->first / BLOCK : c->block + 1;
    if (block * BLOCK >= c->last) {
        c->i = c->n;
        return 0;
    }
    if (!decode_block(c, block)) {
        c->damaged = 1;
        c->i = c->n = 0;
        return 0;
    }
    return 1;
}

/* The first place, from one on, whose row isn't below. Near ones are counted, eight at once without a branch. */
static inline uint32_t lower_bound(const uint32_t *rows, uint32_t from, uint32_t to, uint32_t row) {
    for (int tries = 0; from + 8 <= to && tries < 4; tries++, from += 8) {
        if (rows[from + 7] < row) continue;
        uint32_t before = 0;
        for (int k = 0; k < 8; k++) before += rows[from + k] < row;
        return from + before;
    }
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (rows[middle] < row)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

int seek(Cursor *c, uint32_t row) {
    if (c->damaged) return 0;
    if (c->i < c->n && c->rows[c->i] >= row) return 1;
    if (c->field && !(c->i < c->n && c->rows[c->n - 1] >= row)) {
        /* The base of block b + 1 is the last row of block b: skip what ends below. */
        uint64_t end = (c->last - 1) / BLOCK;
        uint64_t low = c->block == UINT64_MAX ? c->first / BLOCK : c->block + 1, step = 1;
        if (low > end) {
            c->i = c->n;
            return 0;
        }
        while (low + step <= end && c->field->bases[low + step] < row) {
            low += step;
            step *= 2;
        }
        uint64_t high = low + step <= end ? low + step : end;
        while (low < high) {
            uint64_t middle = low + (high - low) / 2;
            if (c->field->bases[middle + 1] < row)
                low = middle + 1;
            else
                high = middle;
        }
        if (!decode_block(c, low)) {
            c->damaged = 1;
            c->i = c->n = 0;
            return 0;
        }
    }
    do c->i = lower_bound(c->rows, c->i, c->n, row);
    while (c->i == c->n && decode_next_block(c));
    return c->i < c->n;
}

/* Find the positions of the block that is decoded; return 0 where they can't be. */
static int locate_positions(Cursor *c) {
    const Field *f = c->field;
    uint64_t count =
        number_at(f->blocks, f->blocks_width, c->block + 1) - number_at(f->blocks, f->blocks_width, c->block);
    uint64_t at = number_at(f->position_at, f->position_at_width, c->block);
    unsigned bits = f->position_bits[c->block];
    if (bits > 32 || count > UINT32_MAX || at > f->positions_size ||
        f->positions_size - at < (count * bits + 7) / 8 + 8)
        return 0;
    c->positions = f->positions + at;
    c->position_count = (uint32_t)count;
    c->position_bits = bits;
    return 1;
}

/* The same of its forms. */
static int locate_forms(Cursor *c) {
    const Field *f = c->field;
    if (!f->forms || (!c->positions && !locate_positions(c))) return 0;
    uint64_t at = number_at(f->form_at, f->form_at_width, c->block), count = c->position_count;
    unsigned bits = f->form_bits[c->block];
    if (bits > 32 || at > f->forms_size || f->forms_size - at < (count * bits + 7) / 8 + 8) return 0;
    c->forms = f->forms + at;
    c->form_bits = bits;
    return 1;
}

/* How many of the block's occurrences stand before those of the posting where a list is. */
static uint64_t occurrences_before(Cursor *c) {
    if (c->ones) return c->i;
    for (; c->summed < c->i; c->summed++) c->before += c->counts[c->summed];
    return c->before;
}

int count_form(Cursor *c, int64_t form, uint32_t *n) {
    uint32_t count = c->counts[c->i];
    if (!c->forms && !locate_forms(c)) return 0;
    uint64_t before = occurrences_before(c);
    if (before + count > c->position_count) return 0;
    *n = 0;
    if (!c->form_bits) {
        *n = form ? 0 : count;
        return 1;
    }
    uint64_t mask = mask_of(c->form_bits), bit = before * c->form_bits;
    for (uint32_t k = 0; k < count; k++, bit += c->form_bits) *n += bits_at(c->forms, bit, mask) == form;
    return 1;
}

/* Occurrences of one term in one row: no chunk has as many. */
#define MAX_OCCURRENCES (1 << 24)

static int reserve_numbers(uint32_t **out, size_t *space, uint32_t count) {
    if (*space >= count) return 1;
    uint32_t *larger = realloc(*out, 2 * (size_t)count * sizeof **out);
    if (!larger) return 0;
    *out = larger;
    *space = 2 * (size_t)count;
    return 1;
}

int read_positions(Cursor *c, uint32_t **out, size_t *space, size_t *n) {
    uint32_t count = c->counts[c->i];
    if (!c->field) {
        if (!c->array_positions || !reserve_numbers(out, space, count)) return 0;
        memcpy(*out, c->array_positions + c->array_starts[c->i], count * sizeof **out);
        *n = count;
        return 1;
    }
    if (!c->positions && !locate_positions(c)) return 0;
    if (c->form >= 0 && !c->forms && !locate_forms(c)) return 0;
    uint64_t before = occurrences_before(c);
    if (count > MAX_OCCURRENCES || before + count > c->position_count || !reserve_numbers(out, space, count)) return 0;
    unsigned bits = c->position_bits;
    uint64_t mask = mask_of(bits), bit = before * bits;
    uint32_t position = 0;
    for (uint32_t k = 0; k < count; k++, bit += bits) (*out)[k] = position += bits_at(c->positions, bit, mask);
    *n = count;
    if (c->form < 0) return 1;
    uint32_t kept = 0;
    bits = c->form_bits;
    mask = mask_of(bits);
    bit = before * bits;
    for (uint32_t k = 0; k < count; k++, bit += bits)
        if (bits_at(c->forms, bit, mask) == c->form) (*out)[kept++] = (*out)[k];
    *n = kept;
    return 1;
}

/* Lists as Python gives them: (Field, first, last), or (rows, counts, 0) of 32 bits each. */
typedef struct {
    Cursor *cursors;
    Buffer *buffers;
    int n;
} CursorList;

static void free_cursors(CursorList *l) {
    for (int i = 0; l->buffers && i < 2 * l->n; i++) release_buffer(l->buffers + i);
    free(l->buffers);
    free(l->cursors);
}

static int acquire_cursors(PyObject *module, PyObject *lists, uint32_t rows, CursorList *l) {
    memset(l, 0, sizeof *l);
    Py_ssize_t n = PyList_Size(lists);
    if (n < 0) return 0;
    l->n = (int)n;
    l->cursors = malloc((size_t)(n + 1) * sizeof *l->cursors);
    l->buffers = calloc(2 * (size_t)n + 1, sizeof *l->buffers);
    if (!l->cursors || !l->buffers) {
        PyErr_NoMemory();
        return 0;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *field_or_rows, *first_or_counts;
        unsigned long long last, first;
        if (!PyArg_ParseTuple(PyList_GetItem(lists, i), "OOK", &field_or_rows, &first_or_counts, &last)) return 0;
        if (PyObject_TypeCheck(field_or_rows, (PyTypeObject *)module_state(module)->field_type)) {
            Field *field = &((FieldObject *)field_or_rows)->field;
            first = PyLong_AsUnsignedLongLong(first_or_counts);
            if (PyErr_Occurred()) return 0;
            if (first >= last || last > field->postings || field->rows > rows) {
                PyErr_SetString(PyExc_ValueError, "a list of postings lies outside");
                return 0;
            }
            open_packed_cursor(l->cursors + i, field, first, last);
        } else {
            Buffer *b = l->buffers + 2 * i;
            if (!acquire_buffer(b, field_or_rows, 4, 0) || !acquire_buffer(b + 1, first_or_counts, 4, 0)) return 0;
            uint64_t count = buffer_length(b);
            const uint32_t *all = b[0].view.buf;
            if (buffer_length(b + 1) != count || (count && all[count - 1] >= rows)) {
                PyErr_SetString(PyExc_ValueError, "rows and counts don't fit together");
                return 0;
            }
            open_array_cursor(l->cursors + i, all, b[1].view.buf, (uint32_t)count, rows);
        }
    }
    return 1;
}

/* decode(field, first, last): rows and counts, as bytes of 32-bit numbers. */
PyObject *native_decode(PyObject *module, PyObject *args) {
    PyObject *lists;
    unsigned int rows;
    if (!PyArg_ParseTuple(args, "O!I", &PyList_Type, &lists, &rows)) return NULL;
    CursorList l;
    PyObject *done = NULL;
    if (acquire_cursors(module, lists, rows, &l)) {
        if (l.n != 1 || !l.cursors->field)
            PyErr_SetString(PyExc_ValueError, "one packed list is decoded");
        else {
            Cursor *c = l.cursors;
            uint64_t n = c->last - c->first, at = 0;
            PyObject *out_rows = n > rows ? NULL : PyBytes_FromStringAndSize(NULL, (Py_ssize_t)n * 4);
            PyObject *out_counts = n > rows ? NULL : PyBytes_FromStringAndSize(NULL, (Py_ssize_t)n * 4);
            if (out_rows && out_counts) {
                char *r = PyBytes_AsString(out_rows), *k = PyBytes_AsString(out_counts);
                Py_BEGIN_ALLOW_THREADS
                while (refill_cursor(c)) {
                    uint64_t some = c->n - c->i;
                    memcpy(r + 4 * at, c->rows + c->i, 4 * some);
                    memcpy(k + 4 * at, c->counts + c->i, 4 * some);
                    at += some;
                    c->i = c->n;
                }
                Py_END_ALLOW_THREADS
            }
            if (out_rows && out_counts && at == n)
                done = Py_BuildValue("(OO)", out_rows, out_counts);
            else if (!PyErr_Occurred())
                raise_failure(DAMAGED);
            Py_XDECREF(out_rows);
            Py_XDECREF(out_counts);
        }
    }
    free_cursors(&l);
    return done;
}
