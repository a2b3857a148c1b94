/* SPDX-License-Identifier: MIT */
/*
 * loop: the one loop of the one thread. It sleeps until the kernel, the network, a signal or a timer asks for
 * something; with nobody reading it sleeps for ever.
 */
#ifndef LOOP_H
#define LOOP_H

#include "aws/http.h"
#include "base/error.h"
#include "base/timer.h"
#include "base/watch.h"
#include "fs/fuse.h"

struct loop {
    struct http *http;
    struct timers *timers;
    struct watches *watches; /* what else is waited for: a child's pipe */
    struct mount *mount;
    void (*reload)(void *data); /* SIGHUP */
    void *data;
    int signals; /* a signalfd */
    bool ending; /* set to make loop_run() return */
};

/* Blocks the signals that end and reload, SIGPIPE too, and opens loop->signals: before any thread is begun. 0 or
 * -errno. */
int loop_signals(struct loop *loop, struct error *error);
/* Runs until SIGTERM or SIGINT, or until the mount has gone: 0; or -errno where the connection to the kernel broke. */
int loop_run(struct loop *loop);

#endif
