/* SPDX-License-Identifier: MIT */
#include "jobs/listing.h"

#include "aws/failure.h"
#include "fake_clock.h"
#include "fake_source.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TIMEOUT_MS = 15000, AGE_MAX_MS = 60000 };

#define ARN "arn:aws:personalize:us-west-2:123456789012:batch-inference-job/"
#define PAGE(name) "[{\"jobName\":\"" name "\",\"batchInferenceJobArn\":\"" ARN name "\"}]"

struct world {
    struct fake_clock clock;
    struct fake_source source;
    struct listing *listing;
    int ended;
    size_t n_items; /* of the last end; 0 where it failed */
    int64_t took_ms;
    struct error error;
};

static void ended(void *data, const struct listing_result *result, const struct error *error)
{
    struct world *world = data;
    world->ended++;
    world->n_items = result ? result->n_items : 0;
    world->took_ms = result ? result->took_ms : 0;
    world->error = error ? *error : (struct error){ 0 };
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    if (!world)
        return -1;
    fake_clock_init(&world->clock);
    fake_source_init(&world->source, &world->clock.clock);
    const struct listing_settings settings = { .source = &world->source.source,
                                               .clock = &world->clock.clock,
                                               .timeout_ms = TIMEOUT_MS,
                                               .age_max_ms = AGE_MAX_MS,
                                               .done = ended,
                                               .data = world };
    *state = world;
    return listing_new(&settings, &world->listing);
}

static int teardown(void **state)
{
    struct world *world = *state;
    listing_free(world->listing);
    assert_int_equal(fake_source_pending(&world->source), 0);
    free(world);
    return 0;
}

static void each_page_is_asked_for_before_the_one_before_it_is_read(void **state)
{
    struct world *world = *state;
    assert_int_equal(listing_start(world->listing), 0);
    assert_string_equal(world->source.last_token, "");
    fake_clock_advance(&world->clock, 20);
    fake_source_page(&world->source, PAGE("a"), "2");
    assert_int_equal(world->source.lists, 2);
    assert_string_equal(world->source.last_token, "2");
    fake_clock_advance(&world->clock, 30);
    fake_source_page(&world->source, PAGE("b"), NULL);
    assert_int_equal(world->source.lists, 2);
    assert_int_equal(world->ended, 1);
    assert_int_equal(world->n_items, 2);
    assert_int_equal(world->took_ms, 50);
}

/* Whole or an error: what had been asked for behind it is given up. */
static void a_page_that_cannot_be_read_ends_it(void **state)
{
    struct world *world = *state;
    assert_int_equal(listing_start(world->listing), 0);
    fake_source_page(&world->source, PAGE("a"), "2");
    fake_source_bad_page(&world->source, "3", FAILURE_NOT_PROTOCOL);
    assert_int_equal(world->ended, 1);
    assert_int_equal(world->error.number, EBADMSG);
    assert_int_equal(world->source.cancelled, 1);
    assert_int_equal(fake_source_pending(&world->source), 0);
    assert_int_equal(listing_start(world->listing), 0); /* from the beginning */
    assert_string_equal(world->source.last_token, "");
    fake_source_page(&world->source, PAGE("a"), NULL);
    assert_int_equal(world->n_items, 1);
}

static void one_that_is_stopped_finishes_its_page_and_goes_on_behind_it(void **state)
{
    struct world *world = *state;
    assert_int_equal(listing_start(world->listing), 0);
    listing_stop(world->listing);
    fake_source_page(&world->source, PAGE("a"), "2");
    assert_int_equal(world->source.lists, 1);
    assert_int_equal(listing_start(world->listing), 0);
    assert_string_equal(world->source.last_token, "2");
    fake_source_page(&world->source, PAGE("b"), NULL);
    assert_int_equal(world->n_items, 2);
}

/* Its token is known and its jobs are not: going on behind it would leave them out. */
static void one_that_is_stopped_on_a_bad_page_begins_anew(void **state)
{
    struct world *world = *state;
    assert_int_equal(listing_start(world->listing), 0);
    fake_source_page(&world->source, PAGE("a"), "2");
    listing_stop(world->listing);
    fake_source_bad_page(&world->source, "3", FAILURE_NOT_PROTOCOL);
    assert_int_equal(world->ended, 0); /* nobody waits */
    assert_int_equal(fake_source_pending(&world->source), 0);
    assert_int_equal(listing_start(world->listing), 0);
    assert_string_equal(world->source.last_token, "");
    fake_source_page(&world->source, PAGE("a"), NULL);
    assert_int_equal(world->n_items, 1);
}

static void a_token_that_comes_twice_ends_it(void **state)
{
    struct world *world = *state;
    assert_int_equal(listing_start(world->listing), 0);
    fake_source_page(&world->source, PAGE("a"), "2");
    fake_source_page(&world->source, PAGE("b"), "2");
    assert_int_equal(world->ended, 1);
    assert_int_equal(world->error.number, EBADMSG);
    assert_int_equal(world->source.lists, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_page_is_asked_for_before_the_one_before_it_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(a_page_that_cannot_be_read_ends_it, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_is_stopped_finishes_its_page_and_goes_on_behind_it, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_is_stopped_on_a_bad_page_begins_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(a_token_that_comes_twice_ends_it, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
