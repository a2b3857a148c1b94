/* SPDX-License-Identifier: MIT */
/* credential_process: what it says, and what is said of one in trouble. */
#include "provider_world.h"

#include <errno.h>

/* Runs what is watched until there is an answer or `limit_ms` is over. */
static void run(struct test *test, const struct answer *answer, int limit_ms)
{
    while (!answer->calls) {
        struct pollfd fds[4];
        unsigned n = watches_fill(&test->world.watches, fds, 4);
        int ready = poll(fds, n, limit_ms);
        if (ready <= 0)
            return;
        watches_run(&test->world.watches, fds, n);
    }
}

static void reap(struct test *test)
{
    struct pollfd fds[4];
    unsigned n;
    while ((n = watches_fill(&test->world.watches, fds, 4))) {
        assert_true(poll(fds, n, 10000) > 0);
        watches_run(&test->world.watches, fds, n);
    }
}

#define KEYS(id) "\\\"AccessKeyId\\\":\\\"" id "\\\",\\\"SecretAccessKey\\\":\\\"HUSH\\\""
#define PROCESS(script) "[default]\ncredential_process = sh -c \"" script "\"\n"

static void test_process(void **state)
{
    struct test *test = *state;
    struct answer answer;
    start(test, PROCESS("echo '{\\\"Version\\\":1," KEYS("ASIA") ",\\\"SessionToken\\\":\\\"HUSH\\\","
                                                                 "\\\"Expiration\\\":\\\"" IN_AN_HOUR
                                                                 "\\\",\\\"AccountId\\\":\\\"123456789012\\\"}'"));
    ask(test, &answer);
    run(test, &answer, 10000);
    is(&answer, "ASIA", "credential_process");
    assert_string_equal(answer.account_id, "123456789012");
    assert_int_equal(answer.expires_ms, IN_AN_HOUR_MS);
    ask(test, &answer);
    is(&answer, "ASIA", "credential_process");
    assert_true(list_empty(&test->world.watches.list));
}

static void test_process_in_trouble(void **state)
{
    static const struct {
        const char *config, *code;
        int number;
        const char *message;
    } cases[] = {
        { PROCESS("echo HUSH; exit 7"), FAILURE_PROCESS, ENOKEY, "profile \"default\" ended with status 7" },
        { PROCESS("kill -9 $$"), FAILURE_PROCESS, ENOKEY, "ended by SIGKILL" },
        { PROCESS("echo HUSH rubbish"), FAILURE_SOURCE_ANSWER, EBADMSG, "not JSON" },
        { PROCESS("true"), FAILURE_SOURCE_ANSWER, EBADMSG, "not JSON" },
        { PROCESS("echo '{" KEYS("A") "}'"), FAILURE_SOURCE_ANSWER, EBADMSG, "Version is not 1" },
        { PROCESS("echo '{\\\"Version\\\":2," KEYS("A") "}'"), FAILURE_SOURCE_ANSWER, EBADMSG, "Version is not 1" },
        { PROCESS("echo '{\\\"Version\\\":\\\"1\\\"," KEYS("A") "}'"), FAILURE_SOURCE_ANSWER, EBADMSG, "Version" },
        { PROCESS("echo '{\\\"Version\\\":1}'"), FAILURE_SOURCE_ANSWER, EBADMSG, "no AccessKeyId" },
        { PROCESS("yes HUSH | head -c 100000"), FAILURE_SOURCE_ANSWER, EBADMSG, "more than 65536 bytes" },
        { "[default]\ncredential_process = /no/such/program --password HUSH\n", FAILURE_PROCESS, ENOKEY,
          "cannot be run" },
        { "[default]\ncredential_process = '' x\n", FAILURE_PROCESS, ENOKEY, "cannot be run" },
    };
    struct test *test = *state;
    struct answer answer;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start(test, cases[i].config);
        ask(test, &answer);
        run(test, &answer, 10000);
        failed(&answer, cases[i].code, cases[i].number, cases[i].message);
        assert_true(list_empty(&test->world.watches.list));
    }
}

static void test_process_that_hangs(void **state)
{
    struct test *test = *state;
    struct answer answer;
    start(test, PROCESS("sleep 60"));
    ask(test, &answer);
    run(test, &answer, 50);
    assert_int_equal(answer.calls, 0);
    world_advance(&test->world, 12 * SECOND);
    failed(&answer, FAILURE_SOURCE_TIMEOUT, ETIMEDOUT,
           "nothing came from credential_process of profile \"default\" within 12000 ms");
    reap(test); /* it was killed */
    ask(test, &answer);
    assert_int_equal(answer.calls, 1); /* the same for a second, without another one */
    assert_true(list_empty(&test->world.watches.list));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        provider_test(test_process),
        provider_test(test_process_in_trouble),
        provider_test(test_process_that_hangs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
