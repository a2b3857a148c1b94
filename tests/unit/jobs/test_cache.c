/* SPDX-License-Identifier: MIT */
#include "fake_clock.h"
#include "fake_source.h"
#include "jobs/cache.h"
#include "probe.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TTL = 30000, FINAL_TTL = 86400000, LIST_TTL = 60000, NEGATIVE_TTL = 5000, TIMEOUT = 15000, MAX_JOBS = 2 };

#define RUNNING "{\"jobName\":\"a\",\"status\":\"IN PROGRESS\",\"lastUpdatedDateTime\":1}"
#define FINISHED "{\"jobName\":\"a\",\"status\":\"ACTIVE\",\"lastUpdatedDateTime\":2}"
#define FAILED "{\"jobName\":\"a\",\"status\":\"CREATE FAILED\",\"lastUpdatedDateTime\":2}"
#define NAMED(name) "{\"jobName\":\"" name "\",\"status\":\"ACTIVE\"}"

struct world {
    struct fake_clock clock;
    struct timers timers;
    struct fake_source source;
    struct cache *cache;
    int names_changed;
};

static void names_changed(void *data) { ((struct world *)data)->names_changed++; }

static int setup(void **state)
{
    static struct world world;
    fake_clock_init(&world.clock);
    timers_init(&world.timers, &world.clock.clock);
    fake_source_init(&world.source, &world.clock.clock);
    world.names_changed = 0;
    const struct cache_settings settings = { .kind = &kind_batch_inference_job,
                                             .source = &world.source.source,
                                             .timers = &world.timers,
                                             .clock = &world.clock.clock,
                                             .ttl_ms = TTL,
                                             .final_ttl_ms = FINAL_TTL,
                                             .list_ttl_ms = LIST_TTL,
                                             .negative_ttl_ms = NEGATIVE_TTL,
                                             .max_jobs = MAX_JOBS,
                                             .timeout_ms = TIMEOUT,
                                             .names_changed = names_changed,
                                             .data = &world };
    *state = &world;
    return cache_new(&settings, &world.cache);
}

static int teardown(void **state)
{
    cache_free(((struct world *)*state)->cache);
    return 0;
}

static int64_t now_of(const struct world *world) { return world->clock.monotonic_ms; }

/* Describes `job` in one go. */
static void describe(struct world *world, struct job *job, const char *json)
{
    struct probe probe;
    assert_int_equal(cache_describe(world->cache, job, probe_waiter(&probe)), 0);
    fake_source_describe(&world->source, json);
    assert_int_equal(probe.calls, 1);
    assert_int_equal(probe.number, 0);
}

static void list(struct world *world, const char *json)
{
    struct probe probe;
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    fake_source_page(&world->source, json, NULL);
    assert_int_equal(probe.calls, 1);
    assert_int_equal(probe.number, 0);
}

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

/* ---- the listing ---- */

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
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
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
        TEST(waits_can_be_ended),
        TEST(expiring_spares_finished_jobs),
        TEST(what_was_asked_for_before_expiring_is_old_when_it_comes),
        TEST(expiring_forgets_the_pages_of_a_listing_that_was_stopped),
        TEST(the_last_listings_errno_is_kept),
        TEST(of_jobs_that_nobody_holds_the_last_are_kept_whole),
        TEST(what_is_let_go_keeps_its_name_its_status_and_its_freshness),
        TEST(what_is_let_go_does_not_go_back_behind_a_listing),
        TEST(what_is_let_go_does_not_go_back_to_a_listing_begun_before),
        TEST(a_listing_does_not_disturb_what_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
