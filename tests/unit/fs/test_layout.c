/* SPDX-License-Identifier: MIT */
#include "fs/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The path of an entry, from the layout alone. */
static void path_of(const struct layout *layout, const struct layout_entry *entry, char *to, size_t size)
{
    struct slice dir = layout->dir_path[entry->dir];
    (void)snprintf(to, size, "%.*s%s%.*s", (int)dir.len, dir.data, dir.len ? "/" : "", (int)entry->name.len,
                   entry->name.data);
}

static void every_field_is_in_the_tree_once(void **state)
{
    const struct kind *kind = &kind_batch_inference_job;
    struct layout layout;
    (void)state;
    layout_init(&layout, kind);
    for (size_t i = 0; i < kind->n_fields; i++) {
        char path[256];
        int seen = 0;
        for (unsigned e = 0; e < layout.n_entries; e++) {
            const struct layout_entry *entry = &layout.entries[e];
            path_of(&layout, entry, path, sizeof path);
            bool is_it = entry->is_dir ? layout.dir_is_map[entry->index] : entry->index == i;
            seen += is_it && !strcmp(path, kind->fields[i].path);
        }
        assert_int_equal(seen, 1);
    }
}

static void directories(void **state)
{
    struct layout layout;
    (void)state;
    layout_init(&layout, &kind_batch_inference_job);
    const struct layout_entry *config = layout_find(&layout, 0, "themeGenerationConfig");
    assert_non_null(config);
    assert_true(config->is_dir);
    const struct layout_entry *fields = layout_find(&layout, config->index, "fieldsForThemeGeneration");
    assert_non_null(fields);
    assert_true(fields->is_dir);
    assert_int_equal(layout.dir_parent[fields->index], config->index);
    assert_non_null(layout_find(&layout, fields->index, "itemName"));
    assert_null(layout_find(&layout, 0, "itemName"));
    assert_null(layout_find(&layout, 0, "theme"));
    assert_null(layout_find(&layout, 0, "statuss"));
    assert_null(layout_find(&layout, 0, ""));
    const struct layout_entry *json = layout_find(&layout, 0, "describe.json");
    assert_non_null(json);
    assert_int_equal(json->index, LAYOUT_DESCRIBE);
}

static void aliases_are_the_longer_paths(void **state)
{
    struct layout layout;
    (void)state;
    layout_init(&layout, &kind_batch_inference_job);
    const struct layout_entry *input = layout_find(&layout, 0, "jobInput");
    const struct layout_entry *alias = layout_find(&layout, input->index, "s3DataSource");
    assert_non_null(alias);
    assert_true(layout_is_alias(&layout, alias));
    assert_false(layout_is_alias(&layout, input));
    assert_int_equal(layout.dir_same[alias->index], input->index);
    const struct layout_entry *output = layout_find(&layout, 0, "jobOutput");
    assert_non_null(layout_find(&layout, output->index, "s3DataDestination"));
    assert_null(layout_find(&layout, 0, "s3DataSource"));
}

static void maps_are_directories(void **state)
{
    struct layout layout;
    (void)state;
    layout_init(&layout, &kind_batch_inference_job);
    const struct layout_entry *config = layout_find(&layout, 0, "batchInferenceJobConfig");
    assert_false(layout.dir_is_map[config->index]);
    const struct layout_entry *map = layout_find(&layout, config->index, "rankingInfluence");
    assert_true(map->is_dir && layout.dir_is_map[map->index]);
}

static void walking(void **state)
{
    struct layout layout;
    const char *path = "jobInput/s3DataSource/path";
    (void)state;
    layout_init(&layout, &kind_batch_inference_job);
    (void)layout_walk(&layout, &path);
    assert_string_equal(path, "path");
    path = "unknown/path";
    assert_int_equal(layout_walk(&layout, &path), 0);
    assert_string_equal(path, "unknown/path");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_field_is_in_the_tree_once),
                                        cmocka_unit_test(directories), cmocka_unit_test(aliases_are_the_longer_paths),
                                        cmocka_unit_test(maps_are_directories), cmocka_unit_test(walking) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
