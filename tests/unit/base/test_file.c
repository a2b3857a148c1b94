/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "base/secret.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[32];
static char path[64];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/file-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(path, sizeof path, "%s/f", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)remove(path);
    return rmdir(folder); /* nothing is left beside it */
}

static void reads(const char *text)
{
    char *bytes = NULL;
    size_t len = 0;
    assert_int_equal(file_read_secret(path, 10, &bytes, &len), 0);
    assert_int_equal(len, strlen(text));
    assert_string_equal(bytes, text);
    secret_free(bytes);
}

static void test_replace(void **state)
{
    struct stat before, after;
    char *bytes = NULL;
    size_t len;
    (void)state;
    assert_int_equal(file_read_secret(path, 10, &bytes, &len), -ENOENT);
    assert_int_equal(file_replace(path, "one", 3), 0);
    reads("one");
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(stat(path, &before), 0);
    assert_int_equal(file_replace(path, "", 0), 0);
    reads("");
    assert_int_equal(stat(path, &after), 0);
    assert_true(before.st_ino != after.st_ino);
    assert_int_equal(after.st_mode & 07777, 0600);
    assert_int_equal(file_replace("/no/such/folder/f", "x", 1), -ENOENT);
}

static void test_limits(void **state)
{
    char *bytes = NULL;
    size_t len;
    (void)state;
    assert_int_equal(file_replace(path, "0123456789", 10), 0);
    reads("0123456789");
    assert_int_equal(file_replace(path, "0123456789a", 11), 0);
    assert_int_equal(file_read_secret(path, 10, &bytes, &len), -EFBIG);
    assert_int_equal(file_read_secret(folder, 10, &bytes, &len), -EISDIR);
    assert_int_equal(file_read_secret("/dev/zero", 10, &bytes, &len), -EINVAL);
    assert_int_equal(remove(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0); /* nobody writes: that is not waited for */
    assert_int_equal(file_read_secret(path, 10, &bytes, &len), -EINVAL);
    assert_int_equal(remove(path), 0);
    assert_int_equal(mkdir(path, 0700), 0); /* cannot be replaced, and nothing stays beside it */
    assert_int_equal(file_replace(path, "x", 1), -EISDIR);
    assert_null(bytes);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_replace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
