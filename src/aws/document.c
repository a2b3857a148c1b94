/* SPDX-License-Identifier: MIT */
#include "aws/document.h"

#include "aws/failure.h"
#include "codec/timestamp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DOCUMENT_DEPTH = 8 };

const struct document_names document_names_metadata = { "AccessKeyId", "SecretAccessKey", "Token",
                                                        "AccountId",   "Expiration",      true,
                                                        true };
const struct document_names document_names_container = { "AccessKeyId", "SecretAccessKey", "Token",
                                                         "AccountId",   "Expiration",      false,
                                                         false };
const struct document_names document_names_process = { "AccessKeyId", "SecretAccessKey", "SessionToken",
                                                       "AccountId",   "Expiration",      false,
                                                       false };
const struct document_names document_names_sso = { "accessKeyId", "secretAccessKey", "sessionToken",
                                                   "accountId",   "expiration",      true,
                                                   true };

int document_parse(const char *text, size_t len, const char *from, struct json **ret_json, struct error *error)
{
    const struct json_limits limits = { .bytes = DOCUMENT_BYTES, .depth = DOCUMENT_DEPTH };
    struct json *json = NULL;
    struct error why;
    int result = json_parse(text, len, &limits, &json, &why);
    if (result == -ENOMEM)
        return failure_set(error, FAILURE_MEMORY, "no memory for what %s answered", from);
    if (result) /* json's words have a place in it, and nothing of the text */
        return failure_set(error, FAILURE_SOURCE_ANSWER, "%s: the answer is not JSON (%s)", from, why.message);
    if (json_type_of(json_root(json)) != JSON_OBJECT) {
        json_wipe(json);
        return failure_set(error, FAILURE_SOURCE_ANSWER, "%s: the answer is no JSON object", from);
    }
    *ret_json = json;
    return 0;
}

static int member_read(const struct json_value *object, const char *name, bool needed, const char *from, char **to,
                       struct error *error)
{
    const struct json_value *member = json_member(object, name);
    const char *text = json_string(member);
    if (!text && json_type_of(member) != JSON_NULL)
        return failure_set(error, FAILURE_SOURCE_ANSWER, "%s: %s is no string", from, name);
    if (needed && (!text || !*text))
        return failure_set(error, FAILURE_SOURCE_ANSWER, "%s: the answer has no %s", from, name);
    switch (credentials_set(to, text)) {
    case 0:
        return 0;
    case -EINVAL:
        return failure_set(error, FAILURE_SOURCE_ANSWER, "%s: there is a character in %s that no key has", from, name);
    default:
        return failure_set(error, FAILURE_MEMORY, "no memory for credentials");
    }
}

static int expiration_read(const struct json_value *object, const struct document_names *names, const char *from,
                           int64_t *ret_ms, struct error *error)
{
    const struct json_value *member = json_member(object, names->expiration);
    const char *text = json_string(member);
    const char *digits = json_number(member);
    bool good = false;
    *ret_ms = 0;
    if (json_type_of(member) == JSON_NULL || (text && !*text)) {
        good = !names->expiration_needed;
    } else if (text) {
        good = !timestamp_from_iso(text, ret_ms);
    } else if (digits && names == &document_names_sso && strspn(digits, "0123456789") == strlen(digits)) {
        errno = 0;
        *ret_ms = strtoll(digits, NULL, 10);
        good = !errno && *ret_ms <= TIMESTAMP_MAX_MS;
    }
    /* 0 would say that they have no end. */
    return good && (*ret_ms > 0 || json_type_of(member) == JSON_NULL || (text && !*text))
               ? 0
               : failure_set(error, FAILURE_SOURCE_ANSWER, "%s: %s is no time", from, names->expiration);
}

int document_read(const struct json_value *object, const struct document_names *names, const char *from,
                  struct credentials *ret_credentials, struct error *error)
{
    struct credentials credentials = { .source = from };
    int result = member_read(object, names->access_key_id, true, from, &credentials.access_key_id, error);
    if (!result)
        result = member_read(object, names->secret_key, true, from, &credentials.secret_key, error);
    if (!result)
        result =
            member_read(object, names->session_token, names->token_needed, from, &credentials.session_token, error);
    /* A strange account is left out, it is learned from the service then. */
    if (!result &&
        credentials_set(&credentials.account_id, json_string(json_member(object, names->account_id))) == -ENOMEM)
        result = failure_set(error, FAILURE_MEMORY, "no memory for credentials");
    if (!result)
        result = expiration_read(object, names, from, &credentials.expires_ms, error);
    if (result)
        credentials_release(&credentials);
    else
        *ret_credentials = credentials;
    return result;
}
