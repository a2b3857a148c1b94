/* SPDX-License-Identifier: MIT */
/* What a listing carries is served from it; what a describe told comes first while it is fresh. */
#include "tree_world.h"

#define ITEM(status, updated) JOB(status, ",\"lastUpdatedDateTime\":" updated ",\"creationDateTime\":3")
#define WHOLE(status, updated, results) \
    JOB(status, ",\"lastUpdatedDateTime\":" updated ",\"creationDateTime\":3,\"numResults\":" results)

static void expect_at_hand(struct world *world, uint64_t job, const char *name, const char *text)
{
    struct tree_attr attr = lookup(world, job, name);
    assert_true(attr.attr_ms == TREE_FOREVER_MS); /* it was at hand */
    expect_read(world, attr.node, text);
}

/* Looks a value up that is to be waited for; its describe is answered by `json`. */
static struct tree_attr ask(struct world *world, uint64_t job, const char *name, const char *json)
{
    struct tree_attr attr = lookup(world, job, name);
    assert_int_equal(attr.entry_ms + attr.attr_ms, 0);
    assert_int_equal(wait_for(world, attr.node, json, NULL, &attr), 0);
    return attr;
}

static uint64_t listed(struct world *world, const char *items)
{
    list(world, items);
    return lookup(world, TREE_ROOT, "a").node;
}

static void what_a_listing_carries_costs_no_describe(void **state)
{
    struct world *world = *state;
    uint64_t job = listed(world, "[" ITEM("IN PROGRESS", "7") "]");
    fake_clock_advance(&world->clock, 1000);
    struct tree_attr status = lookup(world, job, "status");
    assert_int_equal(status.entry_ms, TTL - 1000);
    assert_true(status.attr_ms == TREE_FOREVER_MS);
    assert_int_equal(status.mtime_ms, 7000);
    assert_int_equal(status.ctime_ms, world->clock.wall_ms - 1000);
    expect_read(world, status.node, "IN PROGRESS\n");
    expect_at_hand(world, job, "lastUpdatedDateTime", "1970-01-01T00:00:07.000Z\n");
    struct tree_attr reason = lookup(world, job, "failureReason"); /* the item lacks it */
    assert_int_equal(reason.size, 0);
    assert_true(reason.entry_ms && reason.attr_ms);
    assert_int_equal(world->source.describes, 0);
    fake_clock_advance(&world->clock, TTL - 1000); /* one job alone costs its describe, never a listing */
    struct tree_attr later = ask(world, job, "status", WHOLE("IN PROGRESS", "7", "25"));
    assert_int_equal(later.ino, status.ino); /* of ARN, path and value, whoever told it */
    assert_int_equal(lookup(world, job, "status").node, status.node);
    assert_int_equal(world->source.describes, 1);
    assert_int_equal(world->source.lists, 1);
}

static void a_fresh_describe_comes_before_a_newer_listing(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, WHOLE("IN PROGRESS", "7", "25"));
    fake_clock_advance(&world->clock, 10000);
    list(world, "[" ITEM("ACTIVE", "8") "]");
    struct tree_attr dir = lookup(world, TREE_ROOT, "a");
    assert_int_equal(dir.attr_ms, FINAL_TTL); /* the directory is as fresh as the newer of the two */
    assert_int_equal(dir.mtime_ms, 8000);
    struct tree_attr status = lookup(world, job, "status");
    assert_int_equal(status.entry_ms, TTL - 10000);
    expect_read(world, status.node, "IN PROGRESS\n");
    expect_at_hand(world, job, "numResults", "25\n");
    fake_clock_advance(&world->clock, TTL - 10000); /* it has ended: the listing takes over */
    expect_at_hand(world, job, "status", "ACTIVE\n");
    assert_int_equal(world->source.describes, 1);
    ask(world, job, "numResults", WHOLE("ACTIVE", "8", "50")); /* only a describe has it */
    expect_at_hand(world, job, "numResults", "50\n");
    expect_at_hand(world, job, "status", "ACTIVE\n");
    assert_int_equal(world->source.describes, 2);
}

static void a_finished_job_is_described_once_however_often_it_is_listed(void **state)
{
    struct world *world = *state;
    uint64_t job = listed(world, "[" ITEM("ACTIVE", "8") "]");
    ask(world, job, "numResults", WHOLE("ACTIVE", "8", "25"));
    for (int i = 0; i < 10; i++) {
        fake_clock_advance(&world->clock, FINAL_TTL - 1);
        list(world, "[" ITEM("ACTIVE", "8.000") "]"); /* the same time, written otherwise */
        expect_at_hand(world, job, "numResults", "25\n");
        assert_int_equal(lookup(world, job, "numResults").ctime_ms, world->clock.wall_ms);
    }
    assert_int_equal(world->source.describes, 1);
}

static void a_describe_of_a_job_that_ran_does_not_last_because_it_has_finished(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, WHOLE("IN PROGRESS", "7", "25"));
    fake_clock_advance(&world->clock, TTL - 1);
    list(world, "[" ITEM("ACTIVE", "8") "]");
    fake_clock_advance(&world->clock, 1);
    ask(world, job, "numResults", WHOLE("ACTIVE", "8", "50"));
}

static void what_a_describe_denied_is_not_given_again(void **state)
{
    struct world *world = *state;
    struct tree_attr attr;
    uint64_t job = enter(world, WHOLE("ACTIVE", "8", "25"));
    fake_clock_advance(&world->clock, FINAL_TTL);
    assert_int_equal(wait_for(world, job, NULL, "ResourceNotFoundException", &attr), -ENOENT);
    fake_clock_advance(&world->clock, 1);
    job = listed(world, "[" ITEM("ACTIVE", "9") "]"); /* made anew, under the old name */
    expect_at_hand(world, job, "status", "ACTIVE\n");
    ask(world, job, "numResults", WHOLE("ACTIVE", "9", "50"));
    expect_at_hand(world, job, "numResults", "50\n");
}

static void where_describes_fail_what_is_listed_is_given(void **state)
{
    struct world *world = *state;
    struct slice bytes;
    uint64_t job = listed(world, "[" ITEM("IN PROGRESS", "7") "]");
    struct tree_attr attr = lookup(world, job, "numResults");
    assert_int_equal(wait_for(world, attr.node, NULL, "AccessDeniedException", &attr), 0);
    assert_int_equal(tree_read(world->tree, attr.node, 0, 100, &bytes), -EACCES);
    expect_at_hand(world, job, "status", "IN PROGRESS\n");
    struct tree_attr old = lookup(world, job, "status");
    fake_clock_advance(&world->clock, LIST_TTL);
    attr = lookup(world, job, "status");
    assert_int_equal(wait_for(world, attr.node, NULL, "AccessDeniedException", &attr), 0);
    assert_int_equal(attr.size, old.size); /* the attributes last known */
    assert_int_equal(attr.ino, old.ino);
    assert_int_equal(tree_read(world->tree, attr.node, 0, 100, &bytes), -EACCES);
    list(world, "[" ITEM("IN PROGRESS", "7") "]"); /* within the second that the failure is repeated for */
    expect_at_hand(world, job, "status", "IN PROGRESS\n");
}

static void a_jobs_listing_looks_up_what_is_fresh(void **state)
{
    static const char known[] = " jobName batchInferenceJobArn status creationDateTime lastUpdatedDateTime "
                                "failureReason solutionVersionArn batchInferenceJobMode ";
    struct world *world = *state;
    struct collected names = { .fits = 64 };
    uint64_t job = listed(world, "[" ITEM("IN PROGRESS", "7") "]");
    assert_int_equal(tree_readdir(world->tree, job, 0, true, collect, &names), 0);
    char *rest = names.names;
    unsigned n = 0;
    for (const char *name; (name = strtok_r(rest, " ", &rest)); n++) {
        char padded[80];
        (void)snprintf(padded, sizeof padded, " %s ", name);
        if (n >= 2 && !names.attr[n].is_dir)
            assert_int_equal(names.attr[n].node != 0, strstr(known, padded) != NULL);
    }
    assert_int_equal(world->source.describes, 0);
    fake_clock_advance(&world->clock, TTL); /* nothing is fresh any more, and still it costs nothing */
    names = (struct collected){ .fits = 64 };
    assert_int_equal(tree_readdir(world->tree, job, 0, true, collect, &names), 0);
    for (unsigned i = 2; i < names.n; i++)
        assert_true(names.attr[i].is_dir || !names.attr[i].node);
    assert_int_equal(world->source.describes, 0);
}

static void a_name_that_is_absent_is_so_as_long_as_a_describe_says(void **state)
{
    struct world *world = *state;
    struct tree_attr attr;
    uint64_t job = enter(world, WHOLE("IN PROGRESS", "7", "25"));
    fake_clock_advance(&world->clock, 10000);
    list(world, "[" ITEM("ACTIVE", "8") "]");
    assert_int_equal(tree_lookup(world->tree, job, "new", &attr), -ENOENT);
    assert_int_equal(attr.entry_ms, TTL - 10000); /* not the day that the directory lasts */
    assert_int_equal(tree_lookup(world->tree, job, ".git", &attr), -ENOENT);
    assert_int_equal(attr.entry_ms, FINAL_TTL);
}

static int setup_stale(void **state)
{
    the_world.stale_while_revalidate_ms = 60000;
    the_world.stale_if_error_ms = 120000;
    return setup(state);
}

static int teardown_stale(void **state)
{
    int result = teardown(state);
    the_world.stale_if_error_ms = the_world.stale_while_revalidate_ms = 0;
    return result;
}

static void an_old_listed_value_is_given_while_a_new_one_is_fetched_or_cannot_be_had(void **state)
{
    struct world *world = *state;
    struct slice bytes;
    uint64_t job = listed(world, "[" ITEM("IN PROGRESS", "7") "]");
    expect_at_hand(world, job, "status", "IN PROGRESS\n");
    assert_int_equal(world->source.describes, 0);
    fake_clock_advance(&world->clock, TTL);
    struct tree_attr attr = lookup(world, job, "status"); /* at once, and one is on its way */
    expect_read(world, attr.node, "IN PROGRESS\n");
    assert_int_equal(world->source.describes, 1);
    assert_int_equal(world->source.lists, 1);
    fake_source_fail(&world->source, "ThrottlingException");
    fake_clock_advance(&world->clock, 70000); /* too old to be given unasked */
    attr = lookup(world, job, "status");
    assert_int_equal(wait_for(world, attr.node, NULL, "ThrottlingException", &attr), 0);
    expect_read(world, attr.node, "IN PROGRESS\n"); /* but it stands in */
    fake_clock_advance(&world->clock, 60000);
    attr = lookup(world, job, "status");
    assert_int_equal(wait_for(world, attr.node, NULL, "ThrottlingException", &attr), 0);
    assert_int_equal(tree_read(world->tree, attr.node, 0, 100, &bytes), -EBUSY);
}

/* A status that a listing tells is no reason to fetch what only a describe has. */
static void a_listed_value_fetches_nothing_for_others(void **state)
{
    struct world *world = *state;
    uint64_t job = enter(world, WHOLE("IN PROGRESS", "7", "25"));
    fake_clock_advance(&world->clock, TTL);
    list(world, "[" ITEM("IN PROGRESS", "7") "]");
    expect_at_hand(world, job, "status", "IN PROGRESS\n");
    assert_int_equal(world->source.describes, 1);
    expect_at_hand(world, job, "numResults", "25\n");
    assert_int_equal(world->source.describes, 2);
}

/* The describe was sent first, a listing came and has become old since: the wait was not for nothing all the same. */
static void what_was_waited_for_lasts_a_moment(void **state)
{
    struct world *world = *state;
    struct probe probe;
    struct tree_attr attr = lookup(world, TREE_ROOT, "a");
    assert_int_equal(tree_getattr(world->tree, attr.node, &attr), TREE_WAIT);
    assert_int_equal(tree_wait(world->tree, attr.node, probe_waiter(&probe)), 0);
    fake_clock_advance(&world->clock, 1);
    list(world, "[" ITEM("IN PROGRESS", "7") "]");
    fake_clock_advance(&world->clock, TTL);
    fake_source_describe(&world->source, WHOLE("IN PROGRESS", "7", "25"));
    assert_int_equal(tree_getattr_waited(world->tree, attr.node, probe.number, &attr), 0);
    assert_int_equal(attr.attr_ms, HOLD_MS);
    assert_int_equal(lookup(world, attr.node, "status").entry_ms, HOLD_MS);
}

int main(void)
{
#define STALE(name) cmocka_unit_test_setup_teardown(name, setup_stale, teardown_stale)
    const struct CMUnitTest tests[] = {
        TEST(what_a_listing_carries_costs_no_describe),
        TEST(a_fresh_describe_comes_before_a_newer_listing),
        TEST(a_finished_job_is_described_once_however_often_it_is_listed),
        TEST(a_describe_of_a_job_that_ran_does_not_last_because_it_has_finished),
        TEST(what_a_describe_denied_is_not_given_again),
        TEST(where_describes_fail_what_is_listed_is_given),
        TEST(a_jobs_listing_looks_up_what_is_fresh),
        TEST(a_name_that_is_absent_is_so_as_long_as_a_describe_says),
        TEST(what_was_waited_for_lasts_a_moment),
        STALE(an_old_listed_value_is_given_while_a_new_one_is_fetched_or_cannot_be_had),
        STALE(a_listed_value_fetches_nothing_for_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
