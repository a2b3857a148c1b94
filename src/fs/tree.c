/* SPDX-License-Identifier: MIT */
#include "fs/tree.h"

#include "fs/layout.h"
#include "fs/render.h"
#include "fs/version.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A node number is an id, which is never used twice, and what it is: id * 256 + the directory's number in the layout
 * for those of a job, or VERSION. The root is 1.
 */
enum { KIND_BITS = 8, KIND_MASK = 255, KIND_VERSION = 255 };
/* Offsets in a listing: "." and ".." come first, an entry's offset is OFFSET_FIRST + its place. */
enum { OFFSET_SELF = 1, OFFSET_PARENT = 2 };

struct tree {
    struct tree_settings settings;
    struct layout layout;
    struct table views;    /* by id */
    struct table versions; /* by id */
    uint64_t last_id;
    uint64_t read_epoch; /* the listing that the kernel was last given from its beginning */
    struct buf scratch;  /* what tree_read returns */
};

static int64_t now_of(const struct tree *tree) { return clock_monotonic_ms(tree->settings.clock); }

static struct slice view_key(const void *item)
{
    return (struct slice){ (const char *)&((const struct view *)item)->id, sizeof(uint64_t) };
}

static struct slice version_key(const void *item)
{
    return (struct slice){ (const char *)&((const struct version *)item)->id, sizeof(uint64_t) };
}

static void *find(const struct table *table, uint64_t node)
{
    uint64_t id = node >> KIND_BITS;
    return table_get(table, (struct slice){ (const char *)&id, sizeof id });
}

static bool is_version(uint64_t node) { return (node & KIND_MASK) == KIND_VERSION; }

/* A job's directory or one below it: *ret_dir is its number in the layout. */
static struct view *find_view(const struct tree *tree, uint64_t node, unsigned *ret_dir)
{
    *ret_dir = (unsigned)(node & KIND_MASK);
    return node == TREE_ROOT || is_version(node) || *ret_dir >= tree->layout.n_dirs ? NULL : find(&tree->views, node);
}

static struct version *find_version(const struct tree *tree, uint64_t node)
{
    return is_version(node) ? find(&tree->versions, node) : NULL;
}

/* ---- views: a job as the kernel has it ---- */

/* The view of a pinned job, which takes the pin over; NULL (and the pin is given back): no memory. */
static struct view *view_get(struct tree *tree, struct job *job)
{
    struct view *view = job->view;
    if (view) {
        cache_unpin(tree->settings.cache, job);
        return view;
    }
    view = calloc(1, sizeof *view);
    if (view) {
        list_init(&view->versions);
        view->id = ++tree->last_id;
        view->job = job;
        if (!table_add(&tree->views, view)) {
            job->view = view;
            return view;
        }
    }
    free(view);
    cache_unpin(tree->settings.cache, job);
    return NULL;
}

static void view_free_if_idle(struct tree *tree, struct view *view)
{
    if (view->lookups || !list_empty(&view->versions))
        return;
    (void)table_remove(&tree->views, view_key(view));
    view->job->view = NULL;
    cache_unpin(tree->settings.cache, view->job);
    free(view);
}

static uint64_t node_of_dir(const struct view *view, unsigned dir) { return view->id << KIND_BITS | dir; }

/* ---- attributes ---- */

static struct tree_attr root_attr(const struct tree *tree)
{
    int64_t changed_ms = cache_listing(tree->settings.cache)->changed_wall_ms;
    return (struct tree_attr){ .node = TREE_ROOT,
                               .ino = TREE_ROOT,
                               .is_dir = true,
                               .mtime_ms = changed_ms,
                               .ctime_ms = changed_ms,
                               .entry_ms = TREE_FOREVER_MS,
                               .attr_ms = TREE_FOREVER_MS };
}

/*
 * A directory of a job. Known: the name for ever; the attributes of the job's own as long as they are fresh (or its
 * failure is repeated), of one below for ever: they are those of its creation. Not known: nothing, so that a getattr
 * comes and waits.
 */
static struct tree_attr dir_attr(const struct tree *tree, const struct job *job, uint64_t node, unsigned dir)
{
    const struct knowledge *latest = job_latest(job);
    struct tree_attr attr = { .node = node, .is_dir = true, .ino = ino_of_path(job, tree->layout.dir_path[dir]) };
    if (!job_is_known(job))
        return attr;
    int64_t now_ms = now_of(tree);
    int64_t left_ms = job_left_ms(job, now_ms);
    if (!left_ms && job->failed_until_ms > now_ms)
        left_ms = job->failed_until_ms - now_ms;
    attr.mtime_ms = dir ? record_created_ms(latest->record) : record_updated_ms(latest->record);
    attr.ctime_ms = latest->confirmed_ms;
    attr.entry_ms = TREE_FOREVER_MS;
    attr.attr_ms = dir ? TREE_FOREVER_MS : left_ms;
    return attr;
}

/*
 * A version. Resolved: the attributes for ever, the name as long as the value is fresh. Pending: neither. Failed: the
 * attributes for a second, so that the read that follows comes and is told; those last known, and a size of 1 where
 * that was 0, since nothing is read of an empty file.
 */
static int version_attr(struct tree *tree, struct version *version, struct tree_attr *ret)
{
    const struct job *job = version->view->job;
    BUF_CLEANUP struct buf text = BUF_INIT(RENDER_BYTES_MAX);
    *ret = (struct tree_attr){ .node = version->id << KIND_BITS | KIND_VERSION };
    if (version->record) {
        int result = render_value(version->record, version->field, &text);
        if (result)
            return result;
        ret->mtime_ms = record_updated_ms(version->record);
    }
    ret->ino = ino_of_value(job, version->field, tree->settings.kind, &text);
    ret->size = text.len;
    ret->ctime_ms = version->confirmed_ms;
    if (version->state == VERSION_FAILED) {
        ret->size = text.len ? text.len : 1;
        ret->attr_ms = FAILURE_MS;
    } else if (version->state == VERSION_RESOLVED) {
        ret->attr_ms = TREE_FOREVER_MS;
        ret->entry_ms = version_is_current(version) ? job_described_left_ms(job, now_of(tree)) : 0;
    }
    return 0;
}

/* ---- lookup ---- */

static int lookup_job(struct tree *tree, const char *name, struct tree_attr *ret)
{
    *ret = (struct tree_attr){ .entry_ms = tree->settings.list_negative_ttl_ms };
    if (!job_name_is_valid(name))
        return -ENOENT;
    struct job *job = cache_pin(tree->settings.cache, name);
    if (!job)
        return -ENOMEM;
    int64_t absent_ms = job->absent_until_ms - now_of(tree);
    if (absent_ms > 0) {
        cache_unpin(tree->settings.cache, job);
        ret->entry_ms = absent_ms;
        return -ENOENT;
    }
    struct view *view = view_get(tree, job);
    if (!view)
        return -ENOMEM;
    view->lookups++;
    *ret = dir_attr(tree, job, node_of_dir(view, 0), 0);
    return 0;
}

static int version_add(struct tree *tree, struct view *view, unsigned field, struct version **ret_version)
{
    struct version *version = version_new(view, field, ++tree->last_id);
    if (!version)
        return -ENOMEM;
    if (table_add(&tree->versions, version)) {
        version_free(version);
        return -ENOMEM;
    }
    *ret_version = version;
    return 0;
}

static void version_drop(struct tree *tree, struct version *version)
{
    struct view *view = version->view;
    (void)table_remove(&tree->versions, version_key(version));
    version_free(version);
    view_free_if_idle(tree, view);
}

/* The version that a lookup gives now: the current one, one that says why there is none, or one that is to be waited
 * for. */
static int version_for_lookup(struct tree *tree, struct view *view, unsigned field, struct version **ret_version)
{
    const struct job *job = view->job;
    int64_t now_ms = now_of(tree);
    bool fresh = job_is_known(job) && job_described_left_ms(job, now_ms);
    struct version *version = fresh ? version_find_current(view, field) : NULL;
    if (!version) {
        int result = version_add(tree, view, field, &version);
        if (result)
            return result;
        if (fresh)
            version_resolve(version);
        else if (job->failed_until_ms > now_ms)
            version_fail(version, job->failed_number);
    }
    *ret_version = version;
    return 0;
}

static int lookup_member(struct tree *tree, struct view *view, unsigned dir, const char *name, struct tree_attr *ret)
{
    const struct layout_entry *entry = layout_find(&tree->layout, dir, name);
    struct version *version = NULL;
    *ret = (struct tree_attr){ .entry_ms = job_left_ms(view->job, now_of(tree)) };
    if (!entry)
        return -ENOENT;
    if (entry->is_dir) {
        view->lookups++;
        *ret = dir_attr(tree, view->job, node_of_dir(view, entry->index), entry->index);
        return 0;
    }
    int result = version_for_lookup(tree, view, entry->index, &version);
    if (result)
        return result;
    result = version_attr(tree, version, ret);
    if (!result)
        version->lookups++;
    else if (!version->lookups)
        version_drop(tree, version);
    return result;
}

int tree_lookup(struct tree *tree, uint64_t node, const char *name, struct tree_attr *ret)
{
    unsigned dir = 0;
    if (node == TREE_ROOT)
        return lookup_job(tree, name, ret);
    struct view *view = find_view(tree, node, &dir);
    return view ? lookup_member(tree, view, dir, name, ret) : -ESTALE;
}

void tree_forget(struct tree *tree, uint64_t node, uint64_t lookups)
{
    unsigned dir = 0;
    struct version *version = find_version(tree, node);
    struct view *view = find_view(tree, node, &dir);
    if (version) {
        version->lookups -= lookups < version->lookups ? lookups : version->lookups;
        if (!version->lookups)
            version_drop(tree, version);
    } else if (view) {
        view->lookups -= lookups < view->lookups ? lookups : view->lookups;
        view_free_if_idle(tree, view);
    }
}

/* ---- getattr ---- */

static int getattr_dir(struct tree *tree, const struct job *job, uint64_t node, unsigned dir, struct tree_attr *ret)
{
    int64_t now_ms = now_of(tree);
    *ret = dir_attr(tree, job, node, dir);
    if (job_is_known(job))
        return ret->attr_ms ? 0 : TREE_WAIT;
    if (job->absent_until_ms > now_ms)
        return -ENOENT;
    return job->failed_until_ms > now_ms ? -job->failed_number : TREE_WAIT;
}

/* Makes a pending version what its job's state says now; false: that is still to be asked. */
static bool version_settle(struct tree *tree, struct version *version)
{
    const struct job *job = version->view->job;
    int64_t now_ms = now_of(tree);
    if (version->state != VERSION_PENDING)
        return true;
    if (job_is_known(job) && job_described_left_ms(job, now_ms))
        version_resolve(version);
    else if (job->failed_until_ms > now_ms)
        version_fail(version, job->failed_number);
    return version->state != VERSION_PENDING;
}

int tree_getattr(struct tree *tree, uint64_t node, struct tree_attr *ret)
{
    unsigned dir = 0;
    if (node == TREE_ROOT) {
        *ret = root_attr(tree);
        return 0;
    }
    const struct view *view = find_view(tree, node, &dir);
    if (view)
        return getattr_dir(tree, view->job, node, dir, ret);
    struct version *version = find_version(tree, node);
    if (!version)
        return -ESTALE;
    if (version_settle(tree, version))
        return version_attr(tree, version, ret);
    return version->view->job->absent_until_ms > now_of(tree) ? -ENOENT : TREE_WAIT;
}

int tree_getattr_waited(struct tree *tree, uint64_t node, int number, struct tree_attr *ret)
{
    struct version *version = find_version(tree, node);
    if (number == ESHUTDOWN || number == ENOENT)
        return -number;
    if (version && version->state == VERSION_PENDING) {
        if (number)
            version_fail(version, number);
        else
            version_resolve(version);
    }
    int result = tree_getattr(tree, node, ret);
    if (result != TREE_WAIT)
        return result;
    if (number && !version && !ret->entry_ms)
        return -number;
    ret->attr_ms = HOLD_MS;
    return 0;
}

/* ---- waiting ---- */

int tree_opendir(struct tree *tree, uint64_t node, bool is_listed)
{
    const struct listing_state *state = cache_listing(tree->settings.cache);
    unsigned dir = 0;
    if (node != TREE_ROOT)
        return find_view(tree, node, &dir) ? 0 : -ESTALE;
    if (state->listed_once && (!is_listed || state->fresh_until_ms > now_of(tree)))
        return 0;
    return TREE_WAIT;
}

bool tree_opendir_keeps(const struct tree *tree, uint64_t node)
{
    return node != TREE_ROOT || tree->read_epoch == cache_listing(tree->settings.cache)->epoch;
}

int tree_wait(struct tree *tree, uint64_t node, struct waiter *waiter)
{
    unsigned dir = 0;
    if (node == TREE_ROOT)
        return cache_list(tree->settings.cache, waiter);
    struct view *view = find_view(tree, node, &dir);
    struct version *version = find_version(tree, node);
    if (!view && !version)
        return -ESTALE;
    return cache_describe(tree->settings.cache, view ? view->job : version->view->job, waiter);
}

void tree_cancel(struct tree *tree, struct waiter *waiter) { cache_cancel(tree->settings.cache, waiter); }

/* ---- read ---- */

int tree_read(struct tree *tree, uint64_t node, uint64_t offset, size_t size, struct slice *ret)
{
    struct version *version = find_version(tree, node);
    if (!version || !version_settle(tree, version))
        return -ESTALE; /* the kernel asks for attributes before it reads, and has then waited */
    if (version->state == VERSION_FAILED)
        return -version->failed_number;
    buf_clear(&tree->scratch);
    int result = render_value(version->record, version->field, &tree->scratch);
    if (result)
        return result;
    size_t left = offset < tree->scratch.len ? tree->scratch.len - (size_t)offset : 0;
    *ret = (struct slice){ buf_str(&tree->scratch) + (left ? offset : 0), size < left ? size : left };
    return 0;
}

/* ---- readdir ---- */

static int readdir_root(struct tree *tree, uint64_t place, bool plus, tree_emit_fn *emit, void *data)
{
    for (struct job *job; (job = cache_next_listed(tree->settings.cache, place)); place = job->place) {
        struct tree_attr attr = { .ino = ino_of_path(job, tree->layout.dir_path[0]), .is_dir = true };
        struct view *view = NULL;
        if (plus) {
            view = view_get(tree, cache_pin(tree->settings.cache, job->name)); /* it is there: nothing is allocated */
            if (!view)
                return -ENOMEM;
            attr = dir_attr(tree, job, node_of_dir(view, 0), 0);
        }
        bool fitted = emit(data, job->name, &attr, OFFSET_PARENT + job->place);
        if (view && fitted)
            view->lookups++;
        else if (view)
            view_free_if_idle(tree, view);
        if (!fitted)
            break;
    }
    return 0;
}

/* A value's entry: looked up only where it is fresh, so that listing a job costs nothing. */
static int entry_attr(struct tree *tree, struct view *view, const struct layout_entry *entry, bool plus,
                      struct tree_attr *ret, struct version **ret_version)
{
    const struct job *job = view->job;
    BUF_CLEANUP struct buf text = BUF_INIT(RENDER_BYTES_MAX);
    int result = 0;
    if (entry->is_dir) {
        *ret = dir_attr(tree, job, node_of_dir(view, entry->index), entry->index);
        return 0;
    }
    if (plus && job_is_known(job) && job_described_left_ms(job, now_of(tree))) {
        result = version_for_lookup(tree, view, entry->index, ret_version);
        return result ? result : version_attr(tree, *ret_version, ret);
    }
    if (job->described.record)
        result = render_value(job->described.record, entry->index, &text);
    *ret = (struct tree_attr){ .ino = ino_of_value(job, entry->index, tree->settings.kind, &text) };
    return result;
}

static int readdir_job(struct tree *tree, struct view *view, unsigned dir, uint64_t place, bool plus,
                       tree_emit_fn *emit, void *data)
{
    char name[256];
    for (uint64_t i = place; i < tree->layout.n_entries; i++) {
        const struct layout_entry *entry = &tree->layout.entries[i];
        struct version *version = NULL;
        struct tree_attr attr;
        if (entry->dir != dir)
            continue;
        int result = entry_attr(tree, view, entry, plus, &attr, &version);
        memcpy(name, entry->name.data, entry->name.len);
        name[entry->name.len] = 0;
        bool fitted = !result && emit(data, name, &attr, OFFSET_PARENT + i + 1);
        if (fitted && version)
            version->lookups++;
        else if (fitted && plus && entry->is_dir)
            view->lookups++;
        else if (version && !version->lookups)
            version_drop(tree, version);
        if (!fitted)
            return result;
    }
    return 0;
}

int tree_readdir(struct tree *tree, uint64_t node, uint64_t offset, bool plus, tree_emit_fn *emit, void *data)
{
    unsigned dir = 0;
    struct view *view = find_view(tree, node, &dir);
    struct tree_attr self = { .ino = TREE_ROOT, .is_dir = true };
    struct tree_attr parent = self;
    if (node != TREE_ROOT && !view)
        return -ESTALE;
    if (view) {
        self.ino = ino_of_path(view->job, tree->layout.dir_path[dir]);
        if (dir)
            parent.ino = ino_of_path(view->job, tree->layout.dir_path[tree->layout.dir_parent[dir]]);
    }
    if (!offset && node == TREE_ROOT)
        tree->read_epoch = cache_listing(tree->settings.cache)->epoch;
    if (offset < OFFSET_SELF && !emit(data, ".", &self, OFFSET_SELF))
        return 0;
    if (offset < OFFSET_PARENT && !emit(data, "..", &parent, OFFSET_PARENT))
        return 0;
    uint64_t place = offset > OFFSET_PARENT ? offset - OFFSET_PARENT : 0;
    return view ? readdir_job(tree, view, dir, place, plus, emit, data) : readdir_root(tree, place, plus, emit, data);
}

/* ---- the tree ---- */

int tree_new(const struct tree_settings *settings, struct tree **ret_tree)
{
    struct tree *tree = calloc(1, sizeof *tree);
    if (!tree)
        return -ENOMEM;
    tree->settings = *settings;
    tree->scratch = BUF_INIT(RENDER_BYTES_MAX);
    layout_init(&tree->layout, settings->kind);
    table_init(&tree->views, view_key);
    table_init(&tree->versions, version_key);
    *ret_tree = tree;
    return 0;
}

void tree_free(struct tree *tree)
{
    if (!tree)
        return;
    size_t at = 0;
    for (struct version *version; (version = table_next(&tree->versions, &at));)
        version_free(version);
    at = 0;
    for (struct view *view; (view = table_next(&tree->views, &at));) {
        view->job->view = NULL;
        cache_unpin(tree->settings.cache, view->job);
        free(view);
    }
    table_release(&tree->versions);
    table_release(&tree->views);
    buf_release(&tree->scratch);
    free(tree);
}

size_t tree_count_jobs(const struct tree *tree) { return cache_listing(tree->settings.cache)->n_jobs; }

size_t tree_count_versions(const struct tree *tree) { return tree->versions.used; }
