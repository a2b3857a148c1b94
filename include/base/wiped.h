/* SPDX-License-Identifier: MIT */
/*
 * wiped: memory for the libraries through which secrets pass, and which copy them as they like: what is given back is
 * wiped first. malloc(3)'s functions, by its rules; safe in any thread.
 */
#ifndef BASE_WIPED_H
#define BASE_WIPED_H

#include <stddef.h>

void *wiped_malloc(size_t size);
void *wiped_calloc(size_t n, size_t size);
void *wiped_realloc(void *memory, size_t size);
char *wiped_strdup(const char *text);
void wiped_free(void *memory);

#endif
