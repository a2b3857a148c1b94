/* SPDX-License-Identifier: MIT */
/* docs/semantics.md: each promise says which tests hold it, and whatever file it names is there. */
#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <unistd.h>

#include "document.h"

static const char *root;
static char *semantics;

static const char *const folders[] = { "tests/", "src/", "include/", "man/", "docs/", "scripts/" };

/* The path at `at`, behind a backtick, if it is one of the tree's. */
static bool path_at(const char *at, char path[PATH_MAX])
{
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        if (strncmp(at, folders[i], strlen(folders[i])) != 0)
            continue;
        (void)snprintf(path, PATH_MAX, "%.*s", (int)strcspn(at, "`\n"), at);
        return true;
    }
    return false;
}

static const char *check_paths(const char *text)
{
    char path[PATH_MAX];
    char whole[2 * PATH_MAX];
    for (const char *at = text; (at = strchr(at, '`')); at++) {
        if (!path_at(at + 1, path))
            continue;
        (void)snprintf(whole, sizeof whole, "%s/%s", root, path);
        if (access(whole, R_OK))
            return complain("there is no %s", path);
    }
    return NULL;
}

/* Each section of level 2 has a line that begins with "Tested: `tests/". */
static const char *check_promises(const char *text)
{
    static const char tested[] = "\nTested: `tests/";
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, "\n## ")); n++) {
        const char *title = at + strlen("\n## ");
        const char *end = strstr(title, "\n#");
        const char *line = strstr(title, tested);
        if (!line || (end && line > end))
            return complain("no test holds \"%.*s\"", (int)strcspn(title, "\n"), title);
        at = title;
    }
    return n ? NULL : "it promises nothing";
}

static void what_it_names_is_there(void **state)
{
    (void)state;
    document_holds(check_paths, semantics);
    document_holds(check_promises, semantics);
}

static void a_fault_is_found(void **state)
{
    (void)state;
    document_fault_is_found(check_paths, semantics, "`tests/mount/versions.bats`", "`tests/mount/no-such.bats`");
    document_fault_is_found(check_paths, semantics, "`man/personalizefs.5.scd`", "`man/personalizefs.6.scd`");
    document_fault_is_found(check_promises, semantics, "\nTested: `tests/", "\nTests: `tests/");
    document_fault_is_found(check_promises, semantics, "\n## ", "\n## A promise\n\nOf something.\n\n## ");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(what_it_names_is_there), cmocka_unit_test(a_fault_is_found) };
    char path[PATH_MAX];
    if (argc != 3) {
        (void)fprintf(stderr, "usage: test_semantics TREE docs/semantics.md\n");
        return 2;
    }
    root = argv[1];
    (void)snprintf(path, sizeof path, "%s/%s", root, argv[2]);
    semantics = document_read(path);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(semantics);
    return failed;
}
