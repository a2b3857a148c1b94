/* SPDX-License-Identifier: MIT */
/* From options, environment and files to what is in force, and the table that says where it is from. */
#include "aws/settings.h"

#include "aws/retry.h"
#include "base/buf.h"
#include "base/log.h"

#include "shared_files.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { TABLE_BYTES = 16 << 10 };

struct read {
    struct config *config;
    struct settings settings;
    struct error error;
    int result;
};

static void read_begin(struct read *read, struct files *files, const char *profile, const struct settings_given *given)
{
    static const struct settings_given nothing = { .region = "us-west-2", .region_from = "SOURCE" };
    struct config_source source = files_source(files, profile);
    *read = (struct read){ 0 };
    if (config_new(&source, &read->config, &read->error))
        fail_msg("%s", read->error.message);
    read->result = settings_read(read->config, given ? given : &nothing, &read->settings, &read->error);
}

static void read_good(struct read *read, struct files *files, const char *profile, const struct settings_given *given)
{
    read_begin(read, files, profile, given);
    if (read->result)
        fail_msg("%s", read->error.message);
}

static void read_end(struct read *read)
{
    settings_release(&read->settings);
    config_free(read->config);
}

static void refused(struct files *files, const struct settings_given *given, const char *message)
{
    struct read read;
    read_begin(&read, files, NULL, given);
    assert_int_equal(read.result, -EINVAL);
    assert_int_equal(read.error.number, EINVAL);
    if (!strstr(read.error.message, message))
        fail_msg("something else is said: %s", read.error.message);
    assert_int_equal(read.settings.n_rows, 0);
    read_end(&read);
}

static void row_append(void *data, const char *name, const char *value, const char *from)
{
    assert_true(value || !*from);
    assert_int_equal(buf_printf(data, "%s=%s<%s\n", name, value ? value : "-", from), 0);
}

static void table_of(const struct read *read, struct buf *table)
{
    buf_clear(table);
    (void)buf_append_char(table, '\n');
    settings_visit(&read->settings, read->config, row_append, table);
}

/* There is such a line. */
static void has(const struct read *read, const char *line)
{
    struct buf BUF_CLEANUP table = BUF_INIT(TABLE_BYTES);
    char whole[200];
    table_of(read, &table);
    (void)snprintf(whole, sizeof whole, "\n%s\n", line);
    if (!strstr(buf_str(&table), whole))
        fail_msg("no \"%s\" in:%s", line, buf_str(&table));
}

static void test_nothing_set(void **state)
{
    struct files *files = *state;
    struct read read;
    struct buf BUF_CLEANUP table = BUF_INIT(TABLE_BYTES);
    char expected[2000];
    files_env(files, "AWS_EC2_METADATA_DISABLED", "true");
    read_good(&read, files, NULL, NULL);
    assert_string_equal(read.settings.endpoint.url, "https://personalize.us-west-2.amazonaws.com/");
    assert_string_equal(read.settings.endpoint.region, "us-west-2");
    assert_null(read.settings.endpoint_url);
    assert_int_equal(read.settings.endpoint_flags, 0);
    assert_int_equal(read.settings.max_attempts, RETRY_ATTEMPTS);
    assert_null(read.settings.ca_bundle);
    assert_null(read.settings.proxies.https.url);
    assert_memory_equal(read.settings.user_agent, "personalizefs/" PERSONALIZEFS_VERSION " ua/2.1 os/linux#",
                        strlen("personalizefs/" PERSONALIZEFS_VERSION " ua/2.1 os/linux#"));
    assert_non_null(strstr(read.settings.user_agent, " lang/c md/libcurl#"));
    assert_null(strstr(read.settings.user_agent, " app/"));
    (void)snprintf(expected, sizeof expected,
                   "\nprofile=default<default\n"
                   "config_file=%s/.aws/config<default\n"
                   "credentials_file=%s/.aws/credentials<default\n"
                   "use_fips_endpoint=false<default\n"
                   "use_dualstack_endpoint=false<default\n"
                   "ignore_configured_endpoint_urls=false<default\n"
                   "region=us-west-2<SOURCE\n"
                   "endpoint_url=https://personalize.us-west-2.amazonaws.com/<region\n"
                   "endpoint_url_sts=-<\nendpoint_url_sso=-<\nendpoint_url_sso_oidc=-<\n"
                   "ca_bundle=-<\nhttps_proxy=-<\nhttp_proxy=-<\nno_proxy=-<\n"
                   "max_attempts=3<default\nretry_mode=standard<default\nsdk_ua_app_id=-<\ncredentials=-<\n",
                   files->home, files->home);
    table_of(&read, &table);
    assert_string_equal(buf_str(&table), expected);
    read_end(&read);
}

/* Each setting: its variable, its property, and that the variable comes first. */
static void test_places(void **state)
{
    static const struct {
        const char *variable, *property, *first, *second;
    } rows[] = {
        { "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", "true", "false" },
        { "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint", "true", "false" },
        { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls", "true", "false" },
        { "AWS_CA_BUNDLE", "ca_bundle", "/a.pem", "/b.pem" },
        { "AWS_MAX_ATTEMPTS", "max_attempts", "5", "7" },
        { "AWS_SDK_UA_APP_ID", "sdk_ua_app_id", "mine", "theirs" },
        { "AWS_REGION", "region", "eu-west-1", "eu-west-2" },
        { "AWS_ENDPOINT_URL", "endpoint_url", "https://a", "https://b" },
    };
    static const struct settings_given nothing = { 0 };
    struct files *files = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200], line[200];
        struct read read;
        (void)snprintf(text, sizeof text, "[profile dev]\nregion = us-west-2\n%s = %s\n", rows[i].property,
                       rows[i].second);
        files_write(files, "config", text);
        read_good(&read, files, "dev", &nothing);
        (void)snprintf(line, sizeof line, "%s=%s<profile dev", rows[i].property, rows[i].second);
        has(&read, line);
        has(&read, "profile=dev<option");
        read_end(&read);
        files_env(files, rows[i].variable, rows[i].first);
        read_good(&read, files, "dev", &nothing);
        (void)snprintf(line, sizeof line, "%s=%s<%s", rows[i].property, rows[i].first, rows[i].variable);
        has(&read, line);
        read_end(&read);
        files_env(files, rows[i].variable, NULL);
    }
}

static void test_endpoints(void **state)
{
    struct files *files = *state;
    struct read read;
    const struct settings_given http = {
        .region = "us-east-1", .region_from = "option", .endpoint_url = "http://emulator:1/base", .allow_http = true
    };
    read_good(&read, files, NULL, &http);
    assert_string_equal(read.settings.endpoint.url, "http://emulator:1/base");
    assert_string_equal(read.settings.endpoint_url, "http://emulator:1/base");
    assert_int_equal(read.settings.endpoint_flags, ENDPOINT_ALLOW_HTTP);
    has(&read, "endpoint_url=http://emulator:1/base<option");
    has(&read, "region=us-east-1<option");
    read_end(&read);
    struct settings_given loopback = http;
    loopback.allow_http = false;
    refused(files, &loopback, "http:// is only for this host itself (localhost, 127.0.0.1, [::1]) (from option)");
    loopback.endpoint_url = "http://127.0.0.1:1";
    read_good(&read, files, NULL, &loopback);
    read_end(&read);

    files_env(files, "AWS_USE_FIPS_ENDPOINT", "TRUE");
    refused(files, &http, "it cannot be given together with use_fips_endpoint (from option)");
    read_good(&read, files, NULL, NULL);
    assert_string_equal(read.settings.endpoint.host, "personalize-fips.us-west-2.amazonaws.com");
    assert_int_equal(read.settings.endpoint_flags, ENDPOINT_FIPS);
    read_end(&read);
    files_env(files, "AWS_USE_DUALSTACK_ENDPOINT", "true");
    read_good(&read, files, NULL, NULL);
    assert_string_equal(read.settings.endpoint.host, "personalize-fips.us-west-2.api.aws");
    read_end(&read);
    files_env(files, "AWS_USE_FIPS_ENDPOINT", "false");
    files_env(files, "AWS_ENDPOINT_URL", "https://all");
    refused(files, NULL, "use_dualstack_endpoint (from AWS_ENDPOINT_URL)");
    files_env(files, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"); /* then there is none */
    read_good(&read, files, NULL, NULL);
    assert_string_equal(read.settings.endpoint.host, "personalize.us-west-2.api.aws");
    read_end(&read);
}

/* Of each service its own first, then that of all; and all of them can be ignored. */
static void test_endpoint_urls_of_services(void **state)
{
    static const struct {
        const char *variable, *name;
    } services[] = { { "AWS_ENDPOINT_URL_PERSONALIZE", "endpoint_url" },
                     { "AWS_ENDPOINT_URL_STS", "endpoint_url_sts" },
                     { "AWS_ENDPOINT_URL_SSO", "endpoint_url_sso" },
                     { "AWS_ENDPOINT_URL_SSO_OIDC", "endpoint_url_sso_oidc" } };
    struct files *files = *state;
    files_write(files, "config",
                "[profile dev]\nservices = mine\nendpoint_url = https://profile\n"
                "[services mine]\npersonalize =\n  endpoint_url = https://file\nsts =\n  endpoint_url = https://file\n"
                "sso =\n  endpoint_url = https://file\nsso_oidc =\n  endpoint_url = https://file\n"
                "[profile plain]\nendpoint_url = https://profile\n");
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        static const struct {
            const char *own, *all, *profile, *ignored, *expected, *from;
        } steps[] = { { "https://own", "https://all", "dev", NULL, "https://own", "" },
                      { NULL, "https://all", "dev", NULL, "https://all", "AWS_ENDPOINT_URL" },
                      { NULL, NULL, "dev", NULL, "https://file", "services mine" },
                      { NULL, NULL, "plain", NULL, "https://profile", "profile plain" },
                      { "https://own", "https://all", "dev", "true", NULL, NULL } };
        for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
            struct read read;
            char line[200];
            files_env(files, services[i].variable, steps[k].own);
            files_env(files, "AWS_ENDPOINT_URL", steps[k].all);
            files_env(files, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", steps[k].ignored);
            read_good(&read, files, steps[k].profile, NULL);
            if (steps[k].expected)
                (void)snprintf(line, sizeof line, "%s=%s<%s", services[i].name, steps[k].expected,
                               *steps[k].from ? steps[k].from : services[i].variable);
            else if (i == 0)
                (void)snprintf(line, sizeof line, "endpoint_url=https://personalize.us-west-2.amazonaws.com/<region");
            else
                (void)snprintf(line, sizeof line, "%s=-<", services[i].name);
            has(&read, line);
            read_end(&read);
        }
        files_env(files, services[i].variable, NULL);
    }
}

static void test_region(void **state)
{
    static const struct settings_given nothing = { 0 };
    struct files *files = *state;
    refused(files, &nothing, "no region: give one as SOURCE (us-west-2), or set AWS_REGION or the profile's region");
    files_env(files, "AWS_ENDPOINT_URL", "https://h"); /* there would be nothing to sign for */
    refused(files, &nothing, "no region");
    files_env(files, "AWS_ENDPOINT_URL", NULL);
    files_env(files, "AWS_REGION", "us-west-2.evil.example");
    refused(files, &nothing, "the region from AWS_REGION is no region: us-west-2.evil.example");
}

static void test_transport(void **state)
{
    struct files *files = *state;
    struct read read;
    char here[4096], expected[5000];
    files_env(files, "AWS_CA_BUNDLE", "certs/ca.pem"); /* a daemon leaves its directory */
    files_env(files, "HTTPS_PROXY", "http://someone:hush-hush@proxy.example:3128");
    files_env(files, "http_proxy", "plain.example");
    files_env(files, "NO_PROXY", "localhost,.internal");
    read_good(&read, files, NULL, NULL);
    assert_non_null(getcwd(here, sizeof here));
    (void)snprintf(expected, sizeof expected, "%s/certs/ca.pem", here);
    assert_string_equal(read.settings.ca_bundle, expected);
    assert_string_equal(read.settings.proxies.https.url, "http://proxy.example:3128");
    assert_string_equal(read.settings.proxies.https.password, "hush-hush");
    has(&read, "https_proxy=http://****@proxy.example:3128<HTTPS_PROXY");
    has(&read, "http_proxy=http://plain.example:80<http_proxy");
    has(&read, "no_proxy=localhost,.internal<NO_PROXY");
    struct buf BUF_CLEANUP table = BUF_INIT(TABLE_BYTES);
    table_of(&read, &table);
    assert_null(strstr(buf_str(&table), "hush"));
    assert_null(strstr(buf_str(&table), "someone"));
    read_end(&read);
    files_env(files, "https_proxy", "gopher://someone:hush-hush@proxy");
    refused(files, NULL, "https_proxy: a proxy's URL begins with http://");
}

static void test_retries(void **state)
{
    static const struct {
        const char *attempts, *mode, *refused;
        int expected;
    } rows[] = {
        { "1", NULL, NULL, 1 },
        { "10", "standard", NULL, 10 },
        { "999999", "Legacy", NULL, 999999 },
        { NULL, "ADAPTIVE", NULL, RETRY_ATTEMPTS },
        { "0", NULL, "max_attempts, from AWS_MAX_ATTEMPTS, is \"0\"; it must be a number from 1 to 999999", 0 },
        { "-1", NULL, "max_attempts, from AWS_MAX_ATTEMPTS, is \"-1\"", 0 },
        { "3.0", NULL, "max_attempts", 0 },
        { "three", NULL, "max_attempts", 0 },
        { " 3", NULL, "max_attempts", 0 },
        { "0000003", NULL, "max_attempts", 0 },
        { "99999999999999999999", NULL, "max_attempts", 0 },
        { NULL, "none", "retry_mode, from AWS_RETRY_MODE, is \"none\"; it must be standard, legacy or adaptive", 0 },
    };
    struct files *files = *state;
    log_set_level(LOG_LEVEL_ERROR); /* the warnings are seen in the tests that mount */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct read read;
        files_env(files, "AWS_MAX_ATTEMPTS", rows[i].attempts);
        files_env(files, "AWS_RETRY_MODE", rows[i].mode);
        if (rows[i].refused) {
            refused(files, NULL, rows[i].refused);
            continue;
        }
        read_good(&read, files, NULL, NULL);
        assert_int_equal(read.settings.max_attempts, rows[i].expected);
        has(&read, rows[i].mode ? "retry_mode=standard<AWS_RETRY_MODE" : "retry_mode=standard<default");
        read_end(&read);
    }
    log_set_level(LOG_LEVEL_INFO);
}

static void test_switches_are_true_or_false(void **state)
{
    static const char *const variables[] = { "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
                                             "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" };
    static const char *const bad[] = { "1", "0", "yes", "on", "tru", "true " };
    struct files *files = *state;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
            files_env(files, variables[i], bad[k]);
            refused(files, NULL, "it must be true or false");
        }
        files_env(files, variables[i], NULL);
    }
}

static void test_app_id(void **state)
{
    struct files *files = *state;
    struct read read;
    files_env(files, "AWS_SDK_UA_APP_ID", "ops team");
    files_env(files, "AWS_EXECUTION_ENV", "AWS_ECS_FARGATE");
    read_good(&read, files, NULL, NULL);
    assert_non_null(strstr(read.settings.user_agent, " exec-env/AWS_ECS_FARGATE app/ops-team"));
    has(&read, "sdk_ua_app_id=ops team<AWS_SDK_UA_APP_ID");
    read_end(&read);
}

#define ROLE "arn:aws:iam::123456789012:role/A"

static void test_credentials(void **state)
{
    static const struct {
        const char *config, *credentials, *variable, *value;
        const char *lines[4];
    } rows[] = {
        { "",
          "[default]\naws_access_key_id = AKIAFILEEXAMPLE12345\naws_secret_access_key = hush/hush/hush/WXYZ\n"
          "aws_account_id = 123456789012\n",
          NULL,
          NULL,
          { "credentials=keys<profile default", "access_key=****************2345<profile default",
            "secret_key=****************WXYZ<profile default", "account_id=123456789012<profile default" } },
        { "[default]\naws_access_key_id = SHORT\naws_secret_access_key = hush\n",
          "",
          NULL,
          NULL,
          { "access_key=****************<profile default", "secret_key=****************<profile default" } },
        { "[default]\nrole_arn = " ROLE "\nsource_profile = base\n",
          "[base]\naws_access_key_id = AKIAFILEEXAMPLE12345\naws_secret_access_key = hush/hush/hush/WXYZ\n",
          NULL,
          NULL,
          { "credentials=keys<profile base", "access_key=****************2345<profile base",
            "role_arn=" ROLE "<profile default" } },
        { "[default]\nrole_arn = " ROLE "\ncredential_source = Ec2InstanceMetadata\n",
          "",
          NULL,
          NULL,
          { "credentials=instance metadata<profile default", "role_arn=" ROLE "<profile default" } },
        { "[default]\ncredential_process = /bin/keys --password hush\n",
          "",
          NULL,
          NULL,
          { "credentials=credential_process<profile default" } },
        { "[default]\nweb_identity_token_file = /token\nrole_arn = " ROLE "\n",
          "",
          NULL,
          NULL,
          { "credentials=web identity<profile default", "role_arn=" ROLE "<profile default" } },
        { "[default]\nsso_start_url = https://x\nsso_region = us-east-1\nsso_account_id = 123456789012\n"
          "sso_role_name = r\n",
          "",
          NULL,
          NULL,
          { "credentials=SSO<profile default" } },
        { "", "", NULL, NULL, { "credentials=instance metadata<default" } },
        { "",
          "",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI",
          "http://169.254.170.23/v1",
          { "credentials=container<AWS_CONTAINER_CREDENTIALS_FULL_URI" } },
    };
    struct files *files = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf BUF_CLEANUP table = BUF_INIT(TABLE_BYTES);
        struct read read;
        files_write(files, "config", rows[i].config);
        files_write(files, "credentials", rows[i].credentials);
        if (rows[i].variable)
            files_env(files, rows[i].variable, rows[i].value);
        read_good(&read, files, NULL, NULL);
        for (size_t k = 0; k < 4 && rows[i].lines[k]; k++)
            has(&read, rows[i].lines[k]);
        table_of(&read, &table);
        assert_null(strstr(buf_str(&table), "hush"));
        read_end(&read);
    }
    files_env(files, "AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT12345");
    files_env(files, "AWS_SECRET_ACCESS_KEY", "hush/hush/hush/WXYZ");
    files_env(files, "AWS_SESSION_TOKEN", "hush");
    struct read read;
    read_good(&read, files, NULL, NULL);
    has(&read, "credentials=environment<environment");
    has(&read, "access_key=****************2345<AWS_ACCESS_KEY_ID");
    has(&read, "secret_key=****************WXYZ<AWS_SECRET_ACCESS_KEY");
    read_end(&read);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        files_test(test_nothing_set), files_test(test_places),
        files_test(test_endpoints),   files_test(test_endpoint_urls_of_services),
        files_test(test_region),      files_test(test_transport),
        files_test(test_retries),     files_test(test_switches_are_true_or_false),
        files_test(test_app_id),      files_test(test_credentials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
