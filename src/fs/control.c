/* SPDX-License-Identifier: MIT */
#include "fs/control.h"

#include "base/cleanup.h"
#include "base/table.h"
#include "fs/nodes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ID_DIR = 0, INO_FIRST = 2 }; /* what is looked up counts from 1 */
enum { OFFSET_SELF = 1, OFFSET_PARENT = 2 };

/* What one lookup of a snapshot gave, or all of a file that grows. */
struct opening {
    uint64_t id;
    uint64_t lookups;
    const struct control_file *file;
    struct snapshot *snapshot; /* NULL: no getattr has taken it yet */
};

struct control {
    struct control_sources sources;
    struct table openings;
    uint64_t last_id;
    int64_t began_ms; /* wall clock */
};

struct text_snapshot {
    struct snapshot snapshot;
    char text[];
};

static struct slice opening_key(const void *item)
{
    return (struct slice){ (const char *)&((const struct opening *)item)->id, sizeof(uint64_t) };
}

static uint64_t node_of(uint64_t id) { return id << NODE_KIND_BITS | NODE_CONTROL; }

bool control_owns(uint64_t node) { return (node & ((1u << NODE_KIND_BITS) - 1)) == NODE_CONTROL; }

static struct opening *opening_find(const struct control *control, uint64_t node)
{
    uint64_t id = node >> NODE_KIND_BITS;
    return control_owns(node) ? table_get(&control->openings, (struct slice){ (const char *)&id, sizeof id }) : NULL;
}

static int64_t wall_of(const struct control *control) { return clock_wall_ms(control->sources.clock); }

/* ---- snapshots ---- */

static int text_read(const struct snapshot *snapshot, uint64_t offset, size_t size, struct buf *to)
{
    const struct text_snapshot *text = (const struct text_snapshot *)(const void *)snapshot;
    size_t left = offset < snapshot->size ? (size_t)(snapshot->size - offset) : 0;
    return left ? buf_append(to, text->text + offset, size < left ? size : left) : 0;
}

static void text_free(struct snapshot *snapshot) { free(snapshot); }

static int text_take(const struct control_sources *sources, const struct control_file *file,
                     struct snapshot **ret_snapshot)
{
    BUF_CLEANUP struct buf rendered = BUF_INIT(CONTROL_TEXT_MAX);
    int64_t now_ms = clock_wall_ms(sources->clock);
    int64_t changed_ms = file->render(sources, &rendered);
    struct text_snapshot *text = buf_error(&rendered) ? NULL : malloc(sizeof *text + rendered.len);
    if (!text)
        return -ENOMEM;
    text->snapshot = (struct snapshot){ .size = rendered.len,
                                        .changed_ms = changed_ms ? changed_ms : now_ms,
                                        .confirmed_ms = now_ms,
                                        .read = text_read,
                                        .free = text_free };
    memcpy(text->text, buf_str(&rendered), rendered.len);
    *ret_snapshot = &text->snapshot;
    return 0;
}

static void opening_free(struct opening *opening)
{
    if (opening->snapshot)
        opening->snapshot->free(opening->snapshot);
    free(opening);
}

/* ---- attributes ---- */

static uint64_t ino_of(const char *name, uint64_t content)
{
    uint64_t hash = hash_bytes(hash_bytes(0, CONTROL_NAME, sizeof CONTROL_NAME), name, strlen(name));
    hash = content ? hash_bytes(hash, &content, sizeof content) : hash;
    return hash < INO_FIRST ? hash + INO_FIRST : hash;
}

struct tree_attr control_dir_attr(const struct control *control)
{
    return (struct tree_attr){ .node = node_of(ID_DIR),
                               .ino = ino_of("", 0),
                               .is_dir = true,
                               .mtime_ms = control->began_ms,
                               .ctime_ms = control->began_ms,
                               .entry_ms = TREE_FOREVER_MS,
                               .attr_ms = TREE_FOREVER_MS };
}

/* Of a snapshot: a name that nothing may be kept of, then attributes for ever. Of a file that grows: nothing is kept.
 */
static struct tree_attr opening_attr(const struct opening *opening)
{
    struct snapshot *snapshot = opening->snapshot;
    struct tree_attr attr = { .node = node_of(opening->id),
                              .ino = ino_of(opening->file->name, 0),
                              .mode = opening->file->mode };
    if (!snapshot)
        return attr;
    bool grows = snapshot->look != NULL;
    if (grows)
        snapshot->look(snapshot);
    attr.ino = ino_of(opening->file->name, snapshot->content);
    attr.size = snapshot->size;
    attr.mtime_ms = snapshot->changed_ms;
    attr.ctime_ms = snapshot->confirmed_ms;
    attr.attr_ms = grows ? 0 : TREE_FOREVER_MS;
    return attr;
}

/* ---- what the kernel asks ---- */

static struct opening *opening_new(struct control *control, const struct control_file *file)
{
    struct opening *opening = calloc(1, sizeof *opening);
    if (!opening)
        return NULL;
    opening->id = ++control->last_id;
    opening->file = file;
    if (!table_add(&control->openings, opening))
        return opening;
    free(opening);
    return NULL;
}

static void opening_drop(struct control *control, struct opening *opening)
{
    (void)table_remove(&control->openings, opening_key(opening));
    opening_free(opening);
}

static int opening_take(struct control *control, struct opening *opening)
{
    const struct control_file *file = opening->file;
    if (opening->snapshot)
        return 0;
    int result = file->render ? text_take(&control->sources, file, &opening->snapshot)
                              : file->take(&control->sources, &opening->snapshot);
    if (!result)
        opening->snapshot->node = node_of(opening->id);
    return result;
}

/* A file that grows, as what it is already known by. */
static struct opening *opening_of(const struct control *control, const struct control_file *file, uint64_t content)
{
    size_t at = 0;
    for (struct opening *opening; (opening = table_next(&control->openings, &at));)
        if (opening->file == file && opening->lookups && opening->snapshot && opening->snapshot->content == content)
            return opening;
    return NULL;
}

static int lookup_file(struct control *control, const struct control_file *file, struct tree_attr *ret)
{
    struct opening *opening = opening_new(control, file);
    if (!opening)
        return -ENOMEM;
    if (file->traits & CONTROL_GROWS) {
        int result = opening_take(control, opening);
        struct opening *known = result ? NULL : opening_of(control, file, opening->snapshot->content);
        if (result || known)
            opening_drop(control, opening);
        if (result)
            return result;
        opening = known ? known : opening;
    }
    opening->lookups++;
    *ret = opening_attr(opening);
    return 0;
}

int control_lookup(struct control *control, uint64_t node, const char *name, struct tree_attr *ret)
{
    const struct control_file *file;
    size_t i = 0;
    if (node != node_of(ID_DIR))
        return -ENOTDIR;
    *ret = (struct tree_attr){ .entry_ms = TREE_FOREVER_MS };
    while ((file = control_file_at(i)) && strcmp(file->name, name) != 0)
        i++;
    if (!file)
        return -ENOENT;
    return lookup_file(control, file, ret);
}

void control_forget(struct control *control, uint64_t node, uint64_t lookups)
{
    struct opening *opening = opening_find(control, node);
    if (!opening)
        return;
    opening->lookups -= lookups < opening->lookups ? lookups : opening->lookups;
    if (!opening->lookups)
        opening_drop(control, opening);
}

static bool must_wait(const struct control *control, const struct opening *opening)
{
    const struct listing_state *listing = cache_listing(control->sources.cache);
    return !opening->snapshot && (opening->file->traits & CONTROL_WAITS) &&
           (!listing->listed_once || listing->fresh_until_ms <= clock_monotonic_ms(control->sources.clock));
}

/* Somebody looks at a file, or looks at one that grows again. */
static void touch(struct control *control, const struct opening *opening)
{
    unsigned traits = opening->file->traits;
    if ((traits & CONTROL_RELISTS) && (!opening->snapshot || (traits & CONTROL_GROWS)))
        cache_relist(control->sources.cache);
}

int control_getattr(struct control *control, uint64_t node, struct tree_attr *ret)
{
    struct opening *opening = opening_find(control, node);
    if (node == node_of(ID_DIR)) {
        *ret = control_dir_attr(control);
        return 0;
    }
    if (!opening)
        return -ESTALE;
    touch(control, opening);
    int result = must_wait(control, opening) ? TREE_WAIT : opening_take(control, opening);
    *ret = opening_attr(opening);
    return result;
}

int control_getattr_waited(struct control *control, uint64_t node, int number, struct tree_attr *ret)
{
    struct opening *opening = opening_find(control, node);
    if (!opening)
        return -ESTALE;
    int result = number ? -number : opening_take(control, opening);
    *ret = opening_attr(opening);
    return result;
}

int control_opendir(uint64_t node) { return node == node_of(ID_DIR) ? 0 : -ENOTDIR; }

int control_wait(struct control *control, uint64_t node, struct waiter *waiter)
{
    return opening_find(control, node) ? cache_list(control->sources.cache, waiter) : -ESTALE;
}

int control_read(struct control *control, uint64_t node, uint64_t offset, size_t size, struct buf *to)
{
    const struct opening *opening = opening_find(control, node);
    if (!opening || !opening->snapshot)
        return -ESTALE;
    touch(control, opening);
    return opening->snapshot->read(opening->snapshot, offset, size, to);
}

int control_readdir(const struct control *control, uint64_t node, uint64_t offset, tree_emit_fn *emit, void *data)
{
    struct tree_attr self = control_dir_attr(control);
    struct tree_attr parent = { .ino = NODE_ROOT, .is_dir = true };
    const struct control_file *file;
    self.node = 0; /* nothing here counts as looked up: a snapshot is taken for who opens it */
    if (node != node_of(ID_DIR))
        return -ENOTDIR;
    if ((offset < OFFSET_SELF && !emit(data, ".", &self, OFFSET_SELF)) ||
        (offset < OFFSET_PARENT && !emit(data, "..", &parent, OFFSET_PARENT)))
        return 0;
    for (size_t i = offset > OFFSET_PARENT ? (size_t)(offset - OFFSET_PARENT) : 0; (file = control_file_at(i)); i++) {
        const struct tree_attr attr = { .ino = ino_of(file->name, 0), .mode = file->mode };
        if (!emit(data, file->name, &attr, OFFSET_PARENT + i + 1))
            break;
    }
    return 0;
}

/* ---- the control ---- */

int control_new(const struct control_sources *sources, struct control **ret_control)
{
    struct control *control = calloc(1, sizeof *control);
    if (!control)
        return -ENOMEM;
    control->sources = *sources;
    control->began_ms = wall_of(control);
    table_init(&control->openings, opening_key);
    *ret_control = control;
    return 0;
}

void control_free(struct control *control)
{
    size_t at = 0;
    if (!control)
        return;
    for (struct opening *opening; (opening = table_next(&control->openings, &at));)
        opening_free(opening);
    table_release(&control->openings);
    free(control);
}

size_t control_count_snapshots(const struct control *control) { return control->openings.used; }
