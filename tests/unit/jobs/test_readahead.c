/* SPDX-License-Identifier: MIT */
#include "jobs/readahead.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { JOBS = 200, WINDOW_MAX = 16, NAME = 8 };

struct world {
    struct readahead *readahead;
    struct job *jobs[JOBS]; /* by place; the names are "000" to "199" in another order */
    struct job *named[JOBS];
    enum readahead_state states[JOBS]; /* by the number in the name */
    size_t fetched[JOBS];              /* those numbers, in the order of their fetching */
    size_t n_fetched;
    bool refuses;
};

static size_t number_of(const struct job *job) { return (size_t)atoi(job->name); }

static struct job *const *listed(void *data, size_t *ret_n)
{
    struct world *world = data;
    *ret_n = JOBS;
    return world->jobs;
}

static enum readahead_state state_of(void *data, const struct job *job, enum ask asked)
{
    const struct world *world = data;
    assert_int_equal(asked, ASK_DESCRIBED);
    return world->states[number_of(job)];
}

static void fetch(void *data, struct job *job)
{
    struct world *world = data;
    size_t number = number_of(job);
    assert_int_equal(world->states[number], READAHEAD_WANTED);
    world->fetched[world->n_fetched++] = number;
    if (!world->refuses)
        world->states[number] = READAHEAD_FETCHED;
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    const struct readahead_settings settings = {
        .window_max = WINDOW_MAX, .listed = listed, .state = state_of, .fetch = fetch, .data = world
    };
    if (!world)
        return -1;
    for (size_t i = 0; i < JOBS; i++) {
        size_t number = i * 77 % JOBS; /* no two neighbours are neighbours in the other order */
        struct job *job = calloc(1, sizeof *job + NAME);
        if (!job)
            return -1;
        (void)snprintf(job->name, NAME, "%03zu", number);
        job->place = 10 * i + 5;
        world->jobs[i] = world->named[number] = job;
        world->states[i] = READAHEAD_WANTED;
    }
    *state = world;
    return readahead_new(&settings, &world->readahead);
}

static int teardown(void **state)
{
    struct world *world = *state;
    readahead_free(world->readahead);
    for (size_t i = 0; i < JOBS; i++)
        free(world->jobs[i]);
    free(world);
    return 0;
}

/* A reader asks for it, and has its answer before the next. */
static void read_job(struct world *world, struct job *job)
{
    size_t number = number_of(job);
    bool hit = world->states[number] == READAHEAD_FETCHED;
    if (!hit && world->states[number] == READAHEAD_FRESH)
        return;
    world->states[number] = READAHEAD_FETCHED; /* under way */
    readahead_read(world->readahead, job, ASK_DESCRIBED, hit);
    world->states[number] = READAHEAD_FRESH;
}

static void read_name(struct world *world, size_t number) { read_job(world, world->named[number]); }

static void expect_fetched(struct world *world, size_t n, size_t last)
{
    assert_int_equal(world->n_fetched, n);
    if (n)
        assert_int_equal(world->fetched[n - 1], last);
}

static void a_walk_opens_a_window_that_doubles(void **state)
{
    static const struct {
        size_t read;
        size_t fetched_to;
    } rows[] = { { 2, 4 }, { 3, 7 }, { 4, 12 }, { 5, 21 }, { 6, 22 }, { 7, 23 } };
    struct world *world = *state;
    read_name(world, 0);
    read_name(world, 1);
    expect_fetched(world, 0, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        read_name(world, rows[i].read);
        expect_fetched(world, rows[i].fetched_to - 2, rows[i].fetched_to);
    }
    for (size_t i = 8; i < JOBS; i++)
        read_name(world, i);
    assert_int_equal(world->n_fetched, JOBS - 3); /* each once, and there is an end */
}

static void walks_go_both_ways_in_both_orders(void **state)
{
    struct world *world = *state;
    read_name(world, 150);
    read_name(world, 149);
    read_name(world, 148);
    expect_fetched(world, 2, 146);
    read_job(world, world->jobs[50]);
    read_job(world, world->jobs[51]);
    read_job(world, world->jobs[52]);
    expect_fetched(world, 4, number_of(world->jobs[54]));
    read_job(world, world->jobs[30]);
    read_job(world, world->jobs[29]);
    read_job(world, world->jobs[28]);
    expect_fetched(world, 6, number_of(world->jobs[26]));
    read_name(world, 147); /* the first goes on beside them */
    expect_fetched(world, 9, 143);
}

static void few_jobs_are_no_walk(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 20; i++) {
        world->states[7] = world->states[8] = READAHEAD_WANTED; /* they have become old */
        read_name(world, 7);
        read_name(world, 7);
        read_name(world, 8);
    }
    for (size_t i = 0; i < 20; i++)
        read_name(world, (i * 37 + 20) % JOBS);
    expect_fetched(world, 0, 0);
}

static void what_is_fresh_is_passed_over(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < JOBS; i++)
        world->states[i] = i % 5 ? READAHEAD_FRESH : READAHEAD_WANTED;
    for (size_t i = 0; i <= 10; i++)
        read_name(world, i);
    expect_fetched(world, 2, 20);
    for (size_t i = 11; i <= 30; i++)
        read_name(world, i);
    expect_fetched(world, 16, 90); /* no farther than the reach */
}

static void a_walk_that_jumps_begins_anew(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < 10; i++)
        read_name(world, i);
    size_t n = world->n_fetched;
    read_name(world, 100);
    read_name(world, 101);
    expect_fetched(world, n, 25);
    read_name(world, 102);
    expect_fetched(world, n + 2, 104);
}

static void what_comes_to_nothing_is_not_gone_on_with(void **state)
{
    struct world *world = *state;
    world->refuses = true;
    read_name(world, 0);
    read_name(world, 1);
    read_name(world, 2);
    expect_fetched(world, 2, 4);
    readahead_stop(world->readahead);
    read_name(world, 3);
    expect_fetched(world, 2, 4);
    world->refuses = false;
    read_name(world, 4);
    expect_fetched(world, 4, 6);
}

static void a_changed_list_is_sorted_anew(void **state)
{
    struct world *world = *state;
    read_name(world, 0);
    read_name(world, 1);
    read_name(world, 2);
    struct job *first = world->named[5];
    struct job *second = world->named[6];
    memcpy(first->name, "006", NAME / 2);
    memcpy(second->name, "005", NAME / 2);
    readahead_relist(world->readahead);
    read_name(world, 3);
    read_name(world, 4);
    expect_fetched(world, 2, 4);
    read_job(world, second);
    expect_fetched(world, 4, 7);
    struct job unlisted = { .place = 0 };
    readahead_read(world->readahead, &unlisted, ASK_DESCRIBED, false);
    expect_fetched(world, 4, 7);
}

/* Readers who share one walk, each a step behind another now and then. */
static void readers_side_by_side_are_one_walk(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < 4; i++)
        read_name(world, i);
    for (size_t i = 4; i + 4 <= JOBS; i += 4) {
        read_name(world, i + 1);
        read_name(world, i);
        read_name(world, i + 3);
        read_name(world, i + 2);
    }
    assert_int_equal(world->n_fetched, JOBS - 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_walk_opens_a_window_that_doubles),
        TEST(walks_go_both_ways_in_both_orders),
        TEST(few_jobs_are_no_walk),
        TEST(what_is_fresh_is_passed_over),
        TEST(a_walk_that_jumps_begins_anew),
        TEST(what_comes_to_nothing_is_not_gone_on_with),
        TEST(a_changed_list_is_sorted_anew),
        TEST(readers_side_by_side_are_one_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
