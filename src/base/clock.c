/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_monotonic_ms(void *data)
{
    (void)data;
    return read_ms(CLOCK_BOOTTIME);
}

static int64_t system_wall_ms(void *data)
{
    (void)data;
    return read_ms(CLOCK_REALTIME);
}

const struct clock clock_system = { .monotonic_ms = system_monotonic_ms, .wall_ms = system_wall_ms };
