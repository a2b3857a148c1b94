/* SPDX-License-Identifier: MIT */
/*
 * keep: the jobs that have been described and that nobody holds: what is remembered of them costs memory and may be had
 * again. Only so many are kept; the least recently used go first.
 */
#ifndef JOBS_KEEP_H
#define JOBS_KEEP_H

#include "jobs/job.h"

#include <stdbool.h>
#include <stddef.h>

struct keep {
    struct list jobs; /* by their `idle`, the least recently used first */
    size_t n_jobs;
    size_t max; /* 0: no limit */
};

void keep_init(struct keep *keep, size_t max);
/* A described job that nobody holds any more: the most recently used. */
void keep_add(struct keep *keep, struct job *job);
/* Whether it is one of them; it is on no other list then. */
bool keep_has(const struct job *job);
void keep_remove(struct keep *keep, struct job *job);
/* The least recently used, if there are more than may be; else NULL. */
struct job *keep_excess(const struct keep *keep);

#endif
