/* SPDX-License-Identifier: MIT */
#include "base/wiped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_as_malloc(void **state)
{
    (void)state;
    char *text = wiped_strdup("hush");
    assert_string_equal(text, "hush");
    assert_int_equal((uintptr_t)text % _Alignof(max_align_t), 0);
    text = wiped_realloc(text, 1000);
    assert_string_equal(text, "hush");
    memset(text, 'x', 1000);
    text = wiped_realloc(text, 3);
    assert_memory_equal(text, "xxx", 3);
    wiped_free(text);
    wiped_free(NULL);
    char *zeros = wiped_calloc(10, 10);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(zeros[i], 0);
    wiped_free(zeros);
    char *none = wiped_realloc(NULL, 0);
    assert_non_null(none);
    wiped_free(none);
}

static void test_too_much(void **state)
{
    (void)state;
    char *text = wiped_strdup("hush");
    assert_null(wiped_malloc(SIZE_MAX));
    assert_null(wiped_calloc(SIZE_MAX, 2));
    assert_null(wiped_realloc(text, SIZE_MAX - 8));
    assert_string_equal(text, "hush");
    wiped_free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_malloc),
        cmocka_unit_test(test_too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
