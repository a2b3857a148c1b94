/* SPDX-License-Identifier: MIT */
/* cache_world: a cache over a fake source and a clock that is moved by hand. */
#ifndef CACHE_WORLD_H
#define CACHE_WORLD_H

#include "aws/stats.h"
#include "fake_clock.h"
#include "fake_source.h"
#include "jobs/cache.h"
#include "jobs/events.h"
#include "probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { TTL = 30000, FINAL_TTL = 86400000, LIST_TTL = 60000, NEGATIVE_TTL = 5000, TIMEOUT = 15000, MAX_JOBS = 2 };
enum { JOBS = 9 }; /* that a test of walks pins */

#define RUNNING "{\"jobName\":\"a\",\"status\":\"IN PROGRESS\",\"lastUpdatedDateTime\":1}"
#define FINISHED "{\"jobName\":\"a\",\"status\":\"ACTIVE\",\"lastUpdatedDateTime\":2}"
#define FAILED "{\"jobName\":\"a\",\"status\":\"CREATE FAILED\",\"lastUpdatedDateTime\":2}"
#define NAMED(name) "{\"jobName\":\"" name "\",\"status\":\"ACTIVE\"}"

struct world {
    struct fake_clock clock;
    struct timers timers;
    struct fake_source source;
    struct cache *cache;
    int names_changed;
    /* Of tests that have them. */
    struct stats stats;
    struct events *events;
    size_t seen;            /* of the log */
    struct job *jobs[JOBS]; /* "0" to "8" */
};

/* Begins the world anew, still without a cache; the settings of one that has no limit of jobs, events or stats. */
struct cache_settings world_init(struct world *world);
/* A world whose cache has MAX_JOBS. */
int world_setup(void **state);
int world_teardown(void **state);
/* Describes `job` in one go. */
void world_describe(struct world *world, struct job *job, const char *json);
/* The same for a listing of one page. */
void world_list(struct world *world, const char *json);
int64_t now_of(const struct world *world);

#endif
