/* SPDX-License-Identifier: MIT */
#include "base/escape.h"

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
        assert_int_equal(escape_text((struct slice){ cases[i].text, strlen(cases[i].text) }, &to), 0);
        assert_string_equal(buf_str(&to), cases[i].rendered);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(text_is_one_harmless_line) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
