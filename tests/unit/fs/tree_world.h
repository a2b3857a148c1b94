/* SPDX-License-Identifier: MIT */
/* tree_world: a tree over a cache over a service and a clock that tests move. For the tests of the tree. */
#ifndef TREE_WORLD_H
#define TREE_WORLD_H

#include "fake_clock.h"
#include "fake_source.h"
#include "fs/tree.h"
#include "jobs/arn.h"
#include "probe.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TTL = 30000, FINAL_TTL = 86400000, LIST_TTL = 60000, NEGATIVE_TTL = 5000, TIMEOUT = 15000 };

#define JOB(status, more) "{\"jobName\":\"a\",\"batchInferenceJobArn\":\"arn:a\",\"status\":\"" status "\"" more "}"
#define RUNNING JOB("IN PROGRESS", ",\"lastUpdatedDateTime\":7,\"creationDateTime\":3")
#define FINISHED JOB("ACTIVE", ",\"lastUpdatedDateTime\":8,\"creationDateTime\":3")

struct world {
    struct fake_clock clock;
    struct timers timers;
    struct fake_source source;
    struct cache *cache;
    struct tree *tree;
    struct cache *other; /* what an ARN's cache is; NULL: refused */
    int asked;           /* for an ARN */
    int64_t stale_if_error_ms;
    int64_t stale_while_revalidate_ms;
};

__attribute__((unused)) static void names_changed(void *data) { (void)data; }

__attribute__((unused)) static struct cache *cache_of(void *data, const struct arn *arn)
{
    struct world *world = data;
    (void)arn;
    world->asked++;
    return world->other;
}

static struct world the_world;

__attribute__((unused)) static int setup(void **state)
{
    int64_t stale_if_error_ms = the_world.stale_if_error_ms;
    int64_t stale_while_revalidate_ms = the_world.stale_while_revalidate_ms;
    the_world = (struct world){ 0 };
    fake_clock_init(&the_world.clock);
    timers_init(&the_world.timers, &the_world.clock.clock);
    fake_source_init(&the_world.source, &the_world.clock.clock);
    const struct cache_settings cache = { .kind = &kind_batch_inference_job,
                                          .source = &the_world.source.source,
                                          .timers = &the_world.timers,
                                          .clock = &the_world.clock.clock,
                                          .ttl_ms = TTL,
                                          .final_ttl_ms = FINAL_TTL,
                                          .list_ttl_ms = LIST_TTL,
                                          .negative_ttl_ms = NEGATIVE_TTL,
                                          .stale_if_error_ms = stale_if_error_ms,
                                          .stale_while_revalidate_ms = stale_while_revalidate_ms,
                                          .timeout_ms = TIMEOUT,
                                          .names_changed = names_changed };
    assert_int_equal(cache_new(&cache, &the_world.cache), 0);
    const struct tree_settings tree = { .kind = &kind_batch_inference_job,
                                        .cache = the_world.cache,
                                        .cache_of = cache_of,
                                        .data = &the_world,
                                        .clock = &the_world.clock.clock,
                                        .negative_ttl_ms = NEGATIVE_TTL };
    *state = &the_world;
    return tree_new(&tree, &the_world.tree);
}

__attribute__((unused)) static int teardown(void **state)
{
    struct world *world = *state;
    tree_free(world->tree);
    cache_free(world->cache);
    return 0;
}

__attribute__((unused)) static struct tree_attr lookup(struct world *world, uint64_t node, const char *name)
{
    struct tree_attr attr;
    assert_int_equal(tree_lookup(world->tree, node, name, &attr), 0);
    return attr;
}

/* GETATTR of a node that must wait, answered by `json`, or failed with `code`. */
__attribute__((unused)) static int wait_for(struct world *world, uint64_t node, const char *json, const char *code,
                                            struct tree_attr *ret)
{
    struct probe probe;
    assert_int_equal(tree_getattr(world->tree, node, ret), TREE_WAIT);
    assert_int_equal(tree_wait(world->tree, node, probe_waiter(&probe)), 0);
    if (json)
        fake_source_describe(&world->source, json);
    else
        fake_source_fail(&world->source, code);
    assert_int_equal(probe.calls, 1);
    return tree_getattr_waited(world->tree, node, probe.number, ret);
}

/* The directory of job "a", described. */
__attribute__((unused)) static uint64_t enter(struct world *world, const char *json)
{
    struct tree_attr attr = lookup(world, TREE_ROOT, "a");
    assert_int_equal(wait_for(world, attr.node, json, NULL, &attr), 0);
    return attr.node;
}

__attribute__((unused)) static void expect_read(struct world *world, uint64_t node, const char *text)
{
    struct slice bytes;
    assert_int_equal(tree_read(world->tree, node, 0, 4096, &bytes), 0);
    assert_int_equal(bytes.len, strlen(text));
    if (bytes.len)
        assert_memory_equal(bytes.data, text, bytes.len);
}

__attribute__((unused)) static void list(struct world *world, const char *json)
{
    struct probe probe;
    assert_int_equal(tree_opendir(world->tree, TREE_ROOT, true), TREE_WAIT);
    assert_int_equal(tree_wait(world->tree, TREE_ROOT, probe_waiter(&probe)), 0);
    fake_source_page(&world->source, json, NULL);
    assert_int_equal(probe.number, 0);
}

struct collected {
    char names[512];
    struct tree_attr attr[64];
    unsigned n;
    unsigned fits;
    uint64_t next;
};

__attribute__((unused)) static bool collect(void *data, const char *name, const struct tree_attr *attr, uint64_t next)
{
    struct collected *to = data;
    if (to->n == to->fits)
        return false;
    (void)snprintf(to->names + strlen(to->names), sizeof to->names - strlen(to->names), "%s ", name);
    to->attr[to->n++] = *attr;
    to->next = next;
    return true;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
