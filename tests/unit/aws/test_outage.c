/* SPDX-License-Identifier: MIT */
/* outage: who finds out, who is told, and when somebody tries again. */
#include "aws/failure.h"
#include "aws/outage.h"
#include "fake_clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct world {
    struct fake_clock clock;
    struct outage outage;
};

static int setup(void **state)
{
    static struct world world;
    fake_clock_init(&world.clock);
    outage_init(&world.outage, &world.clock.clock);
    *state = &world;
    return 0;
}

static struct outage_call begin(struct world *world)
{
    struct outage_call call;
    outage_begin(&world->outage, &call);
    return call;
}

static bool unanswered(struct world *world, const struct outage_call *call, const char *code)
{
    struct error error;
    (void)failure_set(&error, code, "as the test says");
    return outage_unanswered(&world->outage, call, &error);
}

/* An outage that began just now. */
static void fall_silent(struct world *world)
{
    struct outage_call call = begin(world);
    assert_true(unanswered(world, &call, FAILURE_DEADLINE));
    assert_true(outage_lasts(&world->outage));
}

static void all_may_go_while_there_is_none(void **state)
{
    struct world *world = *state;
    struct outage_call one = begin(world), two = begin(world);
    assert_false(outage_lasts(&world->outage));
    assert_true(outage_admits(&world->outage, &one));
    assert_true(outage_admits(&world->outage, &two));
    assert_false(outage_is_probe(&world->outage, &two)); /* nobody probes what is well */
    assert_true(outage_answered(&world->outage) == -1);
}

static void what_is_repeated_says_since_when(void **state)
{
    struct world *world = *state;
    struct outage_call call = begin(world);
    fake_clock_advance(&world->clock, 15000);
    assert_true(unanswered(world, &call, FAILURE_CONNECT_TIMEOUT));
    const struct error *error = &world->outage.error;
    assert_int_equal(error->number, ETIMEDOUT);
    assert_string_equal(error->code, FAILURE_CONNECT_TIMEOUT);
    assert_string_equal(error->message, "no answer since 2026-11-22T12:00:00.000Z: as the test says");
    assert_int_equal(error->http_status, 0);
    assert_true(error->repeats);
}

static void an_answer_since_its_beginning_clears_the_network(void **state)
{
    struct world *world = *state;
    struct outage_call slow = begin(world);
    (void)outage_answered(&world->outage);
    struct outage_call later = begin(world);
    assert_false(unanswered(world, &slow, FAILURE_DEADLINE));
    assert_false(outage_lasts(&world->outage));
    assert_true(unanswered(world, &later, FAILURE_DEADLINE)); /* begun after the answer */
}

static void the_next_is_let_through_1_2_4_8_15_seconds_after_the_last_try(void **state)
{
    static const int pauses_ms[] = { 1000, 2000, 4000, 8000, 15000, 15000, 15000 };
    struct world *world = *state;
    fall_silent(world);
    for (size_t i = 0; i < sizeof pauses_ms / sizeof *pauses_ms; i++) {
        struct outage_call early = begin(world), probe = begin(world), other = begin(world);
        assert_false(outage_admits(&world->outage, &early));
        fake_clock_advance(&world->clock, pauses_ms[i] - 1);
        assert_false(outage_admits(&world->outage, &early));
        fake_clock_advance(&world->clock, 1);
        assert_true(outage_admits(&world->outage, &probe));
        assert_true(outage_admits(&world->outage, &probe));  /* it may ask again */
        fake_clock_advance(&world->clock, 60000);            /* a try's age counts from its end */
        assert_false(outage_admits(&world->outage, &other)); /* one at a time */
        assert_false(unanswered(world, &probe, FAILURE_REFUSED));
        assert_int_equal(world->outage.error.number, ECONNREFUSED); /* what the last try found */
        assert_non_null(
            strstr(world->outage.error.message, "since 2026-11-22T12:00:00.000Z: as")); /* the first's time */
    }
}

static void any_answer_ends_it(void **state)
{
    struct world *world = *state;
    for (int round = 0; round < 2; round++) {
        fall_silent(world);
        struct outage_call probe = begin(world), other = begin(world);
        fake_clock_advance(&world->clock, OUTAGE_PAUSE_MS); /* not twice that in the second round: it begins anew */
        assert_true(outage_admits(&world->outage, &probe));
        fake_clock_advance(&world->clock, 500);
        assert_true(outage_answered(&world->outage) == OUTAGE_PAUSE_MS + 500);
        assert_false(outage_lasts(&world->outage));
        assert_true(outage_admits(&world->outage, &other));
        assert_false(unanswered(world, &probe, FAILURE_DEADLINE)); /* it was begun before the answer */
        assert_true(outage_answered(&world->outage) == -1);
    }
}

static void those_that_were_under_way_change_nothing(void **state)
{
    struct world *world = *state;
    struct outage_call under_way = begin(world), probe;
    fall_silent(world);
    fake_clock_advance(&world->clock, OUTAGE_PAUSE_MS - 1);
    assert_false(unanswered(world, &under_way, FAILURE_REFUSED));
    assert_int_equal(world->outage.error.number, ETIMEDOUT);
    fake_clock_advance(&world->clock, 1);
    probe = begin(world);
    assert_true(outage_admits(&world->outage, &probe)); /* not put off */
    assert_false(unanswered(world, &under_way, FAILURE_REFUSED));
    assert_true(outage_is_probe(&world->outage, &probe));
}

static void a_probe_that_is_given_up_lets_the_next_go(void **state)
{
    struct world *world = *state;
    struct outage_call first = begin(world), second = begin(world), third = begin(world);
    fall_silent(world);
    fake_clock_advance(&world->clock, OUTAGE_PAUSE_MS);
    assert_true(outage_admits(&world->outage, &first));
    outage_leave(&world->outage, &second); /* another's leaving is nothing to it */
    assert_false(outage_admits(&world->outage, &second));
    outage_leave(&world->outage, &first);
    assert_true(outage_admits(&world->outage, &second));
    assert_false(unanswered(world, &first, FAILURE_REFUSED)); /* it is no probe any more */
    assert_true(outage_is_probe(&world->outage, &second));
    assert_false(outage_admits(&world->outage, &third));
    assert_false(unanswered(world, &second, FAILURE_REFUSED));
    fake_clock_advance(&world->clock, 2 * OUTAGE_PAUSE_MS - 1); /* given up is not tried */
    assert_false(outage_admits(&world->outage, &third));
    fake_clock_advance(&world->clock, 1);
    assert_true(outage_admits(&world->outage, &third));
}

static void somebody_is_let_through_when_told(void **state)
{
    struct world *world = *state;
    struct outage_call first = begin(world), second = begin(world), third = begin(world);
    outage_let_through(&world->outage); /* nothing to do */
    assert_false(outage_lasts(&world->outage));
    fall_silent(world);
    outage_let_through(&world->outage);
    assert_true(outage_admits(&world->outage, &first));
    assert_false(outage_admits(&world->outage, &second));
    outage_let_through(&world->outage); /* the probe under way asks as things were */
    assert_true(outage_admits(&world->outage, &second));
    assert_false(outage_admits(&world->outage, &third)); /* one only */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(all_may_go_while_there_is_none),
        TEST(what_is_repeated_says_since_when),
        TEST(an_answer_since_its_beginning_clears_the_network),
        TEST(the_next_is_let_through_1_2_4_8_15_seconds_after_the_last_try),
        TEST(any_answer_ends_it),
        TEST(those_that_were_under_way_change_nothing),
        TEST(a_probe_that_is_given_up_lets_the_next_go),
        TEST(somebody_is_let_through_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
