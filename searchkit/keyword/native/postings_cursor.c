#include "postings_cursor.h"

/* Four lanes of 32 bits: value i of a block lies in lane i % 4. GCC and clang make vector instructions of these. */
typedef uint32_t Four __attribute__((vector_size(16)));

#if defined(__clang__) || __GNUC__ >= 12
#define MOVED(v, zero, ...) __builtin_shufflevector(v, zero, __VA_ARGS__)
#else
#define MOVED(v, zero, ...) __builtin_shuffle(v, zero, (Four){__VA_ARGS__})
#endif

static inline Four load(const uint8_t *from) {
    Four four;
    memcpy(&four, from, 16);
    return four;
}

static inline Four all(uint32_t value) { return (Four){value, value, value, value}; }

/* With `bits` known to the compiler, no shift and no load is left to be decided. */
static inline __attribute__((always_inline)) void unpack(const uint8_t *packed, const int bits, uint32_t plus,
                                                         uint32_t *out) {
    Four mask = all(bits == 32 ? 0xFFFFFFFFu : (1u << bits) - 1), more = all(plus);
#pragma GCC unroll 32
    for (int j = 0; j < 32; j++) {
        int word = j * bits / 32, shift = j * bits % 32;
        Four value = load(packed + 16 * word) >> all((uint32_t)shift);
        if (shift + bits > 32) value |= load(packed + 16 * (word + 1)) << all((uint32_t)(32 - shift));
        value = (value & mask) + more;
        memcpy(out + 4 * j, &value, 16);
    }
}

/* Unpack 128 numbers of `bits` bits, 0 to 32, and add something to each. `packed` has 16 * bits bytes. */
static void unpack_block(const uint8_t *packed, int bits, uint32_t plus, uint32_t *out) {
#define CASE(n) \
    case n: unpack(packed, n, plus, out); break;
    switch (bits) {
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
    CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14) CASE(15) CASE(16)
    CASE(17) CASE(18) CASE(19) CASE(20) CASE(21) CASE(22) CASE(23) CASE(24)
    CASE(25) CASE(26) CASE(27) CASE(28) CASE(29) CASE(30) CASE(31) CASE(32)
    default: for (int i = 0; i < BLOCK; i++) out[i] = plus;
    }
#undef CASE
}

/* Pack 128 numbers in as few bits as hold the largest; return how many, of which `out` gets 16 * bits bytes. */
int pack_bits(const uint32_t *values, uint8_t *out) {
    uint32_t every = 0;
    for (int i = 0; i < BLOCK; i++) every |= values[i];
    int bits = every ? 32 - __builtin_clz(every) : 0;
    if (!bits) return 0;
    Four word = all(0);
    int shift = 0;
    for (int j = 0; j < 32; j++) {
        Four value;
        memcpy(&value, values + 4 * j, 16);
        word |= value << all((uint32_t)shift);
        shift += bits;
        if (shift >= 32) {
            memcpy(out, &word, 16);
            out += 16;
            shift -= 32;
            word = shift ? value >> all((uint32_t)(bits - shift)) : all(0);
        }
    }
    return bits;
}

void open_list(Cursor *c, const Field *field, uint64_t first, uint64_t last) {
    c->field = field;
    c->first = first;
    c->last = last;
    c->block = UINT64_MAX;
    c->i = c->n = 0;
    c->ones = 0;
    c->damaged = 0;
    c->reached = -1;
    c->form = c->own = -1;
    c->row_limit = field->rows;
    c->rows = c->row_space;
    c->counts = c->count_space;
}

void open_plain(Cursor *c, const uint32_t *rows, const uint32_t *counts, uint32_t n, uint32_t row_limit) {
    c->field = NULL;
    c->rows = rows;
    c->counts = counts;
    c->i = 0;
    c->n = n;
    c->ones = 0;
    c->damaged = 0;
    c->reached = -1;
    c->form = c->own = -1;
    c->plain_positions = NULL;
    c->row_limit = row_limit;
}

/* Decode a block of the list; return whether it holds what it should. */
static int decode(Cursor *c, uint64_t block) {
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
        Four sum = all(row);
        for (int j = 0; j < BLOCK; j += 4) {
            Four v, zero = all(0);
            memcpy(&v, rows + j, 16);
            v += MOVED(v, zero, 4, 0, 1, 2);
            v += MOVED(v, zero, 4, 4, 0, 1);
            v += sum;
            memcpy(rows + j, &v, 16);
            sum = all(v[3]);
        }
    } else {
        for (uint32_t i = start; i < end; i++) rows[i] = row += rows[i];
    }
    /* Rows ascend unless their sum passes 32 bits, which small gaps can't make it do. */
    if (row_bits > 24 || c->row_limit > 1u << 31 || (first != UINT32_MAX && first >= c->row_limit))
        for (uint32_t i = start + 1; i < end; i++) bad |= rows[i] <= rows[i - 1];
    if (bad || rows[end - 1] >= c->row_limit || rows[start] <= c->reached) return 0;
    c->reached = rows[end - 1];
    c->block = block;
    c->summed = c->before = 0;
    c->places = c->forms = NULL;
    c->i = start;
    c->n = end;
    return 1;
}

/* Go to the next block; return 0 behind the last. */
int next_block(Cursor *c) {
    if (!c->field || c->damaged) return 0;
    uint64_t block = c->block == UINT64_MAX ? c->first / BLOCK : c->block + 1;
    if (block * BLOCK >= c->last) {
        c->i = c->n;
        return 0;
    }
    if (!decode(c, block)) {
        c->damaged = 1;
        c->i = c->n = 0;
        return 0;
    }
    return 1;
}

/* The first place, from one on, whose row isn't below. Near ones are counted, eight at once without a branch. */
static inline uint32_t lower(const uint32_t *rows, uint32_t from, uint32_t to, uint32_t row) {
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

/* Go on to the first row that isn't below `row`; return 0 where there is none. */
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
        if (!decode(c, low)) {
            c->damaged = 1;
            c->i = c->n = 0;
            return 0;
        }
    }
    do c->i = lower(c->rows, c->i, c->n, row);
    while (c->i == c->n && next_block(c));
    return c->i < c->n;
}

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

int span_of(const Field *f, uint64_t id, uint64_t *first, uint64_t *last) {
    if (id >= f->term_count) return 0;
    *first = number_at(f->starts, f->starts_width, id);
    *last = number_at(f->starts, f->starts_width, id + 1);
    return *first < *last && *last <= f->postings && *last - *first <= f->rows;
}

/* Find the positions of the block that is decoded; return 0 where they can't be. */
static int find_places(Cursor *c) {
    const Field *f = c->field;
    uint64_t count = number_at(f->blocks, f->blocks_width, c->block + 1) -
                     number_at(f->blocks, f->blocks_width, c->block);
    uint64_t at = number_at(f->position_at, f->position_at_width, c->block);
    unsigned bits = f->position_bits[c->block];
    if (bits > 32 || count > UINT32_MAX || at > f->positions_size || f->positions_size - at < (count * bits + 7) / 8 + 8)
        return 0;
    c->places = f->positions + at;
    c->place_count = (uint32_t)count;
    c->place_bits = bits;
    return 1;
}

/* The same of its forms. */
static int find_forms(Cursor *c) {
    const Field *f = c->field;
    if (!f->forms || (!c->places && !find_places(c))) return 0;
    uint64_t at = number_at(f->form_at, f->form_at_width, c->block), count = c->place_count;
    unsigned bits = f->form_bits[c->block];
    if (bits > 32 || at > f->forms_size || f->forms_size - at < (count * bits + 7) / 8 + 8) return 0;
    c->forms = f->forms + at;
    c->form_bits = bits;
    return 1;
}

static inline uint32_t bits_at(const uint8_t *numbers, uint64_t bit, uint64_t mask) {
    uint64_t word;
    memcpy(&word, numbers + (bit >> 3), 8);
    return (uint32_t)((word >> (bit & 7)) & mask);
}

static inline uint64_t mask_of(unsigned bits) { return bits ? UINT64_MAX >> (64 - bits) : 0; }

/* How many of the block's occurrences stand before those of the posting where a list is. */
static uint64_t occurrences_before(Cursor *c) {
    if (c->ones) return c->i;
    for (; c->summed < c->i; c->summed++) c->before += c->counts[c->summed];
    return c->before;
}

int form_here(Cursor *c, int64_t form, uint32_t *n) {
    uint32_t count = c->counts[c->i];
    if (!c->forms && !find_forms(c)) return 0;
    uint64_t before = occurrences_before(c);
    if (before + count > c->place_count) return 0;
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
#define MOST (1 << 24)

static int make_space(uint32_t **out, size_t *space, uint32_t count) {
    if (*space >= count) return 1;
    uint32_t *larger = realloc(*out, 2 * (size_t)count * sizeof **out);
    if (!larger) return 0;
    *out = larger;
    *space = 2 * (size_t)count;
    return 1;
}

/* Read the positions of the posting where a list with positions stands; return 0 where they can't be. */
int positions_here(Cursor *c, uint32_t **out, size_t *space, size_t *n) {
    uint32_t count = c->counts[c->i];
    if (!c->field) {
        if (!c->plain_positions || !make_space(out, space, count)) return 0;
        memcpy(*out, c->plain_positions + c->plain_starts[c->i], count * sizeof **out);
        *n = count;
        return 1;
    }
    if (!c->places && !find_places(c)) return 0;
    if (c->form >= 0 && !c->forms && !find_forms(c)) return 0;
    uint64_t before = occurrences_before(c);
    if (count > MOST || before + count > c->place_count || !make_space(out, space, count)) return 0;
    unsigned bits = c->place_bits;
    uint64_t mask = mask_of(bits), bit = before * bits;
    uint32_t position = 0;
    for (uint32_t k = 0; k < count; k++, bit += bits) (*out)[k] = position += bits_at(c->places, bit, mask);
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
