/* SPDX-License-Identifier: MIT */
/*
 * cache: the jobs that are known, how fresh they are, and the calls that are under way. One describe of a job and one
 * listing at a time, whoever asks (single flight). Nothing is called that nobody waits for, but for what a walk is
 * about to ask (jobs/ahead.h).
 *
 * Who must wait hands in a `struct waiter` and is called back, once, from the event loop; never from within.
 */
#ifndef JOBS_CACHE_H
#define JOBS_CACHE_H

#include "base/clock.h"
#include "base/list.h"
#include "base/timer.h"
#include "jobs/failures.h"
#include "jobs/job.h"
#include "jobs/source.h"

#include <stddef.h>

/* What was waited for came in less than this, and would be old at once: it counts as fresh for so long all the same,
 * else one walk through a path would wait several times over. */
enum { HOLD_MS = MIN_TTL_MS < 1000 ? MIN_TTL_MS : 1000, FAILURE_MS = 1000 };

struct cache_settings {
    const struct kind *kind;
    struct job_source *source;
    struct timers *timers;
    const struct clock *clock;
    struct events *events; /* is told of every status; NULL: nobody is */
    int64_t ttl_ms;
    int64_t final_ttl_ms;
    int64_t list_ttl_ms;
    int64_t negative_ttl_ms;
    int64_t stale_while_revalidate_ms;
    int64_t stale_if_error_ms;
    size_t ahead_max;                  /* jobs described ahead of a walk, at most; less than 2: none */
    struct stats *stats;               /* counts what comes of them; NULL: nobody does */
    size_t max_jobs;                   /* described ones that nobody has pinned, at most; 0: no limit */
    int64_t timeout_ms;                /* of a describe, and of each page of a listing */
    struct failures *failures;         /* keeps those that are told; NULL: the log alone */
    const char *directory;             /* of the jobs, below the mount point, for failures; NULL: the root */
    void (*names_changed)(void *data); /* a listing has changed which names the root has */
    void *data;
};

struct cache;

struct waiter {
    struct list node;
    struct cache *cache; /* that it waits for */
    /* number: 0, or the errno. It must not cancel another's wait. */
    void (*done)(struct waiter *waiter, int number);
};

/* What the settings point to must outlive it. 0 or -ENOMEM. */
int cache_new(const struct cache_settings *settings, struct cache **ret_cache);
/* Cancels what is under way without calling anybody back; all pins must be gone. Takes NULL. */
void cache_free(struct cache *cache);
/* What is held of running jobs, of absent ones and of the list counts as old from now on; so does, once it has come,
 * what is on its way. */
void cache_expire(struct cache *cache);
/* Ends every wait with `number`. */
void cache_end_waits(struct cache *cache, int number);

/* The job of this name, pinned; one that is not known yet is made. NULL: no memory. The name must be valid. */
struct job *cache_pin(struct cache *cache, const char *name);
/* Gives it back: a job that is not known, and nobody has pinned or waits for, is forgotten. Of one that is described
 * and not among the last max_jobs given back, what listings do not carry is; its name and its freshness never are. */
void cache_unpin(struct cache *cache, struct job *job);

/* Starts or joins the describe of a pinned job. 0: `waiter` will be called; -ENOMEM: not. */
int cache_describe(struct cache *cache, struct job *job, struct waiter *waiter);
/* A reader who asks so is served from what is held. */
void cache_serve(struct cache *cache, struct job *job, enum ask asked);
/* Starts the describe, if none is under way, for a later reader's sake. */
void cache_revalidate(struct cache *cache, struct job *job);
/* Starts, takes up again or joins the listing. 0: `waiter` will be called; -ENOMEM: not. */
int cache_list(struct cache *cache, struct waiter *waiter);
/* Starts the listing, for a later reader's sake, if the last is not fresh any more and none is under way; after one
 * that failed not before list_ttl_ms have passed. */
void cache_relist(struct cache *cache);
/* Ends one wait, without a call back. What was begun for it and nobody else waits for begins nothing more. */
void waiter_cancel(struct waiter *waiter);

/* The root's listing. */
struct listing_state {
    bool listed_once;
    int64_t listed_ms; /* when the last one that succeeded was begun, monotonic */
    uint64_t listings; /* made so far, whole ones */
    int64_t fresh_until_ms;
    int64_t changed_wall_ms; /* when a listing last changed a name; before the first: when the cache was made */
    uint64_t epoch;          /* changes when a name, or a job's being finished, does */
    size_t n_jobs;
    int failed_number; /* the errno of the last listing, 0 if it succeeded */
};
const struct listing_state *cache_listing(const struct cache *cache);
/* The first listed job whose place is more than `place`, or NULL: whatever changes meanwhile, a job keeps its place. */
struct job *cache_next_listed(const struct cache *cache, uint64_t place);

#endif
