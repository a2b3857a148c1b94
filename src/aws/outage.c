/* SPDX-License-Identifier: MIT */
#include "aws/outage.h"

#include "codec/timestamp.h"

#include <stddef.h>

static int64_t now_of(const struct outage *outage) { return clock_monotonic_ms(outage->clock); }

void outage_init(struct outage *outage, const struct clock *clock) { *outage = (struct outage){ .clock = clock }; }

void outage_begin(const struct outage *outage, struct outage_call *call)
{
    *call = (struct outage_call){ outage->answers, clock_wall_ms(outage->clock) };
}

bool outage_admits(struct outage *outage, const struct outage_call *call)
{
    if (!outage_lasts(outage) || outage->probe == call)
        return true;
    if (outage->probe || now_of(outage) < outage->next_ms)
        return false;
    outage->probe = call;
    return true;
}

void outage_leave(struct outage *outage, const struct outage_call *call)
{
    if (outage->probe == call)
        outage->probe = NULL;
}

int64_t outage_answered(struct outage *outage)
{
    int64_t lasted_ms = outage_lasts(outage) ? now_of(outage) - outage->since_ms : -1;
    outage->answers++;
    outage->error.number = 0;
    outage->probe = NULL;
    return lasted_ms;
}

/* A try has ended: what it found is what is repeated, until the next may go out. */
static void outage_tried(struct outage *outage, const struct error *error, int64_t pause_ms)
{
    char since[TIMESTAMP_SIZE];
    timestamp_format(outage->since_wall_ms, since);
    (void)error_set(&outage->error, error->number, error->code, "no answer since %s: %s", since, error->message);
    outage->error.repeats = true;
    outage->pause_ms = pause_ms < OUTAGE_PAUSE_MAX_MS ? pause_ms : OUTAGE_PAUSE_MAX_MS;
    outage->next_ms = now_of(outage) + outage->pause_ms;
    outage->probe = NULL;
}

bool outage_unanswered(struct outage *outage, const struct outage_call *call, const struct error *error)
{
    if (outage_lasts(outage)) {
        if (outage->probe == call)
            outage_tried(outage, error, 2 * outage->pause_ms);
        return false;
    }
    if (call->answers != outage->answers)
        return false;
    outage->since_ms = now_of(outage);
    outage->since_wall_ms = call->began_wall_ms;
    outage_tried(outage, error, OUTAGE_PAUSE_MS);
    return true;
}

void outage_let_through(struct outage *outage)
{
    outage->next_ms = now_of(outage);
    outage->probe = NULL;
}
