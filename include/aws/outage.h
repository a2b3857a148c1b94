/* SPDX-License-Identifier: MIT */
/*
 * outage: a network that does not answer, known for all calls once one has found out. Pure: it keeps what calls tell it
 * and says who may go out; who waits, sends and ends is the caller.
 *
 * A call that got no answer begins an outage if none has been answered since that call was begun. While it lasts calls
 * are refused with that error. When the last try ended 1, 2, 4, 8 and from then on 15 s ago, the next call that asks is
 * let through as the probe; there is one at a time. Any answer ends the outage.
 */
#ifndef AWS_OUTAGE_H
#define AWS_OUTAGE_H

#include "base/clock.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { OUTAGE_PAUSE_MS = 1000, OUTAGE_PAUSE_MAX_MS = 15000 };

/* One call, in its owner's struct: its address is what the call is known by. */
struct outage_call {
    uint64_t answers; /* how many there had been when it was begun */
    int64_t began_wall_ms;
};

struct outage {
    const struct clock *clock;
    uint64_t answers;
    struct error error; /* what is repeated; number 0: there is no outage */
    int64_t since_ms;
    int64_t since_wall_ms; /* when the call was begun that found out */
    int64_t pause_ms;      /* between the last try and the next */
    int64_t next_ms;       /* when a probe may go out */
    const struct outage_call *probe;
};

void outage_init(struct outage *outage, const struct clock *clock);
static inline bool outage_lasts(const struct outage *outage) { return outage->error.number != 0; }
static inline bool outage_is_probe(const struct outage *outage, const struct outage_call *call)
{
    return outage->probe == call;
}

/* A call begins: fills `call`. */
void outage_begin(const struct outage *outage, struct outage_call *call);
/* Whether a call may go out now; during an outage it is then the probe. Else it ends with outage->error, which has the
 * last try's number and code, and says since when. */
bool outage_admits(struct outage *outage, const struct outage_call *call);
/* It has ended, or nobody waits for it any more: if it was the probe, the next may be. */
void outage_leave(struct outage *outage, const struct outage_call *call);
/* Somebody answered, whatever: how many milliseconds the outage had lasted that this ends, or -1. */
int64_t outage_answered(struct outage *outage);
/* The call ended without an answer: true if an outage begins with that. */
bool outage_unanswered(struct outage *outage, const struct outage_call *call, const struct error *error);
/* Things have changed: the next that asks may go out at once, whatever the probe is doing. */
void outage_let_through(struct outage *outage);

#endif
