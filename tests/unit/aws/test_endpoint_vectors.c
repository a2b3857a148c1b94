/* SPDX-License-Identifier: MIT */
/* The service's own endpoint cases, but for FIPS and dual-stack hosts, which are not offered. */
#include "aws/endpoint.h"
#include "base/cleanup.h"
#include "codec/json.h"
#include "vectors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct json_limits limits = { .bytes = 1 << 20, .depth = 32 };

static bool case_passes(const struct json_value *test)
{
    const char *region = json_string(json_path(test, "params.Region"));
    const char *url = json_string(json_path(test, "params.Endpoint"));
    const char *expected = json_string(json_path(test, "expect.endpoint.url"));
    struct endpoint endpoint;
    struct error error = { 0 };
    int r = endpoint_make(region, url, false, &endpoint, &error);
    bool good = false;
    if (expected) {
        size_t len = strlen(expected); /* without the path, ours ends in "/" */
        good = !r && !strncmp(endpoint.url, expected, len) && !strcmp(endpoint.url + len, "/") &&
               !strcmp(endpoint.region, region);
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
    size_t other_hosts = 0;
    size_t no_region = 0;
    size_t passed = 0;
    const struct json_value *tests = json_member(json_root(json), "testCases");
    for (const struct json_value *test = json_first(tests); test; test = json_next(test)) {
        cases++;
        if (json_type_of(json_path(test, "params.UseFIPS")) == JSON_TRUE ||
            json_type_of(json_path(test, "params.UseDualStack")) == JSON_TRUE)
            other_hosts++;
        else if (json_path(test, "params.Endpoint") && !json_path(test, "params.Region"))
            no_region++;
        else
            passed += case_passes(test);
    }
    json_free(json);
    size_t run = cases - other_hosts - no_region;
    (void)printf(
        "personalize.json: %zu cases, %zu run, %zu passed; not run: %zu for FIPS and dual-stack hosts, %zu with "
        "a URL and no region (there is nothing to sign for)\n",
        cases, run, passed, other_hosts, no_region);
    return run && passed == run ? EXIT_SUCCESS : EXIT_FAILURE;
}
