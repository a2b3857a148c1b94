/* SPDX-License-Identifier: MIT */
/*
 * metrics: what a mount tells a monitor, in Prometheus' text format: base units, `_total` for what only grows, HELP and
 * TYPE for each (https://prometheus.io/docs/instrumenting/exposition_formats/ and .../docs/practices/naming/). One
 * table has them; the manual page is held to it.
 */
#ifndef FS_METRICS_H
#define FS_METRICS_H

#include "base/buf.h"
#include "fs/control.h"

#include <stddef.h>

/* Appends all that have a value now. Failure sticks in `to`. */
void metrics_render(const struct control_sources *sources, struct buf *to);

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM };

struct metric {
    const char *name;
    enum metric_type type;
    const char *labels; /* "operation, outcome"; "" for none */
    const char *help;   /* one line */
    /* Appends its samples, none where it has no value. */
    void (*put)(const struct control_sources *sources, const char *name, struct buf *to);
};

/* Row `i`, NULL after the last: for documents and tests. */
const struct metric *metric_at(size_t i);

#endif
