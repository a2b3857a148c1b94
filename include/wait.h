/* SPDX-License-Identifier: MIT */
/*
 * wait: `personalizefs wait`, which returns when jobs are finished. It reads their status in the mount, where the
 * kernel answers while the value is fresh: however many wait, and however often they look, the service is asked once a
 * `ttl`.
 */
#ifndef WAIT_H
#define WAIT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The exit status; 124 is that of timeout(1). */
enum wait_exit { WAIT_ALL_ACTIVE = 0, WAIT_FAILED = 1, WAIT_WRONG_USE = 2, WAIT_TIMED_OUT = 124 };

struct wait_options {
    int64_t timeout_ms; /* 0: never */
    bool help;          /* with it there may be no paths */
    char **paths;       /* in argv */
    int n_paths;
};

/* argv[0] is "wait"; argv is put in another order. 0, or -EINVAL for wrong use. */
int wait_options_parse(int argc, char **argv, struct wait_options *options, struct error *error);
void wait_help(FILE *to);

enum { WAIT_STATUS_BYTES = 256 };

enum wait_state {
    WAIT_RUNNING,
    WAIT_ACTIVE,  /* finished */
    WAIT_STOPPED, /* finished, failed or stopped */
    WAIT_NO_JOB,  /* there is none of that name */
    WAIT_NO_MOUNT /* what answered is gone */
};

struct wait_job {
    char *path;  /* of its directory */
    char *mount; /* where that is mounted */
    enum wait_state state;
    char status[WAIT_STATUS_BYTES]; /* as last read, "" before; no control characters */
    int number;                     /* errno of the last try, 0: it was read */
    int64_t pause_ms;               /* how long to wait after the next failure */
    int64_t next_ms;                /* when to look again */
};

/* Whether a place in a mount (mountpoint_find()) is that of a job's directory: "/nightly", or behind a whole ARN. */
bool wait_place_is_job(const char *inside);

/* The job that the path `given` names, by its directory or by the `status` in it. One that the mount says does not
 * exist is WAIT_NO_JOB. 0; -EINVAL for a path that is no job's; -ENOTCONN for a dead mount; -ENOMEM. The job is
 * released with wait_job_release() whatever comes out. */
int wait_job_find(const char *given, struct wait_job *job, struct error *error);
void wait_job_release(struct wait_job *job);

/* Reads the job's status, and fills in what follows from it. `now_ms`: of the clock that `next_ms` is of. */
void wait_job_look(struct wait_job *job, int64_t now_ms);

/* The whole command; returns the exit status. */
int wait_main(int argc, char **argv);

#endif
