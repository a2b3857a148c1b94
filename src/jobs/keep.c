/* SPDX-License-Identifier: MIT */
#include "jobs/keep.h"

void keep_init(struct keep *keep, size_t max)
{
    *keep = (struct keep){ .max = max };
    list_init(&keep->jobs);
}

void keep_add(struct keep *keep, struct job *job)
{
    list_insert(&keep->jobs, &job->inquiry->idle);
    keep->n_jobs++;
}

bool keep_has(const struct job *job) { return job->inquiry->described.record && !list_empty(&job->inquiry->idle); }

void keep_remove(struct keep *keep, struct job *job)
{
    list_remove(&job->inquiry->idle);
    keep->n_jobs--;
}

struct job *keep_excess(const struct keep *keep)
{
    return keep->max && keep->n_jobs > keep->max ? list_item(keep->jobs.next, struct inquiry, idle)->job : NULL;
}
