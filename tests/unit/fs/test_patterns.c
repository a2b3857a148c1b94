/* SPDX-License-Identifier: MIT */
/* tree: what a shell asks for when it could not expand a glob. */
#include "fake_clock.h"
#include "fake_source.h"
#include "fs/tree.h"
#include "jobs/arn.h"
#include "probe.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ELSEWHERE "arn:aws:personalize:eu-west-1:123456789012:batch-inference-job"

static const char *const patterns[] = { "*", "nightly-*", "nightly-?-01", "?", "[a-c]", "x[", "a b*", ".*" };
enum { N_PATTERNS = sizeof patterns / sizeof *patterns };

/* The root's jobs, and those of an ARN. */
struct world {
    struct fake_clock clock;
    struct timers timers;
    struct fake_source source, source_elsewhere;
    struct cache *cache, *cache_elsewhere;
    struct tree *tree;
};

static void names_changed(void *data) { (void)data; }

static struct cache *cache_of(void *data, const struct arn *arn)
{
    struct world *world = data;
    return strcmp(arn->region, "eu-west-1") ? NULL : world->cache_elsewhere;
}

static struct cache *make_cache(struct world *world, struct fake_source *source)
{
    struct cache *cache = NULL;
    fake_source_init(source, &world->clock.clock);
    const struct cache_settings settings = { .kind = &kind_batch_inference_job,
                                             .source = &source->source,
                                             .timers = &world->timers,
                                             .clock = &world->clock.clock,
                                             .ttl_ms = 30000,
                                             .final_ttl_ms = 86400000,
                                             .list_ttl_ms = 60000,
                                             .negative_ttl_ms = 5000,
                                             .timeout_ms = 15000,
                                             .names_changed = names_changed };
    assert_int_equal(cache_new(&settings, &cache), 0);
    return cache;
}

static int setup(void **state)
{
    static struct world world;
    fake_clock_init(&world.clock);
    timers_init(&world.timers, &world.clock.clock);
    world.cache = make_cache(&world, &world.source);
    world.cache_elsewhere = make_cache(&world, &world.source_elsewhere);
    const struct tree_settings tree = { .kind = &kind_batch_inference_job,
                                        .cache = world.cache,
                                        .cache_of = cache_of,
                                        .data = &world,
                                        .clock = &world.clock.clock,
                                        .negative_ttl_ms = 5000 };
    *state = &world;
    return tree_new(&tree, &world.tree);
}

static int teardown(void **state)
{
    struct world *world = *state;
    tree_free(world->tree);
    cache_free(world->cache);
    cache_free(world->cache_elsewhere);
    return 0;
}

/* Lists a directory of jobs: answered with none, or failed with `code`. */
static void list(struct world *world, uint64_t node, struct fake_source *source, const char *code)
{
    struct probe probe;
    assert_int_equal(tree_wait(world->tree, node, probe_waiter(&probe)), 0);
    if (code)
        fake_source_fail(source, code);
    else
        fake_source_page(source, "[]", NULL);
    assert_int_equal(probe.calls, 1);
}

/* What every pattern gives, and that nothing of it is kept by the kernel. */
static void expect(struct world *world, uint64_t node, int result)
{
    for (size_t i = 0; i < N_PATTERNS; i++) {
        struct tree_attr attr;
        assert_int_equal(tree_lookup(world->tree, node, patterns[i], &attr), result);
        assert_int_equal(attr.entry_ms, 0);
        assert_int_equal(attr.node, 0);
    }
}

static void while_the_last_listing_has_failed_a_pattern_says_why(void **state)
{
    struct world *world = *state;
    struct tree_attr attr;
    expect(world, TREE_ROOT, -ENOENT); /* nothing is known of a list that nobody asked for */
    list(world, TREE_ROOT, &world->source, "deadline");
    expect(world, TREE_ROOT, -ETIMEDOUT);
    fake_clock_advance(&world->clock, 3600000);
    expect(world, TREE_ROOT, -ETIMEDOUT);
    list(world, TREE_ROOT, &world->source, "AccessDeniedException"); /* the last one's */
    expect(world, TREE_ROOT, -EACCES);
    static const char *const others[] = { ".git", "a b", "autorun.inf", "a+" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(tree_lookup(world->tree, TREE_ROOT, others[i], &attr), -ENOENT);
    assert_int_equal(tree_lookup(world->tree, TREE_ROOT, "a-job", &attr), 0); /* works where listing is denied */
    list(world, TREE_ROOT, &world->source, NULL);
    expect(world, TREE_ROOT, -ENOENT);
    fake_clock_advance(&world->clock, 3600000); /* it is old, but it did not fail */
    expect(world, TREE_ROOT, -ENOENT);
    assert_int_equal(world->source.lists, 3);
    assert_int_equal(world->source.describes, 0);
}

static void a_listing_that_nobody_waited_for_has_not_failed(void **state)
{
    struct world *world = *state;
    struct probe probe;
    assert_int_equal(tree_wait(world->tree, TREE_ROOT, probe_waiter(&probe)), 0);
    waiter_cancel(&probe.waiter);
    fake_source_fail(&world->source, "ending");
    expect(world, TREE_ROOT, -ENOENT);
}

static void an_arns_directory_says_it_of_its_own_list(void **state)
{
    struct world *world = *state;
    struct tree_attr attr;
    assert_int_equal(tree_lookup(world->tree, TREE_ROOT, ELSEWHERE, &attr), 0);
    uint64_t node = attr.node;
    list(world, node, &world->source_elsewhere, "name-not-resolved");
    expect(world, node, -EHOSTUNREACH);
    expect(world, TREE_ROOT, -ENOENT);
    list(world, TREE_ROOT, &world->source, "connection-refused");
    expect(world, node, -EHOSTUNREACH);
    expect(world, TREE_ROOT, -ECONNREFUSED);
    list(world, node, &world->source_elsewhere, NULL);
    expect(world, node, -ENOENT);
    expect(world, TREE_ROOT, -ECONNREFUSED);
}

static void inside_a_job_a_pattern_is_a_name_as_others(void **state)
{
    struct world *world = *state;
    struct tree_attr attr;
    list(world, TREE_ROOT, &world->source, "deadline");
    assert_int_equal(tree_lookup(world->tree, TREE_ROOT, "a-job", &attr), 0);
    assert_int_equal(tree_lookup(world->tree, attr.node, "*", &attr), 0); /* a map's key may be called so */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(while_the_last_listing_has_failed_a_pattern_says_why),
        TEST(a_listing_that_nobody_waited_for_has_not_failed),
        TEST(an_arns_directory_says_it_of_its_own_list),
        TEST(inside_a_job_a_pattern_is_a_name_as_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
