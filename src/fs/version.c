/* SPDX-License-Identifier: MIT */
#include "fs/version.h"

#include <stdlib.h>
#include <string.h>

enum { INO_FIRST = 2 }; /* 0 is no inode, 1 the root */

struct version *version_new(struct view *view, unsigned field, uint64_t id)
{
    struct version *version = calloc(1, sizeof *version);
    if (!version)
        return NULL;
    version->id = id;
    version->view = view;
    version->field = field;
    list_insert(&view->versions, &version->node);
    return version;
}

void version_free(struct version *version)
{
    list_remove(&version->node);
    record_unref(version->record);
    free(version);
}

static void take_record(struct version *version, const struct knowledge *described)
{
    struct record *before = version->record;
    version->record = described->record ? record_ref(described->record) : NULL;
    version->confirmed_ms = described->confirmed_ms;
    record_unref(before);
}

void version_resolve(struct version *version)
{
    take_record(version, &version->view->job->described);
    version->state = VERSION_RESOLVED;
}

void version_fail(struct version *version, int number)
{
    take_record(version, &version->view->job->described);
    version->state = VERSION_FAILED;
    version->failed_number = number;
}

static bool same_value(const struct record *a, const struct record *b, unsigned field)
{
    struct slice x = record_value(a, field);
    struct slice y = record_value(b, field);
    return !x.data == !y.data && x.len == y.len && (!x.data || memcmp(x.data, y.data, x.len) == 0) &&
           record_updated_ms(a) == record_updated_ms(b);
}

bool version_is_current(struct version *version)
{
    const struct knowledge *described = &version->view->job->described;
    if (version->state != VERSION_RESOLVED || !described->record)
        return false;
    if (version->record != described->record && !same_value(version->record, described->record, version->field))
        return false;
    take_record(version, described); /* the same value: the older record need not live on for it */
    return true;
}

struct version *version_find_current(const struct view *view, unsigned field)
{
    list_each (node, after, &view->versions) {
        struct version *version = list_item(node, struct version, node);
        if (version->field == field && version_is_current(version))
            return version;
    }
    return NULL;
}

static uint64_t ino_of(const struct job *job, struct slice path, const struct buf *text)
{
    const struct knowledge *latest = job_latest(job);
    struct slice arn = { job->name, strlen(job->name) };
    if (latest && record_value(latest->record, record_kind(latest->record)->arn).data)
        arn = record_value(latest->record, record_kind(latest->record)->arn);
    uint64_t hash = hash_bytes(0, arn.data, arn.len);
    hash = hash_bytes(hash, path.data, path.len);
    if (text && text->len)
        hash = hash_bytes(hash, text->data, text->len);
    return hash < INO_FIRST ? hash + INO_FIRST : hash;
}

uint64_t ino_of_path(const struct job *job, struct slice path) { return ino_of(job, path, NULL); }

uint64_t ino_of_value(const struct job *job, unsigned field, const struct kind *kind, const struct buf *text)
{
    const char *path = kind->fields[field].path;
    return ino_of(job, (struct slice){ path, strlen(path) }, text);
}
