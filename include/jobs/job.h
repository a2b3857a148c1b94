/* SPDX-License-Identifier: MIT */
/*
 * job: what is known of one name. Belongs to the cache; everybody else reads.
 *
 * A job is described (one answer, all fields) and listed (an item of a listing, some fields), each with the time at
 * which its request was sent and the time until which it counts as fresh. It is known as soon as either has shown it,
 * and keeps its name from then on, whatever fails later.
 *
 * What a listing carries is served from it, so that a walk over all jobs describes none. But while a describe is fresh
 * all of its job's values come from it, even if a listing is newer: else the status of now would stand beside the
 * numResults of before. The listing takes over when it ends.
 */
#ifndef JOBS_JOB_H
#define JOBS_JOB_H

#include "base/list.h"
#include "jobs/events.h"
#include "jobs/record.h"

#include <stdbool.h>
#include <stdint.h>

/* One of the two. Times of the monotonic clock, but for confirmed_ms: the wall clock when the service said so. */
struct knowledge {
    struct record *record; /* NULL: never */
    int64_t sent_ms;
    int64_t fresh_until_ms;
    int64_t revalidate_until_ms; /* until then it is given all the same, while a new one is fetched */
    int64_t error_until_ms;      /* until then it stands in for one that cannot be had */
    int64_t confirmed_ms;
};

struct flight;
struct job;

/* What asking for the job by its name has come to. */
struct inquiry {
    struct job *job;
    struct knowledge described;
    int64_t absent_until_ms; /* the service said that there is no such job; 0: it has not */
    int64_t absent_since_ms; /* when it said so */
    int64_t failed_until_ms; /* a describe failed: how long that is repeated without a call */
    int failed_number;       /* its errno */
    bool ahead;              /* described ahead of its readers, none of whom has come yet (jobs/ahead.h) */
    struct list idle;        /* nobody asks for it: among those absent or failed, or those kept (jobs/keep.h) */
    struct flight *flight;   /* a describe under way */
};
/* That of every job that has never been asked for: most have only been listed. All zeros; its list is empty. */
extern struct inquiry job_never_asked;

struct job {
    struct knowledge listed;
    struct inquiry *inquiry;     /* its own, or job_never_asked */
    unsigned pins;               /* by the layer above */
    uint64_t place;              /* in the root's listing: grows, is never used twice; 0: not in it */
    uint64_t listing;            /* the last listing that had it */
    struct event_status *status; /* that jobs/events has seen last */
    void *view[2];               /* the layer above's own */
    char name[];
};

/* Gives the job an inquiry of its own. 0 or -ENOMEM. */
int inquiry_open(struct job *job);
void inquiry_close(struct job *job);
/* It is old from now on, and given only where a new one cannot be had. */
void knowledge_expire(struct knowledge *knowledge);
void knowledge_clear(struct knowledge *knowledge);

/* Who can tell what is asked for: a describe alone, or a listing too. */
enum ask { ASK_DESCRIBED, ASK_ANY };

/* Whether a listing or a describe has shown it and no describe has denied it since. */
bool job_is_known(const struct job *job);
/* The newer of the two; NULL if neither has shown it. The job's directory has its attributes. */
const struct knowledge *job_latest(const struct job *job);
/* What shows a value that is asked for so, however old; NULL: nothing has told it. */
const struct knowledge *job_shown(const struct job *job, enum ask asked, int64_t now_ms);
/* That, if it may be given now, or NULL: it is fresh, or old in one of the two ways that the options
 * stale-while-revalidate and stale-if-error allow (RFC 5861). */
const struct knowledge *job_usable(const struct job *job, enum ask asked, int64_t now_ms);
/* Whether it is given only while a new one is being fetched. */
bool job_must_revalidate(const struct job *job, enum ask asked, int64_t now_ms);
/* Milliseconds of freshness left, 0 if none: of such a value; of the directory, for which the newer of the two counts.
 */
int64_t job_left_ms(const struct job *job, enum ask asked, int64_t now_ms);
int64_t job_dir_left_ms(const struct job *job, int64_t now_ms);

/* What one answer has made of jobs: tells the status that each shows now, or that it is no more. `events` may be NULL;
 * `is_first`: see events_see(). */
void jobs_tell_statuses(struct job **jobs, size_t n, struct events *events, bool is_first);

#endif
