/* SPDX-License-Identifier: MIT */
/*
 * caller: what the kernel does not tell a filesystem about the process behind a request, read from /proc. Best effort:
 * where it cannot be read (another user's process, another namespace) the answer is the careful one.
 */
#ifndef FS_CALLER_H
#define FS_CALLER_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether the thread `tid` is in a system call that would make or rename something. A lookup does not say what it is
 * for, and a name that is provisional would make mkdir(2) say "exists" where it must say "read-only". Unknown: false.
 */
bool caller_creates(pid_t tid);

/* Whether nothing that would end its system call is pending for the thread: no signal that it does not block, but for
 * those that say that something has happened (CHLD, URG, WINCH, CONT). A bash whose child ends while `[ -e FILE ]`
 * waits must not be told "false". Unknown: false. */
bool caller_is_merely_told(pid_t tid);

#endif
