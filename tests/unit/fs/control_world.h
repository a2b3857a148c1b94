/* SPDX-License-Identifier: MIT */
/* control_world: the mount's own files over a service, counts and a clock that tests move. */
#ifndef CONTROL_WORLD_H
#define CONTROL_WORLD_H

#include "aws/failure.h"
#include "fs/control.h"
#include "tree_world.h"

struct control_world {
    struct world *world; /* whose cache it tells of */
    struct failures *failures;
    struct stats stats;
    struct tree_counts counts;
    struct control *control;
};

static struct control_world own;

static void visit_settings(void *data, settings_visit_fn *visit, void *visit_data)
{
    (void)data;
    visit(visit_data, "region", "us-west-2", "SOURCE");
    visit(visit_data, "no_proxy", NULL, "");
    visit(visit_data, "profile", "a\tb\n", "option");
}

static struct control_sources own_sources(void)
{
    return (struct control_sources){ .clock = &the_world.clock.clock,
                                     .cache = the_world.cache,
                                     .failures = own.failures,
                                     .stats = &own.stats,
                                     .counts = &own.counts,
                                     .visit_settings = visit_settings };
}

static int own_setup(void **state)
{
    int result = setup(state);
    own = (struct control_world){ .world = &the_world };
    if (!result)
        result = failures_new(&the_world.clock.clock, &own.failures);
    const struct control_sources sources = own_sources();
    return result ? result : control_new(&sources, &own.control);
}

static int own_teardown(void **state)
{
    control_free(own.control);
    failures_free(own.failures);
    return teardown(state);
}

#define OWN_TEST(name) cmocka_unit_test_setup_teardown(name, own_setup, own_teardown)

#endif
