/* SPDX-License-Identifier: MIT */
#include "aws/client.h"

#include "aws/budget.h"
#include "aws/failure.h"
#include "aws/outage.h"
#include "aws/request.h"
#include "aws/response.h"
#include "base/cleanup.h"
#include "base/list.h"
#include "base/log.h"
#include "codec/sigv4.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TARGET_SIZE = 128 };

/* A call holds a place in CREDENTIALS and SENDING. */
enum call_state { CALL_QUEUED, CALL_CREDENTIALS, CALL_SENDING, CALL_BACKOFF, CALL_ENDING, CALL_ENDED };

struct client {
    struct client_settings settings;
    struct list calls;    /* all of them, oldest first */
    struct budget budget; /* whose turn it is, of those in CALL_QUEUED */
    struct timer turn;    /* the next one's, when only time keeps it waiting */
    struct retry_quota quota;
    int64_t own_skew_ms;
    int64_t *skew_ms; /* the service's clock less ours */
    struct outage outage;
    bool ending;
};

struct client_call {
    struct list node;
    struct budget_claim claim;
    struct client *client;
    enum call_state state;
    client_done_fn *done;
    void *data;

    char target[TARGET_SIZE];
    char *body;
    size_t body_len;
    size_t max_body;
    int64_t deadline_ms;
    int64_t started_ms;

    struct timer deadline;
    struct timer next; /* the end of the delay in BACKOFF, or of the call in ENDING */
    struct retry_state retry;
    struct outage_call outage;
    struct error error; /* of the last attempt; number 0: none has failed yet */
    struct http_transfer *transfer;
    int64_t sent_ms;
    int64_t sent_wall_ms;
    char *account_id;
    char keys[SIGV4_SHA256_HEX_SIZE]; /* which ones signed the last attempt: a hash */
    struct stats_operation *counted;  /* NULL: nobody counts */
    bool sent_before;                 /* what is sent next is a retry */

    int64_t skew_ms; /* what this call signs with, once `skew_tried` */
    bool skew_tried;
    bool keys_tried;
    bool keys_must_differ; /* the next get() follows a rejection */
    bool silent;           /* the last attempt was sent and has got no answer */
    bool abandoned;
};

static void client_pump(struct client *client);
static int64_t client_now_ms(const struct client *client) { return clock_monotonic_ms(client->settings.clock); }

static bool call_has_place(const struct client_call *call)
{
    return call->state == CALL_CREDENTIALS || call->state == CALL_SENDING;
}

/* The attempt that was sent has ended. */
static void call_count(struct client_call *call, enum stats_outcome outcome)
{
    if (call->counted)
        stats_ended(call->client->settings.stats, call->counted, outcome, call->sent_ms, client_now_ms(call->client));
}

static void call_cancel_transfer(struct client_call *call, enum stats_outcome outcome)
{
    if (!call->transfer)
        return;
    call->client->settings.http->cancel(call->client->settings.http, call->transfer);
    call->transfer = NULL;
    call_count(call, outcome);
}

/* Into another state: what belonged to the old one is given up. */
static void call_enter(struct client_call *call, enum call_state state)
{
    struct client *client = call->client;
    if (call->state == CALL_CREDENTIALS && state != CALL_SENDING)
        client->settings.credentials->cancel(client->settings.credentials, call);
    call_cancel_transfer(call, STATS_CANCELLED);
    timer_stop(&call->next);
    if ((call->state == CALL_BACKOFF || call->state == CALL_QUEUED) && state >= CALL_ENDING)
        retry_not_made(&call->retry, &client->quota);
    call->state = state;
    if (!call_has_place(call))
        budget_leave(&client->budget, &call->claim);
}

static void call_free(struct client_call *call)
{
    timer_stop(&call->deadline);
    timer_stop(&call->next);
    list_remove(&call->node);
    free(call->account_id);
    if (call->client->settings.secret)
        explicit_bzero(call->body, call->body_len);
    free(call->body);
    free(call);
}

static void call_refuse(struct client_call *call);

/* Somebody is there, whatever was said. */
static void client_note_answer(struct client *client)
{
    int64_t lasted_ms = outage_answered(&client->outage);
    if (lasted_ms >= 0)
        log_info("%s answers again, after %lld s", client->settings.endpoint.host, (long long)(lasted_ms / 1000));
}

/* No reader waits for it. */
static bool call_is_unwanted(const struct client_call *call) { return call->abandoned || call->claim.ahead; }

/* A call ends with its error: is it the network? One that nobody waited for was not given its time and proves nothing,
 * nor does one that was never sent. */
static void client_note_failure(struct client *client, struct client_call *failed)
{
    const struct error error = failed->error;
    if (error.repeats || !failed->silent || call_is_unwanted(failed) || client->ending)
        return;
    bool begins = outage_unanswered(&client->outage, &failed->outage, &error);
    failed->error.repeats = !begins && outage_lasts(&client->outage);
    if (!begins)
        return;
    log_warning("%s does not answer (%s: %s): readers fail at once until it does, and now and then one is let through",
                client->settings.endpoint.host, error.code, error.message);
    list_each (node, after, &client->calls) {
        struct client_call *call = list_item(node, struct client_call, node);
        if (call != failed && call->state < CALL_ENDING && call->state != CALL_SENDING)
            call_refuse(call);
    }
}

/* Too many requests, says the service. */
static void client_note_throttle(struct client *client, const struct client_call *call)
{
    bool news = !budget_rate(&client->budget);
    if (!budget_throttled(&client->budget, &call->claim))
        return;
    if (client->settings.stats)
        client->settings.stats->halvings++;
    if (news)
        log_info("%s throttles (%s): %d requests a second for now, at most %d at once", client->settings.endpoint.host,
                 call->error.code, budget_rate(&client->budget), budget_places(&client->budget));
}

/* Ends it, now. Only from the timers and from http's call back; the caller's call back comes last. */
static void call_end(struct client_call *call, const struct client_answer *answer)
{
    if (!answer)
        client_note_failure(call->client, call);
    outage_leave(&call->client->outage, &call->outage);
    call_enter(call, CALL_ENDED);
    timer_stop(&call->deadline);
    client_pump(call->client);
    call->done(call->data, answer, answer ? NULL : &call->error);
    call_free(call);
}

/* Ends it with call->error from the timers. */
static void call_end_soon(struct client_call *call)
{
    call_enter(call, CALL_ENDING);
    timer_start(call->client->settings.timers, &call->next, 0);
}

static void call_give_up(struct client_call *call)
{
    (void)failure_set(&call->error, FAILURE_ENDING, "nobody waits for it any more");
    call_end_soon(call);
}

static void call_queue(struct client_call *call)
{
    call_enter(call, CALL_QUEUED);
    budget_wait(&call->client->budget, &call->claim);
}

/* Ends it with what is known of the network. */
static void call_refuse(struct client_call *call)
{
    call->error = call->client->outage.error;
    call_end_soon(call);
}

static void call_set_deadline_error(struct client_call *call)
{
    static const char *const waiting_for[] = { [CALL_QUEUED] = "other requests",
                                               [CALL_CREDENTIALS] = "credentials",
                                               [CALL_SENDING] = "an answer",
                                               [CALL_BACKOFF] = "its turn to try again" };
    struct error last = call->error;
    const char *what = waiting_for[call->state];
    long long waited_ms = client_now_ms(call->client) - call->started_ms;
    if (last.number)
        (void)failure_set(&call->error, FAILURE_DEADLINE, "waited %lld ms, at last for %s; the last attempt: %s: %s",
                          waited_ms, what, last.code, last.message);
    else
        (void)failure_set(&call->error, FAILURE_DEADLINE, "waited %lld ms, at last for %s", waited_ms, what);
    call->error.http_status = last.http_status;
    memcpy(call->error.request_id, last.request_id, sizeof last.request_id);
}

static void on_deadline(void *data)
{
    struct client_call *call = data;
    call_cancel_transfer(call, STATS_UNANSWERED);
    if (call->state != CALL_ENDING)
        call_set_deadline_error(call);
    call_end(call, NULL);
}

static void on_next(void *data)
{
    struct client_call *call = data;
    if (call->state == CALL_ENDING) {
        call_end(call, NULL);
    } else {
        call_queue(call);
        client_pump(call->client);
    }
}

static void on_response(void *data, const struct http_response *response, const struct error *error);

/* Signs, where there are keys, and begins the attempt. 0 or -errno. */
static int call_request(struct client_call *call, const struct credentials *credentials, int64_t left_ms)
{
    const struct client_settings *settings = &call->client->settings;
    const struct request to_sign = { .endpoint = &settings->endpoint,
                                     .service = settings->service,
                                     .target = settings->target ? call->target : NULL,
                                     .credentials = credentials,
                                     .time_ms = call->sent_wall_ms +
                                                (call->skew_tried ? call->skew_ms : *call->client->skew_ms),
                                     .body = call->body,
                                     .body_len = call->body_len };
    struct request_headers headers;
    int error = request_sign(&to_sign, &headers);
    if (error)
        return error;
    const struct http_request request = {
        .method = "POST",
        .url = settings->endpoint.url,
        .headers = headers.headers,
        .n_headers = headers.n_headers,
        .body = call->body,
        .body_len = call->body_len,
        .timeout_ms = left_ms < CLIENT_ATTEMPT_TIMEOUT_MS ? left_ms : CLIENT_ATTEMPT_TIMEOUT_MS,
        .connect_timeout_ms = left_ms < CLIENT_CONNECT_TIMEOUT_MS ? left_ms : CLIENT_CONNECT_TIMEOUT_MS,
        .max_body = call->max_body,
        .secret = settings->secret,
    };
    error = settings->http->start(settings->http, &request, on_response, call, &call->transfer);
    call->silent = !error;
    if (!error && settings->stats)
        stats_sent(settings->stats, call->sent_before, call->claim.ahead);
    call->sent_before |= !error;
    request_headers_release(&headers);
    return error;
}

/* Notes what this attempt signs with, and whether it is something else than before. */
static int call_note_keys(struct client_call *call, const struct credentials *credentials, bool *ret_differ)
{
    char keys[SIGV4_SHA256_HEX_SIZE] = "";
    int error = credentials->access_key_id ? request_hash_keys(credentials, keys) : 0;
    if (error)
        return error;
    *ret_differ = strcmp(keys, call->keys) != 0;
    memcpy(call->keys, keys, sizeof keys);
    if (call->counted)
        call->client->settings.stats->credentials_expire_ms =
            credentials->expires_ms ? credentials->expires_ms - *call->client->skew_ms : 0;
    free(call->account_id);
    call->account_id = credentials->account_id ? strdup(credentials->account_id) : NULL;
    return credentials->account_id && !call->account_id ? -ENOMEM : 0;
}

/* May come from within get(), so from within client_start(): no call back from here. */
static void on_credentials(void *data, const struct credentials *credentials, const struct error *error)
{
    struct client_call *call = data;
    bool must_differ = call->keys_must_differ, differ = true;
    call->keys_must_differ = false;
    call_enter(call, CALL_SENDING); /* get() has ended: there is nothing to cancel */
    if (!credentials) {
        call->error = *error;
        call_end_soon(call);
        return;
    }
    int result = call_note_keys(call, credentials, &differ);
    if (!result && must_differ && !differ) {
        call_end_soon(call); /* with the rejection */
        return;
    }
    call->sent_ms = client_now_ms(call->client);
    call->sent_wall_ms = clock_wall_ms(call->client->settings.clock);
    int64_t left_ms = call->deadline_ms - call->sent_ms;
    if (left_ms <= 0)
        return; /* on_deadline is due */
    if (!result)
        result = call_request(call, credentials, left_ms);
    if (!result)
        return;
    if (result == -ENOMEM)
        (void)failure_set(&call->error, FAILURE_MEMORY, "no memory for a request");
    else
        (void)failure_set(&call->error, FAILURE_NO_CREDENTIALS, "the keys from %s cannot be signed with: %s",
                          credentials->source ? credentials->source : "the provider", strerror(-result));
    call_end_soon(call);
}

static void call_get_credentials(struct client_call *call)
{
    struct credentials_provider *credentials = call->client->settings.credentials;
    static const struct credentials none = { .source = "nowhere" };
    call_enter(call, CALL_CREDENTIALS);
    if (credentials)
        credentials->get(credentials, on_credentials, call);
    else
        on_credentials(call, &none, NULL);
}

/* Another attempt of the same call, in its place. */
static void call_again(struct client_call *call, const char *why)
{
    log_debug("%s: %s: %s; again at once, %s", call->target, call->error.code, call->error.message, why);
    call_get_credentials(call);
}

/* After an attempt that failed with call->error: another one, or the end. `response` NULL: no answer. */
static void call_failed(struct client_call *call, const struct http_response *response)
{
    struct client *client = call->client;
    const struct failure *failure = failure_find(call->error.code, call->error.http_status);
    int64_t skew_ms;
    bool refused = !response && outage_lasts(&client->outage) && !outage_is_probe(&client->outage, &call->outage);
    if (response && (failure->traits & FAILURE_THROTTLE))
        client_note_throttle(client, call);
    if (call_is_unwanted(call) || client->ending || refused) {
        call_end(call, NULL);
        return;
    }
    if (response && !call->skew_tried &&
        response_shows_skew(response, failure->traits, clock_wall_ms(client->settings.clock), *client->skew_ms,
                            &skew_ms)) {
        call->skew_tried = true;
        call->skew_ms = skew_ms;
        call_again(call, "on the service's clock");
        return;
    }
    if (client->settings.credentials && !call->keys_tried &&
        (failure->number == EKEYEXPIRED || failure->number == EKEYREJECTED)) {
        call->keys_tried = call->keys_must_differ = true;
        client->settings.credentials->forget(client->settings.credentials);
        call_again(call, "if there are other keys");
        return;
    }
    int64_t delay_ms = retry_delay_ms(&call->retry, &client->quota, client->settings.random, &call->error,
                                      response_retry_after_ms(response), client->settings.max_attempts);
    int64_t left_ms = call->deadline_ms - client_now_ms(client);
    if (delay_ms >= 0 && delay_ms >= left_ms) { /* nothing would come of it */
        retry_not_made(&call->retry, &client->quota);
        delay_ms = -1;
        if (left_ms <= 0)
            call_set_deadline_error(call);
    }
    if (delay_ms < 0) {
        call_end(call, NULL);
        return;
    }
    log_debug("%s: %s: %s; again in %lld ms", call->target, call->error.code, call->error.message, (long long)delay_ms);
    call_enter(call, CALL_BACKOFF);
    timer_start(client->settings.timers, &call->next, delay_ms);
    client_pump(client);
}

static void on_response(void *data, const struct http_response *response, const struct error *error)
{
    struct client_call *call = data;
    struct client *client = call->client;
    call->transfer = NULL;
    call->silent = !response && failure_is_unanswered(error);
    if (response || error->number == EBADMSG || error->number == EACCES) /* a cut connection says nothing */
        client_note_answer(client);
    bool good = response && response->status == 200;
    if (!response)
        call->error = *error;
    else if (!good)
        (void)failure_from_response(response, &call->error);
    call_count(call, good ? STATS_OK : stats_outcome_of(&call->error));
    if (!response) {
        call_failed(call, NULL);
        return;
    }
    if (call->skew_tried &&
        (good || !(failure_find(call->error.code, response->status)->traits & (FAILURE_SKEW | FAILURE_SIGNATURE)))) {
        if (llabs(*client->skew_ms - call->skew_ms) >= 2000) /* a Date has whole seconds */
            log_warning("requests are signed on the service's clock, %+lld s from this host's",
                        (long long)(call->skew_ms / 1000));
        *client->skew_ms = call->skew_ms; /* only an offset that has worked is kept */
    }
    if (!good) {
        call_failed(call, response);
        return;
    }
    retry_succeeded(&call->retry, &client->quota);
    const char *id = response->header(response, "x-amzn-RequestId");
    struct client_answer answer = { .body = buf_str(response->body),
                                    .body_len = response->body->len,
                                    .sent_ms = call->sent_ms,
                                    .sent_wall_ms = call->sent_wall_ms,
                                    .request_id = id ? id : "",
                                    .account_id = call->account_id };
    call_end(call, &answer);
}

/* The oldest that is being sent for nobody. */
static struct client_call *client_find_abandoned(struct client *client)
{
    list_each (node, after, &client->calls) {
        struct client_call *call = list_item(node, struct client_call, node);
        if (call->abandoned && call->state == CALL_SENDING)
            return call;
    }
    return NULL;
}

/* Sends those whose turn it is. Calls nobody back. */
static void client_pump(struct client *client)
{
    struct budget_claim *claim;
    struct client_call *abandoned;
    if (client->ending)
        return;
    while ((claim = budget_in_vain(&client->budget)))
        call_give_up(list_item(claim, struct client_call, claim));
    do {
        /* One that fails within gives its place back, and the loop goes on. */
        while ((claim = budget_next(&client->budget)))
            call_get_credentials(list_item(claim, struct client_call, claim));
        abandoned = budget_lacks_place(&client->budget) ? client_find_abandoned(client) : NULL;
        if (abandoned)
            call_give_up(abandoned);
    } while (abandoned);
    int64_t wait_ms = budget_wait_ms(&client->budget);
    if (wait_ms >= 0)
        timer_start(client->settings.timers, &client->turn, wait_ms);
    else
        timer_stop(&client->turn);
}

static void on_turn(void *data) { client_pump(data); }

int client_new(const struct client_settings *settings, struct client **ret_client)
{
    struct client *client = calloc(1, sizeof *client);
    if (!client)
        return -ENOMEM;
    client->settings = *settings;
    client->skew_ms = settings->skew_ms ? settings->skew_ms : &client->own_skew_ms;
    list_init(&client->calls);
    budget_init(&client->budget, settings->max_requests, settings->clock);
    timer_init(&client->turn, on_turn, client);
    retry_quota_init(&client->quota);
    outage_init(&client->outage, settings->clock);
    *ret_client = client;
    return 0;
}

void client_free(struct client *client)
{
    if (!client)
        return;
    client->ending = true;
    timer_stop(&client->turn);
    while (!list_empty(&client->calls)) { /* a call back may cancel others */
        struct client_call *call = list_item(client->calls.next, struct client_call, node);
        (void)failure_set(&call->error, FAILURE_ENDING, "the mount is ending");
        call_end(call, NULL);
    }
    free(client);
}

void client_let_through(struct client *client) { outage_let_through(&client->outage); }
void client_flush(struct client *client) { client->settings.http->flush(client->settings.http); }

/* Into the queue, or to an end where nobody answers. A call ahead is never the one that finds out. */
static void call_begin(struct client_call *call)
{
    struct outage *outage = &call->client->outage;
    if (call->claim.ahead ? !outage_lasts(outage) : outage_admits(outage, &call->outage)) {
        call_queue(call);
        client_pump(call->client);
    } else
        call_refuse(call);
}

int client_start(struct client *client, const struct client_request *request, client_done_fn *done, void *data,
                 struct client_call **ret_call)
{
    if (client->ending)
        return -ESHUTDOWN;
    struct client_call *call = calloc(1, sizeof *call);
    if (!call)
        return -ENOMEM;
    call->body = malloc(request->body_len + 1);
    int len = client->settings.target
                  ? snprintf(call->target, sizeof call->target, "%s.%s", client->settings.target, request->operation)
                  : snprintf(call->target, sizeof call->target, "%s", request->operation);
    if (!call->body || len < 0 || (size_t)len >= sizeof call->target) {
        free(call->body);
        free(call);
        return -ENOMEM;
    }
    if (request->body_len)
        memcpy(call->body, request->body, request->body_len);
    call->body[request->body_len] = 0;
    call->body_len = request->body_len;
    call->max_body = request->max_body;
    call->client = client;
    call->counted = client->settings.stats ? stats_operation(client->settings.stats, request->operation) : NULL;
    call->done = done;
    call->data = data;
    call->started_ms = client_now_ms(client);
    call->deadline_ms = request->deadline_ms;
    budget_begin(&client->budget, &call->claim, request->ahead);
    timer_init(&call->deadline, on_deadline, call);
    timer_init(&call->next, on_next, call);
    list_insert(&client->calls, &call->node);
    timer_start(client->settings.timers, &call->deadline, call->deadline_ms - call->started_ms);
    outage_begin(&client->outage, &call->outage);
    *ret_call = call;
    call_begin(call);
    return 0;
}

void client_cancel(struct client_call *call)
{
    struct client *client = call->client;
    if (call->state == CALL_ENDED) /* from its own call back: it is going anyway */
        return;
    outage_leave(&client->outage, &call->outage);
    call_enter(call, CALL_ENDED);
    call_free(call);
    client_pump(client);
}

void client_abandon(struct client_call *call)
{
    if (call->abandoned || call->state == CALL_ENDED)
        return;
    call->abandoned = true;
    outage_leave(&call->client->outage, &call->outage); /* the next reader finds out */
    if (call->state != CALL_SENDING && call->state != CALL_ENDING)
        call_give_up(call);
    client_pump(call->client);
}

void client_readopt(struct client_call *call)
{
    struct client *client = call->client;
    if (!call_is_unwanted(call) || call->state == CALL_ENDED)
        return;
    if (call->claim.ahead)
        budget_promote(&client->budget, &call->claim);
    call->abandoned = false;
    if (call->state == CALL_ENDING && (call->error.repeats || strcmp(call->error.code, FAILURE_ENDING) == 0)) {
        call->error = (struct error){ 0 };
        call->keys_must_differ = false;
        call_begin(call);
        return;
    }
    if (call->state == CALL_SENDING)
        (void)outage_admits(&client->outage, &call->outage); /* it finds out, if nobody else does */
    client_pump(client);
}
