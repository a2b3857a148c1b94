/* SPDX-License-Identifier: MIT */
#include "verify.h"

#include "codec/timestamp.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { PART_SIZE = VERIFY_PART_SIZE, SIGNED_MAX = 2048, LEEWAY_MS = 5 * 60 * 1000, CANONICAL_MAX = 64 << 10 };

static const char INCOMPLETE[] = "IncompleteSignatureException";
static const char INVALID[] = "InvalidSignatureException";
static const char UNRECOGNIZED[] = "UnrecognizedClientException";

/* The Authorization header taken apart. */
struct authorization {
    char access_key[PART_SIZE];
    char date[PART_SIZE];
    char region[PART_SIZE];
    char service[PART_SIZE];
    char terminator[PART_SIZE];
    char signed_headers[SIGNED_MAX];
    char signature[PART_SIZE];
};

static bool copy_part(char *to, size_t size, const char *from, size_t len)
{
    if (!len || len >= size)
        return false;
    memcpy(to, from, len);
    to[len] = 0;
    return true;
}

/* "KEY/DATE/REGION/SERVICE/TERMINATOR": the last four have no slash within, the key may. */
static bool split_credential(struct authorization *parts, const char *text, size_t len)
{
    char *fields[] = { parts->terminator, parts->service, parts->region, parts->date };
    for (unsigned i = 0; i < 4; i++) {
        const char *slash = memrchr(text, '/', len);
        if (!slash || !copy_part(fields[i], PART_SIZE, slash + 1, (size_t)(text + len - slash) - 1))
            return false;
        len = (size_t)(slash - text);
    }
    return copy_part(parts->access_key, PART_SIZE, text, len);
}

static bool set_part(struct authorization *parts, const char *name, size_t name_len, const char *value, size_t len)
{
    if (name_len == 10 && !memcmp(name, "Credential", 10))
        return !parts->access_key[0] && split_credential(parts, value, len);
    if (name_len == 13 && !memcmp(name, "SignedHeaders", 13))
        return !parts->signed_headers[0] && copy_part(parts->signed_headers, SIGNED_MAX, value, len);
    if (name_len == 9 && !memcmp(name, "Signature", 9))
        return !parts->signature[0] && copy_part(parts->signature, PART_SIZE, value, len);
    return false;
}

static bool split_authorization(struct authorization *parts, const char *text)
{
    static const char algorithm[] = "AWS4-HMAC-SHA256 ";
    *parts = (struct authorization){ 0 };
    if (strncmp(text, algorithm, sizeof algorithm - 1) != 0)
        return false;
    for (text += sizeof algorithm - 1; *text;) {
        text += strspn(text, " ");
        size_t len = strcspn(text, ",");
        const char *equals = memchr(text, '=', len);
        if (!equals || !set_part(parts, text, (size_t)(equals - text), equals + 1, (size_t)(text + len - equals) - 1))
            return false;
        text += len + (text[len] == ',');
    }
    return parts->access_key[0] && parts->signed_headers[0] && parts->signature[0];
}

/* Whether the ';'-separated list, which must be lower-case and sorted, has `name`. */
static bool is_signed(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = list; *at;) {
        size_t one = strcspn(at, ";");
        if (one == len && !strncasecmp(at, name, len))
            return true;
        at += one + (at[one] == ';');
    }
    return false;
}

static bool list_is_ordered(const char *list)
{
    const char *last = "";
    size_t last_len = 0;
    for (const char *at = list;;) {
        size_t len = strcspn(at, ";");
        int order = strncmp(last, at, last_len < len ? last_len : len);
        if (!len || order > 0 || (order == 0 && last_len >= len))
            return false;
        for (size_t i = 0; i < len; i++)
            if (at[i] >= 'A' && at[i] <= 'Z')
                return false;
        if (!at[len])
            return true;
        last = at;
        last_len = len;
        at += len + 1;
    }
}

static const char *check_scope(const struct verify_keys *keys, const struct authorization *parts, const char *stamp,
                               struct buf *message)
{
    if (strcmp(parts->terminator, "aws4_request") != 0)
        buf_printf(message, "Credential should be scoped with a valid terminator: 'aws4_request', not '%s'.",
                   parts->terminator);
    else if (strcmp(parts->region, keys->region) != 0)
        buf_printf(message, "Credential should be scoped to a valid region, not '%s'.", parts->region);
    else if (strcmp(parts->service, keys->service) != 0)
        buf_printf(message, "Credential should be scoped to correct service: '%s'.", keys->service);
    else if (strlen(parts->date) != 8 || strncmp(parts->date, stamp, 8) != 0)
        buf_printf(message,
                   "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                   "'%s' != '%.8s', from '%s'.",
                   parts->date, stamp, stamp);
    else
        return NULL;
    return INVALID;
}

static const char *check_time(int64_t signed_ms, int64_t now_ms, struct buf *message)
{
    char signed_text[TIMESTAMP_AMZ_SIZE];
    char now[TIMESTAMP_AMZ_SIZE];
    char limit[TIMESTAMP_AMZ_SIZE];
    now_ms = now_ms / 1000 * 1000;
    timestamp_format_amz(signed_ms, signed_text);
    timestamp_format_amz(now_ms, now);
    if (signed_ms < now_ms - LEEWAY_MS) {
        timestamp_format_amz(now_ms - LEEWAY_MS, limit);
        buf_printf(message, "Signature expired: %s is now earlier than %s (%s - 5 min.)", signed_text, limit, now);
        return INVALID;
    }
    if (signed_ms > now_ms + LEEWAY_MS) {
        timestamp_format_amz(now_ms + LEEWAY_MS, limit);
        buf_printf(message, "Signature not yet current: %s is still later than %s (%s + 5 min.)", signed_text, limit,
                   now);
        return INVALID;
    }
    return NULL;
}

static const char *check_keys(const struct verify_keys *keys, const struct request *request,
                              const struct authorization *parts, int64_t now_ms, struct buf *message)
{
    const char *token = request_header(request, "X-Amz-Security-Token");
    if (strcmp(parts->access_key, keys->access_key) != 0) {
        buf_append_str(message, "The security token included in the request is invalid.");
        return UNRECOGNIZED;
    }
    bool is_current = !strcmp(token ? token : "", keys->session_token);
    bool is_old = token && *token && !strcmp(token, keys->expired_token);
    bool has_ended = is_current && keys->expires_ms && keys->expires_ms <= now_ms;
    if (!is_current || has_ended) {
        bool expired = is_old || has_ended;
        buf_printf(message, "The security token included in the request is %s", expired ? "expired" : "invalid.");
        return expired ? "ExpiredTokenException" : UNRECOGNIZED;
    }
    return NULL;
}

/* Each of these must be signed where it was sent, and Host and X-Amz-Date always. */
static const char *check_signed(const struct request *request, const char *list, struct buf *message)
{
    static const char *const names[] = { "Host", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Target" };
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if ((i < 2 || request_header(request, names[i])) && !is_signed(list, names[i])) {
            buf_printf(message, "'%s' must be a 'SignedHeader' in the AWS Authorization.", names[i]);
            return INVALID;
        }
    if (list_is_ordered(list))
        return NULL;
    buf_append_str(message, "SignedHeaders must be sorted, in lower case, each once.");
    return INCOMPLETE;
}

static const char *check_signature(const struct verify_keys *keys, const struct request *request,
                                   const struct authorization *parts, int64_t signed_ms, struct buf *message)
{
    struct sigv4_header headers[HEADERS_MAX];
    struct sigv4_request signed_request = { .method = request->method,
                                            .path = request->path,
                                            .query = request->query,
                                            .headers = headers,
                                            .body = request->body,
                                            .body_len = request->body_len,
                                            .normalize_path = true };
    struct sigv4_scope scope = { .region = parts->region, .service = parts->service, .time_ms = signed_ms };
    struct buf BUF_CLEANUP canonical = BUF_INIT(CANONICAL_MAX);
    struct buf BUF_CLEANUP to_sign = BUF_INIT(CANONICAL_MAX);
    char signature[SIGV4_SIGNATURE_SIZE];
    for (size_t i = 0; i < request->n_headers; i++)
        if (is_signed(parts->signed_headers, request->headers[i].name))
            headers[signed_request.n_headers++] = request->headers[i];
    if (sigv4_canonical_request(&signed_request, &canonical) ||
        sigv4_string_to_sign(buf_str(&canonical), canonical.len, &scope, &to_sign) ||
        sigv4_signature(buf_str(&to_sign), to_sign.len, &scope, keys->secret_key, signature)) {
        buf_append_str(message, "The signature could not be computed.");
        return "InternalFailure";
    }
    if (!strcmp(signature, parts->signature))
        return NULL;
    buf_printf(message,
               "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
               "Access Key and signing method. Consult the service documentation for details.\n\n"
               "The Canonical String for this request should have been\n'%s'\n\n"
               "The String-to-Sign should have been\n'%s'\n",
               buf_str(&canonical), buf_str(&to_sign));
    return INVALID;
}

void verify_claim(const struct request *request, struct verify_claim *ret_claim)
{
    struct authorization parts;
    const char *header = request_header(request, "Authorization");
    *ret_claim = (struct verify_claim){ 0 };
    if (!header || !split_authorization(&parts, header))
        return;
    memcpy(ret_claim->access_key, parts.access_key, sizeof ret_claim->access_key);
    memcpy(ret_claim->region, parts.region, sizeof ret_claim->region);
}

const char *verify_request(const struct verify_keys *keys, const struct request *request, int64_t now_ms,
                           struct buf *message)
{
    struct authorization parts;
    int64_t signed_ms;
    const char *header = request_header(request, "Authorization");
    const char *stamp = request_header(request, "X-Amz-Date");
    if (!header || !*header) {
        buf_append_str(message, "Missing Authentication Token");
        return "MissingAuthenticationTokenException";
    }
    if (request_count(request, "Authorization") > 1 || !split_authorization(&parts, header)) {
        buf_printf(message,
                   "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters. "
                   "Authorization=%.200s",
                   header);
        return INCOMPLETE;
    }
    if (!stamp || request_count(request, "X-Amz-Date") > 1 || timestamp_from_amz(stamp, &signed_ms)) {
        buf_printf(message,
                   "Date must be in ISO-8601 'basic format'. Got '%.40s'. See "
                   "http://en.wikipedia.org/wiki/ISO_8601",
                   stamp ? stamp : "");
        return INCOMPLETE;
    }
    const char *code = check_scope(keys, &parts, stamp, message);
    if (!code)
        code = check_time(signed_ms, now_ms, message);
    if (!code)
        code = check_keys(keys, request, &parts, now_ms, message);
    if (!code)
        code = check_signed(request, parts.signed_headers, message);
    return code ? code : check_signature(keys, request, &parts, signed_ms, message);
}
