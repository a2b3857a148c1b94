/* SPDX-License-Identifier: MIT */
#include "jobs/readahead.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WALKS = 4, STEPS_SHOWN = 2 };

enum order { ORDER_PLACE, ORDER_NAME, ORDERS };

struct walk {
    const struct job *last;
    enum order order;
    int direction;  /* 1, -1; 0: it has made no step yet */
    unsigned steps; /* from a job to the next, up to STEPS_SHOWN */
    size_t window;
    uint64_t used; /* when: the smallest gives way to a new one */
};

struct readahead {
    struct readahead_settings settings;
    struct walk walks[WALKS];
    uint64_t reads;
    struct job **by_name; /* the listed jobs; NULL: not sorted since the last change */
    size_t n_by_name;
};

static int compare_names(const void *a, const void *b)
{
    const struct job *const *left = a;
    const struct job *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static int compare_places(const void *a, const void *b)
{
    const struct job *const *left = a;
    const struct job *const *right = b;
    return (*left)->place < (*right)->place ? -1 : (*left)->place > (*right)->place;
}

/* The listed jobs in an order; NULL: no memory. Sorting names is for walks only: a list changes more often than that.
 */
static struct job *const *jobs_in(struct readahead *readahead, enum order order, size_t *ret_n)
{
    struct job *const *listed = readahead->settings.listed(readahead->settings.data, ret_n);
    if (order == ORDER_PLACE || !*ret_n)
        return listed;
    if (!readahead->by_name) {
        readahead->by_name = malloc(*ret_n * sizeof(struct job *));
        if (!readahead->by_name)
            return NULL;
        memcpy(readahead->by_name, listed, *ret_n * sizeof(struct job *));
        qsort(readahead->by_name, *ret_n, sizeof(struct job *), compare_names);
        readahead->n_by_name = *ret_n;
    }
    *ret_n = readahead->n_by_name;
    return readahead->by_name;
}

/* The neighbours of a job in one direction, one after another. */
struct path {
    struct job *const *jobs;
    size_t n;
    size_t at; /* unsigned: -1 is beyond the end too */
    int direction;
    int left;
};

static bool path_begin(struct readahead *readahead, enum order order, int direction, const struct job *from,
                       struct path *path)
{
    *path = (struct path){ .direction = direction, .left = READAHEAD_REACH };
    path->jobs = jobs_in(readahead, order, &path->n);
    if (!path->jobs || !path->n)
        return false;
    struct job *const *at = bsearch(&from, path->jobs, path->n, sizeof(struct job *),
                                    order == ORDER_PLACE ? compare_places : compare_names);
    if (!at)
        return false;
    path->at = (size_t)(at - path->jobs);
    return true;
}

static struct job *path_next(struct path *path)
{
    path->at += (size_t)path->direction;
    return path->left-- > 0 && path->at < path->n ? path->jobs[path->at] : NULL;
}

/* Whether `job` is what comes after `from`, but for those that are fresh or being fetched. */
static bool follows(struct readahead *readahead, enum order order, int direction, const struct job *from,
                    const struct job *job, enum ask asked)
{
    struct path path;
    if (!path_begin(readahead, order, direction, from, &path))
        return false;
    for (const struct job *next; (next = path_next(&path));) {
        if (next == job)
            return true;
        if (readahead->settings.state(readahead->settings.data, next, asked) == READAHEAD_WANTED)
            return false;
    }
    return false;
}

static bool walk_goes_on(struct readahead *readahead, struct walk *walk, const struct job *job, enum ask asked)
{
    if (walk->direction)
        return follows(readahead, walk->order, walk->direction, walk->last, job, asked);
    for (int order = 0; order < ORDERS; order++)
        for (int direction = 1; direction >= -1; direction -= 2)
            if (follows(readahead, (enum order)order, direction, walk->last, job, asked)) {
                walk->order = (enum order)order;
                walk->direction = direction;
                return true;
            }
    return false;
}

static void walk_fetch(struct readahead *readahead, const struct walk *walk, enum ask asked)
{
    const struct readahead_settings *settings = &readahead->settings;
    struct path path;
    size_t fetched = 0;
    if (!path_begin(readahead, walk->order, walk->direction, walk->last, &path))
        return;
    for (struct job *next; fetched < walk->window && (next = path_next(&path));) {
        enum readahead_state state = settings->state(settings->data, next, asked);
        fetched += state != READAHEAD_FRESH;
        if (state == READAHEAD_WANTED)
            settings->fetch(settings->data, next);
    }
}

static void walk_step(struct readahead *readahead, struct walk *walk, const struct job *job, enum ask asked, bool hit)
{
    walk->last = job;
    if (walk->steps < STEPS_SHOWN)
        walk->steps++;
    if (walk->steps < STEPS_SHOWN)
        return;
    if (!walk->window)
        walk->window = 2;
    else if (hit)
        walk->window *= 2;
    if (walk->window > readahead->settings.window_max)
        walk->window = readahead->settings.window_max;
    walk_fetch(readahead, walk, asked);
}

void readahead_read(struct readahead *readahead, const struct job *job, enum ask asked, bool hit)
{
    struct walk *oldest = readahead->walks;
    uint64_t now = ++readahead->reads;
    if (!job->place)
        return;
    for (struct walk *walk = readahead->walks; walk < readahead->walks + WALKS; walk++) {
        if (walk->last == job) { /* it is still there */
            walk->used = now;
            return;
        }
        if (walk->used < oldest->used)
            oldest = walk;
    }
    for (struct walk *walk = readahead->walks; walk < readahead->walks + WALKS; walk++) {
        if (!walk->last || !walk_goes_on(readahead, walk, job, asked))
            continue;
        walk->used = now;
        walk_step(readahead, walk, job, asked, hit);
        return;
    }
    *oldest = (struct walk){ .last = job, .used = now };
}

void readahead_stop(struct readahead *readahead)
{
    for (struct walk *walk = readahead->walks; walk < readahead->walks + WALKS; walk++)
        *walk = (struct walk){ .last = walk->last, .used = walk->used };
}

void readahead_relist(struct readahead *readahead)
{
    memset(readahead->walks, 0, sizeof readahead->walks);
    free(readahead->by_name);
    readahead->by_name = NULL;
}

int readahead_new(const struct readahead_settings *settings, struct readahead **ret_readahead)
{
    struct readahead *readahead = calloc(1, sizeof *readahead);
    if (!readahead)
        return -ENOMEM;
    readahead->settings = *settings;
    *ret_readahead = readahead;
    return 0;
}

void readahead_free(struct readahead *readahead)
{
    if (!readahead)
        return;
    free(readahead->by_name);
    free(readahead);
}
