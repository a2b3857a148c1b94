/* SPDX-License-Identifier: MIT */
#include "fs/caller.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NO_FLAGS = -1, TRIES = 20 };

/* Calls that make a name; for those that may, which argument has O_CREAT. Older ones are not on every architecture. */
static const struct {
    long number;
    int flags_argument;
} creating[] = {
    { SYS_mkdirat, NO_FLAGS },
    { SYS_mknodat, NO_FLAGS },
    { SYS_symlinkat, NO_FLAGS },
    { SYS_linkat, NO_FLAGS },
    { SYS_renameat2, NO_FLAGS },
    { SYS_openat, 2 },
#ifdef SYS_renameat
    { SYS_renameat, NO_FLAGS },
#endif
#ifdef SYS_mkdir
    { SYS_mkdir, NO_FLAGS },
    { SYS_mknod, NO_FLAGS },
    { SYS_symlink, NO_FLAGS },
    { SYS_link, NO_FLAGS },
    { SYS_rename, NO_FLAGS },
    { SYS_creat, NO_FLAGS },
    { SYS_open, 1 },
#endif
};

/* The first line of /proc/TID/syscall: "NUMBER 0xARGUMENT...", or "running" where it is not yet asleep (proc(5)). */
static bool read_syscall(pid_t tid, char *line, size_t size)
{
    char path[48];
    (void)snprintf(path, sizeof path, "/proc/%d/syscall", (int)tid);
    for (int i = 0; i < TRIES; i++) { /* it is about to wait for our answer: a moment, if at all */
        CLOSE_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, line, size - 1);
        if (n <= 0)
            return false;
        line[n] = 0;
        if (line[0] >= '0' && line[0] <= '9')
            return true;
    }
    return false;
}

static unsigned long argument(const char *line, int index)
{
    for (int i = 0; line && i <= index; i++) {
        line = strchr(line, ' ');
        line = line ? line + 1 : NULL;
    }
    return line ? strtoul(line, NULL, 16) : 0;
}

bool caller_creates(pid_t tid)
{
    char line[256];
    if (tid <= 0 || !read_syscall(tid, line, sizeof line))
        return false;
    long number = strtol(line, NULL, 10);
    for (size_t i = 0; i < sizeof creating / sizeof *creating; i++)
        if (number == creating[i].number)
            return creating[i].flags_argument == NO_FLAGS || (argument(line, creating[i].flags_argument) & O_CREAT);
    return false;
}

/* The signal sets of /proc/TID/status (proc(5)) that matter here. */
struct signals {
    uint64_t pending;
    uint64_t blocked;
};

static uint64_t bit_of(int signal_number) { return UINT64_C(1) << (signal_number - 1); }

static bool read_signals(pid_t tid, struct signals *ret)
{
    char text[4096]; /* all of it is less than 2 KiB */
    char path[48];
    unsigned found = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)tid);
    CLOSE_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (n <= 0)
        return false;
    text[n] = 0;
    *ret = (struct signals){ 0 };
    for (char *line = text, *next; line; line = next) {
        uint64_t set = 0;
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        char *value = strchr(line, ':');
        if (!value)
            continue;
        set = strtoull(value + 1, NULL, 16);
        *value = 0;
        bool is_pending = !strcmp(line, "SigPnd") || !strcmp(line, "ShdPnd");
        bool is_blocked = !strcmp(line, "SigBlk");
        ret->pending |= is_pending ? set : 0;
        ret->blocked |= is_blocked ? set : 0;
        found += is_pending + is_blocked;
    }
    return found == 3;
}

bool caller_is_merely_told(pid_t tid)
{
    const uint64_t harmless = bit_of(SIGCHLD) | bit_of(SIGURG) | bit_of(SIGWINCH) | bit_of(SIGCONT);
    struct signals signals;
    return tid > 0 && read_signals(tid, &signals) && !(signals.pending & ~signals.blocked & ~harmless);
}
