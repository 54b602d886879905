#ifndef SEARCHKIT_TOKEN_TABLE_H
#define SEARCHKIT_TOKEN_TABLE_H

#include "postings_cursor.h"

typedef struct {
    uint32_t hash, id; /* UINT32_MAX where the slot is free */
    uint64_t held;
} Slot;

/* Every distinct token with its number, by which it is found, and the numbers of the tokens that were taken in.
 * `keys`: size (32 bits), language (32 bits) and bytes of each token, one after the other; `told`: how far they were
 * handed out. */
typedef struct {
    Slot *slots;
    uint64_t slot_count;
    uint8_t *keys;
    uint64_t keys_end, keys_room, told;
    uint32_t kinds, told_kinds;
    uint32_t *ids;
    uint64_t count, room;
} TokenTable;

int take_text(TokenTable *table, const uint8_t *text, uint64_t size, uint32_t language);
int take_token(TokenTable *table, const uint8_t *token, uint64_t size, uint32_t language);
/* The number of a key, which is given one where it is new; it isn't kept as taken in. 0: no memory. */
int find_key(TokenTable *table, const uint8_t *key, uint64_t size, uint32_t language, uint32_t *id);
/* The same of a key with zeros behind it, up to a multiple of 8 bytes and 8 more. */
int find_word(TokenTable *table, const uint8_t *key, uint64_t size, uint32_t language, uint32_t *id);
void free_tokens(TokenTable *table);

/* scan(texts, languages, wanted), of highlight.c. */
PyObject *scan_texts(TokenTable *table, PyObject *args);

extern PyType_Spec tokens_spec;

#endif
