/* SPDX-License-Identifier: MIT */
/* packed by JSONTestSuite's documents (https://github.com/nst/JSONTestSuite, test_parsing): what json_parse() accepts
 * comes back as it was sent, whatever the text is that it is said to repeat. */
#include "base/cleanup.h"
#include "codec/json_text.h"
#include "jobs/packed.h"
#include "jobs/words.h"
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 20, PACKED_MAX = 1 << 22 };

static bool comes_back(struct slice text, struct slice common)
{
    BUF_CLEANUP struct buf packed = BUF_INIT(PACKED_MAX);
    BUF_CLEANUP struct buf sent = BUF_INIT(TEXT_MAX);
    BUF_CLEANUP struct buf back = BUF_INIT(TEXT_MAX);
    bool done = !json_text_compact(text, &sent) && !packed_append(text, common, &packed);
    if (!done)
        return false;
    done = !packed_json(packed_root(packed.data), &back) && !strcmp(buf_str(&sent), buf_str(&back));
    packed_release(packed.data);
    return done && !words_count();
}

int main(void)
{
    static const char *const commons[] = { "", "a", "\\", "u0", "abc" };
    const struct json_limits limits = { .bytes = TEXT_MAX, .depth = JSON_DEPTH_MAX };
    const char *folder = vectors_folder("json");
    char **names = vectors_list(folder);
    int cases = 0;
    int failures = 0;
    for (char **name = names; name && *name; name++) {
        struct error error;
        struct json *json = NULL;
        size_t len = 0;
        FREE_CLEANUP char *text = vectors_read(folder, *name, &len);
        if (!text || json_parse(text, len, &limits, &json, &error))
            continue;
        json_free(json);
        cases++;
        for (size_t i = 0; i < sizeof commons / sizeof *commons; i++) {
            if (comes_back((struct slice){ text, len }, (struct slice){ commons[i], strlen(commons[i]) }))
                continue;
            (void)printf("%s, with \"%s\": not as it was sent\n", *name, commons[i]);
            failures++;
        }
    }
    vectors_free_names(names);
    (void)printf("%d JSON documents packed and read; %d failures\n", cases, failures);
    return cases && !failures ? 0 : 1;
}
