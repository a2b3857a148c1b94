/* SPDX-License-Identifier: MIT */
/* The SDKs' cases of the credential chain, those that are settled without a network. */
#include "aws/credentials.h"
#include "base/cleanup.h"
#include "codec/json.h"
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 4096 };

static const struct json_limits limits = { .bytes = 1 << 20, .depth = 32 };

struct environment {
    const struct json_value *variables;
    char home[PATH_SIZE]; /* within the case's own file system */
};

static const char *env_of(void *data, const char *name)
{
    const struct environment *environment = data;
    const char *value = json_string(json_member(environment->variables, name));
    return value && !strcmp(name, "HOME") ? environment->home : value;
}

static struct json *document_read(const char *folder, const char *name)
{
    size_t len = 0;
    FREE_CLEANUP char *text = vectors_read(folder, name, &len);
    struct json *json = NULL;
    struct error error = { 0 };
    if (!text || json_parse(text, len, &limits, &json, &error)) {
        (void)printf("%s/%s: %s\n", folder, name, error.message);
        exit(EXIT_FAILURE);
    }
    return json;
}

static bool same(const char *value, const struct json_value *expected)
{
    const char *text = json_string(expected);
    return text ? value && !strcmp(value, text) : !value;
}

struct check {
    const struct json_value *result; /* the case's */
    bool good;
};

static void on_done(void *data, const struct credentials *credentials, const struct error *error)
{
    struct check *check = data;
    const struct json_value *expected = json_member(check->result, "Ok");
    if (expected && credentials)
        check->good = same(credentials->access_key_id, json_member(expected, "access_key_id")) &&
                      same(credentials->secret_key, json_member(expected, "secret_access_key")) &&
                      same(credentials->session_token, json_member(expected, "session_token")) &&
                      same(credentials->account_id, json_member(expected, "account_id"));
    else
        check->good = !expected && !credentials && error->number && json_member(check->result, "ErrorContains");
}

static bool case_passes(const char *folder, const char *name)
{
    struct json *variables = document_read(folder, "env.json");
    struct json *test = document_read(folder, "test-case.json");
    struct environment environment = { .variables = json_root(variables) };
    (void)snprintf(environment.home, sizeof environment.home, "%s/fs%s", folder,
                   json_string(json_member(environment.variables, "HOME")));
    struct config_source source = { .getenv = env_of, .data = &environment };
    struct config *config = NULL;
    struct credentials_provider *provider = NULL;
    struct error error = { 0 };
    struct check check = { .result = json_member(json_root(test), "result") };
    if (!config_new(&source, &config, &error) && !credentials_chain_new(config, &provider)) {
        provider->get(provider, on_done, &check);
        provider->free(provider);
    }
    config_free(config);
    json_free(variables);
    json_free(test);
    if (!check.good)
        (void)printf("not ok: %s %s\n", name, error.message);
    return check.good;
}

static bool asks_the_network(const char *folder)
{
    struct json *traffic = document_read(folder, "http-traffic.json");
    bool asks = json_first(json_member(json_root(traffic), "events")) != NULL;
    json_free(traffic);
    return asks;
}

int main(void)
{
    const char *chain = vectors_folder("aws-config/chain");
    char **names = vectors_list(chain);
    size_t cases = 0;
    size_t network = 0;
    size_t passed = 0;
    for (char **name = names; name && *name; name++) {
        char folder[PATH_SIZE / 2];
        (void)snprintf(folder, sizeof folder, "%s/%s", chain, *name);
        cases++;
        if (asks_the_network(folder))
            network++;
        else
            passed += case_passes(folder, *name);
    }
    vectors_free_names(names);
    size_t run = cases - network;
    (void)printf("chain: %zu cases, %zu run, %zu passed; not run: %zu whose keys somebody must be asked for\n", cases,
                 run, passed, network);
    return run && passed == run ? EXIT_SUCCESS : EXIT_FAILURE;
}
