/* SPDX-License-Identifier: MIT */
/*
 * provider: the sources of credentials, each a struct credentials_provider. Those that must ask somebody serve one
 * get() at a time, ask anew at each, and keep nothing: aws/renewal.h does that for them. Constructors copy what they
 * are given, the settings excepted, and return 0 or -ENOMEM; what is wrong with the configuration, get() says.
 */
#ifndef AWS_PROVIDER_H
#define AWS_PROVIDER_H

#include "aws/credentials.h"
#include "aws/plan.h"

/* Keys that stand in the environment or a file: read at each get(), answered at once. */
int provider_static_new(const struct credentials_settings *settings, const struct plan *plan,
                        struct credentials_provider **ret_provider);
/* What the next get() would say. 0 or -errno. */
int provider_static_read(const struct config *config, const struct plan *plan, struct credentials *ret_credentials,
                         struct error *error);
/* Whether an access key id stands there, blanks not counted. */
bool provider_static_has(const struct config *config, const struct plan *plan);

/* https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html */
int provider_process_new(const struct credentials_settings *settings, const char *command, const char *profile,
                         struct credentials_provider **ret_provider);
/* https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html */
int provider_sso_new(const struct credentials_settings *settings, const struct plan_sso *plan, const char *profile,
                     struct credentials_provider **ret_provider);
/* https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html: with the credentials of
 * `source`, which is freed with it, whatever is returned; NULL for a role with a token file. */
int provider_role_new(const struct credentials_settings *settings, const struct plan_role *role,
                      struct credentials_provider *source, struct credentials_provider **ret_provider);
/* https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
int provider_container_new(const struct credentials_settings *settings, struct credentials_provider **ret_provider);
/* https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html */
int provider_imds_new(const struct credentials_settings *settings, struct credentials_provider **ret_provider);

/* What is asked, for the tests. 0, or -errno with an error. */
enum { PROVIDER_URL_SIZE = 1024 };
int container_url(const struct config *config, char url[PROVIDER_URL_SIZE], struct error *error);
/* Without a '/' at the end; `endpoint` and `mode` come before everything else, NULL: not given. */
int imds_url(const struct config *config, const char *endpoint, const char *mode, char url[PROVIDER_URL_SIZE],
             struct error *error);

/* What those that ask have in common. */
struct loader {
    struct credentials_provider provider; /* the first: a pointer to it is one to the loader */
    const struct credentials_settings *settings;
    credentials_done_fn *done; /* NULL: nobody asks */
    void *data;
};
void loader_begin(struct loader *loader, credentials_done_fn *done, void *data);
/* Whether it is this one's get() that is under way; ends it. */
bool loader_cancel(struct loader *loader, const void *data);
void loader_give(struct loader *loader, const struct credentials *credentials);
void loader_fail(struct loader *loader, const struct error *error);
void loader_fail_memory(struct loader *loader);
/* The wall clock as the services have it. */
int64_t settings_now_ms(const struct credentials_settings *settings);

#endif
