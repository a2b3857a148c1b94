/* SPDX-License-Identifier: MIT */
/* file: small files, read and replaced whole. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>

/* The bytes of a regular file of at most `max`, NUL-terminated, in memory of base/secret.h; never waits for anybody to
 * write. 0, -EFBIG, -EISDIR, -EINVAL where it is something else, or -errno. */
int file_read_secret(const char *path, size_t max, char **ret_bytes, size_t *ret_len);
/* Puts a file of mode 0600 in its place, whole or not at all: written beside it, synced, renamed. 0 or -errno. */
int file_replace(const char *path, const void *bytes, size_t len);

#endif
