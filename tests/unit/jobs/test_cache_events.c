/* SPDX-License-Identifier: MIT */
/* What the cache tells of statuses: listings and describes alike, each change once. */
#include "cache_world.h"

#include <string.h>

#define JOB(name, status) "{\"jobName\":\"" name "\",\"status\":\"" status "\"}"

static int setup(void **state)
{
    static struct world world;
    struct cache_settings settings = world_init(&world);
    assert_int_equal(events_new(&world.clock.clock, &world.events), 0);
    settings.events = world.events;
    *state = &world;
    return cache_new(&settings, &world.cache);
}

static void list(struct world *world, const char *json)
{
    world_list(world, json);
    fake_clock_advance(&world->clock, 1000);
}

/* A describe; NULL: there is no such job. */
static void describe(struct world *world, const char *name, const char *json)
{
    struct probe probe;
    struct job *job = cache_pin(world->cache, name);
    assert_int_equal(cache_describe(world->cache, job, probe_waiter(&probe)), 0);
    if (json)
        fake_source_describe(&world->source, json);
    else
        fake_source_fail(&world->source, "ResourceNotFoundException");
    assert_int_equal(probe.calls, 1);
    cache_unpin(world->cache, job);
    fake_clock_advance(&world->clock, 1000);
}

/* What has been added to the log since the last look, without the times. */
static void expect_events(struct world *world, const char *wanted)
{
    struct event_log *log = events_current(world->events);
    struct slice bytes;
    BUF_CLEANUP struct buf said = BUF_INIT(10000);
    assert_int_equal(event_log_read(log, world->seen, SIZE_MAX, &bytes), 0);
    for (const char *line = bytes.data, *end; line < bytes.data + bytes.len; line = end + 1) {
        end = strchr(line, '\n');
        const char *rest = strchr(line, '\t') + 1;
        (void)buf_append(&said, rest, (size_t)(end + 1 - rest));
    }
    assert_string_equal(buf_str(&said), wanted);
    world->seen += bytes.len;
}

static void the_first_listing_writes_none_the_next_what_is_new_or_other(void **state)
{
    struct world *world = *state;
    list(world, "[" JOB("a", "PENDING") "," JOB("b", "ACTIVE") "]");
    expect_events(world, "");
    list(world, "[" JOB("a", "IN PROGRESS") "," JOB("b", "ACTIVE") "," JOB("c", "PENDING") "]");
    expect_events(world, "a\tPENDING\tIN PROGRESS\nc\t-\tPENDING\n");
    list(world, "[" JOB("a", "IN PROGRESS") "," JOB("b", "ACTIVE") "," JOB("c", "PENDING") "]");
    expect_events(world, "");
}

static void a_listing_and_a_describe_of_one_change_are_one_event(void **state)
{
    struct world *world = *state;
    list(world, "[" JOB("a", "PENDING") "]");
    describe(world, "a", JOB("a", "PENDING"));
    expect_events(world, "");
    describe(world, "a", JOB("a", "ACTIVE"));
    list(world, "[" JOB("a", "ACTIVE") "]");
    describe(world, "a", JOB("a", "ACTIVE"));
    expect_events(world, "a\tPENDING\tACTIVE\n");
}

static void a_change_between_a_describe_and_the_first_listing_is_seen(void **state)
{
    struct world *world = *state;
    describe(world, "a", JOB("a", "PENDING"));
    expect_events(world, "");
    list(world, "[" JOB("a", "ACTIVE") "," JOB("b", "ACTIVE") "]");
    expect_events(world, "a\tPENDING\tACTIVE\n");
    describe(world, "c", JOB("c", "PENDING"));
    expect_events(world, "c\t-\tPENDING\n");
}

static void an_answer_that_was_overtaken_changes_nothing(void **state)
{
    struct world *world = *state;
    struct probe listed;
    struct probe described;
    list(world, "[" JOB("a", "PENDING") "]");
    struct job *job = cache_pin(world->cache, "a");
    assert_int_equal(cache_list(world->cache, probe_waiter(&listed)), 0);
    fake_source_page(&world->source, "[" JOB("a", "PENDING") "]", "more"); /* sent before the describe */
    fake_clock_advance(&world->clock, 10);
    assert_int_equal(cache_describe(world->cache, job, probe_waiter(&described)), 0);
    fake_source_describe(&world->source, JOB("a", "ACTIVE"));
    expect_events(world, "a\tPENDING\tACTIVE\n");
    fake_source_page(&world->source, "[]", NULL); /* the listing ends after it */
    assert_int_equal(listed.calls, 1);
    expect_events(world, "");
    cache_unpin(world->cache, job);
}

static void a_name_that_stands_twice_in_a_listing_is_what_it_says_last(void **state)
{
    struct world *world = *state;
    const char *twice = "[" JOB("a", "PENDING") "," JOB("a", "ACTIVE") "]";
    list(world, twice);
    list(world, twice);
    list(world, twice);
    expect_events(world, "");
    list(world, "[" JOB("a", "ACTIVE") "," JOB("a", "STOPPED") "]");
    expect_events(world, "a\tACTIVE\tSTOPPED\n");
}

static void one_that_a_listing_lacks_is_still_what_it_was_one_that_is_denied_is_not(void **state)
{
    struct world *world = *state;
    list(world, "[" JOB("a", "ACTIVE") "," JOB("b", "ACTIVE") "]");
    list(world, "[" JOB("b", "ACTIVE") "]");
    list(world, "[" JOB("a", "ACTIVE") "," JOB("b", "ACTIVE") "]");
    expect_events(world, "");
    describe(world, "a", NULL);
    expect_events(world, "");
    list(world, "[" JOB("a", "ACTIVE") "," JOB("b", "ACTIVE") "]");
    expect_events(world, "a\t-\tACTIVE\n");
    describe(world, "never", NULL);
    expect_events(world, "");
}

static void a_status_may_be_absent(void **state)
{
    struct world *world = *state;
    list(world, "[]");
    list(world, "[{\"jobName\":\"a\"},{\"jobName\":\"b\",\"status\":null}]");
    expect_events(world, "a\t-\t\nb\t-\t\n");
    list(world, "[{\"jobName\":\"a\"}," JOB("b", "ACTIVE") "]");
    expect_events(world, "b\t\tACTIVE\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_listing_writes_none_the_next_what_is_new_or_other),
        TEST(a_listing_and_a_describe_of_one_change_are_one_event),
        TEST(a_change_between_a_describe_and_the_first_listing_is_seen),
        TEST(an_answer_that_was_overtaken_changes_nothing),
        TEST(a_name_that_stands_twice_in_a_listing_is_what_it_says_last),
        TEST(one_that_a_listing_lacks_is_still_what_it_was_one_that_is_denied_is_not),
        TEST(a_status_may_be_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
