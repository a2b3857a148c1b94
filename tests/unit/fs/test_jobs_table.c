/* SPDX-License-Identifier: MIT */
#include "fake_clock.h"
#include "fake_source.h"
#include "fs/jobs_table.h"
#include "jobs/words.h"
#include "probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define HEADER                                                                                                         \
    "jobName\tstatus\tcreationDateTime\tlastUpdatedDateTime\tsolutionVersionArn\tbatchInferenceJobMode\tfailureReason" \
    "\n"
#define A(status) "{\"jobName\":\"a\",\"status\":\"" status "\",\"creationDateTime\":1,\"lastUpdatedDateTime\":2.5}"
#define A_LINE(status) "a\t" status "\t1970-01-01T00:00:01.000Z\t1970-01-01T00:00:02.500Z\t\t\t\n"
#define B(reason) "{\"failureReason\":\"" reason "\",\"jobName\":\"b\",\"solutionVersionArn\":\"arn:v\"}"
#define B_LINE(reason) "b\t\t\t\tarn:v\t\t" reason "\n"

enum { TEXT_MAX = 10000 };

struct world {
    struct fake_clock clock;
    struct timers timers;
    struct fake_source source;
    struct cache *cache;
    struct jobs_table *table;
};

static void names_changed(void *data) { (void)data; }

static int setup(void **state)
{
    static struct world world;
    fake_clock_init(&world.clock);
    timers_init(&world.timers, &world.clock.clock);
    fake_source_init(&world.source, &world.clock.clock);
    const struct cache_settings settings = { .kind = &kind_batch_inference_job,
                                             .source = &world.source.source,
                                             .timers = &world.timers,
                                             .clock = &world.clock.clock,
                                             .ttl_ms = 30000,
                                             .final_ttl_ms = 30000,
                                             .list_ttl_ms = 60000,
                                             .timeout_ms = 15000,
                                             .names_changed = names_changed };
    assert_int_equal(cache_new(&settings, &world.cache), 0);
    *state = &world;
    return jobs_table_new(&kind_batch_inference_job, world.cache, &world.clock.clock, &world.table);
}

static int teardown(void **state)
{
    struct world *world = *state;
    jobs_table_free(world->table);
    cache_free(world->cache);
    return 0;
}

static void list(struct world *world, const char *json)
{
    struct probe probe;
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    fake_source_page(&world->source, json, NULL);
    assert_int_equal(probe.number, 0);
    fake_clock_advance(&world->clock, 1000);
}

static struct snapshot *take(struct world *world)
{
    struct snapshot *snapshot = NULL;
    assert_int_equal(jobs_table_take(world->table, &snapshot), 0);
    return snapshot;
}

/* Whole, in one read, and by ranges of every length from everywhere. */
static void expect_text(const struct snapshot *snapshot, const char *wanted)
{
    size_t len = strlen(wanted);
    BUF_CLEANUP struct buf text = BUF_INIT(TEXT_MAX);
    assert_int_equal(snapshot->size, len);
    assert_int_equal(snapshot->read(snapshot, 0, SIZE_MAX, &text), 0);
    assert_string_equal(buf_str(&text), wanted);
    for (size_t from = 0; from <= len + 1; from++) {
        for (size_t size = 1; size <= len + 1; size += size < 3 ? 1 : 17) {
            size_t left = from < len ? len - from : 0;
            buf_clear(&text);
            assert_int_equal(snapshot->read(snapshot, from, size, &text), 0);
            assert_int_equal(text.len, size < left ? size : left);
            assert_memory_equal(buf_str(&text), wanted + (left ? from : 0), text.len);
        }
    }
    buf_clear(&text);
    assert_int_equal(snapshot->read(snapshot, UINT64_MAX, 2, &text), 0);
    assert_int_equal(text.len, 0);
}

static void it_has_a_line_for_each_job_in_the_roots_order(void **state)
{
    struct world *world = *state;
    list(world, "[" A("ACTIVE") "," B("x\\ty\\n\\\\") "]");
    struct snapshot *snapshot = take(world);
    expect_text(snapshot, HEADER A_LINE("ACTIVE") B_LINE("x\\ty\\n\\\\"));
    snapshot->free(snapshot);
}

static void no_job_is_a_header(void **state)
{
    struct world *world = *state;
    list(world, "[]");
    struct snapshot *snapshot = take(world);
    expect_text(snapshot, HEADER);
    snapshot->free(snapshot);
}

static void an_opening_keeps_its_generation(void **state)
{
    struct world *world = *state;
    list(world, "[" A("PENDING") "]");
    struct snapshot *first = take(world);
    list(world, "[" A("ACTIVE") "," B("no") "]");
    struct snapshot *second = take(world);
    list(world, "[" B("no") "]");
    struct snapshot *third = take(world);
    list(world, "[" A("ACTIVE") "," B("no") "]"); /* it is back, and comes last now */
    struct snapshot *fourth = take(world);
    expect_text(first, HEADER A_LINE("PENDING"));
    expect_text(second, HEADER A_LINE("ACTIVE") B_LINE("no"));
    expect_text(third, HEADER B_LINE("no"));
    expect_text(fourth, HEADER B_LINE("no") A_LINE("ACTIVE"));
    assert_int_not_equal(first->content, second->content);
    assert_int_not_equal(second->content, third->content);
    assert_int_not_equal(second->content, fourth->content);
    jobs_table_free(world->table); /* they live on */
    world->table = NULL;
    expect_text(first, HEADER A_LINE("PENDING"));
    first->free(first);
    second->free(second);
    third->free(third);
    fourth->free(fourth);
}

static void a_listing_that_changes_nothing_makes_no_generation(void **state)
{
    struct world *world = *state;
    list(world, "[" A("ACTIVE") "," B("no") "]");
    struct snapshot *first = take(world);
    list(world, "[" B("no") "," A("ACTIVE") "]"); /* the service's order is not the root's */
    struct snapshot *second = take(world);
    assert_int_equal(first->content, second->content);
    assert_int_equal(first->changed_ms, second->changed_ms);
    list(
        world,
        "[" B(
            "no") ",{\"status\":\"ACTIVE\",\"creationDateTime\":1.0,\"lastUpdatedDateTime\":25E-1,\"jobName\":\"a\"}]");
    struct snapshot *third = take(world); /* written otherwise, the same lines */
    assert_int_equal(first->content, third->content);
    assert_int_equal(first->changed_ms, third->changed_ms);
    list(world, "[" A("STOPPED") "," B("no") "]");
    struct snapshot *fourth = take(world);
    assert_int_not_equal(first->content, fourth->content);
    assert_int_not_equal(first->changed_ms, fourth->changed_ms);
    expect_text(first, HEADER A_LINE("ACTIVE") B_LINE("no"));
    expect_text(fourth, HEADER A_LINE("STOPPED") B_LINE("no"));
    first->free(first);
    second->free(second);
    third->free(third);
    fourth->free(fourth);
}

/* Whoever holds one for long holds what has changed, no more. */
static void a_former_generation_shares_what_has_not_changed(void **state)
{
    struct world *world = *state;
    list(world, "[" A("PENDING") "," B("no") "]");
    struct snapshot *first = take(world);
    size_t words = words_count(); /* "arn:" is one of them */
    list(world,
         "[" A("ACTIVE") ",{\"failureReason\":\"no\",\"jobName\":\"b\",\"solutionVersionArn\":\"arn\\u003av\"}]");
    struct snapshot *second = take(world);
    assert_int_equal(words_count(), words); /* one more, "ACTIVE", and one less */
    expect_text(first, HEADER A_LINE("PENDING") B_LINE("no"));
    expect_text(second, HEADER A_LINE("ACTIVE") B_LINE("no"));
    first->free(first);
    second->free(second);
}

/* However old that is when somebody looks: what is read is not newer. */
static void its_times_are_the_listings(void **state)
{
    struct world *world = *state;
    int64_t asked_ms = world->clock.wall_ms;
    list(world, "[" A("ACTIVE") "]");
    fake_clock_advance(&world->clock, 50000);
    struct snapshot *first = take(world);
    assert_int_equal(first->changed_ms, asked_ms);
    assert_int_equal(first->confirmed_ms, asked_ms);
    int64_t asked_again_ms = world->clock.wall_ms;
    list(world, "[" A("ACTIVE") "]");
    struct snapshot *second = take(world);
    assert_int_equal(second->changed_ms, asked_ms);
    assert_int_equal(second->confirmed_ms, asked_again_ms);
    first->free(first);
    second->free(second);
}

static void its_columns_are_of_what_listings_carry(void **state)
{
    const struct kind *kind = &kind_batch_inference_job;
    (void)state;
    for (size_t i = 0; i < kind->n_columns; i++)
        assert_true(kind->fields[kind->columns[i]].listed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_has_a_line_for_each_job_in_the_roots_order),
        TEST(no_job_is_a_header),
        TEST(an_opening_keeps_its_generation),
        TEST(a_listing_that_changes_nothing_makes_no_generation),
        TEST(a_former_generation_shares_what_has_not_changed),
        TEST(its_times_are_the_listings),
        TEST(its_columns_are_of_what_listings_carry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
