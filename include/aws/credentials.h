/* SPDX-License-Identifier: MIT */
/*
 * credentials: where keys come from. A provider is asked each time something is about to be signed and answers at once
 * or later; it keeps what it has while that is good. Static providers (environment, keys in the shared files) are here;
 * those that must ask somebody first get the same interface.
 */
#ifndef AWS_CREDENTIALS_H
#define AWS_CREDENTIALS_H

#include "aws/config.h"
#include "base/error.h"

#include <stdint.h>

struct credentials {
    char *access_key_id;
    char *secret_key;
    char *session_token; /* NULL: none */
    char *account_id;    /* NULL: not known */
    int64_t expires_ms;  /* wall clock; 0: never */
    const char *source;  /* for people: "environment" */
};

/* Wipes and frees the strings. Takes NULL. */
void credentials_release(struct credentials *credentials);

/* `credentials` belong to the provider and are valid during the call; NULL with `error` where there are none. */
typedef void credentials_done_fn(void *data, const struct credentials *credentials, const struct error *error);

struct credentials_provider {
    /* Calls `done` exactly once, perhaps before it returns, unless it is cancelled. */
    void (*get)(struct credentials_provider *self, credentials_done_fn *done, void *data);
    /* The get() with this `data` is not wanted any more. */
    void (*cancel)(struct credentials_provider *self, void *data);
    /* What it holds was rejected or has expired: read it again at the next get(). */
    void (*forget)(struct credentials_provider *self);
    void (*free)(struct credentials_provider *self);
};

/* The chain of the static ones, in botocore's order: environment (left out where the profile was named on the mount),
 * the profile's keys in the credentials file, in the config file. Keys of blanks are no keys. The files are read again
 * when they have changed. `config` must outlive it. 0 or -ENOMEM. */
int credentials_chain_new(struct config *config, struct credentials_provider **ret_provider);

#endif
