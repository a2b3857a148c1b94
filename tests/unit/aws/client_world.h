/* SPDX-License-Identifier: MIT */
/* client_world: a client over a fake transport, a fake provider, a clock that is moved by hand and a fixed random
 * source. */
#ifndef CLIENT_WORLD_H
#define CLIENT_WORLD_H

#include "aws/client.h"
#include "fake_clock.h"
#include "fake_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

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
    struct client_call *ending; /* during the call back */
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
    struct stats stats;
    struct client *client;
    bool within; /* a function of the client's that must not call back is running */
};

void world_init(struct world *world, int max_requests);
/* Fails the test if a timer, a transfer or a wait for keys is left behind. */
void world_release(struct world *world);
/* Moves the clock and runs the timers. */
void world_advance(struct world *world, int64_t ms);
/* Answers the oldest get() that waits. */
void world_give_keys(struct world *world);
/* A describe that has TIMEOUT_MS; `result` keeps its `then` and `other`. */
void world_start(struct world *world, struct result *result, const char *body);
void result_cancel(struct result *result);
void result_abandon(struct result *result);
void result_readopt(struct result *result);
/* An error answer of the service's; valid until the next. */
const char *error_body(const char *name);
/* What request `i` was signed with is what it carries, and every header but Authorization is signed. */
void assert_signed(struct world *world, size_t i, const struct credentials *keys);
/* The X-Amz-Date of request `i`. */
int64_t date_of(struct world *world, size_t i);
/* A Date that far from the wall clock, for fake_http_answer(). */
const char *const *date_header(struct world *world, int64_t off_ms);
void result_done(void *data, const struct client_answer *answer, const struct error *error);

#define assert_result_failed(result, name, errno_)        \
    do {                                                  \
        assert_int_equal((result)->calls, 1);             \
        assert_false((result)->answered);                 \
        assert_string_equal((result)->error.code, name);  \
        assert_int_equal((result)->error.number, errno_); \
    } while (0)

#define assert_result_answered(result)             \
    do {                                           \
        assert_int_equal((result)->calls, 1);      \
        assert_true((result)->answered);           \
        assert_string_equal((result)->body, GOOD); \
    } while (0)

#endif
