/* SPDX-License-Identifier: MIT */
/*
 * fetch: one unsigned request of a provider, tried again as aws/retry.h says. Lives in its owner's struct.
 */
#ifndef AWS_FETCH_H
#define AWS_FETCH_H

#include "aws/credentials.h"
#include "aws/http.h"
#include "aws/retry.h"
#include "base/timer.h"

struct fetch {
    const struct credentials_settings *settings;
    struct http_request request;
    int attempts_max;
    struct retry_state retry;
    struct retry_quota quota;
    struct timer again;
    struct http_transfer *transfer;
    http_done_fn *done;
    void *data;
};

/* Before anything else. */
void fetch_init(struct fetch *fetch, const struct credentials_settings *settings);
/* What `request` points to must stay until it has ended. `done` gets any answer of the last attempt, whatever its
 * status, or the transport's error; never from within. Not while another is under way. 0 or -errno. */
int fetch_start(struct fetch *fetch, const struct http_request *request, int attempts_max, http_done_fn *done,
                void *data);
/* Ends it without a call back. One that is not under way too. */
void fetch_cancel(struct fetch *fetch);

#endif
