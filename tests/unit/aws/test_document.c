/* SPDX-License-Identifier: MIT */
#include "aws/document.h"
#include "aws/failure.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ID "\"AccessKeyId\":\"AKID\""
#define SECRET "\"SecretAccessKey\":\"HUSH\""
#define TOKEN "\"Token\":\"HUSHTOKEN\""
#define SESSION "\"SessionToken\":\"HUSHTOKEN\""
#define END "\"Expiration\":\"2026-11-22T13:00:00Z\""
#define SSO(rest) "{\"accessKeyId\":\"AKID\",\"secretAccessKey\":\"HUSH\",\"sessionToken\":\"HUSHTOKEN\"" rest "}"
#define END_MS INT64_C(1795352400000)

static const struct {
    const struct document_names *names;
    const char *text;
    int64_t expires_ms; /* -1: no credentials */
    const char *account;
    bool without_token;
} cases[] = {
    { &document_names_metadata, "{" ID "," SECRET "," TOKEN "," END "}", END_MS, NULL, false },
    { &document_names_metadata, " {" END "," TOKEN "," SECRET "," ID "}\n", END_MS, NULL, false },
    { &document_names_metadata, "{" ID "," SECRET "," TOKEN "," END ",\"AccountId\":\"123456789012\"}", END_MS,
      "123456789012", false },
    { &document_names_metadata, "{" ID "," SECRET "," TOKEN "," END ",\"AccountId\":null,\"Other\":[1,{}]}", END_MS,
      NULL, false },
    { &document_names_metadata, "{" ID "," SECRET "," TOKEN "," END ",\"AccountId\":123456789012}", END_MS, NULL,
      false },
    { &document_names_metadata, "{" ID "," SECRET "," TOKEN "," END ",\"AccountId\":\"1 2\"}", END_MS, NULL, false },
    { &document_names_metadata, "{" ID "," SECRET "," TOKEN "}", -1, NULL, false },
    { &document_names_metadata, "{" ID "," SECRET "," END "}", -1, NULL, false },
    { &document_names_metadata, "{" ID "," TOKEN "," END "}", -1, NULL, false },
    { &document_names_metadata, "{" SECRET "," TOKEN "," END "}", -1, NULL, false },
    { &document_names_metadata, "{" ID "," SECRET "," SESSION "," END "}", -1, NULL, false },
    { &document_names_metadata, "{" ID ",\"SecretAccessKey\":\"\"," TOKEN "," END "}", -1, NULL, false },
    { &document_names_metadata, "{" ID ",\"SecretAccessKey\":null," TOKEN "," END "}", -1, NULL, false },
    { &document_names_metadata, "{" ID ",\"SecretAccessKey\":12," TOKEN "," END "}", -1, NULL, false },
    { &document_names_metadata, "{" ID ",\"SecretAccessKey\":[\"HUSH\"]," TOKEN "," END "}", -1, NULL, false },
    { &document_names_metadata, "{" ID ",\"SecretAccessKey\":true," TOKEN "," END "}", -1, NULL, false },
    { &document_names_metadata, "{" ID ",\"SecretAccessKey\":\"HU SH\"," TOKEN "," END "}", -1, NULL, false },
    { &document_names_metadata, "{" ID ",\"SecretAccessKey\":\"HUSH\\r\\nX: y\"," TOKEN "," END "}", -1, NULL, false },
    { &document_names_metadata, "{" ID ",\"SecretAccessKey\":\"HUSH\\u0000\"," TOKEN "," END "}", -1, NULL, false },
    { &document_names_metadata, "{" ID ",\"SecretAccessKey\":\"HUSH\\u00e9\"," TOKEN "," END "}", -1, NULL, false },
    { &document_names_metadata, "{\"AccessKeyId\":\"\\u007f\"," SECRET "," TOKEN "," END "}", -1, NULL, false },
    { &document_names_metadata, "{" ID "," SECRET ",\"Token\":\"\"," END "}", -1, NULL, false },
    { &document_names_metadata, "{" ID "," ID "," SECRET "," TOKEN "," END "}", -1, NULL, false },
    { &document_names_metadata, "{" ID "," SECRET "," TOKEN "," END "} x", -1, NULL, false },
    { &document_names_metadata, "{" ID "," SECRET "," TOKEN "," END, -1, NULL, false },
    { &document_names_metadata, "[{" ID "," SECRET "," TOKEN "," END "}]", -1, NULL, false },
    { &document_names_metadata, "{\"accesskeyid\":\"AKID\"," SECRET "," TOKEN "," END "}", -1, NULL, false },
    { &document_names_metadata, "{" ID "," SECRET "," TOKEN ",\"Expiration\":\"soon\"}", -1, NULL, false },
    { &document_names_metadata, "{" ID "," SECRET "," TOKEN ",\"Expiration\":\"2026-02-30T13:00:00Z\"}", -1, NULL,
      false },
    { &document_names_metadata, "{" ID "," SECRET "," TOKEN ",\"Expiration\":\"2026-11-22\"}", -1, NULL, false },
    { &document_names_metadata, "{" ID "," SECRET "," TOKEN ",\"Expiration\":\"\"}", -1, NULL, false },
    { &document_names_metadata, "{" ID "," SECRET "," TOKEN ",\"Expiration\":1795352400}", -1, NULL, false },
    { &document_names_metadata, "{" ID "," SECRET "," TOKEN ",\"Expiration\":{}}", -1, NULL, false },
    { &document_names_metadata, "", -1, NULL, false },
    { &document_names_metadata, "null", -1, NULL, false },
    { &document_names_metadata, "\"HUSH\"", -1, NULL, false },
    { &document_names_metadata, "<html>HUSH</html>", -1, NULL, false },
    { &document_names_metadata, "HUSH", -1, NULL, false },
    { &document_names_metadata, "\xef\xbb\xbf{" ID "," SECRET "," TOKEN "," END "}", -1, NULL, false },
    { &document_names_metadata, "{\"a\":[[[[[[[[[1]]]]]]]]]," ID "," SECRET "," TOKEN "," END "}", -1, NULL, false },

    { &document_names_container, "{" ID "," SECRET "}", 0, NULL, true },
    { &document_names_container, "{" ID "," SECRET "," TOKEN "," END "}", END_MS, NULL, false },
    { &document_names_container, "{" ID "," SECRET ",\"Expiration\":null}", 0, NULL, true },
    { &document_names_container, "{" ID "," SECRET ",\"Expiration\":\"x\"}", -1, NULL, true },
    { &document_names_container, "{\"code\":\"404\",\"message\":\"not found\"}", -1, NULL, true },

    { &document_names_process, "{\"Version\":1," ID "," SECRET "}", 0, NULL, true },
    { &document_names_process, "{\"Version\":1," ID "," SECRET "," SESSION "}", 0, NULL, false },
    { &document_names_process, "{\"Version\":1," ID "," SECRET "," SESSION ",\"Expiration\":\"\"}", 0, NULL, false },
    { &document_names_process, "{\"Version\":1," ID "," SECRET "," SESSION ",\"Expiration\":null}", 0, NULL, false },
    { &document_names_process, "{" ID "," SECRET "," SESSION ",\"Expiration\":\"2026-11-22T14:00:00+01:00\"}", END_MS,
      NULL, false },
    { &document_names_process, "{" ID "," SECRET "," SESSION ",\"Expiration\":\"2026-11-22T12:59:59.999999Z\"}",
      END_MS - 1, NULL, false },
    { &document_names_process, "{" ID "," SECRET "," SESSION ",\"Expiration\":\"2026-11-22T13:00:00UTC\"}", END_MS,
      NULL, false },
    { &document_names_process, "{" ID "," SECRET "," SESSION ",\"Expiration\":\"2026-11-22T13:00:00\"}", -1, NULL,
      false },
    { &document_names_process, "{" ID "," SECRET "," SESSION ",\"Expiration\":\"1970-01-01T00:00:00Z\"}", -1, NULL,
      false },
    { &document_names_process, "{" ID "," SECRET "," SESSION ",\"Expiration\":\"1969-01-01T00:00:00Z\"}", -1, NULL,
      false },
    { &document_names_process, "{" ID "," SECRET ",\"SessionToken\":7}", -1, NULL, true },

    { &document_names_sso, SSO(",\"expiration\":1795352400000"), END_MS, NULL, false },
    { &document_names_sso, SSO(",\"expiration\":\"2026-11-22T13:00:00Z\""), END_MS, NULL, false },
    { &document_names_sso, SSO(",\"expiration\":0"), -1, NULL, false },
    { &document_names_sso, SSO(",\"expiration\":-1"), -1, NULL, false },
    { &document_names_sso, SSO(",\"expiration\":1.795352400000E12"), -1, NULL, false },
    { &document_names_sso, SSO(",\"expiration\":99999999999999999999"), -1, NULL, false },
    { &document_names_sso, SSO(",\"expiration\":null"), -1, NULL, false },
    { &document_names_sso, SSO(""), -1, NULL, false },
    { &document_names_sso, "{" ID "," SECRET "," SESSION "," END "}", -1, NULL, false },
};

static void test_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct credentials credentials = { 0 };
        struct json *json = NULL;
        struct error error = { 0 };
        int result = document_parse(cases[i].text, strlen(cases[i].text), "a source", &json, &error);
        if (!result)
            result = document_read(json_root(json), cases[i].names, "a source", &credentials, &error);
        json_wipe(json);
        if ((result != 0) != (cases[i].expires_ms < 0))
            fail_msg("%s: %d %s", cases[i].text, result, error.message);
        if (result) {
            assert_int_equal(result, -EBADMSG);
            assert_string_equal(error.code, FAILURE_SOURCE_ANSWER);
            assert_null(strstr(error.message, "HUSH"));
            assert_null(credentials.secret_key);
            continue;
        }
        assert_string_equal(credentials.access_key_id, "AKID");
        assert_string_equal(credentials.secret_key, "HUSH");
        if (cases[i].without_token)
            assert_null(credentials.session_token);
        else
            assert_string_equal(credentials.session_token, "HUSHTOKEN");
        if (cases[i].account)
            assert_string_equal(credentials.account_id, cases[i].account);
        else
            assert_null(credentials.account_id);
        assert_int_equal(credentials.expires_ms, cases[i].expires_ms);
        credentials_release(&credentials);
    }
    print_message("%zu documents\n", sizeof cases / sizeof *cases);
}

static void test_too_long(void **state)
{
    static char text[DOCUMENT_BYTES + 2];
    struct json *json = NULL;
    struct error error;
    (void)state;
    memset(text, ' ', DOCUMENT_BYTES + 1);
    memcpy(text, "{}", 2);
    assert_int_equal(document_parse(text, DOCUMENT_BYTES, "a source", &json, &error), 0);
    json_wipe(json);
    assert_int_equal(document_parse(text, DOCUMENT_BYTES + 1, "a source", &json, &error), -EBADMSG);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_documents), cmocka_unit_test(test_too_long) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
