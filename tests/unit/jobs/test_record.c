/* SPDX-License-Identifier: MIT */
#include "codec/json.h"
#include "jobs/record.h"

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct kind *const kind = &kind_batch_inference_job;

typedef int record_new_fn(const struct kind *kind, const struct json_value *job, struct slice text,
                          struct record **ret_record, struct error *error);

static int make_by(record_new_fn *make_record, const char *text, struct record **ret_record)
{
    const struct json_limits limits = { .bytes = 1 << 20, .depth = 32 };
    struct json *json = NULL;
    struct error error;
    *ret_record = NULL;
    assert_int_equal(json_parse(text, strlen(text), &limits, &json, &error), 0);
    int result = make_record(kind, json_root(json), (struct slice){ text, strlen(text) }, ret_record, &error);
    json_free(json);
    return result;
}

static int make(const char *text, struct record **ret_record) { return make_by(record_new, text, ret_record); }

static void expect_json(const struct record *record, const char *text)
{
    BUF_CLEANUP struct buf json = BUF_INIT(10000);
    assert_int_equal(packed_json(record_root(record), &json), 0);
    assert_string_equal(buf_str(&json), text);
}

static size_t field_at(const char *path)
{
    size_t i = 0;
    while (strcmp(kind->fields[i].path, path) != 0)
        assert_true(++i < kind->n_fields);
    return i;
}

static void expect_field(const struct record *record, const char *path, enum json_type type, const char *text)
{
    BUF_CLEANUP struct buf value = BUF_INIT(1000);
    struct packed_value found = record_value(record, field_at(path));
    assert_int_equal(packed_type(found), type);
    assert_int_equal(packed_text(found, &value), 0);
    assert_string_equal(buf_str(&value), text);
}

static void the_answer_is_kept_as_it_was_sent(void **state)
{
    struct record *record;
    (void)state;
    assert_int_equal(make("{ \"jobName\" : \"j\", \"status\":\"ACTIVE\", \"numResults\":9007199254740993,"
                          "\"lastUpdatedDateTime\":1.700000060123E9,\"creationDateTime\":1700000000,\"filterArn\":null,"
                          "\"jobInput\":{\"s3DataSource\":{\"path\":\"\"}},\"later\":[1, 2]}",
                          &record),
                     0);
    expect_json(record, "{\"jobName\":\"j\",\"status\":\"ACTIVE\",\"numResults\":9007199254740993,"
                        "\"lastUpdatedDateTime\":1.700000060123E9,\"creationDateTime\":1700000000,\"filterArn\":null,"
                        "\"jobInput\":{\"s3DataSource\":{\"path\":\"\"}},\"later\":[1,2]}");
    assert_int_equal(record_name(record).len, 1);
    assert_true(record_is_final(record));
    assert_int_equal(record_updated_ms(record), 1700000060123);
    assert_int_equal(record_created_ms(record), 1700000000000);
    expect_field(record, "numResults", JSON_NUMBER, "9007199254740993");
    expect_field(record, "jobInput/path", JSON_STRING, "");
    assert_non_null(record_value(record, field_at("filterArn")).at); /* null, not absent */
    assert_null(record_value(record, field_at("roleArn")).at);
    record_unref(record);
}

#define LISTED                                                                                                   \
    "{\"batchInferenceJobArn\":\"arn:aws:personalize:us-west-2:123456789012:batch-inference-job/nightly-%04d\"," \
    "\"jobName\":\"nightly-%04d\",\"status\":\"ACTIVE\",\"creationDateTime\":1700000000.123,"                    \
    "\"lastUpdatedDateTime\":1.700000060123E9,\"solutionVersionArn\":\"arn:aws:personalize:us-west-2:"           \
    "123456789012:solution/popular/abcdef01\",\"batchInferenceJobMode\":\"BATCH_INFERENCE\""

static void an_item_of_a_listing_is_small(void **state)
{
    struct record *records[1000];
    (void)state;
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 1000; i++) {
        BUF_CLEANUP struct buf text = BUF_INIT(1000);
        BUF_CLEANUP struct buf kept = BUF_INIT(1000);
        (void)buf_printf(&text, LISTED ",\"roleArn\":\"r\",\"later\":[1,{\"jobName\":\"x\"}]}", i, i);
        (void)buf_printf(&kept, LISTED "}", i, i);
        assert_int_equal(make_by(record_new_listed, buf_str(&text), &records[i]), 0);
        expect_json(records[i], buf_str(&kept)); /* the fields that listings carry, and no more */
    }
    size_t after = mallinfo2().uordblks; /* both 0 with a sanitizer, whose allocator does not count */
    assert_true(after - before <= UINT64_C(200) * 1000);
    print_message("%zu bytes a record\n", (after - before) / 1000);
    for (int i = 0; i < 1000; i++)
        record_unref(records[i]);
}

static void abridged_it_is_what_a_listing_would_say(void **state)
{
    struct record *record;
    struct record *abridged;
    (void)state;
    assert_int_equal(
        make("{\"jobName\":\"j\",\"roleArn\":\"r\",\"jobInput\":{\"s3DataSource\":{\"path\":\"s3://j/j\"}},"
             "\"later\":1,\"\\u0073tatus\":\"ACTIVE\",\"lastUpdatedDateTime\":2.50,\"failureReason\":null}",
             &record),
        0);
    assert_int_equal(record_abridge(record, &abridged), 0);
    expect_json(abridged, "{\"jobName\":\"j\",\"\\u0073tatus\":\"ACTIVE\",\"lastUpdatedDateTime\":2.50,"
                          "\"failureReason\":null}");
    assert_true(record_agrees(record, abridged));
    assert_true(record_is_final(abridged));
    assert_int_equal(record_updated_ms(abridged), 2500);
    assert_int_equal(record_arn_hash(abridged), record_arn_hash(record));
    record_unref(record);
    assert_int_equal(record_name(abridged).len, 1);
    record_unref(abridged);
}

static void a_job_that_was_never_updated_is_as_old_as_its_creation(void **state)
{
    struct record *record;
    (void)state;
    assert_int_equal(make("{\"jobName\":\"j\",\"status\":\"PENDING\",\"creationDateTime\":5}", &record), 0);
    assert_false(record_is_final(record));
    assert_int_equal(record_updated_ms(record), 5000);
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
        "{\"jobName\":\"j\",\"jobInput\":\"s3\"}",
        "{\"jobName\":\"j\",\"jobOutput\":{\"s3DataDestination\":[]}}",
        "{\"jobName\":\"j\",\"batchInferenceJobConfig\":{\"rankingInfluence\":5}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct record *record;
        assert_int_equal(make(bad[i], &record), -EBADMSG);
        assert_null(record);
    }
}

static void times_that_are_none_count_as_absent(void **state)
{
    struct record *record;
    (void)state;
    assert_int_equal(make("{\"jobName\":\"j\",\"lastUpdatedDateTime\":1e400,\"creationDateTime\":7.25}", &record), 0);
    assert_int_equal(record_updated_ms(record), 7250);
    record_unref(record);
}

static void agreement(void **state)
{
    static const struct {
        const char *members;
        bool agrees;
    } cases[] = {
        { "\"status\":\"ACTIVE\",\"creationDateTime\":1.5", true },
        { "\"creationDateTime\":1.500,\"status\":\"\\u0041CTIVE\"", true },
        { "\"status\":\"ACTIVE\",\"creationDateTime\":15e-1,\"failureReason\":null", true },
        { "\"status\":\"ACTIVE\",\"creationDateTime\":1.501", false },
        { "\"status\":\"ACTIVE\"", false },
        { "\"status\":\"ACTIVE\",\"creationDateTime\":1.5,\"failureReason\":\"\"", false }, /* empty, not absent */
        { "\"status\":\"active\",\"creationDateTime\":1.5", false },
    };
    struct record *described;
    (void)state;
    assert_int_equal(
        make("{\"jobName\":\"j\",\"status\":\"ACTIVE\",\"creationDateTime\":1.5,\"roleArn\":\"r\"}", &described), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BUF_CLEANUP struct buf text = BUF_INIT(1000);
        struct record *listed;
        (void)buf_printf(&text, "{\"jobName\":\"j\",%s}", cases[i].members);
        assert_int_equal(make_by(record_new_listed, buf_str(&text), &listed), 0);
        assert_int_equal(record_agrees(described, listed), cases[i].agrees);
        record_unref(listed);
    }
    record_unref(described);
}

/* A listing and a describe need not write a time alike. */
static void times_agree_however_they_are_written(void **state)
{
    static const struct {
        const char *digits;
        bool same;
    } cases[] = { { "1700000060.123", true },  { "1.700000060123E9", true }, { "1700000060.1230", true },
                  { "1700000060.124", false }, { "1700000060", false },      { "1e400", false } };
    struct record *described;
    (void)state;
    assert_int_equal(make("{\"jobName\":\"j\",\"lastUpdatedDateTime\":1700000060.123}", &described), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[128];
        struct record *listed;
        (void)snprintf(json, sizeof json, "{\"jobName\":\"j\",\"lastUpdatedDateTime\":%s}", cases[i].digits);
        assert_int_equal(make(json, &listed), 0);
        assert_int_equal(record_agrees(described, listed), cases[i].same);
        record_unref(listed);
    }
    record_unref(described);
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
        cmocka_unit_test(the_answer_is_kept_as_it_was_sent),
        cmocka_unit_test(an_item_of_a_listing_is_small),
        cmocka_unit_test(abridged_it_is_what_a_listing_would_say),
        cmocka_unit_test(a_job_that_was_never_updated_is_as_old_as_its_creation),
        cmocka_unit_test(wrong_types_are_refused),
        cmocka_unit_test(times_that_are_none_count_as_absent),
        cmocka_unit_test(agreement),
        cmocka_unit_test(times_agree_however_they_are_written),
        cmocka_unit_test(final_statuses),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
