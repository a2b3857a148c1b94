/* SPDX-License-Identifier: MIT */
/*
 * secret: memory for keys and tokens: locked (never swapped), left out of core dumps, wiped when it is given back. Both
 * are asked of the kernel, which may refuse (RLIMIT_MEMLOCK); the memory is given all the same.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>

/* At start: from now on no core is dumped of this process, and its memory and environment are root's alone to look at.
 */
void secret_guard(void);

/* `size` bytes of zeros, or NULL. */
void *secret_alloc(size_t size);
/* Wipes and gives back what the functions here returned. Takes NULL. */
void secret_free(void *secret);
/* A copy with a NUL after it, or NULL. */
char *secret_copy(const char *bytes, size_t len);

static inline void secret_cleanup(void *place) { secret_free(*(void **)place); }
#define SECRET_CLEANUP __attribute__((cleanup(secret_cleanup)))

#endif
