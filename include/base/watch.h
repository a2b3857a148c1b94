/* SPDX-License-Identifier: MIT */
/*
 * watch: descriptors that are waited for beside those that the loop always has. A `struct watch` lives in its owner's
 * struct; starting and stopping it allocates nothing. Whoever runs the loop asks for them, polls, and hands them back.
 */
#ifndef BASE_WATCH_H
#define BASE_WATCH_H

#include "base/list.h"

#include <poll.h>

struct watch {
    struct list node;
    int fd;
    void (*ready)(void *data);
    void *data;
};

struct watches {
    struct list list;
};

void watches_init(struct watches *watches);
/* Puts the descriptors of the first `room` watches into `fds`, each waited for until it can be read or has ended.
 * Returns how many. */
unsigned watches_fill(const struct watches *watches, struct pollfd *fds, unsigned room);
/* Calls those whose descriptor has something in its revents. Any watch may be started or stopped meanwhile. */
void watches_run(struct watches *watches, const struct pollfd *fds, unsigned n);

void watch_init(struct watch *watch, void (*ready)(void *data), void *data);
void watch_start(struct watches *watches, struct watch *watch, int fd);
void watch_stop(struct watch *watch); /* one that is not started too */

#endif
