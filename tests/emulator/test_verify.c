/* SPDX-License-Identifier: MIT */
/* The signature check refuses whatever was altered after signing: each byte of each signed part, in turn. */
#include "signed_request.h"
#include "verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795348800123) /* 2026-11-22T12:00:00.123Z */
static const char TARGET[] = "AmazonPersonalize.ListBatchInferenceJobs";
static const char TOKEN[] = "emulator-session-token";

static struct verify_keys keys_with(const char *token)
{
    return (struct verify_keys){ .access_key = "AKIAEMULATOREXAMPLE",
                                 .secret_key = "emulator/secret+key/EXAMPLE",
                                 .session_token = token,
                                 .expired_token = "yesterday's",
                                 .region = "us-west-2",
                                 .service = "personalize" };
}

static void signs(struct signed_request *made)
{
    signed_request_make(made, TARGET, "{\"maxResults\":7}", TOKEN, NOW_MS);
}

/* The name of the refusal, "" for none. */
static const char *verdict(const struct signed_request *made, int64_t now_ms)
{
    struct buf BUF_CLEANUP message = BUF_INIT(128 << 10);
    struct verify_keys keys = keys_with(TOKEN);
    const char *code = verify_request(&keys, &made->request, now_ms, &message);
    assert_int_equal(!code, !message.len); /* each refusal says why */
    return code ? code : "";
}

static void test_accepts_what_is_signed(void **state)
{
    (void)state;
    struct signed_request made;
    signs(&made);
    assert_string_equal(verdict(&made, NOW_MS), "");
    struct verify_keys keys = keys_with("");
    struct buf BUF_CLEANUP message = BUF_INIT(4096);
    signed_request_make(&made, TARGET, "{}", NULL, NOW_MS);
    assert_null(verify_request(&keys, &made.request, NOW_MS, &message));
}

/* Alters each byte of `text` in turn, by one bit and to another value, and wants each refused. */
static unsigned refuses_each_byte(struct signed_request *made, char *text, const char *what)
{
    unsigned n = 0;
    for (size_t i = 0; text[i]; i++) {
        char was = text[i];
        const char others[] = { (char)(was ^ 1), (char)(was ^ 4), was == 'x' ? 'y' : 'x' };
        for (unsigned k = 0; k < sizeof others; k++, n++) {
            if (!others[k] || others[k] == '\n' || others[k] == '\r')
                continue;
            text[i] = others[k];
            if (!*verdict(made, NOW_MS))
                fail_msg("%s: byte %zu as '%c' was accepted: %s", what, i, others[k], text);
        }
        text[i] = was;
    }
    assert_string_equal(verdict(made, NOW_MS), "");
    return n;
}

static void test_refuses_one_altered_byte(void **state)
{
    static const char *const headers[] = { "Host",         "X-Amz-Date",           "X-Amz-Target",
                                           "Content-Type", "X-Amz-Security-Token", "Authorization" };
    (void)state;
    struct signed_request made;
    unsigned n = 0;
    signs(&made);
    for (unsigned i = 0; i < sizeof headers / sizeof headers[0]; i++)
        n += refuses_each_byte(&made, signed_request_value(&made, headers[i]), headers[i]);
    n += refuses_each_byte(&made, made.method, "method");
    n += refuses_each_byte(&made, made.body, "body");
    printf("%u alterations refused\n", n);
}

static void test_refuses_what_was_added_or_taken(void **state)
{
    (void)state;
    struct signed_request made;
    signs(&made);
    made.request.body_len--;
    assert_string_equal(verdict(&made, NOW_MS), "InvalidSignatureException");
    signs(&made);
    strcat(made.body, " ");
    made.request.body_len++;
    assert_string_equal(verdict(&made, NOW_MS), "InvalidSignatureException");
    signs(&made);
    strcpy(made.query, "a=b");
    assert_string_equal(verdict(&made, NOW_MS), "InvalidSignatureException");
    signs(&made);
    strcpy(made.path, "/a");
    assert_string_equal(verdict(&made, NOW_MS), "InvalidSignatureException");
    signs(&made); /* a second value of a signed header */
    made.headers[made.request.n_headers++] = (struct sigv4_header){ "Host", "other" };
    assert_string_equal(verdict(&made, NOW_MS), "InvalidSignatureException");
    for (size_t i = 0; i < 6; i++) { /* each header left out */
        signs(&made);
        made.headers[i] = made.headers[--made.request.n_headers];
        assert_string_not_equal(verdict(&made, NOW_MS), "");
    }
    signs(&made); /* what is not signed may differ */
    made.headers[made.request.n_headers++] = (struct sigv4_header){ "User-Agent", "anything" };
    assert_string_equal(verdict(&made, NOW_MS), "");
}

static void test_time(void **state)
{
    static const struct {
        int64_t off_ms;
        const char *verdict;
    } cases[] = {
        { 0, "" },
        { 299000, "" },
        { -299000, "" },
        { 302000, "InvalidSignatureException" },
        { -302000, "InvalidSignatureException" },
        { 3600000, "InvalidSignatureException" },
        { -3600000, "InvalidSignatureException" },
    };
    (void)state;
    struct signed_request made;
    signs(&made);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(verdict(&made, NOW_MS + cases[i].off_ms), cases[i].verdict);
}

/* Authorization headers that are wrong in themselves, each with its error. */
static void test_authorization(void **state)
{
#define SCOPE "AKIAEMULATOREXAMPLE/20261122/us-west-2/personalize/aws4_request"
#define LIST "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
#define ALGORITHM "AWS4-HMAC-SHA256 "
    static const struct {
        const char *header;
        const char *verdict;
    } cases[] = {
        { "", "MissingAuthenticationTokenException" },
        { "Basic dXNlcg==", "IncompleteSignatureException" },
        { "AWS4-HMAC-SHA256", "IncompleteSignatureException" },
        { ALGORITHM "Credential=" SCOPE ", SignedHeaders=" LIST, "IncompleteSignatureException" },
        { ALGORITHM "Credential=" SCOPE ", Signature=0", "IncompleteSignatureException" },
        { ALGORITHM "SignedHeaders=" LIST ", Signature=0", "IncompleteSignatureException" },
        { ALGORITHM "Credential=" SCOPE ", SignedHeaders=" LIST ", Signature=0, Other=1",
          "IncompleteSignatureException" },
        { ALGORITHM "Credential=A/20261122/us-west-2, SignedHeaders=" LIST ", Signature=0",
          "IncompleteSignatureException" },
        { ALGORITHM "Credential=" SCOPE ", SignedHeaders=" LIST ", Signature=0", "InvalidSignatureException" },
        { ALGORITHM "Credential=AKIAOTHER/20261122/us-west-2/personalize/aws4_request, SignedHeaders=" LIST
                    ", Signature=0",
          "UnrecognizedClientException" },
        { ALGORITHM "Credential=AKIAEMULATOREXAMPLE/20261123/us-west-2/personalize/aws4_request, SignedHeaders=" LIST
                    ", Signature=0",
          "InvalidSignatureException" },
        { ALGORITHM "Credential=AKIAEMULATOREXAMPLE/20261122/eu-west-1/personalize/aws4_request, SignedHeaders=" LIST
                    ", Signature=0",
          "InvalidSignatureException" },
        { ALGORITHM "Credential=AKIAEMULATOREXAMPLE/20261122/us-west-2/s3/aws4_request, SignedHeaders=" LIST
                    ", Signature=0",
          "InvalidSignatureException" },
        { ALGORITHM "Credential=" SCOPE ", SignedHeaders=x-amz-date;x-amz-security-token;x-amz-target, Signature=0",
          "InvalidSignatureException" },
        { ALGORITHM "Credential=" SCOPE
                    ", SignedHeaders=host;x-amz-target;x-amz-date;x-amz-security-token, Signature=0",
          "IncompleteSignatureException" },
        { ALGORITHM "Credential=" SCOPE
                    ", SignedHeaders=Host;x-amz-date;x-amz-security-token;x-amz-target, Signature=0",
          "IncompleteSignatureException" },
    };
    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct signed_request made;
        signs(&made);
        strcpy(signed_request_value(&made, "Authorization"), cases[i].header);
        assert_string_equal(verdict(&made, NOW_MS), cases[i].verdict);
    }
}

static void test_must_be_signed(void **state)
{
    static const char *const lists[] = { "content-type;x-amz-date;x-amz-security-token;x-amz-target",
                                         "content-type;host;x-amz-security-token;x-amz-target",
                                         "content-type;host;x-amz-date;x-amz-target",
                                         "content-type;host;x-amz-date;x-amz-security-token" };
    (void)state;
    for (unsigned i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct signed_request made;
        struct verify_keys keys = keys_with(TOKEN);
        struct buf BUF_CLEANUP message = BUF_INIT(4096);
        signs(&made);
        snprintf(signed_request_value(&made, "Authorization"), SIGNED_VALUE_SIZE,
                 ALGORITHM "Credential=" SCOPE ", SignedHeaders=%s, Signature=0", lists[i]);
        assert_string_equal(verify_request(&keys, &made.request, NOW_MS, &message), "InvalidSignatureException");
        assert_non_null(strstr(buf_str(&message), "must be a 'SignedHeader'"));
    }
}

/* Signed with the right secret, but for something else. */
static void test_scope(void **state)
{
    static const struct {
        struct sigv4_scope scope;
        const char *verdict;
    } cases[] = {
        { { "us-west-2", "personalize", NOW_MS }, "" },
        { { "us-west-1", "personalize", NOW_MS }, "InvalidSignatureException" },
        { { "us-west-2", "s3", NOW_MS }, "InvalidSignatureException" },
        { { "us-west-2", "personalize", NOW_MS + 86400000 }, "InvalidSignatureException" },
    };
    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct signed_request made;
        signs(&made);
        signed_request_sign(&made, &cases[i].scope);
        assert_string_equal(verdict(&made, NOW_MS), cases[i].verdict);
    }
}

/* Two dates, both signed: which one would be meant? */
static void test_two_dates(void **state)
{
    (void)state;
    struct signed_request made;
    const struct sigv4_scope scope = { "us-west-2", "personalize", NOW_MS };
    signs(&made);
    made.headers[made.request.n_headers - 1] = (struct sigv4_header){ "X-Amz-Date", "20261122T120000Z" };
    made.request.n_headers++;
    signed_request_sign(&made, &scope);
    assert_string_equal(verdict(&made, NOW_MS), "IncompleteSignatureException");
}

static void test_tokens(void **state)
{
    static const struct {
        const char *sent;
        const char *in_force;
        const char *verdict;
    } cases[] = {
        { "one", "one", "" },
        { "one", "two", "UnrecognizedClientException" },
        { "one", "", "UnrecognizedClientException" },
        { NULL, "one", "UnrecognizedClientException" },
        { "yesterday's", "one", "ExpiredTokenException" },
    };
    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct signed_request made;
        struct verify_keys keys = keys_with(cases[i].in_force);
        struct buf BUF_CLEANUP message = BUF_INIT(4096);
        signed_request_make(&made, TARGET, "{}", cases[i].sent, NOW_MS);
        const char *code = verify_request(&keys, &made.request, NOW_MS, &message);
        assert_string_equal(code ? code : "", cases[i].verdict);
    }
}

static void test_other_secret(void **state)
{
    (void)state;
    struct signed_request made;
    struct verify_keys keys = keys_with(TOKEN);
    struct buf BUF_CLEANUP message = BUF_INIT(128 << 10);
    signs(&made);
    keys.secret_key = "emulator/secret+key/EXAMPLF";
    assert_string_equal(verify_request(&keys, &made.request, NOW_MS, &message), "InvalidSignatureException");
    assert_non_null(strstr(buf_str(&message), "The Canonical String for this request should have been"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts_what_is_signed),
        cmocka_unit_test(test_refuses_one_altered_byte),
        cmocka_unit_test(test_refuses_what_was_added_or_taken),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_authorization),
        cmocka_unit_test(test_must_be_signed),
        cmocka_unit_test(test_scope),
        cmocka_unit_test(test_two_dates),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_other_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
