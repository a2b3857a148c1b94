/* SPDX-License-Identifier: MIT */
#include "vectors.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *vectors_folder(const char *name)
{
    static char path[4096];
    const char *root = getenv("PERSONALIZEFS_VECTORS");
    if (!root || !*root)
        root = getenv("VECTORS_DEFAULT");
    (void)snprintf(path, sizeof path, "%s/%s", root ? root : "../shared/vectors", name);
    if (access(path, R_OK)) {
        (void)printf("%s is not here: skipped\n", path);
        exit(VECTORS_ABSENT);
    }
    return path;
}

static int visible(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

char **vectors_list(const char *folder)
{
    struct dirent **entry = NULL;
    int n = scandir(folder, &entry, visible, alphasort);
    char **names = n < 0 ? NULL : calloc((size_t)n + 1, sizeof *names);
    for (int i = 0; i < n; i++) {
        if (names)
            names[i] = strdup(entry[i]->d_name);
        free(entry[i]);
    }
    free(entry);
    return names;
}

void vectors_free_names(char **names)
{
    for (char **name = names; name && *name; name++)
        free(*name);
    free(names);
}

char *vectors_read(const char *folder, const char *name, size_t *ret_len)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (!file)
        return NULL;
    char *text = NULL;
    size_t len = 0;
    size_t room = 0;
    size_t got = 0;
    do {
        len += got;
        if (len + 1 >= room) {
            room = 2 * room + 4096;
            char *larger = realloc(text, room);
            if (!larger)
                abort();
            text = larger;
        }
        got = fread(text + len, 1, room - len - 1, file);
    } while (got);
    (void)fclose(file);
    text[len] = 0;
    if (ret_len)
        *ret_len = len;
    return text;
}
