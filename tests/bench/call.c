/* SPDX-License-Identifier: MIT */
#include "call.h"

#include "measure.h"

#include "codec/sigv4.h"
#include "codec/timestamp.h"

#include <stdio.h>
#include <string.h>

enum { HEADER_MAX = 4096, N_HEADERS = 4 };

static const char *from_environment(const char *name)
{
    const char *value = getenv(name);
    if (!value)
        error(2, 0, "%s is not set", name);
    return value;
}

static size_t keep(char *bytes, size_t size, size_t n, void *data)
{
    return buf_append(data, bytes, size * n) ? 0 : size * n;
}

static struct curl_slist *header_add(struct curl_slist *list, const char *name, const char *value)
{
    char line[HEADER_MAX];
    snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(list, line);
    if (!longer)
        error(EXIT_FAILURE, ENOMEM, "headers");
    return longer;
}

static struct curl_slist *headers_signed(const char *url, const char *region, const char *operation, const char *body)
{
    char target[HEADER_MAX];
    char stamp[TIMESTAMP_AMZ_SIZE];
    struct timespec now;
    struct buf BUF_CLEANUP authorization = BUF_INIT(HEADER_MAX);
    clock_gettime(CLOCK_REALTIME, &now);
    struct sigv4_scope scope = { .region = region, .service = "personalize", .time_ms = now.tv_sec * 1000 };
    timestamp_format_amz(scope.time_ms, stamp);
    snprintf(target, sizeof target, "AmazonPersonalize.%s", operation);
    struct sigv4_header headers[N_HEADERS] = {
        { "Host", strstr(url, "://") + 3 },
        { "X-Amz-Date", stamp },
        { "X-Amz-Target", target },
        { "Content-Type", "application/x-amz-json-1.1" },
    };
    struct sigv4_request request = { .method = "POST",
                                     .path = "/",
                                     .headers = headers,
                                     .n_headers = N_HEADERS,
                                     .body = body,
                                     .body_len = strlen(body),
                                     .normalize_path = true };
    if (sigv4_authorization(&request, &scope, from_environment("AWS_ACCESS_KEY_ID"),
                            from_environment("AWS_SECRET_ACCESS_KEY"), &authorization))
        error(EXIT_FAILURE, 0, "the request cannot be signed");
    struct curl_slist *list = header_add(NULL, "Authorization", buf_str(&authorization));
    for (unsigned i = 0; i < N_HEADERS; i++)
        list = header_add(list, headers[i].name, headers[i].value);
    return list;
}

void call_init(struct call *call, const char *url)
{
    const char *ca_bundle = getenv("AWS_CA_BUNDLE");
    *call = (struct call){ .curl = curl_easy_init(), .answer = BUF_INIT(CALL_ANSWER_MAX) };
    if (!call->curl)
        error(EXIT_FAILURE, ENOMEM, "libcurl");
    curl_easy_setopt(call->curl, CURLOPT_URL, url);
    curl_easy_setopt(call->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(call->curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(call->curl, CURLOPT_WRITEDATA, &call->answer);
    curl_easy_setopt(call->curl, CURLOPT_PRIVATE, call);
    if (ca_bundle)
        curl_easy_setopt(call->curl, CURLOPT_CAINFO, ca_bundle);
}

void call_release(struct call *call)
{
    curl_easy_cleanup(call->curl);
    curl_slist_free_all(call->headers);
    buf_release(&call->answer);
}

void call_prepare(struct call *call, const char *url, const char *region, const char *operation)
{
    curl_slist_free_all(call->headers);
    call->headers = headers_signed(url, region, operation, call->body);
    buf_clear(&call->answer);
    curl_easy_setopt(call->curl, CURLOPT_HTTPHEADER, call->headers);
    curl_easy_setopt(call->curl, CURLOPT_POSTFIELDS, call->body);
}

void call_check(struct call *call, CURLcode code)
{
    long status = 0;
    if (code)
        error(EXIT_FAILURE, 0, "%s", curl_easy_strerror(code));
    curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        error(EXIT_FAILURE, 0, "status %ld: %s", status, buf_str(&call->answer));
}

void call_describes(struct call *call, const char *arn)
{
    snprintf(call->body, sizeof call->body, "{\"batchInferenceJobArn\":\"%s\"}", arn);
}
