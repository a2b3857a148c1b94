/* SPDX-License-Identifier: MIT */
#include "jobs.h"

#include "codec/timestamp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAYS_MAX = 365, COUNTER_END = 100000 };
static const int64_t DAY_MS = 86400000;

uint64_t random_of(uint64_t random, unsigned purpose)
{
    uint64_t mixed = random + (purpose + 1) * 0x9e3779b97f4a7c15u; /* splitmix64 */
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    return mixed ^ mixed >> 31;
}

static struct slice name_of(const void *item)
{
    const struct overlay *overlay = item;
    return (struct slice){ overlay->name, strlen(overlay->name) };
}

static int64_t greatest_divisor(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The first region's jobs are what the seed alone makes. */
static void region_take(struct jobs *jobs, unsigned region)
{
    const char *name = jobs->settings->region;
    for (unsigned i = 0; i < region; i++)
        name += strcspn(name, ",") + 1;
    snprintf(jobs->region, sizeof jobs->region, "%.*s", (int)strcspn(name, ","), name);
    jobs->seed = (uint64_t)jobs->settings->seed;
    if (region)
        jobs->seed = hash_bytes(jobs->seed, jobs->region, strlen(jobs->region));
}

int jobs_init(struct jobs *jobs, const struct settings *settings, unsigned region, int64_t now_ms)
{
    char stamp[32];
    int64_t n = settings->jobs;
    *jobs = (struct jobs){ .settings = settings, .start_ms = now_ms, .churn_since_ms = now_ms, .stride = 1 };
    table_init(&jobs->overlays, name_of);
    region_take(jobs, region);
    snprintf(stamp, sizeof stamp, "%.4s%.2s%.2sT000000Z", settings->newest_day, settings->newest_day + 5,
             settings->newest_day + 8);
    int error = timestamp_from_amz(stamp, &jobs->newest_day_ms);
    if (error)
        return error;
    jobs->a_day = n <= DAYS_MAX ? 1 : (n + DAYS_MAX - 1) / DAYS_MAX;
    if (n > 2) {
        jobs->stride = n * 5 / 8 + (int64_t)(random_of(jobs->seed, 0) % (uint64_t)n) / 8;
        while (greatest_divisor(jobs->stride, n) != 1)
            jobs->stride++;
        jobs->shift = (int64_t)(random_of(jobs->seed, 1) % (uint64_t)n);
    }
    return 0;
}

static void overrides_free(struct overlay *overlay)
{
    list_each (node, after, &overlay->overrides) {
        struct override *override = list_item(node, struct override, node);
        list_remove(node);
        free(override->path);
        free(override->raw);
        free(override);
    }
    free(overlay->raw);
    overlay->raw = NULL;
}

void jobs_release(struct jobs *jobs)
{
    size_t at = 0;
    for (struct overlay *overlay; (overlay = table_next(&jobs->overlays, &at));) {
        overrides_free(overlay);
        free(overlay);
    }
    table_release(&jobs->overlays);
    free(jobs->created);
    jobs->created = NULL;
    jobs->n_created = 0;
}

static void name_make(const struct jobs *jobs, int64_t index, char to[JOB_NAME_SIZE])
{
    char day[TIMESTAMP_SIZE];
    timestamp_format(jobs->newest_day_ms - index / jobs->a_day * DAY_MS, day);
    if (jobs->a_day == 1)
        snprintf(to, JOB_NAME_SIZE, "%.40s%.10s", jobs->settings->name_prefix, day);
    else
        snprintf(to, JOB_NAME_SIZE, "%.40s%.10s-%05u", jobs->settings->name_prefix, day,
                 (unsigned)(index % jobs->a_day) % COUNTER_END);
}

/* The made job with this name, or -1: what the name says is made into a name again and compared. */
static int64_t index_of(const struct jobs *jobs, const char *name)
{
    char stamp[32];
    char again[JOB_NAME_SIZE];
    int64_t day_ms;
    size_t prefix = strlen(jobs->settings->name_prefix);
    size_t len = strlen(name);
    if (len < prefix + 10 || len >= JOB_NAME_SIZE)
        return -1;
    const char *day = name + prefix;
    snprintf(stamp, sizeof stamp, "%.4s%.2s%.2sT000000Z", day, day + 5, day + 8);
    if (timestamp_from_amz(stamp, &day_ms))
        return -1;
    int64_t counter = day[10] == '-' ? strtoll(day + 11, NULL, 10) : 0;
    if (counter < 0 || counter >= jobs->a_day)
        return -1;
    int64_t index = (jobs->newest_day_ms - day_ms) / DAY_MS * jobs->a_day + counter;
    if (index < 0 || index >= jobs->settings->jobs)
        return -1;
    name_make(jobs, index, again);
    return strcmp(name, again) ? -1 : index;
}

static struct overlay *overlay_of(const struct jobs *jobs, const char *name)
{
    return table_get(&jobs->overlays, (struct slice){ name, strlen(name) });
}

static void job_fill(const struct jobs *jobs, int64_t index, const char *name, struct job *job)
{
    const struct settings *settings = jobs->settings;
    *job = (struct job){ .index = index };
    snprintf(job->name, sizeof job->name, "%s", name);
    job->overlay = jobs->overlays.used ? overlay_of(jobs, name) : NULL;
    job->random =
        index >= 0 ? random_of(jobs->seed ^ (uint64_t)index << 20, 2) : hash_bytes(jobs->seed, name, strlen(name));
    if (job->overlay && (index < 0 || job->overlay->life != JOB_ENDED)) {
        job->life = job->overlay->life;
        job->born_ms = job->overlay->born_ms;
    } else if (index < settings->running) {
        job->life = JOB_LIVES; /* one has just begun, the others are spread over a lifetime */
        job->born_ms = jobs->start_ms - settings->lifetime_s * 1000 * index / settings->running;
    } else {
        job->life = index < settings->running + settings->stuck ? JOB_STUCK : JOB_ENDED;
    }
}

int jobs_find(const struct jobs *jobs, const char *name, struct job *ret_job)
{
    const struct overlay *overlay = overlay_of(jobs, name);
    int64_t index = overlay ? overlay->index : index_of(jobs, name);
    if (overlay ? overlay->removed : index < 0)
        return -ENOENT;
    job_fill(jobs, index, name, ret_job);
    return 0;
}

int64_t jobs_positions(const struct jobs *jobs) { return jobs->settings->jobs + jobs->n_created; }

int jobs_at(const struct jobs *jobs, int64_t position, struct job *ret_job)
{
    char name[JOB_NAME_SIZE];
    int64_t n = jobs->settings->jobs;
    if (position < 0 || position >= jobs_positions(jobs))
        return -ENOENT;
    if (position >= n) {
        job_fill(jobs, -1, jobs->created[position - n]->name, ret_job);
    } else {
        int64_t index = (position * jobs->stride + jobs->shift) % n;
        name_make(jobs, index, name);
        job_fill(jobs, index, name, ret_job);
    }
    return ret_job->overlay && ret_job->overlay->removed ? -ENOENT : 0;
}

static int created_add(struct jobs *jobs, struct overlay *overlay)
{
    void *created = reallocarray(jobs->created, (size_t)jobs->n_created + 1, sizeof *jobs->created);
    if (!created)
        return -ENOMEM;
    jobs->created = created;
    jobs->created[jobs->n_created++] = overlay;
    return 0;
}

struct overlay *jobs_touch(struct jobs *jobs, const char *name, enum job_life life, int64_t now_ms)
{
    struct overlay *overlay = overlay_of(jobs, name);
    if (overlay) {
        if (overlay->removed) {
            overlay->removed = false;
            overlay->life = life;
            overlay->born_ms = now_ms;
        }
        return overlay;
    }
    overlay = calloc(1, sizeof *overlay);
    if (!overlay)
        return NULL;
    list_init(&overlay->overrides);
    snprintf(overlay->name, sizeof overlay->name, "%s", name);
    overlay->index = index_of(jobs, name);
    overlay->life = overlay->index >= 0 ? JOB_ENDED : life;
    overlay->born_ms = now_ms;
    if (table_add(&jobs->overlays, overlay)) {
        free(overlay);
        return NULL;
    }
    if (overlay->index < 0 && created_add(jobs, overlay)) {
        table_remove(&jobs->overlays, name_of(overlay));
        free(overlay);
        return NULL;
    }
    return overlay;
}

int overlay_set(struct overlay *overlay, const char *path, const char *raw)
{
    struct override *found = NULL;
    list_each (node, after, &overlay->overrides) {
        struct override *override = list_item(node, struct override, node);
        if (!strcmp(override->path, path))
            found = override;
    }
    char *copy = strdup(raw);
    if (!copy)
        return -ENOMEM;
    if (!found) {
        found = calloc(1, sizeof *found);
        char *path_copy = strdup(path);
        if (!found || !path_copy) {
            free(found);
            free(path_copy);
            free(copy);
            return -ENOMEM;
        }
        found->path = path_copy;
        list_init(&found->node);
    }
    free(found->raw);
    found->raw = copy;
    list_remove(&found->node);
    list_insert(&overlay->overrides, &found->node);
    return 0;
}

int overlay_set_raw(struct overlay *overlay, const char *raw)
{
    char *copy = raw ? strdup(raw) : NULL;
    if (raw && !copy)
        return -ENOMEM;
    free(overlay->raw);
    overlay->raw = copy;
    return 0;
}

int jobs_remove(struct jobs *jobs, const char *name, int64_t now_ms)
{
    struct job job;
    if (jobs_find(jobs, name, &job))
        return -ENOENT;
    struct overlay *overlay = jobs_touch(jobs, name, JOB_BARE, now_ms);
    if (!overlay)
        return -ENOMEM;
    overrides_free(overlay);
    overlay->removed = true;
    return 0;
}

bool job_name_is_valid(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t len = strlen(name);
    if (!len || len >= JOB_NAME_SIZE || !strchr(letters, name[0]))
        return false;
    for (const char *at = name; *at; at++)
        if (!strchr(letters, *at) && *at != '-' && *at != '_')
            return false;
    return true;
}

const char *partition_of(const char *region)
{
    return !strncmp(region, "cn-", 3) ? "aws-cn" : !strncmp(region, "us-gov-", 7) ? "aws-us-gov" : "aws";
}

void job_arn(const struct jobs *jobs, const char *name, char to[JOB_ARN_SIZE])
{
    snprintf(to, JOB_ARN_SIZE, "arn:%s:personalize:%s:%.12s:batch-inference-job/%.63s", partition_of(jobs->region),
             jobs->region, jobs->settings->account, name);
}

void jobs_restart_churn(struct jobs *jobs, int64_t now_ms, int64_t old_churn_ms)
{
    if (old_churn_ms > 0)
        jobs->churn_from += (now_ms - jobs->churn_since_ms) / old_churn_ms + 1;
    jobs->churn_since_ms = now_ms;
}
