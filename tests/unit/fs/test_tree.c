/* SPDX-License-Identifier: MIT */
#include "tree_world.h"

static void a_name_that_is_not_known_is_provisional(void **state)
{
    struct world *world = *state;
    struct tree_attr attr = lookup(world, TREE_ROOT, "a");
    assert_true(attr.is_dir);
    assert_int_equal(attr.entry_ms, 0);
    assert_int_equal(attr.attr_ms, 0);
    assert_int_equal(world->source.describes, 0); /* a lookup calls nothing */
    assert_int_equal(wait_for(world, attr.node, RUNNING, NULL, &attr), 0);
    assert_int_equal(attr.attr_ms, TTL);
    assert_int_equal(attr.mtime_ms, 7000);
    assert_int_equal(attr.ctime_ms, world->clock.wall_ms);
    attr = lookup(world, TREE_ROOT, "a");
    assert_true(attr.entry_ms == TREE_FOREVER_MS);
    assert_int_equal(attr.attr_ms, TTL);
    assert_int_equal(world->source.describes, 1);
}

static void names_that_cannot_be_are_absent_without_a_call(void **state)
{
    static const char *const names[] = { ".git", ".hidden", "autorun.inf", "a b", "a+", "arn:aws:x", "" };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct tree_attr attr;
        assert_int_equal(tree_lookup(world->tree, TREE_ROOT, names[i], &attr), -ENOENT);
        assert_int_equal(attr.entry_ms, NEGATIVE_TTL);
    }
    uint64_t job = enter(world, RUNNING);
    struct tree_attr attr;
    fake_clock_advance(&world->clock, 1000);
    assert_int_equal(tree_lookup(world->tree, job, ".git", &attr), -ENOENT);
    assert_int_equal(attr.entry_ms, TTL - 1000); /* what is left of the job's freshness */
    assert_int_equal(world->source.describes + world->source.lists, 1);
}

static void a_name_that_is_no_job_is_absent_for_a_while(void **state)
{
    struct world *world = *state;
    struct tree_attr attr = lookup(world, TREE_ROOT, "a");
    assert_int_equal(wait_for(world, attr.node, NULL, "ResourceNotFoundException", &attr), -ENOENT);
    assert_int_equal(tree_getattr(world->tree, attr.node, &attr), -ENOENT);
    fake_clock_advance(&world->clock, 1000);
    assert_int_equal(tree_lookup(world->tree, TREE_ROOT, "a", &attr), -ENOENT);
    assert_int_equal(attr.entry_ms, NEGATIVE_TTL - 1000);
    fake_clock_advance(&world->clock, NEGATIVE_TTL);
    attr = lookup(world, TREE_ROOT, "a");
    assert_int_equal(wait_for(world, attr.node, RUNNING, NULL, &attr), 0);
    assert_int_equal(world->source.describes, 2);
}

static void a_fresh_value_is_answered_at_once(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, RUNNING);
    fake_clock_advance(&world->clock, 10000);
    struct tree_attr attr = lookup(world, job, "status");
    assert_int_equal(attr.entry_ms, TTL - 10000);
    assert_true(attr.attr_ms == TREE_FOREVER_MS);
    assert_int_equal(attr.size, strlen("IN PROGRESS\n"));
    assert_int_equal(attr.mtime_ms, 7000);
    expect_read(world, attr.node, "IN PROGRESS\n");
    assert_int_equal(lookup(world, job, "status").node, attr.node); /* one version, one node */
    struct tree_attr empty = lookup(world, job, "failureReason");
    assert_int_equal(empty.size, 0);
    expect_read(world, empty.node, "");
    assert_int_equal(world->source.describes, 1);
}

static void an_expired_value_waits_in_the_directory(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, RUNNING);
    struct tree_attr old = lookup(world, job, "status");
    struct tree_attr attr;
    fake_clock_advance(&world->clock, TTL);
    assert_int_equal(wait_for(world, job, FINISHED, NULL, &attr), 0);
    assert_int_equal(attr.attr_ms, FINAL_TTL);
    attr = lookup(world, job, "status");
    assert_int_not_equal(attr.node, old.node);
    assert_int_not_equal(attr.ino, old.ino);
    expect_read(world, attr.node, "ACTIVE\n");
    expect_read(world, old.node, "IN PROGRESS\n"); /* who has it open reads it to the end */
    assert_int_equal(tree_getattr(world->tree, old.node, &attr), 0);
    assert_int_equal(attr.size, strlen("IN PROGRESS\n"));
    assert_int_equal(attr.mtime_ms, 7000);
}

static void a_value_that_has_not_changed_keeps_its_node(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, RUNNING);
    struct tree_attr old = lookup(world, job, "status");
    struct tree_attr attr;
    fake_clock_advance(&world->clock, TTL);
    assert_int_equal(wait_for(world, job, RUNNING, NULL, &attr), 0);
    attr = lookup(world, job, "status");
    assert_int_equal(attr.node, old.node);
    assert_int_equal(attr.ino, old.ino);
    assert_int_equal(attr.ctime_ms, old.ctime_ms + TTL); /* confirmed */
    assert_int_equal(tree_count_versions(world->tree), 1);
}

static void a_change_of_the_same_length_and_time_is_a_new_version(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, JOB("PENDING", ",\"failureReason\":\"one\",\"lastUpdatedDateTime\":7"));
    struct tree_attr old = lookup(world, job, "failureReason");
    struct tree_attr attr;
    fake_clock_advance(&world->clock, TTL);
    assert_int_equal(
        wait_for(world, job, JOB("PENDING", ",\"failureReason\":\"two\",\"lastUpdatedDateTime\":7"), NULL, &attr), 0);
    attr = lookup(world, job, "failureReason");
    assert_int_not_equal(attr.node, old.node);
    assert_int_not_equal(attr.ino, old.ino);
    expect_read(world, attr.node, "two\n");
    expect_read(world, old.node, "one\n");
}

/* Of two that were looked up the second is answered first: it is the name's from then on, with its pages. */
static void the_first_that_is_answered_stays_current(void **state)
{
    struct world *world = *state;
    list(world, "[" RUNNING "]");
    struct tree_attr dir = lookup(world, TREE_ROOT, "a");
    struct tree_attr one = lookup(world, dir.node, "numResults");
    struct tree_attr two = lookup(world, dir.node, "numResults");
    struct tree_attr attr;
    assert_int_equal(wait_for(world, two.node, JOB("IN PROGRESS", ",\"numResults\":25"), NULL, &attr), 0);
    assert_int_equal(tree_getattr(world->tree, one.node, &attr), 0);
    assert_int_equal(lookup(world, dir.node, "numResults").node, two.node);
}

/* The directory is fresh from a listing, the value not: a listing does not carry it. */
static void a_value_that_is_not_fresh_is_pending(void **state)
{
    struct world *world = *state;
    list(world, "[" RUNNING "]");
    struct tree_attr dir = lookup(world, TREE_ROOT, "a");
    assert_int_equal(dir.attr_ms, TTL);
    struct tree_attr one = lookup(world, dir.node, "numResults");
    struct tree_attr two = lookup(world, dir.node, "numResults");
    assert_int_not_equal(one.node, two.node); /* never shared */
    assert_int_equal(one.entry_ms + one.attr_ms + two.entry_ms + two.attr_ms, 0);
    assert_int_equal(world->source.describes, 0);
    struct probe probe[2];
    struct tree_attr attr;
    assert_int_equal(tree_getattr(world->tree, one.node, &attr), TREE_WAIT);
    assert_int_equal(tree_wait(world->tree, one.node, probe_waiter(&probe[0])), 0);
    assert_int_equal(tree_wait(world->tree, two.node, probe_waiter(&probe[1])), 0);
    assert_int_equal(world->source.describes, 1); /* they share the describe */
    fake_source_describe(&world->source, JOB("IN PROGRESS", ",\"numResults\":25"));
    assert_int_equal(tree_getattr_waited(world->tree, one.node, probe[0].number, &one), 0);
    assert_int_equal(tree_getattr_waited(world->tree, two.node, probe[1].number, &two), 0);
    assert_true(one.attr_ms == TREE_FOREVER_MS);
    assert_int_equal(one.ino, two.ino); /* and the content */
    expect_read(world, one.node, "25\n");
    expect_read(world, two.node, "25\n");
    assert_int_equal(lookup(world, dir.node, "numResults").node, one.node); /* the first one answered is current */
}

static void a_pending_version_that_turns_out_unchanged_has_the_old_ino(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, RUNNING);
    struct tree_attr old = lookup(world, job, "status");
    struct tree_attr attr;
    fake_clock_advance(&world->clock, TTL);
    struct tree_attr pending = lookup(world, job, "status");
    assert_int_not_equal(pending.node, old.node);
    assert_int_equal(wait_for(world, pending.node, RUNNING, NULL, &attr), 0);
    assert_int_equal(attr.ino, old.ino);
    assert_int_equal(lookup(world, job, "status").node, old.node); /* which stays current, with its pages */
}

static void a_job_in_trouble_keeps_its_name_and_its_values_say_why(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, RUNNING);
    struct tree_attr old = lookup(world, job, "status");
    struct tree_attr attr;
    struct slice bytes;
    fake_clock_advance(&world->clock, TTL);
    assert_int_equal(wait_for(world, job, NULL, "AccessDeniedException", &attr), 0); /* the directory answers */
    assert_int_equal(attr.mtime_ms, 7000);
    assert_in_range(attr.attr_ms, 1, FAILURE_MS);
    attr = lookup(world, job, "status");
    assert_int_not_equal(attr.node, old.node);
    assert_int_equal(attr.entry_ms, 0);
    assert_int_equal(attr.attr_ms, 1000);
    assert_int_equal(attr.size, old.size); /* the attributes last known */
    assert_int_equal(attr.ino, old.ino);
    assert_int_equal(tree_read(world->tree, attr.node, 0, 100, &bytes), -EACCES);
    struct tree_attr empty = lookup(world, job, "failureReason");
    assert_int_equal(empty.size, 1); /* nothing is read of an empty file: it would look like "no reason" */
    expect_read(world, old.node, "IN PROGRESS\n");
    assert_int_equal(world->source.describes, 2); /* within a second nothing is asked again */
    fake_clock_advance(&world->clock, FAILURE_MS);
    struct tree_attr again;
    assert_int_equal(wait_for(world, job, FINISHED, NULL, &again), 0);
    expect_read(world, lookup(world, job, "status").node, "ACTIVE\n");
    assert_int_equal(tree_read(world->tree, attr.node, 0, 100, &bytes), -EACCES); /* opened then, it stays so */
}

static void a_pending_version_may_fail(void **state)
{
    struct world *world = *state;
    list(world, "[" RUNNING "]");
    struct tree_attr dir = lookup(world, TREE_ROOT, "a");
    struct tree_attr attr = lookup(world, dir.node, "numResults");
    struct slice bytes;
    assert_int_equal(wait_for(world, attr.node, NULL, "ThrottlingException", &attr), 0);
    assert_int_equal(attr.size, 1);
    assert_int_equal(attr.attr_ms, FAILURE_MS);
    assert_int_equal(tree_read(world->tree, attr.node, 0, 100, &bytes), -EBUSY);
}

static void a_name_never_shown_fails_in_getattr(void **state)
{
    struct world *world = *state;
    struct tree_attr attr = lookup(world, TREE_ROOT, "a");
    assert_int_equal(wait_for(world, attr.node, NULL, "no-credentials", &attr), -ENOKEY);
    assert_int_equal(tree_getattr(world->tree, attr.node, &attr), -ENOKEY); /* within a second: without a call */
    assert_int_equal(world->source.describes, 1);
}

static void the_root_never_waits_in_getattr(void **state)
{
    struct world *world = *state;
    struct tree_attr attr;
    assert_int_equal(tree_getattr(world->tree, TREE_ROOT, &attr), 0);
    assert_true(attr.attr_ms == TREE_FOREVER_MS);
    assert_int_equal(attr.mtime_ms, world->clock.wall_ms);
    list(world, "[]");
    fake_clock_advance(&world->clock, LIST_TTL);
    assert_int_equal(tree_getattr(world->tree, TREE_ROOT, &attr), 0);
    assert_int_equal(tree_opendir(world->tree, TREE_ROOT, false), 0); /* df: answered from the last listing */
    assert_int_equal(tree_opendir(world->tree, TREE_ROOT, true), TREE_WAIT);
}

static void the_listing_goes_on_from_any_offset(void **state)
{
    struct world *world = *state;
    struct collected all = { .fits = 4 };
    struct collected rest = { .fits = 64 };
    list(world, "[{\"jobName\":\"b\"},{\"jobName\":\"a\"},{\"jobName\":\"c\"}]");
    assert_int_equal(tree_readdir(world->tree, TREE_ROOT, 0, true, collect, &all), 0);
    assert_string_equal(all.names, ". .. b a ");
    assert_int_equal(tree_readdir(world->tree, TREE_ROOT, all.next, true, collect, &rest), 0);
    assert_string_equal(rest.names, "c ");
    assert_true(tree_opendir_keeps(world->tree, TREE_ROOT));
    fake_clock_advance(&world->clock, LIST_TTL);
    list(world, "[{\"jobName\":\"b\"},{\"jobName\":\"c\"}]");
    assert_false(tree_opendir_keeps(world->tree, TREE_ROOT)); /* a name has gone */
    rest = (struct collected){ .fits = 64 };
    assert_int_equal(tree_readdir(world->tree, TREE_ROOT, all.next, true, collect, &rest), 0);
    assert_string_equal(rest.names, "c ");
}

static void a_job_lists_its_members_and_calls_nothing(void **state)
{
    struct world *world = *state;
    struct collected cold = { .fits = 64 };
    struct collected warm = { .fits = 64 };
    list(world, "[" RUNNING "]");
    struct tree_attr dir = lookup(world, TREE_ROOT, "a");
    assert_int_equal(tree_readdir(world->tree, dir.node, 0, true, collect, &cold), 0);
    assert_non_null(strstr(cold.names, " status "));
    assert_non_null(strstr(cold.names, " jobInput "));
    assert_null(strstr(cold.names, " path "));
    unsigned unknown = 0;
    for (unsigned i = 2; i < cold.n; i++)
        unknown += !cold.attr[i].node;
    assert_int_equal(unknown, 4); /* not fresh, so not looked up: what a listing does not carry */
    assert_int_equal(world->source.describes, 0);
    assert_int_equal(tree_count_versions(world->tree), 8);
    struct tree_attr attr = lookup(world, dir.node, "numResults");
    assert_int_equal(wait_for(world, attr.node, RUNNING, NULL, &attr), 0);
    assert_int_equal(tree_readdir(world->tree, dir.node, 0, true, collect, &warm), 0);
    assert_string_equal(warm.names, cold.names);
    for (unsigned i = 2; i < warm.n; i++)
        assert_int_not_equal(warm.attr[i].node, 0);
    struct tree_attr input = lookup(world, dir.node, "jobInput");
    struct collected below = { .fits = 64 };
    assert_int_equal(input.mtime_ms, 3000); /* it is as old as the job */
    assert_int_equal(tree_readdir(world->tree, input.node, 0, false, collect, &below), 0);
    assert_string_equal(below.names, ". .. path kmsKeyArn ");
}

static void what_is_forgotten_is_gone(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, RUNNING);
    uint64_t last = 0;
    struct tree_attr attr;
    for (int i = 0; i < 10000; i++) {
        char json[200];
        (void)snprintf(json, sizeof json, JOB("PENDING", ",\"failureReason\":\"%d\""), i);
        fake_clock_advance(&world->clock, TTL);
        assert_int_equal(wait_for(world, job, json, NULL, &attr), 0);
        attr = lookup(world, job, "failureReason");
        if (last)
            tree_forget(world->tree, last, 1);
        last = attr.node;
    }
    assert_int_equal(tree_count_versions(world->tree), 1);
    struct slice bytes;
    tree_forget(world->tree, last, 5); /* more than were given: no harm */
    assert_int_equal(tree_read(world->tree, last, 0, 10, &bytes), -ESTALE);
    assert_int_equal(tree_count_versions(world->tree), 0);
    tree_forget(world->tree, job, 1);
    assert_int_equal(tree_getattr(world->tree, job, &attr), -ESTALE);
    assert_int_equal(tree_getattr(world->tree, 0xdeadbeef00, &attr), -ESTALE);
    attr = lookup(world, TREE_ROOT, "a"); /* the job itself is not */
    assert_true(attr.entry_ms == TREE_FOREVER_MS);
}

static void reads_have_limits(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, RUNNING);
    struct tree_attr attr = lookup(world, job, "status");
    struct slice bytes;
    assert_int_equal(tree_read(world->tree, attr.node, 3, 4, &bytes), 0);
    assert_int_equal(bytes.len, 4);
    assert_memory_equal(bytes.data, "PROG", 4);
    assert_int_equal(tree_read(world->tree, attr.node, 12, 4, &bytes), 0);
    assert_int_equal(bytes.len, 0);
    assert_int_equal(tree_read(world->tree, attr.node, UINT64_MAX, 4, &bytes), 0);
    assert_int_equal(bytes.len, 0);
}

static void inode_numbers_outlive_the_mount(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, RUNNING);
    uint64_t status = lookup(world, job, "status").ino;
    uint64_t directory = lookup(world, TREE_ROOT, "a").ino;
    teardown(state);
    assert_int_equal(setup(state), 0);
    job = enter(world, RUNNING);
    assert_int_equal(lookup(world, job, "status").ino, status);
    assert_int_equal(lookup(world, TREE_ROOT, "a").ino, directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_that_is_not_known_is_provisional),
        TEST(names_that_cannot_be_are_absent_without_a_call),
        TEST(a_name_that_is_no_job_is_absent_for_a_while),
        TEST(a_fresh_value_is_answered_at_once),
        TEST(an_expired_value_waits_in_the_directory),
        TEST(a_value_that_has_not_changed_keeps_its_node),
        TEST(a_change_of_the_same_length_and_time_is_a_new_version),
        TEST(a_value_that_is_not_fresh_is_pending),
        TEST(the_first_that_is_answered_stays_current),
        TEST(a_pending_version_that_turns_out_unchanged_has_the_old_ino),
        TEST(a_job_in_trouble_keeps_its_name_and_its_values_say_why),
        TEST(a_pending_version_may_fail),
        TEST(a_name_never_shown_fails_in_getattr),
        TEST(the_root_never_waits_in_getattr),
        TEST(the_listing_goes_on_from_any_offset),
        TEST(a_job_lists_its_members_and_calls_nothing),
        TEST(what_is_forgotten_is_gone),
        TEST(reads_have_limits),
        TEST(inode_numbers_outlive_the_mount),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
