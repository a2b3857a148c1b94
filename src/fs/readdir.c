/* SPDX-License-Identifier: MIT */
/* Listings of directories. */
#include "fs/control.h"
#include "fs/render.h"
#include "fs/tree_state.h"

#include <errno.h>
#include <string.h>

/*
 * Offsets: "." and ".." come first. In a realm a job's is OFFSET_PARENT + its place, so that it stays its own; in a job
 * those of the layout come before those of members.
 */
enum { OFFSET_SELF = 1, OFFSET_PARENT = 2, OFFSET_MEMBERS = OFFSET_PARENT + LAYOUT_ENTRIES_MAX };

/* A listing under way. */
struct readdir {
    struct tree *tree;
    bool plus;
    tree_emit_fn *emit;
    void *data;
};

static int list_jobs(const struct readdir *readdir, struct realm *realm, uint64_t place)
{
    struct nodes *nodes = &readdir->tree->nodes;
    for (struct job *job; (job = cache_next_listed(realm->cache, place)); place = job->place) {
        struct tree_attr attr = { .ino = ino_of_path(job, "", 0), .is_dir = true };
        struct view *view = NULL;
        if (readdir->plus) {
            view = view_get(nodes, realm, cache_pin(realm->cache, job->name)); /* it is there: nothing is allocated */
            if (!view)
                return -ENOMEM;
            attr = dir_attr(readdir->tree, view, 0);
        }
        bool fitted = readdir->emit(readdir->data, job->name, &attr, OFFSET_PARENT + job->place);
        if (view && fitted)
            view->lookups++;
        else if (view)
            view_drop_if_idle(nodes, view);
        if (!fitted)
            break;
    }
    return 0;
}

/* A file's entry: looked up only where its value is at hand, so that listing a job costs nothing. */
static int emit_file(const struct readdir *readdir, struct view *view, unsigned field, const char *path,
                     const char *name, uint64_t next, bool *ret_fitted)
{
    struct version *version = NULL;
    struct tree_attr attr = { 0 };
    int result = 0;
    enum ask asked = tree_asks(readdir->tree, field);
    if (readdir->plus && job_left_ms(view->job, asked, tree_now_ms(readdir->tree)) && job_is_known(view->job)) {
        result = version_for_lookup(readdir->tree, view, field, path, &version);
        if (!result)
            attr = version_attr(readdir->tree, version);
    } else
        result = ino_of_current(readdir->tree, view->job, field, path, &attr.ino);
    *ret_fitted = !result && readdir->emit(readdir->data, name, &attr, next);
    if (version && *ret_fitted)
        version->lookups++;
    else if (version && !version->lookups)
        version_drop(&readdir->tree->nodes, version);
    return result;
}

static int emit_layout_entry(const struct readdir *readdir, struct view *view, const struct layout_entry *entry,
                             uint64_t next, bool *ret_fitted)
{
    const struct layout *layout = &readdir->tree->layout;
    char name[NAME_SIZE];
    memcpy(name, entry->name.data, entry->name.len);
    name[entry->name.len] = 0;
    if (!entry->is_dir)
        return emit_file(readdir, view, entry->index, layout_file_path(layout, entry->index).data, name, next,
                         ret_fitted);
    struct tree_attr attr = dir_attr(readdir->tree, view, entry->index);
    if (!attr.attr_ms) /* not known well enough: a lookup comes, and a getattr that waits */
        attr.node = 0;
    *ret_fitted = readdir->emit(readdir->data, name, &attr, next);
    view->lookups += *ret_fitted && readdir->plus && attr.node;
    return 0;
}

static int list_layout(const struct readdir *readdir, struct view *view, unsigned dir, uint64_t place, bool *ret_fitted)
{
    const struct layout *layout = &readdir->tree->layout;
    for (uint64_t i = place; i < layout->n_entries && *ret_fitted; i++) {
        const struct layout_entry *entry = &layout->entries[i];
        if (entry->dir != dir || layout_is_alias(layout, entry))
            continue;
        int result = emit_layout_entry(readdir, view, entry, OFFSET_PARENT + i + 1, ret_fitted);
        if (result)
            return result;
    }
    return 0;
}

static int emit_member(const struct readdir *readdir, struct view *view, const char *dir, const char *name, bool is_dir,
                       uint64_t next, bool *ret_fitted)
{
    struct tree *tree = readdir->tree;
    char path[TREE_PATH_MAX];
    if (!path_join(dir, name, path))
        return 0; /* nobody can name it either */
    if (!is_dir)
        return emit_file(readdir, view, FIELD_NONE, path, name, next, ret_fitted);
    struct tree_attr attr = { .ino = ino_of_path(view->job, path, strlen(path)), .is_dir = true };
    struct branch *branch = NULL;
    if (readdir->plus && job_left_ms(view->job, ASK_DESCRIBED, tree_now_ms(tree))) {
        branch = branch_get(&tree->nodes, view, path);
        if (!branch)
            return -ENOMEM;
        attr = branch_attr(tree, branch, true);
    }
    *ret_fitted = readdir->emit(readdir->data, name, &attr, next);
    if (branch && *ret_fitted)
        branch->lookups++;
    else if (branch)
        branch_drop_if_idle(&tree->nodes, branch);
    return 0;
}

/* The members that the last describe told, in `parent` at path `dir`. The record is held: its content is looked at
 * again for each, since making a version may look at another's. */
static int list_members(const struct readdir *readdir, struct view *view, unsigned parent, const char *dir,
                        uint64_t place, bool *ret_fitted)
{
    struct record *record = view->job->inquiry->described.record;
    unsigned at = (unsigned)place;
    int result = 0;
    if (!record)
        return 0;
    (void)record_ref(record);
    while (*ret_fitted && !result) {
        const struct content *content = tree_content(readdir->tree, record);
        const struct member *member = content ? content_next(content, parent, &at) : NULL;
        char name[NAME_SIZE];
        if (!content)
            result = -ENOMEM;
        if (!member)
            break;
        memcpy(name, member->name, strlen(member->name) + 1);
        result = emit_member(readdir, view, dir, name, member->is_dir, OFFSET_MEMBERS + at, ret_fitted);
    }
    record_unref(record);
    return result;
}

static int list_view(const struct readdir *readdir, struct view *view, unsigned dir, uint64_t offset)
{
    unsigned same = readdir->tree->layout.dir_same[dir];
    bool fitted = true;
    char path[TREE_PATH_MAX];
    int result = 0;
    path_of_dir(&readdir->tree->layout, same, path);
    if (offset < OFFSET_MEMBERS)
        result = list_layout(readdir, view, same, offset > OFFSET_PARENT ? offset - OFFSET_PARENT : 0, &fitted);
    if (!result)
        result =
            list_members(readdir, view, same, path, offset > OFFSET_MEMBERS ? offset - OFFSET_MEMBERS : 0, &fitted);
    return result;
}

static int list_branch(const struct readdir *readdir, struct branch *branch, uint64_t offset)
{
    struct record *record = branch->view->job->inquiry->described.record;
    const struct content *content = record ? tree_content(readdir->tree, record) : NULL;
    unsigned parent = 0;
    bool fitted = true;
    if (record && !content)
        return -ENOMEM;
    if (!content || !content_find(content, branch->path, &parent))
        return 0; /* it is no more */
    return list_members(readdir, branch->view, parent, branch->path,
                        offset > OFFSET_MEMBERS ? offset - OFFSET_MEMBERS : 0, &fitted);
}

/* "." and "..". */
static bool emit_dots(const struct readdir *readdir, uint64_t node, uint64_t offset)
{
    const struct tree *tree = readdir->tree;
    const struct realm *realm = realm_find(&tree->nodes, node);
    struct tree_attr self = { .ino = realm ? realm->ino : NODE_ROOT, .is_dir = true };
    struct tree_attr parent = { .ino = NODE_ROOT, .is_dir = true };
    unsigned dir = 0;
    const struct view *view = view_find(&tree->nodes, node, &dir);
    const struct branch *branch = branch_find(&tree->nodes, node);
    if (view) {
        struct slice path = tree->layout.dir_path[dir];
        struct slice above = tree->layout.dir_path[tree->layout.dir_parent[dir]];
        self.ino = ino_of_path(view->job, path.data, path.len);
        parent.ino = dir ? ino_of_path(view->job, above.data, above.len) : view->realm->ino;
    } else if (branch) {
        const char *slash = strrchr(branch->path, '/');
        self.ino = ino_of_path(branch->view->job, branch->path, strlen(branch->path));
        parent.ino = ino_of_path(branch->view->job, branch->path, slash ? (size_t)(slash - branch->path) : 0);
    }
    return (offset >= OFFSET_SELF || readdir->emit(readdir->data, ".", &self, OFFSET_SELF)) &&
           (offset >= OFFSET_PARENT || readdir->emit(readdir->data, "..", &parent, OFFSET_PARENT));
}

/* A directory is being listed from its beginning. */
static void note_names(struct tree *tree, struct view *view)
{
    uint32_t names = names_hash(tree, view->job);
    view->told_mixed |= view->told && view->told_names != names;
    view->told_names = names;
    view->told = true;
}

int tree_readdir(struct tree *tree, uint64_t node, uint64_t offset, bool plus, tree_emit_fn *emit, void *data)
{
    const struct readdir readdir = { .tree = tree, .plus = plus, .emit = emit, .data = data };
    struct realm *realm = realm_find(&tree->nodes, node);
    unsigned dir = 0;
    struct view *view = view_find(&tree->nodes, node, &dir);
    struct branch *branch = branch_find(&tree->nodes, node);
    if (control_owns(node))
        return control_readdir(tree->settings.control, node, offset, emit, data);
    if (!realm && !view && !branch)
        return -ESTALE;
    if (realm && !offset)
        realm->read_epoch = cache_listing(realm->cache)->epoch;
    if ((view || branch) && !offset)
        note_names(tree, view ? view : branch->view);
    if (!emit_dots(&readdir, node, offset))
        return 0;
    if (realm)
        return list_jobs(&readdir, realm, offset > OFFSET_PARENT ? offset - OFFSET_PARENT : 0);
    return view ? list_view(&readdir, view, dir, offset) : list_branch(&readdir, branch, offset);
}
