/* Tokenizer: cuts as Python's str.split does. A token that is a word of ASCII letters between punctuation is known by
 * the word in lower case, every other one as it is written, and so is one with a sign beside the letters that may
 * belong to them: C++, C#, .NET, #FyreFestival, @handle. */
#include "tokenizer.h"

enum { SPACE = 1, LETTER = 2, PUNCTUATION = 4, OTHER = 8, HIGH = 16, MAX_WORD_LENGTH = 100 };

static const uint8_t class_of[256] = {
    [0 ... 8] = OTHER,         [9 ... 13] = SPACE,     [14 ... 27] = OTHER,         [28 ... 32] = SPACE,
    [33 ... 47] = PUNCTUATION, ['0' ... '9'] = OTHER,  [58 ... 64] = PUNCTUATION,   ['A' ... 'Z'] = LETTER,
    [91 ... 96] = PUNCTUATION, ['a' ... 'z'] = LETTER, [123 ... 126] = PUNCTUATION, [127] = OTHER,
    [128 ... 255] = HIGH,
};

/* The bytes of the space of several bytes that begins here; 0 where none does. */
static unsigned wide_space(const uint8_t *c, uint64_t left) {
    if (c[0] == 0xC2 && left > 1) return c[1] == 0x85 || c[1] == 0xA0 ? 2 : 0;
    if (left < 3) return 0;
    if (c[0] == 0xE1) return c[1] == 0x9A && c[2] == 0x80 ? 3 : 0;
    if (c[0] == 0xE3) return c[1] == 0x80 && c[2] == 0x80 ? 3 : 0;
    if (c[0] != 0xE2) return 0;
    if (c[1] == 0x81) return c[2] == 0x9F ? 3 : 0;
    return c[1] == 0x80 && ((c[2] >= 0x80 && c[2] <= 0x8A) || c[2] == 0xA8 || c[2] == 0xA9 || c[2] == 0xAF) ? 3 : 0;
}

int tokenize_token(TokenTable *t, const uint8_t *token, uint64_t size, uint32_t language) {
    uint64_t first = 0, last = size;
    while (first < last && class_of[token[first]] == PUNCTUATION) first++;
    while (last > first && class_of[token[last - 1]] == PUNCTUATION) last--;
    uint64_t inner = last - first;
    if (inner && inner <= MAX_WORD_LENGTH) {
        uint8_t word[MAX_WORD_LENGTH];
        unsigned odd = 0;
        for (uint64_t i = 0; i < inner; i++) {
            odd |= class_of[token[first + i]] != LETTER;
            word[i] = token[first + i] | 32;
        }
        uint8_t before = first ? token[first - 1] : ' ', after = last < size ? token[last] : ' ';
        odd |= before == '#' || before == '@' || before == '.' || after == '+' || after == '#';
        if (!odd) return add_token(t, word, inner, language);
    }
    return add_token(t, token, size, language);
}

int tokenize_text(TokenTable *t, const uint8_t *text, uint64_t size, uint32_t language) {
    uint64_t at = 0;
    while (at < size) {
        unsigned space = 0;
        uint64_t begin = at;
        for (; at < size; at++) {
            unsigned kind = class_of[text[at]];
            if (kind == SPACE) space = 1;
            if (kind == HIGH) space = wide_space(text + at, size - at);
            if (space) break;
        }
        if (at > begin && !tokenize_token(t, text + begin, at - begin, language)) return 0;
        at += space;
    }
    return 1;
}
