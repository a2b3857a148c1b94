/* SPDX-License-Identifier: MIT */
#include "fake_http.h"

#include "aws/failure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct http_transfer {
    struct fake_request *request;
    http_done_fn *done;
    void *data;
};

/* A test that misuses the fake is a broken test. */
#define CHECK(condition)                                                              \
    do {                                                                              \
        if (!(condition)) {                                                           \
            (void)fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                  \
        }                                                                             \
    } while (0)

static char *copy(const char *text)
{
    char *made = strdup(text);
    CHECK(made);
    return made;
}

static int fake_start(struct http *http, const struct http_request *request, http_done_fn *done, void *data,
                      struct http_transfer **ret_transfer)
{
    struct fake_http *fake = (struct fake_http *)(void *)http;
    if (fake->start_error) {
        int error = fake->start_error;
        fake->start_error = 0;
        return error;
    }
    CHECK(fake->n_requests < FAKE_HTTP_REQUESTS);
    CHECK(request->n_headers <= FAKE_HTTP_HEADERS);
    CHECK(request->timeout_ms > 0 && request->connect_timeout_ms > 0);
    struct fake_request *kept = &fake->requests[fake->n_requests++];
    *kept = (struct fake_request){ .method = copy(request->method),
                                   .url = copy(request->url),
                                   .body = malloc(request->body_len + 1),
                                   .body_len = request->body_len,
                                   .n_headers = request->n_headers,
                                   .timeout_ms = request->timeout_ms,
                                   .connect_timeout_ms = request->connect_timeout_ms,
                                   .max_body = request->max_body,
                                   .direct = request->direct,
                                   .secret = request->secret };
    CHECK(kept->body);
    if (request->body_len)
        memcpy(kept->body, request->body, request->body_len);
    kept->body[request->body_len] = 0;
    for (size_t i = 0; i < request->n_headers; i++)
        kept->headers[i] = (struct fake_header){ copy(request->headers[i].name), copy(request->headers[i].value) };
    struct http_transfer *transfer = malloc(sizeof *transfer);
    CHECK(transfer);
    *transfer = (struct http_transfer){ .request = kept, .done = done, .data = data };
    kept->transfer = transfer;
    *ret_transfer = transfer;
    return 0;
}

static void fake_cancel(struct http *http, struct http_transfer *transfer)
{
    (void)http;
    CHECK(transfer->request->transfer == transfer);
    transfer->request->transfer = NULL;
    transfer->request->cancelled = true;
    free(transfer);
}

static void fake_flush(struct http *http)
{
    struct fake_http *fake = (struct fake_http *)(void *)http;
    fake->flushed = fake->n_requests;
}

void fake_http_init(struct fake_http *fake)
{
    memset(fake, 0, sizeof *fake);
    fake->http = (struct http){ .start = fake_start, .cancel = fake_cancel, .flush = fake_flush };
}

void fake_http_release(struct fake_http *fake)
{
    CHECK(fake_http_open(fake) == 0);
    for (size_t i = 0; i < fake->n_requests; i++) {
        struct fake_request *request = &fake->requests[i];
        for (size_t j = 0; j < request->n_headers; j++) {
            free(request->headers[j].name);
            free(request->headers[j].value);
        }
        free(request->method);
        free(request->url);
        free(request->body);
    }
}

size_t fake_http_open(const struct fake_http *fake)
{
    size_t n = 0;
    for (size_t i = 0; i < fake->n_requests; i++)
        n += fake->requests[i].transfer != NULL;
    return n;
}

const char *fake_http_sent(const struct fake_http *fake, size_t i, const char *name)
{
    const char *value = NULL;
    CHECK(i < fake->n_requests);
    for (size_t j = 0; j < fake->requests[i].n_headers; j++)
        if (strcasecmp(fake->requests[i].headers[j].name, name) == 0) {
            CHECK(!value);
            value = fake->requests[i].headers[j].value;
        }
    return value;
}

static const char *scripted_header(const struct http_response *response, const char *name)
{
    const char *const *at = response->headers;
    for (; at && *at; at += 2)
        if (strcasecmp(at[0], name) == 0)
            return at[1];
    return NULL;
}

static struct http_transfer *take(struct fake_http *fake, size_t i)
{
    CHECK(i < fake->n_requests && fake->requests[i].transfer);
    struct http_transfer *transfer = fake->requests[i].transfer;
    fake->requests[i].transfer = NULL;
    return transfer;
}

void fake_http_answer(struct fake_http *fake, size_t i, int status, const char *const *headers, const char *body)
{
    struct http_transfer *transfer = take(fake, i);
    struct buf text = BUF_INIT(2 << 20);
    CHECK(!buf_append_str(&text, body));
    struct http_response response = { .status = status, .body = &text, .header = scripted_header, .headers = headers };
    transfer->done(transfer->data, &response, NULL);
    buf_release(&text);
    free(transfer);
}

void fake_http_fail(struct fake_http *fake, size_t i, const char *code, const char *message)
{
    struct http_transfer *transfer = take(fake, i);
    struct error error;
    (void)failure_set(&error, code, "%s", message);
    transfer->done(transfer->data, NULL, &error);
    free(transfer);
}
