/* SPDX-License-Identifier: MIT */
/* measure: what the benchmark's programs share. A measurement that fails ends its program: half a number is none. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <errno.h>
#include <error.h>
#include <stdlib.h>
#include <time.h>

/* Of a monotonic clock. */
static inline double now_us(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now))
        error(EXIT_FAILURE, errno, "clock_gettime");
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* The argument as a number of at least 1. */
static inline unsigned count_of(const char *text)
{
    char *end;
    errno = 0;
    unsigned long count = strtoul(text, &end, 10);
    if (errno || end == text || *end || count < 1 || count > 1000000)
        error(EXIT_FAILURE, 0, "%s: a number from 1 to 1000000 is wanted", text);
    return (unsigned)count;
}

#endif
