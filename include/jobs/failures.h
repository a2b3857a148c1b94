/* SPDX-License-Identifier: MIT */
/*
 * failures: the last calls that failed, each with what the service said and what to do about it. Told once, for the log
 * and for `.personalizefs/errors` alike: what is no news for the one (an outage that was told of when it began) is none
 * for the other. That there is no job of a name is an answer, not a failure: the log alone has it, as information.
 */
#ifndef JOBS_FAILURES_H
#define JOBS_FAILURES_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { FAILURES_MAX = 100, FAILURE_PATH_SIZE = 224, FAILURE_OPERATION_SIZE = 64 };

/* What failed. */
struct failure_place {
    const char *what;      /* for the log: "describe nightly" */
    const char *directory; /* of the jobs, below the mount point: "" for the root's */
    const char *name;      /* the job's; "" where it is all of them */
    const char *operation; /* the service's: "DescribeBatchInferenceJob" */
};

struct failures;

/* `clock` must outlive it. 0 or -ENOMEM. */
int failures_new(const struct clock *clock, struct failures **ret_failures);
void failures_free(struct failures *failures); /* takes NULL */

/* Writes a line to the log, and keeps it, but for ENOENT. `failures` NULL: the log alone. */
void failures_tell(struct failures *failures, const struct failure_place *place, const struct error *error);
/* How many were kept so far. */
uint64_t failures_count(const struct failures *failures);
/* When the last one came, wall clock; before the first: when it was made. */
int64_t failures_changed_ms(const struct failures *failures);
/* Appends a header line and one line for each, oldest first; columns are separated by tabs and escaped
 * (base/escape.h). Failure sticks in `to`. */
void failures_render(const struct failures *failures, struct buf *to);

struct failure_entry;

struct failure_column {
    const char *name; /* in the header line */
    const char *help;
    void (*put)(const struct failure_entry *entry, struct buf *to); /* before it is escaped */
};

/* Column `i`, NULL after the last: for documents and tests. */
const struct failure_column *failure_column_at(size_t i);

#endif
