/* SPDX-License-Identifier: MIT */
/* cache: what is kept of described jobs that nobody holds. */
#include "cache_world.h"

static void describe(struct world *world, struct job *job, const char *json) { world_describe(world, job, json); }
static void list(struct world *world, const char *json) { world_list(world, json); }

#define WHOLE(name, status, updated)                                                                         \
    "{\"jobName\":\"" name "\",\"status\":\"" status "\",\"roleArn\":\"r\",\"lastUpdatedDateTime\":" updated \
    ",\"failureReason\":\"\"}"

/* Asks for a job as the layer above does for one look; whether what only a describe tells is at hand. */
static bool look_at(struct world *world, const char *name)
{
    struct job *job = cache_pin(world->cache, name);
    bool whole = job->inquiry->described.record;
    cache_unpin(world->cache, job);
    return whole;
}

static void describe_named(struct world *world, const char *name, const char *json)
{
    struct job *job = cache_pin(world->cache, name);
    describe(world, job, json);
    cache_unpin(world->cache, job);
}

static void expect_status(struct world *world, const char *name, const char *status, int64_t updated_ms)
{
    struct job *job = cache_pin(world->cache, name);
    const struct knowledge *latest = job_latest(job);
    BUF_CLEANUP struct buf text = BUF_INIT(100);
    assert_true(job_is_known(job));
    assert_int_equal(packed_text(record_value(latest->record, kind_batch_inference_job.status), &text), 0);
    assert_string_equal(buf_str(&text), status);
    assert_int_equal(record_updated_ms(latest->record), updated_ms);
    cache_unpin(world->cache, job);
}

static void of_jobs_that_nobody_holds_the_last_are_kept_whole(void **state)
{
    struct world *world = *state;
    struct job *held = cache_pin(world->cache, "held");
    describe(world, held, WHOLE("held", "ACTIVE", "1"));
    describe_named(world, "a", WHOLE("a", "ACTIVE", "1"));
    describe_named(world, "b", WHOLE("b", "ACTIVE", "1"));
    assert_true(look_at(world, "a")); /* so that b is the one looked at longest ago */
    describe_named(world, "c", WHOLE("c", "ACTIVE", "1"));
    assert_true(look_at(world, "a"));
    assert_true(look_at(world, "c"));
    assert_false(look_at(world, "b"));
    assert_true(held->inquiry->described.record); /* it is held, however long ago */
    cache_unpin(world->cache, held);
    assert_false(look_at(world, "a"));
    assert_true(look_at(world, "held"));
    assert_true(look_at(world, "c"));
    describe_named(world, "b", WHOLE("b", "ACTIVE", "1")); /* had again, for a describe */
    assert_true(look_at(world, "b"));
}

static void what_is_let_go_keeps_its_name_its_status_and_its_freshness(void **state)
{
    struct world *world = *state;
    list(world, "[{\"jobName\":\"a\",\"status\":\"IN PROGRESS\",\"lastUpdatedDateTime\":1}]");
    world->clock.monotonic_ms += 1000;
    describe_named(world, "a", WHOLE("a", "ACTIVE", "2")); /* newer than the listing */
    describe_named(world, "x", WHOLE("x", "ACTIVE", "3")); /* in no listing */
    describe_named(world, "b", WHOLE("b", "ACTIVE", "1"));
    describe_named(world, "c", WHOLE("c", "ACTIVE", "1"));
    assert_false(look_at(world, "a"));
    assert_false(look_at(world, "x"));
    expect_status(world, "a", "ACTIVE", 2000);
    expect_status(world, "x", "ACTIVE", 3000);
    struct job *x = cache_pin(world->cache, "x");
    assert_int_equal(job_left_ms(x, ASK_ANY, now_of(world)), FINAL_TTL);
    assert_int_equal(job_left_ms(x, ASK_DESCRIBED, now_of(world)), 0);
    cache_unpin(world->cache, x);
}

static void what_is_let_go_does_not_go_back_behind_a_listing(void **state)
{
    struct world *world = *state;
    describe_named(world, "a", WHOLE("a", "IN PROGRESS", "1"));
    world->clock.monotonic_ms += 1000;
    list(world, "[" FINISHED "]");
    describe_named(world, "b", WHOLE("b", "ACTIVE", "1"));
    describe_named(world, "c", WHOLE("c", "ACTIVE", "1"));
    assert_false(look_at(world, "a"));
    expect_status(world, "a", "ACTIVE", 2000);
}

/* Its page was asked for before the describe, and comes when that has been let go. */
static void what_is_let_go_does_not_go_back_to_a_listing_begun_before(void **state)
{
    struct world *world = *state;
    struct probe probe;
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    world->clock.monotonic_ms += 1000;
    describe_named(world, "a", WHOLE("a", "ACTIVE", "2"));
    describe_named(world, "b", WHOLE("b", "ACTIVE", "1"));
    describe_named(world, "c", WHOLE("c", "ACTIVE", "1"));
    assert_false(look_at(world, "a"));
    fake_source_page(&world->source, "[" RUNNING "]", NULL);
    assert_int_equal(probe.number, 0);
    assert_int_equal(cache_listing(world->cache)->n_jobs, 1);
    expect_status(world, "a", "ACTIVE", 2000);
}

/* A listing in between does not make them count as held, or as looked at. */
static void a_listing_does_not_disturb_what_is_kept(void **state)
{
    struct world *world = *state;
    describe_named(world, "a", WHOLE("a", "ACTIVE", "1"));
    describe_named(world, "b", WHOLE("b", "ACTIVE", "1"));
    list(world, "[" NAMED("a") "," NAMED("b") "," NAMED("c") "]");
    describe_named(world, "c", WHOLE("c", "ACTIVE", "1"));
    assert_false(look_at(world, "a"));
    assert_true(look_at(world, "b"));
    assert_true(look_at(world, "c"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(of_jobs_that_nobody_holds_the_last_are_kept_whole),
        TEST(what_is_let_go_keeps_its_name_its_status_and_its_freshness),
        TEST(what_is_let_go_does_not_go_back_behind_a_listing),
        TEST(what_is_let_go_does_not_go_back_to_a_listing_begun_before),
        TEST(a_listing_does_not_disturb_what_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
