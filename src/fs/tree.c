/* SPDX-License-Identifier: MIT */
#include "fs/tree.h"

#include "base/log.h"
#include "fs/control.h"
#include "fs/render.h"
#include "fs/tree_state.h"
#include "jobs/arn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- lookup ---- */

static int lookup_realm(struct tree *tree, const char *name, struct tree_attr *ret)
{
    struct arn arn;
    if (!arn_parse_prefix(tree->settings.kind, name, &arn))
        return -ENOENT;
    struct cache *cache = tree->settings.cache_of(tree->settings.data, &arn);
    struct realm *realm = cache ? realm_get(&tree->nodes, cache, name) : NULL;
    if (!realm)
        return cache ? -ENOMEM : -ENOENT;
    *ret = realm_attr(tree, realm);
    return 0;
}

/* A pattern that a shell could not expand: while the list cannot be had that is why, and nothing of it is kept. */
static int lookup_pattern(const struct realm *realm, struct tree_attr *ret)
{
    int number = cache_listing(realm->cache)->failed_number;
    *ret = (struct tree_attr){ 0 };
    return number ? -number : -ENOENT;
}

/* What cannot be a job's name may be an ARN. If it is neither, that is told at level debug: shells and desktops look
 * for .git, .hidden and the like all the time. */
static int lookup_no_job(struct tree *tree, const struct realm *realm, const char *name, struct tree_attr *ret)
{
    int result = realm->by_arn ? -ENOENT : lookup_realm(tree, name, ret);
    if (result == -ENOENT)
        log_debug("%s: %s: neither a job's name (%d letters, digits, - and _ at most, a letter or digit first) nor an "
                  "ARN that this mount asks for: check how it is written.",
                  name, strerror(ENOENT), JOB_NAME_MAX);
    return result;
}

static int lookup_job(struct tree *tree, struct realm *realm, const char *name, struct tree_attr *ret)
{
    *ret = (struct tree_attr){ .entry_ms = tree->settings.negative_ttl_ms };
    if (strpbrk(name, "*?["))
        return lookup_pattern(realm, ret);
    if (!job_name_is_valid(name) && !realm->by_arn && tree->settings.control && !strcmp(name, CONTROL_NAME)) {
        *ret = control_dir_attr(tree->settings.control);
        return 0;
    }
    if (!job_name_is_valid(name))
        return lookup_no_job(tree, realm, name, ret);
    struct job *job = cache_pin(realm->cache, name);
    if (!job)
        return -ENOMEM;
    int64_t absent_ms = job->inquiry->absent_until_ms - tree_now_ms(tree);
    if (absent_ms > 0) {
        cache_unpin(realm->cache, job);
        ret->entry_ms = absent_ms;
        return -ENOENT;
    }
    struct view *view = view_get(&tree->nodes, realm, job);
    if (!view)
        return -ENOMEM;
    view->lookups++;
    *ret = dir_attr(tree, view, 0);
    return 0;
}

/* A reader is served from what is held. While an old value is given a new one is fetched: this is who fetches it. */
static void serve(struct tree *tree, const struct view *view, enum ask asked)
{
    cache_serve(view->realm->cache, view->job, asked);
    if (job_must_revalidate(view->job, asked, tree_now_ms(tree)))
        cache_revalidate(view->realm->cache, view->job);
}

static int lookup_version(struct tree *tree, struct view *view, unsigned field, const char *path, struct tree_attr *ret)
{
    struct version *version = NULL;
    serve(tree, view, tree_asks(tree, field));
    int result = version_for_lookup(tree, view, field, path, &version);
    if (result)
        return result;
    version->lookups++;
    tree->settings.counts->hits += version->state == VERSION_RESOLVED;
    *ret = version_attr(tree, version);
    return 0;
}

static int lookup_branch(struct tree *tree, struct view *view, const char *path, bool is_known, struct tree_attr *ret)
{
    struct branch *branch = branch_get(&tree->nodes, view, path);
    if (!branch)
        return -ENOMEM;
    branch->lookups++;
    *ret = branch_attr(tree, branch, is_known);
    return 0;
}

/*
 * A name that the layout does not know. What the last describe said decides whether it is a file or a directory; where
 * that is not fresh the kernel is told to come back (and waits in getattr). Where there was none the name is guessed to
 * be a directory: guessed a file, a longer path would fail at once.
 */
static int lookup_member(struct tree *tree, struct view *view, const char *dir, const char *name, struct tree_attr *ret)
{
    const struct job *job = view->job;
    const struct member *member = NULL;
    unsigned parent = 0;
    char path[TREE_PATH_MAX];
    if (!name_is_possible(name) || !path_join(dir, name, path))
        return -ENOENT;
    int64_t now_ms = tree_now_ms(tree);
    bool usable = job_usable(job, ASK_DESCRIBED, now_ms);
    serve(tree, view, ASK_DESCRIBED);
    ret->entry_ms = job_left_ms(job, ASK_DESCRIBED, now_ms);
    if (job->inquiry->described.record) {
        const struct content *content = tree_content(tree, job->inquiry->described.record);
        if (!content)
            return -ENOMEM;
        member = content_find(content, path, &parent);
    }
    if (!member && usable)
        return -ENOENT;
    if (member && !member->is_dir)
        return lookup_version(tree, view, FIELD_NONE, path, ret);
    return lookup_branch(tree, view, path, member && usable, ret);
}

static int lookup_in_dir(struct tree *tree, struct view *view, unsigned dir, const char *name, struct tree_attr *ret)
{
    unsigned same = tree->layout.dir_same[dir]; /* an alias holds what its parent holds, but no alias */
    const struct layout_entry *entry = layout_find(&tree->layout, same, name);
    char path[TREE_PATH_MAX];
    *ret = (struct tree_attr){ .entry_ms = job_dir_left_ms(view->job, tree_now_ms(tree)) };
    if (entry && same != dir && layout_is_alias(&tree->layout, entry))
        return -ENOENT;
    if (!entry) {
        path_of_dir(&tree->layout, same, path);
        return lookup_member(tree, view, path, name, ret);
    }
    if (entry->is_dir) {
        view->lookups++;
        *ret = dir_attr(tree, view, entry->index);
        return 0;
    }
    return lookup_version(tree, view, entry->index, layout_file_path(&tree->layout, entry->index).data, ret);
}

int tree_lookup(struct tree *tree, uint64_t node, const char *name, struct tree_attr *ret)
{
    unsigned dir = 0;
    struct realm *realm = realm_find(&tree->nodes, node);
    if (control_owns(node))
        return control_lookup(tree->settings.control, node, name, ret);
    if (realm)
        return lookup_job(tree, realm, name, ret);
    struct view *view = view_find(&tree->nodes, node, &dir);
    if (view)
        return lookup_in_dir(tree, view, dir, name, ret);
    struct branch *branch = branch_find(&tree->nodes, node);
    if (!branch)
        return -ESTALE;
    *ret = (struct tree_attr){ .entry_ms = job_left_ms(branch->view->job, ASK_DESCRIBED, tree_now_ms(tree)) };
    return lookup_member(tree, branch->view, branch->path, name, ret);
}

void tree_forget(struct tree *tree, uint64_t node, uint64_t lookups)
{
    if (control_owns(node))
        control_forget(tree->settings.control, node, lookups);
    else
        nodes_forget(&tree->nodes, node, lookups);
}

/* ---- getattr ---- */

static int getattr_dir(struct tree *tree, struct view *view, unsigned dir, struct tree_attr *ret)
{
    const struct job *job = view->job;
    enum ask asked = tree->layout.dir_is_map[dir] ? ASK_DESCRIBED : ASK_ANY;
    int64_t now_ms = tree_now_ms(tree);
    *ret = dir_attr(tree, view, dir);
    if (!job_is_known(job)) {
        if (job->inquiry->absent_until_ms > now_ms)
            return -ENOENT;
        return job->inquiry->failed_until_ms > now_ms ? -job->inquiry->failed_number : TREE_WAIT;
    }
    if (ret->attr_ms)
        return 0;
    serve(tree, view, asked);
    return job_usable(job, asked, now_ms) ? 0 : TREE_WAIT;
}

static int getattr_branch(struct tree *tree, struct branch *branch, struct tree_attr *ret)
{
    struct job *job = branch->view->job;
    const struct member *member = NULL;
    int64_t now_ms = tree_now_ms(tree);
    unsigned parent = 0;
    *ret = branch_attr(tree, branch, false);
    if (job->inquiry->described.record) {
        const struct content *content = tree_content(tree, job->inquiry->described.record);
        if (!content)
            return -ENOMEM;
        member = content_find(content, branch->path, &parent);
        if (member && member->is_dir)
            *ret = branch_attr(tree, branch, true);
    }
    if (job->inquiry->absent_until_ms > now_ms)
        return -ENOENT;
    if (!job_usable(job, ASK_DESCRIBED, now_ms)) {
        bool failing = job->inquiry->failed_until_ms > now_ms;
        return !failing ? TREE_WAIT : member && member->is_dir ? 0 : -job->inquiry->failed_number;
    }
    serve(tree, branch->view, ASK_DESCRIBED);
    return !member ? -ENOENT : member->is_dir ? 0 : -ESTALE; /* ESTALE: the kernel walks again, and finds a file */
}

/* Makes a pending version what its job's state says now; TREE_WAIT: that is still to be asked. */
static int version_settle(struct tree *tree, struct version *version)
{
    const struct job *job = version->view->job;
    int64_t now_ms = tree_now_ms(tree);
    if (version->state != VERSION_PENDING)
        return 0;
    if (job->inquiry->absent_until_ms > now_ms)
        return -ENOENT;
    if (job_usable(job, tree_asks(tree, version->field), now_ms))
        return version_resolve(tree, version);
    return job->inquiry->failed_until_ms > now_ms ? version_fail(tree, version, job->inquiry->failed_number)
                                                  : TREE_WAIT;
}

int tree_getattr(struct tree *tree, uint64_t node, struct tree_attr *ret)
{
    unsigned dir = 0;
    const struct realm *realm = realm_find(&tree->nodes, node);
    if (control_owns(node))
        return control_getattr(tree->settings.control, node, ret);
    if (realm) {
        *ret = realm_attr(tree, realm);
        return 0;
    }
    struct view *view = view_find(&tree->nodes, node, &dir);
    if (view)
        return getattr_dir(tree, view, dir, ret);
    struct branch *branch = branch_find(&tree->nodes, node);
    if (branch)
        return getattr_branch(tree, branch, ret);
    struct version *version = version_find(&tree->nodes, node);
    if (!version)
        return -ESTALE;
    int result = version_settle(tree, version);
    *ret = version_attr(tree, version);
    return result;
}

/* A pending version is what its flight came to, however old that is by now. */
static int settle_waited(struct tree *tree, struct version *version, int number)
{
    if (version->state != VERSION_PENDING)
        return 0;
    return number ? version_fail(tree, version, number) : version_resolve(tree, version);
}

int tree_getattr_waited(struct tree *tree, uint64_t node, int number, struct tree_attr *ret)
{
    struct version *version = version_find(&tree->nodes, node);
    if (control_owns(node))
        return control_getattr_waited(tree->settings.control, node, number, ret);
    if (number == ESHUTDOWN || number == ENOENT)
        return -number;
    bool stands_in =
        version && number && job_usable(version->view->job, tree_asks(tree, version->field), tree_now_ms(tree));
    int result = version ? settle_waited(tree, version, stands_in ? 0 : number) : 0;
    if (!result)
        result = tree_getattr(tree, node, ret);
    if (result && result != TREE_WAIT)
        return result;
    if (result && number && !ret->mtime_ms && !ret->ctime_ms) /* never shown */
        return -number;
    if (ret->attr_ms < HOLD_MS)
        ret->attr_ms = HOLD_MS;
    return 0;
}

/* ---- waiting ---- */

/* The job that a node is of, or NULL. */
static struct view *view_of(const struct tree *tree, uint64_t node)
{
    unsigned dir = 0;
    struct view *view = view_find(&tree->nodes, node, &dir);
    const struct branch *branch = branch_find(&tree->nodes, node);
    const struct version *version = version_find(&tree->nodes, node);
    return view ? view : branch ? branch->view : version ? version->view : NULL;
}

int tree_opendir(struct tree *tree, uint64_t node, bool is_listed)
{
    const struct realm *realm = realm_find(&tree->nodes, node);
    unsigned dir = 0;
    if (control_owns(node))
        return control_opendir(node);
    if (realm) {
        const struct listing_state *state = cache_listing(realm->cache);
        if (!state->listed_once || (is_listed && state->fresh_until_ms <= tree_now_ms(tree)))
            return TREE_WAIT;
        tree->settings.counts->hits += is_listed;
        return 0;
    }
    const struct view *view = view_of(tree, node);
    if (!view)
        return -ESTALE;
    bool is_layout = view_find(&tree->nodes, node, &dir) && !tree->layout.dir_is_map[dir];
    if (is_layout || view->job->inquiry->described.record)
        return 0;
    return view->job->inquiry->failed_number ? -view->job->inquiry->failed_number
                                             : -ESTALE; /* no name was ever known */
}

bool tree_opendir_keeps(struct tree *tree, uint64_t node)
{
    const struct realm *realm = realm_find(&tree->nodes, node);
    if (control_owns(node))
        return true;
    if (realm)
        return realm->read_epoch == cache_listing(realm->cache)->epoch;
    const struct view *view = view_of(tree, node);
    if (!view)
        return false;
    return !view->told || (!view->told_mixed && view->told_names == names_hash(tree, view->job));
}

int tree_wait(struct tree *tree, uint64_t node, struct waiter *waiter)
{
    const struct realm *realm = realm_find(&tree->nodes, node);
    tree->settings.counts->misses++;
    if (control_owns(node))
        return control_wait(tree->settings.control, node, waiter);
    if (realm)
        return cache_list(realm->cache, waiter);
    struct view *view = view_of(tree, node);
    return view ? cache_describe(view->realm->cache, view->job, waiter) : -ESTALE;
}

/* ---- read ---- */

static int render_version(struct tree *tree, const struct version *version, struct buf *to)
{
    const struct content *content = tree_content(tree, version->record);
    unsigned parent = 0;
    if (!content)
        return -ENOMEM;
    if (version->field != FIELD_NONE)
        return content_render_field(content, version->field, to);
    const struct member *member = content_find(content, version->path, &parent);
    return member ? content_render_member(member, to) : -ESTALE;
}

static int read_control(struct tree *tree, uint64_t node, uint64_t offset, size_t size, struct slice *ret)
{
    buf_clear(&tree->scratch);
    int result = control_read(tree->settings.control, node, offset, size, &tree->scratch);
    *ret = (struct slice){ buf_str(&tree->scratch), tree->scratch.len };
    return result;
}

int tree_read(struct tree *tree, uint64_t node, uint64_t offset, size_t size, struct slice *ret)
{
    if (control_owns(node))
        return read_control(tree, node, offset, size, ret);
    struct version *version = version_find(&tree->nodes, node);
    int result = version ? version_settle(tree, version) : -ESTALE;
    if (result)
        return result == TREE_WAIT ? -ESTALE : result; /* the kernel asks for attributes first, and has then waited */
    if (version->state == VERSION_FAILED)
        return -version->failed_number;
    buf_clear(&tree->scratch);
    result = render_version(tree, version, &tree->scratch);
    if (result)
        return result;
    size_t left = offset < tree->scratch.len ? tree->scratch.len - (size_t)offset : 0;
    *ret = (struct slice){ buf_str(&tree->scratch) + (left ? offset : 0), size < left ? size : left };
    return 0;
}

/* ---- the tree ---- */

int tree_new(const struct tree_settings *settings, struct tree **ret_tree)
{
    struct tree *tree = calloc(1, sizeof *tree);
    if (!tree)
        return -ENOMEM;
    tree->settings = *settings;
    if (!settings->counts)
        tree->settings.counts = &tree->own_counts;
    tree->scratch = BUF_INIT(RENDER_BYTES_MAX);
    layout_init(&tree->layout, settings->kind);
    nodes_init(&tree->nodes);
    if (!realm_get(&tree->nodes, settings->cache, "")) {
        tree_free(tree);
        return -ENOMEM;
    }
    *ret_tree = tree;
    return 0;
}

void tree_free(struct tree *tree)
{
    if (!tree)
        return;
    nodes_release(&tree->nodes);
    content_free(tree->content);
    buf_release(&tree->scratch);
    free(tree);
}

size_t tree_count_jobs(const struct tree *tree) { return cache_listing(tree->settings.cache)->n_jobs; }

size_t tree_count_versions(const struct tree *tree) { return tree->nodes.versions.used; }

void tree_names_changed(const struct tree *tree, const struct cache *cache, void (*changed)(void *data, uint64_t node),
                        void *data)
{
    for (unsigned i = 0; i < tree->nodes.n_realms; i++)
        if (tree->nodes.realms[i]->cache == cache)
            changed(data, realm_node(&tree->nodes, tree->nodes.realms[i]));
}
