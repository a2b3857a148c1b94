/* SPDX-License-Identifier: MIT */
/* http_server: servers that behave as a test says, on 127.0.0.1, and the asking of them. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "aws/http.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

enum { PATIENCE_MS = 8000, REQUEST_SIZE = 4 << 20 };

enum ending {
    KEEP,          /* the connection */
    CLOSE,         /* it */
    RESET,         /* it, a moment later */
    HANG,          /* until the peer has gone */
    RESET_AT_ONCE, /* without an answer, when the first byte has come */
    SILENT         /* nobody accepts */
};

/* A server in a thread: answers every request with `answer`, and then does what `ending` says. */
struct server {
    int listener;
    uint16_t port;
    int stop[2]; /* closing [1] ends the thread */
    pthread_t thread;
    const char *answer;
    size_t answer_len;
    enum ending ending;
    _Atomic int connections;
    _Atomic int requests;
    char *request; /* the last one, headers and body */
};

void server_start(struct server *server, const char *answer, size_t len, enum ending ending);
void server_stop(struct server *server);

/* What came of a request. */
struct outcome {
    int calls;
    int status; /* 0: error */
    struct error error;
    char body[256]; /* its beginning */
    size_t body_len;
    char header[3][64]; /* of what the request asked for */
};

/* An http_done_fn for a struct outcome. */
void on_done(void *data, const struct http_response *response, const struct error *error);
struct http *http_make(const char *ca_bundle);
/* Through proxies, which must outlive it. */
struct http *http_make_with(const char *ca_bundle, const struct proxies *proxies);
struct http_request request_to(char url[64], uint16_t port);
void url_to_https(char *url);
/* Starts the request and runs the loop until it has ended. */
void ask(struct http *http, const struct http_request *request, struct outcome *outcome);
void run_until_done(struct http *http, const struct outcome *outcome);
int64_t now_ms(void);

#endif
