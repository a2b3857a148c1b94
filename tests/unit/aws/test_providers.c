/* SPDX-License-Identifier: MIT */
/* The chain: what a profile may not say, which source it is, and what a change of the files does to it. */
#include "provider_world.h"

#include <errno.h>

static void test_what_a_profile_may_not_say(void **state)
{
    static const struct {
        const char *config, *code, *message;
    } cases[] = {
        { PROFILE_A "mfa_serial = arn:aws:iam::1:mfa/me\n" KEYS_B, FAILURE_MFA, "arn:aws:iam::1:mfa/me" },
        { "[default]\nlogin_session = x\n", FAILURE_LOGIN_SESSION, "aws login" },
        { PROFILE_A "[profile b]\nrole_arn = x\nsource_profile = default\n", FAILURE_PROFILE, "leads back" },
        { PROFILE_A, FAILURE_PROFILE, "in neither file" },
        { PROFILE_A "[profile b]\nregion = x\n", FAILURE_PROFILE, "has no credentials" },
        { PROFILE_A "credential_source = Environment\n" KEYS_B, FAILURE_PROFILE, "has both" },
        { "[default]\nrole_arn = x\n", FAILURE_PROFILE, "neither source_profile nor" },
        { "[default]\nrole_arn = x\ncredential_source = Moon\n", FAILURE_PROFILE, "\"Moon\"" },
        { "[default]\nweb_identity_token_file = /x\n", FAILURE_PROFILE, "no role for it" },
        { "[default]\nsso_account_id = 1\n", FAILURE_PROFILE, "has no sso_role_name" },
        { "[default]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n", FAILURE_PROFILE, "[sso-session s]" },
        { "[default]\nsso_session = s\n[sso-session s]\nsso_region = us-east-1\nsso_start_url = u\n", FAILURE_PROFILE,
          "neither sso_account_id nor" },
        { "[default]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\nsso_region = a\n"
          "[sso-session s]\nsso_region = b\nsso_start_url = u\n",
          FAILURE_PROFILE, "sso_region differs" },
        { "[default]\ncredential_process = 'x\n", FAILURE_PROFILE, "has no end" },
        { "[default]\nec2_metadata_service_endpoint = http://u:HUSH@x\n", FAILURE_PROFILE, "no user name or password" },
        { "[default]\nec2_metadata_service_endpoint_mode = IPv9\n", FAILURE_PROFILE, "IPv9" },
    };
    static const char imds_role[] = "[default]\nrole_arn = x\ncredential_source = Ec2InstanceMetadata\n";
    struct test *test = *state;
    struct answer answer;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start(test, cases[i].config);
        ask(test, &answer);
        failed(&answer, cases[i].code, ENOKEY, cases[i].message);
    }
    files_env(&test->files, "AWS_EC2_METADATA_DISABLED", "TRUE");
    start(test, imds_role);
    ask(test, &answer);
    failed(&answer, FAILURE_PROFILE, ENOKEY, "AWS_EC2_METADATA_DISABLED");
    files_env(&test->files, "AWS_ENDPOINT_URL_STS", "http://example.com");
    start(test, PROFILE_A KEYS_B);
    ask(test, &answer);
    failed(&answer, FAILURE_PROFILE, ENOKEY, "AWS_ENDPOINT_URL_STS: endpoint URL: http://");
}

/* Which source it is, where several stand beside each other: the first that the next line leaves out. */
static void test_order(void **state)
{
    struct test *test = *state;
    struct answer answer;
    char process[PATH_SIZE + 64];
    (void)snprintf(process, sizeof process,
                   "[default]\ncredential_process = /no/such\naws_access_key_id = CFG\n"
                   "aws_secret_access_key = cfg\n");
    files_write(&test->files, "credentials", "[default]\naws_access_key_id = CRD\naws_secret_access_key = crd\n");
    start(test, process);
    ask(test, &answer);
    is(&answer, "CRD", "credentials file"); /* before the process */
    files_write(&test->files, "credentials", "");
    ask(test, &answer);
    failed(&answer, FAILURE_PROCESS, ENOKEY, "cannot be run (/no/such): No such file"); /* before the config file */
    files_write(&test->files, "config", "[default]\naws_access_key_id = CFG\naws_secret_access_key = cfg\n");
    files_env(&test->files, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c");
    ask(test, &answer);
    is(&answer, "CFG", "config file"); /* before the container */
    files_write(&test->files, "config", "");
    ask(test, &answer);
    asked(test, 0, "GET", "http://169.254.170.2/c"); /* before instance metadata */
    give(test, 0, 200, "{\"AccessKeyId\":\"CNT\",\"SecretAccessKey\":\"s\"}");
    is(&answer, "CNT", "container");
    files_write(&test->files, "credentials", "[default]\naws_access_key_id = CRD\naws_secret_access_key = crd\n");
    ask(test, &answer);
    is(&answer, "CRD", "credentials file"); /* the files have changed */
    files_env(&test->files, "AWS_ACCESS_KEY_ID", "ENV");
    files_env(&test->files, "AWS_SECRET_ACCESS_KEY", "env");
    ask(test, &answer);
    is(&answer, "ENV", "environment");
}

/* While one source is being asked, the files name another. */
static void test_files_change_while_waiting(void **state)
{
    struct test *test = *state;
    struct answer old, new, dropped;
    files_env(&test->files, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c");
    start(test, "");
    ask(test, &old);
    ask(test, &dropped);
    files_write(&test->files, "config", "[default]\naws_access_key_id = CFG\naws_secret_access_key = cfg\n");
    ask(test, &new);
    is(&new, "CFG", "config file");
    test->chain->cancel(test->chain, &dropped);
    world_advance(&test->world, 0);
    give(test, 0, 200, "{\"AccessKeyId\":\"CNT\",\"SecretAccessKey\":\"s\"}");
    is(&old, "CNT", "container");
    assert_int_equal(dropped.calls, 0);
    world_advance(&test->world, 2 * SECOND);
    assert_int_equal(timers_wait_ms(&test->world.timers), -1); /* nothing is left to wake up for */
}

#define CONTAINER_KEYS(id) \
    "{\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"2026-11-22T20:00:00Z\"}"

/* The files are read again, and ask for the same keys: those that there are serve until others have come. */
static void test_files_change_and_want_the_same(void **state)
{
    struct test *test = *state;
    struct answer answer;
    files_env(&test->files, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c");
    start(test, "");
    ask(test, &answer);
    give(test, 0, 200, CONTAINER_KEYS("ONE"));
    is(&answer, "ONE", "container");
    config_forget(test->world.config); /* SIGHUP */
    for (int i = 0; i < 3; i++) {
        ask(test, &answer);
        is(&answer, "ONE", "container");
        assert_int_equal(test->world.http.n_requests, 2); /* in the background, one */
    }
    give(test, 1, 404, "{}");
    ask(test, &answer);
    is(&answer, "ONE", "container");
    assert_int_equal(test->world.http.n_requests, 2);
    world_advance(&test->world, 61 * SECOND);
    ask(test, &answer);
    is(&answer, "ONE", "container");
    give(test, 2, 200, CONTAINER_KEYS("TWO"));
    ask(test, &answer);
    is(&answer, "TWO", "container");
    assert_int_equal(test->world.http.n_requests, 3);
    files_write(&test->files, "config", "[default]\nregion = us-east-1\n");
    ask(test, &answer);
    is(&answer, "TWO", "container");
    give(test, 3, 200, CONTAINER_KEYS("THREE"));
    ask(test, &answer);
    is(&answer, "THREE", "container");
    world_advance(&test->world, 2 * SECOND);
    config_forget(test->world.config);
    test->chain->forget(test->chain); /* the service has rejected them: nothing stands in for others */
    ask(test, &answer);
    assert_int_equal(answer.calls, 0);
    give(test, 4, 200, CONTAINER_KEYS("FOUR"));
    is(&answer, "FOUR", "container");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        provider_test(test_what_a_profile_may_not_say),
        provider_test(test_order),
        provider_test(test_files_change_while_waiting),
        provider_test(test_files_change_and_want_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
