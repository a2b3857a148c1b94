/* SPDX-License-Identifier: MIT */
/* probe: somebody who waits, and notes how often and with what it was called. */
#ifndef SUPPORT_PROBE_H
#define SUPPORT_PROBE_H

#include "jobs/cache.h"

struct probe {
    struct waiter waiter;
    int calls;
    int number;
};

static inline void probe_done(struct waiter *waiter, int number)
{
    struct probe *probe = list_item(waiter, struct probe, waiter);
    probe->calls++;
    probe->number = number;
}

static inline struct waiter *probe_waiter(struct probe *probe)
{
    *probe = (struct probe){ .waiter.done = probe_done, .number = -1 };
    list_init(&probe->waiter.node);
    return &probe->waiter;
}

#endif
