/* SPDX-License-Identifier: MIT */
/* The chain's sources from end to end: shared files and environment in, requests and credentials out. */
#include "aws/endpoint.h"
#include "aws/provider.h"
#include "aws/sts.h"
#include "codec/sigv4.h"

#include "shared_files.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, EXTRA_MAX = 4 };

/* The fake clock stands at 2026-11-22T12:00:00Z. */
#define IN_AN_HOUR "2026-11-22T13:00:00Z"
#define IN_AN_HOUR_MS INT64_C(1795352400000)

#define ROLE_A "arn:aws:iam::123456789012:role/A"
#define ROLE_ANSWER(operation, id, end)                                                                     \
    "<" operation "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" operation "Result>"      \
    "<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/A/s</Arn></AssumedRoleUser><Credentials>" \
    "<AccessKeyId>" id "</AccessKeyId><SecretAccessKey>HUSH</SecretAccessKey>"                              \
    "<SessionToken>HUSHTOKEN</SessionToken><Expiration>" end "</Expiration></Credentials></" operation      \
    "Result></" operation "Response>"
#define STS_ERROR(code)                                                                             \
    "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>" \
    "<Code>" code "</Code><Message>said so</Message></Error></ErrorResponse>"

struct test {
    struct files files;
    struct world world;
    struct credentials_provider *chain;
    char extra[EXTRA_MAX][PATH_SIZE]; /* files besides the two */
    size_t n_extra;
};

static int setup(void **state)
{
    struct test *test = calloc(1, sizeof *test);
    void *files = NULL;
    if (!test || files_setup(&files))
        return -1;
    test->files = *(struct files *)files;
    free(files);
    *state = test;
    return 0;
}

static void test_end(struct test *test)
{
    if (!test->chain)
        return;
    test->chain->free(test->chain);
    test->chain = NULL;
    world_release(&test->world);
}

static int teardown(void **state)
{
    struct test *test = *state;
    test_end(test);
    for (size_t i = 0; i < test->n_extra; i++) {
        (void)unlink(test->extra[i]);
        for (char *at = strrchr(test->extra[i], '/'); at > test->extra[i] + strlen(test->files.home);
             at = strrchr(test->extra[i], '/')) {
            *at = 0;
            (void)rmdir(test->extra[i]);
        }
    }
    struct files *files = malloc(sizeof *files);
    if (!files)
        return -1;
    *files = test->files;
    free(test);
    *state = files;
    return files_teardown(state);
}

/* Writes a file below the home; its whole path. */
static const char *extra_write(struct test *test, const char *name, const char *text)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/%s", test->files.home, name);
    size_t i = 0;
    while (i < test->n_extra && strcmp(test->extra[i], path) != 0)
        i++;
    assert_true(i < EXTRA_MAX);
    if (i == test->n_extra)
        memcpy(test->extra[test->n_extra++], path, sizeof path);
    for (char *at = strchr(path + strlen(test->files.home) + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = 0;
        (void)mkdir(path, 0700);
        *at = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return test->extra[i];
}

static void start(struct test *test, const char *config)
{
    struct config_source source = files_source(&test->files, NULL);
    struct config *made = NULL;
    struct error error = { 0 };
    test_end(test);
    files_write(&test->files, "config", config);
    if (config_new(&source, &made, &error))
        fail_msg("%s", error.message);
    world_init(&test->world, made);
    assert_int_equal(credentials_chain_new(&test->world.settings, &test->chain), 0);
}

static void ask(struct test *test, struct answer *answer)
{
    *answer = (struct answer){ 0 };
    test->chain->get(test->chain, answer_done, answer);
}

static const struct fake_request *request(const struct test *test, size_t i)
{
    assert_true(i < test->world.http.n_requests);
    return &test->world.http.requests[i];
}

static void asked(const struct test *test, size_t i, const char *method, const char *url)
{
    assert_string_equal(request(test, i)->method, method);
    assert_string_equal(request(test, i)->url, url);
    assert_true(request(test, i)->secret);
    assert_int_equal(test->world.http.n_requests, i + 1);
}

static void sent(const struct test *test, size_t i, const char *name, const char *value)
{
    const char *header = fake_http_sent(&test->world.http, i, name);
    if (!value) {
        assert_null(header);
        return;
    }
    assert_non_null(header);
    if (!strstr(header, value))
        fail_msg("%s is %s", name, header);
}

static void give(struct test *test, size_t i, int status, const char *body)
{
    fake_http_answer(&test->world.http, i, status, NULL, body);
    world_advance(&test->world, 0);
}

static void is(const struct answer *answer, const char *id, const char *source)
{
    if (answer->calls == 1 && !answer->found)
        print_error("%s: %s\n", answer->error.code, answer->error.message);
    assert_int_equal(answer->calls, 1);
    assert_true(answer->found);
    assert_string_equal(answer->access_key_id, id);
    assert_string_equal(answer->source, source);
}

static void failed(const struct answer *answer, const char *code, int number, const char *message)
{
    assert_int_equal(answer->calls, 1);
    assert_false(answer->found);
    if (strcmp(answer->error.code, code) != 0 || !strstr(answer->error.message, message))
        fail_msg("%s: %s", answer->error.code, answer->error.message);
    assert_int_equal(answer->error.number, number);
    assert_null(strstr(answer->error.message, "HUSH"));
    assert_true(strlen(failure_advice(&answer->error)) > 20);
}

/* Roles */

#define PROFILE_A "[default]\nrole_arn = " ROLE_A "\nsource_profile = b\n"
#define KEYS_B "[profile b]\naws_access_key_id = AKIDB\naws_secret_access_key = HUSH\n"

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

/* SSO */

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

/* Processes */

/* Runs what is watched until there is an answer or `limit_ms` is over. */
static void run(struct test *test, const struct answer *answer, int limit_ms)
{
    while (!answer->calls) {
        struct pollfd fds[4];
        unsigned n = watches_fill(&test->world.watches, fds, 4);
        int ready = poll(fds, n, limit_ms);
        if (ready <= 0)
            return;
        watches_run(&test->world.watches, fds, n);
    }
}

static void reap(struct test *test)
{
    struct pollfd fds[4];
    unsigned n;
    while ((n = watches_fill(&test->world.watches, fds, 4))) {
        assert_true(poll(fds, n, 10000) > 0);
        watches_run(&test->world.watches, fds, n);
    }
}

#define KEYS(id) "\\\"AccessKeyId\\\":\\\"" id "\\\",\\\"SecretAccessKey\\\":\\\"HUSH\\\""
#define PROCESS(script) "[default]\ncredential_process = sh -c \"" script "\"\n"

static void test_process(void **state)
{
    struct test *test = *state;
    struct answer answer;
    start(test, PROCESS("echo '{\\\"Version\\\":1," KEYS("ASIA") ",\\\"SessionToken\\\":\\\"HUSH\\\","
                                                                 "\\\"Expiration\\\":\\\"" IN_AN_HOUR
                                                                 "\\\",\\\"AccountId\\\":\\\"123456789012\\\"}'"));
    ask(test, &answer);
    run(test, &answer, 10000);
    is(&answer, "ASIA", "credential_process");
    assert_string_equal(answer.account_id, "123456789012");
    assert_int_equal(answer.expires_ms, IN_AN_HOUR_MS);
    ask(test, &answer);
    is(&answer, "ASIA", "credential_process");
    assert_true(list_empty(&test->world.watches.list));
}

static void test_process_in_trouble(void **state)
{
    static const struct {
        const char *config, *code;
        int number;
        const char *message;
    } cases[] = {
        { PROCESS("echo HUSH; exit 7"), FAILURE_PROCESS, ENOKEY, "profile \"default\" ended with status 7" },
        { PROCESS("kill -9 $$"), FAILURE_PROCESS, ENOKEY, "ended by SIGKILL" },
        { PROCESS("echo HUSH rubbish"), FAILURE_SOURCE_ANSWER, EBADMSG, "not JSON" },
        { PROCESS("true"), FAILURE_SOURCE_ANSWER, EBADMSG, "not JSON" },
        { PROCESS("echo '{" KEYS("A") "}'"), FAILURE_SOURCE_ANSWER, EBADMSG, "Version is not 1" },
        { PROCESS("echo '{\\\"Version\\\":2," KEYS("A") "}'"), FAILURE_SOURCE_ANSWER, EBADMSG, "Version is not 1" },
        { PROCESS("echo '{\\\"Version\\\":\\\"1\\\"," KEYS("A") "}'"), FAILURE_SOURCE_ANSWER, EBADMSG, "Version" },
        { PROCESS("echo '{\\\"Version\\\":1}'"), FAILURE_SOURCE_ANSWER, EBADMSG, "no AccessKeyId" },
        { PROCESS("yes HUSH | head -c 100000"), FAILURE_SOURCE_ANSWER, EBADMSG, "more than 65536 bytes" },
        { "[default]\ncredential_process = /no/such/program --password HUSH\n", FAILURE_PROCESS, ENOKEY,
          "cannot be run" },
        { "[default]\ncredential_process = '' x\n", FAILURE_PROCESS, ENOKEY, "cannot be run" },
    };
    struct test *test = *state;
    struct answer answer;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start(test, cases[i].config);
        ask(test, &answer);
        run(test, &answer, 10000);
        failed(&answer, cases[i].code, cases[i].number, cases[i].message);
        assert_true(list_empty(&test->world.watches.list));
    }
}

static void test_process_that_hangs(void **state)
{
    struct test *test = *state;
    struct answer answer;
    start(test, PROCESS("sleep 60"));
    ask(test, &answer);
    run(test, &answer, 50);
    assert_int_equal(answer.calls, 0);
    world_advance(&test->world, 12 * SECOND);
    failed(&answer, FAILURE_SOURCE_TIMEOUT, ETIMEDOUT,
           "nothing came from credential_process of profile \"default\" within 12000 ms");
    reap(test); /* it was killed */
    ask(test, &answer);
    assert_int_equal(answer.calls, 1); /* the same for a second, without another one */
    assert_true(list_empty(&test->world.watches.list));
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

#define provider_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        provider_test(test_role),
        provider_test(test_role_errors),
        provider_test(test_roles_in_a_row),
        provider_test(test_endpoint_flags_and_attempts),
        provider_test(test_role_with_a_wrong_clock),
        provider_test(test_what_a_profile_may_not_say),
        provider_test(test_order),
        provider_test(test_files_change_while_waiting),
        provider_test(test_files_change_and_want_the_same),
        provider_test(test_web_identity),
        provider_test(test_sso_legacy),
        provider_test(test_sso_refusals),
        provider_test(test_sso_renews_its_token),
        provider_test(test_sso_token_that_cannot_be_renewed),
        provider_test(test_container),
        provider_test(test_imds),
        provider_test(test_imds_trouble_later),
        provider_test(test_imds_that_is_not_there),
        provider_test(test_imds_settings),
        provider_test(test_process),
        provider_test(test_process_in_trouble),
        provider_test(test_process_that_hangs),
        provider_test(test_caller_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
