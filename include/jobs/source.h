/* SPDX-License-Identifier: MIT */
/*
 * source: what the cache needs of a service, as functions. jobs/service.h implements it over the network; tests put
 * one of their own in its place. Every call ends with exactly one call back, later, unless it is cancelled.
 */
#ifndef JOBS_SOURCE_H
#define JOBS_SOURCE_H

#include "base/error.h"
#include "jobs/record.h"

#include <stdint.h>

/* When the request whose answer this is was sent: a value's age counts from there. */
struct source_time {
    int64_t sent_ms;      /* monotonic */
    int64_t sent_wall_ms; /* since the epoch */
};

/* A page of a listing. The records are the call back's to keep with record_ref(). */
struct source_page {
    struct record **records;
    size_t n_records;
    const char *next_token; /* NULL: this was the last page; never empty */
};

typedef void source_described_fn(void *data, struct record *record, struct source_time time, const struct error *error);
/* The token of the next page, as soon as it is known: the page itself, which takes a while to read and may be no good,
 * comes after it, and the next can be on its way meanwhile. Not called where there is none. */
typedef void source_token_fn(void *data, const char *token);
typedef void source_listed_fn(void *data, const struct source_page *page, struct source_time time,
                              const struct error *error);

struct source_call;

struct job_source {
    /* Both return 0 or -ENOMEM; `deadline_ms` is monotonic. On failure record/page is NULL and error set. `ahead`: no
     * reader waits for it; it comes after those that do, or ends with an error where it would be in their way. */
    int (*describe)(struct job_source *self, const char *name, int64_t deadline_ms, bool ahead,
                    source_described_fn *done, void *data, struct source_call **ret_call);
    /* token NULL: the first page. `next` comes before `done`, which may be a failure after it too. */
    int (*list)(struct job_source *self, const char *token, int64_t deadline_ms, source_token_fn *next,
                source_listed_fn *done, void *data, struct source_call **ret_call);
    /* Nobody waits for it any more: what is under way may end, nothing else begins. `done` is called all the same. */
    void (*abandon)(struct job_source *self, struct source_call *call);
    /* Somebody waits again, or for the first time for one made ahead. */
    void (*readopt)(struct job_source *self, struct source_call *call);
    /* Ends it without a call back. */
    void (*cancel)(struct job_source *self, struct source_call *call);
};

#endif
