/* SPDX-License-Identifier: MIT */
/*
 * readahead: which jobs to describe before anybody asks. A walk (every job's numResults, say) reads job after job, each
 * for one round trip; when it is seen, those that come next are fetched meanwhile.
 *
 * A walk is seen when three jobs in a row have been read that follow each other in the listing's order or in that of
 * their names, forwards or backwards; those that need no describe in between are passed over. Then the next two are
 * fetched. With each read of a job that was fetched so the window doubles, up to `window_max`, and is filled up again.
 * There is nothing to be stopped: without reads nothing is fetched, and a reader who goes elsewhere begins anew. One
 * job alone, or two in turn, are no walk. A few walks at a time are told apart.
 *
 * It calls nothing itself and knows no times: what a job needs, and the fetching, are the cache's.
 */
#ifndef JOBS_READAHEAD_H
#define JOBS_READAHEAD_H

#include "jobs/job.h"

#include <stdbool.h>
#include <stddef.h>

/* How many jobs are looked at beyond the last one read, at most: as far reaches what is passed over or fetched. */
enum { READAHEAD_REACH = 64 };

/* What a job is to one who reads ahead. */
enum readahead_state {
    READAHEAD_FRESH,  /* it needs no describe now */
    READAHEAD_WANTED, /* it does */
    READAHEAD_FETCHED /* one is under way, or was made ahead and not read yet */
};

struct readahead_settings {
    size_t window_max; /* at least 2 */
    /* The listed jobs by their places, which are their listing's order. */
    struct job *const *(*listed)(void *data, size_t *ret_n);
    /* To a reader who asks so. */
    enum readahead_state (*state)(void *data, const struct job *job, enum ask asked);
    /* Describe it, if that is possible. */
    void (*fetch)(void *data, struct job *job);
    void *data;
};

struct readahead;

/* 0 or -ENOMEM. */
int readahead_new(const struct readahead_settings *settings, struct readahead **ret_readahead);
/* Takes NULL. */
void readahead_free(struct readahead *readahead);

/* A reader has asked for a job that needs a describe: it began or joined one, or was served by one that was made ahead.
 * `hit`: what it joined or was served by had been made ahead. */
void readahead_read(struct readahead *readahead, const struct job *job, enum ask asked, bool hit);
/* What is fetched ahead comes to nothing at present: every walk must show itself anew. */
void readahead_stop(struct readahead *readahead);
/* The listed jobs are others, or in other places. */
void readahead_relist(struct readahead *readahead);

#endif
