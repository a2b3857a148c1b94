/* SPDX-License-Identifier: MIT */
#include "fs/content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct layout layout;

static struct content *make(const char *text)
{
    const struct json_limits limits = { .bytes = 1 << 22, .depth = 32 };
    struct json *json = NULL;
    struct record *record = NULL;
    struct content *content = NULL;
    struct error error;
    layout_init(&layout, &kind_batch_inference_job);
    assert_int_equal(json_parse(text, strlen(text), &limits, &json, &error), 0);
    assert_int_equal(
        record_new(&kind_batch_inference_job, json_root(json), (struct slice){ text, strlen(text) }, &record, &error),
        0);
    assert_int_equal(content_new(&layout, record, &content), 0);
    record_unref(record);
    json_free(json);
    return content;
}

static void names_in(const struct content *content, unsigned parent, char *to, size_t size)
{
    unsigned at = 0;
    *to = 0;
    for (const struct member *member; (member = content_next(content, parent, &at));)
        (void)snprintf(to + strlen(to), size - strlen(to), "%s%s ", member->name, member->is_dir ? "/" : "");
}

static void expect_names(const struct content *content, const char *path, const char *names)
{
    char found[1024];
    unsigned parent = 0;
    (void)content_find(content, path, &parent);
    names_in(content, parent, found, sizeof found);
    assert_string_equal(found, names);
}

static void expect_text(const struct content *content, const char *path, const char *value)
{
    BUF_CLEANUP struct buf text = BUF_INIT(10000);
    unsigned parent = 0;
    const struct member *member = content_find(content, path, &parent);
    assert_non_null(member);
    assert_false(member->is_dir);
    assert_int_equal(content_render_member(member, &text), 0);
    assert_string_equal(buf_str(&text), value);
}

static void maps_hold_what_was_returned(void **state)
{
    struct content *content = make("{\"jobName\":\"j\",\"batchInferenceJobConfig\":{\"itemExplorationConfig\":"
                                   "{\"explorationWeight\":\"0.3\"},\"rankingInfluence\":{\"POPULARITY\":0.10}}}");
    (void)state;
    expect_names(content, "", "");
    expect_names(content, "batchInferenceJobConfig", "");
    expect_names(content, "batchInferenceJobConfig/itemExplorationConfig", "explorationWeight ");
    expect_text(content, "batchInferenceJobConfig/itemExplorationConfig/explorationWeight", "0.3\n");
    expect_text(content, "batchInferenceJobConfig/rankingInfluence/POPULARITY", "0.10\n");
    content_free(content);
}

static void unknown_members_are_where_their_object_is_shown(void **state)
{
    struct content *content =
        make("{\"jobName\":\"j\",\"new\":{\"a\":[true,null,{\"b\":false}],\"e\":{},\"f\":[]},"
             "\"jobInput\":{\"s3DataSource\":{\"path\":\"s3://b\",\"checksum\":\"c\"},\"format\":\"CSV\"},"
             "\"batchInferenceJobConfig\":{\"third\":1},\"themeGenerationConfig\":{\"fieldsForThemeGeneration\":"
             "{\"itemName\":\"T\",\"extra\":9007199254740993}}}");
    (void)state;
    expect_names(content, "", "new/ ");
    expect_names(content, "new", "a/ e/ f/ ");
    expect_names(content, "new/a", "0 1 2/ ");
    expect_text(content, "new/a/0", "true\n");
    expect_text(content, "new/a/1", ""); /* null: an empty file */
    expect_text(content, "new/a/2/b", "false\n");
    expect_names(content, "new/e", "");
    expect_names(content, "jobInput", "checksum format "); /* jobInput.s3DataSource is shown as jobInput */
    expect_text(content, "jobInput/checksum", "c\n");
    expect_names(content, "batchInferenceJobConfig", "third ");
    expect_text(content, "themeGenerationConfig/fieldsForThemeGeneration/extra", "9007199254740993\n");
    assert_int_not_equal(content_names_hash(content), 0);
    content_free(content);
}

static void names_do_not_collide(void **state)
{
    char text[4096];
    char a[301];
    memset(a, 'a', 300);
    a[300] = 0;
    (void)state;
    (void)snprintf(
        text, sizeof text,
        "{\"jobName\":\"j\",\"describe.json\":1,\"jobInput\":{\"path\":2,\"s3DataSource\":{\"x\":3},\"x\":4},"
        "\"m\":{\"%s1\":5,\"%s2\":6,\"A\":7,\"a\":8,\"describe.json\":9}}",
        a, a);
    struct content *content = make(text);
    expect_text(content, "describe.json%~2", "1\n");
    expect_text(content, "jobInput/path%~2", "2\n"); /* jobInput.path beside jobInput.s3DataSource.path */
    expect_text(content, "jobInput/x", "3\n");
    expect_text(content, "jobInput/x%~2", "4\n");
    expect_text(content, "m/A", "7\n");
    expect_text(content, "m/a", "8\n");
    expect_text(content, "m/describe.json", "9\n"); /* taken in the job's own directory alone */
    unsigned parent = 0;
    unsigned at = 0;
    (void)content_find(content, "m", &parent);
    const struct member *first = content_next(content, parent, &at);
    const struct member *second = content_next(content, parent, &at);
    assert_string_equal(first->name + strlen(first->name) - 3, "%~2");
    assert_string_equal(second->name + strlen(second->name) - 3, "%~3");
    content_free(content);
}

static void a_hundred_thousand_members(void **state)
{
    BUF_CLEANUP struct buf text = BUF_INIT(1 << 22);
    (void)state;
    (void)buf_append_str(&text, "{\"jobName\":\"j\",\"m\":{");
    for (int i = 0; i < 100000; i++)
        (void)buf_printf(&text, "%s\"k%d\":%d", i ? "," : "", i, i);
    (void)buf_append_str(&text, "}}");
    struct content *content = make(buf_str(&text));
    expect_text(content, "m/k99999", "99999\n");
    content_free(content);
}

/* Ten thousand keys that are alike in all that fits: each has a name of its own, and finding it is not quadratic. */
static void keys_that_are_alike(void **state)
{
    BUF_CLEANUP struct buf text = BUF_INIT(1 << 22);
    char a[256];
    unsigned parent = 0;
    (void)state;
    memset(a, 'a', 255);
    a[255] = 0;
    (void)buf_append_str(&text, "{\"jobName\":\"j\",\"m\":{");
    for (int i = 0; i < 10000; i++)
        (void)buf_printf(&text, "%s\"%s%d\":%d", i ? "," : "", a, i, i);
    (void)buf_append_str(&text, "}}");
    struct content *content = make(buf_str(&text));
    char path[300];
    (void)snprintf(path, sizeof path, "m/%.248s%%~10001", a);
    const struct member *last = content_find(content, path, &parent);
    assert_non_null(last);
    content_free(content);
}

static void paths_that_are_none(void **state)
{
    static const char *const paths[] = { "x", "m/x", "m/a/b", "m/", "m//a", "jobInput/nope", "m/0" };
    struct content *content = make("{\"jobName\":\"j\",\"m\":{\"a\":1}}");
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        unsigned parent = 0;
        const struct member *member = content_find(content, paths[i], &parent);
        assert_true(!member || !strcmp(paths[i], "m/")); /* a slash at the end is the directory */
    }
    content_free(content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_hold_what_was_returned),
        cmocka_unit_test(unknown_members_are_where_their_object_is_shown),
        cmocka_unit_test(names_do_not_collide),
        cmocka_unit_test(a_hundred_thousand_members),
        cmocka_unit_test(keys_that_are_alike),
        cmocka_unit_test(paths_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
