/* SPDX-License-Identifier: MIT */
/* cache: what is described ahead of a walk, who joins it, and what is counted. */
#include "cache_world.h"

#include "aws/failure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void job_json(char json[80], int i, const char *status)
{
    (void)snprintf(json, 80, "{\"jobName\":\"%d\",\"status\":\"%s\"}", i, status);
}

static void list(struct world *world, const char *status)
{
    char page[JOBS * 80] = "[";
    char json[80];
    for (int i = 0; i < JOBS; i++) {
        job_json(json, i, status);
        (void)strcat(page, i ? "," : "");
        (void)strcat(page, json);
    }
    (void)strcat(page, "]");
    world_list(world, page);
}

static int setup(void **state)
{
    static struct world world;
    struct cache_settings settings = world_init(&world);
    settings.ahead_max = 4;
    settings.stats = &world.stats;
    *state = &world;
    if (cache_new(&settings, &world.cache))
        return -1;
    for (int i = 0; i < JOBS; i++)
        world.jobs[i] = cache_pin(world.cache, (char[]){ (char)('0' + i), 0 });
    list(&world, "ACTIVE");
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < JOBS; i++)
        cache_unpin(world->cache, world->jobs[i]);
    (void)world_teardown(state);
    assert_int_equal(timers_wait_ms(&world->timers), -1); /* an idle mount does not wake */
    return 0;
}

static void answer(struct world *world, int i, const char *status)
{
    char json[80];
    job_json(json, i, status);
    fake_source_describe(&world->source, json);
}

static void expect(struct world *world, unsigned describes, unsigned aheads)
{
    assert_int_equal(world->source.describes, describes);
    assert_int_equal(world->source.aheads, aheads);
}

/* Reads 0, 1, 2: the third begins the describes of 3 and 4, which are under way afterwards. */
static void walk(struct world *world, const char *status)
{
    struct probe probe;
    for (int i = 0; i < 3; i++) {
        expect(world, (unsigned)i, 0);
        assert_int_equal(cache_describe(world->cache, world->jobs[i], probe_waiter(&probe)), 0);
        answer(world, i, status);
        assert_int_equal(probe.calls, 1);
    }
    expect(world, 5, 2);
    assert_int_equal(world->source.readopted, 0);
}

static void test_served(void **state)
{
    struct world *world = *state;
    walk(world, "ACTIVE");
    answer(world, 3, "ACTIVE");
    answer(world, 4, "ACTIVE");
    cache_serve(world->cache, world->jobs[3], ASK_ANY); /* a listing tells that */
    assert_int_equal(world->stats.ahead_hits, 0);
    cache_serve(world->cache, world->jobs[3], ASK_DESCRIBED);
    assert_int_equal(world->stats.ahead_hits, 1);
    expect(world, 8, 5); /* the window is 4 now: 5, 6, 7 */
    cache_serve(world->cache, world->jobs[3], ASK_DESCRIBED);
    assert_int_equal(world->stats.ahead_hits, 1);
    expect(world, 8, 5);
}

static void test_joined(void **state)
{
    struct world *world = *state;
    struct probe first, second;
    walk(world, "ACTIVE");
    assert_int_equal(cache_describe(world->cache, world->jobs[3], probe_waiter(&first)), 0);
    assert_int_equal(world->source.readopted, 1);
    assert_int_equal(cache_describe(world->cache, world->jobs[3], probe_waiter(&second)), 0);
    assert_int_equal(world->source.readopted, 1);
    assert_int_equal(world->stats.ahead_hits, 1);
    expect(world, 8, 5);
    waiter_cancel(&first.waiter);
    assert_int_equal(world->source.abandoned, 0);
    fake_source_fail(&world->source, FAILURE_RESET); /* a reader's: it is told, and it counts */
    assert_int_equal(second.number, ECONNRESET);
    assert_int_equal(world->jobs[3]->inquiry->failed_number, ECONNRESET);
}

static void test_in_vain(void **state)
{
    struct world *world = *state;
    struct probe probe;
    walk(world, "IN PROGRESS");
    fake_source_fail(&world->source, FAILURE_ENDING); /* quietly: nobody has failed */
    assert_int_equal(world->jobs[3]->inquiry->failed_number, 0);
    answer(world, 4, "IN PROGRESS");
    assert_int_equal(world->stats.ahead_hits + world->stats.ahead_wasted, 0);
    assert_int_equal(cache_describe(world->cache, world->jobs[3], probe_waiter(&probe)), 0);
    expect(world, 6, 2); /* the walk must show itself anew */
    answer(world, 3, "ACTIVE");
    fake_clock_advance(&world->clock, TTL);
    cache_expire(world->cache);
    assert_int_equal(cache_describe(world->cache, world->jobs[4], probe_waiter(&probe)), 0);
    assert_int_equal(world->stats.ahead_wasted, 1); /* it had become old unread */
    assert_int_equal(world->stats.ahead_hits, 0);
    answer(world, 4, "ACTIVE");
}

/* A walk that a listing serves, but for jobs that run, fetches none of those that need no describe. */
static void test_only_what_the_reader_needs(void **state)
{
    struct world *world = *state;
    struct probe probe;
    list(world, "IN PROGRESS");
    fake_clock_advance(&world->clock, TTL);
    for (int i = 5; i < JOBS; i++) {
        assert_int_equal(cache_describe(world->cache, world->jobs[i], probe_waiter(&probe)), 0);
        answer(world, i, "ACTIVE");
    }
    fake_clock_advance(&world->clock, 1);
    list(world, "ACTIVE");
    unsigned describes = world->source.describes;
    fake_clock_advance(&world->clock, TTL);
    for (int i = 0; i < JOBS; i++)
        cache_serve(world->cache, world->jobs[i], ASK_ANY);
    assert_int_equal(world->source.describes, describes);
}

static void test_ends(void **state)
{
    struct world *world = *state;
    struct probe probe;
    walk(world, "ACTIVE");
    assert_int_equal(cache_describe(world->cache, world->jobs[3], probe_waiter(&probe)), 0);
    cache_end_waits(world->cache, ESHUTDOWN);
    assert_int_equal(probe.number, ESHUTDOWN);
    /* the rest is cancelled by cache_free() */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_served), TEST(test_joined), TEST(test_in_vain), TEST(test_only_what_the_reader_needs),
        TEST(test_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
