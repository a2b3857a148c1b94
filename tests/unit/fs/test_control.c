/* SPDX-License-Identifier: MIT */
#include "control_world.h"

enum { FILES_MODE_OWNER = 0400, FILES_MODE_ALL = 0444 };

static uint64_t dir_node(void) { return control_dir_attr(own.control).node; }

static struct tree_attr look_up(const char *name)
{
    struct tree_attr attr;
    assert_int_equal(control_lookup(own.control, dir_node(), name, &attr), 0);
    return attr;
}

/* Looked up, and its attributes asked for. */
static struct tree_attr open_file(const char *name)
{
    struct tree_attr attr = look_up(name);
    uint64_t node = attr.node;
    assert_int_equal(control_getattr(own.control, node, &attr), 0);
    assert_int_equal(attr.node, node);
    return attr;
}

static void expect_text(uint64_t node, const char *text)
{
    BUF_CLEANUP struct buf got = BUF_INIT(CONTROL_TEXT_MAX);
    assert_int_equal(control_read(own.control, node, 0, CONTROL_TEXT_MAX, &got), 0);
    assert_string_equal(buf_str(&got), text);
}

static void tell(const char *message)
{
    struct error error;
    (void)failure_set(&error, FAILURE_REFUSED, "%s", message);
    failures_tell(own.failures, &(struct failure_place){ "describe a", "", "a", "D" }, &error);
}

static void each_lookup_of_a_snapshot_is_a_moment_of_its_own(void **state)
{
    (void)state;
    struct tree_attr provisional = look_up("errors");
    assert_int_equal(provisional.entry_ms, 0);
    assert_int_equal(provisional.attr_ms, 0);
    struct tree_attr first = open_file("errors");
    assert_true(first.node != provisional.node);
    assert_int_equal(first.entry_ms, 0);
    assert_int_equal(first.attr_ms, TREE_FOREVER_MS);
    tell("later");
    struct tree_attr second = open_file("errors");
    assert_true(second.node != first.node && second.ino == first.ino && second.size > first.size);
    struct tree_attr again;
    assert_int_equal(control_getattr(own.control, first.node, &again), 0);
    assert_int_equal(again.size, first.size);
    assert_int_equal(again.ino, first.ino);
}

static void a_snapshot_is_kept_until_it_is_forgotten(void **state)
{
    (void)state;
    BUF_CLEANUP struct buf got = BUF_INIT(CONTROL_TEXT_MAX);
    struct tree_attr attr = open_file("config");
    assert_int_equal(control_count_snapshots(own.control), 1);
    control_forget(own.control, attr.node, 1);
    assert_int_equal(control_count_snapshots(own.control), 0);
    assert_int_equal(control_read(own.control, attr.node, 0, 10, &got), -ESTALE);
    assert_int_equal(control_getattr(own.control, attr.node, &attr), -ESTALE);
    attr = look_up("config");
    assert_int_equal(control_read(own.control, attr.node, 0, 10, &got), -ESTALE); /* none was taken */
    (void)open_file("errors"); /* what is left is freed with the control */
}

static void the_settings_are_lines(void **state)
{
    (void)state;
    struct tree_attr attr = open_file("config");
    static const char text[] = "setting\tvalue\tfrom\nregion\tus-west-2\tSOURCE\nno_proxy\t\t\n"
                               "profile\ta\\tb\\n\toption\n";
    expect_text(attr.node, text);
    assert_int_equal(attr.size, sizeof text - 1);
    BUF_CLEANUP struct buf part = BUF_INIT(CONTROL_TEXT_MAX);
    assert_int_equal(control_read(own.control, attr.node, 8, 5, &part), 0);
    assert_string_equal(buf_str(&part), "value");
    assert_int_equal(control_read(own.control, attr.node, attr.size + 5, 5, &part), 0);
    assert_string_equal(buf_str(&part), "value");
}

static void a_snapshot_is_as_old_as_what_it_tells(void **state)
{
    struct world *world = *state;
    tell("now");
    int64_t told_ms = world->clock.wall_ms;
    fake_clock_advance(&world->clock, 5000);
    struct tree_attr attr = open_file("errors");
    assert_int_equal(attr.mtime_ms, told_ms);
    assert_int_equal(attr.ctime_ms, world->clock.wall_ms);
    assert_int_equal(open_file("metrics.prom").mtime_ms, world->clock.wall_ms);
}

static void secrets_are_their_owners(void **state)
{
    (void)state;
    assert_int_equal(look_up("errors").mode, FILES_MODE_OWNER);
    assert_int_equal(look_up("config").mode, FILES_MODE_OWNER);
    assert_int_equal(look_up("metrics.prom").mode, FILES_MODE_ALL);
}

static void other_names_are_none(void **state)
{
    (void)state;
    struct tree_attr attr;
    assert_int_equal(control_lookup(own.control, dir_node(), "secrets", &attr), -ENOENT);
    assert_int_equal(attr.entry_ms, TREE_FOREVER_MS);
    assert_int_equal(control_lookup(own.control, look_up("config").node, "x", &attr), -ENOTDIR);
    assert_int_equal(control_opendir(dir_node()), 0);
    assert_int_equal(control_opendir(look_up("config").node), -ENOTDIR);
}

static void the_directory_lists_the_table_and_looks_nothing_up(void **state)
{
    (void)state;
    struct collected all = { .fits = 64 };
    const struct control_file *file;
    char names[512] = ". .. ";
    for (size_t i = 0; (file = control_file_at(i)); i++)
        (void)snprintf(names + strlen(names), sizeof names - strlen(names), "%s ", file->name);
    assert_int_equal(control_readdir(own.control, dir_node(), 0, collect, &all), 0);
    assert_string_equal(all.names, names);
    for (unsigned i = 0; i < all.n; i++)
        assert_int_equal(all.attr[i].node, 0);
    for (uint64_t offset = 0, n = 0; n < all.n; n++) { /* one at a time, from any offset */
        struct collected one = { .fits = 1 };
        assert_int_equal(control_readdir(own.control, dir_node(), offset, collect, &one), 0);
        assert_int_equal(one.n, 1);
        offset = one.next;
    }
}

static void the_metrics_begin_a_listing_that_nobody_waits_for(void **state)
{
    struct world *world = *state;
    (void)look_up("metrics.prom");
    (void)open_file("config");
    (void)open_file("errors");
    assert_int_equal(world->source.lists, 0);
    struct tree_attr attr = open_file("metrics.prom");
    (void)open_file("metrics.prom");
    assert_int_equal(world->source.lists, 1);
    fake_source_page(&world->source, "[" FINISHED "]", NULL);
    assert_int_equal(control_getattr(own.control, attr.node, &attr), 0); /* which was taken before */
    (void)open_file("metrics.prom");
    assert_int_equal(world->source.lists, 1);
    fake_clock_advance(&world->clock, LIST_TTL + 1);
    assert_int_equal(control_getattr(own.control, attr.node, &attr), 0);
    assert_int_equal(world->source.lists, 1);
    (void)open_file("metrics.prom");
    assert_int_equal(world->source.lists, 2);
}

static void a_listing_that_failed_is_left_alone_for_its_time(void **state)
{
    struct world *world = *state;
    (void)open_file("metrics.prom");
    fake_source_fail(&world->source, "AccessDeniedException");
    fake_clock_advance(&world->clock, LIST_TTL - 1);
    (void)open_file("metrics.prom");
    assert_int_equal(world->source.lists, 1);
    fake_clock_advance(&world->clock, 1);
    (void)open_file("metrics.prom");
    assert_int_equal(world->source.lists, 2);
    fake_source_fail(&world->source, "AccessDeniedException");
    cache_expire(world->cache);
    (void)open_file("metrics.prom");
    assert_int_equal(world->source.lists, 3);
}

static void a_reader_that_leaves_does_not_end_a_listing_in_the_background(void **state)
{
    struct world *world = *state;
    struct probe probe;
    (void)open_file("metrics.prom");
    assert_int_equal(cache_list(world->cache, probe_waiter(&probe)), 0);
    waiter_cancel(&probe.waiter);
    assert_int_equal(world->source.abandoned, 0);
    fake_source_page(&world->source, "[" FINISHED "]", NULL);
    assert_true(cache_listing(world->cache)->listed_once);
    assert_int_equal(world->source.lists, 1);
}

static void the_root_resolves_it_and_an_arn_does_not(void **state)
{
    struct world *world = *state;
    struct tree *tree = NULL;
    struct tree_attr attr;
    const struct tree_settings settings = { .kind = &kind_batch_inference_job,
                                            .cache = world->cache,
                                            .control = own.control,
                                            .cache_of = cache_of,
                                            .data = world,
                                            .clock = &world->clock.clock };
    world->other = world->cache;
    assert_int_equal(tree_new(&settings, &tree), 0);
    assert_int_equal(tree_lookup(tree, TREE_ROOT, CONTROL_NAME, &attr), 0);
    assert_true(attr.is_dir && control_owns(attr.node));
    assert_int_equal(tree_getattr(tree, attr.node, &attr), 0);
    assert_int_equal(tree_lookup(tree, attr.node, "config", &attr), 0);
    assert_int_equal(tree_getattr(tree, attr.node, &attr), 0);
    struct slice bytes;
    assert_int_equal(tree_read(tree, attr.node, 0, 7, &bytes), 0);
    assert_memory_equal(bytes.data, "setting", 7);
    tree_forget(tree, attr.node, 1);
    assert_int_equal(control_count_snapshots(own.control), 0);
    assert_int_equal(tree_lookup(tree, TREE_ROOT, CONTROL_NAME "x", &attr), -ENOENT);
    assert_int_equal(
        tree_lookup(tree, TREE_ROOT, "arn:aws:personalize:us-west-2:123456789012:batch-inference-job", &attr), 0);
    assert_int_equal(tree_lookup(tree, attr.node, CONTROL_NAME, &attr), -ENOENT);
    assert_int_equal(world->source.lists + world->source.describes, 0);
    tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(each_lookup_of_a_snapshot_is_a_moment_of_its_own),
        OWN_TEST(a_snapshot_is_kept_until_it_is_forgotten),
        OWN_TEST(the_settings_are_lines),
        OWN_TEST(a_snapshot_is_as_old_as_what_it_tells),
        OWN_TEST(secrets_are_their_owners),
        OWN_TEST(other_names_are_none),
        OWN_TEST(the_directory_lists_the_table_and_looks_nothing_up),
        OWN_TEST(the_metrics_begin_a_listing_that_nobody_waits_for),
        OWN_TEST(a_listing_that_failed_is_left_alone_for_its_time),
        OWN_TEST(a_reader_that_leaves_does_not_end_a_listing_in_the_background),
        OWN_TEST(the_root_resolves_it_and_an_arn_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
