/* SPDX-License-Identifier: MIT */
#include "aws/failure.h"
#include "fake_clock.h"
#include "jobs/failures.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct fake_clock the_clock;

static int setup(void **state)
{
    struct failures *failures;
    fake_clock_init(&the_clock);
    int result = failures_new(&the_clock.clock, &failures);
    *state = failures;
    return result;
}

static int teardown(void **state)
{
    failures_free(*state);
    return 0;
}

static const struct failure_place job = { "describe a", "", "a", "DescribeBatchInferenceJob" };

static void tell(struct failures *failures, const struct failure_place *place, const char *code, const char *message)
{
    struct error error;
    (void)failure_set(&error, code, "%s", message);
    failures_tell(failures, place, &error);
}

/* Column `name` of line `line` (0: the header) into `to`. */
static void column(const struct failures *failures, unsigned line, const char *name, char to[2000])
{
    BUF_CLEANUP struct buf text = BUF_INIT(1 << 20);
    const struct failure_column *row;
    unsigned at = 0;
    failures_render(failures, &text);
    assert_int_equal(buf_error(&text), 0);
    const char *found = buf_str(&text);
    while (line--) {
        found = strchr(found, '\n');
        assert_non_null(found);
        found++;
    }
    while ((row = failure_column_at(at)) && strcmp(row->name, name) != 0)
        at++;
    assert_non_null(row);
    while (at--)
        found += strcspn(found, "\t") + 1;
    (void)snprintf(to, 2000, "%.*s", (int)strcspn(found, "\t\n"), found);
}

static void expect(const struct failures *failures, unsigned line, const char *name, const char *value)
{
    char found[2000];
    column(failures, line, name, found);
    assert_string_equal(found, value);
}

static unsigned lines_of(const struct failures *failures)
{
    BUF_CLEANUP struct buf text = BUF_INIT(1 << 20);
    unsigned n = 0;
    failures_render(failures, &text);
    for (const char *at = buf_str(&text); (at = strchr(at, '\n')); at++)
        n++;
    return n;
}

static void a_failure_is_a_line(void **state)
{
    struct failures *failures = *state;
    struct error error;
    const struct failure_column *row;
    assert_int_equal(lines_of(failures), 1);
    for (size_t i = 0; (row = failure_column_at(i)); i++)
        expect(failures, 0, row->name, row->name);
    (void)failure_set(&error, "http-503", "out\tof order");
    error.http_status = 503;
    error_copy(error.request_id, sizeof error.request_id, "id-1");
    the_clock.wall_ms = 1700000000123;
    failures_tell(failures, &job, &error);
    expect(failures, 1, "time", "2023-11-14T22:13:20.123Z");
    expect(failures, 1, "path", "a");
    expect(failures, 1, "operation", "DescribeBatchInferenceJob");
    expect(failures, 1, "errno", "EREMOTEIO");
    expect(failures, 1, "httpStatus", "503");
    expect(failures, 1, "code", "http-503");
    expect(failures, 1, "message", "out?of order");
    expect(failures, 1, "requestId", "id-1");
    expect(failures, 1, "advice", failure_find("http-503", 0)->advice);
    assert_int_equal(failures_changed_ms(failures), 1700000000123);
    assert_int_equal(failures_count(failures), 1);
}

static void the_path_is_below_the_mount_point(void **state)
{
    struct failures *failures = *state;
    static const char arn[] = "arn:aws:personalize:eu-west-1:123456789012:batch-inference-job";
    tell(failures, &(struct failure_place){ "list jobs", "", "", "L" }, FAILURE_REFUSED, "x");
    tell(failures, &(struct failure_place){ "list jobs", arn, "", "L" }, FAILURE_REFUSED, "x");
    tell(failures, &(struct failure_place){ "describe b", arn, "b", "D" }, FAILURE_REFUSED, "x");
    expect(failures, 1, "path", ".");
    expect(failures, 2, "path", arn);
    expect(failures, 3, "path", "arn:aws:personalize:eu-west-1:123456789012:batch-inference-job/b");
    expect(failures, 1, "httpStatus", "");
}

static void the_missing_action_is_named(void **state)
{
    struct failures *failures = *state;
    char advice[2000];
    tell(failures, &job, "AccessDeniedException", "no");
    tell(failures, &job, "AccessDenied",
         "User: arn:aws:iam::1:user/x is not authorized to perform: personalize:ListBatchInferenceJobs on resource: *");
    tell(failures, &job, "AccessDeniedException", "not allowed to perform: something");
    tell(failures, &job, FAILURE_ROLE, "is not authorized to perform: sts:AssumeRole");
    column(failures, 1, "advice", advice);
    assert_memory_equal(advice, "Missing: personalize:DescribeBatchInferenceJob. Allow ", 54);
    column(failures, 2, "advice", advice);
    assert_memory_equal(advice, "Missing: personalize:ListBatchInferenceJobs. Allow ", 51);
    column(failures, 3, "advice", advice);
    assert_memory_equal(advice, "Missing: personalize:DescribeBatchInferenceJob. ", 48);
    expect(failures, 4, "advice", failure_find(FAILURE_ROLE, 0)->advice);
}

static void what_is_no_news_is_not_kept(void **state)
{
    struct failures *failures = *state;
    struct error error;
    tell(failures, &job, "ResourceNotFoundException", "no such job");
    tell(failures, &job, FAILURE_ENDING, "nobody waits");
    (void)failure_set(&error, FAILURE_REFUSED, "an outage that was told of");
    error.repeats = true;
    failures_tell(failures, &job, &error);
    assert_int_equal(lines_of(failures), 1);
    assert_int_equal(failures_count(failures), 0);
    failures_tell(NULL, &job, &error);
    tell(NULL, &job, FAILURE_REFUSED, "only for the log");
}

static void the_last_hundred_are_kept(void **state)
{
    struct failures *failures = *state;
    char message[20];
    for (int i = 1; i <= FAILURES_MAX + 7; i++) {
        (void)snprintf(message, sizeof message, "number %d", i);
        tell(failures, &job, FAILURE_REFUSED, message);
    }
    assert_int_equal(lines_of(failures), FAILURES_MAX + 1);
    expect(failures, 1, "message", "number 8");
    expect(failures, FAILURES_MAX, "message", "number 107");
    assert_int_equal(failures_count(failures), 107);
}

/* The longest there can be fits into the file. */
static void a_hundred_of_the_longest_fit(void **state)
{
    struct failures *failures = *state;
    char long_text[600];
    memset(long_text, '\\', sizeof long_text - 1); /* each is written as two */
    long_text[sizeof long_text - 1] = 0;
    for (int i = 0; i < FAILURES_MAX; i++)
        tell(failures, &(struct failure_place){ "describe", long_text, long_text, long_text }, "AccessDenied",
             long_text);
    assert_int_equal(lines_of(failures), FAILURES_MAX + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_failure_is_a_line),         TEST(the_path_is_below_the_mount_point), TEST(the_missing_action_is_named),
        TEST(what_is_no_news_is_not_kept), TEST(the_last_hundred_are_kept),         TEST(a_hundred_of_the_longest_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
