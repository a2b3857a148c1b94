/* SPDX-License-Identifier: MIT */
#include "fs/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void expect(enum field_type type, const char *text, const char *rendered)
{
    BUF_CLEANUP struct buf packed = BUF_INIT(100000);
    BUF_CLEANUP struct buf to = BUF_INIT(100000);
    assert_int_equal(packed_append((struct slice){ text, strlen(text) }, (struct slice){ 0 }, &packed), 0);
    assert_int_equal(render_value(type, packed_root(packed.data), &to), 0);
    assert_string_equal(buf_str(&to), rendered);
    packed_release(packed.data);
}

static void values_are_rendered_by_their_type(void **state)
{
    (void)state;
    expect(FIELD_TEXT, "\"IN PROGRESS\"", "IN PROGRESS\n");
    expect(FIELD_TEXT, "\"\"", "\n");
    expect(FIELD_TEXT, "null", "");
    expect(FIELD_TEXT, "\"a\\nb\"", "a\\nb\n");
    expect(FIELD_NUMBER, "25", "25\n");
    expect(FIELD_NUMBER, "9007199254740993", "9007199254740993\n");
    expect(FIELD_NUMBER, "1e400", "1e400\n");
    expect(FIELD_TIME, "1700000060", "2023-11-14T22:14:20.000Z\n");
    expect(FIELD_TIME, "1700000060.1239", "2023-11-14T22:14:20.123Z\n");
    expect(FIELD_TIME, "1.700000060123E9", "2023-11-14T22:14:20.123Z\n");
    expect(FIELD_TIME, "-1", "1969-12-31T23:59:59.000Z\n");
    expect(FIELD_TIME, "253402300800", "253402300800\n"); /* the year 10000 */
    expect(FIELD_TIME, "1e400", "1e400\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(values_are_rendered_by_their_type) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
