/* SPDX-License-Identifier: MIT */
/* cache: the listing, its pages, the places in it and how long it rests. */
#include "cache_world.h"

#include <errno.h>
#include <string.h>

static void describe(struct world *world, struct job *job, const char *json) { world_describe(world, job, json); }
static void list(struct world *world, const char *json) { world_list(world, json); }

static void expect_names(struct world *world, const char *expected)
{
    char names[256] = "";
    uint64_t place = 0;
    for (struct job *job; (job = cache_next_listed(world->cache, place)); place = job->place) {
        assert_true(job->place > place);
        strcat(names, job->name);
    }
    assert_string_equal(names, expected);
}

static void a_listing_has_all_pages(void **state)
{
    struct world *world = *state;
    struct probe one;
    struct probe two;
    assert_int_equal(cache_list(world->cache, probe_waiter(&one)), 0);
    assert_int_equal(cache_list(world->cache, probe_waiter(&two)), 0);
    assert_int_equal(world->source.lists, 1);
    fake_source_page(&world->source, "[" NAMED("b") "," NAMED("a") "]", "next");
    assert_string_equal(world->source.last_token, "next");
    fake_source_page(&world->source, "[]", "more"); /* a page may be empty */
    assert_int_equal(one.calls, 0);
    expect_names(world, ""); /* whole or not at all */
    fake_source_page(&world->source, "[" NAMED("c") "," NAMED("a") "]", NULL);
    assert_int_equal(one.calls + two.calls, 2);
    expect_names(world, "bac"); /* each name once */
    assert_int_equal(cache_listing(world->cache)->n_jobs, 3);
    assert_int_equal(world->names_changed, 1);
}

static void places_are_kept(void **state)
{
    struct world *world = *state;
    list(world, "[" NAMED("a") "," NAMED("b") "," NAMED("c") "]");
    uint64_t epoch = cache_listing(world->cache)->epoch;
    struct job *b = cache_next_listed(world->cache, cache_next_listed(world->cache, 0)->place);
    uint64_t place = b->place;
    assert_string_equal(b->name, "b");
    list(world, "[" NAMED("d") "," NAMED("c") "," NAMED("b") "," NAMED("a") "]");
    expect_names(world, "abcd");
    assert_true(cache_listing(world->cache)->epoch > epoch);
    assert_int_equal(b->place, place);
    list(world, "[" NAMED("d") "," NAMED("c") "," NAMED("a") "]");
    expect_names(world, "acd");
    assert_string_equal(cache_next_listed(world->cache, place)->name, "c");
    list(world, "[" NAMED("d") "," NAMED("c") "," NAMED("a") "," NAMED("b") "]");
    expect_names(world, "acdb");
    assert_int_equal(world->names_changed, 4);
}

static void the_epoch_moves_with_names_and_with_being_finished(void **state)
{
    struct world *world = *state;
    list(world, "[" RUNNING "]");
    uint64_t epoch = cache_listing(world->cache)->epoch;
    int64_t changed = cache_listing(world->cache)->changed_wall_ms;
    fake_clock_advance(&world->clock, LIST_TTL);
    list(world, "[" RUNNING "]");
    assert_int_equal(cache_listing(world->cache)->epoch, epoch);
    list(world, "[" FINISHED "]");
    assert_int_equal(cache_listing(world->cache)->epoch, epoch + 1);
    assert_int_equal(cache_listing(world->cache)->changed_wall_ms, changed); /* no name has changed */
    assert_int_equal(world->names_changed, 1);
}

static void the_list_rests_ten_times_what_it_took(void **state)
{
    struct world *world = *state;
    struct probe probe;
    list(world, "[]");
    assert_int_equal(cache_listing(world->cache)->fresh_until_ms, now_of(world) + LIST_TTL);
    int64_t began_ms = now_of(world);
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    fake_clock_advance(&world->clock, 20000);
    fake_source_page(&world->source, "[]", NULL);
    assert_int_equal(cache_listing(world->cache)->fresh_until_ms, began_ms + 200000);
}

/* What passes while it is stopped is no work of the service. */
static void a_pause_does_not_make_the_list_rest_longer(void **state)
{
    struct world *world = *state;
    struct probe probe;
    int64_t began_ms = now_of(world);
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    fake_clock_advance(&world->clock, 4000);
    waiter_cancel(&probe.waiter);
    fake_source_page(&world->source, "[" NAMED("a") "]", "x");
    fake_clock_advance(&world->clock, 50000);
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    fake_clock_advance(&world->clock, 3000);
    fake_source_page(&world->source, "[" NAMED("b") "]", NULL);
    assert_int_equal(cache_listing(world->cache)->fresh_until_ms, began_ms + 70000);
    expect_names(world, "ab");
}

/* New jobs come first and shift the others on to later pages: some stand on two. */
static void pages_that_shift_lose_nothing_and_repeat_nothing(void **state)
{
    struct world *world = *state;
    struct probe probe;
    list(world, "[" NAMED("a") "," NAMED("b") "," NAMED("c") "," NAMED("d") "]");
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    fake_source_page(&world->source, "[" NAMED("a") "," NAMED("b") "]", "x");
    describe(world, cache_pin(world->cache, "n"), NAMED("n")); /* it has appeared meanwhile */
    fake_source_page(&world->source, "[" NAMED("b") "," NAMED("c") "]", "y");
    fake_source_page(&world->source, "[" NAMED("d") "]", NULL);
    expect_names(world, "abcd");
    assert_int_equal(cache_listing(world->cache)->n_jobs, 4);
    assert_int_equal(world->names_changed, 1);
    list(world, "[" NAMED("n") "," NAMED("a") "," NAMED("b") "," NAMED("c") "," NAMED("d") "]");
    expect_names(world, "abcdn");
    cache_unpin(world->cache, cache_next_listed(world->cache, 4));
}

static void a_listing_is_whole_or_an_error(void **state)
{
    struct world *world = *state;
    struct probe probe;
    list(world, "[" NAMED("a") "]");
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    fake_source_page(&world->source, "[" NAMED("b") "]", "next");
    fake_source_fail(&world->source, "ThrottlingException");
    assert_int_equal(probe.number, EBUSY);
    expect_names(world, "a");
}

static void a_page_token_twice_is_an_error(void **state)
{
    struct world *world = *state;
    struct probe probe;
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    fake_source_page(&world->source, "[]", "x");
    fake_source_page(&world->source, "[]", "y");
    fake_source_page(&world->source, "[]", "x");
    assert_int_equal(probe.number, EBADMSG);
    assert_int_equal(fake_source_pending(&world->source), 0);
}

static void a_refused_token_starts_anew_once(void **state)
{
    struct world *world = *state;
    struct probe probe;
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    fake_source_page(&world->source, "[" NAMED("a") "]", "x");
    fake_source_fail(&world->source, "InvalidNextTokenException");
    assert_string_equal(world->source.last_token, "");
    fake_source_page(&world->source, "[" NAMED("b") "]", "x");
    assert_int_equal(probe.calls, 0);
    fake_source_fail(&world->source, "InvalidNextTokenException");
    assert_int_equal(probe.number, EBADMSG);
}

static void an_interrupted_listing_goes_on_from_where_it_was(void **state)
{
    struct world *world = *state;
    struct probe probe;
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    fake_source_page(&world->source, "[" NAMED("a") "]", "x");
    waiter_cancel(&probe.waiter);
    assert_int_equal(world->source.abandoned, 1);
    fake_source_page(&world->source, "[" NAMED("b") "]", "y"); /* the page under way is finished */
    assert_int_equal(fake_source_pending(&world->source), 0);  /* and no other begun */
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    assert_string_equal(world->source.last_token, "y");
    fake_source_page(&world->source, "[" NAMED("c") "]", NULL);
    assert_int_equal(probe.number, 0);
    expect_names(world, "abc");
    assert_int_equal(world->source.lists, 3);
}

static void an_interrupted_listing_that_is_too_old_starts_anew(void **state)
{
    struct world *world = *state;
    struct probe probe;
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    fake_source_page(&world->source, "[" NAMED("a") "]", "x");
    waiter_cancel(&probe.waiter);
    fake_source_page(&world->source, "[" NAMED("b") "]", "y");
    fake_clock_advance(&world->clock, LIST_TTL + 1);
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    assert_string_equal(world->source.last_token, "");
    fake_source_page(&world->source, "[" NAMED("b") "]", NULL);
    expect_names(world, "b");
}

static void expiring_forgets_the_pages_of_a_listing_that_was_stopped(void **state)
{
    struct world *world = *state;
    struct probe probe;
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    waiter_cancel(&probe.waiter);
    fake_source_page(&world->source, "[" NAMED("a") "]", "x");
    cache_expire(world->cache);
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    assert_string_equal(world->source.last_token, "");
    fake_source_page(&world->source, "[" NAMED("b") "]", NULL);
    expect_names(world, "b");
}

static void the_last_listings_errno_is_kept(void **state)
{
    struct world *world = *state;
    struct probe probe;
    assert_int_equal(cache_listing(world->cache)->failed_number, 0);
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    fake_source_page(&world->source, "[" NAMED("a") "]", "x");
    fake_source_fail(&world->source, "deadline");
    assert_int_equal(cache_listing(world->cache)->failed_number, ETIMEDOUT);
    cache_expire(world->cache);
    assert_int_equal(cache_listing(world->cache)->failed_number, ETIMEDOUT);
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    waiter_cancel(&probe.waiter); /* who does not wait is told nothing, and nothing is known */
    fake_source_fail(&world->source, "ending");
    assert_int_equal(cache_listing(world->cache)->failed_number, ETIMEDOUT);
    list(world, "[" NAMED("b") "]");
    assert_int_equal(cache_listing(world->cache)->failed_number, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_listing_has_all_pages),
        TEST(places_are_kept),
        TEST(the_epoch_moves_with_names_and_with_being_finished),
        TEST(the_list_rests_ten_times_what_it_took),
        TEST(a_pause_does_not_make_the_list_rest_longer),
        TEST(pages_that_shift_lose_nothing_and_repeat_nothing),
        TEST(a_listing_is_whole_or_an_error),
        TEST(a_page_token_twice_is_an_error),
        TEST(a_refused_token_starts_anew_once),
        TEST(an_interrupted_listing_goes_on_from_where_it_was),
        TEST(an_interrupted_listing_that_is_too_old_starts_anew),
        TEST(expiring_forgets_the_pages_of_a_listing_that_was_stopped),
        TEST(the_last_listings_errno_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
