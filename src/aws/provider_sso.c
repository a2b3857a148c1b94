/* SPDX-License-Identifier: MIT */
#include "aws/client.h"
#include "aws/document.h"
#include "aws/endpoint.h"
#include "aws/failure.h"
#include "aws/fetch.h"
#include "aws/provider.h"
#include "aws/sso_token.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FROM "SSO"

/* How long before its end a token is renewed: botocore's SSOTokenProvider. */
enum { REFRESH_MS = 15 * 60 * 1000, URL_SIZE = ENDPOINT_URL_SIZE + 1024, REQUEST_BYTES = 64 << 10 };

struct sso {
    struct loader loader; /* the first: a pointer to it is one to all of it */
    struct fetch fetch;
    struct plan_sso plan; /* its strings are copies */
    char *profile;
    char path[SSO_PATH_SIZE];
    struct sso_token token;
    struct buf body;
    char url[URL_SIZE];
    struct http_header header;
};

static struct sso *sso_of(struct credentials_provider *self) { return (struct sso *)(void *)self; }

static int64_t sso_now_ms(const struct sso *sso) { return settings_now_ms(sso->loader.settings); }

/* The end of a get(). */
static void sso_end(struct sso *sso, const struct credentials *credentials, const struct error *error)
{
    sso_token_release(&sso->token);
    buf_release(&sso->body);
    if (error)
        loader_fail(&sso->loader, error);
    else
        loader_give(&sso->loader, credentials);
}

/* Base of a service's URLs, without a '/' at its end. */
static int service_url(const struct sso *sso, const char *prefix, const char *variable, const char *key,
                       char url[ENDPOINT_URL_SIZE], struct error *error)
{
    const struct credentials_settings *settings = sso->loader.settings;
    struct setting given = config_endpoint_url_of(settings->config, NULL, variable, key);
    struct endpoint endpoint;
    struct error why;
    if (endpoint_make_of(prefix, sso->plan.region, given.value, settings->endpoint_flags, &endpoint, &why))
        return failure_set(error, FAILURE_PROFILE, "sso_region of profile \"%s\", or %s: %s", sso->profile, variable,
                           why.message);
    size_t len = strlen(endpoint.url);
    (void)snprintf(url, ENDPOINT_URL_SIZE, "%.*s", (int)(len && endpoint.url[len - 1] == '/' ? len - 1 : len),
                   endpoint.url);
    return 0;
}

/* Credentials for the token */

/* RFC 3986's unreserved characters stay. */
static void query_append(struct buf *query, const char *name, const char *value)
{
    (void)buf_append_str(query, name);
    for (; *value; value++)
        if ((*value >= '0' && *value <= '9') || (*value >= 'A' && *value <= 'Z') || (*value >= 'a' && *value <= 'z') ||
            strchr("-._~", *value))
            (void)buf_append_char(query, *value);
        else
            (void)buf_printf(query, "%%%02X", (unsigned char)*value);
}

static int role_error(const struct sso *sso, const struct http_response *response, struct error *error)
{
    struct error said;
    (void)failure_from_response(response, &said);
    if (response->status == 401)
        return failure_set(error, FAILURE_SSO_EXPIRED, "SSO does not take the token of profile \"%s\": %s",
                           sso->profile, said.message);
    if (response->status == 403 || response->status == 404)
        return failure_set(error, FAILURE_SSO_ROLE, "the role %s in the account %s: %s", sso->plan.role_name,
                           sso->plan.account_id, said.message);
    return failure_set(error, FAILURE_SOURCE_REFUSED, "SSO: %s: %s", said.code, said.message);
}

static int role_read(const struct sso *sso, const struct http_response *response, struct credentials *credentials,
                     struct error *error)
{
    struct json *json = NULL;
    int result = document_parse(buf_str(response->body), response->body->len, FROM, &json, error);
    if (!result)
        result = document_read(json_member(json_root(json), "roleCredentials"), &document_names_sso, FROM, credentials,
                               error);
    json_wipe(json);
    if (!result && !credentials->account_id && credentials_set(&credentials->account_id, sso->plan.account_id)) {
        credentials_release(credentials);
        result = failure_set(error, FAILURE_MEMORY, "no memory for credentials");
    }
    return result;
}

static void on_role(void *data, const struct http_response *response, const struct error *failed)
{
    struct sso *sso = data;
    struct credentials credentials = { 0 };
    struct error error;
    int result;
    if (!response) {
        error = *failed;
        result = -error.number;
    } else if (response->status != 200) {
        result = role_error(sso, response, &error);
    } else {
        result = role_read(sso, response, &credentials, &error);
    }
    sso_end(sso, &credentials, result ? &error : NULL);
    credentials_release(&credentials);
}

static void role_ask(struct sso *sso)
{
    struct buf BUF_CLEANUP query = BUF_INIT(sizeof sso->url);
    char base[ENDPOINT_URL_SIZE];
    struct error error;
    if (service_url(sso, "portal.sso", "AWS_ENDPOINT_URL_SSO", "sso", base, &error)) {
        sso_end(sso, NULL, &error);
        return;
    }
    query_append(&query, "?account_id=", sso->plan.account_id);
    query_append(&query, "&role_name=", sso->plan.role_name);
    int len = snprintf(sso->url, sizeof sso->url, "%s/federation/credentials%s", base, buf_str(&query));
    sso->header = (struct http_header){ "x-amz-sso_bearer_token", sso->token.access_token };
    const struct http_request request = { .method = "GET",
                                          .url = sso->url,
                                          .headers = &sso->header,
                                          .n_headers = 1,
                                          .timeout_ms = CLIENT_ATTEMPT_TIMEOUT_MS,
                                          .connect_timeout_ms = CLIENT_CONNECT_TIMEOUT_MS,
                                          .max_body = DOCUMENT_BYTES,
                                          .secret = true };
    if (!buf_error(&query) && len < (int)sizeof sso->url &&
        !fetch_start(&sso->fetch, &request, sso->loader.settings->max_attempts, on_role, sso))
        return;
    (void)failure_set(&error, FAILURE_MEMORY, "no memory to ask SSO");
    sso_end(sso, NULL, &error);
}

/* A new token */

/* Somebody else, the aws command, may have renewed it meanwhile. */
static bool token_read_again(struct sso *sso)
{
    struct sso_token token;
    struct error ignored;
    if (sso_token_read(sso->path, &token, &ignored))
        return false;
    if (token.expires_ms <= sso_now_ms(sso)) {
        sso_token_release(&token);
        return false;
    }
    sso_token_release(&sso->token);
    sso->token = token;
    return true;
}

static void on_token(void *data, const struct http_response *response, const struct error *failed)
{
    struct sso *sso = data;
    int64_t now_ms = sso_now_ms(sso);
    struct error error, said;
    int result;
    if (!response) {
        error = *failed;
        result = -error.number;
    } else if (response->status != 200) {
        (void)failure_from_response(response, &said);
        result = failure_set(&error, response->status < 500 ? FAILURE_SSO_EXPIRED : FAILURE_SOURCE_REFUSED,
                             "SSO does not renew the token of profile \"%s\": %s: %s", sso->profile, said.code,
                             said.message);
    } else {
        result = sso_token_renew(&sso->token, buf_str(response->body), response->body->len, now_ms, &error);
        int written = result ? 0 : sso_token_write(sso->path, &sso->token);
        if (written)
            log_warning("SSO's renewed token could not be kept in %s, so that `aws` may ask to sign in again: %s",
                        sso->path, strerrordesc_np(-written));
    }
    if (result && sso->token.expires_ms <= now_ms && !token_read_again(sso)) {
        sso_end(sso, NULL, &error);
        return;
    }
    if (result)
        log_warning("SSO's token could not be renewed, and has not ended yet: %s: %s", error.code, error.message);
    role_ask(sso);
}

static int token_ask(struct sso *sso, struct error *error)
{
    char base[ENDPOINT_URL_SIZE];
    int result = service_url(sso, "oidc", "AWS_ENDPOINT_URL_SSO_OIDC", "sso_oidc", base, error);
    if (result)
        return result;
    (void)snprintf(sso->url, sizeof sso->url, "%s/token", base);
    buf_release(&sso->body);
    sso->header = (struct http_header){ "Content-Type", "application/json" };
    result = sso_token_request(&sso->token, &sso->body);
    const struct http_request request = { .method = "POST",
                                          .url = sso->url,
                                          .headers = &sso->header,
                                          .n_headers = 1,
                                          .body = buf_str(&sso->body),
                                          .body_len = sso->body.len,
                                          .timeout_ms = CLIENT_ATTEMPT_TIMEOUT_MS,
                                          .connect_timeout_ms = CLIENT_CONNECT_TIMEOUT_MS,
                                          .max_body = DOCUMENT_BYTES,
                                          .secret = true };
    if (!result)
        result = fetch_start(&sso->fetch, &request, sso->loader.settings->max_attempts, on_token, sso);
    return result ? failure_set(error, FAILURE_MEMORY, "no memory to ask SSO") : 0;
}

/* The provider */

static int sso_start(struct sso *sso, struct error *error)
{
    const struct config *config = sso->loader.settings->config;
    if (!sso->plan.account_id)
        return failure_set(error, FAILURE_PROFILE,
                           "profile \"%s\" has an sso_session, and neither sso_account_id nor sso_role_name",
                           sso->profile);
    int result = sso_token_path(config_home(config), sso->plan.session ? sso->plan.session : sso->plan.start_url,
                                sso->path, error);
    if (!result)
        result = sso_token_read(sso->path, &sso->token, error);
    if (result)
        return result;
    int64_t left_ms = sso->token.expires_ms - sso_now_ms(sso);
    bool renewable = sso->plan.session && sso_token_is_renewable(&sso->token, sso_now_ms(sso));
    if (renewable && left_ms <= REFRESH_MS)
        return token_ask(sso, error);
    if (left_ms <= 0)
        return failure_set(error, FAILURE_SSO_EXPIRED, "the sign-in of profile \"%s\" has ended", sso->profile);
    role_ask(sso);
    return 0;
}

static void sso_get(struct credentials_provider *self, credentials_done_fn *done, void *data)
{
    struct sso *sso = sso_of(self);
    struct error error;
    loader_begin(&sso->loader, done, data);
    if (sso_start(sso, &error))
        sso_end(sso, NULL, &error);
}

static void sso_cancel(struct credentials_provider *self, void *data)
{
    struct sso *sso = sso_of(self);
    if (!loader_cancel(&sso->loader, data))
        return;
    fetch_cancel(&sso->fetch);
    sso_token_release(&sso->token);
    buf_release(&sso->body);
}

static void sso_forget(struct credentials_provider *self) { (void)self; /* nothing is kept */ }

static void sso_free(struct credentials_provider *self)
{
    struct sso *sso = sso_of(self);
    fetch_cancel(&sso->fetch);
    sso_token_release(&sso->token);
    buf_release(&sso->body);
    const char *const copies[] = { sso->plan.session, sso->plan.start_url, sso->plan.region, sso->plan.account_id,
                                   sso->plan.role_name };
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++)
        free((char *)(uintptr_t)copies[i]);
    free(sso->profile);
    free(sso);
}

static bool text_copy(const char **to, const char *from)
{
    *to = from ? strdup(from) : NULL;
    return !from || *to;
}

int provider_sso_new(const struct credentials_settings *settings, const struct plan_sso *plan, const char *profile,
                     struct credentials_provider **ret_provider)
{
    struct sso *sso = calloc(1, sizeof *sso);
    if (!sso)
        return -ENOMEM;
    sso->loader.settings = settings;
    sso->loader.provider =
        (struct credentials_provider){ .get = sso_get, .cancel = sso_cancel, .forget = sso_forget, .free = sso_free };
    sso->body = BUF_INIT_SECRET(REQUEST_BYTES);
    fetch_init(&sso->fetch, settings);
    sso->profile = strdup(profile);
    if (!text_copy(&sso->plan.session, plan->session) || !text_copy(&sso->plan.start_url, plan->start_url) ||
        !text_copy(&sso->plan.region, plan->region) || !text_copy(&sso->plan.account_id, plan->account_id) ||
        !text_copy(&sso->plan.role_name, plan->role_name) || !sso->profile) {
        sso_free(&sso->loader.provider);
        return -ENOMEM;
    }
    *ret_provider = &sso->loader.provider;
    return 0;
}
