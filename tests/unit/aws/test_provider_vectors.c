/* SPDX-License-Identifier: MIT */
/* The SDKs' cases of which profile leads where, and of the URLs that containers and instance metadata are asked at. */
#include "aws/provider.h"
#include "base/cleanup.h"
#include "codec/json.h"
#include "vectors.h"
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static const struct json_limits limits = { .bytes = 1 << 20, .depth = 32 };

struct suite {
    char folder[64]; /* for the files of one case */
    const struct json_value *variables;
    char path[2][PATH_BYTES]; /* of the config and of the credentials file */
};

static const char *env_of(void *data, const char *name)
{
    struct suite *suite = data;
    if (!strcmp(name, "AWS_CONFIG_FILE"))
        return suite->path[0];
    if (!strcmp(name, "AWS_SHARED_CREDENTIALS_FILE"))
        return suite->path[1];
    if (!strcmp(name, "HOME"))
        return suite->folder;
    return json_string(json_member(suite->variables, name));
}

static struct config *config_of(struct suite *suite, const char *profile, struct error *error)
{
    struct config_source source = { .getenv = env_of, .data = suite, .profile = profile };
    struct config *config = NULL;
    (void)config_new(&source, &config, error);
    return config;
}

static void config_write(const struct suite *suite, const char *text)
{
    FILE *file = fopen(suite->path[0], "w");
    if (!file || fputs(text, file) < 0 || fclose(file))
        exit(EXIT_FAILURE);
}

static bool text_is(const char *text, const struct json_value *expected)
{
    const char *other = json_string(expected);
    return other ? text && !strcmp(text, other) : !text;
}

/* assume-role.json */

static void sections_write(struct buf *to, const char *kind, const struct json_value *sections)
{
    for (const struct json_value *section = json_first(sections); section; section = json_next(section)) {
        (void)buf_printf(to, "[%s %s]\n", kind, json_key(section));
        for (const struct json_value *line = json_first(section); line; line = json_next(line))
            (void)buf_printf(to, "%s = %s\n", json_key(line), json_string(line));
    }
}

static bool role_is(const struct plan_role *role, const struct json_value *expected)
{
    return text_is(role->arn, json_member(expected, "role_arn")) &&
           text_is(role->external_id, json_member(expected, "external_id")) &&
           text_is(role->session_name, json_member(expected, "role_session_name")) &&
           text_is(role->token_file, json_member(expected, "web_identity_token_file"));
}

static bool keys_are(const struct config *config, const struct plan *plan, const struct json_value *expected)
{
    struct credentials keys = { 0 };
    struct error error;
    bool good = plan->source == PLAN_KEYS && !provider_static_read(config, plan, &keys, &error) &&
                text_is(keys.access_key_id, json_member(expected, "access_key_id")) &&
                text_is(keys.secret_key, json_member(expected, "secret_access_key")) &&
                text_is(keys.account_id, json_member(expected, "account_id"));
    credentials_release(&keys);
    return good;
}

static bool source_is(const struct config *config, const struct plan *plan, const struct json_value *expected)
{
    const struct json_value *keys = json_member(expected, "AccessKey");
    const struct json_value *sso = json_member(expected, "Sso");
    const struct json_value *web = json_member(expected, "WebIdentityToken");
    const char *named = json_string(json_member(expected, "NamedSource"));
    if (keys)
        return keys_are(config, plan, keys);
    if (web)
        return plan->source == PLAN_WEB_IDENTITY && role_is(&plan->web_identity, web);
    if (sso)
        return plan->source == PLAN_SSO && text_is(plan->sso.session, json_member(sso, "sso_session")) &&
               text_is(plan->sso.start_url, json_member(sso, "sso_start_url")) &&
               text_is(plan->sso.region, json_member(sso, "sso_region")) &&
               text_is(plan->sso.account_id, json_member(sso, "sso_account_id")) &&
               text_is(plan->sso.role_name, json_member(sso, "sso_role_name"));
    return named && !strcmp(named, "Ec2InstanceMetadata") && plan->source == PLAN_IMDS;
}

static bool plan_is(const struct config *config, const struct plan *plan, const struct json_value *steps)
{
    const struct json_value *step = json_first(steps);
    if (!source_is(config, plan, step))
        return false;
    for (size_t i = 0; i < plan->n_roles; i++) {
        step = json_next(step);
        if (!step || !role_is(&plan->roles[i], json_member(step, "AssumeRole")))
            return false;
    }
    return !json_next(step);
}

/* An error may be found in the files, in the plan, or only in what stands where the plan leads. */
static bool role_case(struct suite *suite, const struct json_value *test)
{
    struct buf BUF_CLEANUP text = BUF_INIT(1 << 20);
    struct error error = { 0 };
    struct plan plan = { 0 };
    const struct json_value *steps = json_path(test, "output.ProfileChain");
    sections_write(&text, "profile", json_path(test, "input.profiles"));
    sections_write(&text, "sso-session", json_path(test, "input.sso_sessions"));
    config_write(suite, buf_str(&text));
    struct config *config = config_of(suite, json_string(json_path(test, "input.selected_profile")), &error);
    int result = config ? plan_make_of_profile(config, &plan, &error) : -1;
    bool good;
    if (steps) {
        good = !result && plan_is(config, &plan, steps);
    } else {
        struct credentials keys = { 0 };
        good = result || (plan.source == PLAN_KEYS && provider_static_read(config, &plan, &keys, &error));
        credentials_release(&keys);
    }
    config_free(config);
    return good;
}

/* ecs.json */

static bool container_case(struct suite *suite, const struct json_value *test)
{
    char url[PROVIDER_URL_SIZE];
    struct error error = { 0 };
    const char *expected = json_string(json_path(test, "result.Ok"));
    config_write(suite, "");
    suite->variables = json_member(test, "env");
    struct config *config = config_of(suite, NULL, &error);
    int result = config ? container_url(config, url, &error) : -1;
    config_free(config);
    return expected ? !result && !strcmp(url, expected) : result && json_path(test, "result.ErrorContains");
}

/* imds-endpoint.json */

static bool imds_case(struct suite *suite, const struct json_value *test)
{
    char url[PROVIDER_URL_SIZE];
    char whole[PROVIDER_URL_SIZE + 32];
    struct error error = { 0 };
    const char *expected = json_string(json_path(test, "result.Ok"));
    const char *text = json_string(json_path(test, "fs.config"));
    config_write(suite, text ? text : "");
    suite->variables = json_member(test, "env");
    struct config *config = config_of(suite, NULL, &error);
    int result = config ? imds_url(config, json_string(json_member(test, "endpoint_override")),
                                   json_string(json_member(test, "mode_override")), url, &error)
                        : -1;
    config_free(config);
    if (!expected)
        return result && json_path(test, "result.Err");
    (void)snprintf(whole, sizeof whole, "%s/latest/api/token", url);
    return !result && !strcmp(whole, expected);
}

static bool suite_passes(struct suite *suite, const char *folder, const char *name,
                         bool (*passes)(struct suite *suite, const struct json_value *test))
{
    size_t len = 0;
    size_t cases = 0;
    size_t passed = 0;
    FREE_CLEANUP char *text = vectors_read(folder, name, &len);
    struct json *json = NULL;
    struct error error = { 0 };
    if (!text || json_parse(text, len, &limits, &json, &error)) {
        (void)printf("%s: %s\n", name, error.message);
        return false;
    }
    const struct json_value *tests = json_member(json_root(json), "tests");
    for (const struct json_value *test = json_first(tests ? tests : json_root(json)); test; test = json_next(test)) {
        suite->variables = NULL;
        bool good = passes(suite, test);
        if (!good)
            (void)printf("not ok: %s: %s\n", name, json_string(json_member(test, "docs")));
        cases++;
        passed += good;
    }
    (void)printf("%s: %zu cases, %zu passed\n", name, cases, passed);
    json_free(json);
    return cases && passed == cases;
}

int main(void)
{
    const char *folder = vectors_folder("aws-config");
    struct suite suite = { .folder = "/tmp/providers-XXXXXX" };
    if (!mkdtemp(suite.folder))
        return EXIT_FAILURE;
    (void)snprintf(suite.path[0], PATH_BYTES, "%s/config", suite.folder);
    (void)snprintf(suite.path[1], PATH_BYTES, "%s/credentials", suite.folder);
    bool good = suite_passes(&suite, folder, "assume-role.json", role_case);
    good &= suite_passes(&suite, folder, "ecs.json", container_case);
    good &= suite_passes(&suite, folder, "imds-endpoint.json", imds_case);
    (void)unlink(suite.path[0]);
    (void)rmdir(suite.folder);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
