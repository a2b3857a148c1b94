/* SPDX-License-Identifier: MIT */
#include "fs/layout.h"

#include <assert.h>
#include <string.h>

static bool slice_is(struct slice slice, const char *text, size_t len)
{
    return slice.len == len && !memcmp(slice.data, text, len);
}

static const struct layout_entry *find(const struct layout *layout, unsigned dir, const char *name, size_t len)
{
    for (unsigned i = 0; i < layout->n_entries; i++)
        if (layout->entries[i].dir == dir && slice_is(layout->entries[i].name, name, len))
            return &layout->entries[i];
    return NULL;
}

static struct layout_entry *add(struct layout *layout, unsigned dir, const char *name, size_t len)
{
    assert(layout->n_entries < LAYOUT_ENTRIES_MAX); /* the table is ours: a test builds every kind's layout */
    struct layout_entry *entry = &layout->entries[layout->n_entries++];
    *entry = (struct layout_entry){ .name = { name, len }, .dir = dir };
    return entry;
}

static unsigned dir_get(struct layout *layout, unsigned parent, const char *path, const char *name, size_t len)
{
    const struct layout_entry *known = find(layout, parent, name, len);
    if (known)
        return known->index;
    assert(layout->n_dirs < LAYOUT_DIRS_MAX);
    struct layout_entry *entry = add(layout, parent, name, len);
    entry->is_dir = true;
    entry->index = layout->n_dirs++;
    layout->dir_parent[entry->index] = parent;
    layout->dir_path[entry->index] = (struct slice){ path, (size_t)(name + len - path) };
    return entry->index;
}

void layout_init(struct layout *layout, const struct kind *kind)
{
    *layout = (struct layout){ .n_dirs = 1, .dir_path[0] = { "", 0 } };
    for (size_t i = 0; i < kind->n_fields; i++) {
        const char *path = kind->fields[i].path;
        const char *name = path;
        unsigned dir = 0;
        for (const char *slash; (slash = strchr(name, '/')); name = slash + 1)
            dir = dir_get(layout, dir, path, name, (size_t)(slash - name));
        add(layout, dir, name, strlen(name))->index = (unsigned)i;
    }
}

const struct layout_entry *layout_find(const struct layout *layout, unsigned dir, const char *name)
{
    return find(layout, dir, name, strlen(name));
}
