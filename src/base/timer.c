/* SPDX-License-Identifier: MIT */
#include "base/timer.h"

#include <limits.h>

void timers_init(struct timers *timers, const struct clock *clock)
{
    list_init(&timers->queue);
    timers->clock = clock;
}

int timers_wait_ms(const struct timers *timers)
{
    if (list_empty(&timers->queue))
        return -1;
    int64_t left = list_item(timers->queue.next, struct timer, node)->due_ms - clock_monotonic_ms(timers->clock);
    return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

void timers_run(struct timers *timers)
{
    struct list due;
    int64_t now_ms = clock_monotonic_ms(timers->clock);
    list_init(&due);
    list_each (node, after, &timers->queue) {
        if (list_item(node, struct timer, node)->due_ms > now_ms)
            break;
        list_remove(node);
        list_insert(&due, node);
    }
    while (!list_empty(&due)) { /* one that fires may stop another: it then leaves `due` */
        struct timer *timer = list_item(due.next, struct timer, node);
        list_remove(&timer->node);
        timer->fire(timer->data);
    }
}

void timer_init(struct timer *timer, void (*fire)(void *data), void *data)
{
    list_init(&timer->node);
    timer->fire = fire;
    timer->data = data;
}

void timer_start(struct timers *timers, struct timer *timer, int64_t delay_ms)
{
    list_remove(&timer->node);
    timer->due_ms = clock_monotonic_ms(timers->clock) + (delay_ms > 0 ? delay_ms : 0);
    struct list *place = &timers->queue; /* most are started in the order in which they are due: look from the end */
    while (place->prev != &timers->queue && list_item(place->prev, struct timer, node)->due_ms > timer->due_ms)
        place = place->prev;
    list_insert(place, &timer->node);
}

void timer_stop(struct timer *timer) { list_remove(&timer->node); }

bool timer_is_started(const struct timer *timer) { return !list_empty(&timer->node); }
