/* SPDX-License-Identifier: MIT */
/* service: the jobs as they are, whatever is known of them, and as they have been: what a reader may be shown. */
#ifndef MODEL_SERVICE_H
#define MODEL_SERVICE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { JOBS = 10, PAGE = 3, PASTS_MAX = 256, TEXT_MAX = 64 };
enum file { FILE_STATUS, FILE_REASON, FILE_RESULTS, FILES };

/* One state of a job. All is told by a describe; a listing's item lacks the results. */
struct state {
    bool exists;
    unsigned status;
    unsigned results; /* 0: the answer has none */
    unsigned updated; /* seconds; each change of a job has its own, but for one of the results of a running job alone */
};

/* A state, and until when it was so (monotonic); that of now has INT64_MAX. */
struct past {
    struct state state;
    int64_t until_ms;
};

struct service {
    struct state jobs[JOBS];
    struct past pasts[JOBS][PASTS_MAX]; /* oldest first */
    unsigned n_pasts[JOBS];
    unsigned updated;
};

void service_init(struct service *service);
/* The job begins, or goes on to another state that `choice` picks. */
void service_change(struct service *service, unsigned job, unsigned choice, int64_t now_ms);
void service_vanish(struct service *service, unsigned job, int64_t now_ms);

const char *job_name(unsigned job);
/* -1: none has that name. */
int job_number(const char *name);
const char *file_name(enum file file);
bool file_is_listed(enum file file); /* a listing tells it */
const char *state_status(const struct state *state);
bool state_is_final(const struct state *state);
/* What a file holds: a line, or nothing. */
void state_text(const struct state *state, enum file file, char text[TEXT_MAX]);

/* The answer that tells of a job in this state. */
void state_json(const struct state *state, unsigned job, struct buf *to);

#endif
