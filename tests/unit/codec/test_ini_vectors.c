/* SPDX-License-Identifier: MIT */
/* Every case of the SDKs' profile-parser.json: a config file, a credentials file, and what comes of both. */
#include "base/cleanup.h"
#include "codec/ini.h"
#include "codec/json.h"
#include "vectors.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct json_limits limits = { .bytes = 1 << 20, .depth = 32 };

struct count {
    size_t sections;
    size_t properties;
};

static void count_one(void *data, const char *section, const char *name, const char *property, const char *key,
                      const char *value)
{
    struct count *count = data;
    (void)section;
    (void)name;
    (void)value;
    if (!property)
        count->sections++;
    else if (!key)
        count->properties++;
}

/* Whether all of `sections` is in `ini`; counts what it met. */
static bool has_all(const struct ini *ini, const char *kind, const struct json_value *sections, struct count *met)
{
    bool good = true;
    for (const struct json_value *section = json_first(sections); section; section = json_next(section)) {
        met->sections++;
        good = good && ini_has(ini, kind, json_key(section));
        for (const struct json_value *property = json_first(section); property; property = json_next(property)) {
            const char *value = ini_get(ini, kind, json_key(section), json_key(property));
            met->properties++;
            good = good && value && !strcmp(value, json_string(property));
        }
    }
    return good;
}

static bool case_passes(const struct json_value *test)
{
    static const char *const files[] = { "input.configFile", "input.credentialsFile" };
    struct ini *ini = NULL;
    struct error error = { 0 };
    int r = 0;
    for (int kind = INI_CONFIG; kind <= INI_CREDENTIALS && !r; kind++) {
        const char *text = json_string(json_path(test, files[kind]));
        if (text)
            r = ini_parse(&ini, (enum ini_kind)kind, text, strlen(text), &error);
    }
    const struct json_value *config = json_path(test, "output.config");
    bool good = false;
    if (config && !r) {
        struct count met = { 0 };
        struct count there = { 0 };
        bool profiles = has_all(ini, "profile", json_member(config, "profiles"), &met);
        bool sessions = has_all(ini, "sso-session", json_member(config, "sso_sessions"), &met);
        ini_visit(ini, count_one, &there);
        good = profiles && sessions && there.sections == met.sections && there.properties == met.properties;
    } else if (!config) {
        good = r && error.number == -r && error.message[0] && json_string(json_path(test, "output.errorContaining"));
    }
    if (!good)
        (void)printf("not ok: %s (%d %s)\n", json_string(json_member(test, "name")), r, error.message);
    ini_free(ini);
    return good;
}

int main(void)
{
    const char *folder = vectors_folder("aws-config");
    size_t len = 0;
    FREE_CLEANUP char *text = vectors_read(folder, "profile-parser.json", &len);
    struct json *json = NULL;
    struct error error = { 0 };
    if (!text || json_parse(text, len, &limits, &json, &error)) {
        (void)printf("%s/profile-parser.json: %s\n", folder, error.message);
        return EXIT_FAILURE;
    }
    size_t cases = 0;
    size_t passed = 0;
    const struct json_value *tests = json_member(json_root(json), "tests");
    for (const struct json_value *test = json_first(tests); test; test = json_next(test)) {
        cases++;
        passed += case_passes(test);
    }
    json_free(json);
    (void)printf("profile-parser.json: %zu cases, %zu passed\n", cases, passed);
    return cases && passed == cases ? EXIT_SUCCESS : EXIT_FAILURE;
}
