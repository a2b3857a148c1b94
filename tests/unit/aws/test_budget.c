/* SPDX-License-Identifier: MIT */
#include "aws/budget.h"
#include "fake_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MAX = 8 };

struct world {
    struct fake_clock clock;
    struct budget budget;
    struct budget_claim claims[64];
    int n_claims;
};

static void world_init(struct world *world, int max)
{
    fake_clock_init(&world->clock);
    budget_init(&world->budget, max, &world->clock.clock);
    world->n_claims = 0;
}

static struct budget_claim *claim(struct world *world, bool ahead)
{
    struct budget_claim *claim = &world->claims[world->n_claims++];
    assert_true(world->n_claims <= 64);
    budget_begin(&world->budget, claim, ahead);
    budget_wait(&world->budget, claim);
    return claim;
}

static void test_places_and_order(void **state)
{
    struct world world;
    struct budget_claim *a, *b, *c, *d;
    (void)state;
    world_init(&world, 2);
    assert_null(budget_next(&world.budget));
    assert_int_equal(budget_wait_ms(&world.budget), -1);
    a = claim(&world, false);
    b = claim(&world, false);
    c = claim(&world, false);
    d = claim(&world, false);
    assert_false(budget_lacks_place(&world.budget));
    assert_ptr_equal(budget_next(&world.budget), a);
    assert_ptr_equal(budget_next(&world.budget), b);
    assert_null(budget_next(&world.budget));
    assert_true(budget_lacks_place(&world.budget));
    assert_int_equal(budget_wait_ms(&world.budget), -1); /* an answer must come */
    budget_leave(&world.budget, a);
    budget_wait(&world.budget, a); /* again: it keeps its age */
    assert_ptr_equal(budget_next(&world.budget), a);
    budget_leave(&world.budget, c); /* while it waits */
    budget_leave(&world.budget, c);
    budget_leave(&world.budget, b);
    assert_ptr_equal(budget_next(&world.budget), d);
    budget_leave(&world.budget, a);
    budget_leave(&world.budget, d);
    assert_null(budget_next(&world.budget));
}

/* Readers before calls ahead, which leave a place free; one that becomes a reader's is as old as its reader's wait. */
static void test_ahead(void **state)
{
    struct world world;
    struct budget_claim *ahead[4], *first, *second;
    (void)state;
    world_init(&world, 3);
    for (int i = 0; i < 4; i++)
        ahead[i] = claim(&world, true);
    first = claim(&world, false);
    assert_ptr_equal(budget_next(&world.budget), first);
    assert_ptr_equal(budget_next(&world.budget), ahead[0]);
    assert_null(budget_next(&world.budget));
    assert_false(budget_lacks_place(&world.budget)); /* no reader lacks it */
    second = claim(&world, false);
    budget_promote(&world.budget, ahead[3]);
    assert_ptr_equal(budget_next(&world.budget), second);
    assert_null(budget_next(&world.budget));
    assert_true(budget_lacks_place(&world.budget));
    budget_leave(&world.budget, first);
    assert_ptr_equal(budget_next(&world.budget), ahead[3]);
    budget_leave(&world.budget, second);
    assert_null(budget_next(&world.budget)); /* two are out */
    budget_promote(&world.budget, ahead[0]); /* one that is out has its place */
    budget_leave(&world.budget, ahead[0]);
    assert_ptr_equal(budget_next(&world.budget), ahead[1]);
    assert_null(budget_in_vain(&world.budget));

    world_init(&world, 1); /* no place to spare, ever */
    ahead[0] = claim(&world, true);
    assert_null(budget_next(&world.budget));
    assert_ptr_equal(budget_in_vain(&world.budget), ahead[0]);
}

/* A burst is throttled: halved once, then one more a second. */
static void test_halving(void **state)
{
    struct world world;
    struct budget_claim *claims[MAX];
    (void)state;
    world_init(&world, MAX);
    assert_int_equal(budget_rate(&world.budget), 0);
    for (int i = 0; i < 20; i++) { /* twenty in the last second */
        struct budget_claim *done = claim(&world, false);
        assert_ptr_equal(budget_next(&world.budget), done);
        budget_leave(&world.budget, done);
        fake_clock_advance(&world.clock, 50);
    }
    for (int i = 0; i < MAX; i++) {
        claims[i] = claim(&world, i > 5);
        assert_non_null(i == 7 ? claims[i] : budget_next(&world.budget));
    }
    assert_true(budget_throttled(&world.budget, claims[0]));
    assert_int_equal(budget_places(&world.budget), 4);
    assert_in_range(budget_rate(&world.budget), 12, 14); /* of 20 and 7 */
    for (int i = 1; i < 7; i++)
        assert_false(budget_throttled(&world.budget, claims[i]));
    assert_int_equal(budget_places(&world.budget), 4);
    assert_ptr_equal(budget_in_vain(&world.budget), claims[7]); /* nothing ahead while it throttles */
    budget_leave(&world.budget, claims[7]);
    assert_null(budget_in_vain(&world.budget));
    for (int second = 1; second <= 6; second++) {
        fake_clock_advance(&world.clock, 1000);
        assert_int_equal(budget_places(&world.budget), second < 4 ? 4 + second : MAX);
        assert_in_range(budget_rate(&world.budget), 12 + second, 14 + second);
    }
    fake_clock_advance(&world.clock, BUDGET_QUIET_MS - 6000);
    assert_int_equal(budget_rate(&world.budget), 0);
}

/* While there is a rate requests go out at even distances, and nothing is saved up. */
static void test_pace(void **state)
{
    struct world world;
    struct budget_claim *first;
    int went = 0;
    (void)state;
    world_init(&world, MAX);
    first = claim(&world, false);
    (void)budget_next(&world.budget);
    assert_true(budget_throttled(&world.budget, first));
    assert_int_equal(budget_rate(&world.budget), 1);
    budget_leave(&world.budget, first);
    fake_clock_advance(&world.clock, 4000); /* 5 a second now */
    for (int i = 0; i < 10; i++)
        (void)claim(&world, false);
    for (int ms = 0; ms < 1000; ms += 10) {
        struct budget_claim *next = budget_next(&world.budget);
        int64_t wait_ms = budget_wait_ms(&world.budget);
        if (next) {
            went++;
            budget_leave(&world.budget, next);
            assert_int_equal(wait_ms, 200);
        } else
            assert_in_range(wait_ms, 1, 199);
        assert_false(budget_lacks_place(&world.budget)); /* it is for time that they wait */
        fake_clock_advance(&world.clock, 10);
    }
    assert_int_equal(went, 5);
}

/* With one place left that does not come back, time brings another. */
static void test_places_grow(void **state)
{
    struct world world;
    struct budget_claim *first;
    (void)state;
    world_init(&world, 2);
    first = claim(&world, false);
    (void)budget_next(&world.budget);
    assert_true(budget_throttled(&world.budget, first));
    assert_int_equal(budget_places(&world.budget), 1);
    (void)claim(&world, false);
    assert_null(budget_next(&world.budget));
    fake_clock_advance(&world.clock, 300);
    assert_int_equal(budget_wait_ms(&world.budget), 700);
    fake_clock_advance(&world.clock, 700);
    assert_non_null(budget_next(&world.budget));
    assert_int_equal(budget_wait_ms(&world.budget), -1);
}

/* A service that bears ten a second and has ten in hand, `readers` that each ask again as soon as they are answered,
 * and an answer that takes `took_ms`: after ten seconds few are in vain, and what the service bears is used. */
static void against_service(int readers, int took_ms)
{
    struct world world;
    int64_t answer_ms[64] = { 0 }; /* when a claim's answer comes; 0: it is not out */
    bool refused[64] = { false };
    double tokens = 10;
    int sent = 0, in_vain = 0;
    world_init(&world, MAX);
    for (int i = 0; i < readers; i++)
        (void)claim(&world, false);
    for (int ms = 0; ms < 130000; ms++) {
        int64_t now_ms = world.clock.monotonic_ms;
        struct budget_claim *next;
        tokens = tokens + 0.01 < 10 ? tokens + 0.01 : 10;
        for (int i = 0; i < readers; i++)
            if (answer_ms[i] && answer_ms[i] <= now_ms) {
                answer_ms[i] = 0;
                if (refused[i])
                    (void)budget_throttled(&world.budget, &world.claims[i]);
                budget_leave(&world.budget, &world.claims[i]);
                budget_begin(&world.budget, &world.claims[i], false);
                budget_wait(&world.budget, &world.claims[i]);
            }
        while ((next = budget_next(&world.budget))) {
            long i = next - world.claims;
            refused[i] = tokens < 1;
            tokens -= !refused[i];
            answer_ms[i] = now_ms + took_ms;
            sent += ms >= 10000;
            in_vain += ms >= 10000 && refused[i];
        }
        fake_clock_advance(&world.clock, 1);
    }
    assert_true(in_vain * 20 < sent);
    assert_true(sent - in_vain > 120 * 7);
}

static void test_against_service(void **state)
{
    (void)state;
    against_service(1, 50);
    against_service(2, 100);
    against_service(8, 1);
    against_service(64, 1);
    against_service(64, 50);
    against_service(64, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_and_order), cmocka_unit_test(test_ahead),
        cmocka_unit_test(test_halving),          cmocka_unit_test(test_pace),
        cmocka_unit_test(test_places_grow),      cmocka_unit_test(test_against_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
