/* SPDX-License-Identifier: MIT */
#include "client_world.h"

#include "aws/failure.h"
#include "codec/sigv4.h"
#include "codec/timestamp.h"

#include <stdio.h>
#include <string.h>

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

void world_init(struct world *world, int max_requests)
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
                                        .random = &world->random,
                                        .stats = &world->stats };
    assert_int_equal(client_new(&settings, &world->client), 0);
}

void world_release(struct world *world)
{
    client_free(world->client);
    assert_int_equal(timers_wait_ms(&world->timers), -1); /* nothing is left behind */
    assert_int_equal(world->provider.n_waiting, 0);
    fake_http_release(&world->http);
}

void world_advance(struct world *world, int64_t ms)
{
    fake_clock_advance(&world->clock, ms);
    timers_run(&world->timers);
}

void world_give_keys(struct world *world)
{
    assert_true(world->provider.n_waiting > 0);
    credentials_done_fn *done = world->provider.waiting[0].done;
    void *data = world->provider.waiting[0].data;
    world->provider.n_waiting--;
    memmove(world->provider.waiting, world->provider.waiting + 1,
            (size_t)world->provider.n_waiting * sizeof *world->provider.waiting);
    provider_answer(&world->provider, done, data);
}

void result_done(void *data, const struct client_answer *answer, const struct error *error)
{
    struct result *result = data;
    assert_false(result->world->within);
    assert_true(!answer != !error);
    result->calls++;
    result->ending = result->call;
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

void world_start(struct world *world, struct result *result, const char *body)
{
    struct client_request request = { .operation = "DescribeBatchInferenceJob",
                                      .body = body,
                                      .body_len = strlen(body),
                                      .deadline_ms = world->clock.monotonic_ms + TIMEOUT_MS,
                                      .max_body = 1 << 20 };
    *result = (struct result){ .world = world, .then = result->then, .other = result->other };
    bool within = world->within;
    world->within = true;
    assert_int_equal(client_start(world->client, &request, result_done, result, &result->call), 0);
    world->within = within;
    assert_int_equal(result->calls, 0);
}

void result_cancel(struct result *result)
{
    result->world->within = true;
    client_cancel(result->call);
    result->world->within = false;
    result->call = NULL;
}

void result_abandon(struct result *result)
{
    result->world->within = true;
    client_abandon(result->call);
    result->world->within = false;
}

void result_readopt(struct result *result)
{
    result->world->within = true;
    client_readopt(result->call);
    result->world->within = false;
}

const char *error_body(const char *name)
{
    static char body[200];
    (void)snprintf(body, sizeof body, "{\"__type\":\"%s\",\"message\":\"because\"}", name);
    return body;
}

void assert_signed(struct world *world, size_t i, const struct credentials *keys)
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

int64_t date_of(struct world *world, size_t i)
{
    int64_t ms;
    assert_int_equal(timestamp_from_amz(fake_http_sent(&world->http, i, "X-Amz-Date"), &ms), 0);
    return ms;
}

const char *const *date_header(struct world *world, int64_t off_ms)
{
    static char date[TIMESTAMP_HTTP_SIZE];
    static const char *headers[] = { "Date", date, NULL };
    timestamp_format_http(world->clock.wall_ms + off_ms, date);
    return headers;
}
