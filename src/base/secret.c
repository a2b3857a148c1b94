/* SPDX-License-Identifier: MIT */
#include "base/secret.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

enum { GRAIN = 16, ARENA_BYTES = 64 << 10, SECRET_MAX = 16 << 20 };

/* Before each piece of an arena, free or not. */
struct piece {
    size_t size; /* of what follows: a multiple of GRAIN */
    size_t used;
};

/* Pieces fill the rest of its mapping without a gap. Arenas stay: what secrets need at most, they need again. */
struct arena {
    struct arena *next;
    size_t size; /* of all its pieces, their heads included */
};

_Static_assert(sizeof(struct piece) == GRAIN && sizeof(struct arena) == GRAIN, "pieces are aligned");

static struct arena *arenas;

void secret_guard(void) { (void)prctl(PR_SET_DUMPABLE, 0); }

static struct piece *piece_first(struct arena *arena) { return (struct piece *)(void *)(arena + 1); }

static struct piece *piece_after(struct piece *piece)
{
    return (struct piece *)(void *)((char *)(piece + 1) + piece->size);
}

static bool piece_is_in(const struct arena *arena, const struct piece *piece)
{
    return (const char *)piece < (const char *)(arena + 1) + arena->size;
}

/* The first free piece that has room, free neighbours joined on the way. */
static struct piece *arena_find(struct arena *arena, size_t size)
{
    for (struct piece *piece = piece_first(arena); piece_is_in(arena, piece); piece = piece_after(piece)) {
        if (piece->used)
            continue;
        for (struct piece *after = piece_after(piece); piece_is_in(arena, after) && !after->used;
             after = piece_after(piece)) {
            piece->size += sizeof *after + after->size;
            *after = (struct piece){ 0 }; /* free pieces are zeros */
        }
        if (piece->size >= size)
            return piece;
    }
    return NULL;
}

static struct arena *arena_new(size_t size)
{
    size_t bytes = sizeof(struct arena) + sizeof(struct piece) + size;
    bytes = (bytes + ARENA_BYTES - 1) / ARENA_BYTES * ARENA_BYTES;
    struct arena *arena = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (arena == MAP_FAILED)
        return NULL;
    (void)mlock(arena, bytes);
    (void)madvise(arena, bytes, MADV_DONTDUMP);
    arena->size = bytes - sizeof *arena;
    piece_first(arena)->size = arena->size - sizeof(struct piece);
    arena->next = arenas;
    arenas = arena;
    return arena;
}

void *secret_alloc(size_t size)
{
    if (size > SECRET_MAX)
        return NULL;
    size = size ? (size + GRAIN - 1) / GRAIN * GRAIN : GRAIN;
    struct piece *piece = NULL;
    for (struct arena *arena = arenas; arena && !piece; arena = arena->next)
        piece = arena_find(arena, size);
    if (!piece) {
        struct arena *arena = arena_new(size);
        if (!arena)
            return NULL;
        piece = piece_first(arena);
    }
    if (piece->size >= size + sizeof *piece + GRAIN) {
        size_t rest = piece->size - size - sizeof *piece;
        piece->size = size;
        piece_after(piece)->size = rest;
    }
    piece->used = 1;
    return piece + 1;
}

void secret_free(void *secret)
{
    if (!secret)
        return;
    struct piece *piece = (struct piece *)secret - 1;
    explicit_bzero(secret, piece->size);
    piece->used = 0;
}

char *secret_copy(const char *bytes, size_t len)
{
    char *copy = len < SECRET_MAX ? secret_alloc(len + 1) : NULL;
    if (copy && len)
        memcpy(copy, bytes, len);
    return copy;
}
