/* SPDX-License-Identifier: MIT */
/* client: who may ask at once, who waits, who gives up, and call backs that do all of that. */
#include "aws/failure.h"
#include "base/log.h"
#include "client_world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void test_places(void **state)
{
    (void)state;
    struct world world;
    struct result results[11] = { { 0 } };
    char body[8];
    world_init(&world, 8);
    for (int i = 0; i < 11; i++) {
        (void)snprintf(body, sizeof body, "%d", i);
        world_start(&world, &results[i], body);
    }
    assert_int_equal(world.http.n_requests, 8);
    assert_int_equal(world.provider.n_gets, 8); /* a queued one asks for no keys */
    fake_http_answer(&world.http, 5, 200, NULL, GOOD);
    assert_result_answered(&results[5]);
    assert_int_equal(world.http.n_requests, 9);
    assert_string_equal(world.http.requests[8].body, "8"); /* the oldest first */
    fake_http_answer(&world.http, 0, 503, NULL, "");       /* one that waits to try again holds no place */
    assert_int_equal(world.http.n_requests, 10);
    assert_string_equal(world.http.requests[9].body, "9");
    world_advance(&world, 25);
    assert_int_equal(world.http.n_requests, 10);
    result_cancel(&results[3]); /* what tries again is older than what never began */
    assert_true(world.http.requests[3].cancelled);
    assert_int_equal(world.http.n_requests, 11);
    assert_string_equal(world.http.requests[10].body, "0");
    fake_http_answer(&world.http, 10, 200, NULL, GOOD);
    assert_result_answered(&results[0]);
    assert_string_equal(world.http.requests[11].body, "10");
    assert_int_equal(fake_http_open(&world.http), 8);
    world_release(&world);
    for (int i = 0; i < 11; i++)
        assert_int_equal(results[i].calls, i == 3 ? 0 : 1);
}

/* Waiting for keys holds the place; keys that do not come give it back. */
static void test_places_and_credentials(void **state)
{
    (void)state;
    struct world world;
    struct result results[3] = { { 0 } };
    world_init(&world, 1);
    world.provider.later = true;
    for (int i = 0; i < 3; i++)
        world_start(&world, &results[i], "{}");
    assert_int_equal(world.provider.n_gets, 1);
    result_cancel(&results[0]);
    assert_int_equal(world.provider.n_cancels, 1);
    assert_int_equal(world.provider.n_gets, 2);
    struct credentials keys = world.provider.keys;
    world.provider.keys.access_key_id = NULL;
    world_give_keys(&world);
    assert_int_equal(results[1].calls, 0); /* from the timers */
    world.provider.keys = keys;
    world_advance(&world, 0);
    assert_result_failed(&results[1], FAILURE_NO_CREDENTIALS, ENOKEY);
    assert_int_equal(world.http.n_requests, 0);
    world_give_keys(&world);
    fake_http_answer(&world.http, 0, 200, NULL, GOOD);
    assert_result_answered(&results[2]);
    world_release(&world);
}

static void test_abandon_while_sent(void **state)
{
    (void)state;
    struct world world;
    struct result first = { 0 }, second = { 0 }, third = { 0 };
    world_init(&world, 2);
    world_start(&world, &first, "1");
    result_abandon(&first);
    result_abandon(&first);
    world_advance(&world, 100); /* it has been paid for */
    fake_http_answer(&world.http, 0, 200, NULL, GOOD);
    assert_result_answered(&first);

    world_start(&world, &first, "1"); /* no other attempt */
    result_abandon(&first);
    fake_http_answer(&world.http, 1, 503, NULL, "");
    assert_result_failed(&first, "http-503", EREMOTEIO);
    assert_int_equal(world.http.n_requests, 2);

    world_start(&world, &first, "1"); /* its place is given to one that waits */
    world_start(&world, &second, "2");
    result_abandon(&first);
    assert_int_equal(fake_http_open(&world.http), 2);
    world_start(&world, &third, "3");
    assert_true(world.http.requests[2].cancelled);
    assert_false(world.http.requests[3].cancelled);
    assert_string_equal(world.http.requests[4].body, "3");
    assert_int_equal(first.calls, 0); /* from the timers */
    world_advance(&world, 0);
    assert_result_failed(&first, FAILURE_ENDING, ESHUTDOWN);

    world_start(&world, &first, "1"); /* one that waits already takes it at once */
    assert_int_equal(world.http.n_requests, 5);
    result_abandon(&third);
    assert_true(world.http.requests[4].cancelled);
    assert_string_equal(world.http.requests[5].body, "1");
    world_advance(&world, 0);
    assert_result_failed(&third, FAILURE_ENDING, ESHUTDOWN);
    world_release(&world);
    assert_result_failed(&second, FAILURE_ENDING, ESHUTDOWN);
}

static void test_abandon_elsewhere(void **state)
{
    (void)state;
    struct world world;
    struct result sent = { 0 }, result = { 0 };
    world_init(&world, 1);
    world_start(&world, &sent, "1"); /* queued */
    world_start(&world, &result, "2");
    result_abandon(&result);
    assert_int_equal(result.calls, 0);
    world_advance(&world, 0);
    assert_result_failed(&result, FAILURE_ENDING, ESHUTDOWN);
    fake_http_fail(&world.http, 0, FAILURE_RESET, "cut"); /* backoff */
    result_abandon(&sent);
    assert_int_equal(sent.calls, 0);
    world_advance(&world, 0);
    assert_result_failed(&sent, FAILURE_ENDING, ESHUTDOWN);
    assert_int_equal(world.http.n_requests, 1);
    world.provider.later = true; /* credentials */
    world_start(&world, &sent, "1");
    world_start(&world, &result, "2");
    result_abandon(&sent);
    assert_int_equal(world.provider.n_cancels, 1);
    assert_int_equal(world.provider.n_waiting, 1); /* the second has the place */
    world_advance(&world, 0);
    assert_result_failed(&sent, FAILURE_ENDING, ESHUTDOWN);
    world_give_keys(&world);
    assert_string_equal(world.http.requests[1].body, "2");
    result_cancel(&result);
    world_release(&world);
}

static void test_readopt(void **state)
{
    (void)state;
    struct world world;
    struct result first = { 0 }, second = { 0 };
    world_init(&world, 1);
    world_start(&world, &first, "1");
    result_readopt(&first); /* nothing to do */
    result_abandon(&first);
    result_readopt(&first);
    world_start(&world, &second, "2"); /* it keeps its place now */
    assert_false(world.http.requests[0].cancelled);
    fake_http_fail(&world.http, 0, FAILURE_RESET, "cut"); /* and tries again */
    fake_http_answer(&world.http, 1, 200, NULL, GOOD);
    assert_result_answered(&second);
    world_advance(&world, 25);
    assert_int_equal(world.http.n_requests, 3);
    assert_string_equal(world.http.requests[2].body, "1");

    result_abandon(&first); /* its place is taken, and somebody comes back before it has ended */
    world_start(&world, &second, "2");
    assert_true(world.http.requests[2].cancelled);
    result_readopt(&first);
    world_advance(&world, 0);
    assert_int_equal(first.calls, 0);
    fake_http_answer(&world.http, 3, 200, NULL, GOOD);
    assert_result_answered(&second);
    assert_string_equal(world.http.requests[4].body, "1");
    fake_http_answer(&world.http, 4, 200, NULL, GOOD);
    assert_result_answered(&first);

    world_start(&world, &first, "1"); /* the same while keys are looked for again */
    world.provider.later = true;
    fake_http_answer(&world.http, 5, 403, NULL, error_body("ExpiredToken"));
    result_abandon(&first);
    result_readopt(&first);
    world_give_keys(&world);
    assert_int_equal(world.http.n_requests, 7);
    fake_http_answer(&world.http, 6, 403, NULL, error_body("ExpiredToken"));
    assert_result_failed(&first, "ExpiredToken", EKEYEXPIRED);
    world_release(&world);
}

static void test_cancel(void **state)
{
    (void)state;
    struct world world;
    struct result first = { 0 }, second = { 0 };
    world_init(&world, 1);
    world_start(&world, &first, "1");
    world_start(&world, &second, "2");
    result_cancel(&second); /* queued */
    result_cancel(&first);  /* sent */
    assert_true(world.http.requests[0].cancelled);
    world_start(&world, &first, "1");
    fake_http_fail(&world.http, 1, FAILURE_RESET, "cut");
    result_cancel(&first); /* backoff */
    world.provider.later = true;
    world_start(&world, &first, "1");
    result_cancel(&first); /* credentials */
    world.provider.later = false;
    world.provider.keys.access_key_id = NULL;
    world_start(&world, &first, "1");
    result_cancel(&first);                 /* about to end */
    for (int back = 0; back < 2; back++) { /* nor does giving it up, or coming back, change what it ends with */
        world_start(&world, &second, "2");
        int n_gets = world.provider.n_gets;
        result_abandon(&second);
        if (back)
            result_readopt(&second);
        world_advance(&world, 0);
        assert_result_failed(&second, FAILURE_NO_CREDENTIALS, ENOKEY);
        assert_int_equal(world.provider.n_gets, n_gets);
    }
    second.calls = 0;
    world_advance(&world, 2 * TIMEOUT_MS);
    assert_int_equal(first.calls + second.calls, 0);
    assert_int_equal(world.http.n_requests, 2);
    world_release(&world);
}

static void then_start_and_cancel(struct result *result)
{
    struct result *other = result->other;
    result->then = NULL;
    client_cancel(result->ending); /* its own: it is going anyway */
    client_abandon(result->ending);
    client_readopt(result->ending);
    if (other->call)
        result_cancel(other);
    world_start(result->world, other, "new");
}

static void test_call_back_starts_and_cancels(void **state)
{
    (void)state;
    struct world world;
    struct result first = { 0 }, second = { 0 }, third = { 0 };
    world_init(&world, 2);
    first.then = then_start_and_cancel;
    first.other = &second;
    world_start(&world, &first, "1");
    world_start(&world, &second, "2");
    world_start(&world, &third, "3");
    fake_http_answer(&world.http, 0, 200, NULL, GOOD);
    assert_result_answered(&first);
    assert_string_equal(world.http.requests[2].body, "3"); /* the queue goes before what is new */
    assert_true(world.http.requests[1].cancelled);
    assert_string_equal(world.http.requests[3].body, "new");
    fake_http_answer(&world.http, 3, 200, NULL, GOOD);
    assert_result_answered(&second);
    third.then = then_start_and_cancel; /* from a deadline */
    third.other = &first;
    world_advance(&world, TIMEOUT_MS);
    assert_result_failed(&third, FAILURE_DEADLINE, ETIMEDOUT);
    assert_string_equal(world.http.requests[4].body, "new");
    fake_http_answer(&world.http, 4, 200, NULL, GOOD);
    assert_result_answered(&first);
    world_release(&world);
}

static void then_start_fails(struct result *result)
{
    struct client_request request = { .operation = "X", .body = "", .deadline_ms = INT64_MAX };
    struct client_call *call;
    assert_int_equal(client_start(result->world->client, &request, result_done, result, &call), -ESHUTDOWN);
    if (result->other && result->other->call)
        result_cancel(result->other);
}

static void test_free_ends_all(void **state)
{
    (void)state;
    struct world world;
    struct result results[5] = { { 0 } };
    world_init(&world, 2);
    for (int i = 0; i < 5; i++)
        world_start(&world, &results[i], "{}");
    fake_http_fail(&world.http, 1, FAILURE_RESET, "cut"); /* backoff; the third is sent */
    results[0].then = then_start_fails;
    results[0].other = &results[4];
    world_release(&world);
    for (int i = 0; i < 4; i++) {
        assert_result_failed(&results[i], FAILURE_ENDING, ESHUTDOWN);
        assert_int_equal(world.http.n_requests, 3);
    }
    assert_int_equal(results[4].calls, 0);
    client_free(NULL);
}

/* Anything in any order: places are never overrun, every call ends once or was cancelled, nothing hangs or leaks. */
static void test_random_walk(void **state)
{
    static const char *const names[] = { "ThrottlingException", "ExpiredToken", "RequestExpired",
                                         "ResourceNotFoundException", "InvalidSignatureException" };
    enum { CALLS = 12, PLACES = 3 };
    (void)state;
    srand(7);
    for (int round = 0; round < 400; round++) {
        struct world world;
        struct result results[CALLS] = { { 0 } };
        struct credentials keys;
        int started = 0, cancelled = 0, ended = 0;
        world_init(&world, PLACES);
        keys = world.provider.keys;
        while (world.http.n_requests < FAKE_HTTP_REQUESTS - CALLS - 2 && started < 60) {
            struct result *result = &results[rand() % CALLS];
            size_t i = world.http.n_requests ? (size_t)rand() % world.http.n_requests : 0;
            bool open = world.http.n_requests && world.http.requests[i].transfer;
            switch (rand() % 10) {
            case 0:
            case 1:
            case 2:
                if (!result->call) {
                    ended += result->calls;
                    world_start(&world, result, "{}");
                    started++;
                }
                break;
            case 3:
                if (result->call && rand() % 3 == 0) {
                    result_cancel(result);
                    cancelled++;
                }
                break;
            case 4:
                if (result->call)
                    (rand() % 2 ? result_abandon : result_readopt)(result);
                break;
            case 5:
                if (open)
                    fake_http_answer(&world.http, i, 200, NULL, GOOD);
                break;
            case 6:
                if (open)
                    fake_http_answer(&world.http, i, 400, date_header(&world, (rand() % 3 - 1) * 3600000),
                                     error_body(names[rand() % 5]));
                break;
            case 7:
                if (open)
                    fake_http_fail(&world.http, i, rand() % 2 ? FAILURE_RESET : FAILURE_TLS, "no");
                break;
            case 8:
                world_advance(&world, rand() % 4 ? rand() % 600 : rand() % 20000);
                break;
            default:
                world.provider.keys = keys;
                if (rand() % 8 == 0)
                    world.provider.keys.access_key_id = NULL;
                world.provider.later = rand() % 3 == 0;
                if (world.provider.n_waiting)
                    world_give_keys(&world);
            }
            assert_true(fake_http_open(&world.http) + (size_t)world.provider.n_waiting <= PLACES);
        }
        bool finish = rand() % 2;
        for (int i = 0; finish && i < 100; i++)
            world_advance(&world, 1000); /* every deadline passes */
        world_release(&world);
        for (int i = 0; i < CALLS; i++)
            ended += results[i].calls;
        assert_int_equal(started, ended + cancelled);
        uint64_t counted = 0;
        for (int i = 0; i < STATS_OUTCOMES; i++)
            counted += world.stats.operations[0].calls[i];
        assert_int_equal(counted, world.http.n_requests);
    }
}

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_places_and_credentials),
        cmocka_unit_test(test_abandon_while_sent),
        cmocka_unit_test(test_abandon_elsewhere),
        cmocka_unit_test(test_readopt),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_call_back_starts_and_cancels),
        cmocka_unit_test(test_free_ends_all),
        cmocka_unit_test(test_random_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
