/* SPDX-License-Identifier: MIT */
/*
 * child: a program that runs beside the loop and whose standard output is read through it. No shell; nothing of ours
 * but the environment is inherited; its standard error and input are /dev/null.
 */
#ifndef AWS_CHILD_H
#define AWS_CHILD_H

#include "base/buf.h"
#include "base/error.h"
#include "base/watch.h"

#include <stddef.h>

/* Splits a command line as the SDKs do (Python's shlex, POSIX mode): blanks, '…', "…" with \" and \\, \x outside.
 * Words are NUL-ended in one block, the array itself, which NULL ends: in memory of base/secret.h, to be given to
 * command_free(). 0, -ENOMEM, or -EINVAL where a quotation or an escape has no end. */
int command_split(const char *command, char ***ret_words);
void command_free(char **words); /* takes NULL */

/* `status` is waitpid(2)'s, -1 where it cannot be known; `output` is wiped when the call back returns; -EMSGSIZE in
 * buf_error() where it was too much. Once, from watches_run(). The child is gone then. */
typedef void child_done_fn(void *data, int status, const struct buf *output);

struct child;

/* 0, or -errno: of finding and starting the program, too. */
int child_start(struct watches *watches, char *const *words, size_t output_max, child_done_fn *done, void *data,
                struct child **ret_child);
/* Kills it and all of its process group, and reaps it once it is gone. No call back. */
void child_kill(struct child *child);

#endif
