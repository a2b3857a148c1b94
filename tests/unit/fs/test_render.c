/* SPDX-License-Identifier: MIT */
#include "fs/render.h"

#include "codec/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
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

static void expect(const char *member, const char *json_value, const char *rendered)
{
    const struct kind *kind = &kind_batch_inference_job;
    const struct json_limits limits = { .bytes = 100000, .depth = 32 };
    struct json *json = NULL;
    struct record *record = NULL;
    struct error error;
    char text[1000];
    size_t field = 0;
    BUF_CLEANUP struct buf to = BUF_INIT(100000);
    while (strcmp(kind->fields[field].member, member))
        field++;
    (void)snprintf(text, sizeof text, "{\"jobName\":\"j\",\"%s\":%s}", member, json_value);
    assert_int_equal(json_parse(text, strlen(text), &limits, &json, &error), 0);
    assert_int_equal(record_new(kind, json_root(json), false, &record, &error), 0);
    assert_int_equal(render_value(record, field, &to), 0);
    assert_string_equal(buf_str(&to), rendered);
    record_unref(record);
    json_free(json);
}

static void values_are_rendered_by_their_type(void **state)
{
    (void)state;
    expect("status", "\"IN PROGRESS\"", "IN PROGRESS\n");
    expect("failureReason", "\"\"", "\n");
    expect("failureReason", "null", "");
    expect("failureReason", "\"a\\nb\"", "a\\nb\n");
    expect("numResults", "25", "25\n");
    expect("numResults", "9007199254740993", "9007199254740993\n");
    expect("numResults", "1e400", "1e400\n");
    expect("creationDateTime", "1700000060", "2023-11-14T22:14:20.000Z\n");
    expect("creationDateTime", "1700000060.1239", "2023-11-14T22:14:20.123Z\n");
    expect("creationDateTime", "1.700000060123E9", "2023-11-14T22:14:20.123Z\n");
    expect("creationDateTime", "-1", "1969-12-31T23:59:59.000Z\n");
    expect("creationDateTime", "253402300800", "253402300800\n"); /* the year 10000 */
    expect("creationDateTime", "1e400", "1e400\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(text_is_one_harmless_line),
                                        cmocka_unit_test(values_are_rendered_by_their_type) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
