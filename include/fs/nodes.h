/* SPDX-License-Identifier: MIT */
/*
 * nodes: what the kernel holds a number of, and how often it was given. A number is an id, which is never used twice,
 * and what it is of. Four things have nodes:
 *
 *   realm    a directory of jobs: the root, or an ARN without a name (one region of one account)
 *   view     a job in a realm; its directories that the layout knows share its id
 *   branch   a directory in a job that only an answer tells of
 *   version  one version of one value
 *
 * Those of fs/control.h are of a kind of their own, and kept there.
 */
#ifndef FS_NODES_H
#define FS_NODES_H

#include "base/list.h"
#include "base/table.h"
#include "fs/layout.h"
#include "jobs/cache.h"

#include <stdbool.h>
#include <stdint.h>

enum { NODE_KIND_BITS = 8, NODE_CONTROL = 252, NODE_REALM = 253, NODE_BRANCH = 254, NODE_VERSION = 255, NODE_ROOT = 1 };

struct realm {
    struct cache *cache;
    uint64_t ino;
    uint64_t read_epoch; /* the listing that the kernel was last given from its beginning */
    bool by_arn;
    char name[]; /* "" for the root */
};

struct view {
    uint64_t id;
    uint64_t lookups; /* of its directories that the layout knows */
    struct job *job;  /* pinned */
    struct realm *realm;
    struct list branches;
    struct list versions;
    /* A hash of the names that only an answer tells, in the listings of its directories that the kernel was given. */
    uint32_t told_names;
    bool told;
    bool told_mixed; /* directories were listed with different ones */
};

struct branch {
    uint64_t id;
    uint64_t lookups;
    struct list node; /* among the view's */
    struct view *view;
    char path[]; /* below the job's directory */
};

enum version_state { VERSION_PENDING, VERSION_RESOLVED, VERSION_FAILED };
enum { FIELD_NONE = LAYOUT_DESCRIBE + 1 };

struct version {
    uint64_t id;
    uint64_t lookups;
    struct list node; /* among the view's, in the order in which they came to show a value */
    struct view *view;
    enum version_state state;
    unsigned field; /* of the layout; FIELD_NONE: a member, at `path` */
    int failed_number;
    uint64_t ino;
    uint64_t size;
    int64_t updated_ms;
    int64_t confirmed_ms;
    struct record *record; /* whose value it shows; of a failed one: the last known, or NULL */
    char path[];           /* below the job's directory */
};

enum { REALMS_MAX = 16 };

struct nodes {
    struct table views;
    struct table branches;
    struct table versions;
    uint64_t last_id;
    struct realm *realms[REALMS_MAX]; /* the root is 0; a realm's number is its place */
    unsigned n_realms;
};

void nodes_init(struct nodes *nodes);
/* Frees all of them, and gives the jobs back. */
void nodes_release(struct nodes *nodes);

/* The realm of this name, made if there is none; NULL: no memory, or there are REALMS_MAX. */
struct realm *realm_get(struct nodes *nodes, struct cache *cache, const char *name);
uint64_t realm_node(const struct nodes *nodes, const struct realm *realm);
/* NULL for a number that is no realm's. */
struct realm *realm_find(const struct nodes *nodes, uint64_t node);

/* The view of a pinned job, which takes the pin over; NULL (and the pin is given back): no memory. */
struct view *view_get(struct nodes *nodes, struct realm *realm, struct job *job);
uint64_t view_node(const struct view *view, unsigned dir);
/* *ret_dir: which of its directories. NULL for a number that is no view's. */
struct view *view_find(const struct nodes *nodes, uint64_t node, unsigned *ret_dir);
/* Frees it if the kernel holds nothing of it any more. */
void view_drop_if_idle(struct nodes *nodes, struct view *view);

/* The branch at this path, made if there is none; NULL: no memory. */
struct branch *branch_get(struct nodes *nodes, struct view *view, const char *path);
uint64_t branch_node(const struct branch *branch);
struct branch *branch_find(const struct nodes *nodes, uint64_t node);
void branch_drop_if_idle(struct nodes *nodes, struct branch *branch);

/* A new pending one, with no lookup yet; NULL: no memory. */
struct version *version_new(struct nodes *nodes, struct view *view, unsigned field, const char *path);
uint64_t version_node(const struct version *version);
struct version *version_find(const struct nodes *nodes, uint64_t node);
/* Frees it, and its view if that was all of it. */
void version_drop(struct nodes *nodes, struct version *version);

/* The kernel gives lookups back. */
void nodes_forget(struct nodes *nodes, uint64_t node, uint64_t lookups);

#endif
