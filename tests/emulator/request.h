/* SPDX-License-Identifier: MIT */
/* request: what comes in and what goes out, as the server and everything behind it see it. */
#ifndef EMULATOR_REQUEST_H
#define EMULATOR_REQUEST_H

#include "faults.h"

#include "codec/sigv4.h"

enum { REQUEST_MAX = 1 << 20, ANSWER_MAX = 64 << 20, HEADERS_MAX = 100, ANSWER_HEADERS = 4, ANSWER_HEADER_SIZE = 512 };

struct request {
    const char *method;
    const char *path; /* as on the request line, nothing decoded */
    const char *query;
    const struct sigv4_header *headers; /* as they were sent, in their order */
    size_t n_headers;
    const char *body;
    size_t body_len;
};

struct answer {
    int status;
    enum delivery delivery;
    int64_t delay_ms;
    struct buf body;
    bool is_control;
    bool releases; /* the requests that hang are to be ended now */
    struct answer_header {
        const char *name;
        char value[ANSWER_HEADER_SIZE];
    } headers[ANSWER_HEADERS];
    unsigned n_headers;
};

/* First value of a header, NULL where it was not sent; how often it was sent. */
const char *request_header(const struct request *request, const char *name);
size_t request_count(const struct request *request, const char *name);
void answer_header(struct answer *answer, const char *name, const char *value);

#endif
