/* SPDX-License-Identifier: MIT */
/*
 * layout: the directory tree of a job that its field table implies: one directory for each part of a path before the
 * last, in the table's order. Directory 0 is the job's own.
 */
#ifndef FS_LAYOUT_H
#define FS_LAYOUT_H

#include "base/table.h"
#include "jobs/fields.h"

#include <stdbool.h>
#include <stddef.h>

enum { LAYOUT_DIRS_MAX = 32, LAYOUT_ENTRIES_MAX = LAYOUT_DIRS_MAX + FIELDS_MAX };

struct layout_entry {
    struct slice name;
    unsigned dir; /* that it is in */
    bool is_dir;  /* what `index` counts: directories or fields */
    unsigned index;
};

struct layout {
    struct slice dir_path[LAYOUT_DIRS_MAX]; /* below the job: "" for its own */
    unsigned dir_parent[LAYOUT_DIRS_MAX];
    unsigned n_dirs;
    struct layout_entry entries[LAYOUT_ENTRIES_MAX];
    unsigned n_entries;
};

/* Points into the kind's table. */
void layout_init(struct layout *layout, const struct kind *kind);
/* The entry of this name in a directory, or NULL. */
const struct layout_entry *layout_find(const struct layout *layout, unsigned dir, const char *name);

#endif
