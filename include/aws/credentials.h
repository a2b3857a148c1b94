/* SPDX-License-Identifier: MIT */
/*
 * credentials: where keys come from. A provider is asked each time something is about to be signed and answers at once
 * or later; it keeps what it has while that is good. All of them, from keys in the environment to instance metadata,
 * stand behind one interface, and the default chain is one of them.
 */
#ifndef AWS_CREDENTIALS_H
#define AWS_CREDENTIALS_H

#include "aws/config.h"
#include "base/clock.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* The strings are in memory of base/secret.h. */
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
/* 0 or -ENOMEM, `to` then being empty. */
int credentials_copy(const struct credentials *from, struct credentials *to);
/* Copies one value, which goes into headers and signatures: 0, -ENOMEM, or -EINVAL where a character in it is none that
 * a key may have (blanks, control characters, what is not ASCII). NULL and "" give NULL. */
int credentials_set(char **to, const char *value);

/* `credentials` belong to the provider and are valid during the call; NULL with `error` where there are none. */
typedef void credentials_done_fn(void *data, const struct credentials *credentials, const struct error *error);

struct credentials_provider {
    /* Calls `done` exactly once, perhaps before it returns, unless it is cancelled. */
    void (*get)(struct credentials_provider *self, credentials_done_fn *done, void *data);
    /* The get() with this `data` is not wanted any more. One that there is not is no mistake. */
    void (*cancel)(struct credentials_provider *self, void *data);
    /* What it holds was rejected or has expired: read it again at the next get(). */
    void (*forget)(struct credentials_provider *self);
    void (*free)(struct credentials_provider *self);
};

struct http;
struct timers;
struct watches;
struct random_source;

/* What providers need of the world. What it points to must outlive them. */
struct credentials_settings {
    struct config *config;
    struct http *http;
    struct timers *timers;
    struct watches *watches; /* for a child's pipe */
    const struct clock *clock;
    const struct random_source *random;
    int64_t *skew_ms;        /* the services' clock less ours: expiry is judged on theirs */
    const char *region;      /* the mount's: STS is asked there */
    unsigned endpoint_flags; /* enum endpoint_flag, for STS and SSO */
    int max_attempts;        /* of what they are asked */
    int64_t timeout_ms;      /* whoever waits for credentials gives up after so long: sources do a little before */
};

/*
 * The default chain, in botocore's order: environment (left out where the profile was named on the mount), a role that
 * the profile assumes, web identity, SSO, keys in the credentials file, credential_process, keys in the config file,
 * container, instance metadata. Which one it is, the configuration alone decides (aws/plan.h). Keys that stand
 * somewhere are read at each get(); what must be asked for is kept and renewed (aws/renewal.h). The files are read
 * again when they have changed. `settings` are copied. 0 or -ENOMEM.
 */
int credentials_chain_new(const struct credentials_settings *settings, struct credentials_provider **ret_provider);

#endif
