/* SPDX-License-Identifier: MIT */
#include "provider_world.h"

int provider_setup(void **state)
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

void test_end(struct test *test)
{
    if (!test->chain)
        return;
    test->chain->free(test->chain);
    test->chain = NULL;
    world_release(&test->world);
}

int provider_teardown(void **state)
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

const char *extra_write(struct test *test, const char *name, const char *text)
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

void start(struct test *test, const char *config)
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

void ask(struct test *test, struct answer *answer)
{
    *answer = (struct answer){ 0 };
    test->chain->get(test->chain, answer_done, answer);
}

const struct fake_request *request(const struct test *test, size_t i)
{
    assert_true(i < test->world.http.n_requests);
    return &test->world.http.requests[i];
}

void asked(const struct test *test, size_t i, const char *method, const char *url)
{
    assert_string_equal(request(test, i)->method, method);
    assert_string_equal(request(test, i)->url, url);
    assert_true(request(test, i)->secret);
    assert_int_equal(test->world.http.n_requests, i + 1);
}

void sent(const struct test *test, size_t i, const char *name, const char *value)
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

void give(struct test *test, size_t i, int status, const char *body)
{
    fake_http_answer(&test->world.http, i, status, NULL, body);
    world_advance(&test->world, 0);
}

void is(const struct answer *answer, const char *id, const char *source)
{
    if (answer->calls == 1 && !answer->found)
        print_error("%s: %s\n", answer->error.code, answer->error.message);
    assert_int_equal(answer->calls, 1);
    assert_true(answer->found);
    assert_string_equal(answer->access_key_id, id);
    assert_string_equal(answer->source, source);
}

void failed(const struct answer *answer, const char *code, int number, const char *message)
{
    assert_int_equal(answer->calls, 1);
    assert_false(answer->found);
    if (strcmp(answer->error.code, code) != 0 || !strstr(answer->error.message, message))
        fail_msg("%s: %s", answer->error.code, answer->error.message);
    assert_int_equal(answer->error.number, number);
    assert_null(strstr(answer->error.message, "HUSH"));
    assert_true(strlen(failure_advice(&answer->error)) > 20);
}
