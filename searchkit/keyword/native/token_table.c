/* Token table: a hash table with open addressing. */
#include "token_table.h"

#include <stdlib.h>
#include <string.h>

static const uint32_t FREE = UINT32_MAX;

static uint32_t hash_key(const uint8_t *key, uint64_t size, uint32_t language) {
    uint64_t hash = (size + 1) * 0x9E3779B97F4A7C15u + language;
    for (; size >= 8; key += 8, size -= 8) {
        uint64_t some;
        memcpy(&some, key, 8);
        hash = (hash ^ some) * 0x9FB21C651E98DF25u;
        hash ^= hash >> 29;
    }
    uint64_t rest = 0;
    memcpy(&rest, key, size);
    hash = (hash ^ rest) * 0x9FB21C651E98DF25u;
    return (uint32_t)(hash ^ hash >> 32);
}

/* What a slot holds of a token: all of one of up to 7 bytes in one of the first 15 languages, so that nothing else has
 * to be looked at, or else where its key begins. The highest byte is 0 there and tells the two apart. */
static uint64_t inline_key(const uint8_t *key, uint64_t size, uint32_t language) {
    if (size > 7 || language > 14) return 0;
    uint64_t bytes = 0;
    memcpy(&bytes, key, size);
    return bytes | (uint64_t)(language + 1) << 60 | size << 56;
}

static int grow_slots(TokenTable *t) {
    uint64_t count = t->slot_count ? 2 * t->slot_count : 1 << 12;
    Slot *slots = malloc(count * sizeof *slots);
    if (!slots) return 0;
    memset(slots, 255, count * sizeof *slots);
    for (uint64_t i = 0; i < t->slot_count; i++)
        if (t->slots[i].id != FREE) {
            uint64_t to = t->slots[i].hash & (count - 1);
            while (slots[to].id != FREE) to = (to + 1) & (count - 1);
            slots[to] = t->slots[i];
        }
    free(t->slots);
    t->slots = slots;
    t->slot_count = count;
    return 1;
}

static int append_key(TokenTable *t, const uint8_t *key, uint64_t size, uint32_t language) {
    if (size > UINT32_MAX || t->kinds == FREE - 1) return 0;
    if (t->keys_end + size + 8 > t->keys_room) {
        uint64_t room = 2 * t->keys_room + size + 4096;
        uint8_t *keys = realloc(t->keys, room);
        if (!keys) return 0;
        t->keys = keys;
        t->keys_room = room;
    }
    uint32_t head[2] = {(uint32_t)size, language};
    memcpy(t->keys + t->keys_end, head, 8);
    memcpy(t->keys + t->keys_end + 8, key, size);
    t->keys_end += size + 8;
    return 1;
}

int add_token(TokenTable *t, const uint8_t *key, uint64_t size, uint32_t language) {
    if (2 * ((uint64_t)t->kinds + 1) > t->slot_count && !grow_slots(t)) return 0;
    if (t->count == t->room) {
        uint64_t room = 2 * t->room + 4096;
        uint32_t *ids = realloc(t->ids, room * sizeof *ids);
        if (!ids) return 0;
        t->ids = ids;
        t->room = room;
    }
    uint32_t hash = hash_key(key, size, language);
    uint64_t mask = t->slot_count - 1, at = hash & mask;
    uint64_t held = inline_key(key, size, language);
    for (; t->slots[at].id != FREE; at = (at + 1) & mask) {
        if (t->slots[at].hash != hash) continue;
        if (held && t->slots[at].held == held) break;
        if (held || t->slots[at].held >> 56) continue;
        const uint8_t *known = t->keys + t->slots[at].held;
        uint32_t head[2];
        memcpy(head, known, 8);
        if (head[0] == size && head[1] == language && !memcmp(known + 8, key, size)) break;
    }
    Slot *slot = t->slots + at;
    if (slot->id == FREE) {
        uint64_t begins = t->keys_end;
        if (!append_key(t, key, size, language)) return 0;
        *slot = (Slot){hash, t->kinds++, held ? held : begins};
    }
    t->ids[t->count++] = slot->id;
    return 1;
}

/* As hash_key and inline_key say, without copying a few bytes each time: zeros stand behind the key up to a multiple
 * of 8. */
int find_padded_token(TokenTable *t, const uint8_t *key, uint64_t size, uint32_t language, uint32_t *id) {
    if (t->slot_count) {
        uint64_t hash = (size + 1) * 0x9E3779B97F4A7C15u + language, some, left = size;
        const uint8_t *at = key;
        for (; left >= 8; at += 8, left -= 8) {
            memcpy(&some, at, 8);
            hash = (hash ^ some) * 0x9FB21C651E98DF25u;
            hash ^= hash >> 29;
        }
        memcpy(&some, at, 8);
        hash = (hash ^ some) * 0x9FB21C651E98DF25u;
        uint32_t short_hash = (uint32_t)(hash ^ hash >> 32);
        uint64_t mask = t->slot_count - 1, held = 0;
        if (size <= 7 && language <= 14) held = some | (uint64_t)(language + 1) << 60 | size << 56;
        for (uint64_t place = short_hash & mask; t->slots[place].id != FREE; place = (place + 1) & mask) {
            Slot slot = t->slots[place];
            if (slot.hash != short_hash) continue;
            if (held) {
                if (slot.held != held) continue;
            } else {
                if (slot.held >> 56) continue;
                const uint8_t *known = t->keys + slot.held;
                uint32_t head[2];
                memcpy(head, known, 8);
                if (head[0] != size || head[1] != language || memcmp(known + 8, key, size)) continue;
            }
            *id = slot.id;
            return 1;
        }
    }
    return find_token(t, key, size, language, id);
}

int find_token(TokenTable *t, const uint8_t *key, uint64_t size, uint32_t language, uint32_t *id) {
    if (!add_token(t, key, size, language)) return 0;
    *id = t->ids[--t->count];
    return 1;
}

void free_token_table(TokenTable *t) {
    free(t->slots);
    free(t->keys);
    free(t->ids);
}
