/* SPDX-License-Identifier: MIT */
#include "keys.h"

#include "jobs.h"

#include "codec/timestamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The account in "arn:PARTITION:iam::ACCOUNT:role/NAME", and the name at its end; "" where there is none. */
static void role_parts(const char *arn, char partition[32], char account[16], char name[ROLE_ARN_SIZE])
{
    const char *slash = strrchr(arn, '/');
    partition[0] = account[0] = 0;
    (void)sscanf(arn, "arn:%31[^:]:iam::%15[0-9]:", partition, account);
    snprintf(name, ROLE_ARN_SIZE, "%s", slash ? slash + 1 : "");
}

const struct key *keys_issue(struct keys *keys, uint64_t seed, const char *role_arn, const char *session,
                             int64_t expires_ms)
{
    char partition[32];
    char account[16];
    char name[ROLE_ARN_SIZE];
    uint64_t n = keys->n + 1;
    uint64_t a = random_of(seed ^ n, 20);
    uint64_t b = random_of(a, 21);
    struct key *key = &keys->ring[keys->n++ % KEYS_MAX];
    *key = (struct key){ .expires_ms = expires_ms };
    role_parts(role_arn, partition, account, name);
    snprintf(key->access_key, sizeof key->access_key, "ASIAEMULATOR%08" PRIX64, n);
    snprintf(key->secret_key, sizeof key->secret_key, "emulator/secret+issued/%016" PRIx64, a);
    snprintf(key->session_token, sizeof key->session_token, "emulator/secret+token//%016" PRIx64 "%016" PRIx64 "==", b,
             random_of(b, 22));
    snprintf(key->role_arn, sizeof key->role_arn, "%s", role_arn);
    snprintf(key->principal, sizeof key->principal, "arn:%s:sts::%s:assumed-role/%.64s/%.64s", partition, account, name,
             session);
    return key;
}

void keys_add(struct keys *keys, const struct key *key)
{
    const struct key *known = keys_find(keys, key->access_key);
    uint64_t at = known ? (uint64_t)(known - keys->ring) : keys->n++ % KEYS_MAX;
    keys->ring[at] = *key;
}

const struct key *keys_find(const struct keys *keys, const char *access_key)
{
    for (uint64_t i = 0; i < keys->n && i < KEYS_MAX; i++)
        if (!strcmp(keys->ring[i].access_key, access_key))
            return &keys->ring[i];
    return NULL;
}

void keys_expire(struct keys *keys, int64_t now_ms)
{
    for (uint64_t i = 0; i < keys->n && i < KEYS_MAX; i++)
        if (keys->ring[i].expires_ms > now_ms)
            keys->ring[i].expires_ms = now_ms;
}

void key_expiration(const struct key *key, char to[EXPIRATION_SIZE])
{
    char text[TIMESTAMP_SIZE];
    timestamp_format(key->expires_ms, text);
    snprintf(to, EXPIRATION_SIZE, "%.19sZ", text);
}
