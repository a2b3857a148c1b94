/* SPDX-License-Identifier: MIT */
/* buf, table, timer: what everything else stands on. */
#include "base/buf.h"
#include "base/table.h"
#include "base/timer.h"
#include "fake_clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_buffer_has_a_ceiling_and_its_error_sticks(void **state)
{
    BUF_CLEANUP struct buf buf = BUF_INIT(10);
    (void)state;
    assert_int_equal(buf_append_str(&buf, "12345"), 0);
    assert_int_equal(buf_printf(&buf, "%d", 67890), 0); /* just full */
    assert_int_equal(buf_append_char(&buf, 'x'), -EMSGSIZE);
    assert_string_equal(buf_str(&buf), "1234567890");
    assert_int_equal(buf_append_str(&buf, ""), -EMSGSIZE);
    assert_int_equal(buf_error(&buf), -EMSGSIZE);
    assert_null(buf_steal(&buf));
    buf_clear(&buf);
    assert_int_equal(buf_append_str(&buf, "anew"), 0);
    char *text = buf_steal(&buf);
    assert_string_equal(text, "anew");
    free(text);
    assert_string_equal(buf_str(&buf), "");
}

struct item {
    char key[16];
};

static struct slice key_of(const void *item)
{
    const struct item *it = item;
    return (struct slice){ it->key, strlen(it->key) };
}

static void a_table_against_an_array(void **state)
{
    enum { ITEMS = 500, STEPS = 100000 };
    static struct item items[ITEMS];
    static bool in[ITEMS];
    struct table table;
    unsigned random = 12345;
    size_t n = 0;
    (void)state;
    table_init(&table, key_of);
    assert_null(table_get(&table, (struct slice){ "x", 1 }));
    assert_null(table_remove(&table, (struct slice){ "x", 1 }));
    for (int i = 0; i < ITEMS; i++)
        (void)snprintf(items[i].key, sizeof items[i].key, "k%d", i);
    for (int step = 0; step < STEPS; step++) {
        random = random * 1103515245 + 12345;
        unsigned i = random / 65536 % ITEMS;
        if (random & 0x80000000) {
            assert_int_equal(table_add(&table, &items[i]), in[i] ? -EEXIST : 0);
            n += !in[i];
            in[i] = true;
        } else {
            assert_ptr_equal(table_remove(&table, key_of(&items[i])), in[i] ? &items[i] : NULL);
            n -= in[i];
            in[i] = false;
        }
        unsigned j = random / 7 % ITEMS;
        assert_ptr_equal(table_get(&table, key_of(&items[j])), in[j] ? &items[j] : NULL);
    }
    size_t at = 0;
    size_t seen = 0;
    while (table_next(&table, &at))
        seen++;
    assert_int_equal(seen, n);
    table_release(&table);
}

static void hashes_are_the_same_everywhere(void **state)
{
    (void)state;
    assert_true(hash_bytes(0, "", 0) == UINT64_C(0x8570e250fe4c2473)); /* inode numbers rest on these */
    assert_true(hash_bytes(0, "arn", 3) == UINT64_C(0x84ace9aab095359d));
    assert_true(hash_bytes(0, "a", 1) != hash_bytes(0, "b", 1));
    assert_true(hash_bytes(0, "a", 1) != hash_bytes(1, "a", 1));
    assert_true(hash_bytes(hash_bytes(0, "a", 1), "b", 1) != hash_bytes(hash_bytes(0, "ab", 2), "", 0));
}

static char fired[32];
static struct timers timers;
static struct timer b;

static void fire(void *data)
{
    strcat(fired, data);
    if (!strcmp(data, "a"))
        timer_stop(&b); /* one that is due too */
}

static void timers_fire_in_their_order(void **state)
{
    struct fake_clock clock;
    struct timer a;
    struct timer c;
    struct timer d;
    (void)state;
    fake_clock_init(&clock);
    timers_init(&timers, &clock.clock);
    assert_int_equal(timers_wait_ms(&timers), -1);
    timer_init(&a, fire, (char[]){ "a" });
    timer_init(&b, fire, (char[]){ "b" });
    timer_init(&c, fire, (char[]){ "c" });
    timer_init(&d, fire, (char[]){ "d" });
    timer_start(&timers, &c, 30);
    timer_start(&timers, &a, 10);
    timer_start(&timers, &b, 20);
    timer_start(&timers, &d, INT64_MAX / 4);
    assert_int_equal(timers_wait_ms(&timers), 10);
    timers_run(&timers);
    assert_string_equal(fired, "");
    fake_clock_advance(&clock, 30);
    assert_int_equal(timers_wait_ms(&timers), 0);
    timers_run(&timers);
    assert_string_equal(fired, "ac");
    assert_true(timer_is_started(&d));
    assert_false(timer_is_started(&b));
    assert_int_equal(timers_wait_ms(&timers), INT32_MAX);
    timer_start(&timers, &d, 0); /* moved */
    timers_run(&timers);
    assert_string_equal(fired, "acd");
    assert_int_equal(timers_wait_ms(&timers), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_has_a_ceiling_and_its_error_sticks),
        cmocka_unit_test(a_table_against_an_array),
        cmocka_unit_test(hashes_are_the_same_everywhere),
        cmocka_unit_test(timers_fire_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
