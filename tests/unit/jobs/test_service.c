/* SPDX-License-Identifier: MIT */
/* The service over the real client and a fake transport: what is asked, and what is made of the answers. */
#include "aws/failure.h"
#include "fake_clock.h"
#include "fake_http.h"
#include "jobs/service.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARN(account, name) "arn:aws:personalize:us-west-2:" account ":batch-inference-job/" name
#define ACCOUNT "123456789012"
#define ITEM(account, name) "{\"jobName\":\"" name "\",\"batchInferenceJobArn\":\"" ARN(account, name) "\"}"
#define DESCRIBED(name) "{\"batchInferenceJob\":" ITEM(ACCOUNT, name) "}"
#define LISTED(items) "{\"batchInferenceJobs\":[" items "]}"

/* Keys that are there at once, with an account id or without. */
struct keys {
    struct credentials_provider provider;
    struct credentials credentials;
};

struct world {
    struct fake_clock clock;
    struct timers timers;
    struct fake_http http;
    struct random_source random;
    struct keys keys;
    struct client *client;
    struct client *sts; /* over the same transport */
    struct job_source *source;
};

/* What a call came to. */
struct outcome {
    int calls;
    int number;
    char code[ERROR_CODE_SIZE];
    char message[ERROR_MESSAGE_SIZE];
    char names[256];
    char told[64]; /* the token, before the page */
    char token[64];
    struct source_time time;
};

static char access_key_id[] = "AKID";
static char secret_key[] = "secret";
static char account_id[] = ACCOUNT;

static double half(void *data)
{
    (void)data;
    return 0.5;
}

static void keys_get(struct credentials_provider *self, credentials_done_fn *done, void *data)
{
    done(data, &((struct keys *)(void *)self)->credentials, NULL);
}

static void keys_cancel(struct credentials_provider *self, void *data)
{
    (void)self;
    (void)data;
}

static void keys_forget(struct credentials_provider *self) { (void)self; }

static bool with_sts;

static void start(struct world *world, const char *account, char *account_of_keys)
{
    fake_clock_init(&world->clock);
    timers_init(&world->timers, &world->clock.clock);
    fake_http_init(&world->http);
    world->random = (struct random_source){ .unit = half };
    world->keys = (struct keys){
        .provider = { .get = keys_get, .cancel = keys_cancel, .forget = keys_forget },
        .credentials = { .access_key_id = access_key_id, .secret_key = secret_key, .account_id = account_of_keys }
    };
    struct client_settings client = { .service = "personalize",
                                      .target = "AmazonPersonalize",
                                      .max_requests = 8,
                                      .max_attempts = RETRY_ATTEMPTS,
                                      .http = &world->http.http,
                                      .credentials = &world->keys.provider,
                                      .timers = &world->timers,
                                      .clock = &world->clock.clock,
                                      .random = &world->random };
    struct error error;
    assert_int_equal(endpoint_make("us-west-2", NULL, 0, &client.endpoint, &error), 0);
    assert_int_equal(client_new(&client, &world->client), 0);
    struct client_settings sts = client;
    sts.service = "sts";
    sts.target = NULL;
    world->sts = NULL;
    assert_int_equal(with_sts ? client_new(&sts, &world->sts) : 0, 0);
    const struct service_settings service = { .kind = &kind_batch_inference_job,
                                              .client = world->client,
                                              .credentials = &world->keys.provider,
                                              .sts = world->sts,
                                              .partition = "aws",
                                              .region = "us-west-2",
                                              .account = account };
    assert_int_equal(service_new(&service, &world->source), 0);
}

static void stop(struct world *world)
{
    service_free(world->source);
    client_free(world->client);
    client_free(world->sts);
    fake_http_release(&world->http);
}

static void note_error(struct outcome *outcome, const struct error *error)
{
    outcome->number = error->number;
    (void)snprintf(outcome->code, sizeof outcome->code, "%s", error->code);
    (void)snprintf(outcome->message, sizeof outcome->message, "%s", error->message);
}

static void note_record(struct outcome *outcome, const struct record *record)
{
    struct slice name = record_name(record);
    strncat(outcome->names, name.data, name.len);
    strcat(outcome->names, " ");
}

static void described(void *data, struct record *record, struct source_time time, const struct error *error)
{
    struct outcome *outcome = data;
    outcome->calls++;
    outcome->time = time;
    if (record)
        note_record(outcome, record);
    else
        note_error(outcome, error);
}

static void told_token(void *data, const char *token)
{
    struct outcome *outcome = data;
    assert_int_equal(outcome->calls, 0); /* before the page */
    (void)snprintf(outcome->told, sizeof outcome->told, "%s", token);
}

static void listed(void *data, const struct source_page *page, struct source_time time, const struct error *error)
{
    struct outcome *outcome = data;
    outcome->calls++;
    outcome->time = time;
    if (!page) {
        note_error(outcome, error);
        return;
    }
    for (size_t i = 0; i < page->n_records; i++)
        note_record(outcome, page->records[i]);
    (void)snprintf(outcome->token, sizeof outcome->token, "%s", page->next_token ? page->next_token : "");
}

static struct source_call *describe(struct world *world, const char *name, struct outcome *outcome)
{
    struct source_call *call = NULL;
    *outcome = (struct outcome){ 0 };
    assert_int_equal(world->source->describe(world->source, name, world->clock.monotonic_ms + 15000, false, described,
                                             outcome, &call),
                     0);
    assert_int_equal(outcome->calls, 0); /* never from within */
    return call;
}

static struct source_call *list(struct world *world, const char *token, struct outcome *outcome)
{
    struct source_call *call = NULL;
    *outcome = (struct outcome){ 0 };
    assert_int_equal(world->source->list(world->source, token, world->clock.monotonic_ms + 15000, told_token, listed,
                                         outcome, &call),
                     0);
    assert_int_equal(outcome->calls, 0);
    return call;
}

/* The timers run until nothing is due: a call may begin there. */
static void settle(struct world *world)
{
    for (int i = 0; i < 5; i++)
        timers_run(&world->timers);
}

static void expect_asked(struct world *world, size_t i, const char *target, const char *body)
{
    settle(world);
    assert_true(world->http.n_requests > i);
    assert_string_equal(fake_http_sent(&world->http, i, "X-Amz-Target"), target);
    assert_string_equal(world->http.requests[i].body, body);
}

#define DESCRIBE "AmazonPersonalize.DescribeBatchInferenceJob"
#define LIST "AmazonPersonalize.ListBatchInferenceJobs"

static void a_describe_names_the_arn(void **state)
{
    struct world world;
    struct outcome outcome;
    (void)state;
    start(&world, ACCOUNT, NULL);
    int64_t sent_ms = world.clock.monotonic_ms;
    (void)describe(&world, "a", &outcome);
    expect_asked(&world, 0, DESCRIBE, "{\"batchInferenceJobArn\":\"" ARN(ACCOUNT, "a") "\"}");
    fake_clock_advance(&world.clock, 700);
    fake_http_answer(&world.http, 0, 200, NULL, DESCRIBED("a"));
    assert_string_equal(outcome.names, "a ");
    assert_int_equal(outcome.time.sent_ms, sent_ms);
    assert_int_equal(world.http.n_requests, 1);
    stop(&world);
}

static void answers_that_are_not_the_protocol(void **state)
{
    static const char *const bodies[] = {
        "",
        "<html>",
        "{}",
        "[]",
        "null",
        "{\"batchInferenceJob\":[]}",
        "{\"batchInferenceJob\":\"a\"}",
        "{\"batchInferenceJob\":{}}",
        "{\"batchInferenceJob\":{\"jobName\":5}}",
        DESCRIBED("b"),
        "{\"batchInferenceJob\":{\"jobName\":\"a\",\"jobName\":\"a\"}}",
        "{\"batchInferenceJob\":{\"jobName\":\"a\",\"status\":\"\\u0000\"}}",
        "{\"batchInferenceJob\":{\"jobName\":\"a\",\"status\":\"\\ud800\"}}",
        "{\"batchInferenceJob\":{\"jobName\":\"a\",\"status\":\"\xff\"}}",
        DESCRIBED("a") "x",
        "{\"batchInferenceJob\":{\"jobName\":\"a\"}",
    };
    struct world world;
    struct outcome outcome;
    (void)state;
    start(&world, ACCOUNT, NULL);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        (void)describe(&world, "a", &outcome);
        settle(&world);
        fake_http_answer(&world.http, i, 200, NULL, bodies[i]);
        assert_int_equal(outcome.calls, 1);
        assert_int_equal(outcome.number, EBADMSG);
        assert_string_equal(outcome.code, FAILURE_NOT_PROTOCOL);
    }
    assert_int_equal(world.http.n_requests, sizeof bodies / sizeof *bodies); /* none is asked again */
    stop(&world);
}

static void a_listing_asks_for_full_pages_and_hands_on_the_token(void **state)
{
    struct world world;
    struct outcome outcome;
    (void)state;
    start(&world, ACCOUNT, NULL);
    (void)list(&world, NULL, &outcome);
    expect_asked(&world, 0, LIST, "{\"maxResults\":100}");
    fake_http_answer(
        &world.http, 0, 200, NULL,
        "{\"batchInferenceJobs\":[" ITEM(ACCOUNT, "b") "," ITEM(ACCOUNT, "a") "],\"nextToken\":\"x\\\"y\"}");
    assert_string_equal(outcome.names, "b a ");
    assert_string_equal(outcome.token, "x\"y");
    assert_string_equal(outcome.told, "x\"y");
    assert_int_equal(world.http.flushed, 1);
    (void)list(&world, "x\"y", &outcome);
    expect_asked(&world, 1, LIST, "{\"maxResults\":100,\"nextToken\":\"x\\\"y\"}");
    fake_http_answer(&world.http, 1, 200, NULL, "{\"batchInferenceJobs\":[],\"nextToken\":null}");
    assert_string_equal(outcome.names, "");
    assert_string_equal(outcome.token, "");
    assert_string_equal(outcome.told, ""); /* the last */
    stop(&world);
}

/* However it is written; and of a page that is no good, which is an error all the same, it may have been told. */
static void a_token_is_told_before_its_page(void **state)
{
    static const struct {
        const char *body;
        const char *told;
        int number;
    } pages[] = {
        { "{\"nextToken\":\"t\\u0041\",\"batchInferenceJobs\":[]}", "tA", 0 },
        { "{\"batchInferenceJobs\":[],\"next\\u0054oken\":\"t\"}", "t", 0 },
        { " {\"a\":{\"nextToken\":\"no\"},\"batchInferenceJobs\" : [ ] , \"nextToken\" : \"t\" } ", "t", 0 },
        { "{\"batchInferenceJobs\":[],\"nextToken\":\"\"}", "", 0 },
        { "{\"batchInferenceJobs\":[],\"nextToken\":null}", "", 0 },
        { "{\"nextToken\":\"t\",\"batchInferenceJobs\":[", "t", EBADMSG },
        { "{\"nextToken\":\"t\"}", "t", EBADMSG },
        { "{\"nextToken\":\"t\",\"nextToken\":\"u\",\"batchInferenceJobs\":[]}", "t", EBADMSG },
        { "{\"nextToken\":[\"t\"],\"batchInferenceJobs\":[]}", "", EBADMSG },
        { "{\"nextToken\":\"\\ud800\",\"batchInferenceJobs\":[]}", "", EBADMSG },
    };
    struct world world;
    struct outcome outcome;
    (void)state;
    start(&world, ACCOUNT, NULL);
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        (void)list(&world, NULL, &outcome);
        expect_asked(&world, i, LIST, "{\"maxResults\":100}");
        fake_http_answer(&world.http, i, 200, NULL, pages[i].body);
        assert_int_equal(outcome.calls, 1);
        assert_int_equal(outcome.number, pages[i].number);
        assert_string_equal(outcome.told, pages[i].told);
        assert_string_equal(outcome.token, pages[i].number ? "" : pages[i].told);
    }
    stop(&world);
}

static void a_listed_name_that_is_none_is_left_out(void **state)
{
    struct world world;
    struct outcome outcome;
    (void)state;
    start(&world, ACCOUNT, NULL);
    (void)list(&world, NULL, &outcome);
    settle(&world);
    fake_http_answer(&world.http, 0, 200, NULL,
                     LISTED(ITEM(ACCOUNT, "a") "," ITEM(ACCOUNT, "../x") "," ITEM(ACCOUNT, ".git") "," ITEM(
                         ACCOUNT, "") "," ITEM(ACCOUNT, "b")));
    assert_string_equal(outcome.names, "a b ");
    stop(&world);
}

static void listings_that_are_not_the_protocol(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"batchInferenceJobs\":null}",
        "{\"batchInferenceJobs\":{}}",
        LISTED("5"),
        LISTED("{}"),
        LISTED("{\"jobName\":\"a\"}"),
        "{\"batchInferenceJobs\":[],\"nextToken\":5}",
        LISTED("{\"jobName\":\"a\",\"batchInferenceJobArn\":\"arn:aws:personalize:us-west-2:12345678901:x\"}"),
        LISTED(ITEM(ACCOUNT, "a") ",{\"jobName\":7}"),
    };
    struct world world;
    struct outcome outcome;
    (void)state;
    start(&world, ACCOUNT, NULL);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        (void)list(&world, NULL, &outcome);
        settle(&world);
        fake_http_answer(&world.http, i, 200, NULL, bodies[i]);
        assert_int_equal(outcome.number, EBADMSG);
    }
    stop(&world);
}

static void a_listed_job_has_no_more_bytes_than_a_described_one(void **state)
{
    static char body[SERVICE_DESCRIBE_BYTES + 100];
    struct world world;
    struct outcome outcome;
    (void)state;
    (void)snprintf(body, sizeof body, LISTED("{\"jobName\":\"a\",\"failureReason\":\"%0*d\"}"), SERVICE_DESCRIBE_BYTES,
                   0);
    start(&world, ACCOUNT, NULL);
    (void)list(&world, NULL, &outcome);
    settle(&world);
    fake_http_answer(&world.http, 0, 200, NULL, body);
    assert_int_equal(outcome.number, EBADMSG);
    assert_non_null(strstr(outcome.message, "a listed job of 1048"));
    stop(&world);
}

static void jobs_of_another_account_are_an_error(void **state)
{
    struct world world;
    struct outcome outcome;
    (void)state;
    start(&world, ACCOUNT, NULL);
    (void)list(&world, NULL, &outcome);
    settle(&world);
    fake_http_answer(&world.http, 0, 200, NULL, LISTED(ITEM("210987654321", "a")));
    assert_string_equal(outcome.code, FAILURE_WRONG_ACCOUNT);
    assert_non_null(strstr(outcome.message, "210987654321"));
    stop(&world);
}

static void the_account_comes_from_a_listing_of_one(void **state)
{
    struct world world;
    struct outcome a;
    struct outcome b;
    (void)state;
    start(&world, NULL, NULL);
    (void)describe(&world, "a", &a);
    (void)describe(&world, "b", &b);
    expect_asked(&world, 0, LIST, "{\"maxResults\":1}");
    assert_int_equal(world.http.n_requests, 1); /* once, for both */
    fake_http_answer(&world.http, 0, 200, NULL, LISTED(ITEM(ACCOUNT, "zzz")));
    expect_asked(&world, 1, DESCRIBE, "{\"batchInferenceJobArn\":\"" ARN(ACCOUNT, "a") "\"}");
    expect_asked(&world, 2, DESCRIBE, "{\"batchInferenceJobArn\":\"" ARN(ACCOUNT, "b") "\"}");
    fake_http_answer(&world.http, 1, 200, NULL, DESCRIBED("a"));
    fake_http_answer(&world.http, 2, 200, NULL, DESCRIBED("b"));
    assert_string_equal(a.names, "a ");
    assert_string_equal(b.names, "b ");
    stop(&world);
}

static void the_account_comes_from_a_later_page_where_the_first_is_empty(void **state)
{
    struct world world;
    struct outcome outcome;
    (void)state;
    start(&world, NULL, NULL);
    (void)describe(&world, "a", &outcome);
    settle(&world);
    fake_http_answer(&world.http, 0, 200, NULL, "{\"batchInferenceJobs\":[],\"nextToken\":\"t\"}");
    expect_asked(&world, 1, LIST, "{\"maxResults\":1,\"nextToken\":\"t\"}");
    fake_http_answer(&world.http, 1, 200, NULL, LISTED(ITEM(ACCOUNT, "zzz")));
    expect_asked(&world, 2, DESCRIBE, "{\"batchInferenceJobArn\":\"" ARN(ACCOUNT, "a") "\"}");
    fake_http_answer(&world.http, 2, 200, NULL, DESCRIBED("a"));
    stop(&world);
}

static void an_account_of_empty_pages_is_asked_for_so_often_only(void **state)
{
    struct world world;
    struct outcome outcome;
    (void)state;
    start(&world, NULL, NULL);
    (void)describe(&world, "a", &outcome);
    for (size_t i = 0; i < 10; i++) {
        settle(&world);
        assert_int_equal(outcome.calls, 0);
        fake_http_answer(&world.http, i, 200, NULL, "{\"batchInferenceJobs\":[],\"nextToken\":\"t\"}");
    }
    assert_string_equal(outcome.code, FAILURE_NO_ACCOUNT);
    stop(&world);
}

static void the_account_comes_from_a_listing_already_made(void **state)
{
    struct world world;
    struct outcome outcome;
    (void)state;
    start(&world, NULL, NULL);
    (void)list(&world, NULL, &outcome);
    settle(&world);
    fake_http_answer(&world.http, 0, 200, NULL, LISTED(ITEM(ACCOUNT, "z")));
    (void)describe(&world, "a", &outcome);
    expect_asked(&world, 1, DESCRIBE, "{\"batchInferenceJobArn\":\"" ARN(ACCOUNT, "a") "\"}");
    fake_http_answer(&world.http, 1, 200, NULL, DESCRIBED("a"));
    stop(&world);
}

static void the_account_comes_from_the_credentials(void **state)
{
    struct world world;
    struct outcome outcome;
    (void)state;
    start(&world, NULL, account_id);
    (void)describe(&world, "a", &outcome);
    expect_asked(&world, 0, DESCRIBE, "{\"batchInferenceJobArn\":\"" ARN(ACCOUNT, "a") "\"}");
    fake_http_answer(&world.http, 0, 200, NULL, DESCRIBED("a"));
    assert_string_equal(outcome.names, "a ");
    stop(&world);
}

static void an_account_that_cannot_be_found_out_fails_each_describe(void **state)
{
    struct world world;
    struct outcome outcome;
    (void)state;
    start(&world, NULL, NULL);
    (void)describe(&world, "a", &outcome);
    settle(&world);
    fake_http_answer(&world.http, 0, 200, NULL, LISTED(""));
    settle(&world);
    assert_int_equal(outcome.calls, 1);
    assert_string_equal(outcome.code, FAILURE_NO_ACCOUNT);
    (void)describe(&world, "a", &outcome);
    settle(&world);
    fake_http_answer(&world.http, 1, 400, NULL, "{\"__type\":\"AccessDeniedException\"}");
    assert_int_equal(outcome.number, EACCES);
    stop(&world);
}

#define IDENTITY                                                                                               \
    "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>" \
    "<Account>" ACCOUNT "</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"

static void sts_is_asked_where_no_listing_tells(void **state)
{
    struct world world;
    struct outcome outcome;
    (void)state;
    with_sts = true;
    start(&world, NULL, NULL);
    (void)describe(&world, "a", &outcome);
    settle(&world);
    fake_http_answer(&world.http, 0, 400, NULL, "{\"__type\":\"AccessDeniedException\"}");
    settle(&world);
    assert_non_null(strstr(world.http.requests[1].body, "Action=GetCallerIdentity"));
    fake_http_answer(&world.http, 1, 200, NULL, IDENTITY);
    expect_asked(&world, 2, DESCRIBE, "{\"batchInferenceJobArn\":\"" ARN(ACCOUNT, "a") "\"}");
    fake_http_answer(&world.http, 2, 200, NULL, DESCRIBED("a"));
    assert_string_equal(outcome.names, "a ");
    stop(&world);
    with_sts = false;
}

static void what_the_listing_said_stands_where_sts_fails_too(void **state)
{
    struct world world;
    struct outcome outcome;
    (void)state;
    with_sts = true;
    start(&world, NULL, NULL);
    (void)describe(&world, "a", &outcome);
    settle(&world);
    fake_http_answer(&world.http, 0, 400, NULL, "{\"__type\":\"AccessDeniedException\"}");
    settle(&world);
    fake_http_answer(&world.http, 1, 403, NULL,
                     "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>");
    settle(&world);
    assert_int_equal(outcome.number, EACCES);
    stop(&world);
    with_sts = false;
}

static void sts_is_not_asked_where_nobody_answers(void **state)
{
    struct world world;
    struct outcome outcome;
    (void)state;
    with_sts = true;
    start(&world, NULL, NULL);
    (void)describe(&world, "a", &outcome);
    settle(&world);
    for (size_t i = 0; i < 3; i++) {
        fake_http_fail(&world.http, i, FAILURE_REFUSED, "refused");
        fake_clock_advance(&world.clock, 1000);
        settle(&world);
    }
    assert_int_equal(outcome.number, ECONNREFUSED);
    assert_int_equal(world.http.n_requests, 3);
    stop(&world);
    with_sts = false;
}

static void abandoned_while_the_account_is_found_out(void **state)
{
    struct world world;
    struct outcome outcome;
    (void)state;
    start(&world, NULL, NULL);
    struct source_call *call = describe(&world, "a", &outcome);
    settle(&world);
    world.source->abandon(world.source, call);
    fake_http_answer(&world.http, 0, 200, NULL, LISTED(ITEM(ACCOUNT, "z")));
    settle(&world);
    assert_int_equal(outcome.calls, 1); /* ended, and not sent */
    assert_int_equal(world.http.n_requests, 1);
    stop(&world);
}

static void what_is_cancelled_never_calls_back(void **state)
{
    struct world world;
    struct outcome one;
    struct outcome two;
    (void)state;
    start(&world, NULL, NULL);
    struct source_call *waiting = describe(&world, "a", &one);
    settle(&world);
    struct source_call *listing = list(&world, NULL, &two);
    settle(&world);
    world.source->cancel(world.source, waiting);
    world.source->cancel(world.source, listing);
    fake_http_answer(&world.http, 0, 200, NULL, LISTED(ITEM(ACCOUNT, "z")));
    settle(&world);
    assert_int_equal(one.calls + two.calls, 0);
    assert_true(world.http.requests[1].cancelled);
    stop(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_describe_names_the_arn),
        cmocka_unit_test(answers_that_are_not_the_protocol),
        cmocka_unit_test(a_listing_asks_for_full_pages_and_hands_on_the_token),
        cmocka_unit_test(a_token_is_told_before_its_page),
        cmocka_unit_test(a_listed_name_that_is_none_is_left_out),
        cmocka_unit_test(listings_that_are_not_the_protocol),
        cmocka_unit_test(a_listed_job_has_no_more_bytes_than_a_described_one),
        cmocka_unit_test(jobs_of_another_account_are_an_error),
        cmocka_unit_test(the_account_comes_from_a_listing_of_one),
        cmocka_unit_test(the_account_comes_from_a_later_page_where_the_first_is_empty),
        cmocka_unit_test(an_account_of_empty_pages_is_asked_for_so_often_only),
        cmocka_unit_test(the_account_comes_from_a_listing_already_made),
        cmocka_unit_test(the_account_comes_from_the_credentials),
        cmocka_unit_test(an_account_that_cannot_be_found_out_fails_each_describe),
        cmocka_unit_test(sts_is_asked_where_no_listing_tells),
        cmocka_unit_test(what_the_listing_said_stands_where_sts_fails_too),
        cmocka_unit_test(sts_is_not_asked_where_nobody_answers),
        cmocka_unit_test(abandoned_while_the_account_is_found_out),
        cmocka_unit_test(what_is_cancelled_never_calls_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
