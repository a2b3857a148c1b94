/* SPDX-License-Identifier: MIT */
/* wait: its command line, the places that are jobs, and what it makes of a status; a directory stands in for a job.
 * What needs a mount is tested with the mounts. */
#include "base/cleanup.h"
#include "options.h"
#include "wait.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- the command line ---- */

static void test_options(void **state)
{
    static const struct {
        const char *words[6];
        int result;
        int64_t timeout_ms;
        const char *paths; /* each with a space behind it */
    } cases[] = {
        { { "wait", "a" }, 0, 0, "a " },
        { { "wait", "a", "b", "-", "/c" }, 0, 0, "a b - /c " },
        { { "wait", "--timeout", "2m", "a" }, 0, 120000, "a " },
        { { "wait", "a", "--timeout=500ms", "b" }, 0, 500, "a b " },
        { { "wait", "--timeout=1s", "--timeout=90", "a" }, 0, 90000, "a " },
        { { "wait", "--timeout", "1d", "--", "--timeout", "-x" }, 0, 86400000, "--timeout -x " },
        { { "wait", "a", "--", "--", "b" }, 0, 0, "a -- b " },
        { { "wait", "-h" }, 0, 0, "" },
        { { "wait", "--help" }, 0, 0, "" },
        { { "wait" }, -EINVAL, 0, NULL },
        { { "wait", "--" }, -EINVAL, 0, NULL },
        { { "wait", "--timeout" }, -EINVAL, 0, NULL },
        { { "wait", "a", "--timeout" }, -EINVAL, 0, NULL },
        { { "wait", "a", "--timeout=" }, -EINVAL, 0, NULL },
        { { "wait", "a", "--timeout=0" }, -EINVAL, 0, NULL },
        { { "wait", "a", "--timeout=-1" }, -EINVAL, 0, NULL },
        { { "wait", "a", "--timeout=5 m" }, -EINVAL, 0, NULL },
        { { "wait", "a", "--timeout=99999999999999999999" }, -EINVAL, 0, NULL },
        { { "wait", "a", "--timeou=1" }, -EINVAL, 0, NULL },
        { { "wait", "a", "--timeouts=1" }, -EINVAL, 0, NULL },
        { { "wait", "a", "-timeout=1" }, -EINVAL, 0, NULL },
        { { "wait", "a", "-t", "1" }, -EINVAL, 0, NULL },
        { { "wait", "a", "-hx" }, -EINVAL, 0, NULL },
        { { "wait", "a", "--h" }, -EINVAL, 0, NULL },
        { { "wait", "a", "--help=no" }, -EINVAL, 0, NULL },
        { { "wait", "a", "--=1" }, -EINVAL, 0, NULL },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *argv[COUNT(cases[i].words) + 1] = { NULL };
        struct wait_options options;
        struct error error = { 0 };
        char paths[100] = "";
        int argc = 0;
        for (; argc < (int)COUNT(cases[i].words) && cases[i].words[argc]; argc++)
            argv[argc] = (char *)cases[i].words[argc];
        int r = wait_options_parse(argc, argv, &options, &error);
        if (r != cases[i].result)
            fail_msg("case %zu: %d (%s)", i, r, error.message);
        if (r) {
            assert_true(error.message[0]);
            continue;
        }
        for (int j = 0; j < options.n_paths; j++)
            (void)snprintf(paths + strlen(paths), sizeof paths - strlen(paths), "%s ", options.paths[j]);
        assert_string_equal(paths, cases[i].paths);
        assert_int_equal(options.timeout_ms, cases[i].timeout_ms);
        assert_int_equal(options.help, cases[i].paths[0] == 0);
    }
}

static void test_help(void **state)
{
    FREE_CLEANUP char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    const struct option_row *row;
    (void)state;
    assert_non_null(file);
    wait_help(file);
    assert_int_equal(fclose(file), 0);
    assert_non_null(text);
    for (size_t i = 0; (row = wait_option_at(i)); i++) {
        assert_non_null(strstr(text, row->name));
        assert_non_null(strstr(text, row->help));
        assert_true(row->offset < sizeof(struct wait_options));
    }
}

static void test_places(void **state)
{
    static const struct {
        const char *inside;
        bool is_job;
    } cases[] = {
        { "/", false },
        { "/nightly", true },
        { "/status", true },
        { "/.personalizefs", false },
        { "/a b", false },
        { "/nightly/status", false },
        { "/nightly/jobInput/path", false },
        { "/arn:aws:personalize:us-west-2:123456789012:batch-inference-job", false },
        { "/arn:aws:personalize:us-west-2:123456789012:batch-inference-job/nightly", true },
        { "/arn:aws:personalize:us-west-2:123456789012:batch-inference-job/nightly/status", false },
        { "/arn:aws:personalize:us-west-2:123456789012:batch-inference-job/", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (wait_place_is_job(cases[i].inside) != cases[i].is_job)
            fail_msg("%s", cases[i].inside);
}

/* ---- a job ---- */

struct world {
    char directory[PATH_MAX];
    char status[PATH_MAX + 16];
    struct wait_job job;
};

static void status_write(const struct world *world, const char *text)
{
    FILE *file = fopen(world->status, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void world_make(struct world *world)
{
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(world->directory, sizeof world->directory, "%s/test-wait-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(world->directory));
    (void)snprintf(world->status, sizeof world->status, "%s/status", world->directory);
    world->job = (struct wait_job){ .path = world->directory, .mount = world->directory };
}

static void world_end(const struct world *world)
{
    if (unlink(world->status))
        (void)rmdir(world->status);
    assert_int_equal(rmdir(world->directory), 0);
}

static void test_status(void **state)
{
    static const struct {
        const char *content;
        const char *status;
        enum wait_state state;
    } cases[] = {
        { "ACTIVE\n", "ACTIVE", WAIT_ACTIVE },
        { "CREATE FAILED\n", "CREATE FAILED", WAIT_STOPPED },
        { "CREATE STOPPED\n", "CREATE STOPPED", WAIT_STOPPED },
        { "FAILED", "FAILED", WAIT_STOPPED },
        { "PENDING\n", "PENDING", WAIT_RUNNING },
        { "IN PROGRESS\n", "IN PROGRESS", WAIT_RUNNING },
        { "INACTIVE\n", "INACTIVE", WAIT_RUNNING },
        { "ACTIVE \n", "ACTIVE ", WAIT_RUNNING },
        { "active\n", "active", WAIT_RUNNING },
        { "", "", WAIT_RUNNING },
        { "\n", "", WAIT_RUNNING },
        { "A\033[31mB\n", "A?[31mB", WAIT_RUNNING },
    };
    struct world world;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        world_make(&world);
        status_write(&world, cases[i].content);
        wait_job_look(&world.job, 5000);
        assert_int_equal(world.job.state, cases[i].state);
        assert_string_equal(world.job.status, cases[i].status);
        assert_int_equal(world.job.number, 0);
        assert_int_equal(world.job.next_ms, 6000);
        world_end(&world);
    }
}

static void test_long_status_is_cut(void **state)
{
    struct world world;
    char text[WAIT_STATUS_BYTES + 10];
    (void)state;
    memset(text, 'A', sizeof text - 1);
    text[sizeof text - 1] = 0;
    world_make(&world);
    status_write(&world, text);
    wait_job_look(&world.job, 0);
    assert_int_equal(strlen(world.job.status), WAIT_STATUS_BYTES - 1);
    assert_int_equal(world.job.state, WAIT_RUNNING);
    world_end(&world);
}

/* A directory in place of the status: read(2) fails with EISDIR, as it may with anything in an outage. */
static void test_failures_are_looked_at_less_and_less(void **state)
{
    static const int64_t pauses_ms[] = { 1000, 2000, 4000, 8000, 15000, 15000 };
    struct world world;
    int64_t now_ms = 0;
    (void)state;
    world_make(&world);
    status_write(&world, "PENDING\n");
    wait_job_look(&world.job, now_ms);
    assert_int_equal(unlink(world.status), 0);
    assert_int_equal(mkdir(world.status, 0700), 0);
    for (size_t i = 0; i < COUNT(pauses_ms); i++) {
        wait_job_look(&world.job, now_ms);
        assert_int_equal(world.job.state, WAIT_RUNNING);
        assert_int_equal(world.job.number, EISDIR);
        assert_string_equal(world.job.status, "PENDING"); /* what was last known */
        assert_int_equal(world.job.next_ms - now_ms, pauses_ms[i]);
        now_ms = world.job.next_ms;
    }
    assert_int_equal(rmdir(world.status), 0);
    status_write(&world, "PENDING\n");
    wait_job_look(&world.job, now_ms);
    assert_int_equal(world.job.number, 0);
    assert_int_equal(world.job.next_ms - now_ms, 1000);
    assert_int_equal(unlink(world.status), 0);
    assert_int_equal(mkdir(world.status, 0700), 0);
    wait_job_look(&world.job, now_ms); /* and from the beginning */
    assert_int_equal(world.job.next_ms - now_ms, 1000);
    world_end(&world);
}

static void test_gone_with_its_mount(void **state)
{
    struct world world;
    (void)state;
    world_make(&world);
    wait_job_look(&world.job, 0);
    assert_int_equal(world.job.number, ENOENT);
    assert_int_equal(world.job.state, WAIT_NO_MOUNT); /* nothing of ours is mounted there */
    world_end(&world);
}

static void test_paths_outside_a_mount(void **state)
{
    static const char *const paths[] = { "/", "/proc", "/proc/self/status", "/nowhere/at/all", "status", "", "." };
    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct wait_job job;
        struct error error = { 0 };
        if (wait_job_find(paths[i], &job, &error) != -EINVAL)
            fail_msg("\"%s\": %s", paths[i], error.message);
        wait_job_release(&job);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_long_status_is_cut),
        cmocka_unit_test(test_failures_are_looked_at_less_and_less),
        cmocka_unit_test(test_gone_with_its_mount),
        cmocka_unit_test(test_paths_outside_a_mount),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
