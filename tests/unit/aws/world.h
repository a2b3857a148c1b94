/* SPDX-License-Identifier: MIT */
/* world: what providers need of the world, in a test's hands: files, environment, clock, timers, HTTP, descriptors. */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "aws/credentials.h"
#include "aws/failure.h"
#include "aws/retry.h"
#include "base/timer.h"
#include "base/watch.h"
#include "fake_clock.h"
#include "fake_http.h"

#include <stdio.h>
#include <string.h>

struct world {
    struct fake_clock clock;
    struct fake_http http;
    struct timers timers;
    struct watches watches;
    int64_t skew_ms;
    struct config *config;
    struct credentials_settings settings;
};

static inline double world_half(void *data)
{
    (void)data;
    return 0.5;
}

static const struct random_source world_random = { world_half, NULL };

/* Around a configuration, which becomes its own; it must not move. */
static inline void world_init(struct world *world, struct config *config)
{
    memset(world, 0, sizeof *world);
    fake_clock_init(&world->clock);
    fake_http_init(&world->http);
    timers_init(&world->timers, &world->clock.clock);
    watches_init(&world->watches);
    world->config = config;
    world->settings = (struct credentials_settings){ .config = config,
                                                     .http = &world->http.http,
                                                     .timers = &world->timers,
                                                     .watches = &world->watches,
                                                     .clock = &world->clock.clock,
                                                     .random = &world_random,
                                                     .skew_ms = &world->skew_ms,
                                                     .region = "us-west-2",
                                                     .max_attempts = RETRY_ATTEMPTS,
                                                     .timeout_ms = 15000 };
}

static inline void world_release(struct world *world)
{
    fake_http_release(&world->http);
    config_free(world->config);
}

static inline void world_advance(struct world *world, int64_t ms)
{
    fake_clock_advance(&world->clock, ms);
    timers_run(&world->timers);
}

/* What a get() was told. */
struct answer {
    unsigned calls;
    bool found;
    char access_key_id[128];
    char secret_key[128];
    char session_token[4096];
    char account_id[32];
    char source[32];
    int64_t expires_ms;
    struct error error;
};

static inline void answer_keep(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from ? from : "-");
}

static inline void answer_done(void *data, const struct credentials *credentials, const struct error *error)
{
    struct answer *answer = data;
    answer->calls++;
    answer->found = credentials != NULL;
    if (error)
        answer->error = *error;
    if (!credentials)
        return;
    answer_keep(answer->access_key_id, sizeof answer->access_key_id, credentials->access_key_id);
    answer_keep(answer->secret_key, sizeof answer->secret_key, credentials->secret_key);
    answer_keep(answer->session_token, sizeof answer->session_token, credentials->session_token);
    answer_keep(answer->account_id, sizeof answer->account_id, credentials->account_id);
    answer_keep(answer->source, sizeof answer->source, credentials->source);
    answer->expires_ms = credentials->expires_ms;
}

#endif
