/* SPDX-License-Identifier: MIT */
#include "jobs/events.h"

#include "base/escape.h"
#include "codec/timestamp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES_MAX = 4096 };

/* Few jobs have a status of their own: those that are alike share one. */
struct event_status {
    size_t refs;
    size_t len;
    char text[];
};

struct events {
    const struct clock *clock;
    void (*grown)(void *data);
    void *data;
    struct table statuses;
    struct list logs; /* oldest first; the last is the current one */
    uint64_t last_number;
    bool may_begin; /* another log: no line of this answer has been written */
    bool has_grown; /* by this answer */
};

static struct event_log *log_of(struct list *node) { return list_item(node, struct event_log, node); }

/* ---- statuses ---- */

static struct slice status_key(const void *item)
{
    const struct event_status *status = item;
    return (struct slice){ status->text, status->len };
}

/* A status longer than what counts is cut before a character, not in it. */
static struct slice status_cut(struct slice text)
{
    if (text.len <= EVENTS_STATUS_BYTES_MAX)
        return text;
    text.len = EVENTS_STATUS_BYTES_MAX;
    while (text.len && ((unsigned char)text.data[text.len] & 0xc0) == 0x80)
        text.len--;
    return text;
}

static struct event_status *status_ref(struct events *events, struct slice text)
{
    struct event_status *status = table_get(&events->statuses, text);
    if (status) {
        status->refs++;
        return status;
    }
    status = malloc(sizeof *status + text.len);
    if (!status)
        return NULL;
    *status = (struct event_status){ .refs = 1, .len = text.len };
    if (text.len)
        memcpy(status->text, text.data, text.len);
    if (table_add(&events->statuses, status)) {
        free(status);
        return NULL;
    }
    return status;
}

void events_forget(struct events *events, struct event_status **last)
{
    struct event_status *status = *last;
    *last = NULL;
    if (!status || --status->refs)
        return;
    (void)table_remove(&events->statuses, status_key(status));
    free(status);
}

/* ---- logs ---- */

struct event_log *events_current(struct events *events) { return log_of(events->logs.prev); }

static void log_free(struct event_log *log)
{
    list_remove(&log->node);
    buf_release(&log->text);
    free(log);
}

/* The current one was that until now. */
static void log_retire(struct events *events, struct event_log *log)
{
    unsigned n = 0;
    if (!log->holders)
        log_free(log);
    for (struct list *node = events->logs.prev; node != &events->logs; node = node->prev) {
        struct event_log *former = log_of(node);
        if (++n <= EVENTS_LOGS_MAX)
            continue;
        former->is_dropped = true;
        buf_release(&former->text);
    }
}

static int log_begin(struct events *events)
{
    struct event_log *former = list_empty(&events->logs) ? NULL : events_current(events);
    struct event_log *log = calloc(1, sizeof *log);
    if (!log)
        return -ENOMEM;
    log->number = ++events->last_number;
    log->text = BUF_INIT(EVENTS_LOG_BYTES_MAX);
    log->changed_ms = clock_wall_ms(events->clock);
    list_insert(&events->logs, &log->node);
    if (former)
        log_retire(events, former);
    return 0;
}

/* Whether another log is to begin with the next line. */
static bool log_has_ended(const struct events *events, const struct event_log *log)
{
    int64_t now_ms = clock_monotonic_ms(events->clock);
    bool has_former = events->logs.next != &log->node;
    if (log->text.len <= EVENTS_LOG_BYTES)
        return false;
    if (log->text.len > EVENTS_LOG_BYTES_HELD)
        return true;
    if (now_ms - log->line_ms < EVENTS_QUIET_MS)
        return false;
    return (log->is_read && !has_former) || now_ms - log->full_ms >= EVENTS_WAIT_MS;
}

struct event_log *events_find(struct events *events, uint64_t number)
{
    list_each (node, after, &events->logs)
        if (log_of(node)->number == number)
            return log_of(node);
    return NULL;
}

void event_log_hold(struct event_log *log) { log->holders++; }

void event_log_release(struct events *events, struct event_log *log, uint64_t n)
{
    log->holders -= n < log->holders ? n : log->holders;
    if (!log->holders && log != events_current(events))
        log_free(log);
}

int event_log_read(struct event_log *log, uint64_t offset, size_t size, struct slice *ret)
{
    if (log->is_dropped)
        return -ESTALE;
    log->is_read = true;
    size_t left = offset < log->text.len ? log->text.len - (size_t)offset : 0;
    *ret = (struct slice){ buf_str(&log->text) + (left ? offset : 0), size < left ? size : left };
    return 0;
}

/* ---- lines ---- */

static int log_add(struct events *events, const struct buf *line)
{
    if (events->may_begin && log_has_ended(events, events_current(events)) && log_begin(events))
        return -ENOMEM;
    events->may_begin = false;
    struct event_log *log = events_current(events);
    int result = buf_append(&log->text, line->data, line->len);
    log->text.error = 0; /* nothing of the line is there, and another may fit */
    if (result)
        return result;
    int64_t now_ms = clock_monotonic_ms(events->clock);
    bool was_full = log->text.len - line->len > EVENTS_LOG_BYTES;
    log->line_ms = now_ms;
    log->changed_ms = clock_wall_ms(events->clock);
    if (!was_full)
        log->full_ms = now_ms;
    events->has_grown = true;
    return 0;
}

static int line_write(struct events *events, const char *job, struct slice before, struct slice status)
{
    BUF_CLEANUP struct buf line = BUF_INIT(LINE_BYTES_MAX);
    char time[TIMESTAMP_SIZE];
    timestamp_format(clock_wall_ms(events->clock), time);
    (void)buf_printf(&line, "%s\t", time);
    (void)escape_text((struct slice){ job, strlen(job) }, &line);
    (void)buf_append_char(&line, '\t');
    (void)escape_text(before, &line);
    (void)buf_append_char(&line, '\t');
    (void)escape_text(status, &line);
    int result = buf_append_char(&line, '\n');
    return result ? result : log_add(events, &line);
}

void events_see(struct events *events, struct event_status **last, const char *job, struct slice text, bool is_first)
{
    struct slice cut = status_cut(text);
    struct slice before = *last ? status_key(*last) : (struct slice){ "-", 1 };
    if (*last && before.len == cut.len && !memcmp(before.data, cut.data, cut.len))
        return;
    struct event_status *status = status_ref(events, cut);
    bool is_met = !*last && is_first;
    if (!status)
        return;
    if (!is_met && line_write(events, job, before, status_key(status))) {
        events_forget(events, &status);
        return;
    }
    events_forget(events, last);
    *last = status;
}

void events_begin(struct events *events) { events->may_begin = true; }

void events_end(struct events *events)
{
    bool has_grown = events->has_grown;
    events->has_grown = false;
    if (has_grown && events->grown)
        events->grown(events->data);
}

void events_listen(struct events *events, void (*grown)(void *data), void *data)
{
    events->grown = grown;
    events->data = data;
}

/* ---- all of it ---- */

int events_new(const struct clock *clock, struct events **ret_events)
{
    struct events *events = calloc(1, sizeof *events);
    if (!events)
        return -ENOMEM;
    events->clock = clock;
    table_init(&events->statuses, status_key);
    list_init(&events->logs);
    if (log_begin(events)) {
        events_free(events);
        return -ENOMEM;
    }
    *ret_events = events;
    return 0;
}

void events_free(struct events *events)
{
    if (!events)
        return;
    list_each (node, after, &events->logs)
        log_free(log_of(node));
    table_release(&events->statuses);
    free(events);
}
