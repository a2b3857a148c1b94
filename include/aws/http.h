/* SPDX-License-Identifier: MIT */
/*
 * http: requests over libcurl's multi interface, which is also the program's event loop. The only module that includes
 * libcurl. Users see the seam, `struct http`: tests put one of their own in its place.
 *
 * What every request gets: no redirect followed, only http and https, no netrc, no cookies, no signals, TLS 1.2 at
 * least with verification, connections kept, time limits, the body capped as it arrives.
 */
#ifndef AWS_HTTP_H
#define AWS_HTTP_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct http_header {
    const char *name;
    const char *value;
};

/* The most of an answer whose status is an error, whatever max_body says: it is kept as a secret is, for it may quote
 * what was signed, and such memory is locked and stays. */
enum { HTTP_ERROR_BODY_MAX = 1 << 20 };

struct http_request {
    const char *method; /* "GET", "POST" or "PUT" */
    const char *url;
    const struct http_header *headers; /* sent as they are; an empty value sends an empty header */
    size_t n_headers;
    const char *body;
    size_t body_len;
    int64_t timeout_ms;         /* of the whole attempt; more than 0 */
    int64_t connect_timeout_ms; /* of its first part; more than 0 */
    size_t max_body;            /* more than this is the error "answer-too-large" */
    bool direct;                /* past any proxy: for hosts that only this one reaches */
    bool secret;                /* there are keys in the body or in the answer's: both are wiped after use */
};

struct http_response {
    int status;
    const struct buf *body;
    /* A header's value (any case), or NULL; the last where it came twice. Valid during the call back. */
    const char *(*header)(const struct http_response *response, const char *name);
    const void *headers;
};

/* Either `response`, or NULL and `error` (one of the transport rows of aws/failure.h). Called from http_run(), never
 * from within start(); once; not after cancel(). All that it is shown is gone when it returns. */
typedef void http_done_fn(void *data, const struct http_response *response, const struct error *error);

struct http_transfer; /* under way; the implementation's own; gone when done is called or cancel returns */

struct http {
    /* The request is copied as far as it is needed. 0, or -errno with nothing begun. */
    int (*start)(struct http *http, const struct http_request *request, http_done_fn *done, void *data,
                 struct http_transfer **ret_transfer);
    void (*cancel)(struct http *http, struct http_transfer *transfer);
    /* What was started goes on its way now, if it can, not when the loop comes round. Calls nobody back. */
    void (*flush)(struct http *http);
};

struct proxies;

struct http_settings {
    const char *user_agent;
    const char *ca_bundle;         /* NULL: the system's */
    const struct proxies *proxies; /* must outlive it; NULL: none, whatever the environment says */
    int max_connections;
};

/* The real one. After the last fork of the process (libcurl is not fork-safe). 0 or -errno. */
int http_curl_new(const struct http_settings *settings, struct http **ret_http, struct error *error);
void http_curl_free(struct http *http); /* takes NULL; cancels what is under way without a call back */

/* The library's version, such as "7.88.1". */
const char *http_version(void);

/* Waits until a transfer, one of the `n` descriptors (their revents are set) or `timeout_ms` (-1: for ever) asks for
 * attention. 0 or -errno. */
int http_curl_wait(struct http *http, struct pollfd *fds, unsigned n, int timeout_ms);
/* Moves transfers on and calls back those that have ended. */
void http_curl_run(struct http *http);

#endif
