/* SPDX-License-Identifier: MIT */
/*
 * content: what a record holds, as files and directories. The documented fields are where the layout has them; every
 * other member of the answer is a member of the static directory that its object is shown as: an object or array is a
 * directory (of its members, or of 0, 1, …), a scalar a file, null an empty file.
 *
 * A content is made of a record and points into it; it is kept only as long as it is being looked at.
 */
#ifndef FS_CONTENT_H
#define FS_CONTENT_H

#include "base/buf.h"
#include "fs/layout.h"
#include "fs/names.h"
#include "jobs/record.h"

#include <stdbool.h>
#include <stdint.h>

struct content;

/* A member that the table does not name. `parent`: a directory of the layout, or MEMBER_BASE + the index of a member.
 */
struct member {
    unsigned parent;
    bool is_dir;
    struct packed_value value;
    const char *name;
};
enum { MEMBER_BASE = LAYOUT_DIRS_MAX };

/* Takes a reference to the record. 0 or -ENOMEM. `layout` must outlive it. */
int content_new(const struct layout *layout, struct record *record, struct content **ret_content);
void content_free(struct content *content); /* takes NULL */
const struct record *content_record(const struct content *content);

/* The members in `parent`, in the answer's order: *at starts at 0. NULL after the last. */
const struct member *content_next(const struct content *content, unsigned parent, unsigned *at);
/* The member at a path below the job's directory ("batchInferenceJobConfig/rankingInfluence/popularity"), or NULL;
 * *ret_parent is its number as a parent. */
const struct member *content_find(const struct content *content, const char *path, unsigned *ret_parent);
/* A hash of all members' names; 0 if there are none. */
uint64_t content_names_hash(const struct content *content);

/* Append what a file holds: a documented field (or the whole answer: LAYOUT_DESCRIBE), or a member. 0 or -errno. */
int content_render_field(const struct content *content, unsigned field, struct buf *to);
int content_render_member(const struct member *member, struct buf *to);

#endif
