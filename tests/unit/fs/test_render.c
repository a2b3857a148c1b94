/* SPDX-License-Identifier: MIT */
#include "fs/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void text_is_one_harmless_line(void **state)
{
    static const struct {
        const char *text;
        const char *rendered;
    } cases[] = {
        { "", "" },
        { "plain words", "plain words" },
        { "a\nb", "a\\nb" },
        { "\t\r\\", "\\t\\r\\\\" },
        { "\x1b[31m", "\\0033[31m" },
        { "\x01\x1f\x7f", "\\0001\\0037\\0177" },
        { "\xc2\x9b\x31", "\\0302\\0233\x31" },                             /* U+009B, a C1 control */
        { "\xc2\x80\xc2\x9f", "\\0302\\0200\\0302\\0237" },                 /* the first and the last of them */
        { "\xc2\xa0\xc3\xa9\xe2\x82\xac", "\xc2\xa0\xc3\xa9\xe2\x82\xac" }, /* NBSP, e acute, euro */
        { "\xf0\x9f\x9a\x80", "\xf0\x9f\x9a\x80" },
        { "ends in \n", "ends in \\n" },
        { "\\n", "\\\\n" },
        { "\xe2\x80\xae", "\xe2\x80\xae" },         /* bidi override: no control character, left as it is */
        { "\xc4\x80\xd2\x9b", "\xc4\x80\xd2\x9b" }, /* continuation bytes like C1's, in other characters */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BUF_CLEANUP struct buf to = BUF_INIT(1000);
        assert_int_equal(render_text((struct slice){ cases[i].text, strlen(cases[i].text) }, &to), 0);
        assert_string_equal(buf_str(&to), cases[i].rendered);
    }
}

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
    const struct CMUnitTest tests[] = { cmocka_unit_test(text_is_one_harmless_line),
                                        cmocka_unit_test(values_are_rendered_by_their_type) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
