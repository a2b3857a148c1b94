/* SPDX-License-Identifier: MIT */
/* STS: roles, web identities, and whose keys they are. */
#include "provider_world.h"

#include "aws/endpoint.h"
#include "aws/sts.h"

#include <errno.h>

/* Roles */

static void test_role(void **state)
{
    struct test *test = *state;
    struct answer answer;
    start(test, PROFILE_A "external_id = a b&c\nrole_session_name = me@here\nduration_seconds = 900\n" KEYS_B);
    ask(test, &answer);
    asked(test, 0, "POST", "https://sts.us-west-2.amazonaws.com/");
    assert_string_equal(request(test, 0)->body,
                        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2FA"
                        "&RoleSessionName=me%40here&ExternalId=a%20b%26c&DurationSeconds=900");
    sent(test, 0, "Authorization", "Credential=AKIDB/20261122/us-west-2/sts/aws4_request");
    sent(test, 0, "X-Amz-Target", NULL);
    assert_false(request(test, 0)->direct);
    give(test, 0, 200, ROLE_ANSWER("AssumeRole", "ASIA", IN_AN_HOUR));
    is(&answer, "ASIA", "assumed role");
    assert_string_equal(answer.session_token, "HUSHTOKEN");
    assert_string_equal(answer.account_id, "123456789012");
    assert_int_equal(answer.expires_ms, IN_AN_HOUR_MS);
    ask(test, &answer);
    is(&answer, "ASIA", "assumed role");
    assert_int_equal(test->world.http.n_requests, 1);

    world_advance(&test->world, 46 * MINUTE); /* in the background */
    ask(test, &answer);
    is(&answer, "ASIA", "assumed role");
    give(test, 1, 200, ROLE_ANSWER("AssumeRole", "ASIA2", "2026-11-22T13:46:00Z"));
    ask(test, &answer);
    is(&answer, "ASIA2", "assumed role");
    assert_int_equal(test->world.http.n_requests, 2);
}

static void test_role_errors(void **state)
{
    static const struct {
        int status;
        const char *body, *code;
        int number;
        const char *message;
    } cases[] = {
        { 403, STS_ERROR("AccessDenied"), FAILURE_ROLE, EACCES, "STS for the role " ROLE_A ": AccessDenied: said so" },
        { 400, STS_ERROR("ValidationError"), FAILURE_ROLE, EACCES, "ValidationError" },
        { 403, STS_ERROR("InvalidClientTokenId"), "InvalidClientTokenId", EKEYREJECTED, "said so" },
        { 400, STS_ERROR("Unheard"), FAILURE_SOURCE_REFUSED, ENOKEY, "Unheard: said so" },
        { 200, "<html><body>proxy</body></html>", FAILURE_SOURCE_ANSWER, EBADMSG, "no whole credentials" },
        { 200, "not XML", FAILURE_SOURCE_ANSWER, EBADMSG, "no XML" },
        { 200, "<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>", FAILURE_SOURCE_ANSWER, EBADMSG, "document type" },
        { 200, ROLE_ANSWER("AssumeRole", "ASIA", "soon"), FAILURE_SOURCE_ANSWER, EBADMSG, "Expiration" },
        { 200, ROLE_ANSWER("AssumeRole", "AS IA", IN_AN_HOUR), FAILURE_SOURCE_ANSWER, EBADMSG, "keys" },
        { 200, ROLE_ANSWER("AssumeRole", "", IN_AN_HOUR), FAILURE_SOURCE_ANSWER, EBADMSG, "keys" },
    };
    struct test *test = *state;
    struct answer answer;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start(test, PROFILE_A KEYS_B);
        ask(test, &answer);
        give(test, 0, cases[i].status, cases[i].body);
        failed(&answer, cases[i].code, cases[i].number, cases[i].message);
    }
    start(test, PROFILE_A KEYS_B); /* no answer, three times */
    ask(test, &answer);
    for (size_t i = 0; i < 3; i++) {
        fake_http_fail(&test->world.http, i, FAILURE_NOT_RESOLVED, "no such host");
        world_advance(&test->world, SECOND);
    }
    failed(&answer, FAILURE_NOT_RESOLVED, EHOSTUNREACH, "no such host");
}

/* B's role with C's keys, then A's with B's. */
static void test_roles_in_a_row(void **state)
{
    struct test *test = *state;
    struct answer answer;
    files_env(&test->files, "AWS_ENDPOINT_URL_STS", "http://127.0.0.1:4000/sts");
    start(test, PROFILE_A "[profile b]\nrole_arn = arn:aws:iam::1:role/B\nsource_profile = c\n"
                          "[profile c]\naws_access_key_id = AKIDC\naws_secret_access_key = HUSH\n");
    ask(test, &answer);
    asked(test, 0, "POST", "http://127.0.0.1:4000/sts");
    sent(test, 0, "Authorization", "Credential=AKIDC/");
    assert_non_null(strstr(request(test, 0)->body, "role%2FB&RoleSessionName=personalizefs-1795348800"));
    give(test, 0, 200, ROLE_ANSWER("AssumeRole", "ASIAB", "2026-11-22T16:00:00Z"));
    sent(test, 1, "Authorization", "Credential=ASIAB/");
    sent(test, 1, "X-Amz-Security-Token", "HUSHTOKEN");
    assert_non_null(strstr(request(test, 1)->body, "role%2FA"));
    give(test, 1, 200, ROLE_ANSWER("AssumeRole", "ASIAA", IN_AN_HOUR));
    is(&answer, "ASIAA", "assumed role");
    world_advance(&test->world, 55 * MINUTE); /* A's end; B's go on */
    ask(test, &answer);
    sent(test, 2, "Authorization", "Credential=ASIAB/");
    give(test, 2, 200, ROLE_ANSWER("AssumeRole", "ASIAA2", "2026-11-22T13:55:00Z"));
    is(&answer, "ASIAA2", "assumed role");
    assert_int_equal(test->world.http.n_requests, 3);
}

/* What the mount's settings say of hosts and attempts holds for STS and SSO too. */
static void test_endpoint_flags_and_attempts(void **state)
{
    struct test *test = *state;
    struct answer answer;
    start(test, PROFILE_A KEYS_B);
    test->chain->free(test->chain);
    test->world.settings.endpoint_flags = ENDPOINT_FIPS | ENDPOINT_DUAL_STACK;
    test->world.settings.max_attempts = 1;
    assert_int_equal(credentials_chain_new(&test->world.settings, &test->chain), 0);
    ask(test, &answer);
    asked(test, 0, "POST", "https://sts-fips.us-west-2.api.aws/");
    give(test, 0, 500, "");
    assert_int_equal(answer.calls, 1); /* at once */
    test_end(test);

    files_env(&test->files, "AWS_ENDPOINT_URL_STS", "https://sts.example");
    start(test, PROFILE_A KEYS_B);
    test->chain->free(test->chain);
    test->world.settings.endpoint_flags = ENDPOINT_FIPS;
    assert_int_equal(credentials_chain_new(&test->world.settings, &test->chain), 0);
    ask(test, &answer);
    failed(&answer, FAILURE_PROFILE, ENOKEY, "use_fips_endpoint");
    assert_int_equal(test->world.http.n_requests, 0);
    test_end(test);

    /* Plain http to another host is for those who ask for it. */
    files_env(&test->files, "AWS_ENDPOINT_URL_STS", "http://sts.example");
    start(test, PROFILE_A KEYS_B);
    ask(test, &answer);
    failed(&answer, FAILURE_PROFILE, ENOKEY, "http:// is only for this host itself");
}

static void test_role_with_a_wrong_clock(void **state)
{
    static const char *const date[] = { "Date", "Sun, 22 Nov 2026 13:00:00 GMT", NULL };
    struct test *test = *state;
    struct answer answer;
    start(test, PROFILE_A KEYS_B);
    ask(test, &answer);
    fake_http_answer(&test->world.http, 0, 403, date, STS_ERROR("SignatureDoesNotMatch"));
    sent(test, 1, "X-Amz-Date", "20261122T130000Z");
    give(test, 1, 200, ROLE_ANSWER("AssumeRole", "ASIA", "2026-11-22T14:00:00Z"));
    is(&answer, "ASIA", "assumed role");
    assert_int_equal(test->world.skew_ms, HOUR); /* for all that sign */
}

/* Web identity */

static void test_web_identity(void **state)
{
    struct test *test = *state;
    struct answer answer;
    const char *token = extra_write(test, "token", "HUSH.one\n");
    files_env(&test->files, "AWS_WEB_IDENTITY_TOKEN_FILE", token);
    files_env(&test->files, "AWS_ROLE_ARN", ROLE_A);
    files_env(&test->files, "AWS_ROLE_SESSION_NAME", "pod");
    start(test, "");
    ask(test, &answer);
    asked(test, 0, "POST", "https://sts.us-west-2.amazonaws.com/");
    sent(test, 0, "Authorization", NULL);
    sent(test, 0, "X-Amz-Date", NULL);
    assert_non_null(strstr(request(test, 0)->body, "Action=AssumeRoleWithWebIdentity&"));
    assert_non_null(strstr(request(test, 0)->body, "&RoleSessionName=pod&WebIdentityToken=HUSH.one"));
    give(test, 0, 200, ROLE_ANSWER("AssumeRoleWithWebIdentity", "ASIA", IN_AN_HOUR));
    is(&answer, "ASIA", "web identity");

    (void)extra_write(test, "token", "HUSH.two"); /* as Kubernetes does */
    world_advance(&test->world, HOUR);
    ask(test, &answer);
    assert_non_null(strstr(request(test, 1)->body, "&WebIdentityToken=HUSH.two"));
    give(test, 1, 400, STS_ERROR("InvalidIdentityToken"));
    failed(&answer, FAILURE_WEB_IDENTITY, EACCES, "InvalidIdentityToken: said so");

    (void)extra_write(test, "token", " \n");
    world_advance(&test->world, 2 * SECOND);
    ask(test, &answer);
    failed(&answer, FAILURE_TOKEN_FILE, ENOKEY, "holds no token");
    (void)unlink(token);
    world_advance(&test->world, 2 * SECOND);
    ask(test, &answer);
    failed(&answer, FAILURE_TOKEN_FILE, ENOKEY, "No such file");
}

/* STS: whose keys they are */

struct identity {
    unsigned calls;
    char account[16];
    struct error error;
};

static void on_identity(void *data, const char *account, const struct error *error)
{
    struct identity *identity = data;
    identity->calls++;
    (void)snprintf(identity->account, sizeof identity->account, "%s", account ? account : "-");
    if (error)
        identity->error = *error;
}

#define IDENTITY(account)                                                   \
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>" account \
    "</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"

static void test_caller_identity(void **state)
{
    static const struct {
        int status;
        const char *body, *account, *code;
    } cases[] = {
        { 200, IDENTITY("123456789012"), "123456789012", "" },
        { 200, IDENTITY("12345678901"), "-", FAILURE_SOURCE_ANSWER },
        { 200, "<GetCallerIdentityResponse/>", "-", FAILURE_SOURCE_ANSWER },
        { 403, STS_ERROR("AccessDenied"), "-", "AccessDenied" },
    };
    struct test *test = *state;
    files_env(&test->files, "AWS_ACCESS_KEY_ID", "AKID");
    files_env(&test->files, "AWS_SECRET_ACCESS_KEY", "HUSH");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct identity identity = { 0 };
        struct client *client = NULL;
        struct sts_call *call = NULL;
        struct error error;
        start(test, "");
        test->world.settings.region = "cn-north-1";
        assert_int_equal(sts_client_new(&test->world.settings, test->chain, &client, &error), 0);
        int64_t deadline_ms = test->world.clock.monotonic_ms + 15 * SECOND;
        assert_int_equal(sts_get_caller_identity(client, deadline_ms, on_identity, &identity, &call), 0);
        asked(test, 0, "POST", "https://sts.cn-north-1.amazonaws.com.cn/");
        assert_string_equal(request(test, 0)->body, "Action=GetCallerIdentity&Version=2011-06-15");
        sent(test, 0, "Authorization", "/cn-north-1/sts/aws4_request");
        give(test, 0, cases[i].status, cases[i].body);
        assert_int_equal(identity.calls, 1);
        assert_string_equal(identity.account, cases[i].account);
        assert_string_equal(identity.error.code, cases[i].code);
        assert_int_equal(sts_get_caller_identity(client, deadline_ms, on_identity, &identity, &call), 0);
        sts_cancel(call);
        client_free(client);
        assert_int_equal(identity.calls, 1);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        provider_test(test_role),
        provider_test(test_role_errors),
        provider_test(test_roles_in_a_row),
        provider_test(test_endpoint_flags_and_attempts),
        provider_test(test_role_with_a_wrong_clock),
        provider_test(test_web_identity),
        provider_test(test_caller_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
