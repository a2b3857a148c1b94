/* SPDX-License-Identifier: MIT */
#include "aws/retry.h"

#include "aws/failure.h"

#include <stdbool.h>
#include <sys/random.h>
#include <time.h>

enum { BASE_MS = 50, BASE_THROTTLE_MS = 1000, MAX_DELAY_MS = 20000, RETRY_AFTER_SLACK_MS = 5000 };

void retry_quota_init(struct retry_quota *quota) { quota->left = RETRY_QUOTA; }

/* min(base * 2^i, 20 s) */
static int64_t longest_ms(bool throttle, int i)
{
    int64_t ms = throttle ? BASE_THROTTLE_MS : BASE_MS;
    while (i-- > 0 && ms < MAX_DELAY_MS)
        ms *= 2;
    return ms < MAX_DELAY_MS ? ms : MAX_DELAY_MS;
}

int64_t retry_delay_ms(struct retry_state *state, struct retry_quota *quota, const struct random_source *random,
                       const struct error *error, int64_t retry_after_ms, int max_attempts)
{
    unsigned traits = failure_find(error->code, error->http_status)->traits;
    bool throttle = traits & FAILURE_THROTTLE;
    int cost = throttle ? RETRY_COST_THROTTLE : RETRY_COST;
    state->attempts++;
    state->held = 0;
    if (!(traits & (FAILURE_RETRIED | FAILURE_THROTTLE)) || state->attempts >= max_attempts || quota->left < cost)
        return -1;
    quota->left -= cost;
    state->held = cost;
    int64_t delay_ms = (int64_t)(random->unit(random->data) * (double)longest_ms(throttle, state->attempts - 1));
    if (retry_after_ms > delay_ms + RETRY_AFTER_SLACK_MS)
        return delay_ms + RETRY_AFTER_SLACK_MS;
    return retry_after_ms > delay_ms ? retry_after_ms : delay_ms;
}

static void give_back(struct retry_quota *quota, int n)
{
    quota->left = quota->left + n < RETRY_QUOTA ? quota->left + n : RETRY_QUOTA;
}

void retry_succeeded(struct retry_state *state, struct retry_quota *quota)
{
    give_back(quota, state->held ? state->held : 1);
    state->held = 0;
}

void retry_not_made(struct retry_state *state, struct retry_quota *quota)
{
    give_back(quota, state->held);
    state->held = 0;
}

static double system_unit(void *data)
{
    uint64_t bits;
    (void)data;
    if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != (ssize_t)sizeof bits) {
        struct timespec now; /* early in the boot: spread is all that is asked of it */
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        bits = (uint64_t)now.tv_nsec * UINT64_C(0x9e3779b97f4a7c15);
    }
    return (double)(bits >> 11) * 0x1p-53;
}

const struct random_source random_system = { .unit = system_unit };
