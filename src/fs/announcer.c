/* SPDX-License-Identifier: MIT */
#include "fs/announcer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum { STACK_BYTES = 256 << 10 };

struct growth {
    uint64_t node; /* 0: a place that is free */
    uint64_t size;
    uint64_t told;
};

struct announcer {
    void (*drop)(void *data, uint64_t node);
    void *data;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* for all below */
    pthread_cond_t changed;
    bool ending;
    bool ended;
    unsigned last; /* announced: the others come first */
    struct growth growths[ANNOUNCED_MAX];
};

static struct growth *growth_of(struct announcer *announcer, uint64_t node)
{
    for (unsigned i = 0; i < ANNOUNCED_MAX; i++)
        if (announcer->growths[i].node == node)
            return &announcer->growths[i];
    return NULL;
}

static struct growth *next_untold(struct announcer *announcer)
{
    for (unsigned i = 1; i <= ANNOUNCED_MAX; i++) {
        unsigned at = (announcer->last + i) % ANNOUNCED_MAX;
        struct growth *growth = &announcer->growths[at];
        if (growth->node && growth->told < growth->size) {
            announcer->last = at;
            return growth;
        }
    }
    return NULL;
}

static void *run(void *data)
{
    struct announcer *announcer = data;
    (void)pthread_mutex_lock(&announcer->lock);
    while (!announcer->ending) {
        struct growth *growth = next_untold(announcer);
        if (!growth) {
            (void)pthread_cond_wait(&announcer->changed, &announcer->lock);
            continue;
        }
        uint64_t node = growth->node;
        uint64_t size = growth->size;
        (void)pthread_mutex_unlock(&announcer->lock);
        announcer->drop(announcer->data, node);
        (void)pthread_mutex_lock(&announcer->lock);
        growth = growth_of(announcer, node); /* it may have been forgotten */
        if (growth && growth->told < size)
            growth->told = size;
    }
    announcer->ended = true;
    (void)pthread_mutex_unlock(&announcer->lock);
    return NULL;
}

/* Signals are the loop's. Without a thread nothing is announced, and the next call tries again. */
static void start(struct announcer *announcer)
{
    pthread_attr_t attributes;
    sigset_t all;
    sigset_t before;
    if (announcer->has_thread || announcer->ending || pthread_attr_init(&attributes))
        return;
    (void)sigfillset(&all);
    (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    announcer->has_thread = !pthread_create(&announcer->thread, &attributes, run, announcer);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
}

uint64_t announcer_size(struct announcer *announcer, uint64_t node, uint64_t size)
{
    (void)pthread_mutex_lock(&announcer->lock);
    struct growth *growth = growth_of(announcer, node);
    if (!growth) {
        growth = growth_of(announcer, 0);
        if (growth)
            *growth = (struct growth){ node, size, size };
    }
    bool has_grown = growth && growth->size < size;
    if (has_grown)
        growth->size = size;
    uint64_t told = growth ? growth->told : 0;
    (void)pthread_mutex_unlock(&announcer->lock);
    if (told < size)
        start(announcer);
    if (has_grown)
        (void)pthread_cond_signal(&announcer->changed);
    return told;
}

void announcer_forget(struct announcer *announcer, uint64_t node)
{
    (void)pthread_mutex_lock(&announcer->lock);
    struct growth *growth = growth_of(announcer, node);
    if (growth)
        *growth = (struct growth){ 0 };
    (void)pthread_mutex_unlock(&announcer->lock);
}

bool announcer_end(struct announcer *announcer)
{
    (void)pthread_mutex_lock(&announcer->lock);
    announcer->ending = true;
    bool ended = announcer->ended || !announcer->has_thread;
    (void)pthread_mutex_unlock(&announcer->lock);
    (void)pthread_cond_signal(&announcer->changed);
    return ended;
}

int announcer_new(void (*drop)(void *data, uint64_t node), void *data, struct announcer **ret_announcer)
{
    struct announcer *announcer = calloc(1, sizeof *announcer);
    if (!announcer)
        return -ENOMEM;
    announcer->drop = drop;
    announcer->data = data;
    (void)pthread_mutex_init(&announcer->lock, NULL);
    (void)pthread_cond_init(&announcer->changed, NULL);
    *ret_announcer = announcer;
    return 0;
}

void announcer_free(struct announcer *announcer)
{
    if (!announcer)
        return;
    (void)announcer_end(announcer);
    if (announcer->has_thread)
        (void)pthread_join(announcer->thread, NULL);
    (void)pthread_cond_destroy(&announcer->changed);
    (void)pthread_mutex_destroy(&announcer->lock);
    free(announcer);
}
