/* SPDX-License-Identifier: MIT */
/* Attributes and lifetimes, and the versions of values. */
#include "fs/render.h"
#include "fs/tree_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { INO_FIRST = 2, NS_PER_MS = 1000000 }; /* 0 is no inode, 1 the root */

const struct content *tree_content(struct tree *tree, struct record *record)
{
    if (tree->content && content_record(tree->content) == record)
        return tree->content;
    content_free(tree->content);
    tree->content = NULL;
    (void)content_new(&tree->layout, record, &tree->content);
    return tree->content;
}

bool path_join(const char *dir, const char *name, char to[TREE_PATH_MAX])
{
    int len = snprintf(to, TREE_PATH_MAX, "%s%s%s", dir, *dir ? "/" : "", name);
    return len >= 0 && len < TREE_PATH_MAX;
}

void path_of_dir(const struct layout *layout, unsigned dir, char to[TREE_PATH_MAX])
{
    struct slice path = layout->dir_path[dir];
    (void)snprintf(to, TREE_PATH_MAX, "%.*s", (int)path.len, path.data);
}

/* ---- inode numbers ---- */

static uint64_t ino_of(const struct job *job, const char *path, size_t len, const struct buf *text)
{
    const struct knowledge *latest = job_latest(job);
    uint64_t hash = latest ? record_arn_hash(latest->record) : hash_bytes(0, job->name, strlen(job->name));
    hash = hash_bytes(hash, path, len);
    if (text && text->len)
        hash = hash_bytes(hash, text->data, text->len);
    return hash < INO_FIRST ? hash + INO_FIRST : hash;
}

uint64_t ino_of_path(const struct job *job, const char *path, size_t len) { return ino_of(job, path, len, NULL); }

/* ---- directories ---- */

struct tree_attr realm_attr(const struct tree *tree, const struct realm *realm)
{
    int64_t changed_ms = cache_listing(realm->cache)->changed_wall_ms;
    return (struct tree_attr){ .node = realm_node(&tree->nodes, realm),
                               .ino = realm->ino,
                               .is_dir = true,
                               .mtime_ms = changed_ms,
                               .ctime_ms = changed_ms,
                               .entry_ms = TREE_FOREVER_MS,
                               .attr_ms = TREE_FOREVER_MS };
}

/* What is left of a freshness; where nothing is, of a failure, which is repeated for as long. */
static int64_t left_or_failed_ms(const struct tree *tree, const struct job *job, int64_t left_ms)
{
    int64_t now_ms = tree_now_ms(tree);
    return !left_ms && job->inquiry->failed_until_ms > now_ms ? job->inquiry->failed_until_ms - now_ms : left_ms;
}

uint32_t names_hash(struct tree *tree, const struct job *job)
{
    const struct content *content =
        job->inquiry->described.record ? tree_content(tree, job->inquiry->described.record) : NULL;
    return content ? (uint32_t)content_names_hash(content) : 0;
}

/* The kernel drops what it keeps of a listing when the directory's mtime moves, so names move it, below a millisecond.
 */
static unsigned ns_of(uint32_t names) { return names ? names % (NS_PER_MS - 1) + 1 : 0; }

/*
 * A directory of a job that the layout knows. The job's own: the name for ever, the attributes as long as they are
 * fresh (or its failure is repeated). One below: for ever, being those of its creation; but a map's are as old as the
 * last describe, which alone tells what is in it. Of a job that is not known: nothing, so that a getattr comes and
 * waits.
 */
struct tree_attr dir_attr(struct tree *tree, const struct view *view, unsigned dir)
{
    const struct job *job = view->job;
    const struct knowledge *latest = job_latest(job);
    struct slice path = tree->layout.dir_path[dir];
    struct tree_attr attr = { .node = view_node(view, dir),
                              .is_dir = true,
                              .ino = ino_of_path(job, path.data, path.len) };
    if (!job_is_known(job))
        return attr;
    bool is_map = tree->layout.dir_is_map[dir];
    int64_t now_ms = tree_now_ms(tree);
    attr.ctime_ms = latest->confirmed_ms;
    if (dir && !is_map) {
        attr.mtime_ms = record_created_ms(latest->record);
        attr.entry_ms = attr.attr_ms = TREE_FOREVER_MS;
        return attr;
    }
    attr.mtime_ms = record_updated_ms(latest->record);
    attr.mtime_ns = ns_of(names_hash(tree, job));
    attr.entry_ms = is_map && !job->inquiry->described.record ? 0 : TREE_FOREVER_MS;
    attr.attr_ms =
        left_or_failed_ms(tree, job, is_map ? job_left_ms(job, ASK_DESCRIBED, now_ms) : job_dir_left_ms(job, now_ms));
    return attr;
}

struct tree_attr branch_attr(struct tree *tree, const struct branch *branch, bool is_known)
{
    const struct job *job = branch->view->job;
    struct tree_attr attr = { .node = branch_node(branch),
                              .is_dir = true,
                              .ino = ino_of_path(job, branch->path, strlen(branch->path)) };
    if (!is_known)
        return attr;
    attr.mtime_ms = record_updated_ms(job->inquiry->described.record);
    attr.mtime_ns = ns_of(names_hash(tree, job));
    attr.ctime_ms = job->inquiry->described.confirmed_ms;
    attr.entry_ms = job_left_ms(job, ASK_DESCRIBED, tree_now_ms(tree));
    attr.attr_ms = left_or_failed_ms(tree, job, attr.entry_ms);
    return attr;
}

/* ---- versions ---- */

enum ask tree_asks(const struct tree *tree, unsigned field)
{
    const struct kind *kind = tree->layout.kind;
    return field < kind->n_fields && kind->fields[field].listed ? ASK_ANY : ASK_DESCRIBED;
}

/* What shows the value of a file, however old; NULL: nothing. */
static const struct knowledge *shown(const struct tree *tree, const struct job *job, unsigned field)
{
    return job_shown(job, tree_asks(tree, field), tree_now_ms(tree));
}

/* Appends what a record holds at a path. 0, -ENOENT where it holds no file there, or -errno. */
static int render_at(struct tree *tree, struct record *record, unsigned field, const char *path, struct buf *to)
{
    const struct content *content = tree_content(tree, record);
    unsigned parent = 0;
    if (!content)
        return -ENOMEM;
    if (field != FIELD_NONE)
        return content_render_field(content, field, to);
    const struct member *member = content_find(content, path, &parent);
    return !member || member->is_dir ? -ENOENT : content_render_member(member, to);
}

int ino_of_current(struct tree *tree, const struct job *job, unsigned field, const char *path, uint64_t *ret_ino)
{
    const struct knowledge *known = shown(tree, job, field);
    BUF_CLEANUP struct buf text = BUF_INIT(RENDER_BYTES_MAX);
    int result = known ? render_at(tree, known->record, field, path, &text) : 0;
    *ret_ino = ino_of(job, path, strlen(path), &text);
    return result == -ENOENT ? 0 : result;
}

static int take_record(struct tree *tree, struct version *version)
{
    const struct job *job = version->view->job;
    const struct knowledge *known = shown(tree, job, version->field);
    struct record *record = known ? known->record : NULL;
    struct record *before = version->record;
    BUF_CLEANUP struct buf text = BUF_INIT(RENDER_BYTES_MAX);
    int result = record ? render_at(tree, record, version->field, version->path, &text) : 0;
    if (result && result != -ENOENT)
        return result;
    version->ino = ino_of(job, version->path, strlen(version->path), &text);
    version->size = text.len;
    version->updated_ms = record ? record_updated_ms(record) : 0;
    version->confirmed_ms = known ? known->confirmed_ms : 0;
    version->record = record ? record_ref(record) : NULL;
    record_unref(before);
    return result;
}

int version_resolve(struct tree *tree, struct version *version)
{
    int result = take_record(tree, version);
    if (result == -ENOENT) { /* a member that is no more, or is a directory now: the kernel walks again */
        version->state = VERSION_FAILED;
        version->failed_number = ESTALE;
        return -ESTALE;
    }
    if (result)
        return result;
    version->state = VERSION_RESOLVED;
    list_remove(&version->node); /* behind those that have been: the one that is current stays it */
    list_insert(&version->view->versions, &version->node);
    return 0;
}

int version_fail(struct tree *tree, struct version *version, int number)
{
    int result = take_record(tree, version);
    if (result && result != -ENOENT)
        return result;
    version->state = VERSION_FAILED;
    version->failed_number = number;
    return 0;
}

/* Whether a resolved one shows what is known now; then it is confirmed by it, and holds that record, so that the older
 * one need not live on for the same value. */
static bool version_is_current(struct tree *tree, struct version *version, const struct knowledge *known)
{
    const struct job *job = version->view->job;
    struct record *record = known->record;
    uint64_t ino = 0;
    if (version->state != VERSION_RESOLVED)
        return false;
    if (version->record != record) {
        BUF_CLEANUP struct buf text = BUF_INIT(RENDER_BYTES_MAX);
        if (render_at(tree, record, version->field, version->path, &text))
            return false;
        ino = ino_of(job, version->path, strlen(version->path), &text);
        if (ino != version->ino || text.len != version->size || record_updated_ms(record) != version->updated_ms)
            return false;
        struct record *before = version->record;
        version->record = record_ref(record);
        record_unref(before);
    }
    version->confirmed_ms = known->confirmed_ms;
    return true;
}

/* The first that has become current: it has the pages. */
static struct version *find_current(struct tree *tree, const struct view *view, unsigned field, const char *path,
                                    const struct knowledge *known)
{
    list_each (node, after, &view->versions) {
        struct version *version = list_item(node, struct version, node);
        if (version->field == field && !strcmp(version->path, path) && version_is_current(tree, version, known))
            return version;
    }
    return NULL;
}

int version_for_lookup(struct tree *tree, struct view *view, unsigned field, const char *path,
                       struct version **ret_version)
{
    const struct job *job = view->job;
    int64_t now_ms = tree_now_ms(tree);
    const struct knowledge *usable = job_usable(job, tree_asks(tree, field), now_ms);
    struct version *version = usable ? find_current(tree, view, field, path, usable) : NULL;
    *ret_version = version;
    if (version)
        return 0;
    version = version_new(&tree->nodes, view, field, path);
    if (!version)
        return -ENOMEM;
    int result = 0;
    if (usable)
        result = version_resolve(tree, version);
    else if (job->inquiry->failed_until_ms > now_ms)
        result = version_fail(tree, version, job->inquiry->failed_number);
    if (result)
        version_drop(&tree->nodes, version);
    else
        *ret_version = version;
    return result;
}

/*
 * Resolved: the attributes for ever, the name as long as the value is fresh. Pending: neither. Failed: the attributes
 * for a second, so that the read that follows comes and is told; those last known, and a size of 1 where that was 0,
 * since nothing is read of an empty file.
 */
struct tree_attr version_attr(const struct tree *tree, struct version *version)
{
    const struct job *job = version->view->job;
    struct tree_attr attr = { .node = version_node(version),
                              .ino = version->ino,
                              .size = version->size,
                              .mtime_ms = version->updated_ms,
                              .ctime_ms = version->confirmed_ms };
    if (version->state == VERSION_PENDING)
        attr.ino = ino_of_path(job, version->path, strlen(version->path));
    else if (version->state == VERSION_FAILED) {
        attr.size = version->size ? version->size : 1;
        attr.attr_ms = FAILURE_MS;
    } else {
        attr.attr_ms = TREE_FOREVER_MS;
        const struct knowledge *known = shown(tree, job, version->field);
        int64_t left_ms = job_left_ms(job, tree_asks(tree, version->field), tree_now_ms(tree));
        attr.entry_ms = known && known->record == version->record ? left_or_failed_ms(tree, job, left_ms) : 0;
    }
    return attr;
}
