/* SPDX-License-Identifier: MIT */
/* Every allocation of a load of credentials failed in turn: one answer each time, and nothing lost. */
#include "aws/credentials.h"
#include "aws/failure.h"

#include "shared_files.h"
#include "world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define STS(operation)                                                                                      \
    "<" operation "Response><" operation "Result><AssumedRoleUser><Arn>arn:aws:sts::123456789012:x</Arn>"   \
    "</AssumedRoleUser><Credentials><AccessKeyId>ID</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"      \
    "<SessionToken>t</SessionToken><Expiration>2026-11-22T13:00:00Z</Expiration></Credentials></" operation \
    "Result></" operation "Response>"
#define DOCUMENT \
    "\"AccessKeyId\":\"ID\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"2026-11-22T13:00:00Z\"}"

enum { ANSWERS_MAX = 4 };

static const struct scenario {
    const char *name;
    const char *config;
    const char *variable[4]; /* name, value, name, value */
    const char *answers[ANSWERS_MAX + 1];
} scenarios[] = {
    { "keys", "[default]\naws_access_key_id = ID\naws_secret_access_key = s\n", { NULL }, { NULL } },
    { "roles",
      "[default]\nrole_arn = a\nexternal_id = e\nsource_profile = b\n[profile b]\nrole_arn = b\nsource_profile = c\n"
      "[profile c]\naws_access_key_id = ID\naws_secret_access_key = s\n",
      { NULL },
      { STS("AssumeRole"), STS("AssumeRole"), NULL } },
    { "container",
      "",
      { "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "token" },
      { "{" DOCUMENT, NULL } },
    { "metadata", "", { NULL }, { "token", "role", "{\"Code\":\"Success\"," DOCUMENT, NULL } },
    { "process",
      "[default]\ncredential_process = sh -c 'echo {\\\"Version\\\":1,\\\"AccessKeyId\\\":\\\"ID\\\","
      "\\\"SecretAccessKey\\\":\\\"s\\\"}'\n",
      { NULL },
      { NULL } },
};

/* Counts allocations of the code under test down to the one that fails. */
static long countdown = -1; /* -1: none fails */

static bool fails(void) { return countdown >= 0 && countdown-- == 0; }

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker makes these names */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) { return fails() ? NULL : __real_malloc(size); }
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size) { return fails() ? NULL : __real_calloc(n, size); }
void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size) { return fails() ? NULL : __real_realloc(block, size); }
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text) { return fails() ? NULL : __real_strdup(text); }
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* HTTP that allocates nothing: one request at a time, answered from the scenario. */
struct script {
    struct http http;
    const struct scenario *scenario;
    size_t answered;
    http_done_fn *done;
    void *data;
};

static int script_start(struct http *http, const struct http_request *request, http_done_fn *done, void *data,
                        struct http_transfer **ret_transfer)
{
    struct script *script = (struct script *)(void *)http;
    (void)request;
    if (fails())
        return -ENOMEM;
    assert_null(script->done);
    script->done = done;
    script->data = data;
    *ret_transfer = (struct http_transfer *)(void *)script;
    return 0;
}

static void script_cancel(struct http *http, struct http_transfer *transfer)
{
    (void)transfer;
    ((struct script *)(void *)http)->done = NULL;
}

static const char *no_header(const struct http_response *response, const char *name)
{
    (void)response;
    (void)name;
    return NULL;
}

static void script_answer(struct script *script)
{
    const char *text = script->scenario->answers[script->answered++];
    http_done_fn *done = script->done;
    assert_non_null(text);
    struct buf body = { .data = (char *)(uintptr_t)text, .len = strlen(text) };
    struct http_response response = { .status = 200, .body = &body, .header = no_header };
    script->done = NULL;
    done(script->data, &response, NULL);
}

static void run(struct world *world, struct script *script, const struct answer *answer)
{
    for (int i = 0; i < 1000 && !answer->calls; i++) {
        struct pollfd fds[4];
        unsigned n = watches_fill(&world->watches, fds, 4);
        if (script->done)
            script_answer(script);
        else if (n && poll(fds, n, 10000) > 0)
            watches_run(&world->watches, fds, n);
        world_advance(world, n ? 0 : 100);
    }
}

/* Whether there were credentials; else it was memory that was short. */
static bool load(struct files *files, const struct scenario *scenario)
{
    struct config_source source = files_source(files, NULL);
    struct script script = { .http = { .start = script_start, .cancel = script_cancel }, .scenario = scenario };
    struct config *config = NULL;
    struct credentials_provider *chain = NULL;
    struct answer answer = { 0 };
    struct error error;
    static struct world world;
    if (config_new(&source, &config, &error))
        return false;
    world_init(&world, config);
    world.settings.http = &script.http;
    if (!credentials_chain_new(&world.settings, &chain)) {
        chain->get(chain, answer_done, &answer);
        run(&world, &script, &answer);
        assert_int_equal(answer.calls, 1);
        if (!answer.found)
            assert_int_equal(answer.error.number, ENOMEM);
        chain->free(chain);
    }
    config_free(config);
    for (unsigned n = 1; n;) { /* a child that was ended is reaped */
        struct pollfd fds[4];
        n = watches_fill(&world.watches, fds, 4);
        if (n && poll(fds, n, 10000) > 0)
            watches_run(&world.watches, fds, n);
    }
    return answer.found;
}

static void test_each_allocation(void **state)
{
    struct files *files = *state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const struct scenario *scenario = &scenarios[i];
        files_write(files, "config", scenario->config);
        for (int k = 0; k < 4 && scenario->variable[k]; k += 2)
            files_env(files, scenario->variable[k], scenario->variable[k + 1]);
        long n = 0;
        for (;; n++) {
            assert_true(n < 5000);
            countdown = n;
            bool found = load(files, scenario);
            bool through = countdown >= 0; /* none was left to fail */
            countdown = -1;
            assert_true(found || !through);
            if (through)
                break;
        }
        for (int k = 0; k < 4 && scenario->variable[k]; k += 2)
            files_env(files, scenario->variable[k], NULL);
        print_message("%s: %ld allocations failed in turn\n", scenario->name, n);
        assert_true(n > 5);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { files_test(test_each_allocation) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
