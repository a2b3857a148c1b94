/* SPDX-License-Identifier: MIT */
/* sigv4 by cases of our own, which need no vectors. */
#include "codec/sigv4.h"

#include "codec/timestamp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

enum { TEXT_MAX = 1 << 16 };

struct signing_case {
    struct sigv4_request request;
    struct sigv4_scope scope;
    const char *time;
    const char *canonical_request;
    const char *string_to_sign;
    const char *authorization;
};

static const struct sigv4_header iam_headers[] = {
    { "Content-Type", "application/x-www-form-urlencoded; charset=utf-8" },
    { "Host", "iam.amazonaws.com" },
    { "X-Amz-Date", "20150830T123600Z" },
};
static const struct sigv4_header describe_headers[] = {
    { "X-Amz-Target", "AmazonPersonalize.DescribeBatchInferenceJob" },
    { "X-Amz-Security-Token", "IQoJb3JpZ2luX2VjEXAMPLE/token+with==chars" },
    { "Host", "personalize.us-west-2.amazonaws.com" },
    { "X-Amz-Date", "20261122T181601Z" },
    { "Content-Type", "application/x-amz-json-1.1" },
};
static const char describe_body[] =
    "{\"batchInferenceJobArn\":\"arn:aws:personalize:us-west-2:123456789012:batch-inference-job/nightly\"}";

static const struct signing_case signing_cases[] = {
    /* The worked example of the AWS General Reference, "Signature Version 4 signing process". */
    { { .method = "GET",
        .path = "/",
        .query = "Action=ListUsers&Version=2010-05-08",
        .headers = iam_headers,
        .n_headers = LENGTH(iam_headers),
        .normalize_path = true },
      { .region = "us-east-1", .service = "iam" },
      "20150830T123600Z",
      "GET\n/\nAction=ListUsers&Version=2010-05-08\n"
      "content-type:application/x-www-form-urlencoded; charset=utf-8\nhost:iam.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n\ncontent-type;host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"
      "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59",
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
      "SignedHeaders=content-type;host;x-amz-date, "
      "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7" },
    /* What botocore 1.43 makes of the same request. */
    { { .method = "POST",
        .path = "/",
        .headers = describe_headers,
        .n_headers = LENGTH(describe_headers),
        .body = describe_body,
        .body_len = sizeof describe_body - 1,
        .normalize_path = true },
      { .region = "us-west-2", .service = "personalize" },
      "20261122T181601Z",
      "POST\n/\n\ncontent-type:application/x-amz-json-1.1\nhost:personalize.us-west-2.amazonaws.com\n"
      "x-amz-date:20261122T181601Z\nx-amz-security-token:IQoJb3JpZ2luX2VjEXAMPLE/token+with==chars\n"
      "x-amz-target:AmazonPersonalize.DescribeBatchInferenceJob\n\n"
      "content-type;host;x-amz-date;x-amz-security-token;x-amz-target\n"
      "986d1088dfbfe3c6115591a61bab0fef10308607de880d019b5bfd0a0f414b50",
      "AWS4-HMAC-SHA256\n20261122T181601Z\n20261122/us-west-2/personalize/aws4_request\n"
      "816bc4a892c89b9255ed845226fe8d024ed79df446ce2843f4e948ab5e62a09b",
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/us-west-2/personalize/aws4_request, "
      "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
      "Signature=e219e3043a863fdb8cc158876b6b30315abc8eb367e2312163f6f4bc746265b4" },
};

static void test_every_stage(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(signing_cases); i++) {
        const struct signing_case *c = &signing_cases[i];
        struct sigv4_scope scope = c->scope;
        assert_int_equal(timestamp_from_amz(c->time, &scope.time_ms), 0);
        scope.time_ms += 999; /* not signed */
        BUF_CLEANUP struct buf canonical = BUF_INIT(TEXT_MAX);
        BUF_CLEANUP struct buf to_sign = BUF_INIT(TEXT_MAX);
        BUF_CLEANUP struct buf authorization = BUF_INIT(TEXT_MAX);
        char signature[SIGV4_SIGNATURE_SIZE];
        assert_int_equal(sigv4_canonical_request(&c->request, &canonical), 0);
        assert_string_equal(buf_str(&canonical), c->canonical_request);
        assert_int_equal(sigv4_string_to_sign(canonical.data, canonical.len, &scope, &to_sign), 0);
        assert_string_equal(buf_str(&to_sign), c->string_to_sign);
        assert_int_equal(sigv4_signature(to_sign.data, to_sign.len, &scope, SECRET, signature), 0);
        assert_string_equal(signature, c->authorization + strlen(c->authorization) - 64);
        assert_int_equal(sigv4_authorization(&c->request, &scope, "AKIDEXAMPLE", SECRET, &authorization), 0);
        assert_string_equal(buf_str(&authorization), c->authorization);
    }
}

/* The canonical request's line `n`, from 0. */
static void canonical_line(const struct sigv4_request *request, int n, struct buf *to)
{
    BUF_CLEANUP struct buf canonical = BUF_INIT(TEXT_MAX);
    assert_int_equal(sigv4_canonical_request(request, &canonical), 0);
    const char *line = buf_str(&canonical);
    for (int i = 0; i < n; i++)
        line = strchr(line, '\n') + 1;
    buf_clear(to);
    assert_int_equal(buf_append(to, line, strcspn(line, "\n")), 0);
}

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *normalized;
        const char *as_is;
    } cases[] = {
        { "", "/", "/" },
        { "/", "/", "/" },
        { "//", "/", "//" },
        { "/a", "/a", "/a" },
        { "/a/", "/a/", "/a/" },
        { "/a//b", "/a/b", "/a//b" },
        { "/./a/./b/.", "/a/b/", "/./a/./b/." },
        { "/a/../b", "/b", "/a/../b" },
        { "/a/b/..", "/a/", "/a/b/.." },
        { "/a/b/../..", "/", "/a/b/../.." },
        { "/..", "/", "/.." },
        { "/../../a", "/a", "/../../a" },
        { "/a/.../b", "/a/.../b", "/a/.../b" },
        { "/.a/..b", "/.a/..b", "/.a/..b" },
        { "/a b", "/a%20b", "/a%20b" },
        { "/a%20b", "/a%2520b", "/a%2520b" }, /* encoded twice, as every service but S3 wants */
        { "/a%2Fb/..", "/", "/a%252Fb/.." },
        { "/\xe1\x88\xb4", "/%E1%88%B4", "/%E1%88%B4" },
        { "/\xff", "/%FF", "/%FF" },
        { "/a+b=c&d:e*f", "/a%2Bb%3Dc%26d%3Ae%2Af", "/a%2Bb%3Dc%26d%3Ae%2Af" },
        { "/-._~", "/-._~", "/-._~" },
    };
    BUF_CLEANUP struct buf line = BUF_INIT(TEXT_MAX);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct sigv4_request request = { .method = "GET", .path = cases[i].path, .normalize_path = true };
        canonical_line(&request, 1, &line);
        assert_string_equal(buf_str(&line), cases[i].normalized);
        request.normalize_path = false;
        canonical_line(&request, 1, &line);
        assert_string_equal(buf_str(&line), cases[i].as_is);
    }
}

static void test_queries(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        const char *canonical;
    } cases[] = {
        { NULL, "" },
        { "", "" },
        { "&", "" },
        { "a", "a=" },
        { "a=", "a=" },
        { "=a", "=a" },
        { "b=1&a=2", "a=2&b=1" },
        { "a=2&a=1", "a=1&a=2" },
        { "a=1&a=", "a=&a=1" },
        { "Param-3=x&Param=y", "Param=y&Param-3=x" }, /* by the name, not by "name=" */
        { "a=1&B=2", "B=2&a=1" },
        { "a=b=c", "a=b%3Dc" },
        { "a=b c", "a=b%20c" },
        { "a=b+c", "a=b%2Bc" },
        { "a=%20", "a=%20" },
        { "a=%7e%2f", "a=~%2F" },
        { "a=%", "a=%25" },
        { "a=%2", "a=%252" },
        { "a=%zz", "a=%25zz" },
        { "a=%00", "a=%00" },
        { "\xe1\x88\xb4=x", "%E1%88%B4=x" },
        { "&&a=1&&b=2&", "a=1&b=2" },
    };
    BUF_CLEANUP struct buf line = BUF_INIT(TEXT_MAX);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct sigv4_request request = { .method = "GET", .path = "/", .query = cases[i].query };
        canonical_line(&request, 2, &line);
        assert_string_equal(buf_str(&line), cases[i].canonical);
    }
}

static void test_header_values(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        const char *canonical;
    } cases[] = {
        { "", "a:" },
        { "   ", "a:" },
        { " x ", "a:x" },
        { "x  y   z", "a:x y z" },
        { "x\ty", "a:x y" },
        { "x\r\n  y", "a:x y" },
        { "\"x  y\"", "a:\"x y\"" },
        { "X", "a:X" },
        { "\xc3\xa9", "a:\xc3\xa9" },
    };
    BUF_CLEANUP struct buf line = BUF_INIT(TEXT_MAX);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct sigv4_header header = { "A", cases[i].value };
        struct sigv4_request request = { .method = "GET", .path = "/", .headers = &header, .n_headers = 1 };
        canonical_line(&request, 3, &line);
        assert_string_equal(buf_str(&line), cases[i].canonical);
    }
}

static void test_header_order(void **state)
{
    (void)state;
    static const struct sigv4_header headers[] = {
        { "X-B", "2" }, { "x-a", "z" }, { "Host", "h" }, { "X-A", "a" }, { "X-Ab", "1" }, { "x-A", "m" },
    };
    const struct sigv4_request request = {
        .method = "GET", .path = "/", .headers = headers, .n_headers = LENGTH(headers)
    };
    BUF_CLEANUP struct buf canonical = BUF_INIT(TEXT_MAX);
    assert_int_equal(sigv4_canonical_request(&request, &canonical), 0);
    assert_string_equal(buf_str(&canonical), "GET\n/\n\nhost:h\nx-a:z,a,m\nx-ab:1\nx-b:2\n\nhost;x-a;x-ab;x-b\n"
                                             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* What a signature covers: `part` says which piece to alter by one byte, 0 being none. */
static void sign_altered(int part, const char *access_key_id, char to[SIGV4_SIGNATURE_SIZE])
{
    struct sigv4_header headers[] = {
        { "Host", part == 1 ? "exbmple.com" : "example.com" },
        { part == 2 ? "X-Amz-Targeu" : "X-Amz-Target", "T.Op" },
        { "X-Amz-Date", part == 3 ? "20261122T181602Z" : "20261122T181601Z" },
        { "X-Amz-Security-Token", part == 4 ? "tokeo" : "token" },
    };
    const struct sigv4_request request = {
        .method = part == 5 ? "PUST" : "POST",
        .path = part == 6 ? "/b" : "/a",
        .query = part == 7 ? "c=e" : (part == 8 ? "d=d" : "c=d"),
        .headers = headers,
        .n_headers = part == 9 ? LENGTH(headers) - 1 : LENGTH(headers),
        .body = part == 10 ? "{\"a\":2}" : "{\"a\":1}",
        .body_len = part == 11 ? 6 : 7,
    };
    const struct sigv4_scope scope = {
        .region = part == 12 ? "us-west-3" : "us-west-2",
        .service = part == 13 ? "personalise" : "personalize",
        .time_ms = part == 14 ? 1795371362000 : 1795371361000,
    };
    BUF_CLEANUP struct buf authorization = BUF_INIT(TEXT_MAX);
    assert_int_equal(
        sigv4_authorization(&request, &scope, access_key_id, part == 15 ? "secreu" : "secret", &authorization), 0);
    memcpy(to, strstr(buf_str(&authorization), "Signature=") + strlen("Signature="), SIGV4_SIGNATURE_SIZE);
}

static void test_altered_byte_alters_signature(void **state)
{
    (void)state;
    enum { PARTS = 16 };
    char signature[PARTS][SIGV4_SIGNATURE_SIZE];
    for (int part = 0; part < PARTS; part++) {
        sign_altered(part, "AKIDEXAMPLE", signature[part]);
        for (int other = 0; other < part; other++)
            assert_string_not_equal(signature[part], signature[other]);
    }
    char again[SIGV4_SIGNATURE_SIZE];
    sign_altered(0, "AKIDOTHER", again);
    assert_string_equal(signature[0], again);
}

static void test_limits(void **state)
{
    (void)state;
    const struct sigv4_header header = { "Host", "h" };
    const struct sigv4_request request = { .method = "GET", .path = "/", .headers = &header, .n_headers = 1 };
    struct sigv4_scope scope = { .region = "r", .service = "s", .time_ms = TIMESTAMP_MAX_MS + 1 };
    char signature[SIGV4_SIGNATURE_SIZE];
    BUF_CLEANUP struct buf to = BUF_INIT(TEXT_MAX);
    assert_int_equal(sigv4_authorization(&request, &scope, "A", "S", &to), -EINVAL);
    assert_int_equal(sigv4_string_to_sign("", 0, &scope, &to), -EINVAL);
    assert_int_equal(sigv4_signature("", 0, &scope, "S", signature), -EINVAL);
    scope.time_ms = TIMESTAMP_MIN_MS - 1;
    assert_int_equal(sigv4_authorization(&request, &scope, "A", "S", &to), -EINVAL);
    assert_int_equal(to.len, 0);
    scope.time_ms = 0;
    struct buf small = BUF_INIT(20);
    assert_int_equal(sigv4_canonical_request(&request, &small), -EMSGSIZE);
    buf_release(&small);
    assert_int_equal(sigv4_authorization(&request, &scope, "A", "S", &small), -EMSGSIZE);
    buf_release(&small);
}

static void test_sha256_hex(void **state)
{
    (void)state;
    char hex[SIGV4_SHA256_HEX_SIZE];
    assert_int_equal(sigv4_sha256_hex(NULL, 0, hex), 0);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(sigv4_sha256_hex("abc", 3, hex), 0); /* FIPS 180-4's example */
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* The SDKs' cache file of https://ssotest.awsapps.com/start has this name in AWS's own test cases. */
static void test_sha1_hex(void **state)
{
    char hex[SIGV4_SHA1_HEX_SIZE];
    (void)state;
    assert_int_equal(sigv4_sha1_hex("", 0, hex), 0);
    assert_string_equal(hex, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_int_equal(sigv4_sha1_hex("https://ssotest.awsapps.com/start", 33, hex), 0);
    assert_string_equal(hex, "dace00cba5f8355ec9d274ceb2bcebdfbeed0e12");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_stage),  cmocka_unit_test(test_paths),
        cmocka_unit_test(test_queries),      cmocka_unit_test(test_header_values),
        cmocka_unit_test(test_header_order), cmocka_unit_test(test_altered_byte_alters_signature),
        cmocka_unit_test(test_limits),       cmocka_unit_test(test_sha256_hex),
        cmocka_unit_test(test_sha1_hex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
