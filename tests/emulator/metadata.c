/* SPDX-License-Identifier: MIT */
#include "metadata.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TTL_HEADER "X-aws-ec2-metadata-token-ttl-seconds"
#define TOKEN_HEADER "X-aws-ec2-metadata-token"
#define TOKEN_PREFIX "emulator/secret+metadata/"

enum { TTL_MAX_S = 21600, TOKEN_SIZE = sizeof TOKEN_PREFIX + 2 * 16 };

static void plain(struct answer *answer, int status, const char *text)
{
    answer->status = status;
    answer_header(answer, "Content-Type", "text/plain");
    buf_append_str(&answer->body, text);
}

/* It holds its end, by the monotonic clock, and a seal. */
static void token_make(const struct emulator *emulator, int64_t expires_ms, char to[TOKEN_SIZE])
{
    snprintf(to, TOKEN_SIZE, TOKEN_PREFIX "%016" PRIx64 "%016" PRIx64, (uint64_t)expires_ms,
             random_of((uint64_t)emulator->settings.seed ^ (uint64_t)expires_ms, 30));
}

static bool token_is_good(const struct emulator *emulator, const char *token)
{
    char again[TOKEN_SIZE];
    char digits[17];
    if (!token || strlen(token) != TOKEN_SIZE - 1)
        return false;
    snprintf(digits, sizeof digits, "%.16s", token + sizeof TOKEN_PREFIX - 1);
    int64_t expires_ms = (int64_t)strtoull(digits, NULL, 16);
    token_make(emulator, expires_ms, again);
    return !strcmp(token, again) && expires_ms > clock_monotonic_ms(emulator->clock);
}

const char *metadata_token(const struct call *call, struct answer *answer, struct buf *message)
{
    char token[TOKEN_SIZE];
    const char *ttl = request_header(call->request, TTL_HEADER);
    long seconds = ttl && strspn(ttl, "0123456789") == strlen(ttl) ? strtol(ttl, NULL, 10) : 0;
    (void)message;
    if (request_header(call->request, "X-Forwarded-For")) {
        plain(answer, 403, "Forbidden");
        return NULL;
    }
    if (seconds < 1 || seconds > TTL_MAX_S) {
        plain(answer, 400, "Bad Request");
        return NULL;
    }
    token_make(call->emulator, clock_monotonic_ms(call->emulator->clock) + seconds * 1000, token);
    plain(answer, 200, token);
    answer_header(answer, TTL_HEADER, ttl);
    return NULL;
}

/* Whether version 2's token came along; else the answer says that it did not. */
static bool admits(const struct call *call, struct answer *answer)
{
    if (token_is_good(call->emulator, request_header(call->request, TOKEN_HEADER)))
        return true;
    plain(answer, 401, "Unauthorized");
    return false;
}

const char *metadata_role(const struct call *call, struct answer *answer, struct buf *message)
{
    const char *role = call->emulator->settings.instance_role;
    (void)message;
    if (admits(call, answer))
        plain(answer, *role ? 200 : 404, *role ? role : "Not Found");
    return NULL;
}

/* The keys' members as metadata and the agents write them. */
static void write_keys(const struct key *key, struct buf *to)
{
    char expiration[EXPIRATION_SIZE];
    key_expiration(key, expiration);
    buf_append_str(to, "\"AccessKeyId\":");
    write_string(to, key->access_key, false);
    buf_append_str(to, ",\"SecretAccessKey\":");
    write_string(to, key->secret_key, false);
    buf_append_str(to, ",\"Token\":");
    write_string(to, key->session_token, false);
    buf_printf(to, ",\"Expiration\":\"%s\"}", expiration);
}

static const struct key *issue(const struct call *call, const char *role, const char *session)
{
    char arn[ROLE_ARN_SIZE];
    struct emulator *emulator = call->emulator;
    snprintf(arn, sizeof arn, "arn:%s:iam::%.12s:role/%.64s", partition_of(call->jobs->region),
             emulator->settings.account, role);
    return emulator_issue(emulator, arn, session, 0);
}

const char *metadata_credentials(const struct call *call, struct answer *answer, struct buf *message)
{
    const char *role = call->emulator->settings.instance_role;
    const char *asked = strrchr(call->request->path, '/') + 1;
    char updated[EXPIRATION_SIZE];
    (void)message;
    if (!admits(call, answer))
        return NULL;
    if (!*role || strcmp(asked, role) != 0) {
        plain(answer, 404, "Not Found");
        return NULL;
    }
    const struct key now = { .expires_ms = emulator_time_ms(call->emulator) };
    key_expiration(&now, updated);
    answer_header(answer, "Content-Type", "text/plain"); /* as instance metadata has it */
    buf_printf(&answer->body, "{\"Code\":\"Success\",\"LastUpdated\":\"%s\",\"Type\":\"AWS-HMAC\",", updated);
    write_keys(issue(call, role, "i-0123456789abcdef0"), &answer->body);
    return NULL;
}

const char *container_credentials(const struct call *call, struct answer *answer, struct buf *message)
{
    const struct settings *settings = &call->emulator->settings;
    const char *given = request_header(call->request, "Authorization");
    (void)message;
    answer_header(answer, "Content-Type", "application/json");
    if (settings->container_token[0] && (!given || strcmp(given, settings->container_token) != 0)) {
        answer->status = 401;
        buf_append_str(&answer->body,
                       "{\"code\":\"AccessDenied\",\"message\":\"the authorization token is not valid\"}");
        return NULL;
    }
    buf_printf(&answer->body, "{\"RoleArn\":\"arn:%s:iam::%.12s:role/container\",\"AccountId\":\"%.12s\",",
               partition_of(call->jobs->region), settings->account, settings->account);
    write_keys(issue(call, "container", "task"), &answer->body);
    return NULL;
}
