/* SPDX-License-Identifier: MIT */
/*
 * buf: a growing byte buffer with a ceiling. `data` is NUL-terminated whenever it is not NULL (the NUL is not counted).
 *
 * Failure is sticky: after the first append that failed (-ENOMEM; -EMSGSIZE beyond `max`) every later one fails alike
 * and changes nothing, so a writer may append many times and look once, at buf_error().
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data;
    size_t len;
    size_t room;
    size_t max;  /* `len` never gets past it */
    int error;   /* 0 or the -errno that stuck */
    bool secret; /* in memory of base/secret.h; wiped when it is given back, by growth too. Set before the first append
                  */
};

#define BUF_INIT(max_bytes) ((struct buf){ .max = (max_bytes) })
#define BUF_INIT_SECRET(max_bytes) ((struct buf){ .max = (max_bytes), .secret = true })

/* Frees what it holds and leaves an empty buffer of the same kind. */
void buf_release(struct buf *buf);
/* Empties it, clears the error, keeps the memory. */
void buf_clear(struct buf *buf);

int buf_append(struct buf *buf, const void *bytes, size_t len);
int buf_append_char(struct buf *buf, char c);
int buf_append_str(struct buf *buf, const char *text);
int buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
int buf_error(const struct buf *buf);
/* The text, "" where nothing was appended. Valid until the next call. */
const char *buf_str(const struct buf *buf);
/* Gives the memory, which is no secret's, to the caller (to free()), NULL on error or where nothing was appended; the
 * buffer is empty after.
 */
char *buf_steal(struct buf *buf);

#define BUF_CLEANUP __attribute__((cleanup(buf_release)))

#endif
