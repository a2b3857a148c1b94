/* SPDX-License-Identifier: MIT */
#include "cache_world.h"

static void names_changed(void *data) { ((struct world *)data)->names_changed++; }

struct cache_settings world_init(struct world *world)
{
    *world = (struct world){ .cache = NULL };
    fake_clock_init(&world->clock);
    timers_init(&world->timers, &world->clock.clock);
    fake_source_init(&world->source, &world->clock.clock);
    return (struct cache_settings){ .kind = &kind_batch_inference_job,
                                    .source = &world->source.source,
                                    .timers = &world->timers,
                                    .clock = &world->clock.clock,
                                    .ttl_ms = TTL,
                                    .final_ttl_ms = FINAL_TTL,
                                    .list_ttl_ms = LIST_TTL,
                                    .negative_ttl_ms = NEGATIVE_TTL,
                                    .timeout_ms = TIMEOUT,
                                    .names_changed = names_changed,
                                    .data = world };
}

int world_setup(void **state)
{
    static struct world world;
    struct cache_settings settings = world_init(&world);
    settings.max_jobs = MAX_JOBS;
    *state = &world;
    return cache_new(&settings, &world.cache);
}

int world_teardown(void **state)
{
    struct world *world = *state;
    cache_free(world->cache);
    events_free(world->events);
    return 0;
}

int64_t now_of(const struct world *world) { return world->clock.monotonic_ms; }

void world_describe(struct world *world, struct job *job, const char *json)
{
    struct probe probe;
    assert_int_equal(cache_describe(world->cache, job, probe_waiter(&probe)), 0);
    fake_source_describe(&world->source, json);
    assert_int_equal(probe.calls, 1);
    assert_int_equal(probe.number, 0);
}

void world_list(struct world *world, const char *json)
{
    struct probe probe;
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    fake_source_page(&world->source, json, NULL);
    assert_int_equal(probe.calls, 1);
    assert_int_equal(probe.number, 0);
}
