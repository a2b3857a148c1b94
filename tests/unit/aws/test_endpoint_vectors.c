/* SPDX-License-Identifier: MIT */
/* The service's own endpoint cases. */
#include "aws/endpoint.h"
#include "base/cleanup.h"
#include "codec/json.h"
#include "vectors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct json_limits limits = { .bytes = 1 << 20, .depth = 32 };

static bool is_true(const struct json_value *test, const char *path)
{
    return json_type_of(json_path(test, path)) == JSON_TRUE;
}

static bool case_passes(const struct json_value *test)
{
    const char *region = json_string(json_path(test, "params.Region"));
    const char *url = json_string(json_path(test, "params.Endpoint"));
    unsigned flags = (is_true(test, "params.UseFIPS") ? ENDPOINT_FIPS : 0u) |
                     (is_true(test, "params.UseDualStack") ? ENDPOINT_DUAL_STACK : 0u);
    const char *expected = json_string(json_path(test, "expect.endpoint.url"));
    struct endpoint endpoint;
    struct error error = { 0 };
    int r = endpoint_make(region, url, flags, &endpoint, &error);
    bool good = false;
    if (expected) {
        size_t len = strlen(expected); /* without the path, ours ends in "/" */
        good = !r && !strncmp(endpoint.url, expected, len) && !strcmp(endpoint.url + len, "/") &&
               !strcmp(endpoint.region, region ? region : "");
    } else {
        good = r == -EINVAL && json_string(json_path(test, "expect.error"));
    }
    if (!good)
        (void)printf("not ok: %s (%d %s %s)\n", json_string(json_member(test, "documentation")), r, error.message,
                     endpoint.url);
    return good;
}

int main(void)
{
    const char *folder = vectors_folder("endpoints");
    size_t len = 0;
    FREE_CLEANUP char *text = vectors_read(folder, "personalize.json", &len);
    struct json *json = NULL;
    struct error error = { 0 };
    if (!text || json_parse(text, len, &limits, &json, &error)) {
        (void)printf("%s/personalize.json: %s\n", folder, error.message);
        return EXIT_FAILURE;
    }
    size_t cases = 0;
    size_t passed = 0;
    const struct json_value *tests = json_member(json_root(json), "testCases");
    for (const struct json_value *test = json_first(tests); test; test = json_next(test)) {
        cases++;
        passed += case_passes(test);
    }
    json_free(json);
    (void)printf("personalize.json: %zu cases, %zu passed\n", cases, passed);
    return cases && passed == cases ? EXIT_SUCCESS : EXIT_FAILURE;
}
