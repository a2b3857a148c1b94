/* SPDX-License-Identifier: MIT */
/*
 * control: the mount's own files, `.personalizefs/` at the root: a directory that resolves and is never listed there.
 * src/fs/control_files.c has the table of them; this module makes nodes of it, as the tree does of values, and the tree
 * hands to it every node that control_owns().
 *
 * Opening is never asked for (see CONTRIBUTING.md), so what an opening sees begins with its lookup: each lookup of a
 * snapshot gives a node that no other has given, and the getattr that follows takes the snapshot, which is that node's
 * until it is forgotten. A file that grows is the same node for all lookups, until another takes its name; its
 * attributes are asked for every time.
 */
#ifndef FS_CONTROL_H
#define FS_CONTROL_H

#include "aws/settings.h"
#include "aws/stats.h"
#include "base/buf.h"
#include "fs/tree.h"
#include "jobs/cache.h"
#include "jobs/failures.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONTROL_NAME ".personalizefs"
enum { CONTROL_TEXT_MAX = 1 << 20 };

/* What the files tell of. All of it outlives the control. */
struct control_sources {
    const struct clock *clock;
    struct cache *cache; /* of the mount's own jobs */
    const struct failures *failures;
    const struct stats *stats;
    const struct tree_counts *counts;
    struct jobs_table *jobs_table;
    struct events_file *events;
    /* Calls `visit` with each setting in force. */
    void (*visit_settings)(void *data, settings_visit_fn *visit, void *visit_data);
    void *data;
};

/* What a file holds at one moment, read by range. Whoever makes one embeds it. */
struct snapshot {
    uint64_t node; /* set by the control when it has one */
    uint64_t size; /* exact */
    /* A hash of what it holds, or a number of this content alone: st_ino is made of it. 0: st_ino is the name's,
     * whatever it holds. What differs at each look must be so: cp(1) takes no file that is another when it is opened.
     */
    uint64_t content;
    int64_t changed_ms;   /* mtime: when it came to hold this, wall clock */
    int64_t confirmed_ms; /* ctime: when it was last known to hold this, wall clock */
    /* Appends at most `size` bytes from `offset` on, fewer only at the end. 0 or -errno. */
    int (*read)(const struct snapshot *snapshot, uint64_t offset, size_t size, struct buf *to);
    /* Of a file that grows, else NULL: sets `size` and the times to what may be said now. */
    void (*look)(struct snapshot *snapshot);
    void (*free)(struct snapshot *snapshot);
};

enum control_trait {
    CONTROL_WAITS = 1 << 0,   /* opening it waits for the root's listing if that is not fresh, and fails as it does */
    CONTROL_RELISTS = 1 << 1, /* opening it starts a listing in the background if the last is older than list-ttl */
    CONTROL_GROWS =
        1 << 2 /* what is added is seen by who has it open; a snapshot with another `content` is another file */
};

/* One of the two functions is set. */
struct control_file {
    const char *name;
    mode_t mode;
    unsigned traits;  /* enum control_trait */
    const char *help; /* what it holds, one line */
    /* Appends a text, whole, when it is opened; fails only for memory: that sticks in `to`. Returns since when it has
     * been so, wall clock; 0: since now. */
    int64_t (*render)(const struct control_sources *sources, struct buf *to);
    /* A snapshot that is rendered by range, or grows. 0 or -errno. */
    int (*take)(const struct control_sources *sources, struct snapshot **ret_snapshot);
};

/* File `i` of the table, in the order of listings; NULL after the last. */
const struct control_file *control_file_at(size_t i);

struct control;

/* The sources are copied. 0 or -ENOMEM. */
int control_new(const struct control_sources *sources, struct control **ret_control);
void control_free(struct control *control); /* takes NULL */

/* Whether a node is one of these. */
bool control_owns(uint64_t node);
/* The directory. */
struct tree_attr control_dir_attr(const struct control *control);

/* As those of tree.h. */
int control_lookup(struct control *control, uint64_t node, const char *name, struct tree_attr *ret);
void control_forget(struct control *control, uint64_t node, uint64_t lookups);
int control_getattr(struct control *control, uint64_t node, struct tree_attr *ret);
int control_getattr_waited(struct control *control, uint64_t node, int number, struct tree_attr *ret);
int control_opendir(uint64_t node);
int control_wait(struct control *control, uint64_t node, struct waiter *waiter);
/* Appends to `to`. */
int control_read(struct control *control, uint64_t node, uint64_t offset, size_t size, struct buf *to);
int control_readdir(const struct control *control, uint64_t node, uint64_t offset, tree_emit_fn *emit, void *data);

/* Snapshots that the kernel holds: for tests. */
size_t control_count_snapshots(const struct control *control);

#endif
