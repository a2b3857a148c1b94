/* SPDX-License-Identifier: MIT */
/* json by JSONTestSuite's documents (https://github.com/nst/JSONTestSuite, test_parsing): what begins with y_ must be
 * accepted, with n_ refused, with i_ either, without harm. */
#include "base/cleanup.h"
#include "codec/json.h"
#include "vectors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 20 };

struct counts {
    int accepted; /* of y_ */
    int refused;  /* of n_ */
    int either;
    int by_policy; /* valid, but no answer that we take */
    int failures;
};

static void fail(struct counts *counts, const char *name, const char *why)
{
    (void)printf("%s: %s\n", name, why);
    counts->failures++;
}

/* A valid document that json_parse refuses must be one of those for which the policy is. */
static bool breaks_policy(const char *name)
{
    return strstr(name, "duplicated_key") || strstr(name, "null_escape") || strstr(name, "escaped_null") ||
           strstr(name, "surrogate");
}

static void check_document(struct counts *counts, const char *name, const char *text, size_t len)
{
    const struct json_limits limits = { .bytes = TEXT_MAX, .depth = JSON_DEPTH_MAX };
    struct error error = { 0 };
    struct json *json = NULL;
    int checked = json_check(text, len, &limits, NULL, NULL, &error);
    int parsed = json_parse(text, len, &limits, &json, &error);
    json_free(json);
    if (checked && (checked != -EBADMSG || parsed != checked))
        fail(counts, name, "refused, but not by both with EBADMSG");
    if (!checked && parsed) {
        counts->by_policy++;
        if (parsed != -EBADMSG || !breaks_policy(name))
            fail(counts, name, error.message);
    }
    if (name[0] == 'y') {
        counts->accepted += !checked;
        if (checked)
            fail(counts, name, error.message);
    } else if (name[0] == 'n') {
        counts->refused += checked != 0;
        if (!checked)
            fail(counts, name, "accepted");
    } else {
        counts->either++;
    }
}

int main(void)
{
    const char *folder = vectors_folder("json");
    char **names = vectors_list(folder);
    struct counts counts = { 0 };
    int cases = 0;
    for (char **name = names; name && *name; name++) {
        size_t len = 0;
        FREE_CLEANUP char *text = vectors_read(folder, *name, &len);
        /* A copy of the exact size, so that a sanitizer sees a byte read too much. */
        FREE_CLEANUP char *copy = malloc(len ? len : 1);
        if (!text || !copy) {
            fail(&counts, *name, "cannot be read");
            continue;
        }
        memcpy(copy, text, len);
        check_document(&counts, *name, copy, len);
        cases++;
    }
    vectors_free_names(names);
    (void)printf("%d JSON documents: %d accepted, %d refused, %d either way, %d refused by the policy; %d failures\n",
                 cases, counts.accepted, counts.refused, counts.either, counts.by_policy, counts.failures);
    return cases && !counts.failures ? 0 : 1;
}
