/* SPDX-License-Identifier: MIT */
/*
 * listing: all pages of the list of jobs, whole or an error. One that nobody waits for any more finishes the page under
 * way and stops; the next start goes on from there, unless its first page has got too old.
 */
#ifndef JOBS_LISTING_H
#define JOBS_LISTING_H

#include "base/clock.h"
#include "jobs/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct listed_item {
    struct record *record;
    struct source_time time; /* of its page */
};

/* In the listing's order; a name may stand in it twice, the later one counts. Valid during the call back. */
struct listing_result {
    const struct listed_item *items;
    size_t n_items;
    int64_t began_ms; /* when its first page was asked for, monotonic */
    int64_t took_ms;  /* waiting for its pages; not what passed while it was stopped */
};

/* Either result, or NULL and the error. Never from within listing_start(). */
typedef void listing_done_fn(void *data, const struct listing_result *result, const struct error *error);

struct listing;

struct listing_settings {
    struct job_source *source;
    const struct clock *clock;
    int64_t timeout_ms; /* of each page */
    int64_t age_max_ms; /* a listing that was stopped is taken up again while its first page is younger */
    listing_done_fn *done;
    void *data;
};

/* 0 or -ENOMEM. */
int listing_new(const struct listing_settings *settings, struct listing **ret_listing);
void listing_free(struct listing *listing); /* takes NULL; no call back */
/* Begins one or goes on with it; nothing if it is under way. 0 or -ENOMEM. */
int listing_start(struct listing *listing);
/* Nobody waits any more. */
void listing_stop(struct listing *listing);
/* Pages of one that was stopped are not taken up again, unless one is on its way. */
void listing_forget(struct listing *listing);

#endif
