/* SPDX-License-Identifier: MIT */
/*
 * call: a signed call of Personalize with libcurl alone, for the benchmark's programs. Keys and certificates as
 * AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_CA_BUNDLE say. What fails ends the program: half a number is none.
 */
#ifndef BENCH_CALL_H
#define BENCH_CALL_H

#include "base/buf.h"

#include <curl/curl.h>

enum { CALL_ANSWER_MAX = 16 << 20, CALL_BODY_MAX = 4096 };

struct call {
    CURL *curl;
    struct curl_slist *headers;
    struct buf answer;
    char body[CALL_BODY_MAX];
};

/* A handle that can be used again and again. */
void call_init(struct call *call, const char *url);
void call_release(struct call *call);
/* Signs it; call->body is what will be sent. */
void call_prepare(struct call *call, const char *url, const char *region, const char *operation);
/* It has ended like this: ends the program unless with status 200. */
void call_check(struct call *call, CURLcode code);

/* {"batchInferenceJobArn": ARN} */
void call_describes(struct call *call, const char *arn);

#endif
