/* SPDX-License-Identifier: MIT */
#include "codec/sigv4.h"

#include "base/cleanup.h"
#include "codec/timestamp.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define ALGORITHM "AWS4-HMAC-SHA256"

enum { DIGEST_SIZE = 32, SHA1_SIZE = 20, DATE_LEN = 8, CANONICAL_MAX = 1 << 20, STRING_TO_SIGN_MAX = 4096 };

static char lower(char c) { return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); }

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* RFC 3986, section 2.3. */
static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

static bool is_hex(char c) { return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f'); }

static unsigned hex_value(char c) { return (unsigned)(c <= '9' ? c - '0' : lower(c) - 'a' + 10); }

static void append_encoded(struct buf *to, char c)
{
    if (is_unreserved(c))
        (void)buf_append_char(to, c);
    else
        (void)buf_printf(to, "%%%02X", (unsigned char)c);
}

/* Takes the last segment away, but not the '/' at `start`. */
static void remove_segment(struct buf *to, size_t start)
{
    if (to->len > start + 1)
        to->len--;
    while (to->len > start + 1 && to->data[to->len - 1] != '/')
        to->len--;
}

/* Dot segments as in RFC 3986, section 5.2.4. An encoded segment holds no '/', so they can be removed from `to`. */
static void append_normalized_path(struct buf *to, const char *path)
{
    size_t start = to->len;
    (void)buf_append_char(to, '/');
    while (*path) {
        size_t len = strcspn(path, "/");
        bool slash = path[len] == '/';
        if (len == 2 && path[0] == '.' && path[1] == '.') {
            remove_segment(to, start);
        } else if (len && !(len == 1 && path[0] == '.')) {
            for (size_t i = 0; i < len; i++)
                append_encoded(to, path[i]);
            if (slash)
                (void)buf_append_char(to, '/');
        }
        path += len + slash;
    }
}

static void append_path(struct buf *to, const struct sigv4_request *request)
{
    if (request->normalize_path || !*request->path) {
        append_normalized_path(to, request->path);
        return;
    }
    for (const char *c = request->path; *c; c++) {
        if (*c == '/')
            (void)buf_append_char(to, '/');
        else
            append_encoded(to, *c);
    }
}

/* What is percent-encoded already is decoded first, so that it is not encoded twice. */
static void append_query_part(struct buf *to, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%' && i + 2 < len && is_hex(text[i + 1]) && is_hex(text[i + 2])) {
            c = (char)(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
            i += 2;
        }
        append_encoded(to, c);
    }
}

static int compare_texts(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Parameters are sorted by name, then by value. Written as name, 1, value they sort so as whole strings: no encoded
 * text has a byte as low as 1. */
static int append_query(struct buf *to, const char *query)
{
    BUF_CLEANUP struct buf encoded = BUF_INIT(CANONICAL_MAX);
    size_t n = 0;
    while (*query) {
        size_t len = strcspn(query, "&");
        size_t name_len = strcspn(query, "&=");
        if (len) {
            append_query_part(&encoded, query, name_len);
            (void)buf_append_char(&encoded, 1);
            if (name_len < len)
                append_query_part(&encoded, query + name_len + 1, len - name_len - 1);
            (void)buf_append_char(&encoded, 0);
            n++;
        }
        query += len + (query[len] == '&');
    }
    if (buf_error(&encoded))
        return buf_error(&encoded);
    FREE_CLEANUP char **params = calloc(n + 1, sizeof *params);
    if (!params)
        return -ENOMEM;
    char *param = encoded.data;
    for (size_t i = 0; i < n; i++) {
        params[i] = param;
        param += strlen(param) + 1;
    }
    qsort(params, n, sizeof *params, compare_texts);
    for (size_t i = 0; i < n; i++) {
        if (i)
            (void)buf_append_char(to, '&');
        *strchr(params[i], 1) = '=';
        (void)buf_append_str(to, params[i]);
    }
    return buf_error(to);
}

static int compare_names(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return (unsigned char)lower(*a) - (unsigned char)lower(*b);
}

/* By name; headers of one name stay in their order, which is their place in the request's array. */
static int compare_headers(const void *a, const void *b)
{
    const struct sigv4_header *left = *(const struct sigv4_header *const *)a;
    const struct sigv4_header *right = *(const struct sigv4_header *const *)b;
    int order = compare_names(left->name, right->name);
    return order ? order : (left > right) - (left < right);
}

static const struct sigv4_header **sort_headers(const struct sigv4_request *request)
{
    const struct sigv4_header **sorted = calloc(request->n_headers + 1, sizeof *sorted);
    if (!sorted)
        return NULL;
    for (size_t i = 0; i < request->n_headers; i++)
        sorted[i] = &request->headers[i];
    qsort(sorted, request->n_headers, sizeof *sorted, compare_headers);
    return sorted;
}

static bool repeats_name(const struct sigv4_header **sorted, size_t i)
{
    return i && compare_names(sorted[i - 1]->name, sorted[i]->name) == 0;
}

static void append_lower(struct buf *to, const char *text)
{
    for (; *text; text++)
        (void)buf_append_char(to, lower(*text));
}

/* Without white space at its ends; each run of it within, a folded line's too, is one space. */
static void append_trimmed(struct buf *to, const char *text)
{
    bool inside = false;
    while (*text) {
        const char *start = text;
        while (is_space(*text))
            text++;
        if (!*text)
            return;
        if (text > start && inside)
            (void)buf_append_char(to, ' ');
        (void)buf_append_char(to, *text++);
        inside = true;
    }
}

static void append_headers(struct buf *to, const struct sigv4_header **sorted, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (repeats_name(sorted, i)) {
            (void)buf_append_char(to, ',');
        } else {
            if (i)
                (void)buf_append_char(to, '\n');
            append_lower(to, sorted[i]->name);
            (void)buf_append_char(to, ':');
        }
        append_trimmed(to, sorted[i]->value);
    }
    (void)buf_append_char(to, '\n');
}

static void append_signed_headers(struct buf *to, const struct sigv4_header **sorted, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (repeats_name(sorted, i))
            continue;
        if (i)
            (void)buf_append_char(to, ';');
        append_lower(to, sorted[i]->name);
    }
}

static int append_canonical_request(struct buf *to, const struct sigv4_request *request,
                                    const struct sigv4_header **sorted)
{
    char body_hash[SIGV4_SHA256_HEX_SIZE];
    int error = sigv4_sha256_hex(request->body, request->body_len, body_hash);
    if (error)
        return error;
    (void)buf_printf(to, "%s\n", request->method);
    append_path(to, request);
    (void)buf_append_char(to, '\n');
    error = append_query(to, request->query ? request->query : "");
    if (error)
        return error;
    (void)buf_append_char(to, '\n');
    append_headers(to, sorted, request->n_headers);
    (void)buf_append_char(to, '\n');
    append_signed_headers(to, sorted, request->n_headers);
    (void)buf_printf(to, "\n%s", body_hash);
    return buf_error(to);
}

int sigv4_canonical_request(const struct sigv4_request *request, struct buf *to)
{
    FREE_CLEANUP const struct sigv4_header **sorted = sort_headers(request);
    return sorted ? append_canonical_request(to, request, sorted) : -ENOMEM;
}

static int format_time(const struct sigv4_scope *scope, char to[TIMESTAMP_AMZ_SIZE])
{
    if (scope->time_ms < TIMESTAMP_MIN_MS || scope->time_ms > TIMESTAMP_MAX_MS)
        return -EINVAL;
    timestamp_format_amz(scope->time_ms, to);
    return 0;
}

static void append_scope(struct buf *to, const struct sigv4_scope *scope, const char *time)
{
    (void)buf_printf(to, "%.*s/%s/%s/aws4_request", DATE_LEN, time, scope->region, scope->service);
}

int sigv4_string_to_sign(const char *canonical_request, size_t len, const struct sigv4_scope *scope, struct buf *to)
{
    char time[TIMESTAMP_AMZ_SIZE];
    char hash[SIGV4_SHA256_HEX_SIZE];
    int error = format_time(scope, time);
    if (!error)
        error = sigv4_sha256_hex(canonical_request, len, hash);
    if (error)
        return error;
    (void)buf_printf(to, ALGORITHM "\n%s\n", time);
    append_scope(to, scope, time);
    (void)buf_printf(to, "\n%s", hash);
    return buf_error(to);
}

static int hmac(const void *key, size_t key_len, const char *text, size_t len, unsigned char to[DIGEST_SIZE])
{
    size_t got = 0;
    const unsigned char *mac = EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_len, (const unsigned char *)text,
                                         len, to, DIGEST_SIZE, &got);
    if (!mac)
        return -ENOMEM;
    return got == DIGEST_SIZE ? 0 : -EINVAL;
}

static void write_hex(const unsigned char *digest, size_t size, char *to)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *to++ = digits[digest[i] >> 4];
        *to++ = digits[digest[i] & 15];
    }
    *to = 0;
}

int sigv4_signature(const char *string_to_sign, size_t len, const struct sigv4_scope *scope, const char *secret_key,
                    char to[SIGV4_SIGNATURE_SIZE])
{
    char time[TIMESTAMP_AMZ_SIZE];
    int error = format_time(scope, time);
    if (error)
        return error;
    BUF_CLEANUP struct buf secret = BUF_INIT_SECRET(CANONICAL_MAX);
    error = buf_printf(&secret, "AWS4%s", secret_key);
    unsigned char key[DIGEST_SIZE];
    if (!error)
        error = hmac(secret.data, secret.len, time, DATE_LEN, key);
    if (!error)
        error = hmac(key, sizeof key, scope->region, strlen(scope->region), key);
    if (!error)
        error = hmac(key, sizeof key, scope->service, strlen(scope->service), key);
    if (!error)
        error = hmac(key, sizeof key, "aws4_request", strlen("aws4_request"), key);
    if (!error)
        error = hmac(key, sizeof key, string_to_sign, len, key);
    if (!error)
        write_hex(key, DIGEST_SIZE, to);
    explicit_bzero(key, sizeof key);
    return error;
}

int sigv4_authorization(const struct sigv4_request *request, const struct sigv4_scope *scope, const char *access_key_id,
                        const char *secret_key, struct buf *to)
{
    FREE_CLEANUP const struct sigv4_header **sorted = sort_headers(request);
    if (!sorted)
        return -ENOMEM;
    BUF_CLEANUP struct buf canonical = BUF_INIT_SECRET(CANONICAL_MAX); /* the session token is in it */
    BUF_CLEANUP struct buf string_to_sign = BUF_INIT(STRING_TO_SIGN_MAX);
    char signature[SIGV4_SIGNATURE_SIZE];
    char time[TIMESTAMP_AMZ_SIZE];
    int error = format_time(scope, time);
    if (!error)
        error = append_canonical_request(&canonical, request, sorted);
    if (!error)
        error = sigv4_string_to_sign(canonical.data, canonical.len, scope, &string_to_sign);
    if (!error)
        error = sigv4_signature(string_to_sign.data, string_to_sign.len, scope, secret_key, signature);
    if (error)
        return error;
    (void)buf_printf(to, ALGORITHM " Credential=%s/", access_key_id);
    append_scope(to, scope, time);
    (void)buf_append_str(to, ", SignedHeaders=");
    append_signed_headers(to, sorted, request->n_headers);
    (void)buf_printf(to, ", Signature=%s", signature);
    return buf_error(to);
}

int sigv4_sha256_hex(const void *bytes, size_t len, char to[SIGV4_SHA256_HEX_SIZE])
{
    unsigned char digest[DIGEST_SIZE];
    if (!EVP_Digest(bytes, len, digest, NULL, EVP_sha256(), NULL))
        return -ENOMEM;
    write_hex(digest, DIGEST_SIZE, to);
    return 0;
}

int sigv4_sha1_hex(const void *bytes, size_t len, char to[SIGV4_SHA1_HEX_SIZE])
{
    unsigned char digest[SHA1_SIZE];
    if (!EVP_Digest(bytes, len, digest, NULL, EVP_sha1(), NULL))
        return -ENOMEM;
    write_hex(digest, SHA1_SIZE, to);
    return 0;
}

int sigv4_prepare(void)
{
    const struct sigv4_scope scope = { .region = "", .service = "" };
    char signature[SIGV4_SIGNATURE_SIZE];
    char hash[SIGV4_SHA256_HEX_SIZE];
    return sigv4_sha256_hex("", 0, hash) || sigv4_signature("", 0, &scope, "", signature) ? -ENOMEM : 0;
}
