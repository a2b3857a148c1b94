/* SPDX-License-Identifier: MIT */
#include "aws/renewal.h"

#include "aws/failure.h"
#include "aws/provider.h"
#include "base/list.h"
#include "base/log.h"
#include "base/timer.h"
#include "codec/timestamp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MINUTE_MS = 60 * 1000,
    ADVISORY_MS = 15 * MINUTE_MS,
    MANDATORY_MS = 10 * MINUTE_MS,
    ENDLESS_LIFE_MS = 15 * MINUTE_MS, /* the AWS SDK for Rust's default for credentials without an expiration */
    DEAD_ON_ARRIVAL_MS = MINUTE_MS,   /* that long they are used until the clock's skew is known */
    REJECTED_AT_ONCE_MS = 1000,       /* keys that came just now are not asked for again: others were rejected */
    REPEAT_MS = 1000,                 /* a failure is repeated without asking for as long as it took, */
    REPEAT_MAX_MS = 15 * 1000,        /* so that a source that hangs costs its time once, not once a file */
    RETRY_MAX_MS = MINUTE_MS,
    NAME_SIZE = 160
};

/* Shared by those who look at it while another one comes. */
struct held {
    struct credentials credentials;
    int64_t came_ms;      /* monotonic */
    int64_t came_wall_ms; /* our own wall clock */
    unsigned refs;
};

struct waiter {
    struct list node;
    credentials_done_fn *done;
    void *data;
};

struct renewal {
    struct credentials_provider provider; /* the first: a pointer to it is one to the renewal */
    const struct credentials_settings *settings;
    struct credentials_provider *source;
    char name[NAME_SIZE];
    int64_t timeout_ms;
    struct held *held; /* NULL: nothing came yet */
    bool rejected;     /* what is held */
    bool inherited;    /* what is held: it was asked for before the configuration was read again */
    bool loading;
    int64_t began_ms; /* the last load */
    struct list waiters;
    struct list answering; /* those who are being told */
    struct timer deadline;
    struct error error; /* of the last load, which failed */
    int64_t retry_ms;   /* monotonic: no load before it */
};

enum state { GOOD, ADVISORY, MANDATORY, DEAD };

static struct renewal *renewal_of(const struct credentials_provider *self) { return (struct renewal *)(uintptr_t)self; }

static int64_t now_ms(const struct renewal *renewal) { return clock_monotonic_ms(renewal->settings->clock); }

static void held_unref(struct held *held)
{
    if (!held || --held->refs)
        return;
    credentials_release(&held->credentials);
    free(held);
}

static int64_t smaller(int64_t one, int64_t other) { return one < other ? one : other; }

/* How long they live from when they came, and how much of that is left. */
static void held_times(const struct renewal *renewal, int64_t *life_ms, int64_t *left_ms)
{
    const struct held *held = renewal->held;
    if (!held->credentials.expires_ms) {
        *life_ms = ENDLESS_LIFE_MS;
        *left_ms = ENDLESS_LIFE_MS - (now_ms(renewal) - held->came_ms);
        return;
    }
    int64_t skew_ms = renewal->settings->skew_ms ? *renewal->settings->skew_ms : 0;
    *life_ms = held->credentials.expires_ms - (held->came_wall_ms + skew_ms);
    *left_ms = held->credentials.expires_ms - settings_now_ms(renewal->settings);
}

static enum state renewal_state(const struct renewal *renewal)
{
    enum state good = renewal->inherited ? ADVISORY : GOOD;
    int64_t life_ms, left_ms;
    if (!renewal->held || renewal->rejected)
        return DEAD;
    held_times(renewal, &life_ms, &left_ms);
    if (life_ms <= 0)
        return now_ms(renewal) - renewal->held->came_ms < DEAD_ON_ARRIVAL_MS ? good : DEAD;
    if (left_ms > smaller(ADVISORY_MS, life_ms / 4))
        return good;
    if (left_ms > smaller(MANDATORY_MS, life_ms / 8))
        return ADVISORY;
    return left_ms > 0 || !renewal->held->credentials.expires_ms ? MANDATORY : DEAD;
}

/* Tries are closer together the less time is left. */
static int64_t retry_delay(const struct renewal *renewal)
{
    int64_t life_ms, left_ms;
    held_times(renewal, &life_ms, &left_ms);
    int64_t delay_ms = smaller(RETRY_MAX_MS, left_ms / 8);
    return delay_ms < REPEAT_MS ? REPEAT_MS : delay_ms;
}

/* Answers from what is held, which may be replaced meanwhile. */
static void answer(struct renewal *renewal, credentials_done_fn *done, void *data)
{
    struct held *held = renewal->held;
    held->refs++;
    done(data, &held->credentials, NULL);
    held_unref(held);
}

/* One after another: a call back may cancel others, or ask again. */
static void answer_all(struct renewal *renewal, const struct error *error)
{
    list_splice(&renewal->answering, &renewal->waiters);
    while (!list_empty(&renewal->answering)) {
        struct waiter *waiter = list_item(renewal->answering.next, struct waiter, node);
        struct waiter ended = *waiter;
        list_remove(&waiter->node);
        free(waiter);
        if (error)
            ended.done(ended.data, NULL, error);
        else
            answer(renewal, ended.done, ended.data);
    }
}

static void load_failed(struct renewal *renewal, const struct error *error)
{
    struct error copy = *error;
    enum state state = renewal_state(renewal);
    int64_t took_ms = now_ms(renewal) - renewal->began_ms;
    renewal->error = copy;
    renewal->retry_ms = now_ms(renewal) + (took_ms < REPEAT_MS ? REPEAT_MS : smaller(took_ms, REPEAT_MAX_MS));
    if (state == DEAD) {
        answer_all(renewal, &copy);
        return;
    }
    renewal->retry_ms = now_ms(renewal) + retry_delay(renewal);
    char until[TIMESTAMP_SIZE] = "new ones come";
    if (renewal->held->credentials.expires_ms)
        timestamp_format(renewal->held->credentials.expires_ms, until);
    log_warning("credentials from %s could not be renewed and are used until %s: %s: %s. %s", renewal->name, until,
                copy.code, copy.message, failure_advice(&copy));
    answer_all(renewal, NULL);
}

static int held_replace(struct renewal *renewal, const struct credentials *credentials)
{
    struct held *held = calloc(1, sizeof *held);
    if (!held || credentials_copy(credentials, &held->credentials)) {
        free(held);
        return -ENOMEM;
    }
    held->refs = 1;
    held->came_ms = now_ms(renewal);
    held->came_wall_ms = clock_wall_ms(renewal->settings->clock);
    held_unref(renewal->held);
    renewal->held = held;
    renewal->rejected = renewal->inherited = false;
    return 0;
}

static void on_loaded(void *data, const struct credentials *credentials, const struct error *error)
{
    struct renewal *renewal = data;
    struct error failed;
    renewal->loading = false;
    timer_stop(&renewal->deadline);
    if (credentials && held_replace(renewal, credentials)) {
        (void)failure_set(&failed, FAILURE_MEMORY, "no memory for credentials");
        credentials = NULL;
        error = &failed;
    }
    if (!credentials) {
        load_failed(renewal, error);
        return;
    }
    renewal->retry_ms = now_ms(renewal);
    char until[TIMESTAMP_SIZE] = "no end that is known";
    if (credentials->expires_ms)
        timestamp_format(credentials->expires_ms, until);
    log_debug("credentials from %s; they end: %s", renewal->name, until);
    answer_all(renewal, NULL);
}

static void on_deadline(void *data)
{
    struct renewal *renewal = data;
    struct error error;
    renewal->source->cancel(renewal->source, renewal);
    renewal->loading = false;
    (void)failure_set(&error, FAILURE_SOURCE_TIMEOUT, "nothing came from %s within %lld ms", renewal->name,
                      (long long)renewal->timeout_ms);
    load_failed(renewal, &error);
}

static void load_start(struct renewal *renewal)
{
    if (renewal->loading)
        return;
    renewal->loading = true;
    renewal->began_ms = now_ms(renewal);
    timer_start(renewal->settings->timers, &renewal->deadline, renewal->timeout_ms);
    renewal->source->get(renewal->source, on_loaded, renewal);
}

static void wait_for_load(struct renewal *renewal, credentials_done_fn *done, void *data)
{
    struct waiter *waiter = calloc(1, sizeof *waiter);
    if (!waiter) {
        struct error error;
        (void)failure_set(&error, FAILURE_MEMORY, "no memory to wait for credentials");
        done(data, NULL, &error);
        return;
    }
    waiter->done = done;
    waiter->data = data;
    list_insert(&renewal->waiters, &waiter->node);
    load_start(renewal);
}

static void renewal_get(struct credentials_provider *self, credentials_done_fn *done, void *data)
{
    struct renewal *renewal = renewal_of(self);
    enum state state = renewal_state(renewal);
    bool repeat = now_ms(renewal) < renewal->retry_ms;
    if (state == ADVISORY && !repeat)
        load_start(renewal);
    if (state == GOOD || state == ADVISORY || (state == MANDATORY && repeat)) {
        answer(renewal, done, data);
    } else if (repeat) {
        struct error error = renewal->error;
        done(data, NULL, &error);
    } else {
        wait_for_load(renewal, done, data);
    }
}

static void waiters_free(struct list *waiters, const void *data)
{
    list_each (node, after, waiters) {
        struct waiter *waiter = list_item(node, struct waiter, node);
        if (data && waiter->data != data)
            continue;
        list_remove(&waiter->node);
        free(waiter);
    }
}

/* The load goes on: it has a deadline, and the next one to ask has its use. */
static void renewal_cancel(struct credentials_provider *self, void *data)
{
    struct renewal *renewal = renewal_of(self);
    waiters_free(&renewal->waiters, data);
    waiters_free(&renewal->answering, data);
}

static void renewal_forget(struct credentials_provider *self)
{
    struct renewal *renewal = renewal_of(self);
    if (!renewal->held || renewal->rejected || now_ms(renewal) - renewal->held->came_ms < REJECTED_AT_ONCE_MS)
        return;
    renewal->rejected = true;
    renewal->retry_ms = now_ms(renewal);
    renewal->source->forget(renewal->source);
}

static void renewal_free(struct credentials_provider *self)
{
    struct renewal *renewal = renewal_of(self);
    waiters_free(&renewal->waiters, NULL);
    waiters_free(&renewal->answering, NULL);
    timer_stop(&renewal->deadline);
    renewal->source->free(renewal->source);
    held_unref(renewal->held);
    free(renewal);
}

void renewal_inherit(struct credentials_provider *self, const struct credentials_provider *other)
{
    struct renewal *renewal = renewal_of(self);
    const struct renewal *from = renewal_of(other);
    if (renewal_state(from) == DEAD)
        return;
    held_unref(renewal->held);
    renewal->held = from->held;
    renewal->held->refs++;
    renewal->inherited = true;
}

bool renewal_is_idle(const struct credentials_provider *self)
{
    const struct renewal *renewal = renewal_of(self);
    return list_empty(&renewal->waiters) && list_empty(&renewal->answering) && !renewal->loading;
}

int renewal_new(const struct credentials_settings *settings, struct credentials_provider *source, const char *name,
                int64_t timeout_ms, struct credentials_provider **ret_provider)
{
    struct renewal *renewal = calloc(1, sizeof *renewal);
    if (!renewal) {
        source->free(source);
        return -ENOMEM;
    }
    renewal->provider = (struct credentials_provider){
        .get = renewal_get, .cancel = renewal_cancel, .forget = renewal_forget, .free = renewal_free
    };
    renewal->settings = settings;
    renewal->source = source;
    renewal->timeout_ms = timeout_ms;
    (void)snprintf(renewal->name, sizeof renewal->name, "%s", name);
    list_init(&renewal->waiters);
    list_init(&renewal->answering);
    timer_init(&renewal->deadline, on_deadline, renewal);
    renewal->retry_ms = INT64_MIN;
    *ret_provider = &renewal->provider;
    return 0;
}
