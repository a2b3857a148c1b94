/* SPDX-License-Identifier: MIT */
#include "fs/nodes.h"

#include <stdlib.h>
#include <string.h>

static struct slice view_key(const void *item)
{
    return (struct slice){ (const char *)&((const struct view *)item)->id, sizeof(uint64_t) };
}

static struct slice branch_key(const void *item)
{
    return (struct slice){ (const char *)&((const struct branch *)item)->id, sizeof(uint64_t) };
}

static struct slice version_key(const void *item)
{
    return (struct slice){ (const char *)&((const struct version *)item)->id, sizeof(uint64_t) };
}

static void *find(const struct table *table, uint64_t node)
{
    uint64_t id = node >> NODE_KIND_BITS;
    return table_get(table, (struct slice){ (const char *)&id, sizeof id });
}

static unsigned kind_of(uint64_t node) { return (unsigned)(node & ((1u << NODE_KIND_BITS) - 1)); }

/* ---- realms ---- */

struct realm *realm_get(struct nodes *nodes, struct cache *cache, const char *name)
{
    for (unsigned i = 0; i < nodes->n_realms; i++)
        if (!strcmp(nodes->realms[i]->name, name))
            return nodes->realms[i];
    struct realm *realm = nodes->n_realms < REALMS_MAX ? calloc(1, sizeof *realm + strlen(name) + 1) : NULL;
    if (!realm)
        return NULL;
    realm->cache = cache;
    realm->by_arn = *name != 0;
    realm->ino = realm->by_arn ? hash_bytes(1, name, strlen(name)) : NODE_ROOT;
    memcpy(realm->name, name, strlen(name) + 1);
    nodes->realms[nodes->n_realms++] = realm;
    return realm;
}

uint64_t realm_node(const struct nodes *nodes, const struct realm *realm)
{
    uint64_t number = 0;
    while (nodes->realms[number] != realm)
        number++;
    return number ? number << NODE_KIND_BITS | NODE_REALM : NODE_ROOT;
}

struct realm *realm_find(const struct nodes *nodes, uint64_t node)
{
    uint64_t number = node >> NODE_KIND_BITS;
    if (node == NODE_ROOT)
        return nodes->realms[0];
    return kind_of(node) == NODE_REALM && number && number < nodes->n_realms ? nodes->realms[number] : NULL;
}

/* ---- views ---- */

struct view *view_get(struct nodes *nodes, struct realm *realm, struct job *job)
{
    struct view *view = job->view[realm->by_arn];
    if (view) {
        cache_unpin(realm->cache, job);
        return view;
    }
    view = calloc(1, sizeof *view);
    if (view) {
        *view = (struct view){ .id = ++nodes->last_id, .job = job, .realm = realm };
        list_init(&view->branches);
        list_init(&view->versions);
        if (!table_add(&nodes->views, view)) {
            job->view[realm->by_arn] = view;
            return view;
        }
    }
    free(view);
    cache_unpin(realm->cache, job);
    return NULL;
}

uint64_t view_node(const struct view *view, unsigned dir) { return view->id << NODE_KIND_BITS | dir; }

struct view *view_find(const struct nodes *nodes, uint64_t node, unsigned *ret_dir)
{
    *ret_dir = kind_of(node);
    return node == NODE_ROOT || *ret_dir >= LAYOUT_DIRS_MAX ? NULL : find(&nodes->views, node);
}

static void view_free(struct view *view)
{
    view->job->view[view->realm->by_arn] = NULL;
    cache_unpin(view->realm->cache, view->job);
    free(view);
}

void view_drop_if_idle(struct nodes *nodes, struct view *view)
{
    if (view->lookups || !list_empty(&view->branches) || !list_empty(&view->versions))
        return;
    (void)table_remove(&nodes->views, view_key(view));
    view_free(view);
}

/* ---- branches ---- */

struct branch *branch_get(struct nodes *nodes, struct view *view, const char *path)
{
    list_each (node, after, &view->branches) {
        struct branch *branch = list_item(node, struct branch, node);
        if (!strcmp(branch->path, path))
            return branch;
    }
    struct branch *branch = calloc(1, sizeof *branch + strlen(path) + 1);
    if (!branch)
        return NULL;
    branch->id = ++nodes->last_id;
    branch->view = view;
    memcpy(branch->path, path, strlen(path) + 1);
    if (table_add(&nodes->branches, branch)) {
        free(branch);
        return NULL;
    }
    list_insert(&view->branches, &branch->node);
    return branch;
}

uint64_t branch_node(const struct branch *branch) { return branch->id << NODE_KIND_BITS | NODE_BRANCH; }

struct branch *branch_find(const struct nodes *nodes, uint64_t node)
{
    return kind_of(node) == NODE_BRANCH ? find(&nodes->branches, node) : NULL;
}

void branch_drop_if_idle(struct nodes *nodes, struct branch *branch)
{
    struct view *view = branch->view;
    if (branch->lookups)
        return;
    (void)table_remove(&nodes->branches, branch_key(branch));
    list_remove(&branch->node);
    free(branch);
    view_drop_if_idle(nodes, view);
}

/* ---- versions ---- */

struct version *version_new(struct nodes *nodes, struct view *view, unsigned field, const char *path)
{
    struct version *version = calloc(1, sizeof *version + strlen(path) + 1);
    if (!version)
        return NULL;
    version->id = ++nodes->last_id;
    version->view = view;
    version->field = field;
    memcpy(version->path, path, strlen(path) + 1);
    if (table_add(&nodes->versions, version)) {
        free(version);
        return NULL;
    }
    list_insert(&view->versions, &version->node);
    return version;
}

uint64_t version_node(const struct version *version) { return version->id << NODE_KIND_BITS | NODE_VERSION; }

struct version *version_find(const struct nodes *nodes, uint64_t node)
{
    return kind_of(node) == NODE_VERSION ? find(&nodes->versions, node) : NULL;
}

static void version_free(struct version *version)
{
    list_remove(&version->node);
    record_unref(version->record);
    free(version);
}

void version_drop(struct nodes *nodes, struct version *version)
{
    struct view *view = version->view;
    (void)table_remove(&nodes->versions, version_key(version));
    version_free(version);
    view_drop_if_idle(nodes, view);
}

/* ---- all of them ---- */

static void give_back(uint64_t *lookups, uint64_t n) { *lookups -= n < *lookups ? n : *lookups; }

void nodes_forget(struct nodes *nodes, uint64_t node, uint64_t lookups)
{
    unsigned dir = 0;
    struct version *version = version_find(nodes, node);
    struct branch *branch = branch_find(nodes, node);
    struct view *view = view_find(nodes, node, &dir);
    if (version) {
        give_back(&version->lookups, lookups);
        if (!version->lookups)
            version_drop(nodes, version);
    } else if (branch) {
        give_back(&branch->lookups, lookups);
        branch_drop_if_idle(nodes, branch);
    } else if (view) {
        give_back(&view->lookups, lookups);
        view_drop_if_idle(nodes, view);
    }
}

void nodes_init(struct nodes *nodes)
{
    *nodes = (struct nodes){ .last_id = 0 };
    table_init(&nodes->views, view_key);
    table_init(&nodes->branches, branch_key);
    table_init(&nodes->versions, version_key);
}

void nodes_release(struct nodes *nodes)
{
    size_t at = 0;
    for (struct version *version; (version = table_next(&nodes->versions, &at));)
        version_free(version);
    at = 0;
    for (struct branch *branch; (branch = table_next(&nodes->branches, &at));)
        free(branch);
    at = 0;
    for (struct view *view; (view = table_next(&nodes->views, &at));)
        view_free(view);
    for (unsigned i = 0; i < nodes->n_realms; i++)
        free(nodes->realms[i]);
    table_release(&nodes->views);
    table_release(&nodes->branches);
    table_release(&nodes->versions);
}
