/* SPDX-License-Identifier: MIT */
/* shared_files: a home with .aws files and an environment, made for one test. */
#ifndef TESTS_SHARED_FILES_H
#define TESTS_SHARED_FILES_H

#include "aws/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 256, VARIABLES_MAX = 16 };

struct files {
    char home[64];
    struct {
        char *name;
        char *value; /* NULL: unset */
    } variable[VARIABLES_MAX];
};

/* Sets (NULL: unsets) a variable of the test's own environment. */
static inline void files_env(struct files *files, const char *name, const char *value)
{
    for (int i = 0; i < VARIABLES_MAX; i++) {
        if (files->variable[i].name && strcmp(files->variable[i].name, name) != 0)
            continue;
        if (!files->variable[i].name)
            files->variable[i].name = strdup(name);
        free(files->variable[i].value);
        files->variable[i].value = value ? strdup(value) : NULL;
        return;
    }
    abort();
}

static inline const char *files_getenv(void *data, const char *name)
{
    const struct files *files = data;
    for (int i = 0; i < VARIABLES_MAX && files->variable[i].name; i++)
        if (!strcmp(files->variable[i].name, name))
            return files->variable[i].value;
    return NULL;
}

static inline struct config_source files_source(struct files *files, const char *profile)
{
    return (struct config_source){ .getenv = files_getenv, .data = files, .profile = profile };
}

/* The path of "config" or "credentials". */
static inline void files_path(const struct files *files, const char *name, char path[PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "%s/.aws/%s", files->home, name);
}

/* Replaces it as editors and tools do, by rename: the inode is a new one, whatever the clock's grain. */
static inline void files_write(const struct files *files, const char *name, const char *text)
{
    char path[PATH_SIZE];
    char temporary[PATH_SIZE];
    files_path(files, name, path);
    files_path(files, "new", temporary);
    FILE *file = fopen(temporary, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) || rename(temporary, path))
        abort();
}

static inline int files_setup(void **state)
{
    struct files *files = calloc(1, sizeof *files);
    if (!files)
        return -1;
    (void)snprintf(files->home, sizeof files->home, "/tmp/shared-files-XXXXXX");
    char folder[PATH_SIZE];
    if (!mkdtemp(files->home))
        return -1;
    files_path(files, "", folder);
    files_env(files, "HOME", files->home);
    *state = files;
    return mkdir(folder, 0755);
}

static inline int files_teardown(void **state)
{
    struct files *files = *state;
    static const char *const names[] = { "config", "credentials", "" };
    for (int i = 0; i < 3; i++) {
        char path[PATH_SIZE];
        files_path(files, names[i], path);
        (void)remove(path);
    }
    int r = rmdir(files->home);
    for (int i = 0; i < VARIABLES_MAX; i++) {
        free(files->variable[i].name);
        free(files->variable[i].value);
    }
    free(files);
    return r;
}

#define files_test(function) cmocka_unit_test_setup_teardown(function, files_setup, files_teardown)

#endif
