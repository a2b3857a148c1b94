/* SPDX-License-Identifier: MIT */
/*
 * layout: the directory tree of a job that its field table implies: one directory for each part of a path before the
 * last and for each map, in the table's order; then describe.json. Directory 0 is the job's own.
 *
 * Where the answer nests deeper than the tree (jobInput.s3DataSource.path is jobInput/path) the API's own longer path
 * resolves too: jobInput/s3DataSource is an alias, a directory that holds what jobInput holds and is never listed.
 */
#ifndef FS_LAYOUT_H
#define FS_LAYOUT_H

#include "base/table.h"
#include "jobs/fields.h"

#include <stdbool.h>
#include <stddef.h>

enum { LAYOUT_DIRS_MAX = 32, LAYOUT_ENTRIES_MAX = LAYOUT_DIRS_MAX + FIELDS_MAX + 1 };
/* As the index of a file: the whole answer. */
enum { LAYOUT_DESCRIBE = FIELDS_MAX };

struct layout_entry {
    struct slice name;
    unsigned dir; /* that it is in */
    bool is_dir;  /* what `index` counts: directories or fields */
    unsigned index;
};

struct layout {
    const struct kind *kind;
    struct slice dir_path[LAYOUT_DIRS_MAX]; /* below the job: "" for its own */
    unsigned dir_parent[LAYOUT_DIRS_MAX];
    unsigned dir_same[LAYOUT_DIRS_MAX]; /* whose content it has: its own number, or, for an alias, its parent's */
    bool dir_is_map[LAYOUT_DIRS_MAX];   /* only a describe tells what is in it */
    unsigned n_dirs;
    struct layout_entry entries[LAYOUT_ENTRIES_MAX];
    unsigned n_entries;
};

/* Points into the kind's table. */
void layout_init(struct layout *layout, const struct kind *kind);
/* The entry of this name in a directory, aliases included, or NULL. */
const struct layout_entry *layout_find(const struct layout *layout, unsigned dir, const char *name);
/* Whether an entry is one that listings leave out. */
bool layout_is_alias(const struct layout *layout, const struct layout_entry *entry);
/* Walks the directories at the beginning of *path, which is then what is left; the directory reached. */
unsigned layout_walk(const struct layout *layout, const char **path);
/* A file's path below the job: of a field, or "describe.json". */
struct slice layout_file_path(const struct layout *layout, unsigned index);

#endif
