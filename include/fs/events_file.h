/* SPDX-License-Identifier: MIT */
/*
 * events_file: the logs of jobs/events as files that grow: each log is a file of its own, whose size is what the
 * announcer has announced.
 */
#ifndef FS_EVENTS_FILE_H
#define FS_EVENTS_FILE_H

#include "fs/announcer.h"
#include "fs/control.h"
#include "jobs/events.h"

struct events_file;

/* Both must outlive it. 0 or -ENOMEM. */
int events_file_new(struct events *events, struct announcer *announcer, struct events_file **ret_file);
/* All snapshots must have been freed. Takes NULL. */
void events_file_free(struct events_file *file);
/* The current log. 0 or -ENOMEM. */
int events_file_take(struct events_file *file, struct snapshot **ret_snapshot);

#endif
