/* SPDX-License-Identifier: MIT */
#include "aws/request.h"

#include <string.h>

/* What is sent but for Authorization; all of it is signed. */
static size_t plain_headers(const struct request *request, const char *date, struct sigv4_header *headers)
{
    const struct credentials *credentials = request->credentials;
    size_t n = 0;
    headers[n++] = (struct sigv4_header){ "Host", request->endpoint->host };
    headers[n++] = (struct sigv4_header){ "Content-Type", request->target ? "application/x-amz-json-1.1"
                                                                          : "application/x-www-form-urlencoded" };
    if (request->target)
        headers[n++] = (struct sigv4_header){ "X-Amz-Target", request->target };
    if (credentials->access_key_id)
        headers[n++] = (struct sigv4_header){ "X-Amz-Date", date };
    if (credentials->session_token)
        headers[n++] = (struct sigv4_header){ "X-Amz-Security-Token", credentials->session_token };
    return n;
}

int request_sign(const struct request *request, struct request_headers *ret_headers)
{
    struct request_headers *headers = ret_headers;
    struct sigv4_header plain[REQUEST_HEADERS_MAX];
    const struct credentials *credentials = request->credentials;
    int64_t time_ms = request->time_ms;
    time_ms = time_ms < 0 ? 0 : time_ms > TIMESTAMP_MAX_MS ? TIMESTAMP_MAX_MS : time_ms;
    *headers = (struct request_headers){ .authorization = BUF_INIT(REQUEST_AUTHORIZATION_BYTES) };
    timestamp_format_amz(time_ms, headers->date);
    size_t n = plain_headers(request, headers->date, plain);
    for (size_t i = 0; i < n; i++)
        headers->headers[i] = (struct http_header){ plain[i].name, plain[i].value };
    if (credentials->access_key_id) {
        const struct sigv4_request to_sign = { .method = "POST",
                                               .path = request->endpoint->path,
                                               .headers = plain,
                                               .n_headers = n,
                                               .body = request->body,
                                               .body_len = request->body_len,
                                               .normalize_path = true };
        const struct sigv4_scope scope = { request->endpoint->region, request->service, time_ms };
        int error = sigv4_authorization(&to_sign, &scope, credentials->access_key_id, credentials->secret_key,
                                        &headers->authorization);
        if (error) {
            request_headers_release(headers);
            return error;
        }
        headers->headers[n++] = (struct http_header){ "Authorization", buf_str(&headers->authorization) };
    }
    headers->n_headers = n;
    return 0;
}

void request_headers_release(struct request_headers *headers) { buf_release(&headers->authorization); }

int request_hash_keys(const struct credentials *credentials, char to[SIGV4_SHA256_HEX_SIZE])
{
    const char *parts[] = { credentials->access_key_id, credentials->secret_key,
                            credentials->session_token ? credentials->session_token : "" };
    char hashes[3][SIGV4_SHA256_HEX_SIZE];
    for (int i = 0; i < 3; i++) {
        int error = sigv4_sha256_hex(parts[i], strlen(parts[i]), hashes[i]);
        if (error)
            return error;
    }
    return sigv4_sha256_hex(hashes, sizeof hashes, to);
}
