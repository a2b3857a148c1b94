/* SPDX-License-Identifier: MIT */
/*
 * error: the one error type, for what a user must be told in more words than an errno has.
 *
 * Functions return 0 or -errno. One that can fail for a reason worth explaining also takes a `struct error *` (never
 * NULL unless it says so) and fills it exactly when it returns non-zero; `number` is then the same errno, positive.
 * A zeroed struct is "no error". It owns nothing and is copied by assignment.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

enum { ERROR_CODE_SIZE = 64, ERROR_ID_SIZE = 80, ERROR_MESSAGE_SIZE = 400 };

struct error {
    int number;                       /* errno, positive; 0: no error */
    int http_status;                  /* 0 where there was no answer */
    bool repeats;                     /* it is known and has been told already: no news for a log */
    char code[ERROR_CODE_SIZE];       /* what failed: the service's name for it, or one of aws/failure.h's */
    char request_id[ERROR_ID_SIZE];   /* the service's, for a support case; often empty */
    char message[ERROR_MESSAGE_SIZE]; /* one line, no control characters (error_set sees to it); cut if longer */
};

/* Fills `error` and returns -number. `code` may be NULL. Everything else is cleared. */
int error_set(struct error *error, int number, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Copies `text` to `to`, at most size - 1 bytes, each control character (C0, DEL, C1) replaced by '?'. */
void error_copy(char *to, unsigned long size, const char *text);

#endif
