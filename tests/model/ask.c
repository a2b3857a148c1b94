/* SPDX-License-Identifier: MIT */
/* The kernel's requests, put to the tree and to the model. */
#include "world.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static int64_t now_of(const struct world *world) { return world->clock.monotonic_ms; }

/* ---- comparing ---- */

/* What a request was, for who reads a failure. */
struct what {
    const char *request;
    unsigned job;
    const char *file; /* "": the job's directory */
};

static void same(struct world *world, struct what what, const char *of, int64_t actual, int64_t expected)
{
    if (actual != expected)
        world_fail(world, "%s of %s/%s: %s is %" PRId64 ", not %" PRId64, what.request, job_name(what.job), what.file,
                   of, actual, expected);
}

static int same_result(struct world *world, struct what what, int result, const struct reply *expected)
{
    same(world, what, "the result", result, expected->result);
    return world_failed(world) ? -EIO : result;
}

static void same_lifetimes(struct world *world, struct what what, const struct tree_attr *attr,
                           const struct reply *expected)
{
    same(world, what, "the name's lifetime", attr->entry_ms, expected->entry_ms);
    same(world, what, "the attributes' lifetime", attr->attr_ms, expected->attr_ms);
}

static void same_times(struct world *world, struct what what, const struct tree_attr *attr,
                       const struct reply *expected)
{
    same(world, what, "mtime", attr->mtime_ms, expected->mtime_ms);
    same(world, what, "ctime", attr->ctime_ms, expected->ctime_ms);
}

/* An inode number names a value: always the same one, and never another's. */
static void same_ino(struct world *world, struct what what, enum file file, const char *text, uint64_t ino)
{
    for (unsigned i = 0; i < world->n_inos; i++) {
        const struct ino *known = &world->inos[i];
        bool is_same = known->job == what.job && known->file == file && !strcmp(known->text, text);
        if (is_same != (known->ino == ino))
            world_fail(world, "%s of %s/%s: the inode number of \"%s\" is %s", what.request, job_name(what.job),
                       what.file, text, is_same ? "another than before" : known->text);
        if (is_same)
            return;
    }
    if (world->n_inos == INOS_MAX)
        return;
    struct ino *known = &world->inos[world->n_inos++];
    *known = (struct ino){ .job = what.job, .file = file, .ino = ino };
    memcpy(known->text, text, strlen(text) + 1);
}

static void same_size(struct world *world, struct what what, enum file file, const struct tree_attr *attr,
                      const struct reply *expected)
{
    size_t size = strlen(expected->text);
    if (expected->kind == REPLY_FAILURE) {
        if (!expected->is_known)
            return;
        size = size ? size : 1; /* else nothing would be read */
    }
    same(world, what, "the size", (int64_t)attr->size, (int64_t)size);
    same_times(world, what, attr, expected);
    same_ino(world, what, file, expected->text, attr->ino);
}

static void become(struct kernel *kernel, struct inode *inode, const struct reply *reply)
{
    if (reply->kind == REPLY_VALUE && inode->kind != REPLY_VALUE)
        inode->order = ++kernel->last_order;
    inode->kind = reply->kind;
    inode->number = reply->number;
    inode->mtime_ms = reply->mtime_ms;
    memcpy(inode->text, reply->text, sizeof inode->text);
}

/* A node of a file that was never given before. */
static void is_new_node(struct world *world, struct what what, uint64_t node)
{
    for (unsigned i = 0; i < world->n_nodes; i++)
        if (world->nodes[i] == node)
            world_fail(world, "%s of %s/%s: the node was given before", what.request, job_name(what.job), what.file);
    if (world->n_nodes < NODES_MAX)
        world->nodes[world->n_nodes++] = node;
}

/* Takes the entry of a file: the node that shows the value already, or a new one. */
static struct inode *take_file(struct world *world, struct what what, enum file file, const struct tree_attr *attr,
                               const struct reply *expected)
{
    struct kernel *kernel = &world->kernel;
    struct inode *before = expected->kind == REPLY_VALUE ? inode_of_value(kernel, what.job, file, expected) : NULL;
    if (before)
        same(world, what, "the node", (int64_t)attr->node, (int64_t)before->node);
    else
        is_new_node(world, what, attr->node);
    same_lifetimes(world, what, attr, expected);
    if (expected->kind != REPLY_PENDING)
        same_size(world, what, file, attr, expected);
    struct inode *inode = inode_looked_up(kernel, attr->node);
    inode->job = what.job;
    inode->file = file;
    inode->attr_until_ms = now_of(world) + attr->attr_ms;
    become(kernel, inode, expected);
    return inode;
}

static struct inode *take_dir(struct world *world, unsigned job, const struct tree_attr *attr)
{
    struct inode *inode = inode_looked_up(&world->kernel, attr->node);
    inode->job = job;
    inode->is_dir = true;
    inode->attr_until_ms = now_of(world) + attr->attr_ms;
    return inode;
}

static void same_dir(struct world *world, struct what what, const struct tree_attr *attr, const struct reply *expected)
{
    same_lifetimes(world, what, attr, expected);
    same(world, what, "its being a directory", attr->is_dir, true);
    if (expected->is_known)
        same_times(world, what, attr, expected);
}

/* ---- lookup ---- */

/* One LOOKUP; *ret is referred to. */
static int lookup_job_once(struct world *world, unsigned job, struct name *name, struct inode **ret)
{
    const struct what what = { "lookup", job, "" };
    struct tree_attr attr;
    struct reply expected = model_lookup_job(&world->model, job);
    *ret = NULL;
    int result = same_result(world, what, tree_lookup(world->tree, TREE_ROOT, job_name(job), &attr), &expected);
    if (result == -ENOENT) {
        same(world, what, "the name's lifetime", attr.entry_ms, expected.entry_ms);
        name_set(&world->kernel, name, NULL, now_of(world) + attr.entry_ms);
        name->is_absent = true;
    }
    if (result)
        return result;
    same_dir(world, what, &attr, &expected);
    *ret = take_dir(world, job, &attr);
    inode_ref(*ret);
    name->until_ms = now_of(world) + attr.entry_ms;
    return 0;
}

static int lookup_file_once(struct world *world, struct inode *dir, enum file file, struct name *name,
                            struct inode **ret)
{
    const struct what what = { "lookup", dir->job, file_name(file) };
    struct tree_attr attr;
    struct reply expected = model_lookup_file(&world->model, dir->job, file);
    *ret = NULL;
    int result = same_result(world, what, tree_lookup(world->tree, dir->node, file_name(file), &attr), &expected);
    if (result)
        return result;
    *ret = take_file(world, what, file, &attr, &expected);
    inode_ref(*ret);
    name->until_ms = now_of(world) + attr.entry_ms;
    return 0;
}

/* The name that is kept is asked for again; where it stands for another node now, it is dropped and looked up anew. */
static int lookup(struct world *world, struct inode *dir, unsigned job, enum file file, struct name *name,
                  struct inode **ret)
{
    for (bool again = true; again;) {
        struct inode *before = name->inode;
        int result = dir ? lookup_file_once(world, dir, file, name, ret) : lookup_job_once(world, job, name, ret);
        if (result)
            return result;
        again = before && before != *ret;
        if (again) {
            inode_unref(&world->kernel, *ret);
            name_set(&world->kernel, name, NULL, 0);
        } else
            name_set(&world->kernel, name, *ret, name->until_ms);
    }
    return 0;
}

/* What is kept of a name. False: it must be asked for. */
static bool is_kept(const struct world *world, const struct name *name, struct inode **ret, int *ret_result)
{
    if (name->until_ms <= now_of(world) || (!name->inode && !name->is_absent))
        return false;
    *ret = name->inode;
    *ret_result = name->is_absent ? -ENOENT : 0;
    if (name->inode)
        inode_ref(name->inode);
    return true;
}

int ask_lookup_job(struct world *world, unsigned job, struct inode **ret)
{
    struct name *name = &world->kernel.jobs[job];
    int result = 0;
    return is_kept(world, name, ret, &result) ? result : lookup(world, NULL, job, 0, name, ret);
}

int ask_lookup_file(struct world *world, struct inode *dir, enum file file, struct inode **ret)
{
    struct name *name = &world->kernel.files[dir->job][file];
    int result = 0;
    return is_kept(world, name, ret, &result) ? result : lookup(world, dir, dir->job, file, name, ret);
}

/* ---- getattr ---- */

static int take_attr(struct world *world, struct what what, struct inode *inode, const struct tree_attr *attr,
                     const struct reply *expected)
{
    same(world, what, "the attributes' lifetime", attr->attr_ms, expected->attr_ms);
    inode->attr_until_ms = now_of(world) + attr->attr_ms;
    if (inode->is_dir) {
        if (expected->is_known)
            same_times(world, what, attr, expected);
        return 0;
    }
    same_size(world, what, inode->file, attr, expected);
    become(&world->kernel, inode, expected);
    return 0;
}

/* One that has settled: nothing of it moves but ctime. */
static struct reply settled(const struct inode *inode, const struct tree_attr *attr)
{
    struct reply reply = { .kind = inode->kind,
                           .is_known = inode->kind == REPLY_VALUE,
                           .number = inode->number,
                           .mtime_ms = inode->mtime_ms,
                           .ctime_ms = attr->ctime_ms,
                           .attr_ms = inode->kind == REPLY_VALUE ? MODEL_FOREVER_MS : 1000 };
    memcpy(reply.text, inode->text, sizeof reply.text);
    return reply;
}

int ask_getattr(struct world *world, struct inode *inode)
{
    const struct what what = { "getattr", inode->job, inode->is_dir ? "" : file_name(inode->file) };
    struct tree_attr attr;
    if (inode->attr_until_ms > now_of(world))
        return 0;
    struct reply expected = { 0 };
    if (inode->is_dir)
        expected = model_getattr_job(&world->model, inode->job);
    else if (inode->kind == REPLY_PENDING)
        expected = model_getattr_pending(&world->model, inode->job, inode->file);
    int result = tree_getattr(world->tree, inode->node, &attr);
    if (!inode->is_dir && inode->kind != REPLY_PENDING)
        expected = settled(inode, &attr);
    if (attr.ctime_ms > world->clock.wall_ms)
        world_fail(world, "%s is confirmed in the future", job_name(inode->job));
    result = same_result(world, what, result, &expected);
    return result ? result : take_attr(world, what, inode, &attr, &expected);
}

int ask_getattr_waited(struct world *world, struct inode *inode, int number)
{
    const struct what what = { "getattr, waited,", inode->job, inode->is_dir ? "" : file_name(inode->file) };
    struct tree_attr attr;
    struct reply expected = inode->is_dir
                                ? model_getattr_job_waited(&world->model, inode->job, number)
                                : model_getattr_pending_waited(&world->model, inode->job, inode->file, number);
    int result = same_result(world, what, tree_getattr_waited(world->tree, inode->node, number, &attr), &expected);
    return result ? result : take_attr(world, what, inode, &attr, &expected);
}

/* ---- read ---- */

int ask_read(struct world *world, struct inode *inode)
{
    const struct what what = { "read", inode->job, file_name(inode->file) };
    struct slice bytes = { NULL, 0 };
    size_t len = strlen(inode->text);
    if (inode->has_pages || (inode->kind == REPLY_VALUE && !len))
        return 0;
    int result = tree_read(world->tree, inode->node, 0, 4096, &bytes);
    same(world, what, "the result", result, inode->kind == REPLY_VALUE ? 0 : -inode->number);
    if (!result && (bytes.len != len || memcmp(bytes.data, inode->text, len) != 0))
        world_fail(world, "%s/%s reads \"%.*s\", not \"%s\"", job_name(inode->job), what.file, (int)bytes.len,
                   bytes.data, inode->text);
    inode->has_pages = !result;
    return world_failed(world) ? -EIO : result;
}

/* ---- listings ---- */

int ask_opendir(struct world *world)
{
    struct reply expected = { .result = model_opendir(&world->model) };
    return same_result(world, (struct what){ "opendir", 0, "" }, tree_opendir(world->tree, TREE_ROOT, true), &expected);
}

struct listed {
    struct world *world;
    unsigned place; /* in the root: of the job last met */
    struct inode *dir;
    unsigned n_files;
};

static bool met_job(void *data, const char *name, const struct tree_attr *attr, uint64_t next)
{
    struct listed *listed = data;
    struct world *world = listed->world;
    (void)next;
    if (*name == '.')
        return true;
    int expected = model_next(&world->model, listed->place);
    if (expected < 0 || job_number(name) != expected) {
        world_fail(world, "the root lists %s, not %s", name, expected < 0 ? "its end" : job_name((unsigned)expected));
        return true;
    }
    unsigned job = (unsigned)expected;
    struct reply reply = model_list_entry(&world->model, job);
    listed->place = world->model.jobs[job].place;
    same_dir(world, (struct what){ "the root's entry", job, "" }, attr, &reply);
    name_set(&world->kernel, &world->kernel.jobs[job], take_dir(world, job, attr), now_of(world) + attr->entry_ms);
    return true;
}

void ask_readdir_root(struct world *world)
{
    const struct what what = { "the root", 0, "" };
    struct listed listed = { .world = world };
    struct tree_attr attr;
    same(world, what, "the result of getattr", tree_getattr(world->tree, TREE_ROOT, &attr), 0);
    same(world, what, "mtime", attr.mtime_ms, world->model.list.changed_wall_ms);
    same(world, what, "its being kept", tree_opendir_keeps(world->tree, TREE_ROOT), world->model.list.is_read);
    world->model.list.is_read = true;
    int result = tree_readdir(world->tree, TREE_ROOT, 0, true, met_job, &listed);
    int left_out = model_next(&world->model, listed.place);
    if (result || left_out >= 0)
        world_fail(world, "the root does not list %s", left_out < 0 ? "" : job_name((unsigned)left_out));
}

static bool met_file(void *data, const char *name, const struct tree_attr *attr, uint64_t next)
{
    struct listed *listed = data;
    struct world *world = listed->world;
    unsigned job = listed->dir->job;
    (void)next;
    for (enum file file = 0; file < FILES; file++) {
        if (strcmp(name, file_name(file)) != 0)
            continue;
        const struct what what = { "the entry", job, name };
        struct reply expected = model_list_file(&world->model, job, file);
        listed->n_files++;
        same(world, what, "its being looked up", attr->node != 0, expected.kind == REPLY_VALUE);
        if (attr->node && expected.kind == REPLY_VALUE)
            name_set(&world->kernel, &world->kernel.files[job][file], take_file(world, what, file, attr, &expected),
                     now_of(world) + attr->entry_ms);
        return true;
    }
    if (attr->node) { /* nothing that the model knows: the kernel forgets it at once, but not from within */
        struct inode *inode = inode_looked_up(&world->kernel, attr->node);
        inode->is_dir = attr->is_dir;
        inode->job = job;
    }
    return true;
}

void ask_readdir_job(struct world *world, struct inode *dir)
{
    struct listed listed = { .world = world, .dir = dir };
    if (tree_opendir(world->tree, dir->node, true))
        world_fail(world, "a job's directory cannot be opened");
    else if (tree_readdir(world->tree, dir->node, 0, true, met_file, &listed) || listed.n_files != FILES)
        world_fail(world, "a job's directory does not list its files");
    for (unsigned i = 0; i < INODES_MAX; i++) {
        struct inode *inode = &world->kernel.inodes[i];
        if (inode->node && !inode->refs) {
            inode_ref(inode);
            inode_unref(&world->kernel, inode);
        }
    }
}
