/* SPDX-License-Identifier: MIT */
/*
 * retry: when to try again, as the AWS SDKs' standard mode does it. Pure: it computes delays and keeps the quota; who
 * waits is the caller. The random source is handed in.
 */
#ifndef AWS_RETRY_H
#define AWS_RETRY_H

#include "base/error.h"

#include <stdint.h>

enum { RETRY_ATTEMPTS = 3, RETRY_QUOTA = 500, RETRY_COST = 14, RETRY_COST_THROTTLE = 5 };

struct random_source {
    double (*unit)(void *data); /* evenly in [0, 1) */
    void *data;
};

/* One per client: every call takes retries from it and gives back what a success had cost. */
struct retry_quota {
    int left;
};
void retry_quota_init(struct retry_quota *quota);

/* What one call has behind it. */
struct retry_state {
    int attempts; /* made so far */
    int held;     /* taken from the quota for the last retry */
};

/*
 * After a failed attempt: the milliseconds to wait before the next one, or -1 for no more. `retry_after_ms` is the
 * answer's x-amz-retry-after, or -1. The delay is rand * min(base * 2^i, 20 s), base 50 ms, or 1 s for a throttle, and
 * honours retry_after within [delay, delay + 5 s]. Takes the cost from the quota; state->attempts counts the attempt.
 */
int64_t retry_delay_ms(struct retry_state *state, struct retry_quota *quota, const struct random_source *random,
                       const struct error *error, int64_t retry_after_ms, int max_attempts);
/* After an attempt that succeeded: gives back what the last retry took, or 1 where there was none, so that a quota that
 * failures have emptied fills again. Never beyond RETRY_QUOTA. */
void retry_succeeded(struct retry_state *state, struct retry_quota *quota);

/* Gives back what the last retry took, where it is not made after all. */
void retry_not_made(struct retry_state *state, struct retry_quota *quota);

/* The system's randomness. */
extern const struct random_source random_system;

#endif
