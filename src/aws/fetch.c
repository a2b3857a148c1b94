/* SPDX-License-Identifier: MIT */
#include "aws/fetch.h"

#include "aws/failure.h"
#include "base/log.h"

#include <errno.h>

static void on_again(void *data);

void fetch_init(struct fetch *fetch, const struct credentials_settings *settings)
{
    *fetch = (struct fetch){ .settings = settings };
    retry_quota_init(&fetch->quota);
    timer_init(&fetch->again, on_again, fetch);
}

static void on_response(void *data, const struct http_response *response, const struct error *error)
{
    struct fetch *fetch = data;
    struct error failed = { 0 };
    int64_t delay_ms = -1;
    fetch->transfer = NULL;
    if (!response)
        failed = *error;
    else if (response->status >= 400)
        (void)failure_from_response(response, &failed);
    if (failed.number)
        delay_ms =
            retry_delay_ms(&fetch->retry, &fetch->quota, fetch->settings->random, &failed, -1, fetch->attempts_max);
    else
        retry_succeeded(&fetch->retry, &fetch->quota);
    if (delay_ms < 0) {
        fetch->done(fetch->data, response, error);
        return;
    }
    log_debug("%s: %s: %s; again in %lld ms", fetch->request.url, failed.code, failed.message, (long long)delay_ms);
    timer_start(fetch->settings->timers, &fetch->again, delay_ms);
}

static int send_request(struct fetch *fetch)
{
    struct http *http = fetch->settings->http;
    return http->start(http, &fetch->request, on_response, fetch, &fetch->transfer);
}

static void on_again(void *data)
{
    struct fetch *fetch = data;
    struct error error;
    if (!send_request(fetch))
        return;
    (void)failure_set(&error, FAILURE_MEMORY, "no memory for a request");
    fetch->done(fetch->data, NULL, &error);
}

int fetch_start(struct fetch *fetch, const struct http_request *request, int attempts_max, http_done_fn *done,
                void *data)
{
    fetch->request = *request;
    fetch->attempts_max = attempts_max;
    fetch->retry = (struct retry_state){ 0 };
    fetch->done = done;
    fetch->data = data;
    return send_request(fetch);
}

void fetch_cancel(struct fetch *fetch)
{
    timer_stop(&fetch->again);
    if (fetch->transfer)
        fetch->settings->http->cancel(fetch->settings->http, fetch->transfer);
    fetch->transfer = NULL;
}
