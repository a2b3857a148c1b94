/* SPDX-License-Identifier: MIT */
/* fake_clock: a clock that stands still until a test moves it. */
#ifndef SUPPORT_FAKE_CLOCK_H
#define SUPPORT_FAKE_CLOCK_H

#include "base/clock.h"

struct fake_clock {
    struct clock clock;
    int64_t monotonic_ms;
    int64_t wall_ms;
};

/* Monotonic 1,000,000 ms; wall 2026-11-22T12:00:00Z. */
void fake_clock_init(struct fake_clock *fake);
void fake_clock_advance(struct fake_clock *fake, int64_t ms);

#endif
