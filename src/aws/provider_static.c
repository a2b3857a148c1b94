/* SPDX-License-Identifier: MIT */
#include "aws/endpoint.h"
#include "aws/failure.h"
#include "aws/provider.h"
#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHERE_SIZE = 300 };

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

/* Where the keys stand. */
struct place {
    const struct config *config;
    const struct plan *plan;
    const struct names *names;
};

struct static_provider {
    struct credentials_provider provider; /* the first: a pointer to it is one to all of it */
    struct config *config;
    struct plan plan; /* its profile is a copy */
    char *profile;
};

static struct place place_of(const struct config *config, const struct plan *plan)
{
    return (struct place){ config, plan, plan->source == PLAN_ENVIRONMENT ? &in_environment : &in_files };
}

static void where(const struct place *place, char text[WHERE_SIZE])
{
    if (place->plan->source == PLAN_ENVIRONMENT)
        (void)snprintf(text, WHERE_SIZE, "the environment");
    else
        (void)snprintf(text, WHERE_SIZE, "profile \"%s\" of %s", place->plan->profile,
                       config_file_path(place->config, place->plan->file));
}

/* The value, NULL where it is all blanks. */
static const char *value_at(const struct place *place, const char *name)
{
    const char *value = place->plan->source == PLAN_ENVIRONMENT
                            ? config_env(place->config, name)
                            : config_get_in(place->config, place->plan->file, place->plan->profile, name);
    return value && value[strspn(value, " \t\r\n\v\f")] ? value : NULL;
}

static int key_copy(const struct place *place, const char *name, char **copy, struct error *error)
{
    char text[WHERE_SIZE];
    switch (credentials_set(copy, value_at(place, name))) {
    case 0:
        return 0;
    case -EINVAL:
        where(place, text);
        return failure_set(error, FAILURE_NO_CREDENTIALS,
                           "%s in %s holds a blank, a line break or another character that no key has", name, text);
    default:
        return failure_set(error, FAILURE_MEMORY, "out of memory");
    }
}

/* An account that is none is left out: one is learned from the service then. */
static int account_copy(const struct place *place, char **copy, struct error *error)
{
    static unsigned warned; /* the generation of which it was said: once, not at each request */
    const char *name = place->names->account_id;
    const char *value = value_at(place, name);
    if (!value)
        return 0;
    if (account_is_valid(value))
        return key_copy(place, name, copy, error);
    char text[WHERE_SIZE];
    where(place, text);
    if (warned != config_generation(place->config))
        log_warning("%s in %s is not used: it is not 12 digits", name, text);
    warned = config_generation(place->config);
    return 0;
}

bool provider_static_has(const struct config *config, const struct plan *plan)
{
    struct place place = place_of(config, plan);
    return value_at(&place, place.names->access_key_id) != NULL;
}

int provider_static_read(const struct config *config, const struct plan *plan, struct credentials *ret_credentials,
                         struct error *error)
{
    struct place place = place_of(config, plan);
    const struct names *names = place.names;
    struct credentials credentials = { 0 };
    char text[WHERE_SIZE];
    where(&place, text);
    if (!value_at(&place, names->access_key_id))
        return failure_set(error, FAILURE_NO_CREDENTIALS, "%s is not in %s", names->access_key_id, text);
    if (!value_at(&place, names->secret_key))
        return failure_set(error, FAILURE_NO_CREDENTIALS, "%s is in %s, %s is not", names->access_key_id, text,
                           names->secret_key);
    credentials.source = plan->source == PLAN_ENVIRONMENT ? "environment"
                         : plan->file == INI_CREDENTIALS  ? "credentials file"
                                                          : "config file";
    int r = key_copy(&place, names->access_key_id, &credentials.access_key_id, error);
    if (!r)
        r = key_copy(&place, names->secret_key, &credentials.secret_key, error);
    if (!r)
        r = key_copy(&place, names->session_token, &credentials.session_token, error);
    if (!r)
        r = account_copy(&place, &credentials.account_id, error);
    if (r)
        credentials_release(&credentials);
    else
        *ret_credentials = credentials;
    return r;
}

static void static_get(struct credentials_provider *self, credentials_done_fn *done, void *data)
{
    struct static_provider *provider = (struct static_provider *)(void *)self;
    struct credentials credentials = { 0 };
    struct error error = { 0 };
    int r = provider_static_read(provider->config, &provider->plan, &credentials, &error);
    done(data, r ? NULL : &credentials, r ? &error : NULL);
    credentials_release(&credentials);
}

static void static_cancel(struct credentials_provider *self, void *data)
{
    (void)self; /* get() has answered already */
    (void)data;
}

static void static_forget(struct credentials_provider *self) { (void)self; /* nothing is kept */ }

static void static_free(struct credentials_provider *self)
{
    struct static_provider *provider = (struct static_provider *)(void *)self;
    free(provider->profile);
    free(provider);
}

int provider_static_new(const struct credentials_settings *settings, const struct plan *plan,
                        struct credentials_provider **ret_provider)
{
    struct static_provider *provider = calloc(1, sizeof *provider);
    if (!provider)
        return -ENOMEM;
    provider->provider = (struct credentials_provider){
        .get = static_get, .cancel = static_cancel, .forget = static_forget, .free = static_free
    };
    provider->config = settings->config;
    provider->plan.source = plan->source;
    provider->plan.file = plan->file;
    if (plan->profile) {
        provider->plan.profile = provider->profile = strdup(plan->profile);
        if (!provider->profile) {
            static_free(&provider->provider);
            return -ENOMEM;
        }
    }
    *ret_provider = &provider->provider;
    return 0;
}
