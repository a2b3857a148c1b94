/* SPDX-License-Identifier: MIT */
#include "fs/layout.h"

#include <assert.h>
#include <string.h>

#define DESCRIBE_NAME "describe.json"

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
    layout->dir_same[entry->index] = entry->index;
    layout->dir_path[entry->index] = (struct slice){ path, (size_t)(name + len - path) };
    return entry->index;
}

static size_t part_len(const char *path, char separator)
{
    const char *end = strchr(path, separator);
    return end ? (size_t)(end - path) : strlen(path);
}

/* The directories of a field's path; the parts of the member's that have none of their own become aliases. */
static void add_field(struct layout *layout, unsigned index)
{
    const struct field *field = &layout->kind->fields[index];
    const char *name = field->path;
    const char *part = field->member;
    unsigned dir = 0;
    for (const char *dot; (dot = strchr(part, '.')); part = dot + 1) {
        size_t len = part_len(name, '/');
        if (len == (size_t)(dot - part) && !memcmp(name, part, len) && name[len]) {
            dir = dir_get(layout, dir, field->path, name, len);
            name += len + 1;
            continue;
        }
        unsigned alias = dir_get(layout, dir, field->member, part, (size_t)(dot - part));
        layout->dir_same[alias] = dir;
    }
    if (field->type == FIELD_MAP)
        layout->dir_is_map[dir_get(layout, dir, field->path, name, strlen(name))] = true;
    else
        add(layout, dir, name, strlen(name))->index = index;
}

void layout_init(struct layout *layout, const struct kind *kind)
{
    *layout = (struct layout){ .kind = kind, .n_dirs = 1, .dir_path[0] = { "", 0 } };
    for (unsigned i = 0; i < kind->n_fields; i++)
        add_field(layout, i);
    add(layout, 0, DESCRIBE_NAME, strlen(DESCRIBE_NAME))->index = LAYOUT_DESCRIBE;
}

const struct layout_entry *layout_find(const struct layout *layout, unsigned dir, const char *name)
{
    return find(layout, dir, name, strlen(name));
}

bool layout_is_alias(const struct layout *layout, const struct layout_entry *entry)
{
    return entry->is_dir && layout->dir_same[entry->index] != entry->index;
}

unsigned layout_walk(const struct layout *layout, const char **path)
{
    unsigned dir = 0;
    while (**path) {
        size_t len = part_len(*path, '/');
        const struct layout_entry *entry = find(layout, dir, *path, len);
        if (!entry || !entry->is_dir)
            break;
        dir = entry->index;
        *path += len + ((*path)[len] == '/');
    }
    return dir;
}

struct slice layout_file_path(const struct layout *layout, unsigned index)
{
    const char *path = index == LAYOUT_DESCRIBE ? DESCRIBE_NAME : layout->kind->fields[index].path;
    return (struct slice){ path, strlen(path) };
}
