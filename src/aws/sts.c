/* SPDX-License-Identifier: MIT */
#include "aws/sts.h"

#include "aws/endpoint.h"
#include "aws/failure.h"
#include "base/buf.h"
#include "base/secret.h"
#include "codec/timestamp.h"
#include "codec/xml.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORM_BYTES = 64 << 10, ANSWER_BYTES = 64 << 10, NAME_SIZE = 96 };

struct sts_call {
    struct client_call *call;
    bool web_identity;
    char role[NAME_SIZE]; /* of its ARN, for people */
    credentials_done_fn *done;
    sts_identity_fn *identified;
    void *data;
};

int sts_client_new(const struct credentials_settings *settings, struct credentials_provider *credentials,
                   struct client **ret_client, struct error *error)
{
    struct setting url = config_endpoint_url_of(settings->config, NULL, "AWS_ENDPOINT_URL_STS", "sts");
    struct client_settings client = { .service = "sts",
                                      .max_requests = 1,
                                      .max_attempts = settings->max_attempts,
                                      .http = settings->http,
                                      .credentials = credentials,
                                      .timers = settings->timers,
                                      .clock = settings->clock,
                                      .random = settings->random,
                                      .skew_ms = settings->skew_ms,
                                      .secret = true };
    struct error why;
    if (endpoint_make_of("sts", settings->region, url.value, settings->endpoint_flags, &client.endpoint, &why))
        return failure_set(error, FAILURE_PROFILE, "STS%s%s: %s", url.value ? ", from " : "", url.value ? url.from : "",
                           why.message);
    return client_new(&client, ret_client) ? failure_set(error, FAILURE_MEMORY, "no memory for STS") : 0;
}

/* application/x-www-form-urlencoded, as signing wants it: RFC 3986's unreserved characters stay. */
static void form_append(struct buf *form, const char *name, const char *value)
{
    if (!value)
        return;
    (void)buf_printf(form, "&%s=", name);
    for (; *value; value++) {
        char c = *value;
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr("-._~", c))
            (void)buf_append_char(form, c);
        else
            (void)buf_printf(form, "%%%02X", (unsigned char)c);
    }
}

/* What AWS says with a name that this call gives another meaning; everything else stays as it is. */
static void error_translate(const struct sts_call *call, const struct error *failed, struct error *error)
{
    static const char *const token_codes[] = { "InvalidIdentityToken", "IDPRejectedClaim", "ExpiredToken",
                                               "ExpiredTokenException", "IDPCommunicationError" };
    static const char *const role_codes[] = { "AccessDenied", "AccessDeniedException", "ValidationError",
                                              "RegionDisabledException", "NoSuchEntity" };
    const char *code = NULL;
    for (size_t i = 0; call->web_identity && i < sizeof token_codes / sizeof *token_codes; i++)
        if (!strcmp(failed->code, token_codes[i]))
            code = FAILURE_WEB_IDENTITY;
    for (size_t i = 0; i < sizeof role_codes / sizeof *role_codes && !code; i++)
        if (!strcmp(failed->code, role_codes[i]))
            code = call->web_identity ? FAILURE_WEB_IDENTITY : FAILURE_ROLE;
    if (!code && failed->http_status && failure_find(failed->code, 0) == failure_find("", 0))
        code = FAILURE_SOURCE_REFUSED; /* a name that is in no table */
    *error = *failed;
    if (!code)
        return;
    (void)failure_set(error, code, "STS for the role %s: %s: %s", call->role, failed->code, failed->message);
    error->http_status = failed->http_status;
    memcpy(error->request_id, failed->request_id, sizeof error->request_id);
}

static int misunderstood(struct error *error, const char *why)
{
    return failure_set(error, FAILURE_SOURCE_ANSWER, "STS: %s", why);
}

/* arn:aws:sts::123456789012:assumed-role/...; "" where there is none. */
static void account_of_arn(const char *arn, char account[ACCOUNT_SIZE])
{
    account[0] = 0;
    for (int colons = 0; arn && colons < 4; colons++) {
        arn = strchr(arn, ':');
        arn = arn ? arn + 1 : NULL;
    }
    if (!arn || strcspn(arn, ":") != ACCOUNT_SIZE - 1)
        return;
    (void)snprintf(account, ACCOUNT_SIZE, "%s", arn);
    if (!account_is_valid(account))
        account[0] = 0;
}

static int fields_read(const struct xml_field fields[5], const char *source, struct credentials *credentials,
                       struct error *error)
{
    char account[ACCOUNT_SIZE];
    account_of_arn(fields[4].text, account);
    if (!fields[0].text || !fields[1].text || !fields[2].text || !fields[3].text)
        return misunderstood(error, "the answer has no whole credentials");
    if (timestamp_from_iso(fields[3].text, &credentials->expires_ms) || credentials->expires_ms <= 0)
        return misunderstood(error, "Expiration is no time");
    int result = credentials_set(&credentials->access_key_id, fields[0].text);
    if (!result)
        result = credentials_set(&credentials->secret_key, fields[1].text);
    if (!result)
        result = credentials_set(&credentials->session_token, fields[2].text);
    if (!result)
        result = credentials_set(&credentials->account_id, account);
    if (result == -ENOMEM)
        return failure_set(error, FAILURE_MEMORY, "no memory for credentials");
    if (result || !credentials->access_key_id || !credentials->secret_key || !credentials->session_token)
        return misunderstood(error, "the answer's keys are none");
    credentials->source = source;
    return 0;
}

static int role_read(const struct sts_call *call, const struct client_answer *answer, struct credentials *credentials,
                     struct error *error)
{
#define RESULT(operation, rest) operation "Response/" operation "Result/" rest
#define FIELDS(operation)                                                                                              \
    {                                                                                                                  \
        { RESULT(operation, "Credentials/AccessKeyId"), NULL },                                                        \
            { RESULT(operation, "Credentials/SecretAccessKey"), NULL },                                                \
            { RESULT(operation, "Credentials/SessionToken"), NULL },                                                   \
            { RESULT(operation, "Credentials/Expiration"), NULL }, { RESULT(operation, "AssumedRoleUser/Arn"), NULL }, \
    }
    struct xml_field with_keys[] = FIELDS("AssumeRole");
    struct xml_field with_token[] = FIELDS("AssumeRoleWithWebIdentity");
    struct xml_field *fields = call->web_identity ? with_token : with_keys;
    struct error why;
    int result = xml_read(answer->body, answer->body_len, fields, 5, &why);
    if (result == -ENOMEM)
        return failure_set(error, FAILURE_MEMORY, "no memory for STS's answer");
    if (result)
        return misunderstood(error, why.message);
    result = fields_read(fields, call->web_identity ? "web identity" : "assumed role", credentials, error);
    xml_release(fields, 5);
    if (result)
        credentials_release(credentials);
    return result;
}

static void role_answered(void *data, const struct client_answer *answer, const struct error *failed)
{
    struct sts_call call = *(struct sts_call *)data;
    struct credentials credentials = { 0 };
    struct error error;
    free(data);
    if (!answer)
        error_translate(&call, failed, &error);
    if (!answer || role_read(&call, answer, &credentials, &error))
        call.done(call.data, NULL, &error);
    else
        call.done(call.data, &credentials, NULL);
    credentials_release(&credentials);
}

static void identity_answered(void *data, const struct client_answer *answer, const struct error *failed)
{
    struct sts_call call = *(struct sts_call *)data;
    struct xml_field field = { RESULT("GetCallerIdentity", "Account"), NULL };
    struct error error, why;
    bool good = false;
    free(data);
    if (!answer)
        error = *failed;
    else if (xml_read(answer->body, answer->body_len, &field, 1, &why))
        (void)misunderstood(&error, why.message);
    else if (!field.text || !account_is_valid(field.text))
        (void)misunderstood(&error, "the answer has no account");
    else
        good = true;
    call.identified(call.data, good ? field.text : NULL, good ? NULL : &error);
    xml_release(&field, 1);
}

static int call_start(struct client *client, struct sts_call *call, const char *operation, const struct buf *form,
                      int64_t deadline_ms, client_done_fn *answered, struct sts_call **ret_call)
{
    const struct client_request request = { .operation = operation,
                                            .body = buf_str(form),
                                            .body_len = form->len,
                                            .deadline_ms = deadline_ms,
                                            .max_body = ANSWER_BYTES };
    int result = buf_error(form);
    if (!result)
        result = client_start(client, &request, answered, call, &call->call);
    if (result)
        free(call);
    else
        *ret_call = call;
    return result;
}

int sts_assume_role(struct client *client, const struct plan_role *role, const char *token, int64_t deadline_ms,
                    credentials_done_fn *done, void *data, struct sts_call **ret_call)
{
    struct buf BUF_CLEANUP form = BUF_INIT_SECRET(FORM_BYTES);
    const char *operation = token ? "AssumeRoleWithWebIdentity" : "AssumeRole";
    struct sts_call *call = calloc(1, sizeof *call);
    if (!call)
        return -ENOMEM;
    call->web_identity = token != NULL;
    call->done = done;
    call->data = data;
    (void)snprintf(call->role, sizeof call->role, "%s", role->arn);
    (void)buf_printf(&form, "Action=%s&Version=2011-06-15", operation);
    form_append(&form, "RoleArn", role->arn);
    form_append(&form, "RoleSessionName", role->session_name);
    form_append(&form, "ExternalId", role->external_id);
    if (role->duration_s)
        (void)buf_printf(&form, "&DurationSeconds=%d", role->duration_s);
    form_append(&form, "WebIdentityToken", token);
    return call_start(client, call, operation, &form, deadline_ms, role_answered, ret_call);
}

int sts_get_caller_identity(struct client *client, int64_t deadline_ms, sts_identity_fn *done, void *data,
                            struct sts_call **ret_call)
{
    struct buf BUF_CLEANUP form = BUF_INIT(FORM_BYTES);
    struct sts_call *call = calloc(1, sizeof *call);
    if (!call)
        return -ENOMEM;
    call->identified = done;
    call->data = data;
    (void)buf_append_str(&form, "Action=GetCallerIdentity&Version=2011-06-15");
    return call_start(client, call, "GetCallerIdentity", &form, deadline_ms, identity_answered, ret_call);
}

void sts_cancel(struct sts_call *call)
{
    client_cancel(call->call);
    free(call);
}
