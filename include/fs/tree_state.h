/* SPDX-License-Identifier: MIT */
/* tree_state: what the files that make up the tree share. For src/fs alone. */
#ifndef FS_TREE_STATE_H
#define FS_TREE_STATE_H

#include "fs/content.h"
#include "fs/layout.h"
#include "fs/nodes.h"
#include "fs/tree.h"

enum { TREE_PATH_MAX = 16384 };

struct tree {
    struct tree_settings settings;
    struct tree_counts own_counts; /* where nobody else counts */
    struct layout layout;
    struct nodes nodes;
    struct content *content; /* of the record that was looked at last */
    struct buf scratch;      /* what tree_read returns */
};

static inline int64_t tree_now_ms(const struct tree *tree) { return clock_monotonic_ms(tree->settings.clock); }

/* The content of a record, the tree's own, valid until the next call; NULL: no memory. */
const struct content *tree_content(struct tree *tree, struct record *record);

/* A hash of the names in a job that only its last answer tells; 0: none. */
uint32_t names_hash(struct tree *tree, const struct job *job);

/* Attributes, each with its lifetimes. */
struct tree_attr realm_attr(const struct tree *tree, const struct realm *realm);
struct tree_attr dir_attr(struct tree *tree, const struct view *view, unsigned dir);
/* A directory that only an answer tells of: known by the last describe (is_known), or guessed. */
struct tree_attr branch_attr(struct tree *tree, const struct branch *branch, bool is_known);
struct tree_attr version_attr(const struct tree *tree, struct version *version);

/* st_ino of a path in a job, without a value. */
uint64_t ino_of_path(const struct job *job, const char *path, size_t len);
/* st_ino of a file's value as far as it is known; that of the path where it is not. 0 or -errno. */
int ino_of_current(struct tree *tree, const struct job *job, unsigned field, const char *path, uint64_t *ret_ino);

/* Who can tell the value of a file: a field of the layout, or FIELD_NONE. */
enum ask tree_asks(const struct tree *tree, unsigned field);

/* A pending version takes what is known of its value, or becomes one whose reading fails. 0 or -ENOMEM. */
int version_resolve(struct tree *tree, struct version *version);
int version_fail(struct tree *tree, struct version *version, int number);
/* The version that a lookup gives now: the current one, one that says why there is none, or one that is to be waited
 * for. 0 or -ENOMEM. */
int version_for_lookup(struct tree *tree, struct view *view, unsigned field, const char *path,
                       struct version **ret_version);

/* dir/name, or name where dir is "". False: too long. */
bool path_join(const char *dir, const char *name, char to[TREE_PATH_MAX]);
/* The path of a directory of the layout. */
void path_of_dir(const struct layout *layout, unsigned dir, char to[TREE_PATH_MAX]);

#endif
