/* SPDX-License-Identifier: MIT */
/*
 * jobs_table: all jobs as one tab-separated table: a header line, then a line a job with its kind's columns, escaped
 * (base/escape.h), in the order in which the root lists them. It is made of the last listing alone.
 *
 * A generation of it is an array of references to records, which never change, and of where each one's line ends. It is
 * rendered by range, never whole; lines that have not changed are not measured again. All openings between two changes
 * share one generation.
 */
#ifndef FS_JOBS_TABLE_H
#define FS_JOBS_TABLE_H

#include "fs/control.h"
#include "jobs/cache.h"

struct jobs_table;

/* `cache` and `clock` must outlive it. 0 or -ENOMEM. */
int jobs_table_new(const struct kind *kind, const struct cache *cache, const struct clock *clock,
                   struct jobs_table **ret_table);
/* Snapshots that were taken live on. Takes NULL. */
void jobs_table_free(struct jobs_table *table);
/* The table as the last listing shows it. 0 or -errno. */
int jobs_table_take(struct jobs_table *table, struct snapshot **ret_snapshot);

#endif
