/* SPDX-License-Identifier: MIT */
/* run: a sequence of operations, carried out in a world of its own. */
#ifndef MODEL_RUN_H
#define MODEL_RUN_H

#include "world.h"

enum op_kind {
    OP_READ,       /* open and read a file */
    OP_WALK,       /* the same of the jobs that the root lists, one after another, from this one on */
    OP_STAT,       /* stat of a job */
    OP_LIST,       /* ls -l of the root */
    OP_LIST_JOB,   /* ls of a job */
    OP_READ_AGAIN, /* those that are still open */
    OP_CLOSE,      /* all of them */
    OP_ANSWER,     /* the service answers a call */
    OP_REFUSE,     /* or fails it */
    OP_INTERRUPT,  /* one who waits */
    OP_PASS,       /* time */
    OP_CHANGE,     /* a job begins, or goes on */
    OP_VANISH,     /* it is no more */
    OP_HUP,
    OP_DROP,   /* the kernel's caches */
    OP_EVENTS, /* the log of events is looked at */
    OPS
};

struct op {
    enum op_kind kind;
    unsigned job; /* or who */
    unsigned choice;
    unsigned which; /* call, of those under way */
    int64_t ms;
};

/* True: the mount did all that the model says. Else `failure` is the first difference, and *ret_at the operation after
 * which it showed, n_ops: at the end, when all calls had been answered. */
bool run_ops(const struct op *ops, unsigned n_ops, struct world_settings settings, char failure[FAILURE_TEXT_MAX],
             unsigned *ret_at);
/* As text, without a newline. */
void op_print(const struct op *op, char *to, size_t size);

#endif
