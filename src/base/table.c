/* SPDX-License-Identifier: MIT */
#include "base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 16 };

/* FNV-1a (its constants are those of draft-eastlake-fnv), then a last mixing so that low bits are good for masks. */
uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len)
{
    const unsigned char *byte = bytes;
    uint64_t hash = seed ^ 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ byte[i]) * 0x100000001b3u;
    hash ^= hash >> 32;
    hash *= 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

void table_init(struct table *table, struct slice (*key_of)(const void *item))
{
    *table = (struct table){ .key_of = key_of };
}

void table_release(struct table *table)
{
    free(table->slot);
    table_init(table, table->key_of);
}

static size_t home_of(const struct table *table, struct slice key)
{
    return (size_t)hash_bytes(0, key.data, key.len) & (table->room - 1);
}

/* The slot that holds `key`, or the empty one where it would go. */
static size_t find(const struct table *table, struct slice key)
{
    size_t at = home_of(table, key);
    for (; table->slot[at]; at = (at + 1) & (table->room - 1)) {
        struct slice other = table->key_of(table->slot[at]);
        if (other.len == key.len && !memcmp(other.data, key.data, key.len))
            break;
    }
    return at;
}

void *table_get(const struct table *table, struct slice key)
{
    return table->room ? table->slot[find(table, key)] : NULL;
}

static int grow(struct table *table)
{
    struct table larger = { .room = table->room ? table->room * 2 : ROOM_MIN,
                            .used = table->used,
                            .key_of = table->key_of };
    larger.slot = calloc(larger.room, sizeof *larger.slot);
    if (!larger.slot)
        return -ENOMEM;
    for (size_t i = 0; i < table->room; i++)
        if (table->slot[i])
            larger.slot[find(&larger, table->key_of(table->slot[i]))] = table->slot[i];
    free(table->slot);
    *table = larger;
    return 0;
}

int table_add(struct table *table, void *item)
{
    if (table->used * 5 >= table->room * 4) {
        int error = grow(table);
        if (error)
            return error;
    }
    size_t at = find(table, table->key_of(item));
    if (table->slot[at])
        return -EEXIST;
    table->slot[at] = item;
    table->used++;
    return 0;
}

void *table_remove(struct table *table, struct slice key)
{
    if (!table->room)
        return NULL;
    size_t mask = table->room - 1;
    size_t hole = find(table, key);
    void *item = table->slot[hole];
    if (!item)
        return NULL;
    table->used--;
    for (size_t at = (hole + 1) & mask; table->slot[at]; at = (at + 1) & mask) { /* close the gap (Knuth 6.4, R) */
        size_t home = home_of(table, table->key_of(table->slot[at]));
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            table->slot[hole] = table->slot[at];
            hole = at;
        }
    }
    table->slot[hole] = NULL;
    return item;
}

void *table_next(const struct table *table, size_t *at)
{
    while (*at < table->room)
        if (table->slot[(*at)++])
            return table->slot[*at - 1];
    return NULL;
}
