/* SPDX-License-Identifier: MIT */
/*
 * fuse: the tree, mounted. A thin adapter: it decodes the kernel's requests, answers them from the tree, and parks
 * those that must wait. The only module that includes libfuse (its low-level interface).
 *
 * A parked request is answered when what it waits for has come, or with EINTR as soon as its caller is interrupted by a
 * signal that is more than news (fs/caller.h).
 */
#ifndef FS_FUSE_H
#define FS_FUSE_H

#include "base/error.h"
#include "base/timer.h"
#include "fs/tree.h"

#include <stdbool.h>
#include <sys/types.h>

struct mount_settings {
    const char *source;     /* as /proc/mounts shows it */
    const char *mountpoint; /* absolute */
    bool allow_other;
    bool debug; /* libfuse prints every request */
    uid_t uid;
    gid_t gid;
    mode_t umask; /* taken from 0444 and 0555 */
    struct tree *tree;
    struct timers *timers;
    void (*serving)(void *data); /* the kernel has said its first word */
    void *data;
};

struct mount;

/* Mounts. The strings are copied. 0, or -errno with an error that says what to do. */
int mount_new(const struct mount_settings *settings, struct mount **ret_mount, struct error *error);
/* Unmounts if it is still mounted, frees. Every wait must have ended. Takes NULL. */
void mount_free(struct mount *mount);

/* To be polled for input. */
int mount_fd(const struct mount *mount);
/* Answers what the kernel has asked, a bounded number of requests. 0, or -errno where the connection has broken. */
int mount_serve(struct mount *mount);
/* Whether it was unmounted from outside. */
bool mount_has_ended(const struct mount *mount);
/* The names in a directory have changed: its attributes are to be asked for again. */
void mount_names_changed(struct mount *mount, uint64_t node);
/* A file has grown: what the kernel has kept of its bytes is dropped. It waits for reads that are under way, so it is
 * for another thread than that of mount_serve(). */
void mount_drop_pages(struct mount *mount, uint64_t node);

#endif
