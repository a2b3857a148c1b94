/* SPDX-License-Identifier: MIT */
/*
 * ahead: what the cache describes ahead of its readers. It sees what a job needs, tells jobs/readahead.h of each read,
 * and counts what comes of the calls (aws/stats.h): a hit when a reader asks for the job while the call is under way or
 * its answer fresh, wasted when none has. inquiry.ahead marks the jobs that are neither yet.
 *
 * All but ahead_ended() take NULL for the cache's `ahead`: nothing is described ahead.
 */
#ifndef JOBS_AHEAD_H
#define JOBS_AHEAD_H

#include "aws/stats.h"
#include "base/clock.h"
#include "jobs/job.h"

#include <stddef.h>

struct ahead_settings {
    size_t window_max;        /* jobs described ahead of a walk, at most; less than 2: none ever */
    struct job **const *jobs; /* the listed ones, by their places */
    const size_t *n_jobs;
    const struct clock *clock;
    struct stats *stats;                        /* NULL: nobody counts */
    void (*fetch)(void *data, struct job *job); /* begin a describe ahead, if that is possible */
    void *data;
};

struct ahead;

/* 0 or -ENOMEM; with no window `ret_ahead` is NULL. */
int ahead_new(const struct ahead_settings *settings, struct ahead **ret_ahead);
void ahead_free(struct ahead *ahead);
/* The listed jobs have become others. */
void ahead_relist(struct ahead *ahead);

/* A reader waits for a describe: one begun for it, or `joined`, made ahead, which is the reader's from now on. */
void ahead_read(struct ahead *ahead, struct job *job, bool joined);
/* A reader who asks so is served from what is held. */
void ahead_serve(struct ahead *ahead, struct job *job, enum ask asked);
/* A describe ahead has ended that no reader had joined. */
void ahead_ended(struct ahead *ahead, struct job *job, bool good);
/* What was described is about to be forgotten. */
void ahead_forget(struct ahead *ahead, struct job *job);

#endif
