/* SPDX-License-Identifier: MIT */
/*
 * clock: where the time comes from. Handed in, so that tests move it by hand and nothing sleeps.
 * Durations and deadlines are milliseconds of the monotonic clock; what users see is the wall clock.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t (*monotonic_ms)(
        void *data);                /* counts suspended time too (CLOCK_BOOTTIME): a value ages while a host sleeps */
    int64_t (*wall_ms)(void *data); /* since the epoch */
    void *data;
};

/* The system's. */
extern const struct clock clock_system;

static inline int64_t clock_monotonic_ms(const struct clock *clock) { return clock->monotonic_ms(clock->data); }
static inline int64_t clock_wall_ms(const struct clock *clock) { return clock->wall_ms(clock->data); }

#endif
