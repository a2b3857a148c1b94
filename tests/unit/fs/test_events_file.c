/* SPDX-License-Identifier: MIT */
/* .personalizefs/events, as the kernel asks for it. */
#include "fake_clock.h"
#include "fake_source.h"
#include "fs/control.h"
#include "fs/events_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { LIST_TTL = 60000, PATIENCE_MS = 60000 };

struct world {
    struct fake_clock clock;
    struct timers timers;
    struct fake_source source;
    struct cache *cache;
    struct events *events;
    struct event_status *last;
    struct announcer *announcer;
    struct events_file *file;
    struct control *control;
    uint64_t dir;
};

static void names_changed(void *data) { (void)data; }

static void drop(void *data, uint64_t node)
{
    (void)data;
    (void)node;
}

static int setup(void **state)
{
    static struct world world;
    world = (struct world){ .last = NULL };
    fake_clock_init(&world.clock);
    timers_init(&world.timers, &world.clock.clock);
    fake_source_init(&world.source, &world.clock.clock);
    const struct cache_settings settings = { .kind = &kind_batch_inference_job,
                                             .source = &world.source.source,
                                             .timers = &world.timers,
                                             .clock = &world.clock.clock,
                                             .list_ttl_ms = LIST_TTL,
                                             .timeout_ms = 15000,
                                             .names_changed = names_changed };
    assert_int_equal(cache_new(&settings, &world.cache), 0);
    assert_int_equal(events_new(&world.clock.clock, &world.events), 0);
    assert_int_equal(announcer_new(drop, NULL, &world.announcer), 0);
    assert_int_equal(events_file_new(world.events, world.announcer, &world.file), 0);
    const struct control_sources sources = { .clock = &world.clock.clock, .cache = world.cache, .events = world.file };
    assert_int_equal(control_new(&sources, &world.control), 0);
    world.dir = control_dir_attr(world.control).node;
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    control_free(world->control);
    events_file_free(world->file);
    announcer_free(world->announcer);
    events_forget(world->events, &world->last);
    events_free(world->events);
    cache_free(world->cache);
    return 0;
}

static struct tree_attr lookup(struct world *world)
{
    struct tree_attr attr;
    assert_int_equal(control_lookup(world->control, world->dir, "events", &attr), 0);
    assert_int_equal(attr.entry_ms + attr.attr_ms, 0);
    return attr;
}

static struct tree_attr getattr(struct world *world, uint64_t node)
{
    struct tree_attr attr;
    assert_int_equal(control_getattr(world->control, node, &attr), 0);
    assert_int_equal(attr.attr_ms, 0);
    return attr;
}

/* Once the announcer has announced it. */
static void wait_for_size(struct world *world, uint64_t node, uint64_t size)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    for (int i = 0; i < PATIENCE_MS && getattr(world, node).size < size; i++)
        (void)nanosleep(&pause, NULL);
    assert_int_equal(getattr(world, node).size, size);
}

/* One answer that adds lines until the log has more than `bytes`. */
static void fill(struct world *world, size_t bytes)
{
    char status[EVENTS_STATUS_BYTES_MAX + 1];
    events_begin(world->events);
    for (unsigned i = 0; !i || events_current(world->events)->text.len <= bytes; i++) {
        (void)snprintf(status, sizeof status, "%0*u", EVENTS_STATUS_BYTES_MAX, i);
        events_see(world->events, &world->last, "job", (struct slice){ status, strlen(status) }, false);
    }
    events_end(world->events);
}

static void all_lookups_give_the_one_file_that_grows(void **state)
{
    struct world *world = *state;
    struct tree_attr first = lookup(world);
    assert_int_equal(first.size, 0);
    assert_int_equal(lookup(world).node, first.node);
    assert_int_equal(control_count_snapshots(world->control), 1);
    fill(world, 0);
    size_t len = events_current(world->events)->text.len;
    BUF_CLEANUP struct buf text = BUF_INIT(10000);
    assert_int_equal(control_read(world->control, first.node, 0, 4096, &text), 0); /* at once, whatever its size says */
    assert_int_equal(text.len, len);
    wait_for_size(world, first.node, len);
    struct tree_attr again = lookup(world);
    assert_int_equal(again.node, first.node);
    assert_int_equal(again.ino, first.ino);
    assert_int_equal(again.size, len);
    assert_int_equal(again.mtime_ms, world->clock.wall_ms);
    control_forget(world->control, first.node, 2);
    assert_int_equal(getattr(world, first.node).size, len);
    control_forget(world->control, first.node, 1);
    struct tree_attr attr;
    assert_int_equal(control_getattr(world->control, first.node, &attr), -ESTALE);
    assert_int_equal(lookup(world).size, len); /* nothing of it is kept: all of it may be said */
}

static void another_log_is_another_file_and_the_old_one_stays(void **state)
{
    struct world *world = *state;
    BUF_CLEANUP struct buf text = BUF_INIT(EVENTS_LOG_BYTES_MAX);
    struct tree_attr first = lookup(world);
    fill(world, EVENTS_LOG_BYTES);
    size_t len = events_current(world->events)->text.len;
    assert_int_equal(control_read(world->control, first.node, 0, 1, &text), 0);
    fake_clock_advance(&world->clock, EVENTS_QUIET_MS);
    fill(world, 0);
    struct tree_attr second = lookup(world);
    assert_int_not_equal(second.node, first.node);
    assert_int_not_equal(second.ino, first.ino);
    wait_for_size(world, first.node, len); /* its end too is announced */
    buf_clear(&text);
    assert_int_equal(control_read(world->control, first.node, 0, EVENTS_LOG_BYTES_MAX, &text), 0);
    assert_int_equal(text.len, len);
    assert_int_equal(lookup(world).node, second.node);
    control_forget(world->control, first.node, 1);
    assert_int_equal(control_count_snapshots(world->control), 1);
}

static void looking_lists_in_the_background(void **state)
{
    struct world *world = *state;
    struct tree_attr attr = lookup(world);
    BUF_CLEANUP struct buf text = BUF_INIT(4096);
    (void)getattr(world, attr.node);
    (void)getattr(world, attr.node);
    assert_int_equal(world->source.lists, 1);
    fake_source_page(&world->source, "[]", NULL);
    (void)getattr(world, attr.node);
    assert_int_equal(world->source.lists, 1); /* it is fresh */
    fake_clock_advance(&world->clock, LIST_TTL);
    assert_int_equal(control_read(world->control, attr.node, 0, 4096, &text), 0);
    assert_int_equal(world->source.lists, 2);
    fake_source_fail(&world->source, "InternalServerError");
    (void)getattr(world, attr.node); /* says nothing of it, and does not ask again at once */
    assert_int_equal(world->source.lists, 2);
    fake_clock_advance(&world->clock, LIST_TTL);
    (void)getattr(world, attr.node);
    assert_int_equal(world->source.lists, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_lookups_give_the_one_file_that_grows),
        TEST(another_log_is_another_file_and_the_old_one_stays),
        TEST(looking_lists_in_the_background),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
