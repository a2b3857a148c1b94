/* SPDX-License-Identifier: MIT */
/* signed_request: a request signed with the emulator's default keys, for its tests. */
#ifndef EMULATOR_SIGNED_REQUEST_H
#define EMULATOR_SIGNED_REQUEST_H

#include "request.h"

enum { SIGNED_HEADERS_MAX = 8, SIGNED_VALUE_SIZE = 1024 };

struct signed_request {
    struct request request;
    struct sigv4_header headers[SIGNED_HEADERS_MAX];
    char values[SIGNED_HEADERS_MAX][SIGNED_VALUE_SIZE]; /* what `headers` point to, to be altered by tests */
    const char *access_key; /* the emulator's default ones; another's need signed_request_sign() */
    const char *secret_key;
    char path[64];
    char query[64];
    char method[16];
    char body[4096];
};

/* `token` may be NULL. The order of headers: Host, X-Amz-Date, X-Amz-Target, Content-Type, the token, Authorization. */
void signed_request_make(struct signed_request *made, const char *target, const char *body, const char *token,
                         int64_t time_ms);
/* A query: the body is a form. `token` may be NULL. The order of headers: Host, X-Amz-Date, Content-Type, the token,
 * Authorization. */
void signed_request_make_query(struct signed_request *made, const char *body, const char *token,
                               const struct sigv4_scope *scope);
/* Signs it anew, for another scope or after a change; Authorization must be its last header. */
void signed_request_sign(struct signed_request *made, const struct sigv4_scope *scope);
/* The value of a header, to be altered. */
char *signed_request_value(struct signed_request *made, const char *name);

#endif
