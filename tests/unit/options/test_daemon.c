/* SPDX-License-Identifier: MIT */
/* daemon: what whoever starts the command sees: when it returns, with which status and which words; and what the daemon
 * has left of the caller then. */
#include "base/cleanup.h"
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

enum { SOON_MS = 10000 };

/* How a command went whose main() is `run`, as a shell sees it. */
struct outcome {
    int status; /* the exit status */
    char said[1000];
    int daemon;    /* end of a pipe to which the daemon may write */
    bool had_said; /* whether it had written by the time the command returned */
};

/* In the daemon: `report` is where the test listens. */
typedef void main_fn(bool foreground, int report);

/* Everything that comes until the other side is closed. */
static void read_all(int fd, char *to, size_t size)
{
    size_t len = 0;
    for (;;) {
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        ssize_t n;
        if (poll(&ready, 1, SOON_MS) != 1)
            fail_msg("nothing was said, and nothing closed");
        n = read(fd, to + len, size - 1 - len);
        assert_true(n >= 0);
        if (!n)
            break;
        len += (size_t)n;
    }
    to[len] = 0;
}

/* The pipe on which a daemon talks to the test must outlive daemon_start(), which closes all: it is standard input. */
static void run_command(main_fn *run, bool foreground, struct outcome *outcome)
{
    int said[2];
    int report[2];
    int status;
    pid_t child;
    assert_int_equal(pipe2(said, O_CLOEXEC), 0);
    assert_int_equal(pipe2(report, O_CLOEXEC), 0);
    child = fork();
    assert_true(child >= 0);
    if (!child) {
        (void)dup2(report[1], STDIN_FILENO);
        (void)dup2(said[1], STDERR_FILENO);
        (void)dup2(said[1], 9); /* a descriptor that a script left open */
        run(foreground, STDIN_FILENO);
        _exit(99);
    }
    (void)close(said[1]);
    (void)close(report[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    outcome->had_said = poll(&(struct pollfd){ .fd = report[0], .events = POLLIN }, 1, 0) == 1;
    outcome->status = WEXITSTATUS(status);
    read_all(said[0], outcome->said, sizeof outcome->said);
    (void)close(said[0]);
    outcome->daemon = report[0];
}

static void start(struct daemon *daemon, bool foreground)
{
    struct error error;
    if (daemon_start(daemon, foreground, &error)) {
        daemon_fail(daemon, 1, &error);
        _exit(1);
    }
}

/* ---- it serves ---- */

static void main_serves(bool foreground, int report)
{
    struct daemon daemon;
    struct error error;
    char cwd[PATH_MAX];
    int kept;
    start(&daemon, foreground);
    kept = fcntl(report, F_DUPFD_CLOEXEC, 20);
    if (daemon_ready(&daemon, &error)) {
        daemon_fail(&daemon, 1, &error);
        _exit(1);
    }
    /* Only a socket above 2 could be the parent's, and 9 the script's. */
    (void)dprintf(kept, "cwd %s, leads %d, 3 %s, 9 %s, in %s, err %s\n", getcwd(cwd, sizeof cwd), getsid(0) == getpid(),
                  fcntl(3, F_GETFD) < 0 ? "closed" : "open", fcntl(9, F_GETFD) < 0 ? "closed" : "open",
                  lseek(0, 0, SEEK_CUR) == 0 ? "null" : "kept", lseek(2, 0, SEEK_CUR) == 0 ? "null" : "kept");
    if (!foreground)
        (void)fprintf(stderr, "nobody should see this\n");
    _exit(0);
}

static void test_serves(void **state)
{
    struct outcome outcome;
    char text[2 * PATH_MAX];
    (void)state;
    run_command(main_serves, false, &outcome);
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.said, "");
    read_all(outcome.daemon, text, sizeof text);
    assert_string_equal(text, "cwd /, leads 1, 3 closed, 9 closed, in null, err null\n");
    (void)close(outcome.daemon);
}

static void test_serves_in_the_foreground(void **state)
{
    struct outcome outcome;
    char text[2 * PATH_MAX];
    char cwd[PATH_MAX];
    char expected[2 * PATH_MAX];
    (void)state;
    run_command(main_serves, true, &outcome);
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.said, "");
    read_all(outcome.daemon, text, sizeof text);
    assert_non_null(getcwd(cwd, sizeof cwd));
    (void)snprintf(expected, sizeof expected, "cwd %s, leads 0, ", cwd);
    assert_memory_equal(text, expected, strlen(expected));
    assert_non_null(strstr(text, "9 open, in kept, err kept"));
    (void)close(outcome.daemon);
}

/* The command returns when the daemon is ready, and not before. */
static void main_late(bool foreground, int report)
{
    struct daemon daemon;
    struct error error;
    struct timespec delay = { .tv_nsec = 200000000 };
    start(&daemon, foreground);
    (void)nanosleep(&delay, NULL);
    (void)fprintf(stderr, "warning\n"); /* still the caller's */
    (void)dprintf(report, "now");
    _exit(daemon_ready(&daemon, &error) ? 1 : 0);
}

static void test_waits(void **state)
{
    struct outcome outcome;
    (void)state;
    run_command(main_late, false, &outcome);
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.said, "warning\n");
    assert_true(outcome.had_said);
    (void)close(outcome.daemon);
}

/* ---- it does not ---- */

static void main_fails(bool foreground, int report)
{
    struct daemon daemon;
    struct error error;
    (void)report;
    start(&daemon, foreground);
    error_set(&error, EACCES, "test", "no such region\n: %s", "xx");
    daemon_fail(&daemon, 7, &error);
    _exit(7);
}

static void test_fails(void **state)
{
    (void)state;
    for (int foreground = 0; foreground <= 1; foreground++) {
        struct outcome outcome;
        run_command(main_fails, foreground, &outcome);
        assert_int_equal(outcome.status, 7);
        assert_string_equal(outcome.said, "personalizefs: no such region?: xx\n");
        (void)close(outcome.daemon);
    }
}

static void main_exits(bool foreground, int report)
{
    struct daemon daemon;
    (void)report;
    start(&daemon, foreground);
    _exit(0);
}

static void main_is_killed(bool foreground, int report)
{
    struct daemon daemon;
    (void)report;
    start(&daemon, foreground);
    (void)raise(SIGKILL);
}

static void test_dies_without_a_word(void **state)
{
    struct outcome outcome;
    (void)state;
    run_command(main_exits, false, &outcome);
    assert_int_equal(outcome.status, 1);
    assert_string_equal(outcome.said, "personalizefs: the daemon ended with exit status 0 before it served\n");
    (void)close(outcome.daemon);
    run_command(main_is_killed, false, &outcome);
    assert_int_equal(outcome.status, 1);
    assert_string_equal(outcome.said, "personalizefs: the daemon was killed by signal 9 (Killed) before it served\n");
    (void)close(outcome.daemon);
}

/* ---- what is around it ---- */

/* Ctrl-C on the command, before it serves: the daemon learns that nobody waits. */
static void main_is_abandoned(bool foreground, int report)
{
    struct daemon daemon;
    struct error error = { 0 };
    pid_t parent = getpid();
    struct timespec delay = { .tv_nsec = 10000000 };
    int kept;
    start(&daemon, foreground);
    kept = fcntl(report, F_DUPFD_CLOEXEC, 20);
    (void)kill(parent, SIGKILL);
    while (getppid() == parent)
        (void)nanosleep(&delay, NULL);
    (void)dprintf(kept, "%d", daemon_ready(&daemon, &error));
    daemon_fail(&daemon, 1, &error);
    _exit(1);
}

static void test_abandoned(void **state)
{
    int report[2];
    int status;
    char text[100];
    char expected[100];
    pid_t child;
    (void)state;
    assert_int_equal(pipe2(report, O_CLOEXEC), 0);
    child = fork();
    assert_true(child >= 0);
    if (!child) {
        (void)dup2(report[1], STDIN_FILENO);
        main_is_abandoned(false, STDIN_FILENO);
    }
    (void)close(report[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    read_all(report[0], text, sizeof text);
    (void)snprintf(expected, sizeof expected, "%d", -EPIPE);
    assert_string_equal(text, expected);
    (void)close(report[0]);
}

/* The caller has closed its standard descriptors, as some supervisors do. */
static void main_closed(bool foreground, int report)
{
    struct daemon daemon;
    int kept = fcntl(report, F_DUPFD_CLOEXEC, 20);
    (void)close(STDIN_FILENO);
    (void)close(STDOUT_FILENO);
    (void)close(STDERR_FILENO);
    start(&daemon, foreground);
    (void)dprintf(kept, "%d %d %d", fcntl(0, F_GETFD), fcntl(1, F_GETFD), fcntl(2, F_GETFD));
    _exit(0);
}

static void test_closed_descriptors(void **state)
{
    struct outcome outcome;
    char text[100];
    (void)state;
    run_command(main_closed, true, &outcome);
    assert_int_equal(outcome.status, 0);
    read_all(outcome.daemon, text, sizeof text);
    assert_string_equal(text, "0 0 0");
    (void)close(outcome.daemon);
    run_command(main_closed, false, &outcome); /* it dies without a word, and the parent has nobody to tell */
    assert_int_equal(outcome.status, 1);
    (void)close(outcome.daemon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serves),
        cmocka_unit_test(test_serves_in_the_foreground),
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_fails),
        cmocka_unit_test(test_dies_without_a_word),
        cmocka_unit_test(test_abandoned),
        cmocka_unit_test(test_closed_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
