/* SPDX-License-Identifier: MIT */
#include "aws/sso_token.h"

#include "aws/document.h"
#include "aws/failure.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/secret.h"
#include "codec/json.h"
#include "codec/sigv4.h"
#include "codec/timestamp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FROM "the SSO token"

enum { TOKEN_LIFE_MAX_S = 366 * 24 * 3600, WRITTEN_BYTES = 2 * DOCUMENT_BYTES };

void sso_token_release(struct sso_token *token)
{
    secret_free(token->access_token);
    secret_free(token->refresh_token);
    secret_free(token->client_id);
    secret_free(token->client_secret);
    secret_free(token->start_url);
    secret_free(token->region);
    *token = (struct sso_token){ 0 };
}

int sso_token_path(const char *home, const char *key, char path[SSO_PATH_SIZE], struct error *error)
{
    char name[SIGV4_SHA1_HEX_SIZE];
    if (!home)
        return failure_set(error, FAILURE_PROFILE, "there is no home in which SSO's tokens could be: set HOME");
    if (sigv4_sha1_hex(key, strlen(key), name))
        return failure_set(error, FAILURE_MEMORY, "no memory for SSO");
    int len = snprintf(path, SSO_PATH_SIZE, "%s/.aws/sso/cache/%s.json", home, name);
    return len < SSO_PATH_SIZE ? 0 : failure_set(error, FAILURE_PROFILE, "the home's path is too long");
}

static int member_copy(const struct json_value *object, const char *name, char **to)
{
    const char *text = json_string(json_member(object, name));
    *to = text && *text ? secret_copy(text, strlen(text)) : NULL;
    return text && *text && !*to ? -ENOMEM : 0;
}

static int64_t member_time(const struct json_value *object, const char *name)
{
    const char *text = json_string(json_member(object, name));
    int64_t ms;
    return text && !timestamp_from_iso(text, &ms) ? ms : 0;
}

static int token_parse(const struct json_value *root, struct sso_token *token)
{
    int result = member_copy(root, "accessToken", &token->access_token);
    if (!result)
        result = member_copy(root, "refreshToken", &token->refresh_token);
    if (!result)
        result = member_copy(root, "clientId", &token->client_id);
    if (!result)
        result = member_copy(root, "clientSecret", &token->client_secret);
    if (!result)
        result = member_copy(root, "startUrl", &token->start_url);
    if (!result)
        result = member_copy(root, "region", &token->region);
    token->expires_ms = member_time(root, "expiresAt");
    token->registration_expires_ms = member_time(root, "registrationExpiresAt");
    return result;
}

/* It goes into a header. */
static bool is_token(const char *text)
{
    for (const char *at = text; at && *at; at++)
        if (*at <= ' ' || *at > '~')
            return false;
    return text && *text;
}

int sso_token_read(const char *path, struct sso_token *ret_token, struct error *error)
{
    SECRET_CLEANUP char *text = NULL;
    struct sso_token token = { 0 };
    struct json *json = NULL;
    struct error why;
    size_t len = 0;
    int result = file_read_secret(path, DOCUMENT_BYTES, &text, &len);
    if (result == -ENOENT || result == -ENOTDIR)
        return failure_set(error, FAILURE_SSO_EXPIRED, "nobody has signed in: there is no %s", path);
    if (result)
        return failure_set(error, FAILURE_TOKEN_FILE, "%s: %s", path, strerrordesc_np(-result));
    result = document_parse(text, len, FROM, &json, &why);
    if (result == -ENOMEM || (!result && token_parse(json_root(json), &token)))
        result = failure_set(error, FAILURE_MEMORY, "no memory for SSO's token");
    else if (result)
        result = failure_set(error, FAILURE_SOURCE_ANSWER, "%s: %s", path, why.message);
    else if (!is_token(token.access_token) || !token.expires_ms)
        result = failure_set(error, FAILURE_SOURCE_ANSWER, "%s has no accessToken and expiresAt that are some", path);
    json_wipe(json);
    if (result)
        sso_token_release(&token);
    else
        *ret_token = token;
    return result;
}

static void member_append(struct buf *to, const char *name, const char *value)
{
    if (!value)
        return;
    (void)buf_append_str(to, to->len > 1 ? ", \"" : "\"");
    (void)buf_append_str(to, name);
    (void)buf_append_str(to, "\": ");
    (void)json_append_string(to, value);
}

/* As the aws command writes it: whole seconds. */
static void time_append(struct buf *to, const char *name, int64_t ms)
{
    char text[TIMESTAMP_SIZE];
    if (!ms)
        return;
    timestamp_format(ms, text);
    (void)snprintf(strchr(text, '.'), 2, "Z");
    member_append(to, name, text);
}

int sso_token_write(const char *path, const struct sso_token *token)
{
    struct buf BUF_CLEANUP text = BUF_INIT_SECRET(WRITTEN_BYTES);
    (void)buf_append_char(&text, '{');
    member_append(&text, "startUrl", token->start_url);
    member_append(&text, "region", token->region);
    member_append(&text, "accessToken", token->access_token);
    time_append(&text, "expiresAt", token->expires_ms);
    member_append(&text, "clientId", token->client_id);
    member_append(&text, "clientSecret", token->client_secret);
    time_append(&text, "registrationExpiresAt", token->registration_expires_ms);
    member_append(&text, "refreshToken", token->refresh_token);
    (void)buf_append_char(&text, '}');
    return buf_error(&text) ? buf_error(&text) : file_replace(path, buf_str(&text), text.len);
}

int sso_token_request(const struct sso_token *token, struct buf *to)
{
    (void)buf_append_char(to, '{');
    member_append(to, "clientId", token->client_id);
    member_append(to, "clientSecret", token->client_secret);
    member_append(to, "grantType", "refresh_token");
    member_append(to, "refreshToken", token->refresh_token);
    (void)buf_append_char(to, '}');
    return buf_error(to);
}

bool sso_token_is_renewable(const struct sso_token *token, int64_t now_ms)
{
    return token->refresh_token && token->client_id && token->client_secret &&
           (!token->registration_expires_ms || token->registration_expires_ms > now_ms);
}

int sso_token_renew(struct sso_token *token, const char *answer, size_t len, int64_t now_ms, struct error *error)
{
    char *access_token = NULL, *refresh_token = NULL;
    struct json *json = NULL;
    int result = document_parse(answer, len, "SSO", &json, error);
    if (result)
        return result;
    const struct json_value *root = json_root(json);
    const char *seconds = json_number(json_member(root, "expiresIn"));
    long life_s = seconds && strspn(seconds, "0123456789") == strlen(seconds) && strlen(seconds) < 10
                      ? strtol(seconds, NULL, 10)
                      : 0;
    if (member_copy(root, "accessToken", &access_token) || member_copy(root, "refreshToken", &refresh_token))
        result = failure_set(error, FAILURE_MEMORY, "no memory for SSO's token");
    else if (!is_token(access_token) || life_s <= 0 || life_s > TOKEN_LIFE_MAX_S)
        result = failure_set(error, FAILURE_SOURCE_ANSWER, "SSO: the answer has no accessToken and expiresIn");
    json_wipe(json);
    if (result) {
        secret_free(access_token);
        secret_free(refresh_token);
        return result;
    }
    secret_free(token->access_token);
    token->access_token = access_token;
    token->expires_ms = now_ms + (int64_t)life_s * 1000;
    if (refresh_token) {
        secret_free(token->refresh_token);
        token->refresh_token = refresh_token;
    }
    return 0;
}
