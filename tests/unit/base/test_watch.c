/* SPDX-License-Identifier: MIT */
#include "base/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

struct pipe_watch {
    struct watch watch;
    int fds[2];
    unsigned calls;
    struct pipe_watch *stops; /* when called */
};

static void on_ready(void *data)
{
    struct pipe_watch *pipe_watch = data;
    pipe_watch->calls++;
    if (pipe_watch->stops)
        watch_stop(&pipe_watch->stops->watch);
}

static void begin(struct pipe_watch *it, struct watches *watches)
{
    *it = (struct pipe_watch){ .calls = 0 };
    assert_int_equal(pipe(it->fds), 0);
    watch_init(&it->watch, on_ready, it);
    watch_start(watches, &it->watch, it->fds[0]);
}

static void run(struct watches *watches, unsigned expected)
{
    struct pollfd fds[4];
    unsigned n = watches_fill(watches, fds, 4);
    assert_int_equal(n, expected);
    (void)poll(fds, n, 0);
    watches_run(watches, fds, n);
}

static void test_watches(void **state)
{
    struct watches watches;
    struct pipe_watch one, two;
    struct pollfd fd;
    (void)state;
    watches_init(&watches);
    assert_int_equal(watches_fill(&watches, &fd, 1), 0);
    begin(&one, &watches);
    begin(&two, &watches);
    run(&watches, 2);
    assert_int_equal(one.calls + two.calls, 0);
    assert_int_equal(write(two.fds[1], "x", 1), 1);
    run(&watches, 2);
    assert_int_equal(one.calls, 0);
    assert_int_equal(two.calls, 1);
    (void)close(one.fds[1]); /* an end counts too */
    run(&watches, 2);
    assert_int_equal(one.calls, 1);
    assert_int_equal(two.calls, 2);
    one.stops = &two; /* who is stopped meanwhile is not called */
    run(&watches, 2);
    assert_int_equal(one.calls, 2);
    assert_int_equal(two.calls, 2);
    one.stops = &one;
    run(&watches, 1);
    run(&watches, 0);
    watch_stop(&one.watch);
    watch_start(&watches, &two.watch, two.fds[0]);
    watch_start(&watches, &two.watch, two.fds[0]); /* twice is once */
    run(&watches, 1);
    assert_int_equal(watches_fill(&watches, &fd, 0), 0);
    (void)close(one.fds[0]);
    (void)close(two.fds[0]);
    (void)close(two.fds[1]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_watches) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
