/* SPDX-License-Identifier: MIT */
/* Instance metadata, version 2 only:
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
#include "aws/document.h"
#include "aws/endpoint.h"
#include "aws/failure.h"
#include "aws/fetch.h"
#include "aws/provider.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FROM "instance metadata"
#define TTL_HEADER "X-aws-ec2-metadata-token-ttl-seconds"
#define TTL_SECONDS "21600"
#define ROLES_PATH "/latest/meta-data/iam/security-credentials/"

enum {
    TTL_MAX_S = 21600,
    TTL_MARGIN_MS = 5 * 60 * 1000, /* a token is renewed so long before its end, or at half its life */
    ROLE_SIZE = 128,               /* of an IAM role's name at most 64 */
    TIMEOUT_S = 1,                 /* the SDKs' AWS_METADATA_SERVICE_TIMEOUT, and how often */
    ATTEMPTS = 1,
    ATTEMPTS_AFTER_TOKEN = 3,
    EXTENSION_MS = 5 * 60 * 1000 /* and as much again by chance: the SDKs' static stability */
};

enum step { STEP_TOKEN, STEP_ROLE, STEP_CREDENTIALS };

struct imds {
    struct loader loader; /* the first: a pointer to it is one to all of it */
    struct fetch fetch;
    enum step step;
    bool token_is_new; /* a 401 for one that is not is answered with a new one, once */
    char base[PROVIDER_URL_SIZE];
    char url[PROVIDER_URL_SIZE + sizeof ROLES_PATH + ROLE_SIZE];
    char role[ROLE_SIZE];
    struct http_header header;
    char *token;             /* NULL: none yet */
    int64_t token_renew_ms;  /* monotonic */
    struct credentials last; /* used a while longer where no new ones can be had */
};

static struct imds *imds_of(struct credentials_provider *self) { return (struct imds *)(void *)self; }

static const char *setting(const struct config *config, const char *variable, const char *property)
{
    const char *value = config_env(config, variable);
    return value ? value : config_profile_get(config, property);
}

int imds_url(const struct config *config, const char *endpoint, const char *mode, char url[PROVIDER_URL_SIZE],
             struct error *error)
{
    struct endpoint parsed = { 0 };
    struct error why;
    if (!endpoint)
        endpoint = setting(config, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
    if (!endpoint) {
        if (!mode)
            mode = setting(config, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
        if (mode && strcasecmp(mode, "IPv4") != 0 && strcasecmp(mode, "IPv6") != 0)
            return failure_set(error, FAILURE_PROFILE,
                               "the mode of instance metadata's endpoint is \"%s\"; it must be IPv4 or IPv6", mode);
        endpoint = mode && !strcasecmp(mode, "IPv6") ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
    }
    if (endpoint_parse(endpoint, true, &parsed, &why))
        return failure_set(error, FAILURE_PROFILE, "instance metadata's %s", why.message);
    size_t len = strlen(parsed.url);
    if (len && parsed.url[len - 1] == '/')
        len--;
    (void)snprintf(url, PROVIDER_URL_SIZE, "%.*s", (int)len, parsed.url);
    return 0;
}

static int setting_number(const struct imds *imds, const char *variable, const char *property, int usual, int most)
{
    const char *text = setting(imds->loader.settings->config, variable, property);
    if (!text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 4)
        return usual;
    int number = (int)strtol(text, NULL, 10);
    return number < 1 ? 1 : number > most ? most : number;
}

static void imds_fail(struct imds *imds, const struct error *error);
static void on_response(void *data, const struct http_response *response, const struct error *failed);

static int imds_request(struct imds *imds, enum step step)
{
    int64_t timeout_ms =
        1000 * (int64_t)setting_number(imds, "AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout", TIMEOUT_S, 60);
    int attempts =
        setting_number(imds, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts", ATTEMPTS, 10);
    imds->step = step;
    if (step == STEP_TOKEN)
        imds->header = (struct http_header){ TTL_HEADER, TTL_SECONDS };
    else
        imds->header = (struct http_header){ "X-aws-ec2-metadata-token", imds->token };
    if (step != STEP_TOKEN && attempts < ATTEMPTS_AFTER_TOKEN)
        attempts = ATTEMPTS_AFTER_TOKEN;
    (void)snprintf(imds->url, sizeof imds->url, "%s%s%s", imds->base,
                   step == STEP_TOKEN ? "/latest/api/token" : ROLES_PATH, step == STEP_CREDENTIALS ? imds->role : "");
    const struct http_request request = { .method = step == STEP_TOKEN ? "PUT" : "GET",
                                          .url = imds->url,
                                          .headers = &imds->header,
                                          .n_headers = 1,
                                          .timeout_ms = timeout_ms,
                                          .connect_timeout_ms = timeout_ms,
                                          .max_body = DOCUMENT_BYTES,
                                          .direct = true,
                                          .secret = true };
    return fetch_start(&imds->fetch, &request, attempts, on_response, imds);
}

static void imds_next(struct imds *imds, enum step step)
{
    struct error error;
    if (!imds_request(imds, step))
        return;
    (void)failure_set(&error, FAILURE_MEMORY, "no memory for a request to instance metadata");
    imds_fail(imds, &error);
}

/* Those that end too soon are said to end later: they may be good yet, and nothing better can be had. */
static void last_extend(struct imds *imds)
{
    const struct credentials_settings *settings = imds->loader.settings;
    int64_t now_ms = settings_now_ms(settings);
    int64_t until_ms = now_ms + EXTENSION_MS + (int64_t)(settings->random->unit(settings->random->data) * EXTENSION_MS);
    if (imds->last.expires_ms < until_ms)
        imds->last.expires_ms = until_ms;
}

static void imds_fail(struct imds *imds, const struct error *error)
{
    if (!imds->last.access_key_id) {
        loader_fail(&imds->loader, error);
        return;
    }
    last_extend(imds);
    log_warning("instance metadata gives no new credentials, the last ones are used a while longer: %s: %s",
                error->code, error->message);
    loader_give(&imds->loader, &imds->last);
}

static int token_take(struct imds *imds, const struct http_response *response, struct error *error)
{
    const char *ttl = response->header(response, TTL_HEADER);
    long seconds = ttl ? strtol(ttl, NULL, 10) : 0;
    const struct credentials_settings *settings = imds->loader.settings;
    size_t len = response->body->len;
    const char *text = buf_str(response->body);
    while (len && strchr(" \r\n", text[len - 1]))
        len--;
    char *token = secret_copy(text, len);
    secret_free(imds->token);
    imds->token = NULL;
    int result = token ? credentials_set(&imds->token, token) : -ENOMEM;
    secret_free(token);
    if (result == -ENOMEM)
        return failure_set(error, FAILURE_MEMORY, "no memory for a token");
    if (!imds->token)
        return failure_set(error, FAILURE_SOURCE_ANSWER, "instance metadata's token is none");
    if (seconds <= 0 || seconds > TTL_MAX_S)
        seconds = TTL_MAX_S;
    int64_t margin_ms = seconds * 500 < TTL_MARGIN_MS ? seconds * 500 : TTL_MARGIN_MS;
    imds->token_renew_ms = clock_monotonic_ms(settings->clock) + seconds * 1000 - margin_ms;
    imds->token_is_new = true;
    return 0;
}

/* The first line, which goes into a path. */
static int role_take(struct imds *imds, const struct http_response *response, struct error *error)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+=,.@_-";
    const char *text = buf_str(response->body);
    size_t len = strcspn(text, "\r\n");
    if (!len)
        return failure_set(error, FAILURE_IMDS_ROLE, "instance metadata has no role");
    if (len >= sizeof imds->role || strspn(text, allowed) < len)
        return failure_set(error, FAILURE_SOURCE_ANSWER, "instance metadata's role has no name that a role may have");
    memcpy(imds->role, text, len);
    imds->role[len] = 0;
    return 0;
}

static int credentials_take(struct imds *imds, const struct http_response *response, struct error *error)
{
    struct credentials credentials;
    struct json *json = NULL;
    int result = document_parse(buf_str(response->body), response->body->len, FROM, &json, error);
    if (result)
        return result;
    const char *code = json_string(json_member(json_root(json), "Code"));
    if (code && strcmp(code, "Success") != 0)
        result =
            failure_set(error, FAILURE_SOURCE_REFUSED, "instance metadata says %s for the role %s", code, imds->role);
    if (!result)
        result = document_read(json_root(json), &document_names_metadata, FROM, &credentials, error);
    json_wipe(json);
    if (result)
        return result;
    credentials_release(&imds->last);
    imds->last = credentials;
    if (credentials.expires_ms <= settings_now_ms(imds->loader.settings)) {
        last_extend(imds);
        log_warning("instance metadata gives credentials that have ended; they are used a while longer");
    }
    return 0;
}

/* No answer: a host that is not there, or a hop limit that keeps the token's answer from a container. */
static int transport_error(const struct imds *imds, const struct error *failed, struct error *error)
{
    bool late = !strcmp(failed->code, FAILURE_ATTEMPT_TIMEOUT) && imds->step == STEP_TOKEN;
    return failure_set(error, late ? FAILURE_IMDS_TOKEN : FAILURE_IMDS_UNREACHABLE, "%s: %s: %s", imds->url,
                       failed->code, failed->message);
}

static int status_error(const struct imds *imds, const struct http_response *response, struct error *error)
{
    const char *code = FAILURE_SOURCE_REFUSED;
    if (imds->step == STEP_TOKEN && response->status >= 401 && response->status <= 405)
        code = FAILURE_IMDS_REFUSED;
    else if (response->status == 404)
        code = FAILURE_IMDS_ROLE;
    return failure_set(error, code, "%s: HTTP %d", imds->url, response->status);
}

static void on_response(void *data, const struct http_response *response, const struct error *failed)
{
    struct imds *imds = data;
    struct error error;
    int result;
    if (response && response->status == 401 && imds->step != STEP_TOKEN && !imds->token_is_new) {
        imds_next(imds, STEP_TOKEN);
        return;
    }
    if (!response)
        result = transport_error(imds, failed, &error);
    else if (response->status != 200)
        result = status_error(imds, response, &error);
    else if (imds->step == STEP_TOKEN)
        result = token_take(imds, response, &error);
    else if (imds->step == STEP_ROLE)
        result = role_take(imds, response, &error);
    else
        result = credentials_take(imds, response, &error);
    if (result)
        imds_fail(imds, &error);
    else if (imds->step == STEP_CREDENTIALS)
        loader_give(&imds->loader, &imds->last);
    else
        imds_next(imds, imds->step == STEP_TOKEN ? STEP_ROLE : STEP_CREDENTIALS);
}

static void imds_get(struct credentials_provider *self, credentials_done_fn *done, void *data)
{
    struct imds *imds = imds_of(self);
    const struct credentials_settings *settings = imds->loader.settings;
    struct error error;
    loader_begin(&imds->loader, done, data);
    if (imds_url(settings->config, NULL, NULL, imds->base, &error)) {
        loader_fail(&imds->loader, &error);
        return;
    }
    imds->token_is_new = false;
    bool good = imds->token && clock_monotonic_ms(settings->clock) < imds->token_renew_ms;
    imds_next(imds, good ? STEP_ROLE : STEP_TOKEN);
}

static void imds_cancel(struct credentials_provider *self, void *data)
{
    struct imds *imds = imds_of(self);
    if (loader_cancel(&imds->loader, data))
        fetch_cancel(&imds->fetch);
}

static void imds_forget(struct credentials_provider *self) { credentials_release(&imds_of(self)->last); }

static void imds_free(struct credentials_provider *self)
{
    struct imds *imds = imds_of(self);
    fetch_cancel(&imds->fetch);
    secret_free(imds->token);
    credentials_release(&imds->last);
    free(imds);
}

int provider_imds_new(const struct credentials_settings *settings, struct credentials_provider **ret_provider)
{
    struct imds *imds = calloc(1, sizeof *imds);
    if (!imds)
        return -ENOMEM;
    imds->loader.settings = settings;
    imds->loader.provider = (struct credentials_provider){
        .get = imds_get, .cancel = imds_cancel, .forget = imds_forget, .free = imds_free
    };
    fetch_init(&imds->fetch, settings);
    *ret_provider = &imds->loader.provider;
    return 0;
}
