/* SPDX-License-Identifier: MIT */
/* client: what is asked, what comes of it, and when it is asked again. */
#include "aws/failure.h"
#include "aws/outage.h"
#include "base/log.h"
#include "client_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void test_request(void **state)
{
    (void)state;
    struct world world;
    struct result result = { 0 };
    world_init(&world, 8);
    world.clock.wall_ms += 999;
    world_start(&world, &result, "{\"a\":1}");
    assert_int_equal(world.http.n_requests, 1); /* at once: it waits for nobody */
    struct fake_request *request = &world.http.requests[0];
    assert_string_equal(request->method, "POST");
    assert_string_equal(request->url, "https://personalize.us-west-2.amazonaws.com/");
    assert_string_equal(request->body, "{\"a\":1}");
    assert_int_equal(request->n_headers, 5);
    assert_string_equal(fake_http_sent(&world.http, 0, "Host"), "personalize.us-west-2.amazonaws.com");
    assert_string_equal(fake_http_sent(&world.http, 0, "Content-Type"), "application/x-amz-json-1.1");
    assert_string_equal(fake_http_sent(&world.http, 0, "X-Amz-Target"), "AmazonPersonalize.DescribeBatchInferenceJob");
    assert_string_equal(fake_http_sent(&world.http, 0, "X-Amz-Date"), "20261122T120000Z");
    assert_null(fake_http_sent(&world.http, 0, "X-Amz-Security-Token"));
    assert_non_null(strstr(fake_http_sent(&world.http, 0, "Authorization"),
                           "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "));
    assert_non_null(strstr(fake_http_sent(&world.http, 0, "Authorization"),
                           "Credential=AKIDEXAMPLE/20261122/us-west-2/personalize/aws4_request, "));
    assert_signed(&world, 0, &world.provider.keys);
    assert_int_equal(request->timeout_ms, CLIENT_ATTEMPT_TIMEOUT_MS);
    assert_int_equal(request->connect_timeout_ms, CLIENT_CONNECT_TIMEOUT_MS);
    assert_int_equal(request->max_body, 1 << 20);

    world_advance(&world, 70);
    static const char *const headers[] = { "x-amzn-RequestId", "id-7", NULL };
    fake_http_answer(&world.http, 0, 200, headers, GOOD);
    assert_result_answered(&result);
    assert_string_equal(result.request_id, "id-7");
    assert_string_equal(result.account_id, "123456789012");
    assert_int_equal(result.sent_ms, 1000000);
    assert_int_equal(result.sent_wall_ms, world.clock.wall_ms - 70);

    world.provider.keys.session_token = (char *)(uintptr_t) "token/==";
    world.provider.keys.account_id = NULL;
    world_start(&world, &result, "");
    assert_string_equal(fake_http_sent(&world.http, 1, "X-Amz-Security-Token"), "token/==");
    assert_non_null(strstr(fake_http_sent(&world.http, 1, "Authorization"), ";x-amz-security-token;"));
    assert_signed(&world, 1, &world.provider.keys);
    fake_http_answer(&world.http, 1, 200, NULL, GOOD);
    assert_result_answered(&result);
    assert_string_equal(result.request_id, "");
    assert_string_equal(result.account_id, "(none)");
    world_release(&world);
}

/* What ends a call at its first attempt. */
static void test_final_errors(void **state)
{
    static const struct {
        int status;
        const char *name; /* in the body */
        const char *code;
        int number;
    } rows[] = {
        { 400, "ResourceNotFoundException", "ResourceNotFoundException", ENOENT },
        { 400, "AccessDeniedException", "AccessDeniedException", EACCES },
        { 400, "Unheard", "Unheard", EREMOTEIO },
        { 501, "Unheard", "Unheard", EREMOTEIO },
        { 201, "", FAILURE_NOT_PROTOCOL, EBADMSG },
        { 206, "", FAILURE_NOT_PROTOCOL, EBADMSG },
        { 302, "", FAILURE_REDIRECT, EBADMSG },
        { 407, "", FAILURE_PROXY, EACCES },
        { 0, FAILURE_TLS, FAILURE_TLS, EPROTO },
        { 0, FAILURE_TOO_LARGE, FAILURE_TOO_LARGE, EBADMSG },
    };
    static const char *const headers[] = { "X-Amzn-RequestId", "id-8", NULL };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        struct result result = { 0 };
        world_init(&world, 8);
        world_start(&world, &result, "{}");
        if (rows[i].status)
            fake_http_answer(&world.http, 0, rows[i].status, headers, error_body(rows[i].name));
        else
            fake_http_fail(&world.http, 0, rows[i].name, "because");
        assert_result_failed(&result, rows[i].code, rows[i].number);
        assert_string_equal(result.error.request_id, rows[i].status ? "id-8" : "");
        assert_int_equal(result.error.http_status, rows[i].status);
        assert_int_equal(world.http.n_requests, 1);
        world_release(&world);
    }
}

static void test_retries(void **state)
{
    (void)state;
    struct world world;
    struct result result = { 0 };
    world_init(&world, 8);
    world_start(&world, &result, "{\"a\":1}");
    world_advance(&world, 2000);
    fake_http_fail(&world.http, 0, FAILURE_RESET, "cut");
    assert_int_equal(timers_wait_ms(&world.timers), 25); /* 0.5 * 50 ms */
    world_advance(&world, 24);
    assert_int_equal(world.http.n_requests, 1);
    world_advance(&world, 1);
    assert_int_equal(world.http.n_requests, 2);
    assert_string_equal(world.http.requests[1].body, "{\"a\":1}");
    assert_int_equal(date_of(&world, 1) - date_of(&world, 0), 2000); /* signed anew */
    assert_signed(&world, 1, &world.provider.keys);
    fake_http_answer(&world.http, 1, 503, NULL, "<html>");
    assert_int_equal(timers_wait_ms(&world.timers), 50);
    world_advance(&world, 50);
    assert_int_equal(world.http.n_requests, 3);
    fake_http_answer(&world.http, 2, 500, NULL, error_body("InternalFailure"));
    assert_result_failed(&result, "InternalFailure", EREMOTEIO);
    assert_string_equal(result.error.message, "because");

    world_start(&world, &result, "{}"); /* the third attempt may succeed */
    fake_http_fail(&world.http, 3, FAILURE_REFUSED, "no");
    world_advance(&world, 25);
    fake_http_fail(&world.http, 4, FAILURE_ATTEMPT_TIMEOUT, "no");
    world_advance(&world, 50);
    world.clock.monotonic_ms += 7;
    fake_http_answer(&world.http, 5, 200, NULL, GOOD);
    assert_result_answered(&result);
    assert_int_equal(result.sent_ms, world.clock.monotonic_ms - 7); /* the attempt's that was answered */
    world_release(&world);
}

/* What a success gives back keeps retries going for ever, what failures take ends them. */
static void test_quota(void **state)
{
    (void)state;
    struct world world;
    struct result result = { 0 };
    world_init(&world, 8);
    for (int round = 0; round < 100; round++) { /* at 14 a time the quota would be empty after 35 */
        fake_http_release(&world.http);
        fake_http_init(&world.http);
        world_start(&world, &result, "{}");
        fake_http_fail(&world.http, 0, FAILURE_RESET, "cut");
        world_advance(&world, 25);
        fake_http_answer(&world.http, 1, 200, NULL, GOOD);
        assert_result_answered(&result);
    }
    size_t requests = 0;
    for (int round = 0; round < 100; round++) {
        fake_http_release(&world.http);
        fake_http_init(&world.http);
        world_start(&world, &result, "{}");
        while (!result.calls) {
            fake_http_fail(&world.http, world.http.n_requests - 1, FAILURE_RESET, "cut");
            world_advance(&world, 50);
        }
        assert_result_failed(&result, FAILURE_RESET, ECONNRESET);
        requests += world.http.n_requests;
    }
    assert_int_equal(requests, 100 + RETRY_QUOTA / RETRY_COST);
    world_release(&world);
}

static void test_throttle(void **state)
{
    static const struct {
        const char *retry_after;
        int delay_ms;
    } rows[] = {
        { NULL, 500 },    { "100", 500 },   { "2000", 2000 }, { "9000", 5500 }, { "99999999999999999999", 5500 },
        { "-3000", 500 }, { "2000x", 500 }, { "", 500 },      { "2.5", 500 }
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        struct result result = { 0 };
        const char *headers[] = { rows[i].retry_after ? "X-Amz-Retry-After" : NULL, rows[i].retry_after, NULL };
        world_init(&world, 8);
        world_start(&world, &result, "{}");
        fake_http_answer(&world.http, 0, 400, headers, error_body("ThrottlingException"));
        assert_int_equal(timers_wait_ms(&world.timers), rows[i].delay_ms);
        world_advance(&world, rows[i].delay_ms);
        if (rows[i].delay_ms < 1000) { /* one a second is the pace now */
            assert_int_equal(world.http.n_requests, 1);
            assert_int_equal(timers_wait_ms(&world.timers), 1000 - rows[i].delay_ms);
            world_advance(&world, 1000 - rows[i].delay_ms);
        }
        fake_http_answer(&world.http, 1, 400, NULL, error_body("ThrottlingException"));
        assert_int_equal(timers_wait_ms(&world.timers), 1000);
        world_advance(&world, 1000);
        fake_http_answer(&world.http, 2, 429, NULL, "");
        assert_result_failed(&result, "http-429", EBUSY);
        world_release(&world);
    }
}

/* A delay that outlasts the deadline is not waited for, and costs no quota. */
static void test_no_time_for_a_retry(void **state)
{
    (void)state;
    struct world world;
    struct result result = { 0 };
    world_init(&world, 8);
    for (size_t i = 0; i < 200; i += 1) { /* at 5 a time the quota would be empty after 100 */
        if (i % (FAKE_HTTP_REQUESTS - 2) == 0) {
            fake_http_release(&world.http);
            fake_http_init(&world.http);
        }
        world_start(&world, &result, "{}");
        world_advance(&world, 1000); /* one a second */
        world_advance(&world, TIMEOUT_MS - 1400);
        size_t n = world.http.n_requests;
        fake_http_answer(&world.http, n - 1, 400, NULL, error_body("ThrottlingException"));
        assert_result_failed(&result, "ThrottlingException", EBUSY);
        assert_int_equal(world.http.n_requests, n);
    }
    world_start(&world, &result, "{}");
    world_advance(&world, 1000);
    fake_http_answer(&world.http, world.http.n_requests - 1, 400, NULL, error_body("ThrottlingException"));
    assert_int_equal(result.calls, 0);
    assert_int_equal(timers_wait_ms(&world.timers), 500);
    result_cancel(&result);
    world_release(&world);
}

/* Nor does one that is given up, or whose time ends, before it is made. */
static void test_retry_is_not_made(void **state)
{
    enum end { ABANDONED, CANCELLED, OUT_OF_TIME, ENDS };
    (void)state;
    for (int end = 0; end < ENDS; end++) {
        struct world world;
        struct result result = { 0 }, other = { 0 };
        world_init(&world, 1);
        for (int round = 0; round < 50; round++) { /* at 14 a time the quota would be empty after 35 */
            fake_http_release(&world.http);
            fake_http_init(&world.http);
            world_start(&world, &result, "{}");
            world_advance(&world, TIMEOUT_MS - 100);
            fake_http_fail(&world.http, 0, FAILURE_RESET, "cut");
            assert_int_equal(timers_wait_ms(&world.timers), 25);
            if (end == ABANDONED)
                result_abandon(&result);
            else if (end == CANCELLED)
                result_cancel(&result);
            else if (end == OUT_OF_TIME)
                world_start(&world, &other, "{}"); /* takes the one place */
            world_advance(&world, 25);             /* now it waits in the queue, */
            world_advance(&world, 75);             /* where its time ends */
            assert_int_equal(result.calls, end == CANCELLED ? 0 : 1);
            if (end == OUT_OF_TIME)
                result_cancel(&other);
        }
        world_release(&world);
    }
}

static void test_time_limits(void **state)
{
    (void)state;
    struct world world;
    struct result result = { 0 };
    world_init(&world, 8);
    world_start(&world, &result, "{}");
    world_advance(&world, TIMEOUT_MS - 4000); /* the attempt's own limit is http's */
    fake_http_fail(&world.http, 0, FAILURE_ATTEMPT_TIMEOUT, "slow");
    world_advance(&world, 25);
    assert_int_equal(world.http.requests[1].timeout_ms, 4000 - 25);
    assert_int_equal(world.http.requests[1].connect_timeout_ms, CLIENT_CONNECT_TIMEOUT_MS);
    world_advance(&world, 2000);
    fake_http_fail(&world.http, 1, FAILURE_CONNECT_TIMEOUT, "slow");
    world_advance(&world, 50);
    assert_int_equal(world.http.requests[2].timeout_ms, 1925);
    assert_int_equal(world.http.requests[2].connect_timeout_ms, 1925);
    fake_http_answer(&world.http, 2, 200, NULL, GOOD);
    assert_result_answered(&result);
    world_release(&world);
}

static void test_deadline_sending(void **state)
{
    (void)state;
    struct world world;
    struct result result = { 0 };
    world_init(&world, 8);
    world_start(&world, &result, "{}");
    world_advance(&world, TIMEOUT_MS - 1);
    assert_int_equal(result.calls, 0);
    world_advance(&world, 1);
    assert_result_failed(&result, FAILURE_DEADLINE, ETIMEDOUT);
    assert_string_equal(result.error.message, "waited 15000 ms, at last for an answer");
    assert_true(world.http.requests[0].cancelled);
    assert_true(failure_is_unanswered(&result.error));

    world_advance(&world, OUTAGE_PAUSE_MS);
    world_start(&world, &result, "{}"); /* the last attempt's message is kept */
    static const char *const headers[] = { "x-amzn-RequestId", "id-9", NULL };
    fake_http_answer(&world.http, 1, 503, headers, error_body("ServiceUnavailable"));
    world_advance(&world, 25);
    assert_int_equal(fake_http_open(&world.http), 1);
    world_advance(&world, TIMEOUT_MS);
    assert_result_failed(&result, FAILURE_DEADLINE, ETIMEDOUT);
    assert_non_null(strstr(result.error.message, "the last attempt: ServiceUnavailable: because"));
    assert_int_equal(result.error.http_status, 503);
    assert_string_equal(result.error.request_id, "id-9");
    assert_false(failure_is_unanswered(&result.error));
    world_release(&world);
}

static void test_deadline_elsewhere(void **state)
{
    (void)state;
    struct world world;
    struct result first = { 0 }, second = { 0 };
    world_init(&world, 1);
    world_start(&world, &first, "{}"); /* queued */
    world_advance(&world, 1000);
    world_start(&world, &second, "{}");
    fake_clock_advance(&world.clock, 10000);
    fake_http_answer(&world.http, 0, 503, NULL, ""); /* its place goes to the second */
    assert_int_equal(world.http.n_requests, 2);
    world_advance(&world, 25);
    assert_int_equal(world.http.n_requests, 2); /* the first is queued now */
    world_advance(&world, 3975);
    assert_result_failed(&first, FAILURE_DEADLINE, ETIMEDOUT);
    assert_non_null(strstr(first.error.message, "at last for other requests; the last attempt: http-503"));
    assert_int_equal(second.calls, 0);
    world_advance(&world, 1000);
    assert_result_failed(&second, FAILURE_DEADLINE, ETIMEDOUT);

    world.provider.later = true; /* credentials */
    world_start(&world, &first, "{}");
    world_advance(&world, TIMEOUT_MS);
    assert_result_failed(&first, FAILURE_DEADLINE, ETIMEDOUT);
    assert_string_equal(first.error.message, "waited 15000 ms, at last for credentials");
    assert_int_equal(world.provider.n_cancels, 1);
    world.provider.later = false;

    world_start(&world, &first, "{}"); /* backoff, on a host that slept through both: nothing is sent any more */
    size_t n = world.http.n_requests;
    fake_http_fail(&world.http, n - 1, FAILURE_RESET, "cut");
    world_advance(&world, 2 * TIMEOUT_MS);
    assert_result_failed(&first, FAILURE_DEADLINE, ETIMEDOUT);
    assert_int_equal(world.http.n_requests, n);

    world_start(&world, &first, "{}"); /* an attempt that ends after the deadline, before the timer */
    fake_clock_advance(&world.clock, TIMEOUT_MS);
    fake_http_fail(&world.http, n, FAILURE_ATTEMPT_TIMEOUT, "slow");
    assert_result_failed(&first, FAILURE_DEADLINE, ETIMEDOUT);
    assert_non_null(strstr(first.error.message, "attempt-timeout: slow"));
    world_advance(&world, OUTAGE_PAUSE_MS);
    world_start(&world, &first, "{}"); /* but an answer is an answer */
    fake_clock_advance(&world.clock, TIMEOUT_MS);
    fake_http_answer(&world.http, n + 1, 200, NULL, GOOD);
    assert_result_answered(&first);

    struct client_request late = { .operation = "X", .body = "", .deadline_ms = world.clock.monotonic_ms };
    first = (struct result){ .world = &world };
    assert_int_equal(client_start(world.client, &late, result_done, &first, &first.call), 0);
    world_advance(&world, 0);
    assert_result_failed(&first, FAILURE_DEADLINE, ETIMEDOUT);
    assert_int_equal(world.http.n_requests, n + 2);
    world_release(&world);
}

static void test_no_credentials(void **state)
{
    (void)state;
    struct world world;
    struct result results[3] = { { 0 } };
    world_init(&world, 1);
    world.provider.keys.access_key_id = NULL;
    for (int i = 0; i < 3; i++)
        world_start(&world, &results[i], "{}");
    world_advance(&world, 0);
    for (int i = 0; i < 3; i++) {
        assert_result_failed(&results[i], FAILURE_NO_CREDENTIALS, ENOKEY);
        assert_string_equal(results[i].error.message, "no keys anywhere");
    }
    assert_int_equal(world.http.n_requests, 0);
    world_release(&world);
}

static void test_start_fails(void **state)
{
    (void)state;
    struct world world;
    struct result result = { 0 };
    world_init(&world, 1);
    world.http.start_error = -ENOMEM;
    world_start(&world, &result, "{}");
    world_advance(&world, 0);
    assert_result_failed(&result, FAILURE_MEMORY, ENOMEM);
    world.http.start_error = -EINVAL; /* a token with a line break */
    world_start(&world, &result, "{}");
    world_advance(&world, 0);
    assert_result_failed(&result, FAILURE_NO_CREDENTIALS, ENOKEY);
    world_start(&world, &result, "{}"); /* the place was given back */
    fake_http_answer(&world.http, 0, 200, NULL, GOOD);
    assert_result_answered(&result);
    world_release(&world);
}

/* Each request is counted once, when it ends, however it does. */
static void test_counts(void **state)
{
    (void)state;
    struct world world;
    struct result results[7] = { { 0 } };
    world_init(&world, 8);
    const struct stats_operation *row = &world.stats.operations[0];
    for (int i = 0; i < 7; i++)
        world_start(&world, &results[i], "{}");
    assert_string_equal(row->name, "DescribeBatchInferenceJob");
    assert_int_equal(world.stats.last_good_ms, 0);
    world_advance(&world, 30);
    int64_t good_ms = world.clock.monotonic_ms;
    fake_http_answer(&world.http, 0, 200, NULL, GOOD);
    world_advance(&world, 30);
    fake_http_answer(&world.http, 1, 400, NULL, error_body("ResourceNotFoundException"));
    fake_http_answer(&world.http, 2, 403, NULL, error_body("AccessDeniedException"));
    fake_http_answer(&world.http, 3, 400, NULL, error_body("InvalidInputException"));
    fake_http_answer(&world.http, 4, 503, NULL, "");
    result_cancel(&results[6]);
    assert_int_equal(world.stats.retries, 0);
    world_advance(&world, 25);
    assert_int_equal(world.stats.retries, 1);
    fake_http_fail(&world.http, 7, FAILURE_RESET, "cut");
    fake_http_answer(&world.http, 5, 400, NULL, error_body("ThrottlingException"));
    world_advance(&world, 1000);
    world_advance(&world, 1000); /* both are out again */
    world_advance(&world, TIMEOUT_MS);
    for (int i = 0; i < STATS_OUTCOMES; i++)
        assert_int_equal(row->calls[i], i == STATS_UNANSWERED ? 3 : 1); /* the two that were tried again hang */
    assert_int_equal(world.stats.retries, 3);
    assert_int_equal(world.stats.last_good_ms, good_ms);
    assert_int_equal(row->answered, 6);
    assert_int_equal(row->answered_ms, 30 + 4 * 60 + 85);
    assert_int_equal(row->buckets[3], 1);
    assert_int_equal(row->buckets[4], 5);
    world_release(&world);
}

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_final_errors),
        cmocka_unit_test(test_retries),
        cmocka_unit_test(test_quota),
        cmocka_unit_test(test_throttle),
        cmocka_unit_test(test_no_time_for_a_retry),
        cmocka_unit_test(test_retry_is_not_made),
        cmocka_unit_test(test_time_limits),
        cmocka_unit_test(test_deadline_sending),
        cmocka_unit_test(test_deadline_elsewhere),
        cmocka_unit_test(test_no_credentials),
        cmocka_unit_test(test_start_fails),
        cmocka_unit_test(test_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
