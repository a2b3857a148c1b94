/* SPDX-License-Identifier: MIT */
/* The operations behind emulator_answer(): what the model allows, how listings page, how jobs live. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- the model ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *target;
    const char *body;
    const char *code; /* "": good */
} model_cases[] = {
    { DESCRIBE, "{\"batchInferenceJobArn\":\"" ARN "nightly-2026-11-22\"}", "" },
    { DESCRIBE, "{\"batchInferenceJobArn\":\"" ARN "nightly-2026-11-22\",\"unknown\":1}", "" },
    { DESCRIBE, "", "SerializationException" },
    { DESCRIBE, "[]", "SerializationException" },
    { DESCRIBE, "7", "SerializationException" },
    { DESCRIBE, "{", "SerializationException" },
    { DESCRIBE, "{\"batchInferenceJobArn\":7}", "SerializationException" },
    { DESCRIBE, "{}", "InvalidInputException" },
    { DESCRIBE, "{\"batchInferenceJobArn\":null}", "InvalidInputException" },
    { DESCRIBE, "{\"batchInferenceJobArn\":\"nightly-2026-11-22\"}", "InvalidInputException" },
    { DESCRIBE, "{\"batchInferenceJobArn\":\"arn:aws:personalize:us-west-2:123456789012:solution/a\"}",
      "InvalidInputException" },
    { DESCRIBE, "{\"batchInferenceJobArn\":\"" ARN "a/b\"}", "InvalidInputException" },
    { DESCRIBE, "{\"batchInferenceJobArn\":\"arn:aws:personalize:eu-west-1:123456789012:batch-inference-job/a\"}",
      "InvalidInputException" },
    { DESCRIBE, "{\"batchInferenceJobArn\":\"arn:aws-cn:personalize:us-west-2:123456789012:batch-inference-job/a\"}",
      "InvalidInputException" },
    { DESCRIBE, "{\"batchInferenceJobArn\":\"arn:aws:personalize:us-west-2:210987654321:batch-inference-job/a\"}",
      "AccessDeniedException" },
    { DESCRIBE, "{\"batchInferenceJobArn\":\"" ARN "nothing\"}", "ResourceNotFoundException" },
    { DESCRIBE, "{\"batchInferenceJobArn\":\"" ARN "nightly-2026-13-01\"}", "ResourceNotFoundException" },
    { DESCRIBE, "{\"batchInferenceJobArn\":\"" ARN "nightly-2026-11-22-0\"}", "ResourceNotFoundException" },
    { DESCRIBE, "{\"batchInferenceJobArn\":\"" ARN "nightly-2026-11-23\"}", "ResourceNotFoundException" },
    { LIST, "{}", "" },
    { LIST, "{\"maxResults\":1}", "" },
    { LIST, "{\"maxResults\":100,\"nextToken\":null}", "" },
    { LIST, "{\"maxResults\":0}", "InvalidInputException" },
    { LIST, "{\"maxResults\":101}", "InvalidInputException" },
    { LIST, "{\"maxResults\":\"7\"}", "SerializationException" },
    { LIST, "{\"maxResults\":1.5}", "SerializationException" },
    { LIST, "{\"solutionVersionArn\":\"x\"}", "InvalidInputException" },
    { LIST, "{\"nextToken\":\"\xc3\xbc\"}", "InvalidInputException" },
    { LIST, "{\"nextToken\":\"\"}", "InvalidNextTokenException" },
    { LIST, "{\"nextToken\":\"0000000000000000P0000000000000000==\"}", "InvalidNextTokenException" },
    { CREATE, GOOD("a-new_1", ""), "" },
    { CREATE, GOOD("a-new_2", "\"numResults\":25,\"tags\":[{\"tagKey\":\"a\",\"tagValue\":\"\"}],"), "" },
    { CREATE, GOOD("a-new_3", "\"batchInferenceJobConfig\":{\"rankingInfluence\":{\"FRESHNESS\":0.5}},"), "" },
    { CREATE, GOOD("nightly-2026-11-22", ""), "ResourceAlreadyExistsException" },
    { CREATE, GOOD("-a", ""), "InvalidInputException" },
    { CREATE, GOOD("", ""), "InvalidInputException" },
    { CREATE, GOOD("a123456789012345678901234567890123456789012345678901234567890123", ""), "InvalidInputException" },
    { CREATE, "{\"jobName\":\"b\"," INPUT OUTPUT ROLE "}", "InvalidInputException" },
    { CREATE, "{\"jobName\":\"b\"," GIVEN OUTPUT ROLE "}", "InvalidInputException" },
    { CREATE, "{\"jobName\":\"b\"," GIVEN "\"jobInput\":{}," OUTPUT ROLE "}", "InvalidInputException" },
    { CREATE, GOOD("b", "\"batchInferenceJobConfig\":{\"rankingInfluence\":{\"FRESHNESS\":1.5}},"),
      "InvalidInputException" },
    { CREATE, GOOD("b", "\"batchInferenceJobConfig\":{\"rankingInfluence\":{\"OTHER\":0.5}},"),
      "InvalidInputException" },
    { CREATE, GOOD("b", "\"batchInferenceJobConfig\":{\"itemExplorationConfig\":{\"a\":1}},"),
      "SerializationException" },
    { CREATE, GOOD("b", "\"batchInferenceJobMode\":\"OTHER\","), "InvalidInputException" },
    { CREATE, GOOD("b", "\"themeGenerationConfig\":{},"), "InvalidInputException" },
    { CREATE, GOOD("b", "\"tags\":[{\"tagKey\":\"a\"}],"), "InvalidInputException" },
    { "AmazonPersonalize.DescribeDataset", "{}", "UnknownOperationException" },
    { "Other.ListBatchInferenceJobs", "{}", "UnknownOperationException" },
};

static void test_model(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture);
    for (unsigned i = 0; i < sizeof model_cases / sizeof model_cases[0]; i++) {
        call(fixture, model_cases[i].target, model_cases[i].body);
        if (strcmp(code(fixture), model_cases[i].code) != 0)
            fail_msg("%s: %s", model_cases[i].body, buf_str(&fixture->answer.body));
        assert_int_equal(fixture->answer.status, *model_cases[i].code ? 400 : 200);
        assert_non_null(fixture->json);
    }
}

/* Both forms of an error's name occur, and the header agrees with the body. */
static void test_error_forms(void **state)
{
    struct fixture *fixture = *state;
    unsigned namespaced = 0;
    fixture_start(fixture);
    for (unsigned i = 0; i < 10; i++) {
        describe(fixture, "nothing");
        bool long_form = strchr(member(fixture, "__type"), '#');
        bool header = false;
        for (unsigned k = 0; k < fixture->answer.n_headers; k++)
            header |= !strcmp(fixture->answer.headers[k].name, "x-amzn-ErrorType") &&
                      !strncmp(fixture->answer.headers[k].value, "ResourceNotFoundException:http", 30);
        assert_int_equal(long_form, header);
        namespaced += long_form;
    }
    assert_int_equal(namespaced, 5);
}

static void test_protocol(void **state)
{
    struct fixture *fixture = *state;
    struct signed_request made;
    fixture_start(fixture);
    signed_request_make(&made, LIST, "{}", NULL, fixture->clock.wall_ms);
    strcpy(signed_request_value(&made, "Authorization"), "");
    ask(fixture, &made.request);
    assert_string_equal(code(fixture), "MissingAuthenticationTokenException");
    fixture->emulator.settings.clock_offset_s = 3600;
    signed_request_make(&made, LIST, "{}", NULL, fixture->clock.wall_ms);
    ask(fixture, &made.request);
    assert_string_equal(code(fixture), "InvalidSignatureException");
    assert_non_null(strstr(member(fixture, "message"), "Signature expired: 20261122T120000Z is now earlier than "
                                                       "20261122T125500Z (20261122T130000Z - 5 min.)"));
    control(fixture, "GET", "/_control/counts", "");
    assert_non_null(strstr(buf_str(&fixture->answer.body), "rejected 2\n"));
}

/* --- listings ------------------------------------------------------------------------------------------------- */

struct walk {
    unsigned pages;
    unsigned empty;
    unsigned names;
    bool ended_in_null;
    uint64_t order; /* of the names */
};

/* Walks all pages with `size` items at most; each name once. */
static struct walk walk_pages(struct fixture *fixture, int size, struct table *seen)
{
    struct walk walk = { 0 };
    char token[128] = "null";
    do {
        char body[256];
        unsigned items = 0;
        snprintf(body, sizeof body, "{\"maxResults\":%d,\"nextToken\":%s}", size, token);
        call(fixture, LIST, body);
        assert_int_equal(fixture->answer.status, 200);
        const struct json_value *list = json_path(json_root(fixture->json), "batchInferenceJobs");
        for (const struct json_value *item = json_first(list); item; item = json_next(item), items++) {
            char *name = strdup(json_string(json_member(item, "jobName")));
            assert_non_null(name);
            assert_int_equal(table_add(seen, name), 0);
            walk.order = hash_bytes(walk.order, name, strlen(name));
        }
        assert_true(items <= (unsigned)size);
        walk.pages++;
        walk.names += items;
        walk.empty += !items;
        const struct json_value *next = json_path(json_root(fixture->json), "nextToken");
        walk.ended_in_null = next && json_type_of(next) == JSON_NULL;
        snprintf(token, sizeof token, json_string(next) ? "\"%s\"" : "%s", json_string(next) ? json_string(next) : "");
    } while (*token);
    return walk;
}

static struct slice name_key(const void *item) { return (struct slice){ item, strlen(item) }; }

static struct walk walk_all(struct fixture *fixture, int size)
{
    struct table seen;
    size_t at = 0;
    table_init(&seen, name_key);
    struct walk walk = walk_pages(fixture, size, &seen);
    for (char *name; (name = table_next(&seen, &at));)
        free(name);
    table_release(&seen);
    return walk;
}

static void test_listing(void **state)
{
    struct fixture *fixture = *state;
    fixture->settings.jobs = 1000;
    fixture_start(fixture);
    struct walk first = walk_all(fixture, 10);
    struct walk second = walk_all(fixture, 10);
    assert_int_equal(first.names, 1000);
    assert_true(first.empty > 5 && first.empty < 40);
    assert_int_equal(first.pages, 100 + first.empty);
    assert_int_equal(first.order, second.order);
    assert_int_not_equal(first.ended_in_null, second.ended_in_null);
    control(fixture, "POST", "/_control/set", "empty_pages=0\npage_size=50\n");
    assert_int_equal(fixture->answer.status, 200);
    assert_int_equal(walk_all(fixture, 100).pages, 20);
    control(fixture, "GET", "/_control/jobs", "");
    assert_int_equal(fixture->answer.body.len, 1000 * strlen("nightly-2026-11-22-00000\n"));
}

static void test_tokens_belong_to_their_listing(void **state)
{
    struct fixture *fixture = *state;
    char body[512];
    fixture_start(fixture);
    call(fixture, LIST, "{\"maxResults\":5}");
    snprintf(body, sizeof body, "{\"nextToken\":\"%s\",%s\"maxResults\":5}", member(fixture, "nextToken"), GIVEN);
    call(fixture, LIST, body);
    assert_string_equal(code(fixture), "InvalidNextTokenException");
}

static void test_filter(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture);
    call(fixture, CREATE, GOOD("only-one", ""));
    call(fixture, LIST, "{" GIVEN "\"maxResults\":5}");
    const struct json_value *list = json_path(json_root(fixture->json), "batchInferenceJobs");
    assert_string_equal(json_string(json_member(json_first(list), "jobName")), "only-one");
    assert_null(json_next(json_first(list)));
}

/* --- jobs ----------------------------------------------------------------------------------------------------- */

static void test_lifecycle(void **state)
{
    struct fixture *fixture = *state;
    fixture->settings.lifetime_s = 100;
    fixture_start(fixture);
    assert_string_equal(life_of(fixture, "nightly-2026-11-22"), "PENDING");
    assert_string_equal(life_of(fixture, "nightly-2026-11-21"), "CREATE IN_PROGRESS"); /* a fifth of its life ago */
    assert_string_equal(life_of(fixture, "nightly-2026-11-20"), "IN PROGRESS");
    fake_clock_advance(&fixture->clock, 14999);
    assert_string_equal(life_of(fixture, "nightly-2026-11-22"), "PENDING");
    fake_clock_advance(&fixture->clock, 1);
    assert_string_equal(life_of(fixture, "nightly-2026-11-22"), "IN PROGRESS");
    call(fixture, CREATE, GOOD("made", "\"numResults\":7,"));
    assert_string_equal(life_of(fixture, "made"), "PENDING");
    assert_string_equal(member(fixture, "batchInferenceJob.numResults"), "7");
    assert_string_equal(member(fixture, "batchInferenceJob.jobInput.s3DataSource.path"), "s3://a/b");
    fake_clock_advance(&fixture->clock, 85000);
    assert_string_equal(life_of(fixture, "nightly-2026-11-22"), "ACTIVE");
    assert_string_equal(life_of(fixture, "nightly-2026-11-20"), "CREATE FAILED");
    assert_string_not_equal(member(fixture, "batchInferenceJob.failureReason"), "");
    assert_string_equal(life_of(fixture, "made"), "IN PROGRESS");
    control(fixture, "POST", "/_control/set", "lifetime_s=0");
    assert_string_equal(life_of(fixture, "made"), "ACTIVE");
}

static bool one_of(const char *text, const char *const *list)
{
    for (; *list; list++)
        if (!strcmp(*list, text))
            return true;
    return false;
}

/* Two emulators with one seed say the same, each answer is JSON, and the answers are as various as they should be. */
static void test_variety(void **state)
{
    static const char *const statuses[] = { "PENDING",        "IN PROGRESS",        "ACTIVE",         "CREATE FAILED",
                                            "CREATE PENDING", "CREATE IN_PROGRESS", "CREATE STOPPED", NULL };
    static const char *const optional[] = { "solutionVersionArn",
                                            "filterArn",
                                            "failureReason",
                                            "numResults",
                                            "jobInput.s3DataSource.kmsKeyArn",
                                            "jobOutput.s3DataDestination.kmsKeyArn",
                                            "batchInferenceJobConfig.itemExplorationConfig",
                                            "batchInferenceJobConfig.rankingInfluence",
                                            "roleArn",
                                            "batchInferenceJobMode",
                                            "themeGenerationConfig.fieldsForThemeGeneration.itemName",
                                            "futureObject" };
    struct fixture *fixture = *state;
    unsigned found[sizeof optional / sizeof optional[0]] = { 0 };
    unsigned met[7] = { 0 };
    unsigned notation[3] = { 0 };
    static struct emulator twin;
    fixture->settings.jobs = 300;
    fixture->settings.stuck = 4;
    fixture_start(fixture);
    assert_int_equal(emulator_init(&twin, &fixture->settings, &fixture->clock.clock), 0);
    for (int64_t i = 0; i < 300; i++) {
        struct job job;
        struct document document;
        struct buf BUF_CLEANUP text = BUF_INIT(1 << 20);
        assert_int_equal(jobs_at(&twin.regions[0], i, &job), 0);
        describe(fixture, job.name);
        assert_int_equal(fixture->answer.status, 200);
        assert_non_null(fixture->json);
        document_init(&document);
        job_members(&twin.regions[0], &job, false, fixture->clock.wall_ms, &document);
        buf_append_str(&text, "{\"batchInferenceJob\":");
        assert_int_equal(document_write(&document, &text), 0);
        buf_append_str(&text, "}");
        assert_string_equal(buf_str(&text), buf_str(&fixture->answer.body));
        document_release(&document);
        const struct json_value *root = json_path(json_root(fixture->json), "batchInferenceJob");
        for (unsigned k = 0; k < sizeof optional / sizeof optional[0]; k++)
            found[k] += json_path(root, optional[k]) != NULL;
        const char *status = json_string(json_member(root, "status"));
        assert_true(one_of(status, statuses));
        for (unsigned k = 0; statuses[k]; k++)
            met[k] += !strcmp(statuses[k], status);
        const char *time = json_number(json_member(root, "lastUpdatedDateTime"));
        notation[strchr(time, 'E') ? 0 : strchr(time, '.') ? 1 : 2]++;
    }
    emulator_release(&twin);
    for (unsigned k = 0; k < sizeof optional / sizeof optional[0]; k++)
        if (!found[k] || found[k] == 300)
            fail_msg("%s is there in %u of 300", optional[k], found[k]);
    for (unsigned k = 0; statuses[k]; k++)
        if (!met[k])
            fail_msg("no job is %s", statuses[k]);
    assert_true(notation[0] && notation[1] && notation[2]);
}

static void test_control_of_jobs(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture);
    control(fixture, "POST", "/_control/job",
            "nightly-2026-11-10\nstatus=\"CREATE FAILED\"\njobInput.s3DataSource.kmsKeyArn=null\n"
            "lastUpdatedDateTime=1.7E9\nnew.a.b=[1]\nnew.c=2\nroleArn=null\n");
    assert_int_equal(fixture->answer.status, 200);
    assert_string_equal(life_of(fixture, "nightly-2026-11-10"), "CREATE FAILED");
    assert_string_equal(member(fixture, "batchInferenceJob.lastUpdatedDateTime"), "1.7E9");
    assert_string_equal(member(fixture, "batchInferenceJob.new.c"), "2");
    assert_string_equal(member(fixture, "batchInferenceJob.roleArn"), "");
    control(fixture, "POST", "/_control/job", "nightly-2026-11-10\nnew={\"d\":3}\nstatus=\"ACTIVE\"\n");
    assert_string_equal(life_of(fixture, "nightly-2026-11-10"), "ACTIVE");
    assert_string_equal(member(fixture, "batchInferenceJob.new.d"), "3");
    assert_string_equal(member(fixture, "batchInferenceJob.new.c"), "");
    control(fixture, "POST", "/_control/raw", "fresh\n{\"batchInferenceJob\":[");
    describe(fixture, "fresh");
    assert_string_equal(buf_str(&fixture->answer.body), "{\"batchInferenceJob\":[");
    control(fixture, "POST", "/_control/raw", "fresh\n");
    assert_string_equal(life_of(fixture, "fresh"), "ACTIVE");
    assert_int_equal(walk_all(fixture, 7).names, 21);
    control(fixture, "POST", "/_control/remove-job", "fresh");
    control(fixture, "POST", "/_control/remove-job", "nightly-2026-11-10");
    assert_int_equal(walk_all(fixture, 7).names, 19);
    describe(fixture, "nightly-2026-11-10");
    assert_string_equal(code(fixture), "ResourceNotFoundException");
    control(fixture, "POST", "/_control/job", "nightly-2026-11-10\nstatus=\"PENDING\"");
    assert_string_equal(life_of(fixture, "nightly-2026-11-10"), "PENDING");
}
/* --- regions -------------------------------------------------------------------------------------------------- */

#define IRELAND "arn:aws:personalize:eu-west-1:123456789012:batch-inference-job/"

/* A request is about the region that it is signed for, and about no other's jobs. */
static void test_regions(void **state)
{
    static const char here[] = "{\"batchInferenceJobArn\":\"" ARN "nightly-2026-11-10\"}";
    static const char there[] = "{\"batchInferenceJobArn\":\"" IRELAND "nightly-2026-11-10\"}";
    struct fixture *fixture = *state;
    char token[128];
    strcpy(fixture->settings.region, "us-west-2,eu-west-1");
    fixture_start(fixture);
    control_of(fixture, "eu-west-1", "/_control/job", "nightly-2026-11-10\nstatus=\"IRISH\"\n");
    assert_int_equal(fixture->answer.status, 200);
    call_in(fixture, "eu-west-1", DESCRIBE, there);
    assert_string_equal(member(fixture, "batchInferenceJob.batchInferenceJobArn"), IRELAND "nightly-2026-11-10");
    assert_string_equal(member(fixture, "batchInferenceJob.status"), "IRISH");
    char *irish = strdup(buf_str(&fixture->answer.body));
    assert_non_null(irish);
    call(fixture, DESCRIBE, here);
    assert_string_equal(member(fixture, "batchInferenceJob.batchInferenceJobArn"), ARN "nightly-2026-11-10");
    assert_string_not_equal(member(fixture, "batchInferenceJob.status"), "IRISH");
    assert_string_not_equal(buf_str(&fixture->answer.body), irish);
    free(irish);
    call_in(fixture, "eu-west-1", DESCRIBE, here);
    assert_string_equal(code(fixture), "InvalidInputException");
    call(fixture, DESCRIBE, there);
    assert_string_equal(code(fixture), "InvalidInputException");
    call_in(fixture, "ap-south-1", LIST, "{}");
    assert_string_equal(code(fixture), "InvalidSignatureException");
    call_in(fixture, "eu-west-1", LIST, "{\"maxResults\":5}");
    const struct json_value *item = json_first(json_path(json_root(fixture->json), "batchInferenceJobs"));
    assert_int_equal(strncmp(json_string(json_member(item, "batchInferenceJobArn")), IRELAND, strlen(IRELAND)), 0);
    snprintf(token, sizeof token, "{\"nextToken\":\"%s\"}", member(fixture, "nextToken"));
    call(fixture, LIST, token);
    assert_string_equal(code(fixture), "InvalidNextTokenException");
    call_in(fixture, "eu-west-1", LIST, token);
    assert_int_equal(fixture->answer.status, 200);
    call_in(fixture, "eu-west-1", CREATE, GOOD("made-there", ""));
    assert_string_equal(member(fixture, "batchInferenceJobArn"), IRELAND "made-there");
    control(fixture, "GET", "/_control/jobs", "");
    assert_null(strstr(buf_str(&fixture->answer.body), "made-there"));
    control_of(fixture, "eu-west-1", "/_control/jobs", "");
    assert_non_null(strstr(buf_str(&fixture->answer.body), "made-there"));
    control_of(fixture, "ap-south-1", "/_control/jobs", "");
    assert_int_equal(fixture->answer.status, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_model),
        CASE(test_error_forms),
        CASE(test_protocol),
        CASE(test_listing),
        CASE(test_tokens_belong_to_their_listing),
        CASE(test_filter),
        CASE(test_lifecycle),
        CASE(test_variety),
        CASE(test_control_of_jobs),
        CASE(test_regions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
