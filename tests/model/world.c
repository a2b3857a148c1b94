/* SPDX-License-Identifier: MIT */
#include "world.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TTL = 30000, FINAL_TTL = 86400000, LIST_TTL = 60000, NEGATIVE_TTL = 5000, TIMEOUT = 15000, JSON_MAX = 1 << 16 };

void world_pass(struct world *world, int64_t ms)
{
    fake_clock_advance(&world->clock, ms);
    timers_run(&world->timers);
    world->model.now_ms = world->clock.monotonic_ms;
    world->model.now_wall_ms = world->clock.wall_ms;
}

bool world_failed(const struct world *world) { return *world->failure; }

void world_fail(struct world *world, const char *format, ...)
{
    va_list arguments;
    if (world_failed(world)) /* what follows from the first is no news */
        return;
    va_start(arguments, format);
    (void)vsnprintf(world->failure, sizeof world->failure, format, arguments);
    va_end(arguments);
}

/* ---- calls ---- */

/* The page that begins with the job number `start` of those that there are now. */
static void fill_page(const struct world *world, struct call *call, unsigned start)
{
    unsigned n = 0;
    for (unsigned job = 0; job < JOBS; job++) {
        const struct state *state = &world->service.jobs[job];
        if (!state->exists)
            continue;
        if (n >= start && call->n_items < PAGE)
            call->items[call->n_items++] = (struct model_item){ job, *state, call->sent_ms, call->sent_wall_ms };
        n++;
    }
    call->next = start + PAGE <= n ? start + PAGE : 0; /* the last may be empty */
}

static struct call *call_add(struct world *world, bool is_list)
{
    if (world->n_calls == CALLS_MAX)
        abort();
    struct call *call = &world->calls[world->n_calls++];
    *call =
        (struct call){ .is_list = is_list, .sent_ms = world->clock.monotonic_ms, .sent_wall_ms = world->clock.wall_ms };
    return call;
}

static struct world *world_of(struct job_source *source)
{
    return (struct world *)(void *)((char *)source - offsetof(struct world, source));
}

/* Ahead of a walk through several listed jobs, what they lack and nobody has asked for; all else is the model's doing.
 */
static void look_at_describe(struct world *world, unsigned job, bool ahead)
{
    unsigned others = world->walked & (world->walked - 1); /* one bit less */
    if (!ahead && !world->model.jobs[job].asked)
        world_fail(world, "job %s is described, and need not be", job_name(job));
    for (unsigned i = 0; i < world->n_calls; i++)
        if (!world->calls[i].is_list && world->calls[i].job == job)
            world_fail(world, "job %s is described twice at once", job_name(job));
    if (!ahead)
        return;
    if (!world->ahead_max || !others || !world->model.jobs[job].place || !model_is_wanted(&world->model, job))
        world_fail(world, "job %s is described ahead, and need not be", job_name(job));
    model_ahead(&world->model, job);
}

static int describe(struct job_source *self, const char *name, int64_t deadline_ms, bool ahead,
                    source_described_fn *done, void *data, struct source_call **ret_call)
{
    struct world *world = world_of(self);
    int job = job_number(name);
    if (job < 0)
        abort();
    look_at_describe(world, (unsigned)job, ahead);
    struct call *call = call_add(world, false);
    call->job = (unsigned)job;
    call->state = world->service.jobs[job];
    return world->fake.source.describe(&world->fake.source, name, deadline_ms, ahead, done, data, ret_call);
}

static int list(struct job_source *self, const char *token, int64_t deadline_ms, source_token_fn *next,
                source_listed_fn *done, void *data, struct source_call **ret_call)
{
    struct world *world = world_of(self);
    if (!world->model.list.asked)
        world_fail(world, "a page is asked for, and need not be");
    fill_page(world, call_add(world, true), token ? (unsigned)strtoul(token, NULL, 10) : 0);
    return world->fake.source.list(&world->fake.source, token, deadline_ms, next, done, data, ret_call);
}

static void abandon(struct job_source *self, struct source_call *call)
{
    world_of(self)->fake.source.abandon(&world_of(self)->fake.source, call);
}

static void readopt(struct job_source *self, struct source_call *call)
{
    world_of(self)->fake.source.readopt(&world_of(self)->fake.source, call);
}

static void cancel(struct job_source *self, struct source_call *call)
{
    world_of(self)->fake.source.cancel(&world_of(self)->fake.source, call);
}

/* ---- all of it ---- */

static void names_changed(void *data) { (void)data; }

static struct cache *no_other(void *data, const struct arn *arn)
{
    (void)data;
    (void)arn;
    return NULL;
}

void world_open(struct world *world, struct world_settings settings)
{
    *world = (struct world){ .source = { describe, list, abandon, readopt, cancel }, .ahead_max = settings.ahead_max };
    fake_clock_init(&world->clock);
    timers_init(&world->timers, &world->clock.clock);
    fake_source_init(&world->fake, &world->clock.clock);
    service_init(&world->service);
    const struct model_settings model = { .ttl_ms = TTL,
                                          .final_ttl_ms = FINAL_TTL,
                                          .list_ttl_ms = LIST_TTL,
                                          .negative_ttl_ms = NEGATIVE_TTL,
                                          .stale_while_revalidate_ms = settings.stale_while_revalidate_ms,
                                          .stale_if_error_ms = settings.stale_if_error_ms,
                                          .hold_ms = MIN_TTL_MS < 1000 ? MIN_TTL_MS : 1000,
                                          .failure_ms = 1000 };
    model_init(&world->model, &model, world->clock.wall_ms);
    if (events_new(&world->clock.clock, &world->events))
        abort();
    const struct cache_settings cache = { .kind = &kind_batch_inference_job,
                                          .source = &world->source,
                                          .timers = &world->timers,
                                          .clock = &world->clock.clock,
                                          .events = world->events,
                                          .ttl_ms = TTL,
                                          .final_ttl_ms = FINAL_TTL,
                                          .list_ttl_ms = LIST_TTL,
                                          .negative_ttl_ms = NEGATIVE_TTL,
                                          .stale_while_revalidate_ms = settings.stale_while_revalidate_ms,
                                          .stale_if_error_ms = settings.stale_if_error_ms,
                                          .ahead_max = settings.ahead_max,
                                          .timeout_ms = TIMEOUT,
                                          .names_changed = names_changed };
    if (cache_new(&cache, &world->cache))
        abort();
    const struct tree_settings tree = { .kind = &kind_batch_inference_job,
                                        .cache = world->cache,
                                        .cache_of = no_other,
                                        .clock = &world->clock.clock,
                                        .negative_ttl_ms = NEGATIVE_TTL };
    if (tree_new(&tree, &world->tree))
        abort();
    world->kernel.tree = world->tree;
    world_pass(world, 0);
}

void world_close(struct world *world)
{
    tree_free(world->tree);
    cache_free(world->cache);
    events_free(world->events);
}

/* ---- comparing ---- */

/* Compares the text without the times: what stands before each line's first tab. */
static void compare_log(struct world *world)
{
    struct slice text;
    const char *expected = world->model.log;
    if (event_log_read(events_current(world->events), 0, LOG_MAX, &text))
        abort();
    for (size_t i = 0; i < text.len;) {
        const char *tab = memchr(text.data + i, '\t', text.len - i);
        const char *end = memchr(text.data + i, '\n', text.len - i);
        size_t len = tab && end > tab ? (size_t)(end - tab) : 0;
        if (!len || strncmp(tab + 1, expected, len) != 0) {
            world_fail(world, "the log of events goes on \"%.*s\", not \"%.40s\"", (int)(end - text.data - (long)i),
                       text.data + i, expected);
            return;
        }
        expected += len;
        i = (size_t)(end - text.data) + 1;
    }
    if (*expected)
        world_fail(world, "the log of events lacks \"%s\"", expected);
}

void world_compare(struct world *world)
{
    if (world->fake.describes != world->model.describes)
        world_fail(world, "%u describes, not %u", world->fake.describes, world->model.describes);
    if (world->fake.lists != world->model.lists)
        world_fail(world, "%u list calls, not %u", world->fake.lists, world->model.lists);
    unsigned inodes = inodes_of_files(&world->kernel);
    if (tree_count_versions(world->tree) != inodes)
        world_fail(world, "%zu versions are kept, and the kernel holds %u", tree_count_versions(world->tree), inodes);
    if (fake_source_pending(&world->fake) != world->n_calls)
        world_fail(world, "%u calls are under way, not %u", fake_source_pending(&world->fake), world->n_calls);
    compare_log(world);
}

/* ---- answers ---- */

static struct call call_take(struct world *world, unsigned at)
{
    struct call call = world->calls[at];
    fake_source_hurry(&world->fake, at);
    world->n_calls--;
    memmove(&world->calls[at], &world->calls[at + 1], (world->n_calls - at) * sizeof call);
    int64_t took_ms = world->clock.monotonic_ms - call.sent_ms;
    if (took_ms > world->longest_call_ms)
        world->longest_call_ms = took_ms;
    return call;
}

static void answer_page(struct world *world, const struct call *call)
{
    BUF_CLEANUP struct buf json = BUF_INIT(JSON_MAX);
    char token[16];
    (void)buf_append_char(&json, '[');
    for (unsigned i = 0; i < call->n_items; i++) {
        if (i)
            (void)buf_append_char(&json, ',');
        state_json(&call->items[i].state, call->items[i].job, &json);
    }
    (void)buf_append_char(&json, ']');
    (void)snprintf(token, sizeof token, "%u", call->next);
    model_page(&world->model, call->items, call->n_items, !call->next);
    fake_source_page(&world->fake, buf_str(&json), call->next ? token : NULL);
}

void world_answer(struct world *world, unsigned at)
{
    struct call call = call_take(world, at);
    if (call.is_list) {
        answer_page(world, &call);
    } else if (!call.state.exists) {
        model_described(&world->model, call.job, ENOENT, NULL, call.sent_ms, call.sent_wall_ms);
        fake_source_fail(&world->fake, "ResourceNotFoundException");
    } else {
        BUF_CLEANUP struct buf json = BUF_INIT(JSON_MAX);
        state_json(&call.state, call.job, &json);
        model_described(&world->model, call.job, 0, &call.state, call.sent_ms, call.sent_wall_ms);
        fake_source_describe(&world->fake, buf_str(&json));
    }
}

void world_refuse(struct world *world, unsigned at, unsigned choice)
{
    struct call call = call_take(world, at);
    bool refuses_token = call.is_list && choice % 3 == 2;
    bool throttles = choice % 2;
    int number = throttles ? EBUSY : EACCES;
    if (call.is_list)
        model_page_failed(&world->model, number, refuses_token);
    else
        model_described(&world->model, call.job, number, NULL, call.sent_ms, call.sent_wall_ms);
    fake_source_fail(&world->fake, refuses_token ? "InvalidNextTokenException"
                                   : throttles   ? "ThrottlingException"
                                                 : "AccessDeniedException");
}
