/* SPDX-License-Identifier: MIT */
#include "aws/failure.h"
#include "aws/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static double fixed(void *data) { return *(const double *)data; }

static struct error failed(const char *code, int http_status)
{
    struct error error = { .number = 1, .http_status = http_status };
    (void)snprintf(error.code, sizeof error.code, "%s", code);
    return error;
}

static void test_delays(void **state)
{
    static const struct {
        const char *code;
        int status;
        int attempts; /* before this one */
        double unit;
        int64_t retry_after_ms;
        int64_t delay_ms;
        int cost;
    } rows[] = {
        /* rand * min(50 ms * 2^i, 20 s) */
        { FAILURE_RESET, 0, 0, 0.5, -1, 25, 14 },
        { FAILURE_RESET, 0, 1, 0.5, -1, 50, 14 },
        { FAILURE_RESET, 0, 2, 0.5, -1, 100, 14 },
        { FAILURE_RESET, 0, 8, 0.5, -1, 6400, 14 },
        { FAILURE_RESET, 0, 9, 0.5, -1, 10000, 14 },
        { FAILURE_RESET, 0, 90, 0.5, -1, 10000, 14 },
        { FAILURE_RESET, 0, 1, 0, -1, 0, 14 },
        { FAILURE_RESET, 0, 1, 0.999, -1, 99, 14 },
        { FAILURE_REFUSED, 0, 0, 0.5, -1, 25, 14 },
        { FAILURE_NOT_RESOLVED, 0, 0, 0.5, -1, 25, 14 },
        { FAILURE_CONNECT_TIMEOUT, 0, 0, 0.5, -1, 25, 14 },
        { FAILURE_ATTEMPT_TIMEOUT, 0, 0, 0.5, -1, 25, 14 },
        { "RequestTimeout", 400, 0, 0.5, -1, 25, 14 },
        { "InternalFailure", 500, 0, 0.5, -1, 25, 14 },
        { "", 502, 0, 0.5, -1, 25, 14 },
        { "ServiceUnavailable", 503, 0, 0.5, -1, 25, 14 },
        { "", 504, 0, 0.5, -1, 25, 14 },
        /* rand * min(1 s * 2^i, 20 s) for a throttle */
        { "ThrottlingException", 400, 0, 0.5, -1, 500, 5 },
        { "ThrottlingException", 400, 1, 0.5, -1, 1000, 5 },
        { "ThrottlingException", 400, 4, 0.5, -1, 8000, 5 },
        { "ThrottlingException", 400, 5, 0.5, -1, 10000, 5 },
        { "LimitExceededException", 400, 0, 0.5, -1, 500, 5 },
        { "SlowDown", 503, 0, 0.5, -1, 500, 5 },
        { "", 429, 0, 0.5, -1, 500, 5 },
        /* x-amz-retry-after within [delay, delay + 5 s] */
        { "ThrottlingException", 400, 0, 0.5, 0, 500, 5 },
        { "ThrottlingException", 400, 0, 0.5, 499, 500, 5 },
        { "ThrottlingException", 400, 0, 0.5, 501, 501, 5 },
        { "ThrottlingException", 400, 0, 0.5, 5500, 5500, 5 },
        { "ThrottlingException", 400, 0, 0.5, 5501, 5500, 5 },
        { "ThrottlingException", 400, 0, 0.5, INT64_MAX, 5500, 5 },
        { "", 503, 0, 0.5, 3000, 3000, 14 },
        /* Never again. */
        { "AccessDeniedException", 400, 0, 0.5, 1000, -1, 0 },
        { "ResourceNotFoundException", 400, 0, 0.5, -1, -1, 0 },
        { "NobodyKnowsThis", 400, 0, 0.5, -1, -1, 0 },
        { "", 501, 0, 0.5, -1, -1, 0 },
        { FAILURE_TLS, 0, 0, 0.5, -1, -1, 0 },
        { FAILURE_NOT_PROTOCOL, 0, 0, 0.5, -1, -1, 0 },
        { FAILURE_DEADLINE, 0, 0, 0.5, -1, -1, 0 },
        { FAILURE_RESET, 0, 99, 0.5, -1, -1, 0 },
        { FAILURE_RESET, 0, 100, 0.5, -1, -1, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct retry_quota quota;
        retry_quota_init(&quota);
        double unit = rows[i].unit;
        struct random_source random = { fixed, &unit };
        struct retry_state call = { .attempts = rows[i].attempts };
        struct error error = failed(rows[i].code, rows[i].status);
        int64_t delay_ms = retry_delay_ms(&call, &quota, &random, &error, rows[i].retry_after_ms, 100);
        if (delay_ms != rows[i].delay_ms || quota.left != RETRY_QUOTA - rows[i].cost || call.held != rows[i].cost ||
            call.attempts != rows[i].attempts + 1)
            fail_msg("row %zu (%s %d): %lld ms, quota %d, held %d, attempts %d", i, rows[i].code, rows[i].status,
                     (long long)delay_ms, quota.left, call.held, call.attempts);
    }
}

static const double half = 0.5;
static const struct random_source random_half = { fixed, (void *)(uintptr_t)&half };

static void test_three_attempts(void **state)
{
    (void)state;
    struct retry_quota quota;
    struct retry_state call = { 0 };
    struct error error = failed(FAILURE_RESET, 0);
    retry_quota_init(&quota);
    assert_int_equal(retry_delay_ms(&call, &quota, &random_half, &error, -1, RETRY_ATTEMPTS), 25);
    assert_int_equal(retry_delay_ms(&call, &quota, &random_half, &error, -1, RETRY_ATTEMPTS), 50);
    assert_int_equal(retry_delay_ms(&call, &quota, &random_half, &error, -1, RETRY_ATTEMPTS), -1);
    assert_int_equal(call.attempts, 3);
    assert_int_equal(quota.left, 500 - 2 * 14); /* no success: nothing comes back */
}

static void test_quota_runs_out(void **state)
{
    (void)state;
    struct retry_quota quota;
    struct error reset = failed(FAILURE_RESET, 0), throttle = failed("ThrottlingException", 400);
    retry_quota_init(&quota);
    int retries = 0;
    for (int i = 0; i < 100; i++) { /* a service that is down, call after call */
        struct retry_state call = { 0 };
        while (retry_delay_ms(&call, &quota, &random_half, &reset, -1, RETRY_ATTEMPTS) >= 0)
            retries++;
    }
    assert_int_equal(retries, 500 / 14);
    assert_int_equal(quota.left, 500 % 14);
    struct retry_state call = { 0 };
    assert_int_equal(retry_delay_ms(&call, &quota, &random_half, &throttle, -1, RETRY_ATTEMPTS), 500); /* 5 is left */
    assert_int_equal(quota.left, 500 % 14 - 5);
    for (int i = 0; i < 10; i++) { /* each success without a retry gives one */
        struct retry_state good = { 0 };
        retry_succeeded(&good, &quota);
    }
    assert_int_equal(quota.left, 500 % 14 - 5 + 10);
    struct retry_state again = { 0 };
    assert_int_equal(retry_delay_ms(&again, &quota, &random_half, &reset, -1, RETRY_ATTEMPTS), 25);
}

static void test_success_gives_back(void **state)
{
    (void)state;
    struct retry_quota quota;
    struct retry_state call = { 0 };
    struct error reset = failed(FAILURE_RESET, 0), throttle = failed("ThrottlingException", 400);
    retry_quota_init(&quota);
    (void)retry_delay_ms(&call, &quota, &random_half, &throttle, -1, RETRY_ATTEMPTS);
    (void)retry_delay_ms(&call, &quota, &random_half, &reset, -1, RETRY_ATTEMPTS);
    assert_int_equal(quota.left, 500 - 5 - 14);
    retry_succeeded(&call, &quota); /* the last retry's */
    assert_int_equal(quota.left, 500 - 5);
    retry_succeeded(&call, &quota); /* once */
    assert_int_equal(quota.left, 500 - 5 + 1);
    for (int i = 0; i < 10; i++)
        retry_succeeded(&call, &quota);
    assert_int_equal(quota.left, 500);

    struct retry_state other = { 0 };
    (void)retry_delay_ms(&other, &quota, &random_half, &reset, -1, RETRY_ATTEMPTS);
    retry_not_made(&other, &quota);
    assert_int_equal(quota.left, 500);
    retry_not_made(&other, &quota);
    assert_int_equal(other.held, 0);
}

static void test_system_randomness(void **state)
{
    (void)state;
    double low = 1, high = 0, sum = 0;
    for (int i = 0; i < 10000; i++) {
        double unit = random_system.unit(random_system.data);
        assert_true(unit >= 0 && unit < 1);
        low = unit < low ? unit : low;
        high = unit > high ? unit : high;
        sum += unit;
    }
    assert_true(low < 0.01 && high > 0.99);
    assert_true(sum / 10000 > 0.45 && sum / 10000 < 0.55); /* 17 standard deviations */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delays),
        cmocka_unit_test(test_three_attempts),
        cmocka_unit_test(test_quota_runs_out),
        cmocka_unit_test(test_success_gives_back),
        cmocka_unit_test(test_system_randomness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
