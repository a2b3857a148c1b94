/* SPDX-License-Identifier: MIT */
#include "aws/failure.h"
#include "aws/http.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* An answer as a table row writes it. */
struct answer {
    struct http_response response;
    struct buf body;
    const char *type; /* X-Amzn-Errortype */
};

static const char *answer_header(const struct http_response *response, const char *name)
{
    const struct answer *answer = response->headers;
    if (strcasecmp(name, "X-Amzn-Errortype") == 0)
        return answer->type;
    if (strcasecmp(name, "x-amzn-RequestId") == 0)
        return "id-1\x1b\xc2\x9b";
    if (strcasecmp(name, "Content-Type") == 0)
        return "text/html";
    return strcasecmp(name, "Location") == 0 ? "https://elsewhere.example/" : NULL;
}

static int read_answer(int status, const char *type, const void *body, size_t len, struct error *error)
{
    struct answer answer = { .body = BUF_INIT(2 << 20), .type = type };
    assert_int_equal(buf_append(&answer.body, body, len), 0);
    answer.response =
        (struct http_response){ .status = status, .body = &answer.body, .header = answer_header, .headers = &answer };
    memset(error, 0x5a, sizeof *error);
    int result = failure_from_response(&answer.response, error);
    buf_release(&answer.body);
    assert_int_equal(result, -error->number);
    assert_int_equal(error->http_status, status);
    assert_string_equal(error->request_id, "id-1???");
    return result;
}

/* The contract's table, row by row. */
static void test_errnos(void **state)
{
    static const struct {
        const char *code;
        int status;
        int number;
        unsigned traits;
    } rows[] = {
        { "ResourceNotFoundException", 400, ENOENT, 0 },
        { "InvalidInputException", 400, EINVAL, 0 },
        { "AccessDeniedException", 400, EACCES, 0 },
        { "AccessDenied", 403, EACCES, 0 },
        { "InvalidNextTokenException", 400, EBADMSG, 0 },
        { "ExpiredToken", 403, EKEYEXPIRED, 0 },
        { "ExpiredTokenException", 400, EKEYEXPIRED, 0 },
        { "UnrecognizedClientException", 400, EKEYREJECTED, 0 },
        { "UnrecognizedClient", 400, EKEYREJECTED, 0 },
        { "InvalidClientTokenId", 403, EKEYREJECTED, 0 },
        { "InvalidSignatureException", 400, EKEYREJECTED, FAILURE_SIGNATURE },
        { "InvalidSignature", 400, EKEYREJECTED, FAILURE_SIGNATURE },
        { "SignatureDoesNotMatch", 403, EKEYREJECTED, FAILURE_SIGNATURE },
        { "IncompleteSignature", 400, EKEYREJECTED, 0 },
        { "IncompleteSignatureException", 400, EKEYREJECTED, 0 },
        { "MissingAuthenticationToken", 403, EKEYREJECTED, 0 },
        { "MissingAuthenticationTokenException", 400, EKEYREJECTED, 0 },
        { "RequestTimeTooSkewed", 403, EREMOTEIO, FAILURE_SKEW },
        { "RequestExpired", 400, EREMOTEIO, FAILURE_SKEW },
        { "RequestInTheFuture", 400, EREMOTEIO, FAILURE_SKEW },
        { "RequestTimeout", 400, EREMOTEIO, FAILURE_RETRIED },
        { "RequestTimeoutException", 400, EREMOTEIO, FAILURE_RETRIED },
        { "NobodyKnowsThis", 400, EREMOTEIO, 0 },
        { "NobodyKnowsThis", 500, EREMOTEIO, FAILURE_RETRIED },
        { "NobodyKnowsThis", 502, EREMOTEIO, FAILURE_RETRIED },
        { "NobodyKnowsThis", 503, EREMOTEIO, FAILURE_RETRIED },
        { "", 504, EREMOTEIO, FAILURE_RETRIED },
        { "", 501, EREMOTEIO, 0 },
        { "", 505, EREMOTEIO, 0 },
        { "", 599, EREMOTEIO, 0 },
        { "", 403, EREMOTEIO, 0 },
        { "", 499, EREMOTEIO, 0 },
        { "", 429, EBUSY, FAILURE_RETRIED | FAILURE_THROTTLE },
        { NULL, 429, EBUSY, FAILURE_RETRIED | FAILURE_THROTTLE },
        { "Exception", 400, EREMOTEIO, 0 },
        { "", 0, EBADMSG, 0 },
        { "", 204, EBADMSG, 0 },
        { FAILURE_NOT_RESOLVED, 0, EHOSTUNREACH, FAILURE_RETRIED | FAILURE_UNANSWERED },
        { FAILURE_NO_ROUTE, 0, EHOSTUNREACH, FAILURE_RETRIED | FAILURE_UNANSWERED },
        { FAILURE_REFUSED, 0, ECONNREFUSED, FAILURE_RETRIED | FAILURE_UNANSWERED },
        { FAILURE_RESET, 0, ECONNRESET, FAILURE_RETRIED },
        { FAILURE_CONNECT_TIMEOUT, 0, ETIMEDOUT, FAILURE_RETRIED | FAILURE_UNANSWERED },
        { FAILURE_ATTEMPT_TIMEOUT, 0, ETIMEDOUT, FAILURE_RETRIED | FAILURE_UNANSWERED },
        { FAILURE_TLS, 0, EPROTO, FAILURE_UNANSWERED },
        { FAILURE_PROXY, 0, EACCES, 0 },
        { FAILURE_TOO_LARGE, 0, EBADMSG, 0 },
        { FAILURE_NOT_PROTOCOL, 0, EBADMSG, 0 },
        { FAILURE_TRUNCATED, 0, EBADMSG, FAILURE_RETRIED },
        { FAILURE_REDIRECT, 0, EBADMSG, 0 },
        { FAILURE_DEADLINE, 0, ETIMEDOUT, FAILURE_UNANSWERED },
        { FAILURE_NO_CREDENTIALS, 0, ENOKEY, 0 },
        { FAILURE_PROFILE, 0, ENOKEY, 0 },
        { FAILURE_MFA, 0, ENOKEY, 0 },
        { FAILURE_LOGIN_SESSION, 0, ENOKEY, 0 },
        { FAILURE_SOURCE_TIMEOUT, 0, ETIMEDOUT, FAILURE_UNANSWERED },
        { FAILURE_SOURCE_ANSWER, 0, EBADMSG, 0 },
        { FAILURE_SOURCE_REFUSED, 0, ENOKEY, 0 },
        { FAILURE_PROCESS, 0, ENOKEY, 0 },
        { FAILURE_SSO_EXPIRED, 0, EKEYEXPIRED, 0 },
        { FAILURE_SSO_ROLE, 0, EACCES, 0 },
        { FAILURE_ROLE, 0, EACCES, 0 },
        { FAILURE_WEB_IDENTITY, 0, EACCES, 0 },
        { FAILURE_TOKEN_FILE, 0, ENOKEY, 0 },
        { FAILURE_CONTAINER, 0, ENOKEY, 0 },
        { FAILURE_IMDS_UNREACHABLE, 0, ENOKEY, FAILURE_UNANSWERED },
        { FAILURE_IMDS_TOKEN, 0, ENOKEY, FAILURE_UNANSWERED },
        { FAILURE_IMDS_REFUSED, 0, ENOKEY, 0 },
        { FAILURE_IMDS_ROLE, 0, ENOKEY, 0 },
        { FAILURE_ENDING, 0, ESHUTDOWN, 0 },
        { FAILURE_MEMORY, 0, ENOMEM, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct failure *row = failure_find(rows[i].code, rows[i].status);
        if (row->number != rows[i].number || row->traits != rows[i].traits)
            fail_msg("%s, status %d: errno %d, traits %#x", rows[i].code ? rows[i].code : "NULL", rows[i].status,
                     row->number, row->traits);
    }
}

static void test_throttles(void **state)
{
    /* https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html */
    static const char *const names[] = { "Throttling",
                                         "ThrottlingException",
                                         "ThrottledException",
                                         "RequestThrottledException",
                                         "RequestThrottled",
                                         "TooManyRequestsException",
                                         "ProvisionedThroughputExceededException",
                                         "TransactionInProgressException",
                                         "RequestLimitExceeded",
                                         "BandwidthLimitExceeded",
                                         "LimitExceededException",
                                         "SlowDown",
                                         "PriorRequestNotComplete",
                                         "EC2ThrottledException" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct failure *row = failure_find(names[i], 400);
        if (row->number != EBUSY || row->traits != (FAILURE_RETRIED | FAILURE_THROTTLE))
            fail_msg("%s is no throttle", names[i]);
    }
}

static void test_rows(void **state)
{
    (void)state;
    size_t n = 0;
    for (const struct failure *row; (row = failure_at(n)); n++) {
        assert_true(row->number > 0);
        assert_ptr_equal(failure_find(row->code, 0), row); /* no row hides another */
        if ((row->traits & FAILURE_THROTTLE) && !(row->traits & FAILURE_RETRIED))
            fail_msg("%s: a throttle that is not retried", row->code);
        size_t len = strlen(row->advice);
        if (len < 20 || len > 300 || row->advice[len - 1] != '.' || !isupper((unsigned char)row->advice[0]))
            fail_msg("%s: no sentence: %s", row->code, row->advice);
    }
    assert_true(n > 40);
    assert_null(failure_at(n + 1000));
}

/* What an operator needs to read at 3 a.m. */
static void test_advice(void **state)
{
    static const struct {
        const char *code;
        const char *words[3];
    } rows[] = {
        { "AccessDeniedException", { "personalize:DescribeBatchInferenceJob", "personalize:ListBatchInferenceJobs" } },
        { "InvalidSignatureException", { "secret key" } },
        { "UnrecognizedClientException", { "deactivated", "access key id" } },
        { "ExpiredTokenException", { "Renew" } },
        { "RequestExpired", { "clock", "NTP" } },
        { "ThrottlingException", { "max-requests", "ttl" } },
        { FAILURE_NO_CREDENTIALS, { "AWS_ACCESS_KEY_ID", "~/.aws/credentials", "AWS_PROFILE" } },
        { FAILURE_NOT_RESOLVED, { "region", "endpoint-url", "DNS" } },
        { FAILURE_TLS, { "ca_bundle" } },
        { FAILURE_PROXY, { "HTTPS_PROXY" } },
        { FAILURE_DEADLINE, { "timeout=" } },
        { "http-503", { "Health Dashboard" } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error;
        (void)failure_set(&error, rows[i].code, "x");
        for (size_t j = 0; j < 3 && rows[i].words[j]; j++)
            if (!strstr(failure_advice(&error), rows[i].words[j]))
                fail_msg("%s: nothing of %s in: %s", rows[i].code, rows[i].words[j], failure_advice(&error));
    }
    struct error unknown = { .number = EREMOTEIO, .http_status = 503, .code = "NobodyKnowsThis" };
    assert_string_equal(failure_advice(&unknown), failure_find("", 503)->advice);
}

static void test_unanswered(void **state)
{
    struct error error;
    (void)state;
    (void)failure_set(&error, FAILURE_REFUSED, "x");
    assert_true(failure_is_unanswered(&error));
    (void)failure_set(&error, FAILURE_DEADLINE, "x");
    assert_true(failure_is_unanswered(&error));
    error.http_status = 400; /* time ran out between attempts that were answered */
    assert_false(failure_is_unanswered(&error));
    (void)failure_set(&error, FAILURE_RESET, "x");
    assert_false(failure_is_unanswered(&error));
    (void)failure_set(&error, "ThrottlingException", "x");
    assert_false(failure_is_unanswered(&error));
}

static void test_set(void **state)
{
    struct error error;
    (void)state;
    assert_int_equal(failure_set(&error, FAILURE_REFUSED, "port %d", 80), -ECONNREFUSED);
    assert_int_equal(error.number, ECONNREFUSED);
    assert_string_equal(error.code, FAILURE_REFUSED);
    assert_string_equal(error.message, "port 80");

    /* C0, DEL, C1 in UTF-8, a lone continuation, overlong, surrogate, beyond U+10FFFF; what is sound stays. */
    (void)failure_set(&error, FAILURE_RESET, "%s",
                      "a\x1b\x7f|\xc2\x9b|\x9b|\xc0\xaf|\xe0\x80\x80|\xed\xa0\x80|\xf4\x90\x80\x80|"
                      "\xc2\xa0\xe2\x82\xac\xf0\x9f\x98\x80");
    assert_string_equal(error.message, "a??|??|?|??|???|???|????|\xc2\xa0\xe2\x82\xac\xf0\x9f\x98\x80");

    char longest[2 * ERROR_MESSAGE_SIZE + 1];
    for (size_t i = 0; i < sizeof longest - 1; i += 2)
        memcpy(longest + i, "\xc3\xa9", 2);
    longest[sizeof longest - 1] = 0;
    (void)failure_set(&error, FAILURE_RESET, "%s", longest);
    assert_int_equal(strlen(error.message), ERROR_MESSAGE_SIZE - 1);
    assert_int_equal(error.message[ERROR_MESSAGE_SIZE - 2], '?'); /* half a character is none */
}

static void test_answers(void **state)
{
    static const struct {
        int status;
        const char *type, *body;
        int number;
        const char *code, *message;
    } rows[] = {
        { 400, NULL, "{\"__type\":\"ResourceNotFoundException\",\"message\":\"no job\"}", ENOENT,
          "ResourceNotFoundException", "no job" },
        { 400, NULL, "{\"__type\":\"com.amazonaws.personalize#ResourceNotFoundException\",\"Message\":\"No\"}", ENOENT,
          "ResourceNotFoundException", "No" },
        { 400, NULL, "{\"code\":\"AccessDeniedException\",\"__type\":\"Other\",\"message\":\"m\",\"Message\":\"M\"}",
          EACCES, "AccessDeniedException", "m" },
        { 400, "ThrottlingException:http://internal.amazon.com/coral/", "{\"__type\":\"Other\",\"message\":\"m\"}",
          EBUSY, "ThrottlingException", "m" },
        { 400, "a.b#ExpiredTokenException:http://x#y", "", EKEYEXPIRED, "ExpiredTokenException",
          "HTTP 400 without a message (0 bytes of text/html)" },
        { 503, NULL, "<html>busy</html>", EREMOTEIO, "http-503", "HTTP 503 without a message (17 bytes of text/html)" },
        { 501, NULL, "", EREMOTEIO, "http-5xx", "HTTP 501 without a message (0 bytes of text/html)" },
        { 429, NULL, "{}", EBUSY, "http-429", "HTTP 429 without a message (2 bytes of text/html)" },
        { 404, NULL, "[]", EREMOTEIO, "http-4xx", "HTTP 404 without a message (2 bytes of text/html)" },
        { 400, NULL, "{\"__type\":42,\"message\":{}}", EREMOTEIO, "http-4xx",
          "HTTP 400 without a message (26 bytes of text/html)" },
        { 400, NULL, "{\"__type\":\"NewException\",\"message\":\"line\\n\\u001b[2Jtwo\"}", EREMOTEIO, "NewException",
          "line??[2Jtwo" },
        /* Names that are ours, or none. */
        { 400, NULL, "{\"__type\":\"connection-refused\",\"message\":\"m\"}", EREMOTEIO, "http-4xx", "m" },
        { 400, "deadline", "{\"message\":\"m\"}", EREMOTEIO, "http-4xx", "m" },
        { 500, "http-429", "{\"message\":\"m\"}", EREMOTEIO, "http-500", "m" },
        { 400, "Two Words", "{\"__type\":\"InvalidInputException\",\"message\":\"m\"}", EINVAL, "InvalidInputException",
          "m" },
        { 400, "#", "{\"message\":\"m\"}", EREMOTEIO, "http-4xx", "m" },
        { 400, ":", "{\"message\":\"m\"}", EREMOTEIO, "http-4xx", "m" },
        { 400, "A23456789_123456789_123456789_123456789_123456789_123456789_1234", "", EREMOTEIO, "http-4xx",
          "HTTP 400 without a message (0 bytes of text/html)" },
        /* No errors at all. */
        { 302, "AccessDeniedException", "{}", EBADMSG, FAILURE_REDIRECT,
          "the endpoint redirects (HTTP 302) to https://elsewhere.example/" },
        { 407, "AccessDeniedException", "{}", EACCES, FAILURE_PROXY,
          "the proxy wants to know who asks (HTTP 407, no scheme named)" },
        { 204, "AccessDeniedException", "{}", EBADMSG, FAILURE_NOT_PROTOCOL, "HTTP 204 is no answer of this service" },
        { 200, NULL, "{}", EBADMSG, FAILURE_NOT_PROTOCOL, "HTTP 200 is no answer of this service" },
        { 999, NULL, "{}", EBADMSG, FAILURE_NOT_PROTOCOL, "HTTP 999 is no answer of this service" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error;
        read_answer(rows[i].status, rows[i].type, rows[i].body, strlen(rows[i].body), &error);
        if (error.number != rows[i].number || strcmp(error.code, rows[i].code) ||
            strcmp(error.message, rows[i].message))
            fail_msg("row %zu: %d %s: %s", i, error.number, error.code, error.message);
    }
}

/* AWS's own words (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html). */
static void test_what_was_signed_is_not_repeated(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *message;
    } rows[] = {
        { "{\"__type\":\"InvalidSignatureException\",\"message\":\"The request signature we calculated does not match "
          "the signature you provided.\\n\\nThe Canonical String for this request should have been\\n'POST\\n/\\n\\n"
          "x-amz-security-token:HUSH\\n'\\n\"}",
          "The request signature we calculated does not match the signature you provided." },
        { "{\"__type\":\"IncompleteSignatureException\",\"message\":\"Authorization header requires 'Signature' "
          "parameter. Authorization=AWS4-HMAC-SHA256 Credential=HUSH\"}",
          "Authorization header requires 'Signature' parameter." },
        { "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>It does not.\n\nThe Canonical String for "
          "this request should have been 'HUSH'</Message></Error></ErrorResponse>",
          "It does not." },
        { "{\"__type\":\"InvalidSignatureException\",\"message\":\"The Canonical String for this request should have "
          "been 'HUSH'\"}",
          "HTTP 403 without a message" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error;
        (void)read_answer(403, NULL, rows[i].body, strlen(rows[i].body), &error);
        assert_int_equal(strncmp(error.message, rows[i].message, strlen(rows[i].message)), 0);
        assert_null(strstr(error.message, "HUSH"));
        assert_int_equal(error.number, EKEYREJECTED);
    }
}

static void test_bad_bodies(void **state)
{
    struct error error;
    (void)state;
    read_answer(500, NULL, "\0\xff\0", 3, &error);
    assert_string_equal(error.code, "http-500");
    /* Too deep for us, though the name stands in front. */
    struct buf deep = BUF_INIT(1 << 20);
    (void)buf_append_str(&deep, "{\"__type\":\"AccessDeniedException\",\"x\":");
    for (int i = 0; i < 32; i++)
        (void)buf_append_char(&deep, '[');
    for (int i = 0; i < 32; i++)
        (void)buf_append_char(&deep, ']');
    (void)buf_append_char(&deep, '}');
    read_answer(400, NULL, deep.data, deep.len, &error);
    assert_string_equal(error.code, "http-4xx");
    buf_release(&deep);
    /* Too long: a megabyte of blanks after it. */
    struct buf large = BUF_INIT(2 << 20);
    (void)buf_append_str(&large, "{\"__type\":\"AccessDeniedException\"}");
    for (int i = 0; i < 1 << 20; i++)
        (void)buf_append_char(&large, ' ');
    read_answer(400, NULL, large.data, large.len, &error);
    assert_string_equal(error.code, "http-4xx");
    buf_release(&large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errnos),
        cmocka_unit_test(test_throttles),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_advice),
        cmocka_unit_test(test_unanswered),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_bad_bodies),
        cmocka_unit_test(test_what_was_signed_is_not_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
