/* SPDX-License-Identifier: MIT */
/*
 * tree: what the kernel is told: nodes, attributes, lifetimes. It knows nothing of FUSE and answers from memory, at
 * once; where a caller must wait for the network it says TREE_WAIT, and the adapter parks the request.
 *
 * A value is a file that never changes. Each version of one has a node of its own: resolved (it shows a record's value
 * for ever), failed (reading it gives an errno for ever) or pending (looked up when the value was not fresh; its first
 * getattr waits, and makes it one of the other two). A lookup of a value that is not fresh gives a node that no other
 * lookup has given: a shared one would lose its size to another's lookup. Freshness lives in the entry that points to a
 * version, and in the attributes of the job's directory.
 *
 * Which call may wait, and every lifetime: see tree_getattr() and the functions that fill a struct tree_attr.
 */
#ifndef FS_TREE_H
#define FS_TREE_H

#include "base/buf.h"
#include "jobs/cache.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { TREE_ROOT = 1, TREE_WAIT = 1 };
#define TREE_FOREVER_MS INT64_C(1000000000000)

struct tree_attr {
    uint64_t node; /* 0: no such name, or (in a listing) not looked up */
    uint64_t ino;  /* st_ino: of the value, where the node is only a handle */
    bool is_dir;
    mode_t mode; /* 0: that of every file, or directory */
    uint64_t size;
    int64_t mtime_ms;
    unsigned mtime_ns; /* besides: tells apart directories whose names have changed; less than a million */
    int64_t ctime_ms;  /* when the service last confirmed it */
    int64_t entry_ms;  /* how long the name may be kept */
    int64_t attr_ms;   /* how long the attributes may be kept */
};

struct arn;
struct control;

/* What the kernel does not give by itself. */
struct tree_counts {
    uint64_t hits;   /* values looked up, and lists opened, that were given from memory */
    uint64_t misses; /* waits that were begun */
};

struct tree_settings {
    const struct kind *kind;
    struct cache *cache;     /* of the root's jobs */
    struct control *control; /* the mount's own files; NULL: it has none */
    /* The jobs that an ARN is about; NULL where it may not be asked for (-ENOENT). */
    struct cache *(*cache_of)(void *data, const struct arn *arn);
    void *data;
    const struct clock *clock;
    struct tree_counts *counts; /* NULL: nobody counts */
    int64_t negative_ttl_ms;    /* how long a name that cannot be a job's, or is none, may be kept */
};

struct tree;

/* What the settings point to must outlive it. 0 or -ENOMEM. */
int tree_new(const struct tree_settings *settings, struct tree **ret_tree);
void tree_free(struct tree *tree); /* takes NULL */

/* All of these return 0 or -errno; `node` comes from the kernel, an unknown one is -ESTALE. */

/* Counts one lookup of ret->node. -ENOENT sets ret->entry_ms. Never waits. While the last listing has failed, a name
 * among the jobs that holds *, ? or [ gives its errno: a shell passes on a glob that it could not expand. */
int tree_lookup(struct tree *tree, uint64_t node, const char *name, struct tree_attr *ret);
void tree_forget(struct tree *tree, uint64_t node, uint64_t lookups);
/* TREE_WAIT: ask again with tree_getattr_waited() when tree_wait()'s waiter has been called. */
int tree_getattr(struct tree *tree, uint64_t node, struct tree_attr *ret);
/* `number`: what the waiter was called with. */
int tree_getattr_waited(struct tree *tree, uint64_t node, int number, struct tree_attr *ret);
/* TREE_WAIT: the listing of the root, or of an ARN's jobs, must be waited for; then the waiter's number is the answer.
 * `is_listed`: the caller means to list it (O_DIRECTORY); otherwise the last listing does. */
int tree_opendir(struct tree *tree, uint64_t node, bool is_listed);
/* Whether what the kernel keeps of the directory's listing is still good. */
bool tree_opendir_keeps(struct tree *tree, uint64_t node);
/* Given up with waiter_cancel(). */
int tree_wait(struct tree *tree, uint64_t node, struct waiter *waiter);

/* The bytes at `offset`, valid until the next call. */
int tree_read(struct tree *tree, uint64_t node, uint64_t offset, size_t size, struct slice *ret);

/* Called for each entry from `offset` on; returns whether it fitted. `next` is the offset after it. */
typedef bool tree_emit_fn(void *data, const char *name, const struct tree_attr *attr, uint64_t next);
/* `plus`: each entry emitted with a node counts as looked up. */
int tree_readdir(struct tree *tree, uint64_t node, uint64_t offset, bool plus, tree_emit_fn *emit, void *data);

/* For statfs and tests. */
size_t tree_count_jobs(const struct tree *tree);
size_t tree_count_versions(const struct tree *tree);

/* The names of the jobs in `cache` have changed: calls `changed` with each node that lists them. */
void tree_names_changed(const struct tree *tree, const struct cache *cache, void (*changed)(void *data, uint64_t node),
                        void *data);

#endif
