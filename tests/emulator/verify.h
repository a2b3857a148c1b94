/* SPDX-License-Identifier: MIT */
/*
 * verify: whether a request is signed as AWS wants it (Signature Version 4,
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html), computed anew from the
 * request as it was received. The names and texts of refusals are those that the service's front end gives.
 */
#ifndef EMULATOR_VERIFY_H
#define EMULATOR_VERIFY_H

#include "request.h"

struct verify_keys {
    const char *access_key;
    const char *secret_key;
    const char *session_token; /* "": none may be sent */
    const char *expired_token; /* one that was in force before */
    int64_t expires_ms;        /* when they end; 0: never */
    const char *region;
    const char *service;
};

/* What a request says it is signed with and for, unchecked; "" where it says nothing. */
enum { VERIFY_PART_SIZE = 128 };
struct verify_claim {
    char access_key[VERIFY_PART_SIZE];
    char region[VERIFY_PART_SIZE];
};
void verify_claim(const struct request *request, struct verify_claim *ret_claim);
/* NULL: it is well signed; else the error's name, with its text appended to `message`. */
const char *verify_request(const struct verify_keys *keys, const struct request *request, int64_t now_ms,
                           struct buf *message);

#endif
