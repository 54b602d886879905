/* Fuzzy filter: all that one edit can make of a misspelling is looked for, letters that stand beside each other in some
 * word alone, and a filter keeps most of them away from the words themselves. It is Bloom's filter (1970) in blocks of
 * 64 bits, of which a word sets three; the hash is a polynomial of the code points, so that an edit changes it by a few
 * products. */
#include "fuzzy_filter.h"
#include "status.h"
#include "utf8.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define HASH_BASE 0x9E3779B97F4A7C15u
#define WORDS_A_BLOCK 4 /* 16 bits a word: six in a thousand that aren't there come through */
#define MOST_LETTERS 1024
#define TOO_MANY_LETTERS 3 /* beside what status.h has */

static uint64_t block_bits(uint64_t hash) {
    return (uint64_t)1 << (hash & 63) | (uint64_t)1 << (hash >> 6 & 63) | (uint64_t)1 << (hash >> 12 & 63);
}

static uint64_t mix_hash(uint64_t hash, uint64_t size) {
    hash = (hash ^ size * 0xD6E8FEB86659FD93u) * 0xFF51AFD7ED558CCDu;
    hash ^= hash >> 32;
    hash *= 0xC4CEB9FE1A85EC53u;
    return hash ^ hash >> 29;
}

static int may_contain(const FuzzyFilter *s, uint64_t hash, int size) {
    hash = mix_hash(hash, (uint64_t)size);
    uint64_t bits = block_bits(hash);
    return (s->blocks[(hash >> 20) & s->mask] & bits) == bits;
}

/* The code points of a word; -1 where it isn't UTF-8 or too long to be looked for. */
static int code_points(const uint8_t *word, size_t size, uint32_t *points) {
    int n = 0;
    for (size_t at = 0; at < size;) {
        size_t bytes = char_size(word[at]);
        if (at + bytes > size || n == MAX_WORD_LENGTH) return -1;
        points[n++] = decode_char(word + at, bytes);
        at += bytes;
    }
    return n;
}

/* The number of a letter in the alphabet; -1 where no word has it. */
static int letter_number(const FuzzyFilter *s, uint32_t point) {
    int low = 0, high = s->letters;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (s->alphabet[middle] < point)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->letters && s->alphabet[low] == point ? low : -1;
}

/* Put a letter where it belongs in the alphabet; 0 where there are too many. */
static int add_letter(FuzzyFilter *s, uint32_t point) {
    if (letter_number(s, point) >= 0) return 1;
    if (s->letters == MOST_LETTERS) return 0;
    int at = s->letters++;
    for (; at && s->alphabet[at - 1] > point; at--) s->alphabet[at] = s->alphabet[at - 1];
    s->alphabet[at] = point;
    return 1;
}

/* Which letters can follow one (the first half), and which can precede it; number `letters` is a word's edge. */
static uint64_t *neighbours(const FuzzyFilter *s, int preceding, int letter) {
    return s->pairs + (size_t)((preceding ? s->letters + 1 : 0) + letter) * (size_t)s->width;
}

static void link_letters(FuzzyFilter *s, int left, int right) {
    neighbours(s, 0, left)[right >> 6] |= (uint64_t)1 << (right & 63);
    neighbours(s, 1, right)[left >> 6] |= (uint64_t)1 << (left & 63);
}

void free_fuzzy_filter(FuzzyFilter *s) {
    free(s->blocks);
    free(s->pairs);
    free(s->alphabet);
    *s = (FuzzyFilter){0};
}

static int collect_letters(const WordList *w, FuzzyFilter *s) {
    uint64_t known[2] = {0};
    uint32_t points[MAX_WORD_LENGTH + 1];
    s->alphabet = malloc(MOST_LETTERS * sizeof *s->alphabet);
    if (!s->alphabet) return NO_MEMORY;
    for (uint64_t place = 0; place < w->count; place++) {
        const uint8_t *word;
        size_t size;
        if (!word_at(w, place, &word, &size)) return DAMAGED;
        int n = code_points(word, size, points);
        for (int i = 0; i < n; i++) {
            uint32_t point = points[i];
            if (point < 128 && known[point >> 6] >> (point & 63) & 1) continue;
            if (point < 128) known[point >> 6] |= (uint64_t)1 << (point & 63);
            if (!add_letter(s, point)) return TOO_MANY_LETTERS;
        }
    }
    return DONE;
}

static int fill_filter(const WordList *w, FuzzyFilter *s) {
    uint32_t points[MAX_WORD_LENGTH + 1];
    uint64_t blocks = 1;
    while (blocks * WORDS_A_BLOCK < w->count) blocks *= 2;
    s->mask = blocks - 1;
    s->width = s->letters / 64 + 1;
    s->blocks = calloc(blocks, sizeof *s->blocks);
    s->pairs = calloc(2 * (size_t)(s->letters + 1) * (size_t)s->width, sizeof *s->pairs);
    if (!s->blocks || !s->pairs) return NO_MEMORY;
    int ascii[128];
    for (int point = 0; point < 128; point++) ascii[point] = letter_number(s, (uint32_t)point);
    for (uint64_t place = 0; place < w->count; place++) {
        const uint8_t *word;
        size_t size;
        uint64_t hash = 0;
        if (!word_at(w, place, &word, &size)) return DAMAGED;
        int n = code_points(word, size, points), last = s->letters;
        if (n < 1) continue;
        for (int i = 0; i < n; i++) {
            hash = hash * HASH_BASE + points[i] + 1;
            int letter = points[i] < 128 ? ascii[points[i]] : letter_number(s, points[i]);
            if (letter < 0) return DAMAGED;
            link_letters(s, last, letter);
            last = letter;
        }
        link_letters(s, last, s->letters);
        hash = mix_hash(hash, (uint64_t)n);
        s->blocks[(hash >> 20) & s->mask] |= block_bits(hash);
    }
    return DONE;
}

int build_fuzzy_filter(const WordList *w, FuzzyFilter *s) {
    int failed = collect_letters(w, s);
    if (!failed) failed = fill_filter(w, s);
    if (failed) free_fuzzy_filter(s);
    return failed == TOO_MANY_LETTERS ? DONE : failed;
}

/* Look a word up that came through, and keep it. */
static int verify_candidate(const WordList *w, const uint32_t *points, int n, WordMatches *out) {
    uint8_t word[4 * (MAX_WORD_LENGTH + 2)];
    size_t size = 0, length;
    uint64_t place;
    const uint8_t *there;
    for (int i = 0; i < n; i++) size += encode_char(points[i], word + size);
    if (!size) return DONE;
    if (!lower_bound_word(w, 0, word, size, &place)) return DAMAGED;
    if (place >= w->count) return DONE;
    if (!word_at(w, place, &there, &length)) return DAMAGED;
    if (length != size || memcmp(there, word, size) || (w->rows && !w->rows[place])) return DONE;
    return append_match(out, place, 1) ? DONE : NO_MEMORY;
}

static int by_number(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Try every letter at a place that `taken` letters of the wanted word give way to: 0 put in, 1 changed. */
static int try_each_letter(const WordList *w, const FuzzyFilter *s, const uint32_t *wanted, const int *numbers, int n,
                           int at, int taken, uint64_t rest, uint64_t power, WordMatches *out) {
    int left = at ? numbers[at - 1] : s->letters, right = at + taken < n ? numbers[at + taken] : s->letters;
    if (left < 0 || right < 0) return 0; /* what stays has a letter that no word has */
    const uint64_t *follow = neighbours(s, 0, left), *precede = neighbours(s, 1, right);
    uint32_t word[MAX_WORD_LENGTH + 2];
    int failed = 0;
    for (int k = 0; k < s->width; k++)
        for (uint64_t both = follow[k] & precede[k]; both; both &= both - 1) {
            int letter = 64 * k + __builtin_ctzll(both);
            if (letter >= s->letters || failed) continue;
            uint32_t point = s->alphabet[letter];
            if (!may_contain(s, rest + (point + (uint64_t)1) * power, n + 1 - taken)) continue;
            memcpy(word, wanted, (size_t)at * sizeof *word);
            word[at] = point;
            memcpy(word + at + 1, wanted + at + taken, (size_t)(n - at - taken) * sizeof *word);
            failed = verify_candidate(w, word, n + 1 - taken, out);
        }
    return failed;
}

int match_one_edit(const WordList *w, const FuzzyFilter *s, const uint32_t *wanted, int n, WordMatches *out) {
    uint64_t before[MAX_WORD_LENGTH + 1], behind[MAX_WORD_LENGTH + 1], power[MAX_WORD_LENGTH + 2];
    uint32_t word[MAX_WORD_LENGTH + 2];
    int numbers[MAX_WORD_LENGTH + 1];
    if (n < 1 || n >= MAX_WORD_LENGTH) return DONE;
    power[0] = 1;
    for (int i = 0; i <= n; i++) power[i + 1] = power[i] * HASH_BASE;
    before[0] = behind[n] = 0;
    for (int i = 0; i < n; i++) before[i + 1] = before[i] * HASH_BASE + wanted[i] + 1;
    for (int i = n - 1; i >= 0; i--) behind[i] = behind[i + 1] + (wanted[i] + (uint64_t)1) * power[n - 1 - i];
    for (int i = 0; i < n; i++) numbers[i] = letter_number(s, wanted[i]);
    int failed = may_contain(s, before[n], n) ? verify_candidate(w, wanted, n, out) : 0;
    for (int i = 0; i < n && !failed; i++) {
        failed = try_each_letter(w, s, wanted, numbers, n, i, 1, before[i] * power[n - i] + behind[i + 1],
                                 power[n - 1 - i], out);
        if (!failed && may_contain(s, before[i] * power[n - 1 - i] + behind[i + 1], n - 1)) { /* left out */
            memcpy(word, wanted, (size_t)i * sizeof *word);
            memcpy(word + i, wanted + i + 1, (size_t)(n - 1 - i) * sizeof *word);
            failed = verify_candidate(w, word, n - 1, out);
        }
        if (failed || i + 1 == n || wanted[i] == wanted[i + 1]) continue;
        uint64_t over = before[i] * power[n - i] + (wanted[i + 1] + (uint64_t)1) * power[n - 1 - i] +
                        (wanted[i] + (uint64_t)1) * power[n - 2 - i] + behind[i + 2];
        if (may_contain(s, over, n)) { /* changed over with the next one */
            memcpy(word, wanted, (size_t)n * sizeof *word);
            word[i] = wanted[i + 1];
            word[i + 1] = wanted[i];
            failed = verify_candidate(w, word, n, out);
        }
    }
    for (int i = 0; i <= n && !failed; i++)
        failed = try_each_letter(w, s, wanted, numbers, n, i, 0, before[i] * power[n - i + 1] + behind[i], power[n - i],
                                 out);
    if (failed) return failed;
    if (out->n > 1) qsort(out->words, out->n, sizeof *out->words, by_number);
    size_t kept = 0;
    for (size_t i = 0; i < out->n; i++) /* edits can make the same word in several ways */
        if (!i || out->words[i] != out->words[kept - 1]) out->words[kept++] = out->words[i];
    out->n = kept;
    return DONE;
}
