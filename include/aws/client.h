/* SPDX-License-Identifier: MIT */
/*
 * client: calls of an AWS JSON 1.1 or query service: signed, tried again, within a deadline, at most so many at once.
 *
 * A call waits for its turn (aws/budget.h: at most `max_requests` at once, fewer and at a slower pace while the service
 * throttles), then for credentials, then for an answer; a failed attempt may be followed by another (aws/retry.h),
 * during whose delay it holds no place. Each attempt is signed anew, on the clock corrected by the skew that answers
 * have shown. The deadline covers all of it.
 *
 * A network that is found dead is so for all calls (aws/outage.h): those that wait, and those that are started, end
 * with the same error; attempts under way end on their own, with no other after them; one call at a time finds out.
 */
#ifndef AWS_CLIENT_H
#define AWS_CLIENT_H

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/http.h"
#include "aws/retry.h"
#include "aws/stats.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/timer.h"

#include <stddef.h>
#include <stdint.h>

enum { CLIENT_CONNECT_TIMEOUT_MS = 3000, CLIENT_ATTEMPT_TIMEOUT_MS = 5000 };

struct client;

struct client_settings {
    struct endpoint endpoint;
    const char *service; /* what is signed: "personalize" */
    const char *target;  /* "AmazonPersonalize"; NULL: an AWS query service, whose operation is in the body */
    int max_requests;
    int max_attempts;
    struct http *http;
    struct credentials_provider *credentials; /* NULL: requests are not signed */
    struct timers *timers;
    const struct clock *clock;
    const struct random_source *random;
    int64_t *skew_ms;    /* the services' clock less ours, as answers have shown: shared with others; NULL: its own */
    struct stats *stats; /* counts the calls: shared with others; NULL: nobody counts */
    bool secret;         /* bodies hold keys: they are wiped after use */
};

/* The settings are copied; what they point to must outlive the client. */
int client_new(const struct client_settings *settings, struct client **ret_client);
/* Ends every call with FAILURE_ENDING, then frees. Takes NULL. */
void client_free(struct client *client);
/* Things may have changed: the next call goes out even where the network was found dead. */
void client_let_through(struct client *client);
/* What was started goes on its way now, if it can: for who has a while to work before the loop comes round. */
void client_flush(struct client *client);

struct client_request {
    const char *operation; /* "DescribeBatchInferenceJob" */
    const char *body;      /* copied */
    size_t body_len;
    int64_t deadline_ms; /* on the monotonic clock */
    size_t max_body;     /* of the answer */
    bool ahead;          /* no reader waits for it yet: client_readopt() says when one does */
};

struct client_answer {
    const char *body;
    size_t body_len;
    int64_t sent_ms;        /* monotonic: when the attempt that was answered was sent */
    int64_t sent_wall_ms;   /* the same on the wall clock, uncorrected */
    const char *request_id; /* "" if none */
    const char *account_id; /* of the credentials that signed, or NULL */
};

/* Either an answer (status 200; the body is not looked at), or NULL and the error of the last attempt, except that a
 * deadline that passed is FAILURE_DEADLINE, with the last attempt's in its text and, if that was answered, its status.
 * A delay that would outlast the deadline is not waited for: the attempt's error it is, at once. One that an
 * outage ends has error->repeats set. Valid during the call back only; the call is gone when it returns. Within, other
 * calls may be started, cancelled, abandoned. */
typedef void client_done_fn(void *data, const struct client_answer *answer, const struct error *error);

struct client_call;

/* A call ahead goes out after those that readers wait for, and not at all while the service throttles or the network is
 * dead: it ends with an error then, from the timers. It has one attempt, and proves nothing of the network if that gets
 * no answer. 0 or -ENOMEM; -ESHUTDOWN while the client is being freed. `done` is never called from within. */
int client_start(struct client *client, const struct client_request *request, client_done_fn *done, void *data,
                 struct client_call **ret_call);
/* Ends it now, without a call back. */
void client_cancel(struct client_call *call);
/* Nobody waits for it any more, but the attempt under way may end (it has been paid for): no other attempt begins, and
 * it gives its place to a call that waits for one, being cancelled then (done is called with FAILURE_ENDING). One that
 * is not being sent ends at once the same way; both from the timers, not from within. */
void client_abandon(struct client_call *call);
/* Somebody waits again, or for the first time for one that was made ahead: it is a reader's from now on. One that was
 * about to end because nobody did goes on. */
void client_readopt(struct client_call *call);

#endif
