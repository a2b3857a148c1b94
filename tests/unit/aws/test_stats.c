/* SPDX-License-Identifier: MIT */
#include "aws/failure.h"
#include "aws/stats.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_outcomes(void **state)
{
    static const struct {
        const char *code;
        int status;
        enum stats_outcome outcome;
    } rows[] = {
        { "ResourceNotFoundException", 400, STATS_NOT_FOUND },
        { "AccessDeniedException", 400, STATS_DENIED },
        { "ExpiredTokenException", 400, STATS_DENIED },
        { "InvalidSignatureException", 403, STATS_DENIED },
        { "ThrottlingException", 400, STATS_THROTTLED },
        { "LimitExceededException", 400, STATS_THROTTLED },
        { "InternalFailure", 500, STATS_SERVER_ERROR },
        { "InvalidInputException", 400, STATS_ERROR },
        { FAILURE_REDIRECT, 302, STATS_ERROR },
        { FAILURE_NOT_RESOLVED, 0, STATS_UNANSWERED },
        { FAILURE_RESET, 0, STATS_UNANSWERED },
        { FAILURE_TRUNCATED, 0, STATS_UNANSWERED },
        { FAILURE_ATTEMPT_TIMEOUT, 0, STATS_UNANSWERED },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error;
        (void)failure_set(&error, rows[i].code, "because");
        error.http_status = rows[i].status;
        assert_int_equal(stats_outcome_of(&error), rows[i].outcome);
    }
    for (int i = 0; i < STATS_OUTCOMES; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(stats_outcome_name((enum stats_outcome)i),
                                    stats_outcome_name((enum stats_outcome)j));
}

static void test_operations(void **state)
{
    struct stats stats = { 0 };
    struct stats_operation *rows[STATS_OPERATIONS + 2];
    char name[16];
    (void)state;
    for (int i = 0; i < STATS_OPERATIONS + 2; i++) {
        (void)snprintf(name, sizeof name, "Operation%d", i);
        rows[i] = stats_operation(&stats, name);
        assert_ptr_equal(rows[i], stats_operation(&stats, name));
    }
    assert_string_equal(stats.operations[0].name, "Operation0");
    assert_ptr_not_equal(rows[0], rows[1]);
    for (int i = STATS_OPERATIONS - 1; i < STATS_OPERATIONS + 2; i++)
        assert_ptr_equal(rows[i], &stats.operations[STATS_OPERATIONS - 1]);
    assert_string_equal(stats.operations[STATS_OPERATIONS - 1].name, "other");
}

static void test_buckets(void **state)
{
    struct stats_operation operation = { 0 };
    (void)state;
    for (int i = 0; i < STATS_BUCKETS - 1; i++) {
        stats_answered(&operation, stats_bucket_ms[i]);
        assert_int_equal(operation.buckets[i], i ? 2 : 1);
        stats_answered(&operation, stats_bucket_ms[i] + 1);
        assert_int_equal(operation.buckets[i + 1], 1);
    }
    assert_int_equal(operation.answered, 2 * (STATS_BUCKETS - 1));
    operation = (struct stats_operation){ 0 };
    stats_answered(&operation, 7);
    stats_answered(&operation, 70);
    stats_answered(&operation, -1); /* a clock that went back */
    assert_int_equal(operation.answered_ms, 77);
    assert_int_equal(operation.answered, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_buckets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
