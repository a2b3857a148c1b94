/* SPDX-License-Identifier: MIT */
/* The table of the mount's own files. All but the metrics have a header line and tab-separated columns, escaped as
 * values are (base/escape.h). */
#include "base/escape.h"
#include "fs/control.h"
#include "fs/events_file.h"
#include "fs/jobs_table.h"
#include "fs/metrics.h"

#include <string.h>

static void put_column(const char *text, char after, struct buf *to)
{
    if (text)
        (void)escape_text((struct slice){ text, strlen(text) }, to);
    (void)buf_append_char(to, after);
}

static void setting_render(void *data, const char *name, const char *value, const char *from)
{
    struct buf *to = data;
    put_column(name, '\t', to);
    put_column(value, '\t', to);
    put_column(value ? from : NULL, '\n', to);
}

static void config_render(const struct control_sources *sources, struct buf *to, int64_t *changed_ms)
{
    (void)changed_ms;
    (void)buf_append_str(to, "setting\tvalue\tfrom\n");
    sources->visit_settings(sources->data, setting_render, to);
}

static int jobs_take(const struct control_sources *sources, struct snapshot **ret_snapshot)
{
    return jobs_table_take(sources->jobs_table, ret_snapshot);
}

static int events_take(const struct control_sources *sources, struct snapshot **ret_snapshot)
{
    return events_file_take(sources->events, ret_snapshot);
}

static void errors_render(const struct control_sources *sources, struct buf *to, int64_t *changed_ms)
{
    *changed_ms = failures_changed_ms(sources->failures);
    failures_render(sources->failures, to);
}

static void metrics_file_render(const struct control_sources *sources, struct buf *to, int64_t *changed_ms)
{
    (void)changed_ms;
    metrics_render(sources, to);
}

static const struct control_file files[] = {
    { .name = "jobs.tsv",
      .mode = 0444,
      .traits = CONTROL_WAITS,
      .help = "all jobs, a line each, as the root's listing shows them",
      .take = jobs_take },
    { .name = "events",
      .mode = 0444,
      .traits = CONTROL_GROWS | CONTROL_RELISTS,
      .help = "changes of status, as they are seen: time, job, old, new",
      .take = events_take },
    { .name = "errors",
      .mode = 0400,
      .help = "the last 100 failures, and what to do about each",
      .render = errors_render },
    { .name = "metrics.prom",
      .mode = 0444,
      .traits = CONTROL_RELISTS,
      .help = "counts, ages and durations in Prometheus' text format",
      .render = metrics_file_render },
    { .name = "config",
      .mode = 0400,
      .help = "each setting in force and where it came from, secrets masked",
      .render = config_render },
};

const struct control_file *control_file_at(size_t i) { return i < sizeof files / sizeof *files ? &files[i] : NULL; }
