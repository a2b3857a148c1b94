/* SPDX-License-Identifier: MIT */
#include "codec/json_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct slice slice_of(const char *text) { return (struct slice){ text, strlen(text) }; }

static void compact_and_pretty(void **state)
{
    static const struct {
        const char *text;
        const char *compact;
        const char *pretty;
    } cases[] = {
        { "1", "1", "1\n" },
        { " null ", "null", "null\n" },
        { "{ }", "{}", "{}\n" },
        { "[ ]", "[]", "[]\n" },
        { "[[],{}]", "[[],{}]", "[\n  [],\n  {}\n]\n" },
        { "{\"a\" : 1 ,\n\"b\":[ 1.50E+2,\"x y\" ]}", "{\"a\":1,\"b\":[1.50E+2,\"x y\"]}",
          "{\n  \"a\": 1,\n  \"b\": [\n    1.50E+2,\n    \"x y\"\n  ]\n}\n" },
        { "{\"k\\\"},:[\":\"\\\\\"}", "{\"k\\\"},:[\":\"\\\\\"}", "{\n  \"k\\\"},:[\": \"\\\\\"\n}\n" },
        { "{\"\\u0061\":\"\\u00e9\\n\"}", "{\"\\u0061\":\"\\u00e9\\n\"}", "{\n  \"\\u0061\": \"\\u00e9\\n\"\n}\n" },
        { "[\"\x7f\xc2\x9b\xc2\xa0\"]", "[\"\x7f\xc2\x9b\xc2\xa0\"]", "[\n  \"\\u007f\\u009b\xc2\xa0\"\n]\n" },
        { "[{\"a\":{}}]", "[{\"a\":{}}]", "[\n  {\n    \"a\": {}\n  }\n]\n" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BUF_CLEANUP struct buf compact = BUF_INIT(1000);
        BUF_CLEANUP struct buf pretty = BUF_INIT(1000);
        assert_int_equal(json_text_compact(slice_of(cases[i].text), &compact), 0);
        assert_string_equal(buf_str(&compact), cases[i].compact);
        assert_int_equal(json_text_pretty(slice_of(cases[i].text), &pretty), 0);
        assert_string_equal(buf_str(&pretty), cases[i].pretty);
    }
}

static void values_in_order(void **state)
{
    static const struct {
        const char *text;
        const char *values; /* each in angle brackets */
    } cases[] = {
        { "{}", "" },
        { "[]", "" },
        { " [ ] ", "" },
        { "5", "" },
        { "\"[1]\"", "" },
        { "[1]", "<1>" },
        { " [ 1 , \"a,b\" , [ 2,3 ] ,{\"x\":[]} ] ", "<1><\"a,b\"><[ 2,3 ]><{\"x\":[]}>" },
        { "{\"a\":1,\"b,c\":\"}\",\"d\" : { \"e\" : [ ] } , \"f\":null}", "<1><\"}\"><{ \"e\" : [ ] }><null>" },
        { "{\"a\\\"\":\"\\\"\"}", "<\"\\\"\">" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BUF_CLEANUP struct buf values = BUF_INIT(1000);
        size_t at = 0;
        struct slice value;
        while (json_text_next(slice_of(cases[i].text), &at, &value))
            (void)buf_printf(&values, "<%.*s>", (int)value.len, value.data);
        assert_string_equal(buf_str(&values), cases[i].values);
    }
}

static void members_by_key(void **state)
{
    static const char text[] = "{\"a\":1,\"ab\":[2],\"n\":{\"a\":3},\"b\" : \"x\"}";
    struct slice value;
    (void)state;
    assert_true(json_text_find(slice_of(text), "ab", &value));
    assert_memory_equal(value.data, "[2]", value.len);
    assert_true(json_text_find(slice_of(text), "b", &value));
    assert_int_equal(value.len, 3);
    assert_false(json_text_find(slice_of(text), "c", &value));
    assert_false(json_text_find(slice_of("[1]"), "a", &value));
    assert_false(json_text_find(slice_of(""), "a", &value));
}

static void strings_are_decoded(void **state)
{
    static const struct {
        const char *sent;
        const char *text;
    } cases[] = {
        { "", "" },
        { "a/b", "a/b" },
        { "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t" },
        { "\\u0041\\u00E9\\u20ac\\ud83d\\ude80", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x80" },
        { "\xc3\xa9", "\xc3\xa9" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BUF_CLEANUP struct buf text = BUF_INIT(1000);
        size_t at = 0;
        char bytes[4];
        for (unsigned n; (n = json_text_decode(slice_of(cases[i].sent), &at, bytes));)
            (void)buf_append(&text, bytes, n);
        assert_string_equal(buf_str(&text), cases[i].text);
    }
}

/* What is no JSON stays within its bounds (the sanitizers look), and ends. */
static void anything_else_ends(void **state)
{
    static const char text[] = "[{\"a\\\":[1,,]}\\\"]{:}\"\\ud800\\u12z\\";
    (void)state;
    for (size_t from = 0; from < sizeof text; from++)
        for (size_t len = 0; from + len < sizeof text; len++) {
            BUF_CLEANUP struct buf exact = BUF_INIT(1000);
            BUF_CLEANUP struct buf to = BUF_INIT(1000);
            struct slice value;
            size_t at = 0;
            (void)buf_append(&exact, text + from, len);
            struct slice whole = { exact.data, exact.len };
            for (int i = 0; i < 100 && json_text_next(whole, &at, &value); i++)
                assert_in_range(value.data - whole.data, 0, whole.len);
            assert_int_equal(json_text_compact(whole, &to), 0);
            assert_int_equal(json_text_pretty(whole, &to), 0);
            char bytes[4];
            for (at = 0; json_text_decode(whole, &at, bytes);)
                assert_in_range(at, 1, whole.len);
        }
}

/* As long as it is in one pass: looking for the end again after each escape would take minutes. */
static void a_string_of_escapes_is_read_once(void **state)
{
    enum { BYTES = 8 << 20 };
    char *text = malloc(BYTES);
    size_t at = 0;
    (void)state;
    assert_non_null(text);
    memset(text, '\\', BYTES);
    text[0] = text[BYTES - 1] = '"';
    assert_int_equal(json_text_token((struct slice){ text, BYTES }, &at).len, BYTES);
    assert_int_equal(at, BYTES);
    at = 0;
    assert_int_equal(json_text_token((struct slice){ text, BYTES - 1 }, &at).len, BYTES - 1); /* it does not end */
    free(text);
}

static void a_string_ends_at_its_quote(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } strings[] = { { "\"\"x", 2 },          { "\"a\"\"", 3 },       { "\"\\\"\"\"", 4 }, { "\"\\\\\"\"", 4 },
                    { "\"\\\\\\\"\"\"", 6 }, { "\"a\\u0022\",", 9 }, { "\"", 1 },         { "\"\\", 2 },
                    { "\"\\\"", 3 },         { "\"ab", 3 } };
    (void)state;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        size_t at = 0;
        struct slice text = { strings[i].text, strlen(strings[i].text) };
        assert_int_equal(json_text_token(text, &at).len, strings[i].len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(compact_and_pretty),
                                        cmocka_unit_test(values_in_order),
                                        cmocka_unit_test(members_by_key),
                                        cmocka_unit_test(strings_are_decoded),
                                        cmocka_unit_test(anything_else_ends),
                                        cmocka_unit_test(a_string_of_escapes_is_read_once),
                                        cmocka_unit_test(a_string_ends_at_its_quote) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
