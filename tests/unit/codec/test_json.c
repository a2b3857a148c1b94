/* SPDX-License-Identifier: MIT */
/* json by cases of our own: the check, the policy, the values, and what happens when memory runs out. */
#include "codec/json.h"

#include "base/buf.h"
#include "base/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
/* A literal that may hold NULs. */
#define TEXT(literal) (literal), sizeof(literal) - 1

enum { TEXT_MAX = 1 << 26 };

static const struct json_limits wide = { .bytes = TEXT_MAX, .depth = 32 };

/* Sanitizers bring an allocator of their own, which must not be taken from them. */
#if defined(__SANITIZE_ADDRESS__)
#define OWN_ALLOCATOR 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OWN_ALLOCATOR 0
#endif
#endif
#ifndef OWN_ALLOCATOR
#define OWN_ALLOCATOR 1
#endif

/* The allocation that fails, 1 being the next, and all after it, cJSON's too; negative: none. */
static long allocation_to_fail = -1;

#if OWN_ALLOCATOR
/* In place of the C library's, for cJSON too; glibc has names of its own for what is replaced. */
#define REPLACES(name) __asm__(name) __attribute__((visibility("default")))

void *libc_malloc(size_t size) __asm__("__libc_malloc");
void *libc_calloc(size_t n, size_t size) __asm__("__libc_calloc");
void *libc_realloc(void *old, size_t size) __asm__("__libc_realloc");
void *failing_malloc(size_t size) REPLACES("malloc");
void *failing_calloc(size_t n, size_t size) REPLACES("calloc");
void *failing_realloc(void *old, size_t size) REPLACES("realloc");

static bool may_allocate(void)
{
    if (allocation_to_fail > 1)
        allocation_to_fail--;
    return allocation_to_fail != 1;
}

void *failing_malloc(size_t size) { return may_allocate() ? libc_malloc(size) : NULL; }
void *failing_calloc(size_t n, size_t size) { return may_allocate() ? libc_calloc(n, size) : NULL; }
void *failing_realloc(void *old, size_t size) { return may_allocate() ? libc_realloc(old, size) : NULL; }
#endif

/* json_check and json_parse on an exact copy, so that a sanitizer sees a byte read too much. */
static int check_copy(const char *text, size_t len, const struct json_limits *limits, struct error *error)
{
    FREE_CLEANUP char *copy = malloc(len ? len : 1);
    memcpy(copy, text, len);
    *error = (struct error){ 0 };
    return json_check(copy, len, limits, NULL, NULL, error);
}

static int parse_copy(const char *text, size_t len, const struct json_limits *limits, struct json **ret_json,
                      struct error *error)
{
    FREE_CLEANUP char *copy = malloc(len ? len : 1);
    memcpy(copy, text, len);
    *error = (struct error){ 0 };
    return json_parse(copy, len, limits, ret_json, error);
}

static struct json *parse(const char *text)
{
    struct error error;
    struct json *json = NULL;
    if (parse_copy(text, strlen(text), &wide, &json, &error))
        fail_msg("%s: %s", text, error.message);
    return json;
}

static void test_check_accepts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
    } cases[] = {
        { TEXT("0") },
        { TEXT(" \t\r\n[ ] \t\r\n") },
        { TEXT("{}") },
        { TEXT("null") },
        { TEXT("\"\"") },
        { TEXT("-0.10E+01") },
        { TEXT("[1,2.5,-3e-7,true,false,null,\"x\",[],{}]") },
        { TEXT("{\"a\":1,\"b\":{\"c\":[]}}") },
        { TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"") },
        { TEXT("\"\\u0000\\ud800\"") }, /* the grammar allows it; the policy does not */
        { TEXT("{\"a\":1,\"a\":2}") },
        { TEXT("\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"") },
        { TEXT("\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"") },
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct error error;
        if (check_copy(cases[i].text, cases[i].len, &wide, &error))
            fail_msg("%s: %s", cases[i].text, error.message);
        assert_int_equal(error.number, 0);
    }
}

static void test_check_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        size_t at; /* the byte that the message names */
    } cases[] = {
        { TEXT(""), 0 },
        { TEXT("  "), 2 },
        { TEXT("\0"), 0 },
        { TEXT("1\0"), 1 },
        { TEXT("\xef\xbb\xbf{}"), 0 },
        { TEXT("{} x"), 3 },
        { TEXT("[1] [2]"), 4 },
        { TEXT("[1"), 2 },
        { TEXT("[1,"), 3 },
        { TEXT("[1,]"), 3 },
        { TEXT("[,1]"), 1 },
        { TEXT("[1 2]"), 3 },
        { TEXT("[1}"), 2 },
        { TEXT("{\"a\":1]"), 6 },
        { TEXT("{\"a\"}"), 4 },
        { TEXT("{\"a\" 1}"), 5 },
        { TEXT("{a:1}"), 1 },
        { TEXT("{1:1}"), 1 },
        { TEXT("{\"a\":1,}"), 7 },
        { TEXT("{\"a\":}"), 5 },
        { TEXT("]"), 0 },
        { TEXT("tru"), 0 },
        { TEXT("True"), 0 },
        { TEXT("nullx"), 4 },
        { TEXT("NaN"), 0 },
        { TEXT("-Infinity"), 1 },
        { TEXT("+1"), 0 },
        { TEXT("-"), 1 },
        { TEXT("01"), 1 },
        { TEXT("-01"), 2 },
        { TEXT(".5"), 0 },
        { TEXT("1."), 2 },
        { TEXT("1.e1"), 2 },
        { TEXT("1e"), 2 },
        { TEXT("1e+"), 3 },
        { TEXT("1e+-1"), 3 },
        { TEXT("0x1"), 1 },
        { TEXT("\""), 1 },
        { TEXT("\"\\\""), 3 },
        { TEXT("'a'"), 0 },
        { TEXT("\"\\x\""), 2 },
        { TEXT("\"\\"), 2 },
        { TEXT("\"\\\0\""), 2 },
        { TEXT("\"\\u12\""), 5 },
        { TEXT("\"\\u123g\""), 6 },
        { TEXT("\"a\nb\""), 2 },
        { TEXT("\"a\0b\""), 2 },
        { TEXT("\"\x1f\""), 1 },
        { TEXT("\"\x80\""), 1 },         /* a continuation without a beginning */
        { TEXT("\"\xc0\x80\""), 1 },     /* overlong */
        { TEXT("\"\xc1\xbf\""), 1 },     /* overlong */
        { TEXT("\"\xe0\x9f\xbf\""), 2 }, /* overlong */
        { TEXT("\"\xf0\x8f\xbf\xbf\""), 2 },
        { TEXT("\"\xed\xa0\x80\""), 2 },     /* a surrogate */
        { TEXT("\"\xf4\x90\x80\x80\""), 2 }, /* past U+10FFFF */
        { TEXT("\"\xf5\x80\x80\x80\""), 1 },
        { TEXT("\"\xff\""), 1 },
        { TEXT("\"\xe2\x82\""), 3 }, /* cut short */
        { TEXT("\"\xe2\x82"), 3 },
        { TEXT("\xe9"), 0 },
        { TEXT("[1]/* x */"), 3 },
        { TEXT("\f1"), 0 },
        { TEXT("\xc2\xa0"
               "1"),
          0 },
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct error error;
        struct json *json = NULL;
        if (check_copy(cases[i].text, cases[i].len, &wide, &error) != -EBADMSG)
            fail_msg("accepted: %s", cases[i].text);
        assert_int_equal(error.number, EBADMSG);
        char place[32];
        (void)snprintf(place, sizeof place, " at byte %zu", cases[i].at);
        size_t len = strlen(error.message);
        if (len < strlen(place) || strcmp(error.message + len - strlen(place), place) != 0)
            fail_msg("%s: \"%s\" does not end in \"%s\"", cases[i].text, error.message, place);
        assert_int_equal(parse_copy(cases[i].text, cases[i].len, &wide, &json, &error), -EBADMSG);
        assert_null(json);
    }
}

/* `n` times `open`, "1", `n` times `close`. */
static struct json *nest(const char *open, const char *close, unsigned n, unsigned limit, int *ret_error)
{
    BUF_CLEANUP struct buf text = BUF_INIT(TEXT_MAX);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(buf_append_str(&text, open), 0);
    assert_int_equal(buf_append_str(&text, "1"), 0);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(buf_append_str(&text, close), 0);
    struct error error;
    struct json *json = NULL;
    const struct json_limits limits = { .bytes = TEXT_MAX, .depth = limit };
    *ret_error = parse_copy(text.data, text.len, &limits, &json, &error);
    assert_int_equal(check_copy(text.data, text.len, &limits, &error), *ret_error);
    return json;
}

static void test_depth(void **state)
{
    (void)state;
    static const struct {
        const char *open;
        const char *close;
        unsigned n;
        unsigned limit;
        int error;
    } cases[] = {
        { "[", "]", 0, 0, 0 },
        { "[", "]", 1, 0, -EBADMSG },
        { "[", "]", 32, 32, 0 },
        { "[", "]", 33, 32, -EBADMSG },
        { "{\"a\":", "}", 32, 32, 0 },
        { "{\"a\":", "}", 33, 32, -EBADMSG },
        { "[{\"a\":", "}]", 16, 32, 0 },
        { "[{\"a\":", "}]", 17, 33, -EBADMSG },
        { "[", "]", JSON_DEPTH_MAX, UINT_MAX, 0 },
        { "{\"a\":", "}", JSON_DEPTH_MAX, UINT_MAX, 0 },
        { "[", "]", JSON_DEPTH_MAX + 1, UINT_MAX, -EBADMSG },
        { "[", "]", 1000000, UINT_MAX, -EBADMSG },
        { "[{\"a\":", "}]", 1000000, UINT_MAX, -EBADMSG },
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        int error = 0;
        struct json *json = nest(cases[i].open, cases[i].close, cases[i].n, cases[i].limit, &error);
        assert_int_equal(error, cases[i].error);
        json_free(json);
    }
}

static void test_size(void **state)
{
    (void)state;
    struct error error;
    const struct json_limits limits = { .bytes = 7, .depth = 8 };
    assert_int_equal(check_copy(TEXT("[1,2,3]"), &limits, &error), 0);
    assert_int_equal(check_copy(TEXT("[1,2,3] "), &limits, &error), -EBADMSG);
    struct json *json = NULL;
    assert_int_equal(parse_copy(TEXT("[1,2,3] "), &limits, &json, &error), -EBADMSG);
}

/* An array of `n` times "0". */
static void append_zeros(struct buf *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_int_equal(buf_append_str(text, i ? ",0" : "[0"), 0);
    assert_int_equal(buf_append_char(text, ']'), 0);
}

static void test_value_count(void **state)
{
    (void)state;
    BUF_CLEANUP struct buf text = BUF_INIT(TEXT_MAX);
    struct error error;
    struct json *json = NULL;
    append_zeros(&text, JSON_VALUES_MAX); /* and the array itself */
    assert_int_equal(parse_copy(text.data, text.len, &wide, &json, &error), -EBADMSG);
    buf_clear(&text);
    append_zeros(&text, JSON_VALUES_MAX - 1);
    assert_int_equal(parse_copy(text.data, text.len, &wide, &json, &error), 0);
    size_t n = 0;
    for (const struct json_value *value = json_first(json_root(json)); value; value = json_next(value)) {
        assert_string_equal(json_number(value), "0");
        n++;
    }
    assert_int_equal(n, JSON_VALUES_MAX - 1);
    json_free(json);
}

struct spans {
    struct json_span span[8];
    size_t n;
    size_t n_max;
};

static int collect_span(void *data, struct json_span span)
{
    struct spans *spans = data;
    if (spans->n == spans->n_max)
        return -ENOSPC;
    spans->span[spans->n++] = span;
    return 0;
}

static void test_number_spans(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,-2.50],\"3\":\"4\",\"b\":1.7E+9 ,\"c\":{\"d\":0}}";
    static const char *const expected[] = { "1", "-2.50", "1.7E+9", "0" };
    struct spans spans = { .n_max = LENGTH(spans.span) };
    struct error error = { 0 };
    assert_int_equal(json_check(text, sizeof text - 1, &wide, collect_span, &spans, &error), 0);
    assert_int_equal(spans.n, LENGTH(expected));
    for (size_t i = 0; i < spans.n; i++) {
        assert_int_equal(spans.span[i].len, strlen(expected[i]));
        assert_memory_equal(text + spans.span[i].at, expected[i], spans.span[i].len);
    }
    spans = (struct spans){ .n_max = 2 };
    assert_int_equal(json_check(text, sizeof text - 1, &wide, collect_span, &spans, &error), -ENOSPC);
    assert_int_equal(error.number, ENOSPC);
    assert_int_equal(spans.n, 2);
}

static void test_policy(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int error;
    } cases[] = {
        { "{\"a\":1,\"b\":1}", 0 },
        { "{\"a\":1,\"A\":1}", 0 },
        { "{\"a\":{\"a\":1},\"b\":{\"a\":1}}", 0 },
        { "[{\"a\":1},{\"a\":1}]", 0 },
        { "{\"a\":1,\"a\\u200b\":1}", 0 },
        { "{\"\":1,\"a\":1}", 0 },
        { "{\"a\":1,\"a\":1}", -EBADMSG },
        { "{\"a\":1,\"b\":2,\"c\":3,\"a\":1}", -EBADMSG },
        { "{\"\":1,\"\":1}", -EBADMSG },
        { "{\"a\":1,\"\\u0061\":1}", -EBADMSG }, /* as decoded they are one */
        { "{\"/\":1,\"\\/\":1}", -EBADMSG },
        { "{\"\xc3\xa9\":1,\"\\u00E9\":1}", -EBADMSG },
        { "{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\uDE00\":1}", -EBADMSG },
        { "[[{\"x\":{\"a\":1,\"a\":1}}]]", -EBADMSG },
        { "\"\\u0001\"", 0 },
        { "\"\\\\u0000\"", 0 }, /* a backslash and "u0000" */
        { "\"\\\\\\u0000\"", -EBADMSG },
        { "\"a\\u0000b\"", -EBADMSG },
        { "{\"\\u0000\":1}", -EBADMSG },
        { "{\"a\":[\"\\u0000\"]}", -EBADMSG },
        { "\"\\ud800\\udc00\"", 0 },
        { "\"\\uDBFF\\uDFFF\"", 0 },
        { "\"\\ud7ff\\ue000\"", 0 },
        { "\"\\ud800\"", -EBADMSG },
        { "\"\\udc00\"", -EBADMSG },
        { "\"\\udfff\"", -EBADMSG },
        { "\"\\ud800x\"", -EBADMSG },
        { "\"\\ud800\\n\"", -EBADMSG },
        { "\"\\ud800\\ud800\"", -EBADMSG },
        { "\"\\ud800\\ue000\"", -EBADMSG },
        { "\"\\udc00\\ud800\"", -EBADMSG },
        { "\"\\ud800\\udc00\\udc00\"", -EBADMSG },
        { "\"\\ud800\\u0000\"", -EBADMSG },
        { "\"\\ud800\\\\udc00\"", -EBADMSG },
        { "{\"\\ud800\":1}", -EBADMSG },
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct error error;
        struct json *json = NULL;
        size_t len = strlen(cases[i].text);
        assert_int_equal(check_copy(cases[i].text, len, &wide, &error), 0);
        if (parse_copy(cases[i].text, len, &wide, &json, &error) != cases[i].error)
            fail_msg("%s: %s", cases[i].text, json ? "accepted" : error.message);
        assert_int_equal(error.number, -cases[i].error);
        assert_int_equal(!json, cases[i].error != 0);
        json_free(json);
    }
}

/* With a comparison of each key with each other this would take minutes. */
static void test_many_keys(void **state)
{
    (void)state;
    enum { KEYS = 200000 };
    BUF_CLEANUP struct buf text = BUF_INIT(TEXT_MAX);
    for (int i = 0; i < KEYS; i++)
        assert_int_equal(buf_printf(&text, "%c\"key%d\":%d", i ? ',' : '{', i, i), 0);
    size_t len = text.len;
    assert_int_equal(buf_append_char(&text, '}'), 0);
    struct json *json = parse(buf_str(&text));
    assert_string_equal(json_number(json_member(json_root(json), "key199999")), "199999");
    json_free(json);
    text.len = len;
    assert_int_equal(buf_append_str(&text, ",\"key7\":7}"), 0);
    struct error error;
    json = NULL;
    assert_int_equal(parse_copy(text.data, text.len, &wide, &json, &error), -EBADMSG);
    assert_non_null(strstr(error.message, "\"key7\""));
}

static void test_getters(void **state)
{
    (void)state;
    struct json *json = parse("{\"s\":\"caf\\u00e9\\n\",\"n\":1.50,\"t\":true,\"f\":false,\"z\":null,"
                              "\"a\":[\"x\",2,[]],\"o\":{\"p\":{\"q\":\"deep\"}},\"\":\"empty\",\"o.p\":\"dotted\"}");
    const struct json_value *root = json_root(json);
    assert_int_equal(json_type_of(root), JSON_OBJECT);
    assert_string_equal(json_string(json_member(root, "s")), "caf\xc3\xa9\n");
    assert_string_equal(json_number(json_member(root, "n")), "1.50");
    assert_int_equal(json_type_of(json_member(root, "t")), JSON_TRUE);
    assert_int_equal(json_type_of(json_member(root, "f")), JSON_FALSE);
    assert_int_equal(json_type_of(json_member(root, "z")), JSON_NULL);
    assert_non_null(json_member(root, "z"));
    assert_int_equal(json_type_of(json_member(root, "a")), JSON_ARRAY);
    assert_string_equal(json_string(json_path(root, "o.p.q")), "deep");
    assert_string_equal(json_string(json_member(root, "o.p")), "dotted");
    assert_string_equal(json_string(json_member(root, "")), "empty");
    /* Case matters, and what is not there or of another type is NULL. */
    assert_null(json_member(root, "S"));
    assert_null(json_member(root, "ss"));
    assert_null(json_member(root, "nothing"));
    assert_null(json_member(json_member(root, "a"), "x"));
    assert_null(json_member(json_member(root, "s"), "x"));
    assert_null(json_member(NULL, "x"));
    assert_null(json_path(root, "o.p.x"));
    assert_null(json_path(root, "o.x.q"));
    assert_null(json_path(root, "s.x"));
    assert_null(json_path(NULL, "a.b"));
    assert_null(json_string(json_member(root, "n")));
    assert_null(json_number(json_member(root, "s")));
    assert_null(json_string(NULL));
    assert_null(json_number(NULL));
    assert_int_equal(json_type_of(NULL), JSON_NULL);
    assert_null(json_first(NULL));
    assert_null(json_first(json_member(root, "s")));
    assert_null(json_first(json_member(root, "n")));
    assert_null(json_key(root));
    assert_null(json_next(root));
    assert_null(json_key(NULL));
    json_free(json);
    json_free(NULL);
}

static void test_order(void **state)
{
    (void)state;
    static const char *const keys[] = { "z", "a", "m", "B" };
    struct json *json = parse("{\"z\":[10,{\"k\":11},12],\"a\":13,\"m\":{},\"B\":\"x\"}");
    size_t n = 0;
    for (const struct json_value *v = json_first(json_root(json)); v; v = json_next(v))
        assert_string_equal(json_key(v), keys[n++]);
    assert_int_equal(n, LENGTH(keys));
    const struct json_value *element = json_first(json_member(json_root(json), "z"));
    assert_string_equal(json_number(element), "10");
    assert_null(json_key(element));
    element = json_next(element);
    assert_string_equal(json_number(json_member(element, "k")), "11");
    element = json_next(element);
    assert_string_equal(json_number(element), "12");
    assert_null(json_next(element));
    assert_null(json_first(json_member(json_root(json), "m")));
    json_free(json);
}

static void test_digits(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "0",
        "-0",
        "0.10",
        "1.700000060123E9",
        "1700000060.123",
        "9007199254740993",
        "18446744073709551616",
        "1e400",
        "-1E-400",
        "0e999999999",
        /* longer than the 63 bytes that cJSON takes */
        "1234567890123456789012345678901234567890123456789012345678901234567890.1234567890e+12345678901234567890",
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "%s", cases[i]);
        struct json *json = parse(text);
        assert_string_equal(json_number(json_root(json)), cases[i]);
        json_free(json);
        (void)snprintf(text, sizeof text, "[7,{\"a\":%s,\"b\":\"8\"},%s]", cases[i], cases[i]);
        json = parse(text);
        const struct json_value *second = json_next(json_first(json_root(json)));
        assert_string_equal(json_number(json_first(json_root(json))), "7");
        assert_string_equal(json_number(json_member(second, "a")), cases[i]);
        assert_string_equal(json_number(json_next(second)), cases[i]);
        json_free(json);
    }
}

static void test_append_string(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *json;
    } cases[] = {
        { "", "\"\"" },
        { "abc", "\"abc\"" },
        { "a\"b\\c/d", "\"a\\\"b\\\\c/d\"" },
        { "\x01\n\x1f\x7f", "\"\\u0001\\u000a\\u001f\x7f\"" },
        { "caf\xc3\xa9 \xf0\x9f\x98\x80", "\"caf\xc3\xa9 \xf0\x9f\x98\x80\"" },
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        BUF_CLEANUP struct buf buf = BUF_INIT(TEXT_MAX);
        assert_int_equal(json_append_string(&buf, cases[i].text), 0);
        assert_string_equal(buf_str(&buf), cases[i].json);
        struct json *json = parse(buf_str(&buf));
        assert_string_equal(json_string(json_root(json)), cases[i].text);
        json_free(json);
    }
    BUF_CLEANUP struct buf small = BUF_INIT(5);
    assert_int_equal(json_append_string(&small, "abcd"), -EMSGSIZE);
}

/* Not with a sanitizer or valgrind, which bring their own. */
static bool allocations_can_fail(void)
{
    void *(*volatile allocate)(size_t) = malloc; /* so that the call is not optimised away */
    allocation_to_fail = 1;
    void *probe = allocate(1);
    allocation_to_fail = -1;
    free(probe);
    return !probe;
}

static void test_no_memory(void **state)
{
    (void)state;
    if (!allocations_can_fail())
        skip();
    static const char text[] = "{\"a\":[1,22.5,\"x\",{\"b\":3,\"c\":\"\\u00e9\"}],\"d\":{\"e\":null,\"f\":[true]}}";
    int result = -ENOMEM;
    long n = 0;
    while (result == -ENOMEM && n < 1000) {
        struct error error = { 0 };
        struct json *json = NULL;
        allocation_to_fail = ++n;
        result = json_parse(text, sizeof text - 1, &wide, &json, &error);
        allocation_to_fail = -1;
        assert_int_equal(error.number, -result);
        assert_int_equal(!json, result != 0);
        json_free(json);
    }
    assert_int_equal(result, 0);
    assert_in_range(n, 20, 100); /* the text above needs about so many: each has failed once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_accepts), cmocka_unit_test(test_check_refuses),
        cmocka_unit_test(test_depth),         cmocka_unit_test(test_size),
        cmocka_unit_test(test_value_count),   cmocka_unit_test(test_number_spans),
        cmocka_unit_test(test_policy),        cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_getters),       cmocka_unit_test(test_order),
        cmocka_unit_test(test_digits),        cmocka_unit_test(test_append_string),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
