/* SPDX-License-Identifier: MIT */
#include "aws/child.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* What Python 3's shlex.split() makes of each; NULL: an error. */
static void test_split(void **state)
{
    static const struct {
        const char *command;
        const char *words[6];
        int result;
    } cases[] = {
        { "", { NULL }, 0 },
        { " \t\r\n ", { NULL }, 0 },
        { "a", { "a" }, 0 },
        { "  a  b ", { "a", "b" }, 0 },
        { "a\tb\nc", { "a", "b", "c" }, 0 },
        { "'a b' c", { "a b", "c" }, 0 },
        { "\"a b\" c", { "a b", "c" }, 0 },
        { "a' 'b", { "a b" }, 0 },
        { "''", { "" }, 0 },
        { "a '' \"\" b", { "a", "", "", "b" }, 0 },
        { "a\\ b", { "a b" }, 0 },
        { "\\a\\\\b", { "a\\b" }, 0 },
        { "'a\\b'", { "a\\b" }, 0 },
        { "\"a\\b\"", { "a\\b" }, 0 },
        { "\"a\\\"b\"", { "a\"b" }, 0 },
        { "\"a\\\\b\"", { "a\\b" }, 0 },
        { "\"a\\'b\"", { "a\\'b" }, 0 },
        { "\"it's\"", { "it's" }, 0 },
        { "'say \"x\"'", { "say \"x\"" }, 0 },
        { "a#b # c", { "a#b", "#", "c" }, 0 },
        { "a;b|c>d&e$F`g`*?[h]~", { "a;b|c>d&e$F`g`*?[h]~" }, 0 },
        { "caf\xc3\xa9 x", { "caf\xc3\xa9", "x" }, 0 },
        { "'a", { NULL }, -EINVAL },
        { "\"a", { NULL }, -EINVAL },
        { "a\\", { NULL }, -EINVAL },
        { "\"a\\", { NULL }, -EINVAL },
        { "a 'b' \"c\\\"", { NULL }, -EINVAL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char **words = NULL;
        assert_int_equal(command_split(cases[i].command, &words), cases[i].result);
        size_t n = 0;
        for (; words && words[n]; n++) {
            assert_non_null(cases[i].words[n]);
            assert_string_equal(words[n], cases[i].words[n]);
        }
        assert_null(cases[i].words[n]);
        command_free(words);
    }
}

struct ending {
    unsigned calls;
    int status;
    int error;
    size_t len;
    char output[256];
};

static void on_done(void *data, int status, const struct buf *output)
{
    struct ending *ending = data;
    ending->calls++;
    ending->status = status;
    ending->error = buf_error(output);
    ending->len = output->len;
    (void)snprintf(ending->output, sizeof ending->output, "%s", buf_str(output));
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* As the loop does it, until nothing is watched; how long that took. */
static int64_t run(struct watches *watches)
{
    int64_t began_ms = now_ms();
    for (;;) {
        struct pollfd fds[4];
        unsigned n = watches_fill(watches, fds, 4);
        if (!n)
            return now_ms() - began_ms;
        assert_true(poll(fds, n, 10000) > 0);
        watches_run(watches, fds, n);
    }
}

static struct ending sh(const char *script, size_t output_max)
{
    struct watches watches;
    struct ending ending = { 0 };
    struct child *child = NULL;
    char *words[] = { (char *)"sh", (char *)"-c", (char *)(uintptr_t)script, NULL };
    watches_init(&watches);
    assert_int_equal(child_start(&watches, words, output_max, on_done, &ending, &child), 0);
    (void)run(&watches);
    assert_int_equal(ending.calls, 1);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie stays */
    assert_int_equal(errno, ECHILD);
    return ending;
}

static void test_output_and_status(void **state)
{
    (void)state;
    struct ending ending = sh("printf hello; sleep 0.05; printf ' world'; printf lost >&2; exit 3", 100);
    assert_string_equal(ending.output, "hello world");
    assert_int_equal(WEXITSTATUS(ending.status), 3);
    ending = sh("kill -TERM $$", 100);
    assert_true(WIFSIGNALED(ending.status));
    assert_int_equal(WTERMSIG(ending.status), SIGTERM);
    ending = sh("exec >&-; sleep 0.05; exit 4", 100); /* its output ends before it does */
    assert_int_equal(WEXITSTATUS(ending.status), 4);
    ending = sh("head -c 300000 /dev/zero", 100000);
    assert_int_equal(ending.error, -EMSGSIZE);
    assert_int_equal(ending.status, 0);
    ending = sh("head -c 300000 /dev/zero", 300000);
    assert_int_equal(ending.error, 0);
    assert_int_equal(ending.len, 300000);
}

/* One that it leaves behind with the pipe is not waited for. */
static void test_what_it_leaves_behind(void **state)
{
    (void)state;
    int64_t began_ms = now_ms();
    struct ending ending = sh("sleep 5 & printf here", 100);
    assert_string_equal(ending.output, "here");
    assert_true(now_ms() - began_ms < 3000);
}

static void test_it_inherits_nothing(void **state)
{
    (void)state;
    sigset_t set, before;
    int fd = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
    assert_true(fd > 2);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &set, &before);
    (void)signal(SIGPIPE, SIG_IGN);
    struct ending ending = sh("ls /proc/self/fd | wc -l | tr -d ' \\n'; grep -E 'SigBlk|SigIgn' /proc/self/status | "
                              "grep -vc '[08]0000000$' | tr -d '\\n'; head -c1 | wc -c | tr -d ' \\n'",
                              100);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)close(fd);
    assert_string_equal(ending.output,
                        "400"); /* 0, 1, 2 and ls's own; no signal (but glibc's own two) blocked or ignored; no input */
}

static void test_killed(void **state)
{
    struct watches watches;
    struct ending ending = { 0 };
    struct child *child = NULL;
    char *words[] = { (char *)"sh", (char *)"-c", (char *)"sleep 60 & sleep 60", NULL };
    (void)state;
    watches_init(&watches);
    assert_int_equal(child_start(&watches, words, 100, on_done, &ending, &child), 0);
    child_kill(child);
    assert_true(run(&watches) < 3000);
    assert_int_equal(ending.calls, 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_what_cannot_be_run(void **state)
{
    struct watches watches;
    struct ending ending = { 0 };
    struct child *child = NULL;
    char *missing[] = { (char *)"/no/such/program", NULL };
    char *folder[] = { (char *)"/tmp", NULL };
    (void)state;
    watches_init(&watches);
    assert_int_equal(child_start(&watches, missing, 100, on_done, &ending, &child), -ENOENT);
    assert_int_equal(child_start(&watches, folder, 100, on_done, &ending, &child), -EACCES);
    assert_true(list_empty(&watches.list));
}

/* A parent that ignores SIGCHLD leaves us that: the kernel would reap before anybody could look. */
static void test_sigchld_ignored(void **state)
{
    struct watches watches;
    struct ending ending = { 0 };
    struct child *child = NULL;
    char *words[] = { (char *)"sh", (char *)"-c", (char *)"printf here; exit 3", NULL };
    (void)state;
    (void)signal(SIGCHLD, SIG_IGN);
    watches_init(&watches);
    assert_int_equal(child_start(&watches, words, 100, on_done, &ending, &child), 0);
    (void)run(&watches);
    (void)signal(SIGCHLD, SIG_DFL);
    assert_int_equal(ending.calls, 1);
    assert_int_equal(WEXITSTATUS(ending.status), 3);
    assert_string_equal(ending.output, "here");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_output_and_status),
        cmocka_unit_test(test_what_it_leaves_behind),
        cmocka_unit_test(test_it_inherits_nothing),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_what_cannot_be_run),
        cmocka_unit_test(test_sigchld_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
