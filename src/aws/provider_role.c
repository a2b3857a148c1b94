/* SPDX-License-Identifier: MIT */
#include "aws/failure.h"
#include "aws/provider.h"
#include "aws/sts.h"
#include "base/file.h"
#include "base/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_BYTES = 32 << 10 /* STS takes 20,000 characters */, SESSION_NAME_SIZE = 48 };

struct role_provider {
    struct loader loader; /* the first: a pointer to it is one to all of it */
    struct credentials_provider *source;
    struct client *client; /* NULL: none yet */
    struct sts_call *call; /* under way */
    struct plan_role role; /* its strings are copies */
};

static struct role_provider *role_of(struct credentials_provider *self) { return (struct role_provider *)(void *)self; }

static void on_done(void *data, const struct credentials *credentials, const struct error *error)
{
    struct role_provider *provider = data;
    provider->call = NULL;
    if (credentials)
        loader_give(&provider->loader, credentials);
    else
        loader_fail(&provider->loader, error);
}

/* Read anew each time: Kubernetes writes a new one before the old one ends. */
static int token_read(const char *path, char **ret_token, struct error *error)
{
    size_t len = 0;
    char *token = NULL;
    int result = file_read_secret(path, TOKEN_BYTES, &token, &len);
    if (result)
        return failure_set(error, FAILURE_TOKEN_FILE, "the web identity token file %s: %s", path,
                           strerrordesc_np(-result));
    while (len && strchr(" \t\r\n", token[len - 1]))
        token[--len] = 0;
    if (!len || strlen(token) != len) {
        secret_free(token);
        return failure_set(error, FAILURE_TOKEN_FILE, "the web identity token file %s holds no token", path);
    }
    *ret_token = token;
    return 0;
}

static int role_start(struct role_provider *provider, struct error *error)
{
    const struct credentials_settings *settings = provider->loader.settings;
    SECRET_CLEANUP char *token = NULL;
    int result = 0;
    if (!provider->client)
        result = sts_client_new(settings, provider->source, &provider->client, error);
    if (!result && provider->role.token_file)
        result = token_read(provider->role.token_file, &token, error);
    if (result)
        return result;
    struct plan_role role = provider->role;
    char name[SESSION_NAME_SIZE];
    (void)snprintf(name, sizeof name, "personalizefs-%lld", (long long)(clock_wall_ms(settings->clock) / 1000));
    if (!role.session_name)
        role.session_name = name;
    int64_t deadline_ms = clock_monotonic_ms(settings->clock) + settings->timeout_ms;
    result = sts_assume_role(provider->client, &role, token, deadline_ms, on_done, provider, &provider->call);
    return result ? failure_set(error, result == -ENOMEM ? FAILURE_MEMORY : FAILURE_PROFILE,
                                "the role %s cannot be asked for: %s", provider->role.arn, strerrordesc_np(-result))
                  : 0;
}

static void role_get(struct credentials_provider *self, credentials_done_fn *done, void *data)
{
    struct role_provider *provider = role_of(self);
    struct error error;
    loader_begin(&provider->loader, done, data);
    if (role_start(provider, &error))
        loader_fail(&provider->loader, &error);
}

static void role_cancel(struct credentials_provider *self, void *data)
{
    struct role_provider *provider = role_of(self);
    if (!loader_cancel(&provider->loader, data))
        return;
    if (provider->call)
        sts_cancel(provider->call);
    provider->call = NULL;
}

/* The role's credentials were rejected, not those that it is assumed with: STS says so itself where they are. */
static void role_forget(struct credentials_provider *self) { (void)self; }

static void role_free(struct credentials_provider *self)
{
    struct role_provider *provider = role_of(self);
    if (provider->call)
        sts_cancel(provider->call);
    client_free(provider->client);
    if (provider->source)
        provider->source->free(provider->source);
    const char *const copies[] = { provider->role.arn, provider->role.session_name, provider->role.external_id,
                                   provider->role.token_file };
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++)
        free((char *)(uintptr_t)copies[i]);
    free(provider);
}

static bool text_copy(const char **to, const char *from)
{
    *to = from ? strdup(from) : NULL;
    return !from || *to;
}

int provider_role_new(const struct credentials_settings *settings, const struct plan_role *role,
                      struct credentials_provider *source, struct credentials_provider **ret_provider)
{
    struct role_provider *provider = calloc(1, sizeof *provider);
    if (!provider) {
        if (source)
            source->free(source);
        return -ENOMEM;
    }
    provider->loader.settings = settings;
    provider->loader.provider = (struct credentials_provider){
        .get = role_get, .cancel = role_cancel, .forget = role_forget, .free = role_free
    };
    provider->source = source;
    provider->role.duration_s = role->duration_s;
    if (!text_copy(&provider->role.arn, role->arn) || !text_copy(&provider->role.session_name, role->session_name) ||
        !text_copy(&provider->role.external_id, role->external_id) ||
        !text_copy(&provider->role.token_file, role->token_file)) {
        role_free(&provider->loader.provider);
        return -ENOMEM;
    }
    *ret_provider = &provider->loader.provider;
    return 0;
}
