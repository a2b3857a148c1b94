/* SPDX-License-Identifier: MIT */
#include "jobs/packed.h"

#include "base/cleanup.h"
#include "codec/json_text.h"
#include "jobs/words.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { BYTES_MAX = 1 << 22 };

/* Counts allocations of the code under test down to the one that fails. */
static long countdown = -1; /* -1: none fails */

static bool fails(void) { return countdown >= 0 && countdown-- == 0; }

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker makes these names */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) { return fails() ? NULL : __real_malloc(size); }
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size) { return fails() ? NULL : __real_calloc(n, size); }
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size) { return fails() ? NULL : __real_realloc(memory, size); }
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

#define JOB_ARN "arn:aws:personalize:us-west-2:123456789012:batch-inference-job/nightly-1"
#define JOB                                                                                                      \
    "{\"jobName\":\"nightly-1\",\"batchInferenceJobArn\":\"" JOB_ARN "\",\"status\":\"CREATE FAILED\","          \
    "\"numResults\":9007199254740993,\"at\":1.700000060123E9,\"batchInferenceJobMode\":\"BATCH_INFERENCE\","     \
    "\"jobInput\":{\"s3DataSource\":{\"path\":\"s3://bucket/input/nightly-1.json\",\"kmsKeyArn\":null}},"        \
    "\"failureReason\":\"nightly-1: no \\u00e9l\\u00e8ve in s3:\\/\\/bucket/nightly-1/\",\"new\":[1,[],{},true," \
    "false,{\"a.b\":\"\",\"\":\"x\"}]}"

static struct slice slice_of(const char *text) { return (struct slice){ text, strlen(text) }; }

static char *pack_common(const char *text, const char *common, size_t *ret_len)
{
    struct buf packed = BUF_INIT(BYTES_MAX);
    assert_int_equal(packed_append(slice_of(text), slice_of(common), &packed), 0);
    if (ret_len)
        *ret_len = packed.len;
    /* A copy of the exact size, so that a sanitizer sees a byte read too much. */
    char *copy = malloc(packed.len);
    assert_non_null(copy);
    memcpy(copy, packed.data, packed.len);
    buf_release(&packed);
    return copy;
}

static char *pack(const char *text) { return pack_common(text, "nightly-1", NULL); }

static void unpack(char *packed)
{
    packed_release(packed);
    free(packed);
}

static void expect_json(struct packed_value value, const char *text)
{
    BUF_CLEANUP struct buf to = BUF_INIT(BYTES_MAX);
    assert_int_equal(packed_json(value, &to), 0);
    assert_string_equal(buf_str(&to), text);
}

static void expect_text(struct packed_value value, enum json_type type, const char *text)
{
    BUF_CLEANUP struct buf to = BUF_INIT(BYTES_MAX);
    assert_int_equal(packed_type(value), type);
    assert_int_equal(packed_text(value, &to), 0);
    assert_string_equal(buf_str(&to), text);
}

static void every_token_comes_back_as_it_was_sent(void **state)
{
    static const char *const texts[] = {
        JOB,
        "{}",
        "[]",
        "null",
        "\"\"",
        "\"nightly-1\"",
        "[\"nightly-1nightly-1\",\"/nightly-1\",\"x/nightly-1\",\"arn:x/nightly-1/nightly-1\",\"nightly-1/\"]",
        "[\"s3:\\/\\/b\\/nightly-1\",\"s3://b/\\u006eightly-1\",\"s3://b/\\\\nightly-1\",\"a:\\\\\",\"\\\"/\\\"\"]",
        "[-0,0.10,1E400,1.50e+2,123456789012345678901234567890]",
        "{\"\\u0061\":1,\"b\":{\"c\":{\"d\":[[[]]]}}}",
        "[\"A\",\"AB\",\"ACTIVE\",\"ACTIVE \",\" \",\"active\"]",
        "[\"\x7f\xc2\x9b\xf0\x9f\x9a\x80\"]",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *packed = pack(texts[i]);
        expect_json(packed_root(packed), texts[i]);
        assert_int_equal(packed_common(packed).len, 9);
        unpack(packed);
    }
    char *packed = pack(" { \"a\" :\t[ 1 ,\n2 ] , \"b\" : \" x \" } ");
    expect_json(packed_root(packed), "{\"a\":[1,2],\"b\":\" x \"}");
    unpack(packed);
    assert_int_equal(words_count(), 0);
}

static void values_are_found_by_their_path(void **state)
{
    char *packed = pack(JOB);
    struct packed_value root = packed_root(packed);
    (void)state;
    expect_text(packed_path(root, "jobName"), JSON_STRING, "nightly-1");
    expect_text(packed_path(root, "batchInferenceJobArn"), JSON_STRING, JOB_ARN);
    expect_text(packed_path(root, "status"), JSON_STRING, "CREATE FAILED");
    expect_text(packed_path(root, "numResults"), JSON_NUMBER, "9007199254740993");
    expect_text(packed_path(root, "at"), JSON_NUMBER, "1.700000060123E9");
    expect_text(packed_path(root, "jobInput.s3DataSource.path"), JSON_STRING, "s3://bucket/input/nightly-1.json");
    expect_text(packed_path(root, "failureReason"), JSON_STRING,
                "nightly-1: no \xc3\xa9l\xc3\xa8ve in s3://bucket/nightly-1/");
    struct packed_value null = packed_path(root, "jobInput.s3DataSource.kmsKeyArn");
    assert_non_null(null.at); /* null and absent are told apart */
    expect_text(null, JSON_NULL, "");
    assert_null(packed_path(root, "jobInput.s3DataSource.none").at);
    assert_null(packed_path(root, "jobname").at);
    assert_null(packed_path(root, "jobName.x").at);
    assert_null(packed_path(root, "new.0").at);
    assert_null(packed_path(root, "").at);
    unpack(packed);
    packed = pack("{\"\\u006aobName\":\"a\",\"\":{\"\":2}}");
    expect_text(packed_path(packed_root(packed), "jobName"), JSON_STRING, "a");
    expect_text(packed_path(packed_root(packed), "."), JSON_NUMBER, "2");
    unpack(packed);
}

static void members_come_in_their_order(void **state)
{
    char *packed = pack("{\"b\":[1,\"x\",{}],\"\\u0061\":{},\"c\":null}");
    struct packed_value value = packed_first(packed_root(packed));
    BUF_CLEANUP struct buf key = BUF_INIT(100);
    (void)state;
    struct packed_value element = packed_first(value);
    expect_json(element, "1");
    assert_null(element.key);
    element = packed_next(packed_next(element));
    expect_json(element, "{}");
    assert_null(packed_first(element).at);
    assert_null(packed_next(element).at);
    value = packed_next(value);
    assert_int_equal(packed_key(value, &key), 0);
    assert_string_equal(buf_str(&key), "a");
    value = packed_next(value);
    assert_null(packed_first(value).at);
    assert_null(packed_next(value).at);
    unpack(packed);
}

static void escapes_are_decoded(void **state)
{
    static const struct {
        const char *sent;
        const char *text;
    } cases[] = {
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
        { "\"\\u0041\\u00e9\\u20ac\\ud83d\\ude80\\uFFFF\"", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x80\xef\xbf\xbf" },
        { "\"\\udbff\\udfff\\u0001x\"", "\xf4\x8f\xbf\xbf\x01x" },
        { "\"\\\\u0041\"", "\\u0041" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *packed = pack(cases[i].sent);
        expect_text(packed_root(packed), JSON_STRING, cases[i].text);
        unpack(packed);
    }
}

static void what_says_the_same_is_equal(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        bool equal;
    } cases[] = {
        { "\"x\"", "\"x\"", true },
        { "\"x\"", "\"\\u0078\"", true },
        { "\"s3://a/nightly-1\"", "\"s3:\\/\\/a\\/nightly-1\"", true },
        { "\"x\"", "\"xy\"", false },
        { "\"xy\"", "\"x\"", false },
        { "\"\"", "null", false },
        { "\"1\"", "1", false },
        { "1", "1", true },
        { "1.0", "1", false },
        { "true", "true", true },
        { "true", "false", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *a = pack(cases[i].a);
        char *b = pack_common(cases[i].b, "another", NULL);
        assert_int_equal(packed_equal(packed_root(a), packed_root(b)), cases[i].equal);
        unpack(a);
        unpack(b);
    }
    char *null = pack("null");
    assert_false(packed_equal(packed_root(null), (struct packed_value){ 0 }));
    assert_true(packed_equal((struct packed_value){ 0 }, (struct packed_value){ 0 }));
    unpack(null);
}

/* What other answers hold too costs a few bytes in each. */
static void what_recurs_is_held_once(void **state)
{
    size_t len = 0;
    char *one = pack_common(JOB, "nightly-1", &len);
    size_t words = words_count();
    (void)state;
    assert_in_range(len, 1, 200); /* of 481 */
    char *two = pack(JOB);
    assert_int_equal(words_count(), words);
    unpack(one);
    assert_int_equal(words_count(), words);
    expect_json(packed_root(two), JOB);
    unpack(two);
    assert_int_equal(words_count(), 0);
}

/* An answer that is all names: they are not made words, which would take several times its own size. */
static void many_members(void **state)
{
    BUF_CLEANUP struct buf text = BUF_INIT(BYTES_MAX);
    size_t len = 0;
    (void)state;
    for (int i = 0; i < 100000; i++)
        (void)buf_printf(&text, "%s\"key%d\":%d", i ? "," : "{", i, i);
    (void)buf_append_char(&text, '}');
    char *packed = pack_common(buf_str(&text), "nightly-1", &len);
    assert_true(len < text.len * 5 / 4);
    assert_in_range(words_count(), 1, 256);
    expect_text(packed_path(packed_root(packed), "key99999"), JSON_NUMBER, "99999");
    expect_json(packed_root(packed), buf_str(&text));
    unpack(packed);
    assert_int_equal(words_count(), 0);
}

static void deep_and_long(void **state)
{
    BUF_CLEANUP struct buf text = BUF_INIT(BYTES_MAX);
    (void)state;
    for (int i = 0; i < JSON_DEPTH_MAX / 2; i++)
        (void)buf_append_str(&text, "[{\"a\":");
    (void)buf_append_char(&text, '"');
    for (int i = 0; i < 100000; i++)
        (void)buf_append_str(&text, "A:/\\n");
    (void)buf_append_char(&text, '"');
    for (int i = 0; i < JSON_DEPTH_MAX / 2; i++)
        (void)buf_append_str(&text, "}]");
    char *packed = pack(buf_str(&text));
    expect_json(packed_root(packed), buf_str(&text));
    unpack(packed);
}

static void too_large(void **state)
{
    BUF_CLEANUP struct buf small = BUF_INIT(100);
    (void)state;
    assert_int_equal(packed_append(slice_of(JOB), slice_of("nightly-1"), &small), -EMSGSIZE);
    assert_int_equal(words_count(), 0);
}

static void no_memory(void **state)
{
    int result = -ENOMEM;
    long n = 0;
    (void)state;
    for (; result == -ENOMEM && n < 1000; n++) {
        struct buf packed = BUF_INIT(BYTES_MAX);
        countdown = n;
        result = packed_append(slice_of(JOB), slice_of("nightly-1"), &packed);
        countdown = -1;
        if (!result)
            packed_release(packed.data);
        buf_release(&packed);
        assert_int_equal(words_count(), 0);
    }
    assert_int_equal(result, 0);
    assert_in_range(n, 20, 100); /* the text needs about so many: each has failed once */
}

static void words_are_counted(void **state)
{
    uint32_t numbers[1000];
    char text[16];
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(text, sizeof text, "word %u", i);
        numbers[i] = word_get(slice_of(text));
        assert_int_not_equal(numbers[i], 0);
        assert_int_equal(word_get(slice_of(text)), numbers[i]);
    }
    assert_int_equal(words_count(), 1000);
    assert_memory_equal(word_text(numbers[7]).data, "word 7", word_text(numbers[7]).len);
    for (unsigned i = 0; i < 1000; i += 2) {
        word_put(numbers[i]);
        word_put(numbers[i]);
    }
    assert_int_equal(words_count(), 500);
    uint32_t again = word_get(slice_of("another"));
    assert_in_range(again, 1, 1000); /* a number that had become free */
    word_put(again);
    for (unsigned i = 1; i < 1000; i += 2) {
        word_put(numbers[i]);
        assert_int_equal(word_text(numbers[i]).len, i < 10 ? 6 : i < 100 ? 7 : 8);
        word_put(numbers[i]);
    }
    assert_int_equal(words_count(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_token_comes_back_as_it_was_sent),
        cmocka_unit_test(values_are_found_by_their_path),
        cmocka_unit_test(members_come_in_their_order),
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(what_says_the_same_is_equal),
        cmocka_unit_test(what_recurs_is_held_once),
        cmocka_unit_test(many_members),
        cmocka_unit_test(deep_and_long),
        cmocka_unit_test(too_large),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(words_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
