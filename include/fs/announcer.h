/* SPDX-License-Identifier: MIT */
/*
 * announcer: how a file that grows tells its size. READ gives new bytes at once; then the kernel must drop the pages
 * that lack them; only then may a GETATTR say the new size, else a reader could see zeros where the new bytes belong.
 * Dropping waits for pages that are being read, hence for our own loop: it is done by a thread, the only one besides
 * the loop's. It owns nothing and calls nothing but the function that drops, and is begun when something first grows.
 *
 * All functions are for the loop.
 */
#ifndef FS_ANNOUNCER_H
#define FS_ANNOUNCER_H

#include <stdbool.h>
#include <stdint.h>

struct announcer;

enum { ANNOUNCED_MAX = 8 }; /* files at a time */

/* `drop`, called by the thread, makes the kernel drop what it has kept of a node's bytes. 0 or -ENOMEM. */
int announcer_new(void (*drop)(void *data, uint64_t node), void *data, struct announcer **ret_announcer);
/* Waits for the thread to end. Takes NULL. */
void announcer_free(struct announcer *announcer);

/* The size that a GETATTR of `node` may say, READ giving `size` bytes: all of them when it is first asked, those that
 * have been announced later. What is more is announced from now on. 0 where too many files are followed. */
uint64_t announcer_size(struct announcer *announcer, uint64_t node, uint64_t size);
/* The kernel has nothing of it any more. */
void announcer_forget(struct announcer *announcer, uint64_t node);

/* Nothing more is announced. True when the thread has ended; until then reads must be answered. */
bool announcer_end(struct announcer *announcer);

#endif
