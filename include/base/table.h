/* SPDX-License-Identifier: MIT */
/*
 * table: a hash table of pointers (open addressing, 8 bytes a slot). It does not own the items, and finds an item's
 * key by the function that it was given: keys are bytes inside the items and must not change while they are in it.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct slice {
    const char *data;
    size_t len;
};

struct table {
    void **slot;
    size_t used;
    size_t room; /* a power of two, or 0 */
    struct slice (*key_of)(const void *item);
};

void table_init(struct table *table, struct slice (*key_of)(const void *item));
void table_release(struct table *table);
void *table_get(const struct table *table, struct slice key);
/* 0, -ENOMEM, or -EEXIST if an item with that key is there. */
int table_add(struct table *table, void *item);
/* Takes the item with this key out and returns it; NULL if there is none. */
void *table_remove(struct table *table, struct slice key);
/* All items in no order: NULL ends. `*at` starts at 0. Nothing may be added or removed meanwhile. */
void *table_next(const struct table *table, size_t *at);

/* 64-bit hash of bytes, the same on every host and in every run: inode numbers rest on it. `seed` chains calls. */
uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len);

#endif
