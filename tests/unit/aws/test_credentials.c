/* SPDX-License-Identifier: MIT */
#include "aws/credentials.h"
#include "aws/failure.h"

#include "shared_files.h"
#include "world.h"

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct provider {
    struct world *world;
    struct config *config;
    struct credentials_provider *chain;
};

/* Without instance metadata: nobody is asked. */
static struct provider provider_of(struct files *files, const char *profile)
{
    struct config_source source = files_source(files, profile);
    struct provider provider = { .world = malloc(sizeof *provider.world) };
    struct error error = { 0 };
    files_env(files, "AWS_EC2_METADATA_DISABLED", "true");
    assert_non_null(provider.world);
    assert_int_equal(config_new(&source, &provider.config, &error), 0);
    world_init(provider.world, provider.config);
    assert_int_equal(credentials_chain_new(&provider.world->settings, &provider.chain), 0);
    return provider;
}

static void provider_free(struct provider *provider)
{
    provider->chain->free(provider->chain);
    assert_int_equal(provider->world->http.n_requests, 0);
    world_release(provider->world);
    free(provider->world);
}

static struct answer get(struct provider *provider)
{
    struct answer answer = { 0 };
    provider->chain->get(provider->chain, answer_done, &answer);
    assert_int_equal(answer.calls, 1);
    return answer;
}

static void found(struct provider *provider, const char *access_key_id, const char *secret_key,
                  const char *session_token, const char *account_id, const char *source)
{
    struct answer answer = get(provider);
    if (!answer.found)
        print_error("%s\n", answer.error.message);
    assert_true(answer.found);
    assert_string_equal(answer.access_key_id, access_key_id);
    assert_string_equal(answer.secret_key, secret_key);
    assert_string_equal(answer.session_token, session_token);
    assert_string_equal(answer.account_id, account_id);
    assert_string_equal(answer.source, source);
    assert_int_equal(answer.expires_ms, 0);
}

static void missing(struct provider *provider, const char *message)
{
    struct answer answer = get(provider);
    assert_false(answer.found);
    assert_int_equal(answer.error.number, ENOKEY);
    assert_string_equal(answer.error.code, FAILURE_NO_CREDENTIALS);
    if (!strstr(answer.error.message, message))
        fail_msg("something else is said: %s", answer.error.message);
    assert_null(strstr(answer.error.message, "HUSH"));
}

static void test_environment(void **state)
{
    struct files *files = *state;
    files_write(files, "credentials", "[default]\naws_access_key_id = F\naws_secret_access_key = f\n");
    files_env(files, "AWS_ACCESS_KEY_ID", "AKIDENV");
    files_env(files, "AWS_SECRET_ACCESS_KEY", "env/+=");
    struct provider provider = provider_of(files, NULL);
    found(&provider, "AKIDENV", "env/+=", "-", "-", "environment");
    files_env(files, "AWS_SESSION_TOKEN", "token==");
    files_env(files, "AWS_ACCOUNT_ID", "123456789012");
    found(&provider, "AKIDENV", "env/+=", "token==", "123456789012", "environment");
    files_env(files, "AWS_SESSION_TOKEN", " \t");
    files_env(files, "AWS_ACCOUNT_ID", "");
    found(&provider, "AKIDENV", "env/+=", "-", "-", "environment");
    provider_free(&provider);
}

static void test_blanks_are_no_keys(void **state)
{
    struct files *files = *state;
    files_write(files, "config", "[default]\naws_access_key_id = CFG\naws_secret_access_key = cfg\n");
    files_write(files, "credentials", "[default]\naws_access_key_id =\naws_secret_access_key =\n");
    files_env(files, "AWS_ACCESS_KEY_ID", " ");
    files_env(files, "AWS_SECRET_ACCESS_KEY", " ");
    struct provider provider = provider_of(files, NULL);
    found(&provider, "CFG", "cfg", "-", "-", "config file");
    files_env(files, "AWS_ACCESS_KEY_ID", "");
    files_env(files, "AWS_SECRET_ACCESS_KEY", "HUSH"); /* alone it is nothing */
    found(&provider, "CFG", "cfg", "-", "-", "config file");
    provider_free(&provider);
}

static void test_a_named_profile_leaves_the_environment_out(void **state)
{
    struct files *files = *state;
    files_write(files, "credentials", "[dev]\naws_access_key_id = DEV\naws_secret_access_key = dev\n[empty]\n");
    files_env(files, "AWS_ACCESS_KEY_ID", "AKIDENV");
    files_env(files, "AWS_SECRET_ACCESS_KEY", "HUSH");
    struct provider provider = provider_of(files, "dev");
    found(&provider, "DEV", "dev", "-", "-", "credentials file");
    provider_free(&provider);

    provider = provider_of(files, "empty");
    struct answer answer = get(&provider);
    assert_false(answer.found);
    assert_memory_equal(answer.error.message, "no keys in profile \"empty\" of ", 30);
    provider_free(&provider);

    files_env(files, "AWS_PROFILE", "dev"); /* named, but not on the mount */
    provider = provider_of(files, NULL);
    found(&provider, "AKIDENV", "HUSH", "-", "-", "environment");
    provider_free(&provider);
}

static void test_keys_of_one_file_stay_together(void **state)
{
    struct files *files = *state;
    files_write(files, "config",
                "[default]\naws_access_key_id = CFG\naws_secret_access_key = cfg\naws_session_token = cfg-token\n"
                "aws_account_id = 111111111111\n");
    files_write(files, "credentials", "[default]\naws_access_key_id = CRD\naws_secret_access_key = crd\n");
    struct provider provider = provider_of(files, NULL);
    found(&provider, "CRD", "crd", "-", "-", "credentials file");
    files_write(files, "credentials", "[default]\naws_access_key_id = CRD\n");
    missing(&provider, "/.aws/credentials, aws_secret_access_key is not");
    files_write(files, "credentials", "[default]\naws_secret_access_key = HUSH\n");
    found(&provider, "CFG", "cfg", "cfg-token", "111111111111", "config file");
    provider_free(&provider);
}

static void test_half_a_pair(void **state)
{
    struct files *files = *state;
    files_write(files, "credentials", "[default]\naws_access_key_id = CRD\naws_secret_access_key = crd\n");
    files_env(files, "AWS_ACCESS_KEY_ID", "HUSHID");
    struct provider provider = provider_of(files, NULL);
    missing(&provider, "AWS_ACCESS_KEY_ID is in the environment, AWS_SECRET_ACCESS_KEY is not");
    files_env(files, "AWS_SECRET_ACCESS_KEY", " ");
    missing(&provider, "AWS_SECRET_ACCESS_KEY is not");
    provider_free(&provider);

    files_env(files, "AWS_ACCESS_KEY_ID", NULL);
    files_write(files, "config", "[profile dev]\naws_access_key_id = HUSHID\n");
    provider = provider_of(files, "dev");
    missing(&provider, "aws_access_key_id is in profile \"dev\" of ");
    missing(&provider, "/.aws/config, aws_secret_access_key is not");
    provider_free(&provider);
}

/* Header injection, pasted line breaks, smart quotes. */
static void test_hostile_keys(void **state)
{
    struct files *files = *state;
    static const char *const names[] = { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN" };
    static const char *const hostile[] = { "HUSH\r\nX-Evil: 1",
                                           "HUSH\n",
                                           " HUSH",
                                           "HUSH ",
                                           "HU SH",
                                           "HUSH\t",
                                           "HUSH\x01",
                                           "HUSH\x7f",
                                           "HUSH\xc3\xa9",
                                           "\xe2\x80\x9cHUSH\xe2\x80\x9d" };
    struct provider provider = provider_of(files, NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t k = 0; k < sizeof hostile / sizeof *hostile; k++) {
            for (size_t n = 0; n < sizeof names / sizeof *names; n++)
                files_env(files, names[n], n == i ? hostile[k] : "good");
            missing(&provider, names[i]);
        }
    provider_free(&provider);

    files_write(files, "credentials", "[default]\naws_access_key_id = ID\naws_secret_access_key = HU\n  SH\n");
    files_env(files, "AWS_ACCESS_KEY_ID", NULL);
    provider = provider_of(files, NULL);
    missing(&provider, "aws_secret_access_key in profile \"default\" of ");
    provider_free(&provider);
}

static void test_accounts_are_twelve_digits(void **state)
{
    struct files *files = *state;
    static const char *const bad[] = { "12345678901", "1234567890123", "1234-5678-9012", "12345678901x", "../../etc" };
    files_env(files, "AWS_ACCESS_KEY_ID", "ID");
    files_env(files, "AWS_SECRET_ACCESS_KEY", "secret");
    struct provider provider = provider_of(files, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        files_env(files, "AWS_ACCOUNT_ID", bad[i]);
        found(&provider, "ID", "secret", "-", "-", "environment");
    }
    provider_free(&provider);
}

static void test_nothing_anywhere(void **state)
{
    struct files *files = *state;
    struct provider provider = provider_of(files, NULL);
    missing(&provider, "no keys in the environment (AWS_ACCESS_KEY_ID) and profile \"default\" of ");
    missing(&provider, "/.aws/credentials and ");
    missing(&provider, "/.aws/config");
    provider_free(&provider);
}

static void test_changed_files_are_read_again(void **state)
{
    struct files *files = *state;
    struct provider provider = provider_of(files, NULL);
    missing(&provider, "no keys in ");
    files_write(files, "credentials", "[default]\naws_access_key_id = A1\naws_secret_access_key = s1\n");
    found(&provider, "A1", "s1", "-", "-", "credentials file");
    files_write(files, "credentials", "[default]\naws_access_key_id = A2\naws_secret_access_key = s2\n");
    found(&provider, "A2", "s2", "-", "-", "credentials file");

    files_write(files, "credentials", "[default]\naws_access_key_id = A3\nHUSH\n");
    found(&provider, "A2", "s2", "-", "-", "credentials file");

    unsigned generation = config_generation(provider.config);
    files_write(files, "credentials", "[default]\naws_access_key_id = A4\naws_secret_access_key = s4\n");
    found(&provider, "A4", "s4", "-", "-", "credentials file");
    assert_int_equal(config_generation(provider.config), generation + 1);
    found(&provider, "A4", "s4", "-", "-", "credentials file");
    assert_int_equal(config_generation(provider.config), generation + 1);
    provider.chain->forget(provider.chain);
    found(&provider, "A4", "s4", "-", "-", "credentials file");
    assert_int_equal(config_generation(provider.config), generation + 2);
    provider.chain->cancel(provider.chain, NULL);
    provider_free(&provider);
}

/* No keys yet, and a file that cannot be read: that is what must be said. */
static void test_a_broken_file_explains_missing_keys(void **state)
{
    struct files *files = *state;
    struct provider provider = provider_of(files, NULL);
    files_write(files, "credentials", "[default\naws_access_key_id = HUSH\n");
    missing(&provider, "/.aws/credentials, line 1: a section's name must end with ']'");
    missing(&provider, "/.aws/credentials, line 1: a section's name must end with ']'");
    provider_free(&provider);
}

/* Every free() of the code under test comes by here (-Wl,--wrap): no block may still hold a secret. */
#define CANARY "CaNaRySeCrEt"
static volatile bool canary_armed; /* the compiler believes that free() looks at nothing of ours */
static unsigned canary_blocks;
static volatile unsigned canary_found;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker makes these names */
/* What is read below has been written then. */
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) { return calloc(1, size); }

void __real_free(void *block);
void __wrap_free(void *block);
void __wrap_free(void *block)
{
    if (canary_armed && block) {
        canary_blocks++;
        canary_found += memmem(block, malloc_usable_size(block), CANARY, strlen(CANARY)) != NULL;
    }
    __real_free(block);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static void test_secrets_are_wiped_before_memory_is_freed(void **state)
{
    struct files *files = *state;
    files_write(files, "credentials",
                "[default]\naws_access_key_id = ID\naws_secret_access_key = " CANARY "0\n"
                "aws_secret_access_key = " CANARY "1\naws_session_token = " CANARY "2\n");
    files_write(files, "config", "[default]\naws_secret_access_key = " CANARY "3\nx =\n  secret = " CANARY "4\n");
    canary_armed = true;
    struct provider provider = provider_of(files, NULL);
    provider.chain->forget(provider.chain);
    struct answer answer = get(&provider);
    files_write(files, "config", "[default]\nx = " CANARY "5\noops\n");
    get(&provider);
    provider_free(&provider);
    canary_armed = false;
    assert_string_equal(answer.secret_key, CANARY "1");
    assert_true(canary_blocks > 20);
    assert_int_equal(canary_found, 0);
    /* The net catches what is not wiped. */
    char *volatile block = strdup(CANARY); /* volatile: else the pair is left out */
    canary_armed = true;
    free(block);
    canary_armed = false;
    assert_int_equal(canary_found, 1);
}

/* What a process prints comes in pieces and grows: no piece is left behind. */
static void test_what_a_process_prints_is_wiped(void **state)
{
    struct files *files = *state;
    struct answer answer = { 0 };
    files_write(files, "config",
                "[default]\ncredential_process = sh -c \"printf '{\\\"Version\\\":1,\\\"AccessKeyId\\\":\\\"ID\\\","
                "\\\"SecretAccessKey\\\":\\\"CaNaRySeC'; printf 'rEt\\\",\\\"Other\\\":\\\"%09000d\\\"}' 0\"\n");
    canary_found = 0;
    canary_armed = true;
    struct provider provider = provider_of(files, NULL);
    provider.chain->get(provider.chain, answer_done, &answer);
    while (!answer.calls) {
        struct pollfd fds[2];
        unsigned n = watches_fill(&provider.world->watches, fds, 2);
        assert_true(n && poll(fds, n, 10000) > 0);
        watches_run(&provider.world->watches, fds, n);
    }
    provider_free(&provider);
    canary_armed = false;
    assert_true(answer.found);
    assert_string_equal(answer.secret_key, CANARY);
    assert_int_equal(canary_found, 0);
}

static void test_release(void **state)
{
    (void)state;
    credentials_release(NULL);
    struct credentials credentials = { .source = "x" };
    assert_int_equal(credentials_set(&credentials.access_key_id, "a"), 0);
    assert_int_equal(credentials_set(&credentials.secret_key, "b"), 0);
    credentials_release(&credentials);
    assert_null(credentials.access_key_id);
    assert_null(credentials.secret_key);
    assert_null(credentials.source);
    credentials_release(&credentials);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        files_test(test_environment),
        files_test(test_blanks_are_no_keys),
        files_test(test_a_named_profile_leaves_the_environment_out),
        files_test(test_keys_of_one_file_stay_together),
        files_test(test_half_a_pair),
        files_test(test_hostile_keys),
        files_test(test_accounts_are_twelve_digits),
        files_test(test_nothing_anywhere),
        files_test(test_changed_files_are_read_again),
        files_test(test_a_broken_file_explains_missing_keys),
        files_test(test_secrets_are_wiped_before_memory_is_freed),
        files_test(test_what_a_process_prints_is_wiped),
        cmocka_unit_test(test_release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
