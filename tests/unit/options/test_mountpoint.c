/* SPDX-License-Identifier: MIT */
/* mountpoint: reading mountinfo, and directories on which nothing of ours is mounted. What needs a mount is tested with
 * the mounts. */
#include "base/cleanup.h"
#include "mountpoint.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_mountinfo(void **state)
{
    static const struct {
        const char *line;
        int id; /* -1: no such line */
        const char *point;
        const char *type;
    } cases[] = {
        /* proc_pid_mountinfo(5)'s own example */
        { "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n", 36, "/mnt2", "ext3" },
        { "42 27 0:39 / /mnt/personalize ro,nosuid - fuse.personalizefs us-west-2 ro,user_id=0", 42, "/mnt/personalize",
          "fuse.personalizefs" },
        { "1 0 8:1 / / rw - ext4 /dev/sda1 rw", 1, "/", "ext4" },
        { "43 27 0:39 / /mnt/a\\040b rw - fuse.sshfs host:/ rw", 43, "/mnt/a b", "fuse.sshfs" },
        { "43 27 0:39 / /a\\011b\\012c\\134d rw - fuse x rw", 43, "/a\tb\nc\\d", "fuse" },
        { "43 27 0:39 / /a\\\\040b rw - fuse x rw", 43, "/a\\ b", "fuse" },
        { "43 27 0:39 / /a\\04 rw - fuse x rw", 43, "/a\\04", "fuse" },
        { "43 27 0:39 / /a\\ rw - fuse x rw", 43, "/a\\", "fuse" },
        { "43 27 0:39 / /a\\999 rw - fuse x rw", 43, "/a\\999", "fuse" },
        { "43 27 0:39 / /- rw - fuse x rw", 43, "/-", "fuse" },
        { "43 27 0:39 / /x rw shared:1 master:2 propagate_from:3 unbindable - fuse x rw", 43, "/x", "fuse" },
        { "43 27 0:39 / /x rw - fuse", 43, "/x", "fuse" },
        { "43 27 0:39 / /x rw - fuse  rw", 43, "/x", "fuse" }, /* a source that is empty */
        { "2147483647 27 0:39 / /x rw - fuse x rw", INT_MAX, "/x", "fuse" },
        { "2147483648 27 0:39 / /x rw - fuse x rw", -1, NULL, NULL },
        { "-1 27 0:39 / /x rw - fuse x rw", -1, NULL, NULL },
        { "x 27 0:39 / /x rw - fuse x rw", -1, NULL, NULL },
        { "43 27 0:39 / /x rw shared:1 fuse x rw", -1, NULL, NULL },
        { "43 27 0:39 / /x rw -", -1, NULL, NULL },
        { "43 27 0:39 / /x rw - ", -1, NULL, NULL },
        { "43 27 0:39 / /x", -1, NULL, NULL },
        { "43 27 0:39 /  rw - fuse x rw", -1, NULL, NULL },
        { "", -1, NULL, NULL },
        { "\n", -1, NULL, NULL },
        { "      - fuse", -1, NULL, NULL },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char line[200];
        struct mountinfo mount = { .id = -1 };
        (void)snprintf(line, sizeof line, "%s", cases[i].line);
        if (mountinfo_parse(line, &mount) != (cases[i].id >= 0))
            fail_msg("%s", cases[i].line);
        if (cases[i].id < 0)
            continue;
        assert_int_equal(mount.id, cases[i].id);
        assert_string_equal(mount.point, cases[i].point);
        assert_string_equal(mount.type, cases[i].type);
    }
}

static void test_mountinfo_of_a_part(void **state)
{
    char line[] = "44 27 0:39 /night\\040ly /mnt/x ro - fuse.personalizefs us-west-2 ro";
    struct mountinfo mount;
    (void)state;
    assert_true(mountinfo_parse(line, &mount));
    assert_string_equal(mount.root, "/night ly");
    assert_string_equal(mount.point, "/mnt/x");
}

/* A directory of its own with "dir/", "file", "link" to dir and "loop" to itself, in which the test then runs. */
static char *home;

static int setup(void **state)
{
    char template[] = "/tmp/test_mountpoint.XXXXXX";
    FILE *file;
    (void)state;
    if (!mkdtemp(template) || chdir(template))
        return -1;
    home = getcwd(NULL, 0);
    file = fopen("file", "we");
    return home && file && !fclose(file) && !mkdir("dir", 0755) && !mkdir("dir/full", 0755) &&
                   !symlink("dir", "link") && !symlink("loop", "loop")
               ? 0
               : -1;
}

static int teardown(void **state)
{
    int r = unlink("file") || rmdir("dir/full") || rmdir("dir") || unlink("link") || unlink("loop") || rmdir(home);
    (void)state;
    free(home);
    return r;
}

static void test_directories(void **state)
{
    static const char *const paths[] = { "dir", "./dir", "dir/", "dir//", "dir/.", "dir/full/..", "link", "link/" };
    char expected[PATH_MAX];
    (void)state;
    (void)snprintf(expected, sizeof expected, "%s/dir", home);
    for (size_t i = 0; i < COUNT(paths); i++) {
        FREE_CLEANUP char *absolute = NULL;
        struct error error = { 0 };
        if (mountpoint_prepare(paths[i], &absolute, &error))
            fail_msg("%s: %s", paths[i], error.message);
        assert_string_equal(absolute, expected);
    }
}

static void test_other_mounts_are_left_alone(void **state)
{
    FREE_CLEANUP char *absolute = NULL;
    struct error error = { 0 };
    (void)state;
    assert_int_equal(mountpoint_prepare("/proc", &absolute, &error), 0);
    assert_string_equal(absolute, "/proc");
    assert_int_equal(mountpoint_unmount_lazily("/proc", &error), 0);
    assert_int_equal(access("/proc/self", F_OK), 0);
    assert_int_equal(mountpoint_unmount_lazily(home, &error), 0);
}

static void test_no_directories(void **state)
{
    static const struct {
        const char *path;
        int r;
        const char *says;
    } cases[] = {
        { "file", -ENOTDIR, "Not a directory" },
        { "file/", -ENOTDIR, "mount point file/: Not a directory" },
        { "absent", -ENOENT, "mount point absent: No such file or directory" },
        { "", -ENOENT, "No such file or directory" },
        { "loop", -ELOOP, "mount point loop: " },
        { "/dev/null", -ENOTDIR, "mount point /dev/null: Not a directory" },
        { "/", -EBUSY, "mount point /: on the root directory nobody would see the mount" },
        { "/proc/..", -EBUSY, "mount point /: " },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *absolute = NULL;
        struct error error = { 0 };
        assert_int_equal(mountpoint_prepare(cases[i].path, &absolute, &error), cases[i].r);
        assert_int_equal(error.number, -cases[i].r);
        assert_null(absolute);
        if (!strstr(error.message, cases[i].says))
            fail_msg("%s: %s", cases[i].path, error.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mountinfo),      cmocka_unit_test(test_mountinfo_of_a_part),
        cmocka_unit_test(test_directories),    cmocka_unit_test(test_other_mounts_are_left_alone),
        cmocka_unit_test(test_no_directories),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
