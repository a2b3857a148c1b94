/* SPDX-License-Identifier: MIT */
/*
 * fake_source: a job source whose calls are answered when a test says so, and which counts what it was asked.
 * Jobs are JSON objects, read by the same code as the service's answers.
 */
#ifndef SUPPORT_FAKE_SOURCE_H
#define SUPPORT_FAKE_SOURCE_H

#include "base/clock.h"
#include "base/list.h"
#include "jobs/source.h"

struct fake_source {
    struct job_source source;
    const struct clock *clock;
    struct list calls; /* under way, oldest first */
    unsigned describes;
    unsigned aheads; /* of those, ahead of a reader */
    unsigned lists;
    unsigned abandoned;
    unsigned readopted;
    unsigned cancelled;
    char last_token[64]; /* "" for none */
    char last_name[64];  /* described last */
};

void fake_source_init(struct fake_source *fake, const struct clock *clock);
/* How many calls are under way. */
unsigned fake_source_pending(const struct fake_source *fake);
/* The n-th call under way, the oldest being 0, becomes the oldest: answers come in any order. */
void fake_source_hurry(struct fake_source *fake, unsigned n);
/* Ends the oldest describe with the job that the JSON describes. */
void fake_source_describe(struct fake_source *fake, const char *json);
/* Ends the oldest listing with a page: a JSON array. next_token NULL: the last. */
void fake_source_page(struct fake_source *fake, const char *json, const char *next_token);
/* Ends the oldest listing with a page that says which comes next and is no good itself. */
void fake_source_bad_page(struct fake_source *fake, const char *next_token, const char *code);
/* Ends the oldest call, whichever, with a failure of this name (aws/failure.h). */
void fake_source_fail(struct fake_source *fake, const char *code);

#endif
