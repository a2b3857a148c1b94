/* SPDX-License-Identifier: MIT */
/* The SDKs' cases of the credential chain: environment, files, recorded HTTP, result. */
#include "base/cleanup.h"
#include "codec/json.h"
#include "vectors.h"
#include "world.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, FILES_MAX = 16, EXCHANGES_MAX = 16, HEADERS_MAX = 16 };

static const struct json_limits limits = { .bytes = 1 << 20, .depth = 32 };

/* A case's own file system, copied so that paths in it can point to where it is. */
struct tree {
    char root[64];
    char file[FILES_MAX][PATH_BYTES]; /* from its root, '/' first */
    size_t n_files;
};

struct environment {
    const struct json_value *variables;
    const struct tree *tree;
    char kept[8][PATH_BYTES]; /* values made here */
    size_t n_kept;
};

static void broken(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void tree_list(struct tree *tree, const char *folder, const char *under)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s%s", folder, under);
    char **names = vectors_list(path);
    for (char **name = names; name && *name; name++) {
        char below[PATH_BYTES / 2];
        struct stat status;
        (void)snprintf(below, sizeof below, "%s/%s", under, *name);
        (void)snprintf(path, sizeof path, "%s%s", folder, below);
        if (stat(path, &status))
            broken(path);
        if (S_ISDIR(status.st_mode))
            tree_list(tree, folder, below);
        else if (tree->n_files < FILES_MAX)
            (void)snprintf(tree->file[tree->n_files++], PATH_BYTES, "%s", below);
    }
    vectors_free_names(names);
}

/* Writes `text`, each of the tree's paths in it being made real. */
static void text_write(const struct tree *tree, FILE *to, const char *text)
{
    while (*text) {
        size_t len = 0;
        for (size_t i = 0; i < tree->n_files && !len; i++)
            if (!strncmp(text, tree->file[i], strlen(tree->file[i])))
                len = strlen(tree->file[i]);
        if (len) {
            (void)fprintf(to, "%s%.*s", tree->root, (int)len, text);
            text += len;
        } else {
            (void)fputc(*text++, to);
        }
    }
}

static void tree_copy(struct tree *tree, const char *folder)
{
    *tree = (struct tree){ .root = "/tmp/credentials-XXXXXX" };
    if (!mkdtemp(tree->root))
        broken(tree->root);
    tree_list(tree, folder, "");
    for (size_t i = 0; i < tree->n_files; i++) {
        char path[2 * PATH_BYTES];
        FREE_CLEANUP char *text = vectors_read(folder, tree->file[i] + 1, NULL);
        (void)snprintf(path, sizeof path, "%s%s", tree->root, tree->file[i]);
        for (char *at = strchr(path + strlen(tree->root) + 1, '/'); at; at = strchr(at + 1, '/')) {
            *at = 0;
            (void)mkdir(path, 0700);
            *at = '/';
        }
        FILE *file = fopen(path, "w");
        if (!file || !text)
            broken(path);
        text_write(tree, file, text);
        (void)fclose(file);
    }
}

static void tree_remove(const struct tree *tree)
{
    for (size_t i = 0; i < tree->n_files; i++) {
        char path[2 * PATH_BYTES];
        (void)snprintf(path, sizeof path, "%s%s", tree->root, tree->file[i]);
        (void)unlink(path);
        for (char *at = strrchr(path, '/'); at > path + strlen(tree->root); at = strrchr(path, '/')) {
            *at = 0;
            (void)rmdir(path);
        }
    }
    (void)rmdir(tree->root);
}

static const char *env_of(void *data, const char *name)
{
    struct environment *environment = data;
    const char *value = json_string(json_member(environment->variables, name));
    bool home = !strcmp(name, "HOME");
    bool path = home;
    for (size_t i = 0; value && i < environment->tree->n_files; i++)
        path = path || !strcmp(value, environment->tree->file[i]);
    if (!path)
        return value;
    char *kept = environment->kept[environment->n_kept++ % 8];
    (void)snprintf(kept, PATH_BYTES, "%s%s", environment->tree->root, value ? value : "/nobody");
    return kept;
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

/* One request and its answer, as recorded. */
struct exchange {
    const struct json_value *request;
    const char *sent; /* body; NULL: none */
    const struct json_value *response;
    const char *body;
};

static size_t exchanges_read(const struct json_value *traffic, struct exchange exchanges[EXCHANGES_MAX])
{
    size_t n = 0;
    for (const struct json_value *event = json_first(json_member(traffic, "events")); event; event = json_next(event)) {
        const struct json_value *action = json_member(event, "action");
        const struct json_value *request = json_path(action, "Request.request");
        const struct json_value *response = json_path(action, "Response.response.Ok");
        const char *data = json_string(json_path(action, "Data.data.Utf8"));
        const char *direction = json_string(json_path(action, "Data.direction"));
        if (request && n < EXCHANGES_MAX)
            exchanges[n++] = (struct exchange){ .request = request, .body = "" };
        else if (response)
            exchanges[n - 1].response = response;
        else if (data && direction && !strcmp(direction, "Request"))
            exchanges[n - 1].sent = data;
        else if (data)
            exchanges[n - 1].body = data;
    }
    return n;
}

static bool header_is_compared(const char *name)
{
    /* The SDK's own name, what depends on the time, and tokens that the recordings have replaced by others. */
    static const char *const left_out[] = { "user-agent", "x-amz-user-agent",     "host",          "authorization",
                                            "x-amz-date", "x-amz-security-token", "content-length" };
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (!strcasecmp(left_out[i], name))
            return false;
    return true;
}

/* Whether request `i` is the one that was recorded. */
static bool request_matches(const struct fake_http *http, size_t i, const struct exchange *exchange)
{
    const struct fake_request *request = &http->requests[i];
    const char *url = json_string(json_member(exchange->request, "uri"));
    const char *method = json_string(json_member(exchange->request, "method"));
    bool good = !strcmp(request->url, url) && !strcmp(request->method, method);
    const struct json_value *headers = json_member(exchange->request, "headers");
    for (const struct json_value *header = json_first(headers); header; header = json_next(header)) {
        const char *name = json_key(header);
        const char *sent = fake_http_sent(http, i, name);
        const char *recorded = json_string(json_first(header));
        if (header_is_compared(name))
            good = good && sent && !strcmp(sent, recorded);
        else if (!strcasecmp(name, "authorization") || !strcasecmp(name, "x-amz-security-token"))
            good = good && sent;
    }
    if (exchange->sent) /* the operation: session names hold the time */
        good = good && !strncmp(request->body, exchange->sent, strcspn(exchange->sent, "&"));
    if (!good)
        (void)printf("asked %s %s, recorded %s %s\n", request->method, request->url, method, url);
    return good;
}

static void answer_request(struct fake_http *http, size_t i, const struct exchange *exchange)
{
    const char *headers[2 * HEADERS_MAX + 1] = { NULL };
    size_t n = 0;
    const struct json_value *recorded = json_member(exchange->response, "headers");
    for (const struct json_value *header = json_first(recorded); header && n < HEADERS_MAX;
         header = json_next(header)) {
        headers[2 * n] = json_key(header);
        headers[2 * n++ + 1] = json_string(json_first(header));
    }
    const char *status = json_number(json_member(exchange->response, "status"));
    fake_http_answer(http, i, (int)strtol(status, NULL, 10), headers, exchange->body);
}

/* True where what was asked is what was recorded, all of it. */
static bool replay(struct world *world, const struct json_value *traffic)
{
    struct exchange exchanges[EXCHANGES_MAX];
    size_t n = exchanges_read(traffic, exchanges);
    for (size_t i = 0; i < n; i++) {
        world_advance(world, 0);
        if (i >= world->http.n_requests || !request_matches(&world->http, i, &exchanges[i]))
            return false;
        answer_request(&world->http, i, &exchanges[i]);
    }
    world_advance(world, 0);
    return world->http.n_requests == n;
}

static bool same(const char *value, const struct json_value *expected)
{
    const char *text = json_string(expected);
    return !strcmp(value, text ? text : "-");
}

static bool answer_matches(const struct answer *answer, const struct json_value *result)
{
    const struct json_value *expected = json_member(result, "Ok");
    if (answer->calls != 1)
        return false;
    if (!expected)
        return !answer->found && answer->error.number && json_string(json_member(result, "ErrorContains"));
    const char *expiry = json_number(json_member(expected, "expiry"));
    return answer->found && same(answer->access_key_id, json_member(expected, "access_key_id")) &&
           same(answer->secret_key, json_member(expected, "secret_access_key")) &&
           same(answer->session_token, json_member(expected, "session_token")) &&
           same(answer->account_id, json_member(expected, "account_id")) &&
           answer->expires_ms == (expiry ? strtoll(expiry, NULL, 10) * 1000 : 0);
}

static bool config_case_passes(struct config *config, const struct json_value *traffic, const struct json_value *result)
{
    struct world *world = malloc(sizeof *world);
    struct credentials_provider *provider = NULL;
    struct answer answer = { 0 };
    if (!world)
        broken("memory");
    world_init(world, config);
    world->clock.wall_ms = INT64_C(1234567890000 - 3600000); /* an hour before the first of the recorded ends */
    struct setting region = config_region(config, NULL);
    world->settings.region = region.value ? region.value : "us-east-1";
    if (credentials_chain_new(&world->settings, &provider))
        broken("memory");
    provider->get(provider, answer_done, &answer);
    bool replayed = replay(world, traffic);
    bool good = answer_matches(&answer, result) && replayed;
    if (!good)
        (void)printf("said %s %s (%s)\n", answer.access_key_id, answer.account_id, answer.error.message);
    provider->free(provider);
    world_release(world);
    free(world);
    return good;
}

static bool case_passes(const char *folder)
{
    char path[PATH_BYTES];
    struct tree tree;
    struct json *variables = document_read(folder, "env.json");
    struct json *traffic = document_read(folder, "http-traffic.json");
    struct json *test = document_read(folder, "test-case.json");
    struct environment environment = { .variables = json_root(variables), .tree = &tree };
    struct config_source source = { .getenv = env_of, .data = &environment };
    struct config *config = NULL;
    struct error error = { 0 };
    (void)snprintf(path, sizeof path, "%s/fs", folder);
    tree_copy(&tree, path);
    bool good = !config_new(&source, &config, &error) &&
                config_case_passes(config, json_root(traffic), json_member(json_root(test), "result"));
    if (error.number)
        (void)printf("%s\n", error.message);
    tree_remove(&tree);
    json_free(variables);
    json_free(traffic);
    json_free(test);
    return good;
}

int main(void)
{
    const char *chain = vectors_folder("aws-config/chain");
    char **names = vectors_list(chain);
    size_t cases = 0;
    size_t passed = 0;
    for (char **name = names; name && *name; name++) {
        char folder[PATH_BYTES / 2];
        (void)snprintf(folder, sizeof folder, "%s/%s", chain, *name);
        bool good = case_passes(folder);
        if (!good)
            (void)printf("not ok: %s\n", *name);
        cases++;
        passed += good;
    }
    vectors_free_names(names);
    (void)printf("chain: %zu cases, %zu passed\n", cases, passed);
    return cases && passed == cases ? EXIT_SUCCESS : EXIT_FAILURE;
}
