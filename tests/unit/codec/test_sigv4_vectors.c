/* SPDX-License-Identifier: MIT */
/* sigv4 by AWS's own vectors, at every stage: each folder is a request, what is known beside it, and what must come
 * out (https://github.com/awslabs/aws-c-auth, tests/aws-signing-test-suite/v4). */
#include "codec/sigv4.h"

#include "base/cleanup.h"
#include "codec/timestamp.h"
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 16, HEADERS_MAX = 32 };

/* context.json, as far as signing with a header needs it. */
struct context {
    char access_key_id[128];
    char secret_key[128];
    char token[1024]; /* "" where there is none */
    char region[64];
    char service[64];
    char time[TIMESTAMP_AMZ_SIZE];
    bool normalize;
    bool sign_body;
    bool omit_session_token;
};

struct vector {
    struct context context;
    char *text; /* request.txt, cut into the strings below */
    char body_hash[SIGV4_SHA256_HEX_SIZE];
    struct sigv4_header header[HEADERS_MAX];
    struct sigv4_request request;
    struct sigv4_scope scope;
};

/* The text after "name": in these flat, escape-free files; NULL where the name is not there. */
static const char *find_value(const char *json, const char *name)
{
    char quoted[64];
    (void)snprintf(quoted, sizeof quoted, "\"%s\"", name);
    const char *at = strstr(json, quoted);
    return at ? at + strlen(quoted) + strspn(at + strlen(quoted), ": ") : NULL;
}

static bool find_flag(const char *json, const char *name)
{
    const char *value = find_value(json, name);
    return value && strncmp(value, "true", 4) == 0;
}

static void copy_string(const char *json, const char *name, char *to, size_t size)
{
    const char *value = find_value(json, name);
    to[0] = 0;
    if (value && *value == '"')
        (void)snprintf(to, size, "%.*s", (int)strcspn(value + 1, "\""), value + 1);
}

static int read_context(const char *folder, struct context *context)
{
    FREE_CLEANUP char *json = vectors_read(folder, "context.json", NULL);
    if (!json)
        return -1;
    copy_string(json, "access_key_id", context->access_key_id, sizeof context->access_key_id);
    copy_string(json, "secret_access_key", context->secret_key, sizeof context->secret_key);
    copy_string(json, "token", context->token, sizeof context->token);
    copy_string(json, "region", context->region, sizeof context->region);
    copy_string(json, "service", context->service, sizeof context->service);
    context->normalize = find_flag(json, "normalize");
    context->sign_body = find_flag(json, "sign_body");
    context->omit_session_token = find_flag(json, "omit_session_token");
    /* 2015-08-30T12:36:00Z without its '-' and ':' is what signing uses. */
    char time[64];
    copy_string(json, "timestamp", time, sizeof time);
    size_t len = 0;
    for (const char *c = time; *c && len + 1 < sizeof context->time; c++)
        if (*c != '-' && *c != ':')
            context->time[len++] = *c;
    context->time[len] = 0;
    return 0;
}

static void add_header(struct vector *vector, const char *name, const char *value)
{
    if (vector->request.n_headers == HEADERS_MAX)
        abort();
    vector->header[vector->request.n_headers++] = (struct sigv4_header){ name, value };
}

/* "Name:value" lines up to an empty one; a line that begins with white space goes on with the value before it, so its
 * newline stays. Returns what follows. */
static char *cut_headers(struct vector *vector, char *at)
{
    while (*at && *at != '\n') {
        char *colon = strchr(at, ':');
        if (!colon)
            abort();
        char *end = colon + strcspn(colon, "\n");
        while (*end && (end[1] == ' ' || end[1] == '\t'))
            end += 1 + strcspn(end + 1, "\n");
        char *next = *end ? end + 1 : end;
        *colon = *end = 0;
        add_header(vector, at, colon + 1);
        at = next;
    }
    return *at ? at + 1 : at;
}

static int read_vector(const char *folder, struct vector *vector)
{
    size_t len = 0;
    vector->text = vectors_read(folder, "request.txt", &len);
    if (!vector->text || read_context(folder, &vector->context))
        return -1;
    const struct context *context = &vector->context;
    char *line_end = strchr(vector->text, '\n');
    char *path = strchr(vector->text, ' ');
    if (!line_end || !path || line_end - path < 10 || memcmp(line_end - 9, " HTTP/1.1", 9) != 0)
        return -1;
    line_end[-9] = 0; /* a path may hold spaces */
    *path++ = 0;
    char *query = strchr(path, '?');
    if (query)
        *query++ = 0;
    char *body = cut_headers(vector, line_end + 1);
    vector->request.method = vector->text;
    vector->request.path = path;
    vector->request.query = query;
    vector->request.headers = vector->header;
    vector->request.body = body;
    vector->request.body_len = len - (size_t)(body - vector->text);
    vector->request.normalize_path = context->normalize;
    add_header(vector, "X-Amz-Date", context->time);
    if (*context->token && !context->omit_session_token)
        add_header(vector, "X-Amz-Security-Token", context->token);
    if (context->sign_body) {
        if (sigv4_sha256_hex(body, vector->request.body_len, vector->body_hash))
            return -1;
        add_header(vector, "x-amz-content-sha256", vector->body_hash);
    }
    vector->scope = (struct sigv4_scope){ .region = context->region, .service = context->service };
    return timestamp_from_amz(context->time, &vector->scope.time_ms);
}

static int compare(const char *folder, const char *file, const char *got)
{
    FREE_CLEANUP char *expected = vectors_read(folder, file, NULL);
    if (expected && strcmp(expected, got) == 0)
        return 0;
    (void)printf("%s/%s: expected\n%s\ngot\n%s\n", folder, file, expected ? expected : "(no file)", got);
    return 1;
}

static int compare_authorization(const char *folder, const char *got)
{
    static const char name[] = "\nAuthorization:";
    FREE_CLEANUP char *expected = vectors_read(folder, "header-signed-request.txt", NULL);
    char *value = expected ? strstr(expected, name) : NULL;
    if (value) {
        value += strlen(name);
        value[strcspn(value, "\n")] = 0;
        if (strcmp(value, got) == 0)
            return 0;
    }
    (void)printf("%s: Authorization: expected\n%s\ngot\n%s\n", folder, value ? value : "(none)", got);
    return 1;
}

static int check_vector(const char *folder)
{
    struct vector vector = { 0 };
    BUF_CLEANUP struct buf canonical = BUF_INIT(TEXT_MAX);
    BUF_CLEANUP struct buf to_sign = BUF_INIT(TEXT_MAX);
    BUF_CLEANUP struct buf authorization = BUF_INIT(TEXT_MAX);
    char signature[SIGV4_SIGNATURE_SIZE];
    int failures = 1;
    if (read_vector(folder, &vector) || sigv4_canonical_request(&vector.request, &canonical) ||
        sigv4_string_to_sign(canonical.data, canonical.len, &vector.scope, &to_sign) ||
        sigv4_signature(to_sign.data, to_sign.len, &vector.scope, vector.context.secret_key, signature) ||
        sigv4_authorization(&vector.request, &vector.scope, vector.context.access_key_id, vector.context.secret_key,
                            &authorization)) {
        (void)printf("%s: cannot be read or signed\n", folder);
    } else {
        failures = compare(folder, "header-canonical-request.txt", buf_str(&canonical));
        failures += compare(folder, "header-string-to-sign.txt", buf_str(&to_sign));
        failures += compare(folder, "header-signature.txt", signature);
        failures += compare_authorization(folder, buf_str(&authorization));
    }
    free(vector.text);
    return failures;
}

int main(void)
{
    const char *root = vectors_folder("sigv4");
    char **names = vectors_list(root);
    int cases = 0;
    int failures = 0;
    for (char **name = names; name && *name; name++) {
        char folder[4096];
        (void)snprintf(folder, sizeof folder, "%s/%s", root, *name);
        failures += check_vector(folder);
        cases++;
    }
    vectors_free_names(names);
    (void)printf("%d SigV4 vectors at 4 stages each, %d failures\n", cases, failures);
    return cases && !failures ? 0 : 1;
}
