/* Postings field: its Python type, and the look-up of a term. */
#include "postings_field.h"
#include "bitpacking.h"

#include <string.h>

int find_term(const Field *f, const void *term, size_t size, uint64_t from, uint64_t *id) {
    uint64_t low = from, high = f->term_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        uint64_t begin = number_at(f->offsets, f->offsets_width, middle),
                 end = number_at(f->offsets, f->offsets_width, middle + 1);
        if (begin > end || end > f->blob_size) return -1;
        uint64_t shared = end - begin < size ? end - begin : size;
        int order = memcmp(f->blob + begin, term, shared);
        if (!order && end - begin == size) {
            *id = middle;
            return 1;
        }
        if (order < 0 || (!order && end - begin < size))
            low = middle + 1;
        else
            high = middle;
    }
    *id = low;
    return 0;
}

int term_postings(const Field *f, uint64_t id, uint64_t *first, uint64_t *last) {
    if (id >= f->term_count) return 0;
    *first = number_at(f->starts, f->starts_width, id);
    *last = number_at(f->starts, f->starts_width, id + 1);
    return *first < *last && *last <= f->postings && *last - *first <= f->rows;
}

static void field_dealloc(PyObject *self) {
    for (int i = 0; i < 15; i++) release_buffer(((FieldObject *)self)->field.buffers + i);
    free_instance(self);
}

static PyObject *field_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    (void)kwargs;
    PyObject *o[15];
    unsigned long long rows, postings;
    if (!PyArg_ParseTuple(args, "OOOOOOOOOKKOOOOOO", o, o + 1, o + 2, o + 3, o + 4, o + 5, o + 6, o + 7, o + 8, &rows,
                          &postings, o + 9, o + 10, o + 11, o + 12, o + 13, o + 14))
        return NULL;
    allocfunc make = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    FieldObject *self = (FieldObject *)make(type, 0);
    if (!self) return NULL;
    Field *f = &self->field;
    Buffer *b = f->buffers;
    uint64_t blocks = (postings + BLOCK - 1) / BLOCK;
    if (!acquire_buffer(b, o[0], 1, 0) || !acquire_offsets(b + 1, o[1], &f->block_at_width) ||
        !acquire_buffer(b + 2, o[2], 1, 0) || !acquire_buffer(b + 3, o[3], 1, 0) ||
        !acquire_buffer(b + 4, o[4], 4, 0) || !acquire_buffer(b + 5, o[5], 1, 0) ||
        !acquire_offsets(b + 6, o[6], &f->position_at_width) || !acquire_buffer(b + 7, o[7], 1, 0) ||
        !acquire_offsets(b + 8, o[8], &f->blocks_width) || !acquire_buffer(b + 9, o[9], 1, 0) ||
        !acquire_offsets(b + 10, o[10], &f->offsets_width) || !acquire_offsets(b + 11, o[11], &f->starts_width) ||
        !acquire_buffer(b + 12, o[12], 1, 0) ||
        (b[12].held && (!acquire_offsets(b + 13, o[13], &f->form_at_width) || !acquire_buffer(b + 14, o[14], 1, 0)))) {
        Py_DECREF(self);
        return NULL;
    }
    if (buffer_length(b + 1) != blocks || buffer_length(b + 2) != blocks || buffer_length(b + 3) != blocks ||
        buffer_length(b + 4) != blocks || buffer_length(b + 6) != blocks || buffer_length(b + 7) != blocks ||
        buffer_length(b + 8) != blocks + 1 || rows > UINT32_MAX || !buffer_length(b + 10) ||
        buffer_length(b + 10) != buffer_length(b + 11) ||
        (b[12].held && (buffer_length(b + 13) != blocks || buffer_length(b + 14) != blocks))) {
        PyErr_SetString(PyExc_ValueError, "the arrays of a field don't fit together");
        Py_DECREF(self);
        return NULL;
    }
    f->packed = b[0].view.buf;
    f->packed_size = (uint64_t)b[0].view.len;
    f->block_at = b[1].view.buf;
    f->row_bits = b[2].view.buf;
    f->count_bits = b[3].view.buf;
    f->bases = b[4].view.buf;
    f->positions = b[5].view.buf;
    f->positions_size = (uint64_t)b[5].view.len;
    f->position_at = b[6].view.buf;
    f->position_bits = b[7].view.buf;
    f->blocks = b[8].view.buf;
    f->blob = b[9].view.buf;
    f->blob_size = (uint64_t)b[9].view.len;
    f->offsets = b[10].view.buf;
    f->starts = b[11].view.buf;
    f->term_count = buffer_length(b + 10) - 1;
    if (b[12].held) {
        f->forms = b[12].view.buf;
        f->forms_size = (uint64_t)b[12].view.len;
        f->form_at = b[13].view.buf;
        f->form_bits = b[14].view.buf;
    }
    f->rows = (uint32_t)rows;
    f->postings = postings;
    f->block_count = blocks;
    return (PyObject *)self;
}

static PyType_Slot field_slots[] = {
    {Py_tp_doc, "The packed postings of one field of one segment."},
    {Py_tp_new, field_new},
    {Py_tp_dealloc, field_dealloc},
    {0, NULL},
};
PyType_Spec field_spec = {"searchkit._native.Field", sizeof(FieldObject), 0, Py_TPFLAGS_DEFAULT, field_slots};
