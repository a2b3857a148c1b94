/* SPDX-License-Identifier: MIT */
/*
 * sigv4: AWS Signature Version 4 in the Authorization header
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 *
 * Pure: request and time in, text out; no clock, no network, no state. The only module that includes OpenSSL. Derived
 * keys are wiped before return. Used from both sides: the client signs, and the emulator of the tests verifies.
 */
#ifndef CODEC_SIGV4_H
#define CODEC_SIGV4_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { SIGV4_SHA256_HEX_SIZE = 65, SIGV4_SHA1_HEX_SIZE = 41, SIGV4_SIGNATURE_SIZE = 65 }; /* with the NUL */

struct sigv4_header {
    const char *name; /* any case */
    const char *value;
};

struct sigv4_request {
    const char *method;
    const char *path;                   /* as on the request line, without the query: "/". It is encoded as it stands,
                                           so an encoded path twice, as every service but S3 wants */
    const char *query;                  /* without the '?', encoded or not; NULL or "" for none */
    const struct sigv4_header *headers; /* all of them are signed; Host and X-Amz-Date must be among them */
    size_t n_headers;
    const char *body;
    size_t body_len;
    bool normalize_path; /* remove dot segments and doubled slashes, as every service but S3 wants */
};

struct sigv4_scope {
    const char *region;
    const char *service;
    int64_t time_ms; /* since the epoch; seconds are what is signed */
};

/* The three stages, each appended to `to` exactly as AWS's own vectors show it. Each returns 0 or buf's -errno; -EINVAL
 * for a time outside years 0 to 9999. */
int sigv4_canonical_request(const struct sigv4_request *request, struct buf *to);
int sigv4_string_to_sign(const char *canonical_request, size_t len, const struct sigv4_scope *scope, struct buf *to);
/* 0, or -EINVAL/-ENOMEM where OpenSSL fails. */
int sigv4_signature(const char *string_to_sign, size_t len, const struct sigv4_scope *scope, const char *secret_key,
                    char to[SIGV4_SIGNATURE_SIZE]);

/* All three, and the value of the Authorization header appended to `to`. */
int sigv4_authorization(const struct sigv4_request *request, const struct sigv4_scope *scope, const char *access_key_id,
                        const char *secret_key, struct buf *to);

/* Makes OpenSSL set itself up, which it does once and cannot do again after it has failed: before anything depends on
 * it. 0 or -ENOMEM. */
int sigv4_prepare(void);

/* Lower-case hexadecimal SHA-256. 0 or -ENOMEM. */
int sigv4_sha256_hex(const void *bytes, size_t len, char to[SIGV4_SHA256_HEX_SIZE]);
/* SHA-1, which signs nothing: the names of the SDKs' cache files are made of it. */
int sigv4_sha1_hex(const void *bytes, size_t len, char to[SIGV4_SHA1_HEX_SIZE]);

#endif
