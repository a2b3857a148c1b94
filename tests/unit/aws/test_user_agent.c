/* SPDX-License-Identifier: MIT */
#include "aws/user_agent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define USUAL "personalizefs/0.1.0 ua/2.1 os/linux#6.1.0-28-amd64 md/arch#x86_64 lang/c md/libcurl#7.88.1"
#define TEN "0123456789"

static void test_parts(void **state)
{
    static const struct {
        const char *environment, *app_id, *expected;
    } rows[] = {
        { NULL, NULL, USUAL },
        { NULL, "nightly", USUAL " app/nightly" },
        { "AWS_ECS_FARGATE", NULL, USUAL " exec-env/AWS_ECS_FARGATE" },
        { "AWS_ECS_FARGATE", "a", USUAL " exec-env/AWS_ECS_FARGATE app/a" },
        { "a#b", "a#b", USUAL " exec-env/a-b app/a#b" },
        { NULL, "my app/(1);\"x\"", USUAL " app/my-app--1---x-" },
        { NULL, "a\r\nX-Evil: 1\t\x7f", USUAL " app/a--X-Evil--1--" },
        { NULL, "\xc3\xa4", USUAL " app/--" },
        { NULL, "!$%&'*+-.^_`|~", USUAL " app/!$%&'*+-.^_`|~" },
        { NULL, TEN TEN TEN TEN TEN "and more", USUAL " app/" TEN TEN TEN TEN TEN },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct user_agent parts = { .version = "0.1.0",
                                          .system_release = "6.1.0-28-amd64",
                                          .machine = "x86_64",
                                          .http_version = "7.88.1",
                                          .execution_environment = rows[i].environment,
                                          .app_id = rows[i].app_id };
        char text[USER_AGENT_SIZE];
        user_agent_make(&parts, text);
        assert_string_equal(text, rows[i].expected);
    }
}

static void test_longest(void **state)
{
    char value[200];
    char text[USER_AGENT_SIZE];
    (void)state;
    memset(value, 'x', sizeof value);
    value[sizeof value - 1] = 0;
    const struct user_agent parts = { value, value, value, value, value, value };
    user_agent_make(&parts, text);
    assert_int_equal(strlen(text), strlen("/ ua/2.1 os/linux# md/arch# lang/c md/libcurl# exec-env/ app/") +
                                       strlen("personalizefs") + 6 * APP_ID_MAX);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
