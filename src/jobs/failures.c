/* SPDX-License-Identifier: MIT */
#include "jobs/failures.h"

#include "aws/failure.h"
#include "base/escape.h"
#include "base/log.h"
#include "codec/timestamp.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN_BYTES_MAX = 2048 };

struct failure_entry {
    int64_t time_ms; /* wall clock */
    char path[FAILURE_PATH_SIZE];
    char operation[FAILURE_OPERATION_SIZE];
    struct error error;
};

struct failures {
    const struct clock *clock;
    int64_t changed_ms;
    uint64_t told; /* number n is entries[n % FAILURES_MAX] */
    struct failure_entry entries[FAILURES_MAX];
};

/* ---- the columns ---- */

static void put_time(const struct failure_entry *entry, struct buf *to)
{
    char text[TIMESTAMP_SIZE];
    timestamp_format(entry->time_ms, text);
    (void)buf_append_str(to, text);
}

static void put_path(const struct failure_entry *entry, struct buf *to) { (void)buf_append_str(to, entry->path); }

static void put_operation(const struct failure_entry *entry, struct buf *to)
{
    (void)buf_append_str(to, entry->operation);
}

static void put_errno(const struct failure_entry *entry, struct buf *to)
{
    const char *name = strerrorname_np(entry->error.number);
    (void)buf_append_str(to, name ? name : "");
}

static void put_http_status(const struct failure_entry *entry, struct buf *to)
{
    if (entry->error.http_status)
        (void)buf_printf(to, "%d", entry->error.http_status);
}

static void put_code(const struct failure_entry *entry, struct buf *to) { (void)buf_append_str(to, entry->error.code); }

static void put_message(const struct failure_entry *entry, struct buf *to)
{
    (void)buf_append_str(to, entry->error.message);
}

static void put_request_id(const struct failure_entry *entry, struct buf *to)
{
    (void)buf_append_str(to, entry->error.request_id);
}

/* The IAM action in "User: ... is not authorized to perform: personalize:ListBatchInferenceJobs on resource: ...": not
 * always the operation's own, since the account may have had to be found out first. "" where the message names none. */
static struct slice denied_action(const char *message)
{
    static const char before[] = "to perform: ";
    const char *action = strstr(message, before);
    size_t len = 0;
    action = action ? action + sizeof before - 1 : "";
    while (isalnum((unsigned char)action[len]) || (action[len] && strchr(":-", action[len])))
        len++;
    return (struct slice){ action, memchr(action, ':', len) ? len : 0 };
}

static void put_advice(const struct failure_entry *entry, struct buf *to)
{
    const struct failure *failure = failure_find(entry->error.code, entry->error.http_status);
    if (failure == failure_find("AccessDeniedException", 0)) {
        struct slice action = denied_action(entry->error.message);
        if (action.len)
            (void)buf_printf(to, "Missing: %.*s. ", (int)action.len, action.data);
        else
            (void)buf_printf(to, "Missing: personalize:%s. ", entry->operation);
    }
    (void)buf_append_str(to, failure->advice);
}

static const struct failure_column columns[] = {
    { "time", "when it failed", put_time },
    { "path", "what was asked for, below the mount point; a dot for the list of jobs", put_path },
    { "operation", "the service's name for what was asked", put_operation },
    { "errno", "the name of the error that readers got", put_errno },
    { "httpStatus", "of the answer; empty where there was none", put_http_status },
    { "code", "the service's name for what failed, or one of those under ERRORS", put_code },
    { "message", "the service's own words, or what happened on the way to it", put_message },
    { "requestId", "the service's, for a support case; often empty", put_request_id },
    { "advice", "what to do about it; where access was denied, first the IAM action that is missing", put_advice },
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

const struct failure_column *failure_column_at(size_t i) { return i < N_COLUMNS ? &columns[i] : NULL; }

static void render_entry(const struct failure_entry *entry, struct buf *to)
{
    BUF_CLEANUP struct buf text = BUF_INIT(COLUMN_BYTES_MAX);
    for (size_t i = 0; i < N_COLUMNS; i++) {
        buf_clear(&text);
        columns[i].put(entry, &text);
        (void)escape_text((struct slice){ buf_str(&text), text.len }, to);
        (void)buf_append_char(to, i + 1 < N_COLUMNS ? '\t' : '\n');
    }
}

void failures_render(const struct failures *failures, struct buf *to)
{
    for (size_t i = 0; i < N_COLUMNS; i++)
        (void)buf_printf(to, "%s%c", columns[i].name, i + 1 < N_COLUMNS ? '\t' : '\n');
    uint64_t first = failures->told > FAILURES_MAX ? failures->told - FAILURES_MAX : 0;
    for (uint64_t n = first; n < failures->told; n++)
        render_entry(&failures->entries[n % FAILURES_MAX], to);
}

/* ---- what is told ---- */

/* A job that is not there is an answer like any other: it is told of, but it is no trouble. */
static bool is_trouble(const struct error *error) { return error->number != ENOENT; }

static void log_failure(const char *what, const struct error *error)
{
    void (*log)(const char *, ...) __attribute__((format(printf, 1, 2))) = is_trouble(error) ? log_warning : log_info;
    size_t len = strlen(error->message);
    const char *stop = len && error->message[len - 1] == '.' ? "" : ".";
    log("%s: %s (%s%s%s): %s%s %s", what, strerror(error->number), error->code, *error->request_id ? ", request " : "",
        error->request_id, error->message, stop, failure_advice(error));
}

static void keep(struct failures *failures, const struct failure_place *place, const struct error *error)
{
    struct failure_entry *entry = &failures->entries[failures->told++ % FAILURES_MAX];
    *entry = (struct failure_entry){ .time_ms = clock_wall_ms(failures->clock), .error = *error };
    failures->changed_ms = entry->time_ms;
    const char *between = *place->directory && *place->name ? "/" : "";
    (void)snprintf(entry->path, sizeof entry->path, "%s%s%s", place->directory, between, place->name);
    if (!*entry->path)
        memcpy(entry->path, ".", sizeof ".");
    error_copy(entry->operation, sizeof entry->operation, place->operation);
}

void failures_tell(struct failures *failures, const struct failure_place *place, const struct error *error)
{
    if (error->number == ESHUTDOWN) /* nobody waits any more */
        return;
    if (error->repeats) {
        log_debug("%s: %s", place->what, error->message);
        return;
    }
    log_failure(place->what, error);
    if (failures && is_trouble(error))
        keep(failures, place, error);
}

/* ---- all of them ---- */

uint64_t failures_count(const struct failures *failures) { return failures->told; }

int64_t failures_changed_ms(const struct failures *failures) { return failures->changed_ms; }

int failures_new(const struct clock *clock, struct failures **ret_failures)
{
    struct failures *failures = calloc(1, sizeof *failures);
    if (!failures)
        return -ENOMEM;
    failures->clock = clock;
    failures->changed_ms = clock_wall_ms(clock);
    *ret_failures = failures;
    return 0;
}

void failures_free(struct failures *failures) { free(failures); }
