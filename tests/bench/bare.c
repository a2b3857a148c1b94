/* SPDX-License-Identifier: MIT */
/*
 * bench-bare COUNT URL REGION ARN: what one signed DescribeBatchInferenceJob costs with libcurl alone, each on a new
 * connection. Prints the microseconds of each, from before it is signed until its answer is there. Keys and
 * certificates as AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_CA_BUNDLE say.
 */
#include "measure.h"

#include "base/buf.h"
#include "codec/sigv4.h"
#include "codec/timestamp.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

enum { ANSWER_MAX = 1 << 20, HEADER_MAX = 4096, N_HEADERS = 4 };

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

static struct curl_slist *headers_signed(const char *url, const char *region, const char *body)
{
    char stamp[TIMESTAMP_AMZ_SIZE];
    struct timespec now;
    struct buf BUF_CLEANUP authorization = BUF_INIT(HEADER_MAX);
    clock_gettime(CLOCK_REALTIME, &now);
    struct sigv4_scope scope = { .region = region, .service = "personalize", .time_ms = now.tv_sec * 1000 };
    timestamp_format_amz(scope.time_ms, stamp);
    struct sigv4_header headers[N_HEADERS] = {
        { "Host", strstr(url, "://") + 3 },
        { "X-Amz-Date", stamp },
        { "X-Amz-Target", "AmazonPersonalize.DescribeBatchInferenceJob" },
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

static double describe_us(const char *url, const char *region, const char *body)
{
    long status = 0;
    struct buf BUF_CLEANUP answer = BUF_INIT(ANSWER_MAX);
    const char *ca_bundle = getenv("AWS_CA_BUNDLE");
    double began = now_us();
    CURL *curl = curl_easy_init();
    if (!curl)
        error(EXIT_FAILURE, ENOMEM, "libcurl");
    struct curl_slist *headers = headers_signed(url, region, body);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    if (ca_bundle)
        curl_easy_setopt(curl, CURLOPT_CAINFO, ca_bundle);
    CURLcode failed = curl_easy_perform(curl);
    double took = now_us() - began;
    if (failed)
        error(EXIT_FAILURE, 0, "%s: %s", url, curl_easy_strerror(failed));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        error(EXIT_FAILURE, 0, "%s: status %ld: %s", url, status, buf_str(&answer));
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return took;
}

int main(int argc, char **argv)
{
    char body[HEADER_MAX];
    if (argc != 5 || !strstr(argv[2], "://"))
        error(2, 0, "usage: bench-bare COUNT URL REGION ARN");
    unsigned count = count_of(argv[1]);
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        error(EXIT_FAILURE, 0, "libcurl");
    snprintf(body, sizeof body, "{\"batchInferenceJobArn\":\"%s\"}", argv[4]);
    for (unsigned i = 0; i < count; i++)
        printf("%.0f\n", describe_us(argv[2], argv[3], body));
    curl_global_cleanup();
    return EXIT_SUCCESS;
}
