/* SPDX-License-Identifier: MIT */
/* fake_http: a seam for tests. Records what is asked; answers are the test's, given when the test says. */
#ifndef SUPPORT_FAKE_HTTP_H
#define SUPPORT_FAKE_HTTP_H

#include "aws/http.h"

#include <stddef.h>

enum { FAKE_HTTP_REQUESTS = 64, FAKE_HTTP_HEADERS = 16 };

struct fake_header {
    char *name;
    char *value;
};

/* One request as it was started, kept until fake_http_release(). */
struct fake_request {
    char *method;
    char *url;
    char *body;
    size_t body_len;
    struct fake_header headers[FAKE_HTTP_HEADERS];
    size_t n_headers;
    int64_t timeout_ms;
    int64_t connect_timeout_ms;
    size_t max_body;
    bool direct;
    bool secret;
    struct http_transfer *transfer; /* NULL once it has ended */
    bool cancelled;
};

struct fake_http {
    struct http http;
    struct fake_request requests[FAKE_HTTP_REQUESTS]; /* in the order of their start; a test never starts more */
    size_t n_requests;
    size_t flushed;  /* how many had been started at the last flush() */
    int start_error; /* what start() returns instead of starting, once; 0: nothing */
};

void fake_http_init(struct fake_http *fake);
void fake_http_release(struct fake_http *fake); /* fails the test if a transfer is still open */

/* How many transfers are under way. */
size_t fake_http_open(const struct fake_http *fake);
/* A header of request `i` as it was sent (any case), NULL if it was not. Fails the test where it came twice. */
const char *fake_http_sent(const struct fake_http *fake, size_t i, const char *name);

/* End request `i`, which must be under way, and call back. `headers`: { "Name", "value", ..., NULL }, or NULL. */
void fake_http_answer(struct fake_http *fake, size_t i, int status, const char *const *headers, const char *body);
/* The same without an answer: a transport row of aws/failure.h. */
void fake_http_fail(struct fake_http *fake, size_t i, const char *code, const char *message);

#endif
