/* SPDX-License-Identifier: MIT */
#include "jobs/events.h"

#include "fake_clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { JOBS = 3 };

struct world {
    struct fake_clock clock;
    struct events *events;
    struct event_status *last[JOBS];
    unsigned grown;
};

static void count(void *data)
{
    struct world *world = data;
    world->grown++;
}

static int setup(void **state)
{
    static struct world world;
    world = (struct world){ .grown = 0 };
    fake_clock_init(&world.clock);
    assert_int_equal(events_new(&world.clock.clock, &world.events), 0);
    events_listen(world.events, count, &world);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    for (unsigned i = 0; i < JOBS; i++)
        events_forget(world->events, &world->last[i]);
    events_free(world->events);
    return 0;
}

static void see(struct world *world, unsigned job, const char *status, bool is_first)
{
    const char name[] = { 'j', (char)('0' + job), 0 };
    events_see(world->events, &world->last[job], name, (struct slice){ status, strlen(status) }, is_first);
}

/* An answer that shows one status of one job. */
static void answer(struct world *world, unsigned job, const char *status)
{
    events_begin(world->events);
    see(world, job, status, false);
    events_end(world->events);
}

static const char *text_of(struct event_log *log)
{
    struct slice bytes;
    assert_int_equal(event_log_read(log, 0, SIZE_MAX, &bytes), 0);
    assert_int_equal(strlen(bytes.data), bytes.len);
    return bytes.data;
}

/* Writes lines, in one answer, until the log has more than `bytes`. */
static void fill(struct world *world, size_t bytes)
{
    char status[EVENTS_STATUS_BYTES_MAX + 1];
    events_begin(world->events);
    for (unsigned i = 0; events_current(world->events)->text.len <= bytes; i++) {
        (void)snprintf(status, sizeof status, "%0*u", EVENTS_STATUS_BYTES_MAX, i);
        see(world, 0, status, false);
    }
    events_end(world->events);
}

static void a_change_is_a_line_and_the_same_status_none(void **state)
{
    struct world *world = *state;
    events_begin(world->events);
    see(world, 0, "PENDING", true);
    see(world, 1, "ACTIVE", true);
    events_end(world->events);
    assert_int_equal(world->grown, 0);
    fake_clock_advance(&world->clock, 1500);
    events_begin(world->events);
    see(world, 0, "IN PROGRESS", true); /* known already: a change, first listing or not */
    see(world, 1, "ACTIVE", false);
    see(world, 2, "PENDING", false);
    events_end(world->events);
    assert_int_equal(world->grown, 1);
    answer(world, 0, "IN PROGRESS");
    assert_int_equal(world->grown, 1);
    fake_clock_advance(&world->clock, 500);
    answer(world, 0, "ACTIVE");
    assert_int_equal(world->grown, 2);
    assert_string_equal(text_of(events_current(world->events)), "2026-11-22T12:00:01.500Z\tj0\tPENDING\tIN PROGRESS\n"
                                                                "2026-11-22T12:00:01.500Z\tj2\t-\tPENDING\n"
                                                                "2026-11-22T12:00:02.000Z\tj0\tIN PROGRESS\tACTIVE\n");
    assert_int_equal(events_current(world->events)->changed_ms, world->clock.wall_ms);
}

static void a_job_that_was_denied_is_new_when_it_is_back(void **state)
{
    struct world *world = *state;
    answer(world, 0, "ACTIVE");
    events_forget(world->events, &world->last[0]);
    events_forget(world->events, &world->last[0]);
    answer(world, 0, "ACTIVE");
    assert_string_equal(text_of(events_current(world->events)), "2026-11-22T12:00:00.000Z\tj0\t-\tACTIVE\n"
                                                                "2026-11-22T12:00:00.000Z\tj0\t-\tACTIVE\n");
}

static void a_status_is_escaped_cut_between_characters_or_empty(void **state)
{
    struct world *world = *state;
    char longer[EVENTS_STATUS_BYTES_MAX + 20];
    BUF_CLEANUP struct buf wanted = BUF_INIT(10000);
    memset(longer, 'x', sizeof longer);
    memcpy(longer + EVENTS_STATUS_BYTES_MAX - 1, "\xe2\x82\xac", 4); /* a euro that does not fit */
    answer(world, 0, "A\tB\nC");
    answer(world, 0, longer);
    longer[EVENTS_STATUS_BYTES_MAX + 1] = 'y'; /* beyond what counts */
    answer(world, 0, longer);
    answer(world, 0, "");
    const char *now = "2026-11-22T12:00:00.000Z\tj0";
    (void)buf_printf(&wanted, "%s\t-\tA\\tB\\nC\n%s\tA\\tB\\nC\t%.*s\n%s\t%.*s\t\n", now, now,
                     EVENTS_STATUS_BYTES_MAX - 1, longer, now, EVENTS_STATUS_BYTES_MAX - 1, longer);
    assert_string_equal(text_of(events_current(world->events)), buf_str(&wanted));
}

static void reading_is_by_range(void **state)
{
    struct world *world = *state;
    struct event_log *log = events_current(world->events);
    struct slice bytes;
    assert_int_equal(event_log_read(log, 0, 100, &bytes), 0);
    assert_int_equal(bytes.len, 0);
    answer(world, 0, "ACTIVE");
    assert_int_equal(event_log_read(log, 25, 4, &bytes), 0);
    assert_memory_equal(bytes.data, "j0\t-", 4);
    assert_int_equal(event_log_read(log, log->text.len - 1, 100, &bytes), 0);
    assert_int_equal(bytes.len, 1);
    assert_int_equal(event_log_read(log, log->text.len, 100, &bytes), 0);
    assert_int_equal(bytes.len, 0);
    assert_int_equal(event_log_read(log, UINT64_MAX, 100, &bytes), 0);
    assert_int_equal(bytes.len, 0);
}

static void another_log_begins_with_the_next_answer_that_changes_something(void **state)
{
    struct world *world = *state;
    struct event_log *first = events_current(world->events);
    event_log_hold(first);
    fill(world, EVENTS_LOG_BYTES + 10000); /* one answer's, in one log */
    assert_ptr_equal(events_current(world->events), first);
    size_t len = first->text.len;
    assert_int_equal(strlen(text_of(first)), len);
    fake_clock_advance(&world->clock, EVENTS_QUIET_MS);
    events_begin(world->events); /* changes nothing */
    events_end(world->events);
    assert_ptr_equal(events_current(world->events), first);
    answer(world, 1, "PENDING");
    struct event_log *second = events_current(world->events);
    assert_ptr_not_equal(second, first);
    assert_int_not_equal(second->number, first->number);
    assert_string_equal(text_of(second), "2026-11-22T12:00:01.000Z\tj1\t-\tPENDING\n");
    assert_int_equal(strlen(text_of(first)), len); /* whole, for who holds it */
    uint64_t number = first->number;
    assert_ptr_equal(events_find(world->events, number), first);
    event_log_release(world->events, first, 1);
    assert_null(events_find(world->events, number));
}

static void one_that_nobody_has_read_waits_but_not_for_ever(void **state)
{
    struct world *world = *state;
    uint64_t number = events_current(world->events)->number;
    fill(world, EVENTS_LOG_BYTES);
    fake_clock_advance(&world->clock, EVENTS_WAIT_MS - 1);
    answer(world, 1, "PENDING");
    assert_int_equal(events_current(world->events)->number, number);
    fake_clock_advance(&world->clock, EVENTS_QUIET_MS);
    answer(world, 1, "ACTIVE");
    assert_int_not_equal(events_current(world->events)->number, number);
    assert_null(events_find(world->events, number));
}

static void one_waits_for_readers_of_the_one_before(void **state)
{
    struct world *world = *state;
    struct event_log *first = events_current(world->events);
    event_log_hold(first);
    fill(world, EVENTS_LOG_BYTES);
    (void)text_of(first);
    fake_clock_advance(&world->clock, EVENTS_QUIET_MS);
    answer(world, 1, "ACTIVE");
    struct event_log *second = events_current(world->events);
    assert_ptr_not_equal(second, first);
    fill(world, EVENTS_LOG_BYTES);
    (void)text_of(second);
    fake_clock_advance(&world->clock, EVENTS_QUIET_MS);
    answer(world, 1, "PENDING");
    assert_ptr_equal(events_current(world->events), second);
    fake_clock_advance(&world->clock, EVENTS_QUIET_MS - 1); /* the quiet begins anew with each line */
    event_log_release(world->events, first, 1);
    answer(world, 1, "IN PROGRESS");
    assert_ptr_equal(events_current(world->events), second);
    fake_clock_advance(&world->clock, EVENTS_QUIET_MS);
    answer(world, 1, "ACTIVE");
    assert_ptr_not_equal(events_current(world->events), second);
}

static void memory_is_bounded_whoever_holds_what(void **state)
{
    struct world *world = *state;
    struct event_log *log[EVENTS_LOGS_MAX + 1];
    struct slice bytes;
    for (unsigned i = 0; i <= EVENTS_LOGS_MAX; i++) {
        log[i] = events_current(world->events);
        event_log_hold(log[i]);
        fill(world, EVENTS_LOG_BYTES_HELD); /* waits for nobody any more */
        if (i < EVENTS_LOGS_MAX)
            answer(world, 1, i % 2 ? "ACTIVE" : "PENDING");
    }
    assert_int_equal(event_log_read(log[0], 0, 100, &bytes), -ESTALE);
    assert_int_equal(log[0]->text.len, 0);
    for (unsigned i = 1; i <= EVENTS_LOGS_MAX; i++)
        assert_true(strlen(text_of(log[i])) > EVENTS_LOG_BYTES_HELD);
    for (unsigned i = 0; i <= EVENTS_LOGS_MAX; i++)
        event_log_release(world->events, log[i], 1);
}

static void what_does_not_fit_is_seen_by_the_next_answer(void **state)
{
    struct world *world = *state;
    struct event_log *log = events_current(world->events);
    char status[EVENTS_STATUS_BYTES_MAX + 1];
    event_log_hold(log);
    events_begin(world->events);
    size_t before = 1;
    for (unsigned i = 0; before != log->text.len; i++) {
        before = log->text.len;
        (void)snprintf(status, sizeof status, "%0*u", EVENTS_STATUS_BYTES_MAX, i);
        see(world, 0, status, false);
    }
    events_end(world->events);
    assert_in_range(log->text.len, EVENTS_LOG_BYTES_MAX - 2000, EVENTS_LOG_BYTES_MAX);
    assert_int_equal(text_of(log)[log->text.len - 1], '\n');
    answer(world, 0, status);
    assert_ptr_not_equal(events_current(world->events), log);
    char line[1000];
    unsigned number = 0;
    assert_int_equal(sscanf(status, "%u", &number), 1);
    (void)snprintf(line, sizeof line, "2026-11-22T12:00:00.000Z\tj0\t%0*u\t%s\n", EVENTS_STATUS_BYTES_MAX, number - 1,
                   status);
    assert_string_equal(text_of(events_current(world->events)), line);
    event_log_release(world->events, log, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_change_is_a_line_and_the_same_status_none, setup, teardown),
        cmocka_unit_test_setup_teardown(a_job_that_was_denied_is_new_when_it_is_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_status_is_escaped_cut_between_characters_or_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(reading_is_by_range, setup, teardown),
        cmocka_unit_test_setup_teardown(another_log_begins_with_the_next_answer_that_changes_something, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(one_that_nobody_has_read_waits_but_not_for_ever, setup, teardown),
        cmocka_unit_test_setup_teardown(one_waits_for_readers_of_the_one_before, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_is_bounded_whoever_holds_what, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_seen_by_the_next_answer, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
