/* SPDX-License-Identifier: MIT */
/* client: a network that does not answer costs one call its deadline; the others are told. */
#include "aws/failure.h"
#include "aws/outage.h"
#include "base/log.h"
#include "client_world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 2, N = 5 };

/* One call that waited its whole time for nothing: from now on there is an outage. */
static void fall_silent(struct world *world)
{
    struct result result = { 0 };
    world_start(world, &result, "{}");
    world_advance(world, TIMEOUT_MS);
    assert_result_failed(&result, FAILURE_DEADLINE, ETIMEDOUT);
    assert_false(result.error.repeats); /* this one is news */
}

/* It ends at once, but not from within, and nothing is sent. */
static void expect_refused(struct world *world, struct result *result, const char *code, int number)
{
    size_t n = world->http.n_requests;
    world_start(world, result, "{}");
    world_advance(world, 0);
    assert_result_failed(result, code, number);
    assert_true(result->error.repeats);
    assert_non_null(strstr(result->error.message, "no answer since 2026-11-22T"));
    assert_int_equal(world->http.n_requests, n);
}

static void test_one_deadline_for_all(void **state)
{
    (void)state;
    struct world world;
    struct result result = { 0 };
    world_init(&world, PLACES);
    fall_silent(&world);
    for (int i = 0; i < 200; i++)
        expect_refused(&world, &result, FAILURE_DEADLINE, ETIMEDOUT);
    assert_int_equal(world.http.n_requests, 1);
    world_advance(&world, OUTAGE_PAUSE_MS - 1);
    expect_refused(&world, &result, FAILURE_DEADLINE, ETIMEDOUT);
    world_release(&world);
}

/* Each way not to be answered, with as many attempts as it is worth. */
static void test_what_begins_one(void **state)
{
    static const struct {
        const char *code; /* of each attempt */
        int attempts;
        bool begins;
    } rows[] = {
        { FAILURE_NOT_RESOLVED, 3, true },    { FAILURE_NO_ROUTE, 3, true },        { FAILURE_REFUSED, 3, true },
        { FAILURE_CONNECT_TIMEOUT, 3, true }, { FAILURE_ATTEMPT_TIMEOUT, 3, true }, { FAILURE_TLS, 1, true },
        { FAILURE_RESET, 3, false },          { FAILURE_PROXY, 1, false },          { FAILURE_TRUNCATED, 3, false },
        { FAILURE_TOO_LARGE, 1, false },      { FAILURE_NOT_PROTOCOL, 1, false },   { FAILURE_MEMORY, 1, false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        struct result result = { 0 };
        int number = failure_find(rows[i].code, 0)->number;
        world_init(&world, PLACES);
        world_start(&world, &result, "{}");
        for (int attempt = 0; attempt < rows[i].attempts; attempt++) {
            world_advance(&world, 50);
            fake_http_fail(&world.http, (size_t)attempt, rows[i].code, "because");
        }
        assert_result_failed(&result, rows[i].code, number);
        assert_false(result.error.repeats);
        if (rows[i].begins)
            expect_refused(&world, &result, rows[i].code, number);
        else {
            world_start(&world, &result, "{}");
            assert_int_equal(fake_http_open(&world.http), 1);
            result_cancel(&result);
        }
        world_release(&world);
    }
}

/* The deadline of one that was never sent, or was answered, says nothing of the network. */
static void test_what_begins_none(void **state)
{
    (void)state;
    struct world world;
    struct result result = { 0 }, other = { 0 };
    world_init(&world, 1);
    world.provider.later = true;
    world_start(&world, &result, "{}"); /* no keys came; the other was queued */
    world_start(&world, &other, "{}");
    world_advance(&world, TIMEOUT_MS);
    assert_result_failed(&result, FAILURE_DEADLINE, ETIMEDOUT);
    assert_result_failed(&other, FAILURE_DEADLINE, ETIMEDOUT);
    world.provider.later = false;
    struct credentials keys = world.provider.keys;
    world.provider.keys.access_key_id = NULL;
    world_start(&world, &result, "{}");
    world_advance(&world, 0);
    assert_result_failed(&result, FAILURE_NO_CREDENTIALS, ENOKEY);
    world.provider.keys = keys;
    world_start(&world, &result, "{}"); /* answered, then silence */
    fake_http_answer(&world.http, 0, 503, NULL, "");
    world_advance(&world, 25);
    world_advance(&world, TIMEOUT_MS);
    assert_result_failed(&result, FAILURE_DEADLINE, ETIMEDOUT);
    world_start(&world, &result, "{}"); /* given up before its time */
    result_abandon(&result);
    fake_http_fail(&world.http, 2, FAILURE_ATTEMPT_TIMEOUT, "slow");
    assert_result_failed(&result, FAILURE_ATTEMPT_TIMEOUT, ETIMEDOUT);
    world_start(&world, &result, "{}"); /* and nobody was refused all the while */
    fake_http_answer(&world.http, 3, 200, NULL, GOOD);
    assert_result_answered(&result);
    world_release(&world);
}

static void test_answered_meanwhile(void **state)
{
    (void)state;
    struct world world;
    struct result slow = { 0 }, other = { 0 };
    world_init(&world, PLACES);
    world_start(&world, &slow, "{}");
    world_advance(&world, 1000);
    world_start(&world, &other, "{}");
    fake_http_answer(&world.http, 1, 400, NULL, error_body("ResourceNotFoundException")); /* an answer all the same */
    world_advance(&world, TIMEOUT_MS);
    assert_result_failed(&slow, FAILURE_DEADLINE, ETIMEDOUT);
    world_start(&world, &other, "{}");
    fake_http_answer(&world.http, 2, 200, NULL, GOOD);
    assert_result_answered(&other);
    world_release(&world);
}

/* Those that are queued, wait for keys or to try again are told at once; what is on its way ends on its own. */
static void test_the_others(void **state)
{
    (void)state;
    struct world world;
    struct result finder = { 0 }, sent = { 0 }, backoff = { 0 }, keys = { 0 }, queued = { 0 };
    world_init(&world, 3);
    world_start(&world, &finder, "1");
    world_advance(&world, TIMEOUT_MS - 20);
    world_start(&world, &sent, "2");
    world_start(&world, &backoff, "3");
    fake_http_fail(&world.http, 2, FAILURE_CONNECT_TIMEOUT, "nobody"); /* tries again in 25 ms */
    world.provider.later = true;
    world_start(&world, &keys, "4");
    world_start(&world, &queued, "5");
    world_advance(&world, 20);
    assert_result_failed(&finder, FAILURE_DEADLINE, ETIMEDOUT);
    world_advance(&world, 0);
    struct result *told[] = { &backoff, &keys, &queued };
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        assert_result_failed(told[i], FAILURE_DEADLINE, ETIMEDOUT);
        assert_true(told[i]->error.repeats);
    }
    assert_int_equal(world.provider.n_cancels, 1);
    assert_int_equal(sent.calls, 0);
    assert_int_equal(world.http.n_requests, 3);
    fake_http_fail(&world.http, 1, FAILURE_ATTEMPT_TIMEOUT, "nobody"); /* no other attempt, and no news */
    assert_result_failed(&sent, FAILURE_ATTEMPT_TIMEOUT, ETIMEDOUT);
    assert_true(sent.error.repeats);
    world_release(&world);
}

static void test_one_on_its_way_may_end_it(void **state)
{
    (void)state;
    struct world world;
    struct result finder = { 0 }, sent = { 0 }, other = { 0 };
    world_init(&world, PLACES);
    world_start(&world, &finder, "{}");
    world_advance(&world, 1000);
    world_start(&world, &sent, "{}");
    world_advance(&world, TIMEOUT_MS - 1000);
    assert_result_failed(&finder, FAILURE_DEADLINE, ETIMEDOUT);
    expect_refused(&world, &other, FAILURE_DEADLINE, ETIMEDOUT);
    fake_http_answer(&world.http, 1, 503, NULL, ""); /* any answer; and this one may try again */
    world_start(&world, &other, "{}");
    fake_http_answer(&world.http, 2, 200, NULL, GOOD);
    assert_result_answered(&other);
    world_advance(&world, 25);
    fake_http_answer(&world.http, 3, 200, NULL, GOOD);
    assert_result_answered(&sent);
    world_release(&world);
}

static void test_the_probe(void **state)
{
    (void)state;
    struct world world;
    struct result probe = { 0 }, other = { 0 };
    world_init(&world, PLACES);
    fall_silent(&world);
    world_advance(&world, OUTAGE_PAUSE_MS);
    world_start(&world, &probe, "{}");
    assert_int_equal(fake_http_open(&world.http), 1);
    expect_refused(&world, &other, FAILURE_DEADLINE, ETIMEDOUT);
    fake_http_fail(&world.http, 1, FAILURE_REFUSED, "no"); /* it has its attempts as any other */
    expect_refused(&world, &other, FAILURE_DEADLINE, ETIMEDOUT);
    world_advance(&world, 25);
    fake_http_fail(&world.http, 2, FAILURE_REFUSED, "no");
    world_advance(&world, 50);
    fake_http_fail(&world.http, 3, FAILURE_REFUSED, "no");
    assert_result_failed(&probe, FAILURE_REFUSED, ECONNREFUSED);
    assert_true(probe.error.repeats); /* nobody needs another line */
    expect_refused(&world, &other, FAILURE_REFUSED, ECONNREFUSED);
    world_advance(&world, 2 * OUTAGE_PAUSE_MS - 1);
    expect_refused(&world, &other, FAILURE_REFUSED, ECONNREFUSED);
    world_advance(&world, 1);
    world_start(&world, &probe, "{}");
    fake_http_answer(&world.http, 4, 403, NULL, error_body("AccessDeniedException"));
    assert_result_failed(&probe, "AccessDeniedException", EACCES);
    assert_false(probe.error.repeats);
    world_start(&world, &probe, "1"); /* all may go again */
    world_start(&world, &other, "2");
    fake_http_answer(&world.http, 5, 200, NULL, GOOD);
    fake_http_answer(&world.http, 6, 200, NULL, GOOD);
    assert_result_answered(&probe);
    assert_result_answered(&other);
    world_release(&world);
}

/* However a probe ends without having found out, the next reader is the probe. */
static void test_the_probe_is_given_up(void **state)
{
    (void)state;
    struct world world;
    struct result first = { 0 }, second = { 0 }, third = { 0 };
    world_init(&world, PLACES);
    fall_silent(&world);
    world_advance(&world, OUTAGE_PAUSE_MS);
    world_start(&world, &first, "1"); /* cancelled */
    result_cancel(&first);
    world_start(&world, &first, "1"); /* abandoned; its attempt goes on */
    result_abandon(&first);
    world_start(&world, &second, "2");
    assert_int_equal(fake_http_open(&world.http), 2);
    expect_refused(&world, &third, FAILURE_DEADLINE, ETIMEDOUT);
    fake_http_fail(&world.http, 2, FAILURE_ATTEMPT_TIMEOUT, "slow");
    assert_int_equal(first.calls, 1);
    expect_refused(&world, &third, FAILURE_DEADLINE, ETIMEDOUT); /* the second is still under way */
    result_abandon(&second);
    result_readopt(&second); /* it goes on, and is the probe again */
    expect_refused(&world, &third, FAILURE_DEADLINE, ETIMEDOUT);
    fake_http_fail(&world.http, 3, FAILURE_ATTEMPT_TIMEOUT, "slow");
    assert_int_equal(second.calls, 0);
    result_abandon(&second); /* while it waits to try again: it ends, and somebody comes in time */
    result_readopt(&second);
    assert_string_equal(world.http.requests[4].body, "2");
    result_abandon(&second);
    world_start(&world, &third, "3"); /* comes first */
    result_readopt(&second);
    fake_http_answer(&world.http, 5, 200, NULL, GOOD);
    fake_http_answer(&world.http, 4, 200, NULL, GOOD);
    assert_result_answered(&second);
    assert_result_answered(&third);

    world_advance(&world, TIMEOUT_MS);
    fall_silent(&world);
    world_advance(&world, OUTAGE_PAUSE_MS);
    struct credentials keys = world.provider.keys;
    world.provider.keys.access_key_id = NULL; /* what the keys are like is nothing to the network */
    for (int i = 0; i < 3; i++) {
        world_start(&world, &first, "{}");
        world_advance(&world, 0);
        assert_result_failed(&first, FAILURE_NO_CREDENTIALS, ENOKEY);
    }
    world.provider.keys = keys;
    size_t n = world.http.n_requests;
    world_start(&world, &first, "{}");
    fake_http_answer(&world.http, n, 200, NULL, GOOD);
    assert_result_answered(&first);
    world_release(&world);
}

/* One that was about to end for nobody is asked about again: it is refused as if it were new. */
static void test_readopt_into_it(void **state)
{
    (void)state;
    struct world world;
    struct result finder = { 0 }, given_up = { 0 };
    world_init(&world, 1);
    world_start(&world, &finder, "1");
    world_start(&world, &given_up, "2"); /* queued */
    world_advance(&world, 1000);
    fake_clock_advance(&world.clock, TIMEOUT_MS - 1000);
    result_abandon(&given_up);
    fake_http_fail(&world.http, 0, FAILURE_ATTEMPT_TIMEOUT, "slow");
    assert_result_failed(&finder, FAILURE_DEADLINE, ETIMEDOUT);
    result_readopt(&given_up);
    assert_int_equal(given_up.calls, 0);
    world_advance(&world, 0);
    assert_result_failed(&given_up, FAILURE_DEADLINE, ETIMEDOUT);
    assert_int_equal(world.http.n_requests, 1);
    world_release(&world);
}

static void test_let_through(void **state)
{
    (void)state;
    struct world world;
    struct result probe = { 0 }, hung = { 0 }, other = { 0 };
    world_init(&world, PLACES);
    fall_silent(&world);
    client_let_through(world.client);
    world_start(&world, &hung, "{}");
    expect_refused(&world, &other, FAILURE_DEADLINE, ETIMEDOUT);
    client_let_through(world.client);
    world_start(&world, &probe, "{}");
    expect_refused(&world, &other, FAILURE_DEADLINE, ETIMEDOUT);
    fake_http_answer(&world.http, 2, 200, NULL, GOOD);
    assert_result_answered(&probe);
    world_start(&world, &other, "{}");
    assert_int_equal(fake_http_open(&world.http), 2);
    result_cancel(&other);
    result_cancel(&hung);
    world_release(&world);
}

/* A call back that starts the next one, as a reader of many files does: each is told, none from within. */
static int chained;
static void start_another(struct result *result)
{
    if (++chained < N)
        world_start(result->world, result->other, "{}");
}

static void test_started_from_a_call_back(void **state)
{
    (void)state;
    struct world world;
    struct result results[N + 1] = { { 0 } };
    world_init(&world, 1);
    chained = 0;
    for (int i = 0; i < N; i++) {
        results[i].then = start_another;
        results[i].other = &results[i + 1];
    }
    world_start(&world, &results[0], "{}");
    world_advance(&world, TIMEOUT_MS);
    for (int i = 1; i < N; i++)
        world_advance(&world, 0);
    assert_int_equal(chained, N);
    for (int i = 0; i < N; i++)
        assert_result_failed(&results[i], FAILURE_DEADLINE, ETIMEDOUT);
    assert_int_equal(world.http.n_requests, 1);
    world_release(&world);
}

/* What ends with the mount says nothing of the network; nothing is left behind. */
static void test_the_mount_ends(void **state)
{
    (void)state;
    struct world world;
    struct result probe = { 0 }, told = { 0 };
    world_init(&world, PLACES);
    fall_silent(&world);
    world_advance(&world, OUTAGE_PAUSE_MS);
    world_start(&world, &probe, "1");
    world_start(&world, &told, "2");
    world_release(&world);
    assert_result_failed(&probe, FAILURE_ENDING, ESHUTDOWN);
    assert_result_failed(&told, FAILURE_ENDING, ESHUTDOWN);
}

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_deadline_for_all),
        cmocka_unit_test(test_what_begins_one),
        cmocka_unit_test(test_what_begins_none),
        cmocka_unit_test(test_answered_meanwhile),
        cmocka_unit_test(test_the_others),
        cmocka_unit_test(test_one_on_its_way_may_end_it),
        cmocka_unit_test(test_the_probe),
        cmocka_unit_test(test_the_probe_is_given_up),
        cmocka_unit_test(test_readopt_into_it),
        cmocka_unit_test(test_let_through),
        cmocka_unit_test(test_started_from_a_call_back),
        cmocka_unit_test(test_the_mount_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
