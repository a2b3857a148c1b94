/* SPDX-License-Identifier: MIT */
#include "fake_clock.h"

static int64_t monotonic(void *data) { return ((struct fake_clock *)data)->monotonic_ms; }
static int64_t wall(void *data) { return ((struct fake_clock *)data)->wall_ms; }

void fake_clock_init(struct fake_clock *fake)
{
    *fake =
        (struct fake_clock){ .clock = { monotonic, wall, fake }, .monotonic_ms = 1000000, .wall_ms = 1795348800000 };
}

void fake_clock_advance(struct fake_clock *fake, int64_t ms)
{
    fake->monotonic_ms += ms;
    fake->wall_ms += ms;
}
