/* SPDX-License-Identifier: MIT */
/*
 * budget: which calls of a service may go out now, and in what order. Pure: it keeps claims and says whose turn it is;
 * who sends and who waits is the caller. Its only notion of time is the clock that it is given.
 *
 * At most `max` are out at once, each in a place. Who waits for one is served oldest first, readers before calls that
 * are made ahead of them. Those leave one place free, so that a reader rarely finds all taken.
 *
 * A service that throttles wants fewer requests a second, and does not say how many. So the first answer that says so
 * sets a rate: half of what was sent in the last second. From then on requests go out at even distances (a token bucket
 * that holds one token: nothing is saved up for a burst), and the rate grows by one a second. The next throttled answer
 * halves it again, and so on: it swings between half of what the service bears and a little more than that, and few
 * requests are in vain. A throttled burst halves once: an answer to what went out before the last halving does not
 * count. When nothing has been throttled for BUDGET_QUIET_MS the rate is forgotten: there is none until the next time.
 *
 * The places are halved along with the rate, and grow again by one a second. Until all are back the service counts as
 * throttling, and calls ahead do not go out at all.
 */
#ifndef AWS_BUDGET_H
#define AWS_BUDGET_H

#include "base/clock.h"
#include "base/list.h"

#include <stdint.h>

enum { BUDGET_QUIET_MS = 60000 };

/* One call, in its owner's struct. */
struct budget_claim {
    struct list node; /* among those that wait */
    uint64_t order;   /* smaller is older */
    uint64_t halving; /* how many there had been when it went out */
    bool out;         /* has a place */
    bool ahead;       /* no reader waits for it */
};

struct budget {
    const struct clock *clock;
    struct list waiting; /* readers, oldest first; then those ahead, oldest first */
    uint64_t next_order;
    int max;
    int out;
    uint64_t halvings;
    int64_t halved_ms; /* the last halving, and what it left */
    int halved_places;
    int halved_rate;     /* requests a second */
    int64_t next_ms;     /* while there is a rate: when the next may go out */
    int64_t second_ms;   /* the second that is being counted began */
    int second_sent;     /* what went out in it */
    int second_sent_ago; /* and in the one before */
};

void budget_init(struct budget *budget, int max, const struct clock *clock);
/* A call begins: its age counts from now. */
void budget_begin(struct budget *budget, struct budget_claim *claim, bool ahead);
/* It waits for its turn. One that has waited before keeps its age. */
void budget_wait(struct budget *budget, struct budget_claim *claim);
/* It waits no more, or gives its place back; or neither. */
void budget_leave(struct budget *budget, struct budget_claim *claim);
/* A reader waits for a call that was made ahead: from now on it is a reader's, as old as its reader's wait. */
void budget_promote(struct budget *budget, struct budget_claim *claim);

/* Whose turn it is: it has a place now. NULL: nobody's. */
struct budget_claim *budget_next(struct budget *budget);
/* Milliseconds until time alone makes it somebody's turn, at the soonest; -1: it does not. */
int64_t budget_wait_ms(const struct budget *budget);
/* A reader waits, and not for time: all places are taken. */
bool budget_lacks_place(const struct budget *budget);
/* One that waits ahead though nothing ahead may go out, or NULL: it should leave. */
struct budget_claim *budget_in_vain(const struct budget *budget);

/* The answer to a call that is out was that there were too many. Returns whether that halves. */
bool budget_throttled(struct budget *budget, const struct budget_claim *claim);
/* Requests a second; 0: as many as the places allow. */
int budget_rate(const struct budget *budget);
int budget_places(const struct budget *budget);

#endif
