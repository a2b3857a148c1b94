/* SPDX-License-Identifier: MIT */
/*
 * sso_token: the tokens that `aws sso login` leaves in ~/.aws/sso/cache
 * (https://docs.aws.amazon.com/sdkref/latest/guide/understanding-sso.html#sso-credentials-cache).
 */
#ifndef AWS_SSO_TOKEN_H
#define AWS_SSO_TOKEN_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The strings are in memory of base/secret.h; all but the first may be NULL. */
struct sso_token {
    char *access_token;
    char *refresh_token;
    char *client_id;
    char *client_secret;
    char *start_url;
    char *region;
    int64_t expires_ms;
    int64_t registration_expires_ms; /* 0: not known */
};

enum { SSO_PATH_SIZE = 4096 };

/* Where the token of a session's name or a start URL is. 0, -ENOKEY without a home, or -ENOMEM, with an error. */
int sso_token_path(const char *home, const char *key, char path[SSO_PATH_SIZE], struct error *error);
/* 0, or the error that there is none (sso-session-expired) or that it is no token. */
int sso_token_read(const char *path, struct sso_token *ret_token, struct error *error);
/* In its place, whole, mode 0600. 0 or -errno. */
int sso_token_write(const char *path, const struct sso_token *token);
void sso_token_release(struct sso_token *token);

/* The body of an SSO-OIDC CreateToken call. 0 or buf's -errno. */
struct buf;
int sso_token_request(const struct sso_token *token, struct buf *to);
/* Whether it has all that a renewal needs. */
bool sso_token_is_renewable(const struct sso_token *token, int64_t now_ms);
/* What CreateToken answered: the new access token, its end, perhaps a new refresh token. 0 or -errno with an error, the
 * token then being as before. */
int sso_token_renew(struct sso_token *token, const char *answer, size_t len, int64_t now_ms, struct error *error);

#endif
