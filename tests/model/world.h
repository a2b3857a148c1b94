/* SPDX-License-Identifier: MIT */
/*
 * world: a tree over a cache, a kernel above and a service below it, a clock, and the model beside it. Every request
 * goes to both, and every answer; the first thing in which they differ is kept in `failure`, and ends the run.
 */
#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H

#include "fake_clock.h"
#include "fake_source.h"
#include "kernel.h"
#include "model.h"
#include "service.h"

#include "jobs/events.h"

enum { CALLS_MAX = 64, INOS_MAX = 2048, NODES_MAX = 8192, FAILURE_TEXT_MAX = 512 };

/* A call under way, and what the service knew when it was sent. */
struct call {
    bool is_list;
    unsigned job;
    struct state state;
    struct model_item items[PAGE];
    unsigned n_items;
    unsigned next; /* where the next page begins; 0: this is the last */
    int64_t sent_ms, sent_wall_ms;
};

struct ino {
    unsigned job;
    enum file file;
    char text[TEXT_MAX];
    uint64_t ino;
};

struct world {
    struct fake_clock clock;
    struct timers timers;
    struct job_source source; /* before the fake one, and looks at what is asked */
    struct fake_source fake;
    struct events *events;
    struct cache *cache;
    struct tree *tree;
    struct kernel kernel;
    struct service service;
    struct model model;
    struct call calls[CALLS_MAX]; /* oldest first */
    unsigned n_calls;
    unsigned walked; /* the jobs that somebody has begun to read, a bit each */
    unsigned ahead_max;
    int64_t longest_call_ms;
    struct ino inos[INOS_MAX]; /* that were given */
    unsigned n_inos;
    uint64_t nodes[NODES_MAX]; /* of files, ever */
    unsigned n_nodes;
    char failure[FAILURE_TEXT_MAX]; /* "": none yet */
};

struct world_settings {
    int64_t stale_while_revalidate_ms;
    int64_t stale_if_error_ms;
    unsigned ahead_max; /* jobs described ahead of a walk */
};

void world_open(struct world *world, struct world_settings settings);
/* Everything must have been given back. */
void world_close(struct world *world);
void world_pass(struct world *world, int64_t ms);
bool world_failed(const struct world *world);
__attribute__((format(printf, 2, 3))) void world_fail(struct world *world, const char *format, ...);
/* What both must agree in whenever nothing is under way: calls, versions kept, the log of events. */
void world_compare(struct world *world);

/* Ends the call number `at`, the oldest being 0. */
void world_answer(struct world *world, unsigned at);
/* The same with a failure that `choice` picks. */
void world_refuse(struct world *world, unsigned at, unsigned choice);

/* Requests of the kernel, compared. 0 or -errno, MODEL_WAIT; *ret: the inode, referred to, or NULL. */
int ask_lookup_job(struct world *world, unsigned job, struct inode **ret);
int ask_lookup_file(struct world *world, struct inode *dir, enum file file, struct inode **ret);
int ask_getattr(struct world *world, struct inode *inode);
int ask_getattr_waited(struct world *world, struct inode *inode, int number);
int ask_read(struct world *world, struct inode *inode);
int ask_opendir(struct world *world);
void ask_readdir_root(struct world *world);
void ask_readdir_job(struct world *world, struct inode *dir);

#endif
