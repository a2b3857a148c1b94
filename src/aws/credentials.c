/* SPDX-License-Identifier: MIT */
#include "aws/credentials.h"

#include "aws/failure.h"
#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACCOUNT_DIGITS = 12, WHERE_SIZE = 300 };

/* What the four are called in one place. */
struct names {
    const char *access_key_id;
    const char *secret_key;
    const char *session_token;
    const char *account_id;
};

/* https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html and
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-account-endpoints.html (account id) */
static const struct names in_environment = { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
                                             "AWS_ACCOUNT_ID" };
static const struct names in_files = { "aws_access_key_id", "aws_secret_access_key", "aws_session_token",
                                       "aws_account_id" };

/* A place where keys may stand. */
struct place {
    const char *source;
    const struct names *names;
    const char *(*get)(const struct config *config, const char *name);
    int file; /* enum ini_kind, -1: none */
};

static const char *get_from_credentials_file(const struct config *config, const char *name)
{
    return config_file_get(config, INI_CREDENTIALS, name);
}

static const char *get_from_config_file(const struct config *config, const char *name)
{
    return config_file_get(config, INI_CONFIG, name);
}

static const struct place places[] = {
    { "environment", &in_environment, config_env, -1 },
    { "credentials file", &in_files, get_from_credentials_file, INI_CREDENTIALS },
    { "config file", &in_files, get_from_config_file, INI_CONFIG },
};

struct chain {
    struct credentials_provider provider; /* the first: a pointer to it is one to the chain */
    struct config *config;
    bool reload_warned;      /* each is said once, not at each request */
    unsigned account_warned; /* the generation of which it was said */
};

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void credentials_release(struct credentials *credentials)
{
    if (!credentials)
        return;
    wipe(credentials->access_key_id);
    wipe(credentials->secret_key);
    wipe(credentials->session_token);
    wipe(credentials->account_id);
    *credentials = (struct credentials){ 0 };
}

static void where(const struct chain *chain, const struct place *place, char text[WHERE_SIZE])
{
    if (place->file < 0)
        (void)snprintf(text, WHERE_SIZE, "the environment");
    else
        (void)snprintf(text, WHERE_SIZE, "profile \"%s\" of %s", config_profile(chain->config),
                       config_file_path(chain->config, (enum ini_kind)place->file));
}

/* The value, NULL where it is all blanks. */
static const char *value_at(const struct chain *chain, const struct place *place, const char *name)
{
    const char *value = place->get(chain->config, name);
    return value && value[strspn(value, " \t\r\n\v\f")] ? value : NULL;
}

/* Keys go into headers and into signatures: what cannot be a key would make either wrong, or two headers of one. */
static bool key_is_clean(const char *value)
{
    for (; *value; value++)
        if (*value <= ' ' || *value > '~')
            return false;
    return true;
}

/* `*copy` stays NULL where there is no value. */
static int key_copy(const struct chain *chain, const struct place *place, const char *name, char **copy,
                    struct error *error)
{
    const char *value = value_at(chain, place, name);
    if (!value)
        return 0;
    if (!key_is_clean(value)) {
        char text[WHERE_SIZE];
        where(chain, place, text);
        return failure_set(error, FAILURE_NO_CREDENTIALS,
                           "%s in %s holds a blank, a line break or another character that no key has", name, text);
    }
    *copy = strdup(value);
    return *copy ? 0 : failure_set(error, FAILURE_MEMORY, "out of memory");
}

/* An account that is none is left out: one is learned from the service then. */
static int account_copy(struct chain *chain, const struct place *place, char **copy, struct error *error)
{
    const char *name = place->names->account_id;
    const char *value = value_at(chain, place, name);
    if (!value)
        return 0;
    if (strlen(value) != ACCOUNT_DIGITS || strspn(value, "0123456789") != ACCOUNT_DIGITS) {
        char text[WHERE_SIZE];
        where(chain, place, text);
        if (chain->account_warned != config_generation(chain->config))
            log_warning("%s in %s is not used: it is not 12 digits", name, text);
        chain->account_warned = config_generation(chain->config);
        return 0;
    }
    *copy = strdup(value);
    return *copy ? 0 : failure_set(error, FAILURE_MEMORY, "out of memory");
}

/* 0 with or without keys, or what is wrong with those that are there. */
static int place_read(struct chain *chain, const struct place *place, struct credentials *credentials,
                      struct error *error)
{
    const struct names *names = place->names;
    if (!value_at(chain, place, names->access_key_id))
        return 0;
    if (!value_at(chain, place, names->secret_key)) {
        char text[WHERE_SIZE];
        where(chain, place, text);
        return failure_set(error, FAILURE_NO_CREDENTIALS, "%s is in %s, %s is not", names->access_key_id, text,
                           names->secret_key);
    }
    credentials->source = place->source;
    int r = key_copy(chain, place, names->access_key_id, &credentials->access_key_id, error);
    if (!r)
        r = key_copy(chain, place, names->secret_key, &credentials->secret_key, error);
    if (!r)
        r = key_copy(chain, place, names->session_token, &credentials->session_token, error);
    if (!r)
        r = account_copy(chain, place, &credentials->account_id, error);
    return r;
}

static int nothing_found(const struct chain *chain, struct error *error)
{
    bool environment = !config_profile_is_explicit(chain->config);
    return failure_set(error, FAILURE_NO_CREDENTIALS, "no keys in %sprofile \"%s\" of %s and %s",
                       environment ? "the environment (AWS_ACCESS_KEY_ID) and " : "", config_profile(chain->config),
                       config_file_path(chain->config, INI_CREDENTIALS), config_file_path(chain->config, INI_CONFIG));
}

static int chain_read(struct chain *chain, struct credentials *credentials, struct error *error)
{
    struct error reload = { 0 };
    if (config_reload(chain->config, &reload) && !chain->reload_warned)
        log_warning("%s; what was read before is still used", reload.message);
    chain->reload_warned = reload.number != 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (places[i].file < 0 && config_profile_is_explicit(chain->config))
            continue;
        int r = place_read(chain, &places[i], credentials, error);
        if (r || credentials->access_key_id)
            return r;
    }
    return reload.number ? failure_set(error, FAILURE_NO_CREDENTIALS, "%s", reload.message)
                         : nothing_found(chain, error);
}

/* Nothing is kept between calls: reading is two stat(2) and a few copies. */
static void chain_get(struct credentials_provider *self, credentials_done_fn *done, void *data)
{
    struct credentials credentials = { 0 };
    struct error error = { 0 };
    int r = chain_read((struct chain *)self, &credentials, &error);
    done(data, r ? NULL : &credentials, r ? &error : NULL);
    credentials_release(&credentials);
}

static void chain_cancel(struct credentials_provider *self, void *data)
{
    (void)self; /* get() has answered already */
    (void)data;
}

static void chain_forget(struct credentials_provider *self) { config_forget(((struct chain *)self)->config); }

static void chain_free(struct credentials_provider *self) { free(self); }

int credentials_chain_new(struct config *config, struct credentials_provider **ret_provider)
{
    struct chain *chain = calloc(1, sizeof *chain);
    if (!chain)
        return -ENOMEM;
    chain->config = config;
    chain->provider = (struct credentials_provider){
        .get = chain_get, .cancel = chain_cancel, .forget = chain_forget, .free = chain_free
    };
    *ret_provider = (struct credentials_provider *)chain;
    return 0;
}
