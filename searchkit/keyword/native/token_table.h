/* Token table: every distinct token with its number, by which it is found. */
#ifndef SEARCHKIT_TOKEN_TABLE_H
#define SEARCHKIT_TOKEN_TABLE_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t hash, id; /* UINT32_MAX where the slot is free */
    uint64_t held;
} Slot;

/* Every distinct token with its number, by which it is found, and the numbers of the tokens that were taken in.
 * `keys`: size (32 bits), language (32 bits) and bytes of each token, one after the other; `reported`: how far they
 * were handed out. */
typedef struct {
    Slot *slots;
    uint64_t slot_count;
    uint8_t *keys;
    uint64_t keys_end, keys_room, reported;
    uint32_t kinds, reported_kinds;
    uint32_t *ids;
    uint64_t count, room;
} TokenTable;

/* Take a token in under its number, a new one where it has none. 0: no memory. */
int add_token(TokenTable *table, const uint8_t *key, uint64_t size, uint32_t language);
/* The number of a key, which is given one where it is new; it isn't kept as taken in. 0: no memory. */
int find_token(TokenTable *table, const uint8_t *key, uint64_t size, uint32_t language, uint32_t *id);
/* The same of a key with zeros behind it, up to a multiple of 8 bytes and 8 more. */
int find_padded_token(TokenTable *table, const uint8_t *key, uint64_t size, uint32_t language, uint32_t *id);
void free_token_table(TokenTable *table);

#endif
