/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int saved;
static int ends[2];

static int setup(void **state)
{
    (void)state;
    saved = dup(STDERR_FILENO);
    return pipe(ends) || dup2(ends[1], STDERR_FILENO) < 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)dup2(saved, STDERR_FILENO);
    (void)close(saved);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return 0;
}

static void a_line_is_one_line(void **state)
{
    char text[256] = "";
    (void)state;
    log_error("one\ntwo\x1b[31m \xc2\x9b mK\x7f \xc2\xa0\xc3\x9b %d", 3);
    ssize_t n = read(ends[0], text, sizeof text - 1);
    assert_true(n > 0);
    assert_string_equal(text, "personalizefs: one?two?[31m ? mK? \xc2\xa0\xc3\x9b 3\n");
}

static void a_reader_that_does_not_read_holds_nobody_up(void **state)
{
    static char filler[4096];
    (void)state;
    (void)fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (write(ends[1], filler, sizeof filler) > 0)
        ;
    (void)fcntl(ends[1], F_SETFL, 0); /* as a shell hands it on: a write would wait for ever */
    (void)alarm(30);
    for (int i = 0; i < 50; i++)
        log_error("nobody reads this");
    (void)alarm(0);
}

static void there_is_a_most_a_second(void **state)
{
    static char text[1 << 16];
    int lines = 0;
    (void)state;
    for (int i = 0; i < 10 * LOG_BURST; i++)
        log_error("x");
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    ssize_t n = read(ends[0], text, sizeof text);
    for (ssize_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    assert_true(lines <= 2 * LOG_BURST); /* a second may end meanwhile */
}

static void what_is_less_important_is_not_written(void **state)
{
    struct pollfd readable = { .fd = ends[0], .events = POLLIN };
    (void)state;
    log_set_level(LOG_LEVEL_WARNING);
    log_info("no");
    assert_int_equal(poll(&readable, 1, 0), 0);
    assert_false(log_enabled(LOG_LEVEL_DEBUG));
    log_set_level(LOG_LEVEL_INFO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_is_one_line, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reader_that_does_not_read_holds_nobody_up, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_less_important_is_not_written, setup, teardown),
        cmocka_unit_test_setup_teardown(there_is_a_most_a_second, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
