/* SPDX-License-Identifier: MIT */
/* The SDKs' file-location.json: where the shared files are looked for, and which profile. */
#include "aws/config.h"
#include "base/cleanup.h"
#include "codec/json.h"
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct json_limits limits = { .bytes = 1 << 20, .depth = 32 };

static const char *env_of(void *data, const char *name)
{
    return json_string(json_member((const struct json_value *)data, name));
}

/* What the case does not say may be anything. */
static bool agrees(const char *value, const struct json_value *test, const char *member)
{
    const char *expected = json_string(json_member(test, member));
    return !expected || (value && !strcmp(value, expected));
}

static bool case_passes(const struct json_value *test)
{
    struct config_source source = { .getenv = env_of, .data = (void *)json_member(test, "environment") };
    struct config_location location = { 0 };
    struct error error = { 0 };
    bool good = !config_locate(&source, &location, &error) && agrees(location.profile, test, "profile") &&
                agrees(location.path[INI_CONFIG], test, "configLocation") &&
                agrees(location.path[INI_CREDENTIALS], test, "credentialsLocation");
    if (!good)
        (void)printf("not ok: %s\n", json_string(json_member(test, "name")));
    config_location_release(&location);
    return good;
}

int main(void)
{
    const char *folder = vectors_folder("aws-config");
    size_t len = 0;
    FREE_CLEANUP char *text = vectors_read(folder, "file-location.json", &len);
    struct json *json = NULL;
    struct error error = { 0 };
    if (!text || json_parse(text, len, &limits, &json, &error)) {
        (void)printf("%s/file-location.json: %s\n", folder, error.message);
        return EXIT_FAILURE;
    }
    size_t cases = 0;
    size_t elsewhere = 0;
    size_t passed = 0;
    const struct json_value *tests = json_member(json_root(json), "tests");
    for (const struct json_value *test = json_first(tests); test; test = json_next(test)) {
        const char *platform = json_string(json_member(test, "platform"));
        cases++;
        if (platform && strcmp(platform, "linux") != 0)
            elsewhere++;
        else
            passed += case_passes(test);
    }
    json_free(json);
    size_t run = cases - elsewhere;
    (void)printf("file-location.json: %zu cases, %zu run, %zu passed; not run: %zu of other systems\n", cases, run,
                 passed, elsewhere);
    return run && passed == run ? EXIT_SUCCESS : EXIT_FAILURE;
}
