/* SPDX-License-Identifier: MIT */
#include "base/wiped.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before each piece. */
union head {
    size_t size;
    max_align_t aligned;
};

void *wiped_malloc(size_t size)
{
    union head *head = size <= PTRDIFF_MAX - sizeof *head ? malloc(sizeof *head + size) : NULL;
    if (!head)
        return NULL;
    head->size = size;
    return head + 1;
}

void *wiped_calloc(size_t n, size_t size)
{
    size_t bytes;
    void *memory = __builtin_mul_overflow(n, size, &bytes) ? NULL : wiped_malloc(bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

void *wiped_realloc(void *memory, size_t size)
{
    size_t old = memory ? ((union head *)memory - 1)->size : 0;
    void *moved = wiped_malloc(size); /* realloc(3) would leave a copy behind */
    if (!moved || !memory)
        return moved;
    memcpy(moved, memory, old < size ? old : size);
    wiped_free(memory);
    return moved;
}

char *wiped_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = wiped_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

void wiped_free(void *memory)
{
    union head *head = memory;
    if (!head)
        return;
    head--;
    explicit_bzero(memory, head->size);
    free(head);
}
