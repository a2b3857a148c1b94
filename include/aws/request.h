/* SPDX-License-Identifier: MIT */
/*
 * request: the headers of one attempt of a call, signed. Two protocols: AWS JSON 1.1, where a header names the
 * operation, and AWS's query protocol, where the body does.
 */
#ifndef AWS_REQUEST_H
#define AWS_REQUEST_H

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/http.h"
#include "base/buf.h"
#include "codec/sigv4.h"
#include "codec/timestamp.h"

#include <stdint.h>

enum { REQUEST_HEADERS_MAX = 6, REQUEST_AUTHORIZATION_BYTES = 8192 };

struct request {
    const struct endpoint *endpoint;
    const char *service;                   /* what is signed: "personalize" */
    const char *target;                    /* X-Amz-Target; NULL: the query protocol */
    const struct credentials *credentials; /* without an access key id: not signed */
    int64_t time_ms;                       /* that it is signed for; cut to the year 9999 */
    const char *body;
    size_t body_len;
};

/* Points into the request, and is valid as long. */
struct request_headers {
    struct http_header headers[REQUEST_HEADERS_MAX];
    size_t n_headers;
    char date[TIMESTAMP_AMZ_SIZE];
    struct buf authorization;
};

/* All headers, all signed. 0 or -errno. To be released. */
int request_sign(const struct request *request, struct request_headers *ret_headers);
void request_headers_release(struct request_headers *headers);

/* A hash of the keys, to tell one set from another without keeping them. 0 or -errno. */
int request_hash_keys(const struct credentials *credentials, char to[SIGV4_SHA256_HEX_SIZE]);

#endif
