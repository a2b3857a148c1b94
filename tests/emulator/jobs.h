/* SPDX-License-Identifier: MIT */
/*
 * jobs: the account's jobs in one region. The first `--jobs` of them are made from the seed when they are asked for,
 * and nothing is kept of one that nobody changed; what was set, created or removed is kept as an overlay.
 */
#ifndef EMULATOR_JOBS_H
#define EMULATOR_JOBS_H

#include "document.h"
#include "settings.h"

#include "base/list.h"
#include "base/table.h"

enum { JOB_NAME_SIZE = 64, JOB_ARN_SIZE = 512 };

enum job_life {
    JOB_ENDED,   /* long ago */
    JOB_STUCK,   /* stands still before its end */
    JOB_LIVES,   /* from born_ms on */
    JOB_BARE,    /* made over the control path: ACTIVE, and only the members that the service always returns */
    JOB_CREATED, /* by the operation: lives, and has only those too */
};

/* A member that was set: applied after the made ones, in the order of the last settings. */
struct override {
    struct list node;
    char *path;
    char *raw; /* JSON; "null" takes the member away */
};

struct overlay {
    char name[JOB_NAME_SIZE];
    int64_t index; /* of a made job; -1: created */
    enum job_life life;
    int64_t born_ms;
    bool removed;
    struct list overrides;
    char *raw; /* answered verbatim by a describe; NULL: none */
};

/* One job, by value: what its answer is made from. */
struct job {
    char name[JOB_NAME_SIZE];
    int64_t index;
    uint64_t random;
    enum job_life life;
    int64_t born_ms;
    const struct overlay *overlay; /* NULL: nobody touched it */
};

struct jobs {
    const struct settings *settings;
    char region[REGION_SIZE];
    uint64_t seed;    /* each region's is another */
    int64_t start_ms; /* wall clock */
    int64_t newest_day_ms;
    int64_t a_day;  /* jobs with the same date in their name */
    int64_t stride; /* position p of a listing is job (p * stride + shift) % n */
    int64_t shift;
    struct table overlays; /* by name */
    struct overlay **created;
    int64_t n_created;
    int64_t churn_since_ms; /* the generation's count starts here with … */
    int64_t churn_from;     /* … this one */
};

/* 0 or -errno. `settings` stay the caller's and are looked at each time. `region`: which of theirs, counted from 0. */
int jobs_init(struct jobs *jobs, const struct settings *settings, unsigned region, int64_t now_ms);
void jobs_release(struct jobs *jobs);

/* -ENOENT where there is none, or it was removed. */
int jobs_find(const struct jobs *jobs, const char *name, struct job *ret_job);
/* A listing's order: positions from 0 to jobs_positions() - 1, the same for ever; a removed one leaves a hole
 * (-ENOENT).
 */
int64_t jobs_positions(const struct jobs *jobs);
int jobs_at(const struct jobs *jobs, int64_t position, struct job *ret_job);

/* The overlay of a job, made if need be; one that does not exist or was removed is created as `life`, born at `now_ms`.
 * NULL: no memory. The name must be a valid one. */
struct overlay *jobs_touch(struct jobs *jobs, const char *name, enum job_life life, int64_t now_ms);
/* 0 or -ENOMEM. `raw` is checked JSON. */
int overlay_set(struct overlay *overlay, const char *path, const char *raw);
/* The whole answer of a describe, whatever it is; NULL: the job's members again. */
int overlay_set_raw(struct overlay *overlay, const char *raw);
/* -ENOENT or -ENOMEM. */
int jobs_remove(struct jobs *jobs, const char *name, int64_t now_ms);

bool job_name_is_valid(const char *name);
void job_arn(const struct jobs *jobs, const char *name, char to[JOB_ARN_SIZE]);
/* "aws", or another by the region. */
const char *partition_of(const char *region);
/* A number from the job's seed, another for each `purpose`. */
uint64_t random_of(uint64_t random, unsigned purpose);

/* Called when churn_ms is set anew, with the one that was in force: generations only ever grow. */
void jobs_restart_churn(struct jobs *jobs, int64_t now_ms, int64_t old_churn_ms);

/* generate.c: the members as they are at `now_ms`; for a listing's item those of a summary only. */
void job_members(const struct jobs *jobs, const struct job *job, bool summary, int64_t now_ms, struct document *to);

#endif
