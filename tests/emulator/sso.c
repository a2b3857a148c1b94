/* SPDX-License-Identifier: MIT */
#include "sso.h"

#include "form.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void refuse(struct answer *answer, int status, const char *type, const char *message)
{
    answer->status = status;
    answer_header(answer, "Content-Type", "application/json");
    answer_header(answer, "x-amzn-ErrorType", type);
    buf_printf(&answer->body, "{\"message\":\"%s\",\"__type\":\"com.amazonaws.switchboard.portal#%s\"}", message, type);
}

static bool is_signed_in(const struct call *call)
{
    const struct settings *settings = &call->emulator->settings;
    int64_t ends_ms = call->emulator->sso_expires_ms;
    const char *token = request_header(call->request, "x-amz-sso_bearer_token");
    return token && *token && !strcmp(token, settings->sso_token) &&
           (!ends_ms || ends_ms > emulator_time_ms(call->emulator));
}

const char *sso_role_credentials(const struct call *call, struct answer *answer, struct buf *message)
{
    struct emulator *emulator = call->emulator;
    const char *query = call->request->query;
    char account[16];
    char name[128];
    (void)message;
    if (!is_signed_in(call)) {
        refuse(answer, 401, "UnauthorizedException", "Session token not found or invalid");
        return NULL;
    }
    if (!form_value(query, strlen(query), "account_id", account, sizeof account) ||
        !form_value(query, strlen(query), "role_name", name, sizeof name)) {
        refuse(answer, 400, "InvalidRequestException", "account_id and role_name are wanted");
        return NULL;
    }
    const struct role *role = roles_find_named(&emulator->roles, account, name);
    if (!role) {
        refuse(answer, 403, "ForbiddenException", "No access");
        return NULL;
    }
    const struct key *key = emulator_issue(emulator, role->arn, "person", 0);
    answer_header(answer, "Content-Type", "application/json");
    buf_append_str(&answer->body, "{\"roleCredentials\":{\"accessKeyId\":");
    write_string(&answer->body, key->access_key, false);
    buf_append_str(&answer->body, ",\"secretAccessKey\":");
    write_string(&answer->body, key->secret_key, false);
    buf_append_str(&answer->body, ",\"sessionToken\":");
    write_string(&answer->body, key->session_token, false);
    buf_printf(&answer->body, ",\"expiration\":%" PRId64 "}}", key->expires_ms);
    return NULL;
}

static bool member_is(const struct call *call, const char *name, const char *value)
{
    const char *text = json_string(json_member(call->input, name));
    return text && *text && !strcmp(text, value);
}

static void refuse_grant(struct answer *answer, const char *type, const char *name, const char *description)
{
    answer->status = 400;
    answer_header(answer, "Content-Type", "application/json");
    answer_header(answer, "x-amzn-ErrorType", type);
    buf_printf(&answer->body, "{\"error\":\"%s\",\"error_description\":\"%s\"}", name, description);
}

/* The token and the one that renews it are both replaced: neither is good any more. */
const char *sso_create_token(const struct call *call, struct answer *answer, struct buf *message)
{
    struct emulator *emulator = call->emulator;
    struct settings *settings = &emulator->settings;
    (void)message;
    if (!call->input || !member_is(call, "grantType", "refresh_token"))
        refuse_grant(answer, "UnsupportedGrantTypeException", "unsupported_grant_type", "Unsupported grant type");
    else if (!member_is(call, "clientId", settings->sso_client_id) ||
             !member_is(call, "clientSecret", settings->sso_client_secret))
        refuse_grant(answer, "InvalidClientException", "invalid_client", "Invalid client");
    else if (!member_is(call, "refreshToken", settings->sso_refresh_token))
        refuse_grant(answer, "InvalidGrantException", "invalid_grant", "Invalid refresh token provided");
    if (answer->status != 200)
        return NULL;
    uint64_t random = random_of((uint64_t)settings->seed ^ ++emulator->n_sso_tokens, 40);
    snprintf(settings->sso_token, sizeof settings->sso_token, "emulator/secret+sso/%016" PRIx64, random);
    snprintf(settings->sso_refresh_token, sizeof settings->sso_refresh_token, "emulator/secret+refresh/%016" PRIx64,
             random_of(random, 41));
    emulator->sso_expires_ms = emulator_time_ms(emulator) + settings->sso_life_s * 1000;
    answer_header(answer, "Content-Type", "application/json");
    buf_append_str(&answer->body, "{\"accessToken\":");
    write_string(&answer->body, settings->sso_token, false);
    buf_printf(&answer->body,
               ",\"tokenType\":\"Bearer\",\"expiresIn\":%" PRId64 ",\"refreshToken\":", settings->sso_life_s);
    write_string(&answer->body, settings->sso_refresh_token, false);
    buf_append_char(&answer->body, '}');
    return NULL;
}
