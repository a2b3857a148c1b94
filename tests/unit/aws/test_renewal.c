/* SPDX-License-Identifier: MIT */
#include "aws/renewal.h"

#include "shared_files.h"
#include "world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

/* A source that answers when the test says so. */
struct fake_source {
    struct credentials_provider provider;
    credentials_done_fn *done; /* NULL: nobody asks */
    void *data;
    unsigned gets, cancels, forgets, frees;
    bool at_once; /* answers within get(), with keys for `life_ms` */
    int64_t life_ms;
    struct world *world;
};

static void source_give(struct fake_source *source, const char *id, int64_t expires_ms)
{
    struct credentials credentials = { .expires_ms = expires_ms, .source = "fake" };
    credentials_done_fn *done = source->done;
    assert_non_null(done);
    source->done = NULL;
    assert_int_equal(credentials_set(&credentials.access_key_id, id), 0);
    assert_int_equal(credentials_set(&credentials.secret_key, "secret"), 0);
    done(source->data, &credentials, NULL);
    credentials_release(&credentials);
}

static void source_fail(struct fake_source *source, const char *code)
{
    struct error error;
    credentials_done_fn *done = source->done;
    assert_non_null(done);
    source->done = NULL;
    (void)failure_set(&error, code, "told to fail");
    done(source->data, NULL, &error);
}

static void source_get(struct credentials_provider *self, credentials_done_fn *done, void *data)
{
    struct fake_source *source = (struct fake_source *)(void *)self;
    assert_null(source->done); /* single flight */
    source->gets++;
    source->done = done;
    source->data = data;
    if (source->at_once)
        source_give(source, "ATONCE", source->world->clock.wall_ms + source->life_ms);
}

static void source_cancel(struct credentials_provider *self, void *data)
{
    struct fake_source *source = (struct fake_source *)(void *)self;
    assert_ptr_equal(source->data, data);
    source->done = NULL;
    source->cancels++;
}

static void source_forget(struct credentials_provider *self) { ((struct fake_source *)(void *)self)->forgets++; }
static void source_free(struct credentials_provider *self) { ((struct fake_source *)(void *)self)->frees++; }

struct fixture {
    struct world world;
    struct fake_source source;
    struct credentials_provider *renewal;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    world_init(&fixture->world, NULL);
    fixture->source.provider = (struct credentials_provider){
        .get = source_get, .cancel = source_cancel, .forget = source_forget, .free = source_free
    };
    fixture->source.world = &fixture->world;
    *state = fixture;
    return renewal_new(&fixture->world.settings, &fixture->source.provider, "a fake", 12000, &fixture->renewal);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    fixture->renewal->free(fixture->renewal);
    assert_int_equal(fixture->source.frees, 1);
    world_release(&fixture->world);
    free(fixture);
    return 0;
}

static int64_t wall(const struct fixture *fixture) { return fixture->world.clock.wall_ms + fixture->world.skew_ms; }

static struct answer get(struct fixture *fixture)
{
    struct answer answer = { 0 };
    fixture->renewal->get(fixture->renewal, answer_done, &answer);
    fixture->renewal->cancel(fixture->renewal, &answer);
    return answer;
}

/* Answered at once, with these. */
static void holds(struct fixture *fixture, const char *id)
{
    struct answer answer = get(fixture);
    assert_int_equal(answer.calls, 1);
    assert_true(answer.found);
    assert_string_equal(answer.access_key_id, id);
}

static void waits(struct fixture *fixture) { assert_int_equal(get(fixture).calls, 0); }

static void load(struct fixture *fixture, const char *id, int64_t life_ms)
{
    waits(fixture);
    source_give(&fixture->source, id, life_ms ? wall(fixture) + life_ms : 0);
}

static void test_single_flight(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer[3] = { 0 };
    for (int i = 0; i < 3; i++)
        fixture->renewal->get(fixture->renewal, answer_done, &answer[i]);
    fixture->renewal->cancel(fixture->renewal, &answer[1]);
    assert_int_equal(fixture->source.gets, 1);
    assert_false(renewal_is_idle(fixture->renewal));
    source_give(&fixture->source, "ONE", wall(fixture) + HOUR);
    assert_true(renewal_is_idle(fixture->renewal));
    assert_int_equal(answer[0].calls, 1);
    assert_int_equal(answer[1].calls, 0);
    assert_int_equal(answer[2].calls, 1);
    assert_string_equal(answer[2].access_key_id, "ONE");
    assert_string_equal(answer[2].source, "fake");
    holds(fixture, "ONE");
    assert_int_equal(fixture->source.gets, 1);
}

/* When the load begins, and when it is waited for, by the life of the credentials. */
static void test_windows(void **state)
{
    static const struct {
        int64_t life_ms, advisory_ms, mandatory_ms;
    } cases[] = { { MINUTE, 15 * SECOND, 7500 },
                  { HOUR, 15 * MINUTE, 450 * SECOND },
                  { 12 * HOUR, 15 * MINUTE, 10 * MINUTE } };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned gets = fixture->source.gets + 1;
        load(fixture, "OLD", cases[i].life_ms);
        world_advance(&fixture->world, cases[i].life_ms - cases[i].advisory_ms - 1);
        holds(fixture, "OLD");
        assert_int_equal(fixture->source.gets, gets);
        world_advance(&fixture->world, 1);
        assert_int_equal(fixture->source.gets, gets); /* nobody asks, nothing is asked */
        holds(fixture, "OLD");
        assert_int_equal(fixture->source.gets, gets + 1);
        holds(fixture, "OLD"); /* in the background */
        source_fail(&fixture->source, FAILURE_RESET);
        world_advance(&fixture->world, cases[i].advisory_ms - cases[i].mandatory_ms);
        waits(fixture);
        assert_int_equal(fixture->source.gets, gets + 2);
        source_give(&fixture->source, "NEW", wall(fixture) + HOUR);
        holds(fixture, "NEW");
        world_advance(&fixture->world, 2 * HOUR);
    }
}

static void test_a_failed_renewal_is_tried_again_and_the_old_ones_serve(void **state)
{
    struct fixture *fixture = *state;
    load(fixture, "OLD", HOUR);
    world_advance(&fixture->world, HOUR - 15 * MINUTE);
    holds(fixture, "OLD");
    source_fail(&fixture->source, FAILURE_REFUSED);
    holds(fixture, "OLD");
    assert_int_equal(fixture->source.gets, 2); /* not at once */
    world_advance(&fixture->world, MINUTE);
    holds(fixture, "OLD");
    assert_int_equal(fixture->source.gets, 3);
    source_fail(&fixture->source, FAILURE_REFUSED);

    world_advance(&fixture->world, 13 * MINUTE); /* a minute is left: it is waited for */
    struct answer answer = { 0 };
    fixture->renewal->get(fixture->renewal, answer_done, &answer);
    assert_int_equal(answer.calls, 0);
    source_fail(&fixture->source, FAILURE_REFUSED);
    assert_true(answer.found); /* they are good yet */
    holds(fixture, "OLD");

    world_advance(&fixture->world, MINUTE); /* not any more */
    answer = (struct answer){ 0 };
    fixture->renewal->get(fixture->renewal, answer_done, &answer);
    source_fail(&fixture->source, FAILURE_REFUSED);
    assert_false(answer.found);
    assert_int_equal(answer.error.number, ECONNREFUSED);
}

static void test_a_failure_is_repeated_for_a_second(void **state)
{
    struct fixture *fixture = *state;
    waits(fixture);
    source_fail(&fixture->source, FAILURE_SSO_EXPIRED);
    struct answer answer = get(fixture);
    assert_int_equal(answer.calls, 1);
    assert_int_equal(answer.error.number, EKEYEXPIRED);
    assert_string_equal(answer.error.code, FAILURE_SSO_EXPIRED);
    assert_int_equal(fixture->source.gets, 1);
    world_advance(&fixture->world, SECOND);
    load(fixture, "ONE", HOUR);
    holds(fixture, "ONE");
}

static void test_no_end_counts_from_when_they_came(void **state)
{
    struct fixture *fixture = *state;
    load(fixture, "ENDLESS", 0);
    world_advance(&fixture->world, 11 * MINUTE);
    holds(fixture, "ENDLESS");
    assert_int_equal(fixture->source.gets, 1);
    world_advance(&fixture->world, MINUTE);
    holds(fixture, "ENDLESS");
    assert_int_equal(fixture->source.gets, 2);
    source_fail(&fixture->source, FAILURE_PROCESS);
    world_advance(&fixture->world, 24 * HOUR); /* they have not ended */
    struct answer answer = { 0 };
    fixture->renewal->get(fixture->renewal, answer_done, &answer);
    source_fail(&fixture->source, FAILURE_PROCESS);
    assert_true(answer.found);
    holds(fixture, "ENDLESS");
}

static void test_rejected_ones_are_asked_for_anew_once(void **state)
{
    struct fixture *fixture = *state;
    load(fixture, "OLD", HOUR);
    world_advance(&fixture->world, MINUTE);
    fixture->renewal->forget(fixture->renewal);
    fixture->renewal->forget(fixture->renewal);
    assert_int_equal(fixture->source.forgets, 1);
    waits(fixture);
    source_give(&fixture->source, "NEW", wall(fixture) + HOUR);
    fixture->renewal->forget(fixture->renewal); /* somebody whose request was signed with the old ones */
    holds(fixture, "NEW");
    assert_int_equal(fixture->source.gets, 2);

    world_advance(&fixture->world, MINUTE); /* rejected, and no others: they do not serve */
    fixture->renewal->forget(fixture->renewal);
    struct answer answer = { 0 };
    fixture->renewal->get(fixture->renewal, answer_done, &answer);
    source_fail(&fixture->source, FAILURE_RESET);
    assert_false(answer.found);
}

static void test_a_source_that_hangs(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer = { 0 };
    fixture->renewal->get(fixture->renewal, answer_done, &answer);
    world_advance(&fixture->world, 11999);
    assert_int_equal(answer.calls, 0);
    world_advance(&fixture->world, 1);
    assert_int_equal(answer.calls, 1);
    assert_int_equal(answer.error.number, ETIMEDOUT);
    assert_string_equal(answer.error.code, FAILURE_SOURCE_TIMEOUT);
    assert_string_equal(answer.error.message, "nothing came from a fake within 12000 ms");
    assert_int_equal(fixture->source.cancels, 1);
    world_advance(&fixture->world, 12 * SECOND - 1); /* as long as it took, nobody waits again */
    answer = get(fixture);
    assert_string_equal(answer.error.code, FAILURE_SOURCE_TIMEOUT);
    assert_int_equal(fixture->source.gets, 1);
    world_advance(&fixture->world, 1);
    load(fixture, "ONE", HOUR);
    world_advance(&fixture->world, MINUTE);
    holds(fixture, "ONE");
}

/* Our clock is an hour ahead: what comes fresh looks ended. And an hour behind. */
static void test_a_wrong_clock(void **state)
{
    struct fixture *fixture = *state;
    load(fixture, "ONE", 15 * MINUTE - HOUR);
    holds(fixture, "ONE");
    assert_int_equal(fixture->source.gets, 1);
    fixture->world.skew_ms = -HOUR; /* an answer has shown it */
    holds(fixture, "ONE");
    world_advance(&fixture->world, 11 * MINUTE);
    holds(fixture, "ONE");
    assert_int_equal(fixture->source.gets, 1);
    world_advance(&fixture->world, MINUTE);
    holds(fixture, "ONE");
    assert_int_equal(fixture->source.gets, 2); /* a quarter of its true life is left */
    source_give(&fixture->source, "TWO", wall(fixture) + 15 * MINUTE);
    holds(fixture, "TWO");

    world_advance(&fixture->world, 2 * HOUR);
    fixture->world.skew_ms = 0; /* the other way: what looks good for an hour and more is not */
    load(fixture, "THREE", HOUR + 15 * MINUTE);
    world_advance(&fixture->world, 11 * MINUTE);
    holds(fixture, "THREE");
    fixture->world.skew_ms = HOUR;
    holds(fixture, "THREE");
    assert_int_equal(fixture->source.gets, 3);
    world_advance(&fixture->world, MINUTE);
    holds(fixture, "THREE");
    assert_int_equal(fixture->source.gets, 4);
}

/* Dead for whatever clock: a minute, then others are asked for. */
static void test_dead_on_arrival(void **state)
{
    struct fixture *fixture = *state;
    load(fixture, "DEAD", -MINUTE);
    world_advance(&fixture->world, MINUTE - 1);
    holds(fixture, "DEAD");
    world_advance(&fixture->world, 1);
    waits(fixture);
    assert_int_equal(fixture->source.gets, 2);
}

/* A reader each second: no wait but the first, and under one renewal in half a minute. */
static void test_short_lives(void **state)
{
    struct fixture *fixture = *state;
    fixture->source.at_once = true;
    fixture->source.life_ms = MINUTE;
    for (int second = 0; second < 600; second++) {
        holds(fixture, "ATONCE");
        world_advance(&fixture->world, SECOND);
    }
    assert_in_range(fixture->source.gets, 600 / 60, 600 / 30);
}

struct nested {
    struct fixture *fixture;
    struct answer *other;
    struct answer again;
    unsigned calls;
};

/* Whoever is told asks again, forgets, and cancels another. */
static void nested_done(void *data, const struct credentials *credentials, const struct error *error)
{
    struct nested *nested = data;
    struct credentials_provider *renewal = nested->fixture->renewal;
    nested->calls++;
    assert_null(error);
    renewal->cancel(renewal, nested->other);
    world_advance(&nested->fixture->world, 2 * SECOND);
    renewal->forget(renewal);
    renewal->get(renewal, answer_done, &nested->again);
    assert_string_equal(credentials->access_key_id, "ONE"); /* still there */
}

static void test_call_backs_that_call(void **state)
{
    struct fixture *fixture = *state;
    struct answer other = { 0 };
    struct nested nested = { .fixture = fixture, .other = &other };
    fixture->renewal->get(fixture->renewal, nested_done, &nested);
    fixture->renewal->get(fixture->renewal, answer_done, &other);
    fixture->source.at_once = false;
    source_give(&fixture->source, "ONE", wall(fixture) + HOUR);
    assert_int_equal(nested.calls, 1);
    assert_int_equal(other.calls, 0);
    assert_int_equal(nested.again.calls, 0);
    source_give(&fixture->source, "TWO", wall(fixture) + HOUR);
    assert_string_equal(nested.again.access_key_id, "TWO");
}

#define renewal_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        renewal_test(test_single_flight),
        renewal_test(test_windows),
        renewal_test(test_a_failed_renewal_is_tried_again_and_the_old_ones_serve),
        renewal_test(test_a_failure_is_repeated_for_a_second),
        renewal_test(test_no_end_counts_from_when_they_came),
        renewal_test(test_rejected_ones_are_asked_for_anew_once),
        renewal_test(test_a_source_that_hangs),
        renewal_test(test_a_wrong_clock),
        renewal_test(test_dead_on_arrival),
        renewal_test(test_short_lives),
        renewal_test(test_call_backs_that_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
