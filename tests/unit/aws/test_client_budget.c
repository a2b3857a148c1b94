/* SPDX-License-Identifier: MIT */
/* client: what the budget makes of calls that are throttled, and of those that are made ahead of readers. */
#include "aws/failure.h"
#include "base/log.h"
#include "client_world.h"

#include <errno.h>

static void assert_body(struct world *world, size_t i, const char *body)
{
    assert_true(i < world->http.n_requests);
    assert_string_equal(world->http.requests[i].body, body);
}

/* One burst halves once; what waits goes out at the pace, oldest first, the throttled ones again before the younger. */
static void test_throttled_burst(void **state)
{
    static const char *const bodies[] = { "0", "1", "2", "3", "4", "5" };
    (void)state;
    struct world world;
    struct result results[6] = { { 0 } };
    world_init(&world, 4);
    world.unit = 0;
    for (int i = 0; i < 6; i++)
        world_start(&world, &results[i], bodies[i]);
    assert_int_equal(world.http.n_requests, 4);
    for (size_t i = 0; i < 4; i++)
        fake_http_answer(&world.http, i, 400, NULL, error_body("ThrottlingException"));
    assert_int_equal(world.stats.halvings, 1);
    assert_int_equal(world.http.n_requests, 4); /* 2 a second */
    world_advance(&world, 0);                   /* the delays of 0 ms are over */
    assert_int_equal(timers_wait_ms(&world.timers), 500);
    world_advance(&world, 499);
    assert_int_equal(world.http.n_requests, 4);
    world_advance(&world, 1);
    assert_body(&world, 4, "0");
    for (size_t i = 4; i < 9; i++) {
        fake_http_answer(&world.http, i, 200, NULL, GOOD);
        world_advance(&world, 500);
    }
    fake_http_answer(&world.http, 9, 200, NULL, GOOD);
    for (int i = 0; i < 6; i++) {
        assert_result_answered(&results[i]);
        assert_body(&world, 4 + (size_t)i, bodies[i]);
    }
    world_release(&world);
}

static void test_ahead_after_readers(void **state)
{
    (void)state;
    struct world world;
    struct result ahead[4] = { { 0 } }, reader[2] = { { 0 } };
    world_init(&world, 3);
    world_start_ahead(&world, &ahead[0], "a0");
    world_start_ahead(&world, &ahead[1], "a1");
    world_start_ahead(&world, &ahead[2], "a2"); /* one place stays free */
    world_start_ahead(&world, &ahead[3], "a3");
    assert_int_equal(world.http.n_requests, 2);
    assert_int_equal(world.stats.ahead_calls, 2);
    world_start(&world, &reader[0], "r0");
    assert_body(&world, 2, "r0");
    world_start(&world, &reader[1], "r1");
    result_readopt(&ahead[3]); /* a reader's now, younger than r1 */
    fake_http_answer(&world.http, 0, 200, NULL, GOOD);
    assert_body(&world, 3, "r1");
    fake_http_answer(&world.http, 1, 200, NULL, GOOD);
    assert_body(&world, 4, "a3");
    fake_http_answer(&world.http, 2, 200, NULL, GOOD);
    assert_int_equal(world.http.n_requests, 5);
    fake_http_answer(&world.http, 3, 200, NULL, GOOD);
    assert_body(&world, 5, "a2");
    assert_int_equal(world.stats.ahead_calls, 3);
    fake_http_answer(&world.http, 4, 200, NULL, GOOD);
    fake_http_answer(&world.http, 5, 200, NULL, GOOD);
    for (int i = 0; i < 4; i++)
        assert_result_answered(&ahead[i]);
    world_release(&world);
}

/* A call ahead is not tried again, and none goes out while the service throttles. */
static void test_ahead_is_throttled(void **state)
{
    (void)state;
    struct world world;
    struct result ahead[4] = { { 0 } }, reader = { 0 };
    world_init(&world, 3);
    for (int i = 0; i < 3; i++)
        world_start_ahead(&world, &ahead[i], "a");
    fake_http_answer(&world.http, 0, 400, NULL, error_body("ThrottlingException"));
    assert_result_failed(&ahead[0], "ThrottlingException", EBUSY);
    assert_int_equal(ahead[2].calls, 0);
    world_advance(&world, 0);
    assert_result_failed(&ahead[2], FAILURE_ENDING, ESHUTDOWN); /* it waited for a place */
    assert_int_equal(ahead[1].calls, 0);                        /* it is out, and paid for */
    world_start_ahead(&world, &ahead[3], "a");
    result_readopt(&ahead[3]); /* in time: a reader's after all */
    world_advance(&world, 0);
    assert_int_equal(ahead[3].calls, 0);
    fake_http_answer(&world.http, 1, 200, NULL, GOOD);
    world_advance(&world, 1000);
    assert_int_equal(world.http.n_requests, 3);
    fake_http_answer(&world.http, 2, 200, NULL, GOOD);
    assert_result_answered(&ahead[3]);
    world_start_ahead(&world, &ahead[0], "a");
    world_advance(&world, 0);
    assert_result_failed(&ahead[0], FAILURE_ENDING, ESHUTDOWN);
    world_advance(&world, 1000); /* all places are back */
    world_start_ahead(&world, &ahead[0], "a");
    world_advance(&world, 1000);
    fake_http_answer(&world.http, 3, 200, NULL, GOOD);
    assert_result_answered(&ahead[0]);
    world_start(&world, &reader, "r");
    world_release(&world);
}

/* It begins no outage, ends quietly in one, and is no probe; but it tells when there is an answer. */
static void test_ahead_in_an_outage(void **state)
{
    (void)state;
    struct world world;
    struct result ahead = { 0 }, other = { 0 }, reader = { 0 };
    world_init(&world, 8);
    world_start_ahead(&world, &ahead, "a");
    fake_http_fail(&world.http, 0, FAILURE_NO_ROUTE, "no way");
    assert_result_failed(&ahead, FAILURE_NO_ROUTE, EHOSTUNREACH);
    assert_false(ahead.error.repeats);
    world_start(&world, &reader, "r"); /* nobody has found anything out */
    assert_int_equal(world.http.n_requests, 2);
    world_start_ahead(&world, &other, "o");
    for (size_t i = 1; i < 5; i++)
        if (i != 2) {
            fake_http_fail(&world.http, i, FAILURE_NO_ROUTE, "no way");
            world_advance(&world, 1000);
        }
    assert_result_failed(&reader, FAILURE_NO_ROUTE, EHOSTUNREACH);
    world_advance(&world, 2000); /* a probe may go out: not this one */
    world_start_ahead(&world, &ahead, "a");
    world_advance(&world, 0);
    assert_result_failed(&ahead, FAILURE_NO_ROUTE, EHOSTUNREACH);
    assert_true(ahead.error.repeats);
    assert_int_equal(world.http.n_requests, 5);
    world_start_ahead(&world, &ahead, "a"); /* a reader who joins in time may be it */
    result_readopt(&ahead);
    assert_int_equal(world.http.n_requests, 6);
    world_start(&world, &reader, "r");
    world_advance(&world, 0);
    assert_result_failed(&reader, FAILURE_NO_ROUTE, EHOSTUNREACH);
    fake_http_answer(&world.http, 2, 200, NULL, GOOD);
    assert_result_answered(&other);
    world_start(&world, &reader, "r"); /* the network is back */
    assert_int_equal(world.http.n_requests, 7);
    world_release(&world);
}

/* Joined while it is under way: it has a reader's attempts then. */
static void test_ahead_is_joined(void **state)
{
    (void)state;
    struct world world;
    struct result ahead = { 0 };
    world_init(&world, 8);
    world_start_ahead(&world, &ahead, "a");
    result_readopt(&ahead);
    fake_http_answer(&world.http, 0, 503, NULL, "");
    assert_int_equal(ahead.calls, 0);
    world_advance(&world, 25);
    fake_http_answer(&world.http, 1, 200, NULL, GOOD);
    assert_result_answered(&ahead);
    world_start_ahead(&world, &ahead, "a"); /* and given up again by its reader */
    result_readopt(&ahead);
    result_abandon(&ahead);
    fake_http_answer(&world.http, 2, 503, NULL, "");
    assert_result_failed(&ahead, "http-503", EREMOTEIO);
    assert_int_equal(world.stats.ahead_calls, 2);
    world_start_ahead(&world, &ahead, "a");
    result_cancel(&ahead);
    assert_true(world.http.requests[3].cancelled);
    world_release(&world);
}

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_throttled_burst),    cmocka_unit_test(test_ahead_after_readers),
        cmocka_unit_test(test_ahead_is_throttled), cmocka_unit_test(test_ahead_in_an_outage),
        cmocka_unit_test(test_ahead_is_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
