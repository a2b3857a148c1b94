/* SPDX-License-Identifier: MIT */
/* What is asked of addresses on the machine itself: containers and instance metadata. */
#include "provider_world.h"

#include <errno.h>

/* Containers */

static void test_container(void **state)
{
    struct test *test = *state;
    struct answer answer;
    const char *token = extra_write(test, "token", "HUSH.one\n");
    files_env(&test->files, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
    files_env(&test->files, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "HUSH.variable");
    files_env(&test->files, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token);
    start(test, "");
    ask(test, &answer);
    asked(test, 0, "GET", "http://169.254.170.23/v1/credentials");
    assert_true(request(test, 0)->direct);
    sent(test, 0, "Authorization", "HUSH.one");
    give(test, 0, 200,
         "{\"AccessKeyId\":\"ASIA\",\"SecretAccessKey\":\"HUSH\",\"Token\":\"HUSH\",\"Expiration\":\"" IN_AN_HOUR
         "\"}");
    is(&answer, "ASIA", "container");
    world_advance(&test->world, HOUR);
    (void)extra_write(test, "token", "HUSH.two");
    ask(test, &answer);
    sent(test, 1, "Authorization", "HUSH.two");
    give(test, 1, 404, "{\"message\":\"no association\"}");
    failed(&answer, FAILURE_CONTAINER, ENOKEY, "HTTP 404: no association");
    (void)extra_write(test, "token", "HU\nSH");
    world_advance(&test->world, 2 * SECOND);
    ask(test, &answer);
    failed(&answer, FAILURE_TOKEN_FILE, ENOKEY, "no header may have");
    files_env(&test->files, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", NULL);
    world_advance(&test->world, 2 * SECOND);
    ask(test, &answer);
    sent(test, 2, "Authorization", "HUSH.variable");
    give(test, 2, 200, "rubbish HUSH");
    failed(&answer, FAILURE_SOURCE_ANSWER, EBADMSG, "not JSON");
    files_env(&test->files, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.234/v1/credentials");
    world_advance(&test->world, 2 * SECOND);
    ask(test, &answer);
    failed(&answer, FAILURE_PROFILE, ENOKEY, "plain http is only for");
    files_env(&test->files, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@example.com/");
    world_advance(&test->world, 2 * SECOND);
    ask(test, &answer);
    failed(&answer, FAILURE_PROFILE, ENOKEY, "does not begin with '/'");
}

/* Instance metadata */

#define IMDS "http://169.254.169.254/latest/"
#define IMDS_ROLES IMDS "meta-data/iam/security-credentials/"
#define IMDS_ANSWER(id, end)                                                         \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"HUSH\"," \
    "\"Token\":\"HUSH\",\"Expiration\":\"" end "\"}"

static void test_imds(void **state)
{
    static const char *const ttl[] = { "x-aws-ec2-metadata-token-ttl-seconds", "7200", NULL };
    struct test *test = *state;
    struct answer answer;
    start(test, "");
    ask(test, &answer);
    asked(test, 0, "PUT", IMDS "api/token");
    assert_true(request(test, 0)->direct);
    sent(test, 0, "x-aws-ec2-metadata-token-ttl-seconds", "21600");
    fake_http_answer(&test->world.http, 0, 200, ttl, "HUSHTOKEN==");
    asked(test, 1, "GET", IMDS_ROLES);
    sent(test, 1, "x-aws-ec2-metadata-token", "HUSHTOKEN==");
    give(test, 1, 200, "my-role\n");
    asked(test, 2, "GET", IMDS_ROLES "my-role");
    give(test, 2, 200, IMDS_ANSWER("ASIA", IN_AN_HOUR));
    is(&answer, "ASIA", "instance metadata");

    world_advance(&test->world, 50 * MINUTE); /* the token is kept */
    ask(test, &answer);
    is(&answer, "ASIA", "instance metadata");
    asked(test, 3, "GET", IMDS_ROLES);
    give(test, 3, 401, ""); /* the instance was stopped and started */
    asked(test, 4, "PUT", IMDS "api/token");
    fake_http_answer(&test->world.http, 4, 200, ttl, "HUSHTOKEN2");
    sent(test, 5, "x-aws-ec2-metadata-token", "HUSHTOKEN2");
    give(test, 5, 200, "my-role");
    give(test, 6, 200, IMDS_ANSWER("ASIA2", "2026-11-22T14:50:00Z"));
    ask(test, &answer);
    is(&answer, "ASIA2", "instance metadata");
    world_advance(&test->world, 116 * MINUTE); /* it has five minutes left */
    ask(test, &answer);
    asked(test, 7, "PUT", IMDS "api/token");
    give(test, 7, 200, "HUSHTOKEN3");
    give(test, 8, 200, "my-role");
    give(test, 9, 200, "{\"Code\":\"AssumeRoleUnauthorizedAccess\"}");
}

/* Static stability: no new ones, so the old ones a while longer. */
static void test_imds_trouble_later(void **state)
{
    struct test *test = *state;
    struct answer answer;
    start(test, "");
    ask(test, &answer);
    give(test, 0, 200, "HUSHTOKEN");
    give(test, 1, 200, "my-role");
    give(test, 2, 200, IMDS_ANSWER("ASIA", IN_AN_HOUR));
    world_advance(&test->world, HOUR + MINUTE);
    ask(test, &answer);
    for (size_t i = 3; i < 6; i++) {
        fake_http_answer(&test->world.http, i, 500, NULL, "");
        world_advance(&test->world, SECOND);
    }
    is(&answer, "ASIA", "instance metadata");
    assert_in_range(answer.expires_ms, test->world.clock.wall_ms + 4 * MINUTE, test->world.clock.wall_ms + 11 * MINUTE);
    ask(test, &answer);
    is(&answer, "ASIA", "instance metadata");
    assert_int_equal(test->world.http.n_requests, 6);

    test->chain->forget(test->chain); /* within a second of their coming: others were rejected */
    world_advance(&test->world, 2 * SECOND);
    test->chain->forget(test->chain); /* the service does not take them: no while longer */
    ask(test, &answer);
    for (size_t i = 6; i < 9; i++) {
        fake_http_answer(&test->world.http, i, 500, NULL, "");
        world_advance(&test->world, SECOND);
    }
    failed(&answer, FAILURE_SOURCE_REFUSED, ENOKEY, "HTTP 500");

    world_advance(&test->world, 2 * SECOND); /* it gives dead ones */
    ask(test, &answer);
    give(test, 9, 200, "my-role");
    give(test, 10, 200, IMDS_ANSWER("DEAD", IN_AN_HOUR));
    is(&answer, "DEAD", "instance metadata");
    assert_true(answer.expires_ms > test->world.clock.wall_ms);
}

static void test_imds_that_is_not_there(void **state)
{
    static const struct {
        int status;          /* of the token's answer; 0: none */
        const char *failure; /* of the transport */
        int role_status;
        const char *role;
        const char *code, *advice;
    } cases[] = {
        { 0, FAILURE_CONNECT_TIMEOUT, 0, NULL, FAILURE_IMDS_UNREACHABLE, "aws configure" },
        { 0, FAILURE_NO_ROUTE, 0, NULL, FAILURE_IMDS_UNREACHABLE, "aws configure" },
        { 0, FAILURE_ATTEMPT_TIMEOUT, 0, NULL, FAILURE_IMDS_TOKEN, "hop-limit" },
        { 403, NULL, 0, NULL, FAILURE_IMDS_REFUSED, "http-endpoint enabled" },
        { 405, NULL, 0, NULL, FAILURE_IMDS_REFUSED, "IMDSv2" },
        { 400, NULL, 0, NULL, FAILURE_SOURCE_REFUSED, "refused" },
        { 200, NULL, 404, "", FAILURE_IMDS_ROLE, "instance profile" },
        { 200, NULL, 200, "", FAILURE_IMDS_ROLE, "instance profile" },
        { 200, NULL, 401, "", FAILURE_SOURCE_REFUSED, "" },
        { 200, NULL, 200, "../../x", FAILURE_SOURCE_ANSWER, "" },
    };
    struct test *test = *state;
    struct answer answer;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start(test, "");
        ask(test, &answer);
        if (cases[i].failure)
            fake_http_fail(&test->world.http, 0, cases[i].failure, "nothing");
        else
            give(test, 0, cases[i].status, "TOKEN");
        if (cases[i].role)
            give(test, 1, cases[i].role_status, cases[i].role);
        failed(&answer, cases[i].code, cases[i].role && cases[i].role[0] ? EBADMSG : ENOKEY, "");
        assert_non_null(strstr(failure_advice(&answer.error), cases[i].advice));
    }
}

static void test_imds_settings(void **state)
{
    struct test *test = *state;
    struct answer answer;
    files_env(&test->files, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6");
    files_env(&test->files, "AWS_METADATA_SERVICE_TIMEOUT", "3");
    files_env(&test->files, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "2");
    start(test, "[default]\nrole_arn = " ROLE_A "\ncredential_source = Ec2InstanceMetadata\n");
    ask(test, &answer);
    asked(test, 0, "PUT", "http://[fd00:ec2::254]/latest/api/token");
    assert_int_equal(request(test, 0)->timeout_ms, 3000);
    fake_http_fail(&test->world.http, 0, FAILURE_CONNECT_TIMEOUT, "nothing");
    world_advance(&test->world, SECOND);
    give(test, 1, 200, "TOKEN");
    give(test, 2, 200, "my-role");
    give(test, 3, 200, IMDS_ANSWER("ASIABASE", IN_AN_HOUR));
    sent(test, 4, "Authorization", "Credential=ASIABASE/");
    give(test, 4, 200, ROLE_ANSWER("AssumeRole", "ASIA", IN_AN_HOUR));
    is(&answer, "ASIA", "assumed role");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        provider_test(test_container),          provider_test(test_imds),
        provider_test(test_imds_trouble_later), provider_test(test_imds_that_is_not_there),
        provider_test(test_imds_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
