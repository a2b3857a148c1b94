/* SPDX-License-Identifier: MIT */
#include "jobs/cache.h"

#include "aws/failure.h"
#include "jobs/ahead.h"
#include "jobs/keep.h"
#include "jobs/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    LIST_REST_FACTOR = 10, /* a list stays fresh for at least so many times what it took */
    ABSENT_MAX = 1024      /* names that are no job's and nobody asks for, at most: anybody can ask for names */
};

struct cache {
    struct cache_settings settings;
    struct table jobs;  /* by name */
    struct list absent; /* idle ones, and idle ones that have failed, oldest first */
    size_t n_absent;
    struct keep keep;
    struct list flights;
    struct ahead *ahead;
    struct listing *listing;
    struct list list_waiters;
    bool listing_runs;
    bool relists;            /* it is wanted even if nobody waits */
    int64_t relist_after_ms; /* after one that failed */
    struct listing_state state;
    struct job **order; /* the jobs listed, by place */
    size_t order_room;
    uint64_t last_place;
    int64_t expired_ms; /* the last cache_expire() */
};

/* A describe under way. */
struct flight {
    struct list node;
    struct cache *cache;
    struct job *job;
    struct source_call *call;
    struct list waiters;
    bool revalidates; /* wanted even if nobody waits */
    bool ahead;       /* no reader has asked for it yet */
};

static struct slice job_key(const void *item)
{
    const struct job *job = item;
    return (struct slice){ job->name, strlen(job->name) };
}

static int64_t now_of(const struct cache *cache) { return clock_monotonic_ms(cache->settings.clock); }

static int64_t max_of(int64_t a, int64_t b) { return a > b ? a : b; }

static void waiters_call(struct list *waiters, int number)
{
    while (!list_empty(waiters)) {
        struct waiter *waiter = list_item(waiters->next, struct waiter, node);
        list_remove(&waiter->node);
        waiter->done(waiter, number);
    }
}

/* ---- jobs ---- */

static void job_free(struct cache *cache, struct job *job)
{
    if (cache->settings.events)
        events_forget(cache->settings.events, &job->status);
    inquiry_close(job);
    record_unref(job->listed.record);
    free(job);
}

/* Takes a job off the list of those that are absent, or have failed, and idle; or of those kept. */
static void job_wake(struct cache *cache, struct job *job)
{
    if (keep_has(job)) {
        keep_remove(&cache->keep, job);
        return;
    }
    cache->n_absent -= !list_empty(&job->inquiry->idle);
    list_remove(&job->inquiry->idle);
}

static void job_forget(struct cache *cache, struct job *job)
{
    job_wake(cache, job);
    (void)table_remove(&cache->jobs, job_key(job));
    ahead_forget(cache->ahead, job);
    job_free(cache, job);
}

/* Until when its absence, or its failure, is repeated without a call. */
static int64_t told_until_ms(const struct job *job)
{
    return max_of(job->inquiry->absent_until_ms, job->inquiry->failed_until_ms);
}

/* An unknown job that nobody asks for is forgotten; one that is absent or has failed, when that has run out. */
static void job_forget_if_idle(struct cache *cache, struct job *job)
{
    int64_t now_ms = now_of(cache);
    if (job->pins || job->inquiry->flight || job->place || job_is_known(job))
        return;
    if (told_until_ms(job) <= now_ms) {
        job_forget(cache, job);
        return;
    }
    job_wake(cache, job);
    list_insert(&cache->absent, &job->inquiry->idle);
    cache->n_absent++;
    list_each (node, after, &cache->absent) {
        struct job *oldest = list_item(node, struct inquiry, idle)->job;
        if (told_until_ms(oldest) > now_ms && cache->n_absent <= ABSENT_MAX)
            break;
        job_forget(cache, oldest);
    }
}

static struct job *job_get(struct cache *cache, const char *name, size_t len)
{
    struct job *job = table_get(&cache->jobs, (struct slice){ name, len });
    if (job)
        return job;
    job = calloc(1, sizeof *job + len + 1);
    if (!job)
        return NULL;
    memcpy(job->name, name, len);
    job->inquiry = &job_never_asked;
    if (table_add(&cache->jobs, job)) {
        free(job);
        return NULL;
    }
    return job;
}

/* Until when it is fresh, and until when it may be given all the same. */
static void knowledge_last(const struct cache *cache, struct knowledge *knowledge, int64_t fresh_until_ms)
{
    knowledge->fresh_until_ms = fresh_until_ms;
    knowledge->revalidate_until_ms = fresh_until_ms + cache->settings.stale_while_revalidate_ms;
    knowledge->error_until_ms = fresh_until_ms + cache->settings.stale_if_error_ms;
}

static void knowledge_set(const struct cache *cache, struct knowledge *knowledge, struct record *record,
                          struct source_time time, int64_t fresh_until_ms)
{
    struct record *before = knowledge->record;
    *knowledge =
        (struct knowledge){ .record = record_ref(record), .sent_ms = time.sent_ms, .confirmed_ms = time.sent_wall_ms };
    knowledge_last(cache, knowledge, fresh_until_ms);
    record_unref(before);
}

struct job *cache_pin(struct cache *cache, const char *name)
{
    struct job *job = job_get(cache, name, strlen(name));
    if (!job)
        return NULL;
    job_wake(cache, job);
    job->pins++;
    return job;
}

/*
 * Forgets of a described job what only a describe tells. The rest becomes what is known of it from a listing, unless a
 * newer one has told: a status does not go back to what it was. False: no memory.
 */
static bool job_abridge(struct cache *cache, struct job *job)
{
    struct record *record = NULL;
    if (!job->listed.record || job->listed.sent_ms < job->inquiry->described.sent_ms) {
        if (record_abridge(job->inquiry->described.record, &record))
            return false;
        record_unref(job->listed.record);
        job->listed = job->inquiry->described;
        job->listed.record = record;
    }
    keep_remove(&cache->keep, job);
    ahead_forget(cache->ahead, job);
    inquiry_close(job);
    return true;
}

/* Nobody holds it, if that is so. */
static void job_rest(struct cache *cache, struct job *job)
{
    if (job->pins || job->inquiry->flight)
        return;
    if (!job->inquiry->described.record) {
        job_forget_if_idle(cache, job);
        return;
    }
    job_wake(cache, job);
    keep_add(&cache->keep, job);
    for (struct job *oldest; (oldest = keep_excess(&cache->keep));)
        if (!job_abridge(cache, oldest))
            break;
}

void cache_unpin(struct cache *cache, struct job *job)
{
    job->pins--;
    job_rest(cache, job);
}

static int64_t ttl_of(const struct cache *cache, const struct record *record)
{
    return record_is_final(record) ? cache->settings.final_ttl_ms : cache->settings.ttl_ms;
}

/* What was asked for before cache_expire() is as old as what was held then. */
static bool is_expired(const struct cache *cache, const struct record *record, struct source_time time)
{
    return time.sent_ms < cache->expired_ms && !record_is_final(record);
}

/* ---- describe ---- */

/* `name` "": the list. */
static void failure_tell(const struct cache *cache, const char *what, const char *name, const char *operation,
                         const struct error *error)
{
    const char *directory = cache->settings.directory ? cache->settings.directory : "";
    failures_tell(cache->settings.failures, &(struct failure_place){ what, directory, name, operation }, error);
}

static void job_failed(struct cache *cache, struct job *job, const struct error *error)
{
    int64_t now_ms = now_of(cache);
    char what[JOB_NAME_MAX + 16] = "describe ";
    (void)strncat(what, job->name, JOB_NAME_MAX);
    failure_tell(cache, what, job->name, cache->settings.kind->describe_operation, error);
    if (error->number == ENOENT) {
        knowledge_clear(&job->inquiry->described); /* should a listing show it again, that is another one */
        job->inquiry->absent_until_ms = now_ms + cache->settings.negative_ttl_ms;
        job->inquiry->absent_since_ms = now_ms;
        return;
    }
    job->inquiry->failed_number = error->number;
    job->inquiry->failed_until_ms = now_ms + FAILURE_MS;
}

static void job_described(void *data, struct record *record, struct source_time time, const struct error *error)
{
    struct flight *flight = data;
    struct cache *cache = flight->cache;
    struct job *job = flight->job;
    if (record) {
        int64_t until_ms = is_expired(cache, record, time) ? 0 : time.sent_ms + ttl_of(cache, record);
        knowledge_set(cache, &job->inquiry->described, record, time, max_of(until_ms, now_of(cache) + HOLD_MS));
        job->inquiry->absent_until_ms = 0;
        job->inquiry->failed_until_ms = 0;
    } else if (!list_empty(&flight->waiters) || flight->revalidates) /* else: ended because nobody waited */
        job_failed(cache, job, error);
    jobs_tell_statuses(&job, 1, cache->settings.events, !cache->state.listed_once);
    if (flight->ahead)
        ahead_ended(cache->ahead, job, record);
    struct list waiters;
    list_init(&waiters);
    list_splice(&waiters, &flight->waiters);
    list_remove(&flight->node);
    job->inquiry->flight = NULL;
    free(flight);
    job->pins++; /* while its waiters are called */
    waiters_call(&waiters, record ? 0 : error->number);
    cache_unpin(cache, job);
}

static int flight_new(struct cache *cache, struct job *job, bool ahead)
{
    struct job_source *source = cache->settings.source;
    struct flight *flight = inquiry_open(job) ? NULL : calloc(1, sizeof *flight);
    if (!flight)
        return -ENOMEM;
    flight->cache = cache;
    flight->job = job;
    flight->ahead = ahead;
    list_init(&flight->waiters);
    int result = source->describe(source, job->name, now_of(cache) + cache->settings.timeout_ms, ahead, job_described,
                                  flight, &flight->call);
    if (result) {
        free(flight);
        return result;
    }
    list_insert(&cache->flights, &flight->node);
    job_wake(cache, job);
    job->inquiry->flight = flight;
    return 0;
}

int cache_describe(struct cache *cache, struct job *job, struct waiter *waiter)
{
    if (!job->inquiry->flight) {
        int result = flight_new(cache, job, false);
        if (result)
            return result;
    } else if (list_empty(&job->inquiry->flight->waiters) && !job->inquiry->flight->revalidates)
        cache->settings.source->readopt(cache->settings.source, job->inquiry->flight->call);
    waiter->cache = cache;
    list_insert(&job->inquiry->flight->waiters, &waiter->node);
    bool joined = job->inquiry->flight->ahead;
    job->inquiry->flight->ahead = false;
    ahead_read(cache->ahead, job, joined);
    return 0;
}

void cache_serve(struct cache *cache, struct job *job, enum ask asked) { ahead_serve(cache->ahead, job, asked); }

static void fetch_ahead(void *data, struct job *job) { (void)flight_new(data, job, true); }

void cache_revalidate(struct cache *cache, struct job *job)
{
    if (!job->inquiry->flight && !flight_new(cache, job, false))
        job->inquiry->flight->revalidates = true;
}

/* ---- the listing ---- */

/* What is known from a listing: its item, unless a describe that was let go since the page was asked for is newer. */
static void job_set_listed(const struct cache *cache, struct job *job, const struct listed_item *item)
{
    if (job->listed.record && job->listed.sent_ms > item->time.sent_ms)
        return;
    knowledge_set(cache, &job->listed, item->record, item->time, item->time.sent_ms + ttl_of(cache, item->record));
    if (is_expired(cache, item->record, item->time))
        knowledge_expire(&job->listed);
}

/* Takes what the newest listing says of a job; true if it has become finished, or is no longer. */
static bool job_listed(struct cache *cache, struct job *job, const struct listed_item *item)
{
    const struct record *before = job->listed.record;
    bool final_changed = !before || record_is_final(before) != record_is_final(item->record);
    struct knowledge *described = &job->inquiry->described;
    job_set_listed(cache, job, item);
    if (item->time.sent_ms >= job->inquiry->absent_since_ms || job->inquiry->absent_until_ms <= now_of(cache))
        job->inquiry->absent_until_ms = 0; /* else the page is older than "no such job", and that still holds */
    if (!described->record || !record_is_final(described->record) || described->sent_ms >= item->time.sent_ms)
        return final_changed;
    if (record_agrees(described->record, item->record)) { /* a finished job, shown unchanged: confirmed for nothing */
        described->sent_ms = item->time.sent_ms;
        described->confirmed_ms = item->time.sent_wall_ms;
        knowledge_last(cache, described, max_of(described->fresh_until_ms, job->listed.fresh_until_ms));
    } else if (described->fresh_until_ms > described->sent_ms + cache->settings.ttl_ms)
        knowledge_last(cache, described, described->sent_ms + cache->settings.ttl_ms); /* not so finished after all */
    return final_changed;
}

static int order_reserve(struct cache *cache, size_t n)
{
    if (n <= cache->order_room)
        return 0;
    struct job **order = realloc(cache->order, n * sizeof(struct job *));
    if (!order)
        return -ENOMEM;
    cache->order = order;
    cache->order_room = n;
    return 0;
}

/* Takes out of the order the jobs that listing number state.listings did not have; true if there were any. */
static bool order_prune(struct cache *cache)
{
    size_t kept = 0;
    size_t before = cache->state.n_jobs;
    for (size_t i = 0; i < before; i++) {
        struct job *job = cache->order[i];
        if (job->listing == cache->state.listings) {
            cache->order[kept++] = job;
            continue;
        }
        job->place = 0; /* it was shown once, so it keeps its name; what it is now, a describe must say */
        knowledge_expire(&job->listed);
    }
    cache->state.n_jobs = kept;
    return kept != before;
}

/* Makes a whole listing the current one. Reserves first, so that it is taken whole or not at all. */
static int listing_take(struct cache *cache, const struct listing_result *result)
{
    bool names_changed = !cache->state.listed_once;
    bool final_changed = false;
    if (order_reserve(cache, cache->state.n_jobs + result->n_items))
        return -ENOMEM;
    for (size_t i = 0; i < result->n_items; i++) {
        struct slice name = record_name(result->items[i].record);
        if (!job_get(cache, name.data, name.len))
            return -ENOMEM; /* those that were made stay until the next listing names them */
    }
    cache->state.listings++;
    for (size_t i = 0; i < result->n_items; i++) {
        struct slice name = record_name(result->items[i].record);
        struct job *job = job_get(cache, name.data, name.len);
        if (!keep_has(job))
            job_wake(cache, job);
        final_changed |= job_listed(cache, job, &result->items[i]);
        job->listing = cache->state.listings;
        if (job->place)
            continue;
        job->place = ++cache->last_place;
        cache->order[cache->state.n_jobs++] = job;
        names_changed = true;
    }
    names_changed |= order_prune(cache);
    jobs_tell_statuses(cache->order, cache->state.n_jobs, cache->settings.events, !cache->state.listed_once);
    int64_t now_ms = now_of(cache);
    int64_t rest_ms = max_of(cache->settings.list_ttl_ms, LIST_REST_FACTOR * result->took_ms);
    bool expired = result->began_ms < cache->expired_ms;
    cache->state.fresh_until_ms = max_of(expired ? 0 : result->began_ms + rest_ms, now_ms + HOLD_MS);
    cache->state.listed_once = true;
    cache->state.listed_ms = result->began_ms;
    cache->state.epoch += names_changed || final_changed;
    if (names_changed) {
        ahead_relist(cache->ahead);
        cache->state.changed_wall_ms = clock_wall_ms(cache->settings.clock);
        cache->settings.names_changed(cache->settings.data);
    }
    return 0;
}

static void listing_ended(void *data, const struct listing_result *result, const struct error *failed)
{
    struct cache *cache = data;
    struct error error = { 0 };
    cache->listing_runs = cache->relists = false;
    if (!result)
        error = *failed;
    else if (listing_take(cache, result))
        (void)failure_set(&error, FAILURE_MEMORY, "no memory for %zu jobs", result->n_items);
    if (error.number != ESHUTDOWN)
        cache->state.failed_number = error.number;
    if (error.number)
        failure_tell(cache, "list jobs", "", cache->settings.kind->list_operation, &error);
    cache->relist_after_ms = error.number ? now_of(cache) + cache->settings.list_ttl_ms : 0;
    struct list waiters;
    list_init(&waiters);
    list_splice(&waiters, &cache->list_waiters);
    waiters_call(&waiters, error.number);
}

static int listing_run(struct cache *cache)
{
    int result = cache->listing_runs ? 0 : listing_start(cache->listing);
    cache->listing_runs = !result;
    return result;
}

int cache_list(struct cache *cache, struct waiter *waiter)
{
    int result = listing_run(cache);
    if (result)
        return result;
    waiter->cache = cache;
    list_insert(&cache->list_waiters, &waiter->node);
    return 0;
}

void cache_relist(struct cache *cache)
{
    if (max_of(cache->state.fresh_until_ms, cache->relist_after_ms) <= now_of(cache) && !listing_run(cache))
        cache->relists = true;
}

const struct listing_state *cache_listing(const struct cache *cache) { return &cache->state; }

struct job *cache_next_listed(const struct cache *cache, uint64_t place)
{
    size_t low = 0;
    size_t high = cache->state.n_jobs;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cache->order[middle]->place > place)
            high = middle;
        else
            low = middle + 1;
    }
    return low < cache->state.n_jobs ? cache->order[low] : NULL;
}

/* ---- waits ---- */

void waiter_cancel(struct waiter *waiter)
{
    struct cache *cache = waiter->cache;
    struct list *neighbour = waiter->node.next;
    bool was_last = neighbour == waiter->node.prev;
    list_remove(&waiter->node);
    if (!was_last)
        return;
    if (neighbour == &cache->list_waiters) {
        if (cache->relists)
            return;
        cache->listing_runs = false;
        listing_stop(cache->listing);
        return;
    }
    struct flight *flight = list_item(neighbour, struct flight, waiters);
    if (!flight->revalidates)
        cache->settings.source->abandon(cache->settings.source, flight->call);
}

void cache_expire(struct cache *cache)
{
    size_t at = 0;
    cache->expired_ms = now_of(cache);
    cache->state.fresh_until_ms = cache->relist_after_ms = 0;
    listing_forget(cache->listing);
    for (struct job *job; (job = table_next(&cache->jobs, &at));) {
        const struct knowledge *latest = job_latest(job);
        bool runs = latest && !record_is_final(latest->record);
        job->inquiry->failed_until_ms = 0;
        job->inquiry->absent_until_ms = job->inquiry->absent_until_ms ? 1 : 0; /* still absent, but to be asked again */
        if (runs || (job->inquiry->described.record && !record_is_final(job->inquiry->described.record)))
            knowledge_expire(&job->inquiry->described);
        if (runs || (job->listed.record && !record_is_final(job->listed.record)))
            knowledge_expire(&job->listed);
    }
}

void cache_end_waits(struct cache *cache, int number)
{
    struct list waiters;
    list_init(&waiters);
    list_splice(&waiters, &cache->list_waiters);
    list_each (node, after, &cache->flights)
        list_splice(&waiters, &list_item(node, struct flight, node)->waiters);
    waiters_call(&waiters, number);
}

/* ---- the cache ---- */

int cache_new(const struct cache_settings *settings, struct cache **ret_cache)
{
    struct cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return -ENOMEM;
    cache->settings = *settings;
    table_init(&cache->jobs, job_key);
    list_init(&cache->absent);
    keep_init(&cache->keep, settings->max_jobs);
    list_init(&cache->flights);
    list_init(&cache->list_waiters);
    cache->state.changed_wall_ms = clock_wall_ms(settings->clock);
    const struct listing_settings listing = { .source = settings->source,
                                              .clock = settings->clock,
                                              .timeout_ms = settings->timeout_ms,
                                              .age_max_ms = settings->list_ttl_ms,
                                              .done = listing_ended,
                                              .data = cache };
    const struct ahead_settings ahead = { .window_max = settings->ahead_max,
                                          .jobs = &cache->order,
                                          .n_jobs = &cache->state.n_jobs,
                                          .clock = settings->clock,
                                          .stats = settings->stats,
                                          .fetch = fetch_ahead,
                                          .data = cache };
    if (listing_new(&listing, &cache->listing) || ahead_new(&ahead, &cache->ahead)) {
        listing_free(cache->listing);
        free(cache);
        return -ENOMEM;
    }
    *ret_cache = cache;
    return 0;
}

void cache_free(struct cache *cache)
{
    if (!cache)
        return;
    listing_free(cache->listing);
    list_each (node, after, &cache->flights) {
        struct flight *flight = list_item(node, struct flight, node);
        cache->settings.source->cancel(cache->settings.source, flight->call);
        free(flight);
    }
    size_t at = 0;
    for (struct job *job; (job = table_next(&cache->jobs, &at));)
        job_free(cache, job);
    table_release(&cache->jobs);
    ahead_free(cache->ahead);
    free(cache->order);
    free(cache);
}
