/* SPDX-License-Identifier: MIT */
/*
 * mountpoint: the directory to mount on. A daemon that was killed leaves a dead mount there, on which every call says
 * "Transport endpoint is not connected": it is recognised and cleared, with fusermount3(1) where we are not root.
 * Nothing but a dead mount of type fuse.personalizefs, exactly there, is ever unmounted.
 */
#ifndef MOUNTPOINT_H
#define MOUNTPOINT_H

#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

/* The absolute path of the directory at `path`, without symbolic links, free to be mounted on. 0; -EBUSY if a
 * personalizefs serves there, and for the root directory; -ENOTDIR; -ENOTCONN for a dead mount of another type; -errno.
 */
int mountpoint_prepare(const char *path, char **ret_absolute, struct error *error);

/* For the end, where libfuse could not unmount: takes the personalizefs at `absolute`, dead or alive, out of the tree;
 * it goes when its last user does. 0 also if there is none. */
int mountpoint_unmount_lazily(const char *absolute, struct error *error);

/* Where in a personalizefs a path leads. */
struct mountpoint_place {
    char *point;  /* where it is mounted, absolute */
    char *inside; /* "/" for its root, "/nightly" for a job, however it is mounted */
};

/* Found from what the kernel knows of the name: of the daemon nothing is asked but the name, so it neither waits nor
 * fails with the service. 0; -ENODEV where the path leads to anything else; -errno, -ENOENT for one. */
int mountpoint_find(const char *path, struct mountpoint_place *ret_place);
void mountpoint_place_release(struct mountpoint_place *place);

/* A line of /proc/PID/mountinfo (proc_pid_mountinfo(5)); all point into the line. */
struct mountinfo {
    int id;
    const char *root;  /* what of the file system is mounted, unescaped: "/" but for a bind mount of a part of it */
    const char *point; /* unescaped */
    const char *type;  /* "fuse.personalizefs" */
};

/* Takes `line` apart in place. False if it is no such line. */
bool mountinfo_parse(char *line, struct mountinfo *mountinfo);

#endif
