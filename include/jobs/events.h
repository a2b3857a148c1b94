/* SPDX-License-Identifier: MIT */
/*
 * events: the changes of status that answers have shown, as text, oldest first: time, job, old, new and a newline each,
 * tab-separated, escaped (base/escape.h). What stood last in a job's line stands as the old status in its next; a job
 * that is new, or was denied by the service and is there again, has had none: "-".
 *
 * The text is a log that only grows. Past EVENTS_LOG_BYTES another begins under the same name, as when a log is
 * rotated; readers of the former keep it, whole, until they give it back. So that a reader that follows the name and
 * keeps up misses nothing, a new one does not begin
 *   - in the middle of what one answer has changed,
 *   - within EVENTS_QUIET_MS of the former's last line: a reader looks at the name when it has read to the end,
 *   - before anybody has read the former, or while there are readers of the one before: for EVENTS_WAIT_MS at most.
 * The last two do not hold past EVENTS_LOG_BYTES_HELD.
 */
#ifndef JOBS_EVENTS_H
#define JOBS_EVENTS_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/table.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    EVENTS_LOG_BYTES = 1 << 20,
    EVENTS_LOG_BYTES_HELD = 4 << 20,
    EVENTS_LOG_BYTES_MAX = 32 << 20, /* what one answer adds beyond that waits for the next */
    EVENTS_LOGS_MAX = 8,             /* that are kept, the current one included */
    EVENTS_QUIET_MS = 1000,
    EVENTS_WAIT_MS = 60000,
    EVENTS_STATUS_BYTES_MAX = 256 /* of a longer status only so much counts */
};

struct event_log {
    struct list node;   /* among the logs, oldest first */
    uint64_t number;    /* never used twice */
    struct buf text;    /* what is there does not change; after "dropped": nothing */
    int64_t changed_ms; /* when its last line came, before the first: when it began; wall clock */
    int64_t line_ms;    /* the former, monotonic */
    int64_t full_ms;    /* when it got past EVENTS_LOG_BYTES, monotonic */
    uint64_t holders;   /* who may read it though it is not the current one */
    bool is_read;       /* somebody has begun to */
    bool is_dropped;    /* there are EVENTS_LOGS_MAX newer ones */
};

struct events;
/* The status of a job that its last line, or its first sight, has shown. NULL: none. */
struct event_status;

/* `clock` must outlive it. 0 or -ENOMEM. */
int events_new(const struct clock *clock, struct events **ret_events);
/* Every status must have been forgotten. Takes NULL. */
void events_free(struct events *events);
/* From now on `grown` is called when the current log has grown, or another has begun: once an answer. */
void events_listen(struct events *events, void (*grown)(void *data), void *data);

/* Around what one answer has changed. */
void events_begin(struct events *events);
void events_end(struct events *events);
/* A job's status, as the newest answer has it: a line if that is not *last. `is_first`: jobs are being met for the
 * first time, so that one that is new to us is not new; it has no line. One that cannot be written (memory is short) is
 * no loss: *last stays, and the next answer shows the change again. */
void events_see(struct events *events, struct event_status **last, const char *job, struct slice status, bool is_first);
/* The job is no more, or is forgotten. */
void events_forget(struct events *events, struct event_status **last);

/* What the name stands for now. */
struct event_log *events_current(struct events *events);
/* The current one, or one that is held; NULL: no such. */
struct event_log *events_find(struct events *events, uint64_t number);
void event_log_hold(struct event_log *log);
/* Gives back `n` holds. */
void event_log_release(struct events *events, struct event_log *log, uint64_t n);
/* The bytes at `offset`, valid until the next line. 0, or -ESTALE for one that was dropped. */
int event_log_read(struct event_log *log, uint64_t offset, size_t size, struct slice *ret);

#endif
