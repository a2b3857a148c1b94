/* SPDX-License-Identifier: MIT */
/* client over a fake transport, a fake provider, a clock that is moved by hand and a fixed random source. */
#include "aws/client.h"
#include "aws/failure.h"
#include "base/log.h"
#include "codec/sigv4.h"
#include "codec/timestamp.h"
#include "fake_clock.h"
#include "fake_http.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOOD "{\"good\":true}"

enum { MAX_CALLS = 16, TIMEOUT_MS = 15000 };

/* Answers at once, or when the test calls world_give_keys(). */
struct fake_provider {
    struct credentials_provider provider;
    struct credentials keys; /* no access_key_id: none */
    bool later;
    struct {
        credentials_done_fn *done;
        void *data;
    } waiting[MAX_CALLS];
    int n_waiting, n_gets, n_cancels, n_forgets;
    struct credentials after_forget; /* what it has then; no access_key_id: what it had */
};

/* One call of the test's, and what came of it. */
struct result {
    struct world *world;
    struct client_call *call;
    int calls;
    bool answered;
    char body[64];
    char request_id[64];
    char account_id[16];
    int64_t sent_ms, sent_wall_ms;
    struct error error;
    void (*then)(struct result *result); /* what the call back does besides */
    struct result *other;
};

struct world {
    struct fake_clock clock;
    struct timers timers;
    struct fake_http http;
    struct fake_provider provider;
    double unit;
    struct random_source random;
    struct client *client;
    bool within; /* a function of the client's that must not call back is running */
};

static void provider_answer(struct fake_provider *fake, credentials_done_fn *done, void *data)
{
    struct error error;
    if (fake->keys.access_key_id) {
        done(data, &fake->keys, NULL);
        return;
    }
    (void)failure_set(&error, FAILURE_NO_CREDENTIALS, "no keys anywhere");
    done(data, NULL, &error);
}

static void provider_get(struct credentials_provider *self, credentials_done_fn *done, void *data)
{
    struct fake_provider *fake = (struct fake_provider *)(void *)self;
    fake->n_gets++;
    if (!fake->later) {
        provider_answer(fake, done, data);
        return;
    }
    assert_true(fake->n_waiting < MAX_CALLS);
    fake->waiting[fake->n_waiting].done = done;
    fake->waiting[fake->n_waiting++].data = data;
}

static void provider_cancel(struct credentials_provider *self, void *data)
{
    struct fake_provider *fake = (struct fake_provider *)(void *)self;
    for (int i = 0; i < fake->n_waiting; i++)
        if (fake->waiting[i].data == data) {
            fake->waiting[i] = fake->waiting[--fake->n_waiting];
            fake->n_cancels++;
            return;
        }
    fail_msg("cancelled what was not asked");
}

static void provider_forget(struct credentials_provider *self)
{
    struct fake_provider *fake = (struct fake_provider *)(void *)self;
    fake->n_forgets++;
    if (fake->after_forget.access_key_id)
        fake->keys = fake->after_forget;
}

static double world_unit(void *data) { return ((struct world *)data)->unit; }

static void world_init(struct world *world, int max_requests)
{
    memset(world, 0, sizeof *world);
    fake_clock_init(&world->clock);
    timers_init(&world->timers, &world->clock.clock);
    fake_http_init(&world->http);
    world->provider.provider = (struct credentials_provider){ provider_get, provider_cancel, provider_forget, NULL };
    world->provider.keys = (struct credentials){ .access_key_id = (char *)(uintptr_t) "AKIDEXAMPLE",
                                                 .secret_key = (char *)(uintptr_t) "wJalrXUtnFEMI",
                                                 .account_id = (char *)(uintptr_t) "123456789012",
                                                 .source = "test" };
    world->unit = 0.5;
    world->random = (struct random_source){ world_unit, world };
    struct client_settings settings = { .endpoint = { .url = "https://personalize.us-west-2.amazonaws.com/",
                                                      .host = "personalize.us-west-2.amazonaws.com",
                                                      .path = "/",
                                                      .region = "us-west-2" },
                                        .service = "personalize",
                                        .target = "AmazonPersonalize",
                                        .max_requests = max_requests,
                                        .max_attempts = RETRY_ATTEMPTS,
                                        .http = &world->http.http,
                                        .credentials = &world->provider.provider,
                                        .timers = &world->timers,
                                        .clock = &world->clock.clock,
                                        .random = &world->random };
    assert_int_equal(client_new(&settings, &world->client), 0);
}

static void world_release(struct world *world)
{
    client_free(world->client);
    assert_int_equal(timers_wait_ms(&world->timers), -1); /* nothing is left behind */
    assert_int_equal(world->provider.n_waiting, 0);
    fake_http_release(&world->http);
}

static void world_advance(struct world *world, int64_t ms)
{
    fake_clock_advance(&world->clock, ms);
    timers_run(&world->timers);
}

static void world_give_keys(struct world *world)
{
    assert_true(world->provider.n_waiting > 0);
    credentials_done_fn *done = world->provider.waiting[0].done;
    void *data = world->provider.waiting[0].data;
    world->provider.n_waiting--;
    memmove(world->provider.waiting, world->provider.waiting + 1,
            (size_t)world->provider.n_waiting * sizeof *world->provider.waiting);
    provider_answer(&world->provider, done, data);
}

static void on_done(void *data, const struct client_answer *answer, const struct error *error)
{
    struct result *result = data;
    assert_false(result->world->within);
    assert_true(!answer != !error);
    result->calls++;
    result->call = NULL;
    result->answered = answer != NULL;
    if (answer) {
        assert_int_equal(strlen(answer->body), answer->body_len);
        (void)snprintf(result->body, sizeof result->body, "%s", answer->body);
        (void)snprintf(result->request_id, sizeof result->request_id, "%s", answer->request_id);
        (void)snprintf(result->account_id, sizeof result->account_id, "%s",
                       answer->account_id ? answer->account_id : "(none)");
        result->sent_ms = answer->sent_ms;
        result->sent_wall_ms = answer->sent_wall_ms;
    } else {
        assert_true(error->number > 0);
        result->error = *error;
    }
    if (result->then)
        result->then(result);
}

static void start(struct world *world, struct result *result, const char *body)
{
    struct client_request request = { .operation = "DescribeBatchInferenceJob",
                                      .body = body,
                                      .body_len = strlen(body),
                                      .deadline_ms = world->clock.monotonic_ms + TIMEOUT_MS,
                                      .max_body = 1 << 20 };
    *result = (struct result){ .world = world, .then = result->then, .other = result->other };
    bool within = world->within;
    world->within = true;
    assert_int_equal(client_start(world->client, &request, on_done, result, &result->call), 0);
    world->within = within;
    assert_int_equal(result->calls, 0);
}

static void cancel(struct result *result)
{
    result->world->within = true;
    client_cancel(result->call);
    result->world->within = false;
    result->call = NULL;
}

static void abandon(struct result *result)
{
    result->world->within = true;
    client_abandon(result->call);
    result->world->within = false;
}

static void readopt(struct result *result)
{
    result->world->within = true;
    client_readopt(result->call);
    result->world->within = false;
}

#define assert_failed(result, name, errno_)               \
    do {                                                  \
        assert_int_equal((result)->calls, 1);             \
        assert_false((result)->answered);                 \
        assert_string_equal((result)->error.code, name);  \
        assert_int_equal((result)->error.number, errno_); \
    } while (0)

#define assert_answered(result)                    \
    do {                                           \
        assert_int_equal((result)->calls, 1);      \
        assert_true((result)->answered);           \
        assert_string_equal((result)->body, GOOD); \
    } while (0)

static const char *error_body(const char *name)
{
    static char body[200];
    (void)snprintf(body, sizeof body, "{\"__type\":\"%s\",\"message\":\"because\"}", name);
    return body;
}

/* What request `i` was signed with is what it carries, and every header but Authorization is signed. */
static void assert_signed(struct world *world, size_t i, const struct credentials *keys)
{
    struct fake_request *request = &world->http.requests[i];
    struct sigv4_header headers[FAKE_HTTP_HEADERS];
    size_t n = 0;
    for (size_t j = 0; j < request->n_headers; j++)
        if (strcmp(request->headers[j].name, "Authorization"))
            headers[n++] = (struct sigv4_header){ request->headers[j].name, request->headers[j].value };
    assert_int_equal(n, request->n_headers - 1);
    struct sigv4_request again = { .method = request->method,
                                   .path = "/",
                                   .headers = headers,
                                   .n_headers = n,
                                   .body = request->body,
                                   .body_len = request->body_len,
                                   .normalize_path = true };
    struct sigv4_scope scope = { .region = "us-west-2", .service = "personalize" };
    assert_int_equal(timestamp_from_amz(fake_http_sent(&world->http, i, "X-Amz-Date"), &scope.time_ms), 0);
    struct buf text = BUF_INIT(8192);
    assert_int_equal(sigv4_authorization(&again, &scope, keys->access_key_id, keys->secret_key, &text), 0);
    assert_string_equal(fake_http_sent(&world->http, i, "Authorization"), buf_str(&text));
    buf_release(&text);
}

static int64_t date_of(struct world *world, size_t i)
{
    int64_t ms;
    assert_int_equal(timestamp_from_amz(fake_http_sent(&world->http, i, "X-Amz-Date"), &ms), 0);
    return ms;
}

static void test_request(void **state)
{
    (void)state;
    struct world world;
    struct result result = { 0 };
    world_init(&world, 8);
    world.clock.wall_ms += 999;
    start(&world, &result, "{\"a\":1}");
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
    assert_answered(&result);
    assert_string_equal(result.request_id, "id-7");
    assert_string_equal(result.account_id, "123456789012");
    assert_int_equal(result.sent_ms, 1000000);
    assert_int_equal(result.sent_wall_ms, world.clock.wall_ms - 70);

    world.provider.keys.session_token = (char *)(uintptr_t) "token/==";
    world.provider.keys.account_id = NULL;
    start(&world, &result, "");
    assert_string_equal(fake_http_sent(&world.http, 1, "X-Amz-Security-Token"), "token/==");
    assert_non_null(strstr(fake_http_sent(&world.http, 1, "Authorization"), ";x-amz-security-token;"));
    assert_signed(&world, 1, &world.provider.keys);
    fake_http_answer(&world.http, 1, 200, NULL, GOOD);
    assert_answered(&result);
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
        start(&world, &result, "{}");
        if (rows[i].status)
            fake_http_answer(&world.http, 0, rows[i].status, headers, error_body(rows[i].name));
        else
            fake_http_fail(&world.http, 0, rows[i].name, "because");
        assert_failed(&result, rows[i].code, rows[i].number);
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
    start(&world, &result, "{\"a\":1}");
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
    assert_failed(&result, "InternalFailure", EREMOTEIO);
    assert_string_equal(result.error.message, "because");

    start(&world, &result, "{}"); /* the third attempt may succeed */
    fake_http_fail(&world.http, 3, FAILURE_REFUSED, "no");
    world_advance(&world, 25);
    fake_http_fail(&world.http, 4, FAILURE_ATTEMPT_TIMEOUT, "no");
    world_advance(&world, 50);
    world.clock.monotonic_ms += 7;
    fake_http_answer(&world.http, 5, 200, NULL, GOOD);
    assert_answered(&result);
    assert_int_equal(result.sent_ms, world.clock.monotonic_ms - 7); /* the attempt's that was answered */
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
        start(&world, &result, "{}");
        fake_http_answer(&world.http, 0, 400, headers, error_body("ThrottlingException"));
        assert_int_equal(timers_wait_ms(&world.timers), rows[i].delay_ms);
        world_advance(&world, rows[i].delay_ms);
        fake_http_answer(&world.http, 1, 400, NULL, error_body("ThrottlingException"));
        assert_int_equal(timers_wait_ms(&world.timers), 1000);
        world_advance(&world, 1000);
        fake_http_answer(&world.http, 2, 429, NULL, "");
        assert_failed(&result, "http-429", EBUSY);
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
        start(&world, &result, "{}");
        world_advance(&world, TIMEOUT_MS - 400);
        size_t n = world.http.n_requests;
        fake_http_answer(&world.http, n - 1, 400, NULL, error_body("ThrottlingException"));
        assert_failed(&result, "ThrottlingException", EBUSY);
        assert_int_equal(world.http.n_requests, n);
    }
    start(&world, &result, "{}");
    fake_http_answer(&world.http, world.http.n_requests - 1, 400, NULL, error_body("ThrottlingException"));
    assert_int_equal(result.calls, 0);
    assert_int_equal(timers_wait_ms(&world.timers), 500);
    cancel(&result);
    world_release(&world);
}

static void test_time_limits(void **state)
{
    (void)state;
    struct world world;
    struct result result = { 0 };
    world_init(&world, 8);
    start(&world, &result, "{}");
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
    assert_answered(&result);
    world_release(&world);
}

static void test_deadline_sending(void **state)
{
    (void)state;
    struct world world;
    struct result result = { 0 };
    world_init(&world, 8);
    start(&world, &result, "{}");
    world_advance(&world, TIMEOUT_MS - 1);
    assert_int_equal(result.calls, 0);
    world_advance(&world, 1);
    assert_failed(&result, FAILURE_DEADLINE, ETIMEDOUT);
    assert_string_equal(result.error.message, "waited 15000 ms, at last for an answer");
    assert_true(world.http.requests[0].cancelled);
    assert_true(failure_is_unanswered(&result.error));

    start(&world, &result, "{}"); /* the last attempt's message is kept */
    static const char *const headers[] = { "x-amzn-RequestId", "id-9", NULL };
    fake_http_answer(&world.http, 1, 503, headers, error_body("ServiceUnavailable"));
    world_advance(&world, 25);
    assert_int_equal(fake_http_open(&world.http), 1);
    world_advance(&world, TIMEOUT_MS);
    assert_failed(&result, FAILURE_DEADLINE, ETIMEDOUT);
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
    start(&world, &first, "{}"); /* queued */
    world_advance(&world, 1000);
    start(&world, &second, "{}");
    fake_clock_advance(&world.clock, 10000);
    fake_http_answer(&world.http, 0, 503, NULL, ""); /* its place goes to the second */
    assert_int_equal(world.http.n_requests, 2);
    world_advance(&world, 25);
    assert_int_equal(world.http.n_requests, 2); /* the first is queued now */
    world_advance(&world, 3975);
    assert_failed(&first, FAILURE_DEADLINE, ETIMEDOUT);
    assert_non_null(strstr(first.error.message, "at last for other requests; the last attempt: http-503"));
    assert_int_equal(second.calls, 0);
    world_advance(&world, 1000);
    assert_failed(&second, FAILURE_DEADLINE, ETIMEDOUT);

    world.provider.later = true; /* credentials */
    start(&world, &first, "{}");
    world_advance(&world, TIMEOUT_MS);
    assert_failed(&first, FAILURE_DEADLINE, ETIMEDOUT);
    assert_string_equal(first.error.message, "waited 15000 ms, at last for credentials");
    assert_int_equal(world.provider.n_cancels, 1);
    world.provider.later = false;

    start(&world, &first, "{}"); /* backoff, on a host that slept through both: nothing is sent any more */
    size_t n = world.http.n_requests;
    fake_http_fail(&world.http, n - 1, FAILURE_RESET, "cut");
    world_advance(&world, 2 * TIMEOUT_MS);
    assert_failed(&first, FAILURE_DEADLINE, ETIMEDOUT);
    assert_int_equal(world.http.n_requests, n);

    start(&world, &first, "{}"); /* an attempt that ends after the deadline, before the timer */
    fake_clock_advance(&world.clock, TIMEOUT_MS);
    fake_http_fail(&world.http, n, FAILURE_ATTEMPT_TIMEOUT, "slow");
    assert_failed(&first, FAILURE_DEADLINE, ETIMEDOUT);
    assert_non_null(strstr(first.error.message, "attempt-timeout: slow"));
    start(&world, &first, "{}"); /* but an answer is an answer */
    fake_clock_advance(&world.clock, TIMEOUT_MS);
    fake_http_answer(&world.http, n + 1, 200, NULL, GOOD);
    assert_answered(&first);

    struct client_request late = { .operation = "X", .body = "", .deadline_ms = world.clock.monotonic_ms };
    first = (struct result){ .world = &world };
    assert_int_equal(client_start(world.client, &late, on_done, &first, &first.call), 0);
    world_advance(&world, 0);
    assert_failed(&first, FAILURE_DEADLINE, ETIMEDOUT);
    assert_int_equal(world.http.n_requests, n + 2);
    world_release(&world);
}

static void test_places(void **state)
{
    (void)state;
    struct world world;
    struct result results[11] = { { 0 } };
    char body[8];
    world_init(&world, 8);
    for (int i = 0; i < 11; i++) {
        (void)snprintf(body, sizeof body, "%d", i);
        start(&world, &results[i], body);
    }
    assert_int_equal(world.http.n_requests, 8);
    assert_int_equal(world.provider.n_gets, 8); /* a queued one asks for no keys */
    fake_http_answer(&world.http, 5, 200, NULL, GOOD);
    assert_answered(&results[5]);
    assert_int_equal(world.http.n_requests, 9);
    assert_string_equal(world.http.requests[8].body, "8"); /* the oldest first */
    fake_http_answer(&world.http, 0, 503, NULL, "");       /* one that waits to try again holds no place */
    assert_int_equal(world.http.n_requests, 10);
    assert_string_equal(world.http.requests[9].body, "9");
    world_advance(&world, 25);
    assert_int_equal(world.http.n_requests, 10);
    cancel(&results[3]); /* what tries again is older than what never began */
    assert_true(world.http.requests[3].cancelled);
    assert_int_equal(world.http.n_requests, 11);
    assert_string_equal(world.http.requests[10].body, "0");
    fake_http_answer(&world.http, 10, 200, NULL, GOOD);
    assert_answered(&results[0]);
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
        start(&world, &results[i], "{}");
    assert_int_equal(world.provider.n_gets, 1);
    cancel(&results[0]);
    assert_int_equal(world.provider.n_cancels, 1);
    assert_int_equal(world.provider.n_gets, 2);
    struct credentials keys = world.provider.keys;
    world.provider.keys.access_key_id = NULL;
    world_give_keys(&world);
    assert_int_equal(results[1].calls, 0); /* from the timers */
    world.provider.keys = keys;
    world_advance(&world, 0);
    assert_failed(&results[1], FAILURE_NO_CREDENTIALS, ENOKEY);
    assert_int_equal(world.http.n_requests, 0);
    world_give_keys(&world);
    fake_http_answer(&world.http, 0, 200, NULL, GOOD);
    assert_answered(&results[2]);
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
        start(&world, &results[i], "{}");
    world_advance(&world, 0);
    for (int i = 0; i < 3; i++) {
        assert_failed(&results[i], FAILURE_NO_CREDENTIALS, ENOKEY);
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
    start(&world, &result, "{}");
    world_advance(&world, 0);
    assert_failed(&result, FAILURE_MEMORY, ENOMEM);
    world.http.start_error = -EINVAL; /* a token with a line break */
    start(&world, &result, "{}");
    world_advance(&world, 0);
    assert_failed(&result, FAILURE_NO_CREDENTIALS, ENOKEY);
    start(&world, &result, "{}"); /* the place was given back */
    fake_http_answer(&world.http, 0, 200, NULL, GOOD);
    assert_answered(&result);
    world_release(&world);
}

static const char *const *date_header(struct world *world, int64_t off_ms)
{
    static char date[TIMESTAMP_HTTP_SIZE];
    static const char *headers[] = { "Date", date, NULL };
    timestamp_format_http(world->clock.wall_ms + off_ms, date);
    return headers;
}

static void test_skew(void **state)
{
    static const struct {
        const char *name;
        int64_t off_ms;
        bool corrected;
    } rows[] = {
        { "RequestTimeTooSkewed", 3600000, true },
        { "RequestExpired", -3600000, true },
        { "RequestInTheFuture", -60000, true },
        { "InvalidSignatureException", 3600000, true },
        { "InvalidSignatureException", -3600000, true },
        { "SignatureDoesNotMatch", 240000, true },
        { "SignatureDoesNotMatch", 239000, false },
        { "InvalidSignatureException", -239000, false },
        { "UnrecognizedClientException", 3600000, false },
        { "AccessDeniedException", 3600000, false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        struct result result = { 0 };
        world_init(&world, 8);
        start(&world, &result, "{}");
        world_advance(&world, 1000);
        fake_http_answer(&world.http, 0, 400, date_header(&world, rows[i].off_ms), error_body(rows[i].name));
        assert_int_equal(world.http.n_requests, rows[i].corrected ? 2 : 1);
        if (!rows[i].corrected) {
            world_advance(&world, 0);
            assert_int_equal(result.calls, 1);
            assert_string_equal(result.error.code, rows[i].name);
            world_release(&world);
            continue;
        }
        assert_int_equal(result.calls, 0); /* at once */
        assert_int_equal(date_of(&world, 1), date_of(&world, 0) + 1000 + rows[i].off_ms);
        assert_signed(&world, 1, &world.provider.keys);
        assert_int_equal(world.provider.n_forgets, 0);
        fake_http_answer(&world.http, 1, 200, NULL, GOOD);
        assert_answered(&result);
        assert_int_equal(result.sent_wall_ms, world.clock.wall_ms); /* uncorrected */
        start(&world, &result, "{}");                               /* the offset stays */
        assert_int_equal(date_of(&world, 2), date_of(&world, 1));
        world.clock.wall_ms += rows[i].off_ms; /* until the clock is put right */
        fake_http_answer(&world.http, 2, 400, date_header(&world, 0), error_body("RequestExpired"));
        assert_int_equal(date_of(&world, 3), world.clock.wall_ms);
        fake_http_answer(&world.http, 3, 200, NULL, GOOD);
        assert_answered(&result);
        world_release(&world);
    }
}

static void test_skew_once(void **state)
{
    (void)state;
    struct world world;
    struct result result = { 0 };
    world_init(&world, 8);
    start(&world, &result, "{}");
    fake_http_answer(&world.http, 0, 400, date_header(&world, 3600000), error_body("InvalidSignatureException"));
    fake_http_answer(&world.http, 1, 400, date_header(&world, 7200000), error_body("InvalidSignatureException"));
    world_advance(&world, 0); /* the keys were looked for again; they are the same */
    assert_failed(&result, "InvalidSignatureException", EKEYREJECTED);
    assert_int_equal(world.http.n_requests, 2);
    assert_int_equal(world.provider.n_forgets, 1);
    start(&world, &result, "{}"); /* an offset that did not work is not kept */
    assert_int_equal(date_of(&world, 2), world.clock.wall_ms);
    fake_http_answer(&world.http, 2, 400, NULL, error_body("RequestExpired")); /* and without a Date there is none */
    assert_failed(&result, "RequestExpired", EREMOTEIO);
    start(&world, &result, "{}");
    static const char *const silly[] = { "Date", "Sun, 06 Nov 1994 08:49:37 XYZ", NULL };
    fake_http_answer(&world.http, 3, 400, silly, error_body("RequestExpired"));
    assert_failed(&result, "RequestExpired", EREMOTEIO);
    start(&world, &result, "{}"); /* a correction costs no attempt */
    fake_http_answer(&world.http, 4, 400, date_header(&world, 3600000), error_body("RequestExpired"));
    fake_http_fail(&world.http, 5, FAILURE_RESET, "cut");
    world_advance(&world, 25);
    fake_http_fail(&world.http, 6, FAILURE_RESET, "cut");
    world_advance(&world, 50);
    assert_int_equal(date_of(&world, 7), (world.clock.wall_ms + 3600000) / 1000 * 1000);
    fake_http_answer(&world.http, 7, 200, NULL, GOOD);
    assert_answered(&result);
    world_release(&world);
}

static void test_keys_renewed(void **state)
{
    static const char *const names[] = { "ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException",
                                         "InvalidClientTokenId", "InvalidSignatureException" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int changed = 0; changed < 4; changed++) {
            struct world world;
            struct result result = { 0 };
            world_init(&world, 8);
            world.provider.keys.session_token = (char *)(uintptr_t) "old";
            world.provider.after_forget = world.provider.keys;
            if (changed == 1)
                world.provider.after_forget.access_key_id = (char *)(uintptr_t) "AKIDOTHER";
            else if (changed == 2)
                world.provider.after_forget.secret_key = (char *)(uintptr_t) "other";
            else if (changed == 3)
                world.provider.after_forget.session_token = (char *)(uintptr_t) "new";
            start(&world, &result, "{}");
            fake_http_answer(&world.http, 0, 403, NULL, error_body(names[i]));
            assert_int_equal(world.provider.n_forgets, 1);
            assert_int_equal(world.http.n_requests, changed ? 2 : 1);
            if (changed) {
                assert_signed(&world, 1, &world.provider.after_forget);
                fake_http_answer(&world.http, 1, 403, NULL, error_body(names[i])); /* once */
            }
            world_advance(&world, 0);
            assert_int_equal(result.calls, 1);
            assert_string_equal(result.error.code, names[i]);
            assert_int_equal(world.provider.n_forgets, 1);
            assert_int_equal(world.http.n_requests, changed ? 2 : 1);
            world_release(&world);
        }
}

static void test_keys_gone(void **state)
{
    (void)state;
    struct world world;
    struct result result = { 0 };
    world_init(&world, 8);
    world.provider.later = true;
    start(&world, &result, "{}");
    world_give_keys(&world);
    fake_http_answer(&world.http, 0, 403, NULL, error_body("ExpiredToken"));
    assert_int_equal(world.provider.n_waiting, 1);
    world.provider.keys.access_key_id = NULL;
    world_give_keys(&world);
    world_advance(&world, 0);
    assert_failed(&result, FAILURE_NO_CREDENTIALS, ENOKEY);
    world_release(&world);
}

static void test_abandon_while_sent(void **state)
{
    (void)state;
    struct world world;
    struct result first = { 0 }, second = { 0 }, third = { 0 };
    world_init(&world, 2);
    start(&world, &first, "1");
    abandon(&first);
    abandon(&first);
    world_advance(&world, 100); /* it has been paid for */
    fake_http_answer(&world.http, 0, 200, NULL, GOOD);
    assert_answered(&first);

    start(&world, &first, "1"); /* no other attempt */
    abandon(&first);
    fake_http_answer(&world.http, 1, 503, NULL, "");
    assert_failed(&first, "http-503", EREMOTEIO);
    assert_int_equal(world.http.n_requests, 2);

    start(&world, &first, "1"); /* its place is given to one that waits */
    start(&world, &second, "2");
    abandon(&first);
    assert_int_equal(fake_http_open(&world.http), 2);
    start(&world, &third, "3");
    assert_true(world.http.requests[2].cancelled);
    assert_false(world.http.requests[3].cancelled);
    assert_string_equal(world.http.requests[4].body, "3");
    assert_int_equal(first.calls, 0); /* from the timers */
    world_advance(&world, 0);
    assert_failed(&first, FAILURE_ENDING, ESHUTDOWN);

    start(&world, &first, "1"); /* one that waits already takes it at once */
    assert_int_equal(world.http.n_requests, 5);
    abandon(&third);
    assert_true(world.http.requests[4].cancelled);
    assert_string_equal(world.http.requests[5].body, "1");
    world_advance(&world, 0);
    assert_failed(&third, FAILURE_ENDING, ESHUTDOWN);
    world_release(&world);
    assert_failed(&second, FAILURE_ENDING, ESHUTDOWN);
}

static void test_abandon_elsewhere(void **state)
{
    (void)state;
    struct world world;
    struct result sent = { 0 }, result = { 0 };
    world_init(&world, 1);
    start(&world, &sent, "1"); /* queued */
    start(&world, &result, "2");
    abandon(&result);
    assert_int_equal(result.calls, 0);
    world_advance(&world, 0);
    assert_failed(&result, FAILURE_ENDING, ESHUTDOWN);
    fake_http_fail(&world.http, 0, FAILURE_RESET, "cut"); /* backoff */
    abandon(&sent);
    assert_int_equal(sent.calls, 0);
    world_advance(&world, 0);
    assert_failed(&sent, FAILURE_ENDING, ESHUTDOWN);
    assert_int_equal(world.http.n_requests, 1);
    world.provider.later = true; /* credentials */
    start(&world, &sent, "1");
    start(&world, &result, "2");
    abandon(&sent);
    assert_int_equal(world.provider.n_cancels, 1);
    assert_int_equal(world.provider.n_waiting, 1); /* the second has the place */
    world_advance(&world, 0);
    assert_failed(&sent, FAILURE_ENDING, ESHUTDOWN);
    world_give_keys(&world);
    assert_string_equal(world.http.requests[1].body, "2");
    cancel(&result);
    world_release(&world);
}

static void test_readopt(void **state)
{
    (void)state;
    struct world world;
    struct result first = { 0 }, second = { 0 };
    world_init(&world, 1);
    start(&world, &first, "1");
    readopt(&first); /* nothing to do */
    abandon(&first);
    readopt(&first);
    start(&world, &second, "2"); /* it keeps its place now */
    assert_false(world.http.requests[0].cancelled);
    fake_http_fail(&world.http, 0, FAILURE_RESET, "cut"); /* and tries again */
    fake_http_answer(&world.http, 1, 200, NULL, GOOD);
    assert_answered(&second);
    world_advance(&world, 25);
    assert_int_equal(world.http.n_requests, 3);
    assert_string_equal(world.http.requests[2].body, "1");

    abandon(&first); /* its place is taken, and somebody comes back before it has ended */
    start(&world, &second, "2");
    assert_true(world.http.requests[2].cancelled);
    readopt(&first);
    world_advance(&world, 0);
    assert_int_equal(first.calls, 0);
    fake_http_answer(&world.http, 3, 200, NULL, GOOD);
    assert_answered(&second);
    assert_string_equal(world.http.requests[4].body, "1");
    fake_http_answer(&world.http, 4, 200, NULL, GOOD);
    assert_answered(&first);

    start(&world, &first, "1"); /* the same while keys are looked for again */
    world.provider.later = true;
    fake_http_answer(&world.http, 5, 403, NULL, error_body("ExpiredToken"));
    abandon(&first);
    readopt(&first);
    world_give_keys(&world);
    assert_int_equal(world.http.n_requests, 7);
    fake_http_answer(&world.http, 6, 403, NULL, error_body("ExpiredToken"));
    assert_failed(&first, "ExpiredToken", EKEYEXPIRED);
    world_release(&world);
}

static void test_cancel(void **state)
{
    (void)state;
    struct world world;
    struct result first = { 0 }, second = { 0 };
    world_init(&world, 1);
    start(&world, &first, "1");
    start(&world, &second, "2");
    cancel(&second); /* queued */
    cancel(&first);  /* sent */
    assert_true(world.http.requests[0].cancelled);
    start(&world, &first, "1");
    fake_http_fail(&world.http, 1, FAILURE_RESET, "cut");
    cancel(&first); /* backoff */
    world.provider.later = true;
    start(&world, &first, "1");
    cancel(&first); /* credentials */
    world.provider.later = false;
    world.provider.keys.access_key_id = NULL;
    start(&world, &first, "1");
    cancel(&first); /* about to end */
    world_advance(&world, 2 * TIMEOUT_MS);
    assert_int_equal(first.calls + second.calls, 0);
    assert_int_equal(world.http.n_requests, 2);
    world_release(&world);
}

static void then_start_and_cancel(struct result *result)
{
    struct result *other = result->other;
    result->then = NULL;
    if (other->call)
        cancel(other);
    start(result->world, other, "new");
}

static void test_call_back_starts_and_cancels(void **state)
{
    (void)state;
    struct world world;
    struct result first = { 0 }, second = { 0 }, third = { 0 };
    world_init(&world, 2);
    first.then = then_start_and_cancel;
    first.other = &second;
    start(&world, &first, "1");
    start(&world, &second, "2");
    start(&world, &third, "3");
    fake_http_answer(&world.http, 0, 200, NULL, GOOD);
    assert_answered(&first);
    assert_string_equal(world.http.requests[2].body, "3"); /* the queue goes before what is new */
    assert_true(world.http.requests[1].cancelled);
    assert_string_equal(world.http.requests[3].body, "new");
    fake_http_answer(&world.http, 3, 200, NULL, GOOD);
    assert_answered(&second);
    third.then = then_start_and_cancel; /* from a deadline */
    third.other = &first;
    world_advance(&world, TIMEOUT_MS);
    assert_failed(&third, FAILURE_DEADLINE, ETIMEDOUT);
    assert_string_equal(world.http.requests[4].body, "new");
    fake_http_answer(&world.http, 4, 200, NULL, GOOD);
    assert_answered(&first);
    world_release(&world);
}

static void then_start_fails(struct result *result)
{
    struct client_request request = { .operation = "X", .body = "", .deadline_ms = INT64_MAX };
    struct client_call *call;
    assert_int_equal(client_start(result->world->client, &request, on_done, result, &call), -ESHUTDOWN);
    if (result->other && result->other->call)
        cancel(result->other);
}

static void test_free_ends_all(void **state)
{
    (void)state;
    struct world world;
    struct result results[5] = { { 0 } };
    world_init(&world, 2);
    for (int i = 0; i < 5; i++)
        start(&world, &results[i], "{}");
    fake_http_fail(&world.http, 1, FAILURE_RESET, "cut"); /* backoff; the third is sent */
    results[0].then = then_start_fails;
    results[0].other = &results[4];
    world_release(&world);
    for (int i = 0; i < 4; i++) {
        assert_failed(&results[i], FAILURE_ENDING, ESHUTDOWN);
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
                    start(&world, result, "{}");
                    started++;
                }
                break;
            case 3:
                if (result->call && rand() % 3 == 0) {
                    cancel(result);
                    cancelled++;
                }
                break;
            case 4:
                if (result->call)
                    (rand() % 2 ? abandon : readopt)(result);
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
    }
}

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_final_errors),
        cmocka_unit_test(test_retries),
        cmocka_unit_test(test_throttle),
        cmocka_unit_test(test_no_time_for_a_retry),
        cmocka_unit_test(test_time_limits),
        cmocka_unit_test(test_deadline_sending),
        cmocka_unit_test(test_deadline_elsewhere),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_places_and_credentials),
        cmocka_unit_test(test_no_credentials),
        cmocka_unit_test(test_start_fails),
        cmocka_unit_test(test_skew),
        cmocka_unit_test(test_skew_once),
        cmocka_unit_test(test_keys_renewed),
        cmocka_unit_test(test_keys_gone),
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
