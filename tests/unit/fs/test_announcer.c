/* SPDX-License-Identifier: MIT */
#include "fs/announcer.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

enum { NODE = 5, PATIENCE_S = 60 };

/* What stands in for the kernel: dropping begins, and ends when the test lets it. */
struct kernel {
    struct announcer *announcer;
    sem_t begun;
    sem_t let_go;
    uint64_t node;
    bool blocks_signals;
};

static void drop(void *data, uint64_t node)
{
    struct kernel *kernel = data;
    sigset_t blocked;
    kernel->node = node;
    kernel->blocks_signals = !pthread_sigmask(SIG_BLOCK, NULL, &blocked) && sigismember(&blocked, SIGTERM) &&
                             sigismember(&blocked, SIGHUP) && sigismember(&blocked, SIGPIPE);
    (void)sem_post(&kernel->begun);
    while (sem_wait(&kernel->let_go)) {
    }
}

static void wait_for(sem_t *semaphore)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    assert_int_equal(sem_timedwait(semaphore, &until), 0);
}

/* Asks until the size is said. */
static void wait_for_size(struct announcer *announcer, uint64_t node, uint64_t size)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    for (int i = 0; i < PATIENCE_S * 1000 && announcer_size(announcer, node, size) < size; i++)
        (void)nanosleep(&pause, NULL);
    assert_int_equal(announcer_size(announcer, node, size), size);
}

static int setup(void **state)
{
    static struct kernel kernel;
    kernel = (struct kernel){ .node = 0 };
    (void)sem_init(&kernel.begun, 0, 0);
    (void)sem_init(&kernel.let_go, 0, 0);
    assert_int_equal(announcer_new(drop, &kernel, &kernel.announcer), 0);
    *state = &kernel;
    return 0;
}

static int teardown(void **state)
{
    struct kernel *kernel = *state;
    announcer_free(kernel->announcer);
    (void)sem_destroy(&kernel->begun);
    (void)sem_destroy(&kernel->let_go);
    return 0;
}

static void a_size_is_said_when_the_pages_without_it_are_gone(void **state)
{
    struct kernel *kernel = *state;
    assert_int_equal(announcer_size(kernel->announcer, NODE, 100), 100); /* nothing is kept yet */
    assert_int_equal(announcer_size(kernel->announcer, NODE, 150), 100);
    wait_for(&kernel->begun);
    assert_int_equal(kernel->node, NODE);
    assert_true(kernel->blocks_signals);
    assert_int_equal(announcer_size(kernel->announcer, NODE, 200), 100); /* came too late for this one */
    (void)sem_post(&kernel->let_go);
    wait_for(&kernel->begun);
    assert_int_equal(announcer_size(kernel->announcer, NODE, 200), 150);
    (void)sem_post(&kernel->let_go);
    wait_for_size(kernel->announcer, NODE, 200);
    assert_int_equal(sem_trywait(&kernel->begun), -1); /* and no more was dropped */
}

static void a_file_that_was_forgotten_meanwhile_begins_anew(void **state)
{
    struct kernel *kernel = *state;
    (void)announcer_size(kernel->announcer, NODE, 100);
    (void)announcer_size(kernel->announcer, NODE, 150);
    wait_for(&kernel->begun);
    announcer_forget(kernel->announcer, NODE);
    announcer_forget(kernel->announcer, NODE + 1);
    assert_int_equal(announcer_size(kernel->announcer, NODE, 160), 160);
    (void)sem_post(&kernel->let_go);
}

static void several_files_grow_side_by_side(void **state)
{
    struct kernel *kernel = *state;
    for (uint64_t node = 1; node <= ANNOUNCED_MAX; node++)
        assert_int_equal(announcer_size(kernel->announcer, node, node), node);
    assert_int_equal(announcer_size(kernel->announcer, ANNOUNCED_MAX + 1, 100), 0); /* one too many */
    for (uint64_t node = 1; node <= ANNOUNCED_MAX; node++) {
        assert_int_equal(announcer_size(kernel->announcer, node, 100 + node), node);
        (void)sem_post(&kernel->let_go);
    }
    for (uint64_t node = 1; node <= ANNOUNCED_MAX; node++)
        wait_for_size(kernel->announcer, node, 100 + node);
    announcer_forget(kernel->announcer, 1);
    assert_int_equal(announcer_size(kernel->announcer, ANNOUNCED_MAX + 1, 100), 100);
}

static void it_ends_when_what_it_waits_for_has_come(void **state)
{
    struct kernel *kernel = *state;
    const struct timespec pause = { .tv_nsec = 1000000 };
    (void)announcer_size(kernel->announcer, NODE, 100);
    (void)announcer_size(kernel->announcer, NODE, 150);
    wait_for(&kernel->begun);
    assert_false(announcer_end(kernel->announcer));
    (void)sem_post(&kernel->let_go);
    bool ended = false;
    for (int i = 0; i < PATIENCE_S * 1000 && !ended; i++) {
        ended = announcer_end(kernel->announcer);
        (void)nanosleep(&pause, NULL);
    }
    assert_true(ended);
    (void)announcer_size(kernel->announcer, NODE, 200);
    assert_int_equal(sem_trywait(&kernel->begun), -1);
}

static void one_that_had_nothing_to_do_ends_at_once(void **state)
{
    struct kernel *kernel = *state;
    (void)announcer_size(kernel->announcer, NODE, 100);
    assert_true(announcer_end(kernel->announcer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_size_is_said_when_the_pages_without_it_are_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_was_forgotten_meanwhile_begins_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(several_files_grow_side_by_side, setup, teardown),
        cmocka_unit_test_setup_teardown(it_ends_when_what_it_waits_for_has_come, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_had_nothing_to_do_ends_at_once, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
