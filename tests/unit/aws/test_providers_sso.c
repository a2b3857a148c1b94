/* SPDX-License-Identifier: MIT */
/* SSO: the token that `aws` keeps, its renewal, and the role's credentials. */
#include "provider_world.h"

#include "codec/sigv4.h"

#include <errno.h>
#include <sys/stat.h>

#define SESSION                                                                                 \
    "[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Read Only\n" \
    "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n"
#define LEGACY                                                                            \
    "[default]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n" \
    "sso_account_id = 123456789012\nsso_role_name = Reader\n"
#define SSO_ANSWER                                                                 \
    "{\"roleCredentials\":{\"accessKeyId\":\"ASIA\",\"secretAccessKey\":\"HUSH\"," \
    "\"sessionToken\":\"HUSHTOKEN\",\"expiration\":1795352400000}}"

static const char *cache_write(struct test *test, const char *key, const char *text)
{
    char name[SIGV4_SHA1_HEX_SIZE];
    char path[PATH_SIZE];
    assert_int_equal(sigv4_sha1_hex(key, strlen(key), name), 0);
    (void)snprintf(path, sizeof path, ".aws/sso/cache/%s.json", name);
    return extra_write(test, path, text);
}

static void test_sso_legacy(void **state)
{
    struct test *test = *state;
    struct answer answer;
    start(test, LEGACY);
    ask(test, &answer);
    failed(&answer, FAILURE_SSO_EXPIRED, EKEYEXPIRED, "nobody has signed in");
    (void)cache_write(test, "https://corp.awsapps.com/start",
                      "{\"accessToken\":\"HUSHACCESS\",\"expiresAt\":\"2026-11-22T12:30:00UTC\"}");
    world_advance(&test->world, 2 * SECOND);
    ask(test, &answer);
    asked(test, 0, "GET",
          "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?account_id=123456789012&role_name=Reader");
    sent(test, 0, "x-amz-sso_bearer_token", "HUSHACCESS");
    give(test, 0, 200, SSO_ANSWER);
    is(&answer, "ASIA", "SSO");
    assert_string_equal(answer.account_id, "123456789012");
    assert_int_equal(answer.expires_ms, IN_AN_HOUR_MS);
    world_advance(&test->world, HOUR); /* the token has ended too, and cannot be renewed */
    ask(test, &answer);
    failed(&answer, FAILURE_SSO_EXPIRED, EKEYEXPIRED, "has ended");
}

static void test_sso_refusals(void **state)
{
    static const struct {
        int status;
        const char *body, *code;
        int number;
    } cases[] = {
        { 401, "{\"message\":\"Session token not found or invalid\"}", FAILURE_SSO_EXPIRED, EKEYEXPIRED },
        { 403, "{\"message\":\"No access\"}", FAILURE_SSO_ROLE, EACCES },
        { 404, "{\"message\":\"x\",\"__type\":\"ResourceNotFoundException\"}", FAILURE_SSO_ROLE, EACCES },
        { 400, "{\"message\":\"x\",\"__type\":\"ResourceNotFoundException\"}", FAILURE_SOURCE_REFUSED, ENOKEY },
        { 200, "{}", FAILURE_SOURCE_ANSWER, EBADMSG },
        { 200, "<html>", FAILURE_SOURCE_ANSWER, EBADMSG },
    };
    struct test *test = *state;
    struct answer answer;
    (void)cache_write(test, "https://corp.awsapps.com/start",
                      "{\"accessToken\":\"HUSHACCESS\",\"expiresAt\":\"2026-11-22T12:30:00Z\"}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start(test, LEGACY);
        ask(test, &answer);
        give(test, 0, cases[i].status, cases[i].body);
        failed(&answer, cases[i].code, cases[i].number, "");
    }
    (void)cache_write(test, "https://corp.awsapps.com/start", "{\"accessToken\":\"HUSH\\nX: y\"}");
    start(test, LEGACY);
    ask(test, &answer);
    failed(&answer, FAILURE_SOURCE_ANSWER, EBADMSG, "accessToken and expiresAt");
}

#define RENEWABLE(end)                                                                                       \
    "{\"startUrl\":\"https://corp.awsapps.com/start\",\"region\":\"eu-west-1\",\"accessToken\":\"HUSHOLD\"," \
    "\"expiresAt\":\"" end "\",\"clientId\":\"client\",\"clientSecret\":\"HUSH\\\"\","                       \
    "\"registrationExpiresAt\":\"2026-12-22T12:00:00Z\",\"refreshToken\":\"HUSHREFRESH\"}"

static void test_sso_renews_its_token(void **state)
{
    struct test *test = *state;
    struct answer answer;
    const char *path = cache_write(test, "corp", RENEWABLE("2026-11-22T12:10:00Z"));
    (void)chmod(path, 0644);
    start(test, SESSION);
    ask(test, &answer);
    asked(test, 0, "POST", "https://oidc.eu-west-1.amazonaws.com/token");
    sent(test, 0, "Content-Type", "application/json");
    assert_string_equal(request(test, 0)->body, "{\"clientId\": \"client\", \"clientSecret\": \"HUSH\\\"\", "
                                                "\"grantType\": \"refresh_token\", \"refreshToken\": \"HUSHREFRESH\"}");
    give(test, 0, 200, "{\"accessToken\":\"HUSHNEW\",\"expiresIn\":3600,\"refreshToken\":\"HUSHNEXT\"}");
    asked(test, 1, "GET",
          "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?account_id=123456789012"
          "&role_name=Read%20Only");
    sent(test, 1, "x-amz-sso_bearer_token", "HUSHNEW");
    give(test, 1, 200, SSO_ANSWER);
    is(&answer, "ASIA", "SSO");

    char text[1024] = "";
    struct stat status;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    (void)fclose(file);
    assert_string_equal(text, "{\"startUrl\": \"https://corp.awsapps.com/start\", \"region\": \"eu-west-1\", "
                              "\"accessToken\": \"HUSHNEW\", \"expiresAt\": \"2026-11-22T13:00:00Z\", "
                              "\"clientId\": \"client\", \"clientSecret\": \"HUSH\\\"\", "
                              "\"registrationExpiresAt\": \"2026-12-22T12:00:00Z\", \"refreshToken\": \"HUSHNEXT\"}");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_sso_token_that_cannot_be_renewed(void **state)
{
    struct test *test = *state;
    struct answer answer;
    (void)cache_write(test, "corp", RENEWABLE("2026-11-22T12:10:00Z")); /* has not ended */
    start(test, SESSION);
    ask(test, &answer);
    give(test, 0, 400, "{\"error\":\"invalid_grant\"}");
    sent(test, 1, "x-amz-sso_bearer_token", "HUSHOLD");
    give(test, 1, 200, SSO_ANSWER);
    is(&answer, "ASIA", "SSO");

    (void)cache_write(test, "corp", RENEWABLE("2026-11-22T11:10:00Z")); /* has */
    start(test, SESSION);
    ask(test, &answer);
    asked(test, 0, "POST", "https://oidc.eu-west-1.amazonaws.com/token");
    give(test, 0, 400, "{\"error\":\"invalid_grant\"}");
    failed(&answer, FAILURE_SSO_EXPIRED, EKEYEXPIRED, "does not renew the token of profile \"default\": invalid_grant");

    start(test, SESSION);
    ask(test, &answer);
    (void)cache_write(test, "corp", RENEWABLE("2026-11-22T15:10:00Z")); /* `aws` was faster */
    give(test, 0, 400, "{\"error\":\"invalid_grant\"}");
    sent(test, 1, "x-amz-sso_bearer_token", "HUSHOLD");
    give(test, 1, 200, SSO_ANSWER);
    is(&answer, "ASIA", "SSO");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        provider_test(test_sso_legacy),
        provider_test(test_sso_refusals),
        provider_test(test_sso_renews_its_token),
        provider_test(test_sso_token_that_cannot_be_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
