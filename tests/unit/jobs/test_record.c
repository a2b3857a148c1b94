/* SPDX-License-Identifier: MIT */
#include "codec/json.h"
#include "jobs/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct kind *const kind = &kind_batch_inference_job;

static int make(const char *text, bool listed, struct record **ret_record)
{
    const struct json_limits limits = { .bytes = 1 << 20, .depth = 32 };
    struct json *json = NULL;
    struct error error;
    *ret_record = NULL;
    assert_int_equal(json_parse(text, strlen(text), &limits, &json, &error), 0);
    int result = record_new(kind, json_root(json), listed, ret_record, &error);
    json_free(json);
    return result;
}

static size_t field_of(const char *path)
{
    for (size_t i = 0; i < kind->n_fields; i++)
        if (!strcmp(kind->fields[i].path, path))
            return i;
    fail_msg("no field %s", path);
    return 0;
}

static void expect(const struct record *record, const char *path, const char *text)
{
    struct slice value = record_value(record, field_of(path));
    if (!text) {
        assert_null(value.data);
        return;
    }
    assert_non_null(value.data);
    assert_int_equal(value.len, strlen(text));
    assert_memory_equal(value.data, text, value.len);
}

static void values_are_kept_as_they_were_sent(void **state)
{
    struct record *record;
    (void)state;
    assert_int_equal(make("{\"jobName\":\"j\",\"status\":\"ACTIVE\",\"failureReason\":\"\",\"filterArn\":null,"
                          "\"numResults\":9007199254740993,\"lastUpdatedDateTime\":1.700000060123E9,"
                          "\"creationDateTime\":1700000000,"
                          "\"jobInput\":{\"s3DataSource\":{\"path\":\"s3://b/\\u00e9\"}},\"later\":[1]}",
                          false, &record),
                     0);
    expect(record, "jobName", "j");
    expect(record, "status", "ACTIVE");
    expect(record, "failureReason", "");
    expect(record, "filterArn", NULL);
    expect(record, "roleArn", NULL);
    expect(record, "numResults", "9007199254740993");
    expect(record, "lastUpdatedDateTime", "1.700000060123E9");
    expect(record, "jobInput/path", "s3://b/\xc3\xa9");
    expect(record, "jobInput/kmsKeyArn", NULL);
    assert_true(record_is_final(record));
    assert_int_equal(record_updated_ms(record), 1700000060123);
    assert_int_equal(record_created_ms(record), 1700000000000);
    record_unref(record);
}

static void a_listed_record_carries_what_listings_carry(void **state)
{
    struct record *record;
    (void)state;
    assert_int_equal(
        make("{\"jobName\":\"j\",\"status\":\"PENDING\",\"numResults\":5,\"creationDateTime\":5}", true, &record), 0);
    expect(record, "status", "PENDING");
    expect(record, "numResults", NULL);
    expect(record, "failureReason", NULL);
    assert_false(record_is_final(record));
    assert_int_equal(record_updated_ms(record), 5000); /* no lastUpdatedDateTime: the creation's */
    record_unref(record);
}

static void wrong_types_are_refused(void **state)
{
    static const char *const bad[] = {
        "{}",
        "[]",
        "\"x\"",
        "{\"jobName\":5}",
        "{\"jobName\":null}",
        "{\"jobName\":\"j\",\"status\":1}",
        "{\"jobName\":\"j\",\"numResults\":\"5\"}",
        "{\"jobName\":\"j\",\"creationDateTime\":\"yesterday\"}",
        "{\"jobName\":\"j\",\"failureReason\":[]}",
        "{\"jobName\":\"j\",\"roleArn\":true}",
        "{\"jobName\":\"j\",\"jobInput\":{\"s3DataSource\":{\"path\":7}}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct record *record;
        assert_int_equal(make(bad[i], false, &record), -EBADMSG);
        assert_null(record);
    }
}

static void times_that_are_none_count_as_absent(void **state)
{
    struct record *record;
    (void)state;
    assert_int_equal(
        make("{\"jobName\":\"j\",\"lastUpdatedDateTime\":1e400,\"creationDateTime\":7.25}", false, &record), 0);
    expect(record, "lastUpdatedDateTime", "1e400");
    assert_int_equal(record_updated_ms(record), 7250);
    record_unref(record);
}

static void agreement(void **state)
{
    struct record *described;
    struct record *listed;
    struct record *other;
    (void)state;
    assert_int_equal(make("{\"jobName\":\"j\",\"status\":\"ACTIVE\",\"roleArn\":\"r\"}", false, &described), 0);
    assert_int_equal(make("{\"jobName\":\"j\",\"status\":\"ACTIVE\"}", true, &listed), 0);
    assert_int_equal(make("{\"jobName\":\"j\",\"status\":\"ACTIVE\",\"failureReason\":\"\"}", true, &other), 0);
    assert_true(record_agrees(described, listed)); /* in what both carry */
    assert_false(record_agrees(described, other)); /* empty is not absent */
    record_unref(described);
    record_unref(listed);
    record_unref(other);
}

static void final_statuses(void **state)
{
    static const struct {
        const char *status;
        bool final;
    } cases[] = { { "ACTIVE", true },
                  { "CREATE FAILED", true },
                  { "CREATE_FAILED", true },
                  { "CREATE STOPPED", true },
                  { "FAILED", true },
                  { "PENDING", false },
                  { "IN PROGRESS", false },
                  { "CREATE PENDING", false },
                  { "CREATE IN_PROGRESS", false },
                  { "INACTIVE", false },
                  { "ACTIVE ", false },
                  { "active", false },
                  { "CREATE STOPPING", false },
                  { "", false } };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(status_is_final(cases[i].status, strlen(cases[i].status)), cases[i].final);
}

static void names(void **state)
{
    static const char *const good[] = { "a", "A-1_b", "0", "nightly-2026-11-22",
                                        "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg" };
    static const char *const bad[] = { "",
                                       ".",
                                       "..",
                                       ".git",
                                       ".hidden",
                                       "autorun.inf",
                                       "-a",
                                       "_a",
                                       "a b",
                                       "a/b",
                                       "a:b",
                                       "a*",
                                       "a\n",
                                       "\xc3\xa9",
                                       "a\xc3\xa9",
                                       "%41",
                                       "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg" };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(job_name_is_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(job_name_is_valid(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_kept_as_they_were_sent),
        cmocka_unit_test(a_listed_record_carries_what_listings_carry),
        cmocka_unit_test(wrong_types_are_refused),
        cmocka_unit_test(times_that_are_none_count_as_absent),
        cmocka_unit_test(agreement),
        cmocka_unit_test(final_statuses),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
