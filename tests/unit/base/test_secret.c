/* SPDX-License-Identifier: MIT */
#include "base/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCKS = 64, ROUNDS = 20000 };

static bool is_zeros(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i])
            return false;
    return true;
}

static void test_copies(void **state)
{
    (void)state;
    char *copy = secret_copy("hush", 4);
    char *part = secret_copy("hushhush", 4);
    char *empty = secret_copy(NULL, 0);
    assert_string_equal(copy, "hush");
    assert_string_equal(part, "hush");
    assert_string_equal(empty, "");
    assert_int_equal((uintptr_t)copy % 16, 0);
    secret_free(part);
    secret_free(empty);
    secret_free(NULL);
    assert_string_equal(copy, "hush");
    secret_free(copy);
    assert_true(is_zeros(copy, 5)); /* the memory is the allocator's still */
    assert_null(secret_alloc(SIZE_MAX));
    assert_null(secret_alloc((16 << 20) + 1));
    char *large = secret_alloc(1 << 20);
    assert_non_null(large);
    assert_true(is_zeros(large, 1 << 20));
    secret_free(large);
}

/* Blocks of many sizes, in any order: none overlaps another, each comes as zeros, and what is free is used again. */
static void test_many(void **state)
{
    static char *block[BLOCKS];
    static size_t size[BLOCKS];
    unsigned seed = 7;
    char *least = NULL, *most = NULL;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        size_t i = (size_t)rand_r(&seed) % BLOCKS;
        if (block[i]) {
            for (size_t k = 0; k < size[i]; k++)
                assert_int_equal(block[i][k], (char)(i + 1));
            secret_free(block[i]);
            block[i] = NULL;
            continue;
        }
        size[i] = (size_t)rand_r(&seed) % (round % 7 ? 200 : 5000);
        block[i] = secret_alloc(size[i]);
        assert_non_null(block[i]);
        assert_true(is_zeros(block[i], size[i]));
        memset(block[i], (int)i + 1, size[i]);
        least = !least || block[i] < least ? block[i] : least;
        most = !most || block[i] > most ? block[i] : most;
    }
    for (size_t i = 0; i < BLOCKS; i++)
        secret_free(block[i]);
    assert_true(most - least < 8 << 20);
}

/* What the kernel says of the pages. */
static void test_locked_and_left_out_of_dumps(void **state)
{
    char line[256];
    bool inside = false;
    unsigned found = 0;
    char *secret = secret_copy("hush", 4);
    FILE *maps = fopen("/proc/self/smaps", "r");
    (void)state;
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps)) {
        unsigned long begin, end;
        if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
            inside = (uintptr_t)secret >= begin && (uintptr_t)secret < end;
        else if (inside && !strncmp(line, "VmFlags:", 8))
            found = (strstr(line, " dd ") ? 1U : 0) | (strstr(line, " lo ") ? 2U : 0);
    }
    (void)fclose(maps);
    secret_free(secret);
    assert_true(found & 1);
    if (!(found & 2))
        print_message("not locked: RLIMIT_MEMLOCK\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_locked_and_left_out_of_dumps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
