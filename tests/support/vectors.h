/* SPDX-License-Identifier: MIT */
/* vectors: where the conformance data is, and how tests read it. */
#ifndef SUPPORT_VECTORS_H
#define SUPPORT_VECTORS_H

#include <stddef.h>

enum { VECTORS_ABSENT = 77 }; /* the exit status that meson counts as skipped */

/* The folder `name` of the vectors: PERSONALIZEFS_VECTORS, else ../shared/vectors from the project's root. Says so and
 * exits with VECTORS_ABSENT where there is none. */
const char *vectors_folder(const char *name);
/* The names in a folder, sorted, without "." and "..": NULL ends. To be freed by vectors_free_names. */
char **vectors_list(const char *folder);
void vectors_free_names(char **names);
/* A whole file as malloc'd, NUL-terminated bytes; NULL where there is none. `ret_len` may be NULL. */
char *vectors_read(const char *folder, const char *name, size_t *ret_len);

#endif
