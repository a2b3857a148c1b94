/* SPDX-License-Identifier: MIT */
/*
 * daemon: into the background, in such a way that whoever started the command learns how it went. The parent returns
 * to the shell only when the child has said that it serves, or with the child's error and exit status.
 *
 * Before any thread, and before libcurl: there is one fork. Until it is ready the child has the caller's standard error
 * and working directory; nothing else of the caller's.
 */
#ifndef DAEMON_H
#define DAEMON_H

#include "base/error.h"

#include <stdbool.h>

struct daemon {
    int parent; /* a socket to the parent; -1 in the foreground, and once the parent knows */
};

/* In the background: returns in the child; the parent waits and ends itself. In the foreground: just returns. Either
 * way descriptors 0 to 2 are open afterwards. In the child all those above are closed: a daemon must not hold a
 * script's lock or pipe. 0, or -errno, for daemon_fail(). */
int daemon_start(struct daemon *daemon, bool foreground, struct error *error);

/* It serves: the parent ends with status 0; standard input, output and error become /dev/null, the working directory
 * becomes /. 0, or -errno, -EPIPE where the parent has ended meanwhile (by Ctrl-C): whoever asked is gone, so end. In
 * the foreground it does nothing. */
int daemon_ready(struct daemon *daemon, struct error *error);

/* It will not serve: "personalizefs: MESSAGE" is printed, by the parent if there is one, which ends with `status`. The
 * caller then ends with it too. */
void daemon_fail(struct daemon *daemon, int status, const struct error *error);

#endif
