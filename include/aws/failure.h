/* SPDX-License-Identifier: MIT */
/*
 * failure: what can go wrong on the way to the service and back, in one table: the name it goes by, the errno whose
 * message says it best, whether it is worth another try, and what a person should do about it.
 *
 * The names are the service's own (ResourceNotFoundException) or, for what never reached it or came back as no answer,
 * ours, in lower case with dashes (name-not-resolved). An unknown name falls back to the HTTP status's row.
 * Retried names and throttling names: the AWS SDKs' standard retry mode
 * (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).
 */
#ifndef AWS_FAILURE_H
#define AWS_FAILURE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum failure_trait {
    FAILURE_RETRIED = 1 << 0,
    FAILURE_THROTTLE = 1 << 1,  /* implies retried, with the longer delays */
    FAILURE_SKEW = 1 << 2,      /* says that our clock is off */
    FAILURE_SIGNATURE = 1 << 3, /* may be a clock that is off: look at the Date */
    FAILURE_UNANSWERED = 1 << 4 /* nobody answered: resolve, connect, TLS, timeout; ask failure_is_unanswered() */
};

struct failure {
    const char *code;
    int number;         /* errno */
    unsigned traits;    /* enum failure_trait */
    const char *advice; /* one sentence: what to do about it */
};

/* Our own names. */
#define FAILURE_NOT_RESOLVED "name-not-resolved"
#define FAILURE_NO_ROUTE "no-route"
#define FAILURE_REFUSED "connection-refused"
#define FAILURE_RESET "connection-reset"
#define FAILURE_CONNECT_TIMEOUT "connect-timeout"
#define FAILURE_ATTEMPT_TIMEOUT "attempt-timeout"
#define FAILURE_TLS "tls-failed"
#define FAILURE_PROXY "proxy-refused"
#define FAILURE_TOO_LARGE "answer-too-large"
#define FAILURE_NOT_PROTOCOL "answer-not-understood"
#define FAILURE_TRUNCATED "answer-truncated" /* ended before its announced length: retried */
#define FAILURE_REDIRECT "redirect"
#define FAILURE_DEADLINE "deadline"
#define FAILURE_NO_CREDENTIALS "no-credentials"
#define FAILURE_PROFILE "credentials-misconfigured"
#define FAILURE_MFA "mfa-needed"
#define FAILURE_LOGIN_SESSION "login-session"
#define FAILURE_SOURCE_TIMEOUT "credentials-timeout"
#define FAILURE_SOURCE_ANSWER "credentials-not-understood"
#define FAILURE_SOURCE_REFUSED "credentials-refused"
#define FAILURE_PROCESS "credential-process-failed"
#define FAILURE_SSO_EXPIRED "sso-session-expired"
#define FAILURE_SSO_ROLE "sso-role-refused"
#define FAILURE_ROLE "role-refused"
#define FAILURE_WEB_IDENTITY "web-identity-refused"
#define FAILURE_TOKEN_FILE "token-file-unreadable"
#define FAILURE_CONTAINER "container-credentials-failed"
#define FAILURE_IMDS_UNREACHABLE "instance-metadata-unreachable"
#define FAILURE_IMDS_TOKEN "instance-metadata-token-timeout"
#define FAILURE_IMDS_REFUSED "instance-metadata-refused"
#define FAILURE_IMDS_ROLE "instance-without-role"
#define FAILURE_NO_ACCOUNT "no-account"
#define FAILURE_WRONG_ACCOUNT "wrong-account"
#define FAILURE_ENDING "ending"
#define FAILURE_MEMORY "out-of-memory"

/* The row for a code ("Exception" at its end makes no difference: services write most names both ways); for one not in
 * the table, or "", that of the status: throttled (429), 5xx (retried only 500, 502, 503, 504), any other 4xx; without
 * a status, or for any other, FAILURE_NOT_PROTOCOL's. Never NULL. */
const struct failure *failure_find(const char *code, int http_status);
/* Row `i`, NULL after the last: for documents and tests. */
const struct failure *failure_at(size_t i);

/* Fills `error` from the code's row and returns -errno. The text may come from the network: control characters (C0,
 * DEL, C1) and what is not UTF-8 become '?'. */
int failure_set(struct error *error, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));
const char *failure_advice(const struct error *error);
/* Whether it came from silence: a call that was answered (http_status) and ran out of time later is not one. */
bool failure_is_unanswered(const struct error *error);

/* The service's error answer (AWS JSON 1.1, or a query service's XML) to an error: name from X-Amzn-Errortype, else the
 * body's `code` or `__type`, cut at the first ':', then what follows the first '#'; text from `message` or `Message`.
 * Works for any body and any status: a redirect is FAILURE_REDIRECT, 407 FAILURE_PROXY, one that is no error
 * FAILURE_NOT_PROTOCOL. A name that is one of ours, or cannot be a name, counts as none; error->code is then the
 * status's row's. */
struct http_response;
int failure_from_response(const struct http_response *response, struct error *error);

#endif
