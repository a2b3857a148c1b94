/* SPDX-License-Identifier: MIT */
#include "fs/events_file.h"

#include <errno.h>
#include <stdlib.h>

struct events_file {
    struct events *events;
    struct announcer *announcer;
    struct list snapshots;
    int64_t began_ms; /* wall clock: numbers of logs are of one mount alone */
};

/* A log that the kernel has. */
struct log_snapshot {
    struct snapshot snapshot;
    struct list node;
    struct events_file *file;
    struct event_log *log;
};

static struct log_snapshot *opened_of(const struct snapshot *snapshot)
{
    return (struct log_snapshot *)(uintptr_t)(const void *)snapshot;
}

static void snapshot_look(struct snapshot *snapshot)
{
    const struct log_snapshot *opened = opened_of(snapshot);
    struct announcer *announcer = opened->file->announcer;
    snapshot->changed_ms = snapshot->confirmed_ms = opened->log->changed_ms;
    if (opened->log->is_dropped)
        announcer_forget(announcer, snapshot->node);
    else
        snapshot->size = announcer_size(announcer, snapshot->node, opened->log->text.len);
}

static int snapshot_read(const struct snapshot *snapshot, uint64_t offset, size_t size, struct buf *to)
{
    struct slice bytes;
    int result = event_log_read(opened_of(snapshot)->log, offset, size, &bytes);
    return result ? result : buf_append(to, bytes.data, bytes.len);
}

static void snapshot_free(struct snapshot *snapshot)
{
    struct log_snapshot *opened = opened_of(snapshot);
    announcer_forget(opened->file->announcer, snapshot->node);
    event_log_release(opened->file->events, opened->log, 1);
    list_remove(&opened->node);
    free(opened);
}

int events_file_take(struct events_file *file, struct snapshot **ret_snapshot)
{
    struct log_snapshot *opened = calloc(1, sizeof *opened);
    if (!opened)
        return -ENOMEM;
    struct event_log *log = events_current(file->events);
    const uint64_t name[] = { (uint64_t)file->began_ms, log->number };
    event_log_hold(log);
    opened->snapshot = (struct snapshot){ .content = hash_bytes(0, name, sizeof name),
                                          .changed_ms = log->changed_ms,
                                          .confirmed_ms = log->changed_ms,
                                          .look = snapshot_look,
                                          .read = snapshot_read,
                                          .free = snapshot_free };
    opened->file = file;
    opened->log = log;
    list_insert(&file->snapshots, &opened->node);
    *ret_snapshot = &opened->snapshot;
    return 0;
}

/* So that what has grown is announced before anybody looks. */
static void grown(void *data)
{
    struct events_file *file = data;
    list_each (node, after, &file->snapshots)
        snapshot_look(&list_item(node, struct log_snapshot, node)->snapshot);
}

int events_file_new(struct events *events, struct announcer *announcer, struct events_file **ret_file)
{
    struct events_file *file = calloc(1, sizeof *file);
    if (!file)
        return -ENOMEM;
    file->events = events;
    file->announcer = announcer;
    file->began_ms = events_current(events)->changed_ms;
    list_init(&file->snapshots);
    events_listen(events, grown, file);
    *ret_file = file;
    return 0;
}

void events_file_free(struct events_file *file)
{
    if (!file)
        return;
    events_listen(file->events, NULL, NULL);
    free(file);
}
