/* SPDX-License-Identifier: MIT */
/* What tests do to the emulator while it runs, and what it counts. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_control_refuses(void **state)
{
    static const struct {
        const char *path;
        const char *body;
        int status;
    } cases[] = {
        { "/_control/nothing", "", 404 },
        { "/_control/counts", "", 404 }, /* it is a GET */
        { "/_control/set", "port=1", 400 },
        { "/_control/set", "nothing=1", 400 },
        { "/_control/set", "latency_ms=-1", 400 },
        { "/_control/set", "latency_ms", 400 },
        { "/_control/job", "", 400 },
        { "/_control/job", "-bad\nstatus=\"A\"", 400 },
        { "/_control/job", "good\nstatus=ACTIVE", 400 },
        { "/_control/job", "good\n.a=1", 400 },
        { "/_control/job", "good\na..b=1", 400 },
        { "/_control/job", "good\na\"=1", 400 },
        { "/_control/remove-job", "nothing", 404 },
        { "/_control/role", "", 400 },
        { "/_control/role", "arn:aws:iam::123456789012:user/a", 400 },
        { "/_control/role", "arn:aws:iam::123456789012:role/a\nnothing=1", 400 },
        { "/_control/key", "access_key=A", 400 },
        { "/_control/key", "access_key=A\nsecret_key=B\nnothing=1", 400 },
        { "/_control/fault", "", 400 },
        { "/_control/fault", "kind=nothing", 400 },
        { "/_control/fault", "kind=status", 400 },
        { "/_control/fault", "kind=status=99", 400 },
        { "/_control/fault", "kind=hang=1", 400 },
        { "/_control/fault", "kind=hang\ncount=0", 400 },
    };
    struct fixture *fixture = *state;
    fixture_start(fixture);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        control(fixture, "POST", cases[i].path, cases[i].body);
        if (fixture->answer.status != cases[i].status)
            fail_msg("%s %s: %d", cases[i].path, cases[i].body, fixture->answer.status);
        assert_true(fixture->answer.body.len > 0);
    }
}

/* The value says its own length and generation, changes with time alone, and nothing else does. */
static void test_churn(void **state)
{
    struct fixture *fixture = *state;
    char updated[64] = "";
    int64_t last = -1;
    size_t shortest = SIZE_MAX;
    size_t longest = 0;
    fixture_start(fixture);
    control(fixture, "POST", "/_control/set", "churn_ms=5\nchurn_longest=400");
    for (unsigned i = 0; i < 500; i++) {
        describe(fixture, "nightly-2026-11-09");
        const char *value = member(fixture, "batchInferenceJob.failureReason");
        size_t len = strlen(value);
        int64_t generation = strtoll(value, NULL, 10);
        assert_true(len >= 23 && value[12] == ' ' && value[19] == ' ');
        assert_int_equal(strtoull(value + 13, NULL, 10), len + 1);
        for (size_t k = 20; k < len; k++)
            assert_int_equal(value[k], 'a' + generation % 26);
        assert_true(generation == last + 1 || (i > 250 && generation == last)); /* never an earlier one */
        last = generation;
        shortest = len < shortest ? len : shortest;
        longest = len > longest ? len : longest;
        if (*updated)
            assert_string_equal(updated, member(fixture, "batchInferenceJob.lastUpdatedDateTime"));
        snprintf(updated, sizeof updated, "%s", member(fixture, "batchInferenceJob.lastUpdatedDateTime"));
        if (i == 249) /* from now on half as fast */
            control(fixture, "POST", "/_control/set", "churn_ms=10");
        fake_clock_advance(&fixture->clock, 5);
    }
    assert_int_equal(last, 250 + 125);
    assert_true(shortest < 60 && longest > 360 && longest < 400);
}

/* --- throttling, faults, counts ------------------------------------------------------------------------------- */

static void test_throttle(void **state)
{
    struct fixture *fixture = *state;
    unsigned throttled = 0;
    fixture_start(fixture);
    control(fixture, "POST", "/_control/set", "rate=10");
    for (unsigned i = 0; i < 15; i++) {
        call(fixture, LIST, "{}");
        throttled += !strcmp(code(fixture), "ThrottlingException");
    }
    assert_int_equal(throttled, 5);
    fake_clock_advance(&fixture->clock, 100);
    call(fixture, LIST, "{}");
    assert_int_equal(fixture->answer.status, 200);
    call(fixture, LIST, "{}");
    assert_int_equal(fixture->answer.status, 400);
}

static void test_faults_match_and_count(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture);
    control(fixture, "POST", "/_control/fault",
            "operation=DescribeBatchInferenceJob\njob=*-1[01]\nkind=status=503\nskip=1\ncount=2");
    assert_int_equal(fixture->answer.status, 200);
    static const int expected[] = { 200, 503, 503, 200 };
    for (unsigned i = 0; i < 4; i++) {
        call(fixture, LIST, "{}");
        assert_int_equal(fixture->answer.status, 200);
        describe(fixture, "nightly-2026-11-12");
        assert_int_equal(fixture->answer.status, 200);
        describe(fixture, i % 2 ? "nightly-2026-11-10" : "nightly-2026-11-11");
        assert_int_equal(fixture->answer.status, expected[i]);
    }
    control(fixture, "POST", "/_control/fault", "kind=latency=250");
    call(fixture, LIST, "{}");
    assert_int_equal(fixture->answer.delay_ms, 250);
    control(fixture, "POST", "/_control/clear-faults", "");
    assert_true(fixture->answer.releases);
    call(fixture, LIST, "{}");
    assert_int_equal(fixture->answer.delay_ms, 0);
    control(fixture, "GET", "/_control/counts", "");
    assert_string_equal(
        buf_str(&fixture->answer.body),
        "DescribeBatchInferenceJob 8\nListBatchInferenceJobs 6\nCreateBatchInferenceJob 0\n"
        "GetCallerIdentity 0\nAssumeRole 0\nAssumeRoleWithWebIdentity 0\nMetadataToken 0\n"
        "MetadataRole 0\nMetadataCredentials 0\nContainerCredentials 0\nGetRoleCredentials 0\nCreateToken 0\n"
        "throttled 0\nrejected 0\nfaulted 3\nrequests 14\nconnections 0\n");
    control(fixture, "GET", "/_control/requests", "");
    assert_non_null(strstr(buf_str(&fixture->answer.body), "DescribeBatchInferenceJob nightly-2026-11-10 503\n"));
    assert_non_null(strstr(buf_str(&fixture->answer.body), "ListBatchInferenceJobs - latency\n"));
    control(fixture, "POST", "/_control/reset-counts", "");
    control(fixture, "GET", "/_control/requests", "");
    assert_string_equal(buf_str(&fixture->answer.body), "");
}

/* A token that was replaced is an expired one. */
static void test_credentials_change(void **state)
{
    struct fixture *fixture = *state;
    struct signed_request made;
    static const char *const expected[] = { "", "ExpiredTokenException", "UnrecognizedClientException" };
    fixture_start(fixture);
    for (unsigned i = 0; i < 3; i++) {
        char line[64];
        snprintf(line, sizeof line, "session_token=token%u", i);
        control(fixture, "POST", "/_control/set", line);
        signed_request_make(&made, LIST, "{}", "token0", fixture->clock.wall_ms);
        ask(fixture, &made.request);
        assert_string_equal(code(fixture), expected[i]);
    }
    control(fixture, "POST", "/_control/set", "access_key=AKIAANOTHEREXAMPLE\nsession_token=");
    call(fixture, LIST, "{}");
    assert_string_equal(code(fixture), "UnrecognizedClientException");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_control_refuses),    CASE(test_churn), CASE(test_throttle), CASE(test_faults_match_and_count),
        CASE(test_credentials_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
