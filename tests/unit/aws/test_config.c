/* SPDX-License-Identifier: MIT */
#include "aws/config.h"
#include "base/cleanup.h"

#include "shared_files.h"

#include <errno.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct config *config_of(struct files *files, const char *profile)
{
    struct config_source source = files_source(files, profile);
    struct config *config = NULL;
    struct error error = { 0 };
    int r = config_new(&source, &config, &error);
    if (r)
        print_error("%s\n", error.message);
    assert_int_equal(r, 0);
    return config;
}

static void refused(struct files *files, const char *profile, int number, const char *message)
{
    struct config_source source = files_source(files, profile);
    struct config *config = NULL;
    struct error error = { 0 };
    assert_int_equal(config_new(&source, &config, &error), -number);
    assert_int_equal(error.number, number);
    if (!strstr(error.message, message))
        fail_msg("something else is said: %s", error.message);
    assert_null(config);
}

static void setting_is(struct setting setting, const char *value, const char *from)
{
    if (value)
        assert_string_equal(setting.value, value);
    else
        assert_null(setting.value);
    assert_string_equal(setting.from, from);
}

static void locate(struct files *files, const char *profile, struct config_location *location)
{
    struct config_source source = files_source(files, profile);
    struct error error;
    assert_int_equal(config_locate(&source, location, &error), 0);
}

static void test_location(void **state)
{
    struct files *files = *state;
    struct config_location location;
    files_env(files, "HOME", "/home/u");
    locate(files, NULL, &location);
    assert_string_equal(location.profile, "default");
    assert_string_equal(location.path[INI_CONFIG], "/home/u/.aws/config");
    assert_string_equal(location.path[INI_CREDENTIALS], "/home/u/.aws/credentials");
    config_location_release(&location);

    files_env(files, "AWS_PROFILE", "other");
    files_env(files, "AWS_CONFIG_FILE", "~/c");
    files_env(files, "AWS_SHARED_CREDENTIALS_FILE", "~other/s");
    locate(files, NULL, &location);
    char here[4096];
    assert_non_null(getcwd(here, sizeof here));
    char expected[5000];
    (void)snprintf(expected, sizeof expected, "%s/~other/s", here);
    assert_string_equal(location.profile, "other");
    assert_string_equal(location.path[INI_CONFIG], "/home/u/c");
    assert_string_equal(location.path[INI_CREDENTIALS], expected);
    config_location_release(&location);
    locate(files, "named", &location);
    assert_string_equal(location.profile, "named");
    config_location_release(&location);

    files_env(files, "AWS_PROFILE", "");
    files_env(files, "AWS_CONFIG_FILE", "");
    files_env(files, "HOME", NULL);
    const struct passwd *user = getpwuid(getuid());
    (void)snprintf(expected, sizeof expected, "%s/.aws/config", user ? user->pw_dir : "");
    locate(files, NULL, &location);
    assert_string_equal(location.profile, "default");
    assert_string_equal(location.path[INI_CONFIG] ? location.path[INI_CONFIG] : "/.aws/config", expected);
    config_location_release(&location);
}

static void test_absent_files_are_empty(void **state)
{
    struct files *files = *state;
    struct config *config = config_of(files, NULL);
    struct error error;
    assert_string_equal(config_profile(config), "default");
    assert_false(config_profile_is_explicit(config));
    assert_null(config_profile_get(config, "region"));
    assert_int_equal(config_reload(config, &error), 0);
    assert_int_equal(config_generation(config), 1);
    setting_is(config_region(config, NULL), NULL, "");
    setting_is(config_endpoint_url(config, NULL), NULL, "");
    config_free(config);
    config_free(NULL);

    files_env(files, "AWS_CONFIG_FILE", "/dev/null");
    files_env(files, "AWS_SHARED_CREDENTIALS_FILE", "/dev/null/x");
    config = config_of(files, NULL);
    assert_int_equal(config_reload(config, &error), 0);
    config_free(config);
}

static void test_both_files(void **state)
{
    struct files *files = *state;
    files_write(files, "config", "[profile dev]\nregion = eu-west-1\na = config\nempty =\n");
    files_write(files, "credentials", "[dev]\na = credentials\nb = 2\n[only]\n");
    struct config *config = config_of(files, "dev");
    assert_true(config_profile_is_explicit(config));
    assert_string_equal(config_profile_get(config, "region"), "eu-west-1");
    assert_string_equal(config_profile_get(config, "a"), "credentials");
    assert_string_equal(config_file_get(config, INI_CONFIG, "a"), "config");
    assert_string_equal(config_file_get(config, INI_CREDENTIALS, "a"), "credentials");
    assert_null(config_file_get(config, INI_CONFIG, "b"));
    assert_null(config_profile_get(config, "empty"));
    assert_true(ini_has(config_ini(config), "profile", "only"));
    config_free(config);
}

static void test_a_named_profile_must_be_there(void **state)
{
    struct files *files = *state;
    refused(files, "nobody", EINVAL, "profile \"nobody\" (from the profile option) is neither in ");
    refused(files, "default", EINVAL, "profile \"default\"");
    files_env(files, "AWS_PROFILE", "nobody");
    refused(files, NULL, EINVAL, "profile \"nobody\" (from AWS_PROFILE) is neither in ");
    files_write(files, "credentials", "[nobody]\n");
    struct config *config = config_of(files, NULL);
    assert_string_equal(config_profile(config), "nobody");
    assert_false(config_profile_is_explicit(config));
    config_free(config);
}

static void test_environment(void **state)
{
    struct files *files = *state;
    files_env(files, "AWS_REGION", "");
    struct config *config = config_of(files, NULL);
    assert_null(config_env(config, "AWS_REGION"));
    assert_null(config_env(config, "AWS_NOTHING"));
    assert_non_null(config_env(config, "HOME"));
    config_free(config);
}

static void test_region(void **state)
{
    struct files *files = *state;
    files_write(files, "config", "[profile dev]\nregion = eu-west-1\n");
    struct config *config = config_of(files, "dev");
    setting_is(config_region(config, NULL), "eu-west-1", "profile dev");
    files_env(files, "AWS_DEFAULT_REGION", "us-east-2");
    setting_is(config_region(config, NULL), "us-east-2", "AWS_DEFAULT_REGION");
    files_env(files, "AWS_REGION", "us-east-1");
    setting_is(config_region(config, NULL), "us-east-1", "AWS_REGION");
    setting_is(config_region(config, "us-west-2"), "us-west-2", "option");
    config_free(config);
}

static void test_endpoint_url(void **state)
{
    struct files *files = *state;
    files_write(files, "config",
                "[profile dev]\nservices = here\nendpoint_url = http://profile\n"
                "[services here]\ns3 =\n  endpoint_url = http://s3\npersonalize =\n  endpoint_url = http://services\n"
                "[profile plain]\nendpoint_url = http://profile\nservices = other\n"
                "[services other]\npersonalize = \npersonalize_events =\n  endpoint_url = http://events\n"
                "[profile off]\nignore_configured_endpoint_urls = TRUE\nendpoint_url = http://profile\n");
    struct config *config = config_of(files, "plain");
    setting_is(config_endpoint_url(config, NULL), "http://profile", "profile plain");
    config_free(config);

    config = config_of(files, "off");
    setting_is(config_endpoint_url(config, NULL), NULL, "");
    setting_is(config_endpoint_url(config, "http://option"), "http://option", "option");
    files_env(files, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false");
    setting_is(config_endpoint_url(config, NULL), "http://profile", "profile off");
    files_env(files, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", NULL);
    config_free(config);

    config = config_of(files, "dev");
    setting_is(config_endpoint_url(config, NULL), "http://services", "services here");
    files_env(files, "AWS_ENDPOINT_URL", "http://all");
    setting_is(config_endpoint_url(config, NULL), "http://all", "AWS_ENDPOINT_URL");
    files_env(files, "AWS_ENDPOINT_URL_PERSONALIZE", "http://one");
    setting_is(config_endpoint_url(config, NULL), "http://one", "AWS_ENDPOINT_URL_PERSONALIZE");
    setting_is(config_endpoint_url(config, "http://option"), "http://option", "option");
    files_env(files, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    setting_is(config_endpoint_url(config, NULL), NULL, "");
    setting_is(config_endpoint_url(config, "http://option"), "http://option", "option");
    config_free(config);
}

static void test_a_named_services_section_must_be_there(void **state)
{
    struct files *files = *state;
    files_write(files, "config", "[default]\nservices = gone\n");
    refused(files, NULL, EINVAL, "profile \"default\" names [services gone], which is not in ");
}

static void test_long_names_are_cut_for_people_only(void **state)
{
    struct files *files = *state;
    char name[200];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = 0;
    char text[300];
    (void)snprintf(text, sizeof text, "[profile %s]\nregion = us-east-1\n", name);
    files_write(files, "config", text);
    struct config *config = config_of(files, name);
    struct setting setting = config_region(config, NULL);
    assert_string_equal(setting.value, "us-east-1");
    assert_int_equal(strlen(setting.from), sizeof setting.from - 1);
    config_free(config);
}

static void test_malformed(void **state)
{
    struct files *files = *state;
    files_write(files, "config", "[default]\nhush-hush\n");
    refused(files, NULL, EINVAL, "/config, line 2: there is no '=' after the property's name");
    files_write(files, "config", "");
    files_write(files, "credentials", "x = hush-hush\n");
    refused(files, NULL, EINVAL, "/credentials, line 1: a section such as [default] must come first");
}

static void test_unreadable(void **state)
{
    struct files *files = *state;
    char path[PATH_SIZE];
    files_path(files, "config", path);
    assert_int_equal(mkdir(path, 0700), 0);
    refused(files, NULL, EISDIR, "/config: Is a directory");
    assert_int_equal(rmdir(path), 0);

    assert_int_equal(mkfifo(path, 0600), 0);
    refused(files, NULL, EINVAL, "/config: it is not a regular file"); /* and nobody waits */
    assert_int_equal(unlink(path), 0);

    assert_int_equal(symlink("config", path), 0);
    refused(files, NULL, ELOOP, "cannot read ");
    assert_int_equal(unlink(path), 0);

    files_write(files, "config", "[default]\nregion = us-east-1\n");
    assert_int_equal(chmod(path, 0), 0);
    uid_t user = geteuid(); /* root reads everything */
    assert_int_equal(chmod(files->home, 0755), 0);
    assert_int_equal(user ? 0 : seteuid(65534), 0);
    refused(files, NULL, EACCES, "/config: Permission denied");
    assert_int_equal(user ? 0 : seteuid(user), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static void test_large(void **state)
{
    struct files *files = *state;
    static char text[CONFIG_FILE_BYTES + 2];
    memset(text, '#', sizeof text - 1);
    files_write(files, "config", text);
    refused(files, NULL, EFBIG, "/config is larger than 1048576 bytes");
    text[CONFIG_FILE_BYTES] = 0;
    files_write(files, "config", text);
    config_free(config_of(files, NULL));
    files_env(files, "AWS_CONFIG_FILE", "/dev/zero"); /* endless */
    refused(files, NULL, EINVAL, "/dev/zero: it is not a regular file");
}

static void test_reload(void **state)
{
    struct files *files = *state;
    struct error error;
    files_write(files, "config", "[default]\nregion = us-east-1\n");
    struct config *config = config_of(files, NULL);
    unsigned generation = config_generation(config);
    assert_int_equal(config_reload(config, &error), 0);
    assert_int_equal(config_generation(config), generation);

    /* As long as before. */
    files_write(files, "config", "[default]\nregion = us-east-2\n");
    assert_int_equal(config_reload(config, &error), 0);
    assert_int_not_equal(config_generation(config), generation);
    assert_string_equal(config_region(config, NULL).value, "us-east-2");

    files_write(files, "credentials", "[default]\nregion = us-west-1\n");
    assert_int_equal(config_reload(config, &error), 0);
    assert_string_equal(config_region(config, NULL).value, "us-west-1");

    generation = config_generation(config);
    files_write(files, "credentials", "[default\n");
    assert_int_equal(config_reload(config, &error), -EINVAL);
    assert_int_equal(config_reload(config, &error), -EINVAL);
    assert_string_equal(config_region(config, NULL).value, "us-west-1");
    assert_int_equal(config_generation(config), generation);

    char path[PATH_SIZE];
    files_path(files, "credentials", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(config_reload(config, &error), 0);
    assert_string_equal(config_region(config, NULL).value, "us-east-2");
    generation = config_generation(config);
    config_forget(config);
    assert_int_equal(config_reload(config, &error), 0);
    assert_int_equal(config_generation(config), generation + 1);
    assert_int_equal(config_reload(config, &error), 0);
    assert_int_equal(config_generation(config), generation + 1);

    assert_int_equal(symlink("credentials", path), 0); /* to itself */
    assert_int_equal(config_reload(config, &error), -ELOOP);
    assert_string_equal(config_region(config, NULL).value, "us-east-2");
    config_free(config);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        files_test(test_location),
        files_test(test_absent_files_are_empty),
        files_test(test_both_files),
        files_test(test_a_named_profile_must_be_there),
        files_test(test_environment),
        files_test(test_region),
        files_test(test_endpoint_url),
        files_test(test_a_named_services_section_must_be_there),
        files_test(test_long_names_are_cut_for_people_only),
        files_test(test_malformed),
        files_test(test_unreadable),
        files_test(test_large),
        files_test(test_reload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
