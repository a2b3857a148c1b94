/* SPDX-License-Identifier: MIT */
/* What only an answer tells of: maps, members that no table names, the whole answer, aliases, ARNs; and old values. */
#include "tree_world.h"

#define WITH(more) JOB("IN PROGRESS", ",\"lastUpdatedDateTime\":7" more)
#define NEW ",\"new\":{\"a\":1,\"d\":{\"x\":\"y\"}},\"flag\":true"
#define MAP ",\"batchInferenceJobConfig\":{\"rankingInfluence\":{\"POPULARITY\":0.5}}"

static void members_are_read_by_their_path(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, WITH(NEW MAP));
    expect_read(world, lookup(world, job, "flag").node, "true\n");
    struct tree_attr new = lookup(world, job, "new");
    assert_true(new.is_dir);
    assert_int_equal(new.entry_ms, TTL); /* an answer may take it away again */
    assert_int_equal(new.attr_ms, TTL);
    struct tree_attr a = lookup(world, new.node, "a");
    expect_read(world, a.node, "1\n");
    assert_int_equal(lookup(world, new.node, "a").node, a.node);
    expect_read(world, lookup(world, lookup(world, new.node, "d").node, "x").node, "y\n");
    struct tree_attr config = lookup(world, job, "batchInferenceJobConfig");
    struct tree_attr map = lookup(world, config.node, "rankingInfluence");
    assert_int_equal(map.attr_ms, TTL); /* its names are as old as the describe */
    expect_read(world, lookup(world, map.node, "POPULARITY").node, "0.5\n");
    struct tree_attr attr;
    assert_int_equal(tree_lookup(world->tree, map.node, "other", &attr), -ENOENT);
    assert_int_equal(attr.entry_ms, TTL);
    assert_int_equal(world->source.describes, 1);
}

static void the_whole_answer(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, "{\"jobName\":\"a\",\"numResults\":1e400,\"x\":[]}");
    expect_read(world, lookup(world, job, "describe.json").node,
                "{\n  \"jobName\": \"a\",\n  \"numResults\": 1e400,\n  \"x\": []\n}\n");
}

static void a_change_of_a_member_is_a_new_version(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, WITH(",\"flag\":\"one\""));
    struct tree_attr old = lookup(world, job, "flag");
    struct tree_attr attr;
    fake_clock_advance(&world->clock, TTL);
    assert_int_equal(wait_for(world, job, WITH(",\"flag\":\"two\""), NULL, &attr), 0);
    attr = lookup(world, job, "flag");
    assert_int_not_equal(attr.node, old.node);
    assert_int_not_equal(attr.ino, old.ino);
    expect_read(world, attr.node, "two\n");
    expect_read(world, old.node, "one\n");
    fake_clock_advance(&world->clock, TTL);
    assert_int_equal(wait_for(world, job, WITH(""), NULL, &attr), 0);
    assert_int_equal(tree_lookup(world->tree, job, "flag", &attr), -ENOENT); /* it is no more */
    expect_read(world, old.node, "one\n");
}

/* Known from a listing: an undocumented name is guessed to be a directory, and getattr waits. */
static void a_name_that_only_a_describe_tells(void **state)
{
    struct world *world = *state;
    struct tree_attr attr;
    list(world, "[" RUNNING "]");
    uint64_t job = lookup(world, TREE_ROOT, "a").node;
    struct tree_attr dir = lookup(world, job, "new");
    struct tree_attr file = lookup(world, job, "flag");
    struct tree_attr none = lookup(world, job, "nope");
    assert_true(dir.is_dir && file.is_dir && none.is_dir);
    assert_int_equal(dir.entry_ms + dir.attr_ms, 0);
    assert_int_equal(world->source.describes, 0);
    assert_int_equal(tree_lookup(world->tree, job, ".git", &attr), -ENOENT); /* the encoding cannot make it: no call */
    assert_int_equal(wait_for(world, file.node, WITH(NEW), NULL, &attr), -ESTALE); /* the kernel walks again */
    expect_read(world, lookup(world, job, "flag").node, "true\n");
    assert_int_equal(tree_getattr(world->tree, dir.node, &attr), 0);
    assert_true(attr.is_dir && attr.attr_ms > 0);
    assert_int_equal(tree_getattr(world->tree, none.node, &attr), -ENOENT);
    assert_int_equal(world->source.describes, 1);
}

static void a_directory_that_only_a_describe_tells_in_trouble(void **state)
{
    struct world *world = *state;
    struct tree_attr attr;
    list(world, "[" RUNNING "]");
    uint64_t job = lookup(world, TREE_ROOT, "a").node;
    struct tree_attr guess = lookup(world, job, "new");
    struct tree_attr map = lookup(world, lookup(world, job, "batchInferenceJobConfig").node, "rankingInfluence");
    assert_int_equal(map.entry_ms + map.attr_ms, 0);
    assert_int_equal(wait_for(world, guess.node, NULL, "AccessDeniedException", &attr), -EACCES);
    assert_int_equal(tree_getattr(world->tree, map.node, &attr), 0);      /* it is documented: it keeps its name */
    assert_int_equal(tree_opendir(world->tree, map.node, true), -EACCES); /* and has no names to tell */
    fake_clock_advance(&world->clock, 1000);
    assert_int_equal(wait_for(world, map.node, WITH(NEW MAP), NULL, &attr), 0);
    assert_int_equal(tree_opendir(world->tree, map.node, true), 0);
    fake_clock_advance(&world->clock, TTL);
    assert_int_equal(wait_for(world, map.node, NULL, "AccessDeniedException", &attr), 0);
    struct collected names = { .fits = 64 };
    assert_int_equal(tree_opendir(world->tree, map.node, true), 0); /* the last known */
    assert_int_equal(tree_readdir(world->tree, map.node, 0, true, collect, &names), 0);
    assert_string_equal(names.names, ". .. POPULARITY ");
    struct tree_attr new = lookup(world, job, "new");
    assert_int_equal(tree_getattr(world->tree, new.node, &attr), 0);
    struct slice bytes;
    struct tree_attr a = lookup(world, new.node, "a");
    assert_int_equal(tree_read(world->tree, a.node, 0, 10, &bytes), -EACCES);
}

static void members_appear_in_listings_once_described(void **state)
{
    struct world *world = *state;
    struct collected before = { .fits = 64 };
    struct collected after = { .fits = 64 };
    struct tree_attr attr;
    list(world, "[" RUNNING "]");
    struct tree_attr dir = lookup(world, TREE_ROOT, "a");
    assert_int_equal(tree_readdir(world->tree, dir.node, 0, true, collect, &before), 0);
    assert_null(strstr(before.names, " new "));
    struct tree_attr input = lookup(world, dir.node, "jobInput");
    struct collected below = { .fits = 64 };
    assert_int_equal(tree_readdir(world->tree, input.node, 0, true, collect, &below), 0);
    assert_true(tree_opendir_keeps(world->tree, dir.node));
    assert_true(tree_opendir_keeps(world->tree, input.node));
    struct tree_attr filter = lookup(world, dir.node, "filterArn");
    assert_int_equal(wait_for(world, filter.node, WITH(NEW MAP), NULL, &attr), 0);
    struct tree_attr moved = lookup(world, TREE_ROOT, "a");
    assert_int_not_equal(moved.mtime_ns, dir.mtime_ns); /* so that the kernel reads the directory again */
    assert_int_equal(moved.mtime_ms, 7000);
    assert_false(tree_opendir_keeps(world->tree, dir.node));
    assert_int_equal(tree_readdir(world->tree, dir.node, 0, true, collect, &after), 0);
    assert_non_null(strstr(after.names, " new flag "));
    assert_false(tree_opendir_keeps(world->tree, input.node)); /* listed with the names of before */
    /* Taken up half-way, each name once. */
    struct collected half = { .fits = after.n - 1 };
    struct collected rest = { .fits = 64 };
    assert_int_equal(tree_readdir(world->tree, dir.node, 0, false, collect, &half), 0);
    assert_int_equal(tree_readdir(world->tree, dir.node, half.next, false, collect, &rest), 0);
    assert_string_equal(rest.names, "flag ");
}

static void aliases_resolve_and_are_not_listed(void **state)
{
    struct world *world = *state;
    struct collected names = { .fits = 64 };
    uint64_t job = enter(world, WITH(",\"jobInput\":{\"s3DataSource\":{\"path\":\"s3://b\"}}"));
    struct tree_attr input = lookup(world, job, "jobInput");
    struct tree_attr alias = lookup(world, input.node, "s3DataSource");
    assert_true(alias.is_dir);
    assert_int_not_equal(alias.ino, input.ino);
    assert_int_equal(lookup(world, alias.node, "path").node, lookup(world, input.node, "path").node);
    expect_read(world, lookup(world, alias.node, "path").node, "s3://b\n");
    struct tree_attr attr;
    assert_int_equal(tree_lookup(world->tree, alias.node, "s3DataSource", &attr), -ENOENT);
    assert_int_equal(tree_readdir(world->tree, input.node, 0, true, collect, &names), 0);
    assert_string_equal(names.names, ". .. path kmsKeyArn ");
}

static void whole_arns_are_paths(void **state)
{
    static const char arn[] = "arn:aws:personalize:us-west-2:123456789012:batch-inference-job";
    struct world *world = *state;
    struct tree_attr attr;
    assert_int_equal(tree_lookup(world->tree, TREE_ROOT, arn, &attr), -ENOENT); /* refused */
    assert_int_equal(world->asked, 1);
    world->other = world->cache; /* the mount's own */
    struct tree_attr realm = lookup(world, TREE_ROOT, arn);
    assert_true(realm.is_dir && realm.entry_ms == TREE_FOREVER_MS && realm.attr_ms == TREE_FOREVER_MS);
    uint64_t by_name = enter(world, RUNNING);
    struct tree_attr by_arn = lookup(world, realm.node, "a");
    assert_int_not_equal(by_arn.node, by_name); /* a directory may have one name only */
    assert_int_equal(by_arn.attr_ms, TTL);      /* but they share the job */
    expect_read(world, lookup(world, by_arn.node, "status").node, "IN PROGRESS\n");
    assert_int_equal(world->source.describes, 1);
    assert_int_equal(tree_lookup(world->tree, realm.node, arn, &attr), -ENOENT); /* no ARN within an ARN */
    assert_int_equal(tree_opendir(world->tree, realm.node, true), TREE_WAIT);
    list(world, "[" RUNNING "]");
    struct collected names = { .fits = 64 };
    assert_int_equal(tree_opendir(world->tree, realm.node, true), 0);
    assert_int_equal(tree_readdir(world->tree, realm.node, 0, true, collect, &names), 0);
    assert_string_equal(names.names, ". .. a ");
    assert_int_equal(names.attr[2].node, by_arn.node);
}

static int setup_stale_if_error(void **state)
{
    the_world.stale_if_error_ms = 60000;
    return setup(state);
}

static int setup_revalidate(void **state)
{
    the_world.stale_while_revalidate_ms = 60000;
    return setup(state);
}

static int teardown_stale(void **state)
{
    int result = teardown(state);
    the_world.stale_if_error_ms = the_world.stale_while_revalidate_ms = 0;
    return result;
}

static void an_old_value_stands_in_for_one_that_cannot_be_had(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, RUNNING);
    int64_t confirmed = world->clock.wall_ms;
    struct tree_attr attr;
    struct slice bytes;
    fake_clock_advance(&world->clock, TTL);
    struct tree_attr pending = lookup(world, job, "status");
    assert_int_equal(wait_for(world, pending.node, NULL, "ThrottlingException", &attr), 0); /* it is asked for first */
    expect_read(world, pending.node, "IN PROGRESS\n");
    attr = lookup(world, job, "status");
    assert_int_equal(attr.ctime_ms, confirmed); /* how old it is */
    assert_in_range(attr.entry_ms, 1, FAILURE_MS);
    expect_read(world, attr.node, "IN PROGRESS\n");
    fake_clock_advance(&world->clock, 60000); /* too old by now */
    attr = lookup(world, job, "status");
    assert_int_equal(wait_for(world, attr.node, NULL, "ThrottlingException", &attr), 0);
    assert_int_equal(tree_read(world->tree, attr.node, 0, 100, &bytes), -EBUSY);
}

static void an_old_value_is_given_while_a_new_one_is_fetched(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, RUNNING);
    struct tree_attr attr;
    fake_clock_advance(&world->clock, TTL);
    assert_int_equal(tree_getattr(world->tree, job, &attr), 0); /* at once */
    assert_int_equal(attr.attr_ms, 0);
    assert_int_equal(fake_source_pending(&world->source), 1); /* and one is under way */
    assert_int_equal(tree_getattr(world->tree, job, &attr), 0);
    assert_int_equal(world->source.describes, 2);
    expect_read(world, lookup(world, job, "status").node, "IN PROGRESS\n");
    fake_source_describe(&world->source, FINISHED);
    expect_read(world, lookup(world, job, "status").node, "ACTIVE\n");
    fake_clock_advance(&world->clock, FINAL_TTL + 60000);
    assert_int_equal(tree_getattr(world->tree, job, &attr), TREE_WAIT); /* too old to be given */
}

/* A listing keeps the directory fresh, so that no getattr comes: a lookup sees to it then. */
static void an_old_value_under_a_fresh_directory_is_fetched_anew(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, RUNNING);
    fake_clock_advance(&world->clock, TTL);
    list(world, "[" RUNNING "]");
    expect_read(world, lookup(world, job, "numResults").node, "");
    assert_int_equal(world->source.describes, 2);
}

/* Each of its values is a line that begins with 60 spaces: describe.json is the longest text there is. */
static void the_largest_and_deepest_answer_is_shown(void **state)
{
    enum { DEPTH = 30, NUMBERS = 260000 };
    struct world *world = *state;
    struct probe probe;
    struct tree_attr dir;
    struct tree_attr file;
    BUF_CLEANUP struct buf json = BUF_INIT(1 << 20);
    (void)buf_append_str(&json, "{\"jobName\":\"a\",\"new\":");
    for (int i = 0; i < DEPTH; i++)
        (void)buf_append_char(&json, '[');
    for (int i = 0; i < NUMBERS; i++)
        (void)buf_append_str(&json, i ? ",1" : "1");
    for (int i = 0; i < DEPTH; i++)
        (void)buf_append_char(&json, ']');
    assert_int_equal(buf_append_char(&json, '}'), 0);
    assert_int_equal(tree_lookup(world->tree, TREE_ROOT, "a", &dir), 0);
    assert_int_equal(tree_getattr(world->tree, dir.node, &file), TREE_WAIT);
    assert_int_equal(tree_wait(world->tree, dir.node, probe_waiter(&probe)), 0);
    fake_source_describe(&world->source, buf_str(&json));
    assert_int_equal(tree_lookup(world->tree, dir.node, "describe.json", &file), 0);
    assert_true(file.size > (uint64_t)NUMBERS * 2 * DEPTH);
    tree_forget(world->tree, file.node, 1);
    tree_forget(world->tree, dir.node, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(members_are_read_by_their_path),
        TEST(the_whole_answer),
        TEST(a_change_of_a_member_is_a_new_version),
        TEST(a_name_that_only_a_describe_tells),
        TEST(a_directory_that_only_a_describe_tells_in_trouble),
        TEST(members_appear_in_listings_once_described),
        TEST(aliases_resolve_and_are_not_listed),
        TEST(whole_arns_are_paths),
        TEST(the_largest_and_deepest_answer_is_shown),
        cmocka_unit_test_setup_teardown(an_old_value_stands_in_for_one_that_cannot_be_had, setup_stale_if_error,
                                        teardown_stale),
        cmocka_unit_test_setup_teardown(an_old_value_is_given_while_a_new_one_is_fetched, setup_revalidate,
                                        teardown_stale),
        cmocka_unit_test_setup_teardown(an_old_value_under_a_fresh_directory_is_fetched_anew, setup_revalidate,
                                        teardown_stale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
