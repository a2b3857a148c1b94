/* SPDX-License-Identifier: MIT */
/*
 * stats: what a mount has asked of the service, counted; for its metrics. Pure: a plain struct that its writers
 * increment and anybody reads.
 *
 * A call here is one request as the service (and the account's quota) sees it: an attempt, tried again or not. Each is
 * counted once, under its operation and its outcome, when it ends. Counted are the calls of the Personalize clients of
 * all regions, which share one struct (struct client_settings); STS and where credentials come from are not: they
 * have quotas of their own and say nothing of the jobs.
 */
#ifndef AWS_STATS_H
#define AWS_STATS_H

#include "base/error.h"

#include <stdint.h>

enum stats_outcome {
    STATS_OK,           /* status 200, whatever is in it */
    STATS_NOT_FOUND,    /* no such job */
    STATS_DENIED,       /* the identity or its keys were refused */
    STATS_THROTTLED,    /* the account's request rate is used up */
    STATS_SERVER_ERROR, /* 5xx */
    STATS_ERROR,        /* any other answer */
    STATS_UNANSWERED,   /* no answer, or not a whole one */
    STATS_CANCELLED,    /* given up under way: nobody waited any more, or the mount ended */
    STATS_OUTCOMES
};

enum { STATS_OPERATIONS = 4, STATS_OPERATION_SIZE = 64, STATS_BUCKETS = 12 };

struct stats_operation {
    char name[STATS_OPERATION_SIZE]; /* as the service calls it: "DescribeBatchInferenceJob"; "": this row is free */
    uint64_t calls[STATS_OUTCOMES];
    /* How long answers took, whatever they said: buckets[i] counts those of more than stats_bucket_ms[i - 1] and at
     * most stats_bucket_ms[i] (not cumulative), the last row those beyond. */
    uint64_t buckets[STATS_BUCKETS];
    uint64_t answered;    /* all of them */
    uint64_t answered_ms; /* their times, summed */
};

struct stats {
    struct stats_operation operations[STATS_OPERATIONS]; /* in the order in which they were first called */
    uint64_t retries;                                    /* calls that repeat one that had failed */
    uint64_t halvings;             /* bursts of throttling, each of which halved the rate (aws/budget.h) */
    int64_t last_good_ms;          /* monotonic: when the last STATS_OK came; 0: never */
    int64_t credentials_expire_ms; /* those that signed last, by this host's wall clock; 0: they do not */
    /* Describes made ahead of a reader (jobs/readahead.h). They are among the calls above. */
    uint64_t ahead_calls; /* sent */
    uint64_t ahead_hits;  /* a reader asked for the job while it was on its way or fresh */
    uint64_t
        ahead_wasted; /* known not to have been asked for in their freshness; noticed late, when they are replaced */
};

/* The upper bounds of all buckets but the last. */
extern const int stats_bucket_ms[STATS_BUCKETS - 1];

/* The outcome's name, as a label's value: "ok", "not_found", ... */
const char *stats_outcome_name(enum stats_outcome outcome);
/* Which outcome an attempt that failed with this is. */
enum stats_outcome stats_outcome_of(const struct error *error);
/* The row of an operation, made where there is none. The last row takes, as "other", those that find none free. */
struct stats_operation *stats_operation(struct stats *stats, const char *name);
/* A call of the operation has ended. Times of the monotonic clock. */
void stats_ended(struct stats *stats, struct stats_operation *operation, enum stats_outcome outcome, int64_t sent_ms,
                 int64_t now_ms);

#endif
