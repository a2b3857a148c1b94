/* SPDX-License-Identifier: MIT */
/* keys: the credentials that are known besides those of the settings: given over the control path, or issued by one of
 * the services that hand them out, each of these with its end and with whose they are. */
#ifndef EMULATOR_KEYS_H
#define EMULATOR_KEYS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    KEYS_MAX = 1024, /* the oldest are forgotten */
    KEY_ID_SIZE = 128,
    KEY_SECRET_SIZE = 128,
    KEY_TOKEN_SIZE = 512,
    ROLE_ARN_SIZE = 256,
    PRINCIPAL_SIZE = 320
};

struct key {
    char access_key[KEY_ID_SIZE];
    char secret_key[KEY_SECRET_SIZE];
    char session_token[KEY_TOKEN_SIZE]; /* "": none */
    int64_t expires_ms;                 /* by the emulator's clock; 0: they have no end */
    char role_arn[ROLE_ARN_SIZE];       /* that they were issued for; "": a user's */
    char principal[PRINCIPAL_SIZE];     /* the ARN that is behind them */
};

struct keys {
    struct key ring[KEYS_MAX];
    uint64_t n; /* ever added */
};

/* New ones for a role's session, like no others. They stay the keys' own. */
const struct key *keys_issue(struct keys *keys, uint64_t seed, const char *role_arn, const char *session,
                             int64_t expires_ms);
/* Those of a user; they replace what has their access key. */
void keys_add(struct keys *keys, const struct key *key);
/* NULL: not known. */
const struct key *keys_find(const struct keys *keys, const char *access_key);
/* All that were issued have ended. */
void keys_expire(struct keys *keys, int64_t now_ms);
/* "2026-11-22T18:16:01Z" */
enum { EXPIRATION_SIZE = 32 };
void key_expiration(const struct key *key, char to[EXPIRATION_SIZE]);

#endif
