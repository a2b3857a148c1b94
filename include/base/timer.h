/* SPDX-License-Identifier: MIT */
/*
 * timer: what is to be done later. A `struct timer` lives in its owner's struct; starting and stopping it allocates
 * nothing. Times are milliseconds of the clock that the queue was given.
 */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

#include "base/clock.h"
#include "base/list.h"

struct timer {
    struct list node;
    int64_t due_ms;
    void (*fire)(void *data);
    void *data;
};

struct timers {
    struct list queue; /* soonest first */
    const struct clock *clock;
};

void timers_init(struct timers *timers, const struct clock *clock);
/* Milliseconds until the next is due: 0 if one is, -1 if there is none, never more than INT_MAX. */
int timers_wait_ms(const struct timers *timers);
/* Fires all that are due. One that is started meanwhile waits for the next call. */
void timers_run(struct timers *timers);

void timer_init(struct timer *timer, void (*fire)(void *data), void *data);
/* Due in `delay_ms` (0: at the next timers_run). One that was started already is moved. */
void timer_start(struct timers *timers, struct timer *timer, int64_t delay_ms);
void timer_stop(struct timer *timer);
bool timer_is_started(const struct timer *timer);

#endif
