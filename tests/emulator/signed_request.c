/* SPDX-License-Identifier: MIT */
#include "signed_request.h"

#include "codec/timestamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void add(struct signed_request *made, const char *name, const char *value)
{
    size_t n = made->request.n_headers++;
    snprintf(made->values[n], sizeof made->values[n], "%s", value);
    made->headers[n] = (struct sigv4_header){ name, made->values[n] };
}

static void begin(struct signed_request *made, const char *body, int64_t time_ms)
{
    char stamp[TIMESTAMP_AMZ_SIZE];
    *made = (struct signed_request){
        .access_key = "AKIAEMULATOREXAMPLE", .secret_key = "emulator/secret+key/EXAMPLE", .path = "/", .method = "POST"
    };
    snprintf(made->body, sizeof made->body, "%s", body);
    timestamp_format_amz(time_ms, stamp);
    add(made, "Host", "127.0.0.1:8080");
    add(made, "X-Amz-Date", stamp);
}

static void end(struct signed_request *made, const struct sigv4_scope *scope)
{
    made->request = (struct request){ .method = made->method,
                                      .path = made->path,
                                      .query = made->query,
                                      .headers = made->headers,
                                      .n_headers = made->request.n_headers,
                                      .body = made->body,
                                      .body_len = strlen(made->body) };
    add(made, "Authorization", "");
    signed_request_sign(made, scope);
}

void signed_request_make(struct signed_request *made, const char *target, const char *body, const char *token,
                         int64_t time_ms)
{
    const struct sigv4_scope scope = { .region = "us-west-2", .service = "personalize", .time_ms = time_ms };
    begin(made, body, time_ms);
    add(made, "X-Amz-Target", target);
    add(made, "Content-Type", "application/x-amz-json-1.1");
    if (token)
        add(made, "X-Amz-Security-Token", token);
    end(made, &scope);
}

void signed_request_make_query(struct signed_request *made, const char *body, const char *token,
                               const struct sigv4_scope *scope)
{
    begin(made, body, scope->time_ms);
    add(made, "Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    if (token)
        add(made, "X-Amz-Security-Token", token);
    end(made, scope);
}

void signed_request_sign(struct signed_request *made, const struct sigv4_scope *scope)
{
    struct buf BUF_CLEANUP authorization = BUF_INIT(SIGNED_VALUE_SIZE);
    size_t n = made->request.n_headers - 1;
    struct sigv4_request request = { .method = made->method,
                                     .path = made->path,
                                     .query = made->query,
                                     .headers = made->headers,
                                     .n_headers = n,
                                     .body = made->body,
                                     .body_len = made->request.body_len,
                                     .normalize_path = true };
    if (sigv4_authorization(&request, scope, made->access_key, made->secret_key, &authorization))
        abort();
    (void)snprintf(made->values[n], sizeof made->values[n], "%s", buf_str(&authorization));
    made->headers[n] = (struct sigv4_header){ "Authorization", made->values[n] };
}

char *signed_request_value(struct signed_request *made, const char *name)
{
    for (size_t i = 0; i < made->request.n_headers; i++)
        if (!strcasecmp(made->headers[i].name, name))
            return made->values[i];
    return NULL;
}
