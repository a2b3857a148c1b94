/* SPDX-License-Identifier: MIT */
/*
 * version: one version of one value of a job, and the inode numbers of values. See fs/tree.h for what versions are.
 */
#ifndef FS_VERSION_H
#define FS_VERSION_H

#include "base/buf.h"
#include "base/list.h"
#include "jobs/job.h"

#include <stdbool.h>
#include <stdint.h>

/* A job that the kernel holds something of. */
struct view {
    uint64_t id;
    uint64_t lookups; /* of its directories */
    struct job *job;  /* pinned */
    struct list versions;
};

enum version_state { VERSION_PENDING, VERSION_RESOLVED, VERSION_FAILED };

struct version {
    uint64_t id;
    uint64_t lookups;
    struct list node; /* among the view's, oldest first */
    struct view *view;
    unsigned field;
    enum version_state state;
    int failed_number;     /* of a failed one */
    int64_t confirmed_ms;  /* wall clock */
    struct record *record; /* whose value it shows; of a failed one: the last known, or NULL */
};

/* A pending one, with no lookup yet; NULL: no memory. */
struct version *version_new(struct view *view, unsigned field, uint64_t id);
void version_free(struct version *version);
/* A pending one takes what its job's last describe said. */
void version_resolve(struct version *version);
/* A pending one becomes one whose reading fails. */
void version_fail(struct version *version, int number);
/* Whether a resolved one shows what its job's last describe said (then it is confirmed by it). */
bool version_is_current(struct version *version);
/* The oldest resolved one of a field that is current, or NULL: it has the pages. */
struct version *version_find_current(const struct view *view, unsigned field);

/* st_ino: a hash of the job's ARN, the path and (of a value) what it holds: the same after a remount. */
uint64_t ino_of_path(const struct job *job, struct slice path);
uint64_t ino_of_value(const struct job *job, unsigned field, const struct kind *kind, const struct buf *text);

#endif
