/* SPDX-License-Identifier: MIT */
/* cache: what is known of one job, who waits for it, and what ends that. */
#include "cache_world.h"

#include <errno.h>
#include <stdio.h>

static void describe(struct world *world, struct job *job, const char *json) { world_describe(world, job, json); }
static void list(struct world *world, const char *json) { world_list(world, json); }

static void a_thousand_readers_are_one_describe(void **state)
{
    static struct probe probes[1000];
    struct world *world = *state;
    struct job *job = cache_pin(world->cache, "a");
    for (int i = 0; i < 1000; i++)
        assert_int_equal(cache_describe(world->cache, job, probe_waiter(&probes[i])), 0);
    assert_int_equal(world->source.describes, 1);
    assert_int_equal(probes[0].calls, 0);
    fake_source_describe(&world->source, RUNNING);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(probes[i].calls, 1);
        assert_int_equal(probes[i].number, 0);
    }
    assert_true(job_is_known(job));
    cache_unpin(world->cache, job);
}

static void age_counts_from_the_request(void **state)
{
    struct world *world = *state;
    struct job *job = cache_pin(world->cache, "a");
    struct probe probe;
    int64_t sent_ms = now_of(world);
    int64_t sent_wall_ms = world->clock.wall_ms;
    assert_int_equal(cache_describe(world->cache, job, probe_waiter(&probe)), 0);
    fake_clock_advance(&world->clock, 4000);
    fake_source_describe(&world->source, RUNNING);
    assert_int_equal(job_dir_left_ms(job, now_of(world)), TTL - 4000);
    assert_int_equal(job->inquiry->described.confirmed_ms, sent_wall_ms);
    assert_int_equal(job_dir_left_ms(job, sent_ms + TTL - 1), 1);
    assert_int_equal(job_dir_left_ms(job, sent_ms + TTL), 0);
    cache_unpin(world->cache, job);
}

static void an_answer_that_took_longer_than_the_ttl_holds_for_a_moment(void **state)
{
    struct world *world = *state;
    struct job *job = cache_pin(world->cache, "a");
    struct probe probe;
    assert_int_equal(cache_describe(world->cache, job, probe_waiter(&probe)), 0);
    fake_clock_advance(&world->clock, TTL + 1);
    fake_source_describe(&world->source, RUNNING);
    assert_int_equal(job_dir_left_ms(job, now_of(world)), HOLD_MS);
    cache_unpin(world->cache, job);
}

static void finished_jobs_are_kept_longer(void **state)
{
    struct world *world = *state;
    struct job *job = cache_pin(world->cache, "a");
    describe(world, job, FINISHED);
    assert_int_equal(job_left_ms(job, ASK_DESCRIBED, now_of(world)), FINAL_TTL);
    describe(world, job, FAILED);
    assert_int_equal(job_left_ms(job, ASK_DESCRIBED, now_of(world)), FINAL_TTL);
    describe(world, job, RUNNING);
    assert_int_equal(job_left_ms(job, ASK_DESCRIBED, now_of(world)), TTL);
    cache_unpin(world->cache, job);
}

static void a_listing_that_shows_a_finished_job_unchanged_confirms_it(void **state)
{
    struct world *world = *state;
    struct job *job = cache_pin(world->cache, "a");
    describe(world, job, FINISHED);
    fake_clock_advance(&world->clock, FINAL_TTL - 10);
    list(world, "[" FINISHED "]");
    assert_int_equal(job_left_ms(job, ASK_DESCRIBED, now_of(world)), FINAL_TTL);
    assert_int_equal(job->inquiry->described.confirmed_ms, world->clock.wall_ms);
    cache_unpin(world->cache, job);
}

static void a_listing_that_contradicts_a_finished_job_ends_its_long_life(void **state)
{
    struct world *world = *state;
    struct job *job = cache_pin(world->cache, "a");
    describe(world, job, FINISHED);
    fake_clock_advance(&world->clock, TTL + 1);
    list(world, "[" FAILED "]");
    assert_int_equal(job_left_ms(job, ASK_DESCRIBED, now_of(world)), 0);
    assert_true(job_dir_left_ms(job, now_of(world)) > 0); /* the directory is fresh from the listing */
    cache_unpin(world->cache, job);
}

static void a_running_job_is_not_confirmed_by_a_listing(void **state)
{
    struct world *world = *state;
    struct job *job = cache_pin(world->cache, "a");
    describe(world, job, RUNNING);
    fake_clock_advance(&world->clock, TTL - 1);
    list(world, "[" RUNNING "]");
    assert_int_equal(job_left_ms(job, ASK_DESCRIBED, now_of(world)), 1);
    assert_int_equal(job_dir_left_ms(job, now_of(world)), TTL);
    cache_unpin(world->cache, job);
}

static void a_known_job_keeps_its_name_in_trouble(void **state)
{
    struct world *world = *state;
    struct job *job = cache_pin(world->cache, "a");
    struct probe probe;
    describe(world, job, RUNNING);
    fake_clock_advance(&world->clock, TTL);
    assert_int_equal(cache_describe(world->cache, job, probe_waiter(&probe)), 0);
    fake_source_fail(&world->source, "AccessDeniedException");
    assert_int_equal(probe.number, EACCES);
    assert_true(job_is_known(job));
    assert_int_equal(job->inquiry->failed_number, EACCES);
    assert_int_equal(job->inquiry->failed_until_ms, now_of(world) + FAILURE_MS);
    describe(world, job, RUNNING);
    assert_int_equal(job->inquiry->failed_until_ms, 0);
    cache_unpin(world->cache, job);
}

static void a_job_that_is_none_is_absent_for_a_while(void **state)
{
    struct world *world = *state;
    struct job *job = cache_pin(world->cache, "a");
    struct probe probe;
    assert_int_equal(cache_describe(world->cache, job, probe_waiter(&probe)), 0);
    fake_source_fail(&world->source, "ResourceNotFoundException");
    assert_int_equal(probe.number, ENOENT);
    assert_false(job_is_known(job));
    assert_int_equal(job->inquiry->absent_until_ms, now_of(world) + NEGATIVE_TTL);
    describe(world, job, RUNNING); /* it was made meanwhile */
    assert_true(job_is_known(job));
    cache_unpin(world->cache, job);
}

static void a_known_job_that_is_gone_is_absent(void **state)
{
    struct world *world = *state;
    struct job *job = cache_pin(world->cache, "a");
    struct probe probe;
    describe(world, job, RUNNING);
    assert_int_equal(cache_describe(world->cache, job, probe_waiter(&probe)), 0);
    fake_source_fail(&world->source, "ResourceNotFoundException");
    assert_false(job_is_known(job));
    list(world, "[" RUNNING "]"); /* a listing has it: it is there after all */
    assert_true(job_is_known(job));
    cache_unpin(world->cache, job);
}

/* A page that was asked for before the denial came does not refute it while it holds; afterwards it is all there is. */
static void an_older_page_refutes_no_denial_that_holds(void **state)
{
    struct world *world = *state;
    struct job *job = cache_pin(world->cache, "a");
    struct probe probe;
    struct probe lister;
    for (int after_ms = NEGATIVE_TTL - 1; after_ms <= NEGATIVE_TTL; after_ms++) {
        assert_int_equal(cache_describe(world->cache, job, probe_waiter(&probe)), 0);
        assert_int_equal(cache_list(world->cache, probe_waiter(&lister)), 0);
        fake_clock_advance(&world->clock, 1);
        fake_source_fail(&world->source, "ResourceNotFoundException");
        fake_clock_advance(&world->clock, after_ms);
        fake_source_page(&world->source, "[" RUNNING "]", NULL);
        assert_int_equal(job_is_known(job), after_ms == NEGATIVE_TTL);
    }
    cache_unpin(world->cache, job);
}

static void absence_outlives_who_asked(void **state)
{
    struct world *world = *state;
    struct job *job = cache_pin(world->cache, "nobody");
    struct probe probe;
    assert_int_equal(cache_describe(world->cache, job, probe_waiter(&probe)), 0);
    fake_source_fail(&world->source, "ResourceNotFoundException");
    cache_unpin(world->cache, job);
    fake_clock_advance(&world->clock, NEGATIVE_TTL - 1);
    job = cache_pin(world->cache, "nobody");
    assert_int_equal(job->inquiry->absent_until_ms, now_of(world) + 1); /* still known to be absent */
    fake_clock_advance(&world->clock, 1);
    cache_unpin(world->cache, job);
    job = cache_pin(world->cache, "nobody");
    assert_int_equal(job->inquiry->absent_until_ms, 0); /* forgotten: a new one */
    cache_unpin(world->cache, job);
}

static void a_failure_outlives_who_asked(void **state)
{
    struct world *world = *state;
    struct job *job = cache_pin(world->cache, "a");
    struct probe probe;
    assert_int_equal(cache_describe(world->cache, job, probe_waiter(&probe)), 0);
    fake_source_fail(&world->source, "AccessDeniedException");
    cache_unpin(world->cache, job); /* the kernel forgets what it cannot show */
    fake_clock_advance(&world->clock, FAILURE_MS - 1);
    job = cache_pin(world->cache, "a");
    assert_int_equal(job->inquiry->failed_until_ms, now_of(world) + 1);
    assert_int_equal(job->inquiry->failed_number, EACCES);
    fake_clock_advance(&world->clock, 1);
    cache_unpin(world->cache, job);
    job = cache_pin(world->cache, "a");
    assert_int_equal(job->inquiry->failed_until_ms, 0);
    cache_unpin(world->cache, job);
}

static void absent_names_are_few(void **state)
{
    struct world *world = *state;
    char name[32];
    int kept = 0;
    for (int i = 0; i < 3000; i++) {
        struct probe probe;
        (void)snprintf(name, sizeof name, "nobody-%d", i);
        struct job *job = cache_pin(world->cache, name);
        assert_int_equal(cache_describe(world->cache, job, probe_waiter(&probe)), 0);
        fake_source_fail(&world->source, "ResourceNotFoundException");
        cache_unpin(world->cache, job);
    }
    for (int i = 0; i < 3000; i++) {
        (void)snprintf(name, sizeof name, "nobody-%d", i);
        struct job *job = cache_pin(world->cache, name);
        kept += job->inquiry->absent_until_ms != 0;
        assert_true(i >= 1000 || !job->inquiry->absent_until_ms); /* the oldest go first */
        cache_unpin(world->cache, job);
    }
    assert_in_range(kept, 1000, 1100);
}

static void who_does_not_wait_any_more_is_not_called(void **state)
{
    struct world *world = *state;
    struct job *job = cache_pin(world->cache, "a");
    struct probe one;
    struct probe two;
    assert_int_equal(cache_describe(world->cache, job, probe_waiter(&one)), 0);
    assert_int_equal(cache_describe(world->cache, job, probe_waiter(&two)), 0);
    waiter_cancel(&one.waiter);
    assert_int_equal(world->source.abandoned, 0); /* the other waits */
    waiter_cancel(&two.waiter);
    assert_int_equal(world->source.abandoned, 1);
    assert_int_equal(cache_describe(world->cache, job, probe_waiter(&two)), 0);
    assert_int_equal(world->source.readopted, 1);
    assert_int_equal(world->source.describes, 1);
    fake_source_describe(&world->source, RUNNING);
    assert_int_equal(one.calls, 0);
    assert_int_equal(two.calls, 1);
    cache_unpin(world->cache, job);
}

static void what_ends_unwaited_leaves_no_failure(void **state)
{
    struct world *world = *state;
    struct job *job = cache_pin(world->cache, "a");
    struct probe probe;
    assert_int_equal(cache_describe(world->cache, job, probe_waiter(&probe)), 0);
    waiter_cancel(&probe.waiter);
    fake_source_fail(&world->source, "ending");
    assert_int_equal(job->inquiry->failed_until_ms, 0);
    assert_null(job->inquiry->flight);
    cache_unpin(world->cache, job);
}

static void waits_can_be_ended(void **state)
{
    struct world *world = *state;
    struct job *job = cache_pin(world->cache, "a");
    struct probe one;
    struct probe two;
    assert_int_equal(cache_describe(world->cache, job, probe_waiter(&one)), 0);
    assert_int_equal(cache_list(world->cache, probe_waiter(&two)), 0);
    cache_end_waits(world->cache, ESHUTDOWN);
    assert_int_equal(one.number, ESHUTDOWN);
    assert_int_equal(two.number, ESHUTDOWN);
    cache_unpin(world->cache, job);
}

static void expiring_spares_finished_jobs(void **state)
{
    struct world *world = *state;
    struct job *running = cache_pin(world->cache, "a");
    struct job *finished = cache_pin(world->cache, "b");
    describe(world, running, RUNNING);
    describe(world, finished, NAMED("b"));
    list(world, "[" NAMED("b") "]");
    cache_expire(world->cache);
    assert_int_equal(job_dir_left_ms(running, now_of(world)), 0);
    assert_true(job_dir_left_ms(finished, now_of(world)) > 0);
    assert_int_equal(cache_listing(world->cache)->fresh_until_ms, 0);
    assert_true(job_is_known(running));
    cache_unpin(world->cache, running);
    cache_unpin(world->cache, finished);
}

static void what_was_asked_for_before_expiring_is_old_when_it_comes(void **state)
{
    struct world *world = *state;
    struct job *job = cache_pin(world->cache, "a");
    struct probe probe;
    assert_int_equal(cache_describe(world->cache, job, probe_waiter(&probe)), 0);
    fake_clock_advance(&world->clock, 10);
    cache_expire(world->cache);
    fake_source_describe(&world->source, RUNNING);
    assert_int_equal(probe.number, 0); /* who waits gets it, for a moment */
    assert_int_equal(job_dir_left_ms(job, now_of(world)), HOLD_MS);
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    fake_clock_advance(&world->clock, 10);
    cache_expire(world->cache);
    fake_source_page(&world->source, "[" RUNNING "]", NULL);
    assert_int_equal(probe.number, 0);
    assert_int_equal(cache_listing(world->cache)->fresh_until_ms, now_of(world) + HOLD_MS);
    assert_int_equal(job->listed.fresh_until_ms, 0);
    fake_clock_advance(&world->clock, 10); /* and what is asked for afterwards is not */
    describe(world, job, RUNNING);
    list(world, "[" RUNNING "]");
    assert_true(job_dir_left_ms(job, now_of(world)) > HOLD_MS);
    assert_true(cache_listing(world->cache)->fresh_until_ms > now_of(world) + HOLD_MS);
    cache_unpin(world->cache, job);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_thousand_readers_are_one_describe),
        TEST(age_counts_from_the_request),
        TEST(an_answer_that_took_longer_than_the_ttl_holds_for_a_moment),
        TEST(finished_jobs_are_kept_longer),
        TEST(a_listing_that_shows_a_finished_job_unchanged_confirms_it),
        TEST(a_listing_that_contradicts_a_finished_job_ends_its_long_life),
        TEST(a_running_job_is_not_confirmed_by_a_listing),
        TEST(a_known_job_keeps_its_name_in_trouble),
        TEST(a_job_that_is_none_is_absent_for_a_while),
        TEST(a_known_job_that_is_gone_is_absent),
        TEST(an_older_page_refutes_no_denial_that_holds),
        TEST(absence_outlives_who_asked),
        TEST(a_failure_outlives_who_asked),
        TEST(absent_names_are_few),
        TEST(who_does_not_wait_any_more_is_not_called),
        TEST(what_ends_unwaited_leaves_no_failure),
        TEST(waits_can_be_ended),
        TEST(expiring_spares_finished_jobs),
        TEST(what_was_asked_for_before_expiring_is_old_when_it_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
