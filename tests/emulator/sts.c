/* SPDX-License-Identifier: MIT */
#include "sts.h"

#include "form.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMESPACE "https://sts.amazonaws.com/doc/2011-06-15/"

/* Character data (https://www.w3.org/TR/xml/#syntax); what XML cannot have becomes a question mark. */
static void write_text(struct buf *to, const char *text)
{
    for (; *text; text++) {
        const char *entity = *text == '&' ? "&amp;" : *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : NULL;
        if (entity)
            buf_append_str(to, entity);
        else
            buf_append_char(to, (unsigned char)*text < ' ' && !strchr("\t\n\r", *text) ? '?' : *text);
    }
}

static void write_element(struct buf *to, const char *name, const char *text)
{
    buf_printf(to, "<%s>", name);
    write_text(to, text);
    buf_printf(to, "</%s>\n", name);
}

static const char *request_id(const struct answer *answer)
{
    for (unsigned i = 0; i < answer->n_headers; i++)
        if (!strcmp(answer->headers[i].name, "x-amzn-RequestId"))
            return answer->headers[i].value;
    return "";
}

void query_error(int status, const char *code, const char *message, struct answer *answer)
{
    static const struct {
        const char *json;
        const char *code;
        int status;
    } names[] = {
        { "IncompleteSignatureException", "IncompleteSignature", 400 },
        { "InvalidSignatureException", "SignatureDoesNotMatch", 403 },
        { "UnrecognizedClientException", "InvalidClientTokenId", 403 },
        { "MissingAuthenticationTokenException", "MissingAuthenticationToken", 403 },
        { "ExpiredTokenException", "ExpiredToken", 403 },
        { "ThrottlingException", "Throttling", 400 },
        { "UnknownOperationException", "InvalidAction", 400 },
        { "AccessDenied", "AccessDenied", 403 },
    };
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(names[i].json, code)) {
            code = names[i].code;
            status = names[i].status;
            break;
        }
    buf_clear(&answer->body);
    buf_append_str(&answer->body, "<ErrorResponse xmlns=\"" NAMESPACE "\">\n  <Error>\n    ");
    write_element(&answer->body, "Type", status < 500 ? "Sender" : "Receiver");
    buf_append_str(&answer->body, "    ");
    write_element(&answer->body, "Code", code);
    buf_append_str(&answer->body, "    ");
    write_element(&answer->body, "Message", message);
    buf_append_str(&answer->body, "  </Error>\n  ");
    write_element(&answer->body, "RequestId", request_id(answer));
    buf_append_str(&answer->body, "</ErrorResponse>\n");
    answer->status = status;
}

static void write_end(const struct answer *answer, const char *operation, struct buf *to)
{
    buf_printf(to, "  </%sResult>\n  <ResponseMetadata>\n    ", operation);
    write_element(to, "RequestId", request_id(answer));
    buf_printf(to, "  </ResponseMetadata>\n</%sResponse>\n", operation);
}

const char *sts_caller_identity(const struct call *call, struct answer *answer, struct buf *message)
{
    const char *account = call->emulator->settings.account;
    char arn[PRINCIPAL_SIZE];
    (void)message;
    snprintf(arn, sizeof arn, "arn:%s:iam::%.12s:user/emulator", partition_of(call->jobs->region), account);
    buf_append_str(&answer->body,
                   "<GetCallerIdentityResponse xmlns=\"" NAMESPACE "\">\n  <GetCallerIdentityResult>\n    ");
    write_element(&answer->body, "Arn", call->key && call->key->principal[0] ? call->key->principal : arn);
    buf_append_str(&answer->body, "    ");
    write_element(&answer->body, "UserId", "AIDAEMULATOREXAMPLE00");
    buf_append_str(&answer->body, "    ");
    write_element(&answer->body, "Account", account);
    write_end(answer, "GetCallerIdentity", &answer->body);
    return NULL;
}

/* --- roles ------------------------------------------------------------------------------------------------------ */

static bool parameter(const struct call *call, const char *name, char *to, size_t size)
{
    *to = 0;
    return form_value(call->request->body, call->request->body_len, name, to, size) && *to;
}

static bool session_name_is_valid(const char *name)
{
    size_t len = strlen(name);
    for (const char *at = name; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr("_+=,.@-", *at))
            return false;
    return len >= 2 && len <= 64;
}

/* What both ways to a role are asked with. */
struct wish {
    char arn[ROLE_ARN_SIZE];
    char session[128];
    char external_id[ROLE_ARN_SIZE];
    int64_t duration_s; /* 0: not given */
};

static const char *wish_read(const struct call *call, struct wish *wish, struct buf *message)
{
    char text[16];
    *wish = (struct wish){ 0 };
    (void)parameter(call, "ExternalId", wish->external_id, sizeof wish->external_id);
    if (parameter(call, "DurationSeconds", text, sizeof text))
        wish->duration_s = strspn(text, "0123456789") == strlen(text) ? strtol(text, NULL, 10) : -1;
    if (!parameter(call, "RoleArn", wish->arn, sizeof wish->arn) || strlen(wish->arn) < 20)
        buf_append_str(message, "1 validation error detected: Value at 'roleArn' failed to satisfy constraint: Member "
                                "must have length greater than or equal to 20");
    else if (!parameter(call, "RoleSessionName", wish->session, sizeof wish->session) ||
             !session_name_is_valid(wish->session))
        buf_append_str(message, "1 validation error detected: Value at 'roleSessionName' failed to satisfy constraint: "
                                "Member must satisfy regular expression pattern: [\\w+=,.@-]*");
    else if (wish->duration_s && (wish->duration_s < 900 || wish->duration_s > 43200))
        buf_append_str(message, "1 validation error detected: Value at 'durationSeconds' failed to satisfy constraint: "
                                "Member must have value greater than or equal to 900 and at most 43200");
    else
        return NULL;
    return "ValidationError";
}

static void write_role(const struct call *call, const char *operation, const struct wish *wish, const char *more,
                       struct answer *answer)
{
    const struct key *key = emulator_issue(call->emulator, wish->arn, wish->session, wish->duration_s);
    char expiration[EXPIRATION_SIZE];
    struct buf *to = &answer->body;
    key_expiration(key, expiration);
    buf_printf(to, "<%sResponse xmlns=\"" NAMESPACE "\">\n  <%sResult>\n  <AssumedRoleUser>\n", operation, operation);
    write_element(to, "Arn", key->principal);
    write_element(to, "AssumedRoleId", "AROAEMULATOREXAMPLE00:session");
    buf_append_str(to, "  </AssumedRoleUser>\n  <Credentials>\n");
    write_element(to, "AccessKeyId", key->access_key);
    write_element(to, "SecretAccessKey", key->secret_key);
    write_element(to, "SessionToken", key->session_token);
    write_element(to, "Expiration", expiration);
    buf_printf(to, "  </Credentials>\n%s", more);
    write_end(answer, operation, to);
}

/* An access key id, or the ARN of the role that the keys were issued for. */
static bool is_source(const struct call *call, const char *source)
{
    const struct key *key = call->key;
    return !*source || !strcmp(source, call->access_key) || (key && !strcmp(source, key->role_arn));
}

const char *sts_assume_role(const struct call *call, struct answer *answer, struct buf *message)
{
    struct wish wish;
    const char *code = wish_read(call, &wish, message);
    if (code)
        return code;
    const struct role *role = roles_find(&call->emulator->roles, wish.arn);
    if (!role || strcmp(role->external_id, wish.external_id) != 0 || !is_source(call, role->source)) {
        char user[PRINCIPAL_SIZE];
        snprintf(user, sizeof user, "arn:%s:iam::%.12s:user/emulator", partition_of(call->jobs->region),
                 call->emulator->settings.account);
        buf_printf(message, "User: %s is not authorized to perform: sts:AssumeRole on resource: %s",
                   call->key && call->key->principal[0] ? call->key->principal : user, wish.arn);
        return "AccessDenied";
    }
    write_role(call, "AssumeRole", &wish, "", answer);
    return NULL;
}

const char *sts_assume_role_with_web_identity(const struct call *call, struct answer *answer, struct buf *message)
{
    struct wish wish;
    char token[ROLE_VALUE_SIZE];
    const char *code = wish_read(call, &wish, message);
    if (code)
        return code;
    const struct role *role = roles_find(&call->emulator->roles, wish.arn);
    if (!role || !role->web_identity_token[0]) {
        buf_append_str(message, "Not authorized to perform sts:AssumeRoleWithWebIdentity");
        return "AccessDenied";
    }
    if (!parameter(call, "WebIdentityToken", token, sizeof token) || strcmp(token, role->web_identity_token) != 0) {
        buf_append_str(message,
                       "The web identity token that was passed could not be validated by the identity provider.");
        return "InvalidIdentityToken";
    }
    write_role(call, "AssumeRoleWithWebIdentity", &wish,
               "  <SubjectFromWebIdentityToken>emulator</SubjectFromWebIdentityToken>\n", answer);
    return NULL;
}
