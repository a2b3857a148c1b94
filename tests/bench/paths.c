/* SPDX-License-Identifier: MIT */
#include "paths.h"

#include "measure.h"

#include <stdio.h>
#include <string.h>

void paths_read(struct paths *paths, const char *list)
{
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen(list, "re");
    if (!file)
        error(EXIT_FAILURE, errno, "%s", list);
    *paths = (struct paths){ 0 };
    for (ssize_t len; (len = getline(&line, &room, file)) > 0;) {
        line[strcspn(line, "\n")] = 0;
        paths->path = reallocarray(paths->path, paths->n + 1, sizeof *paths->path);
        if (!paths->path || !(paths->path[paths->n++] = strdup(line)))
            error(EXIT_FAILURE, ENOMEM, "%s", list);
    }
    if (ferror(file) || !paths->n)
        error(EXIT_FAILURE, errno, "%s: no paths", list);
    free(line);
    fclose(file);
}

void paths_release(struct paths *paths)
{
    for (size_t i = 0; i < paths->n; i++)
        free(paths->path[i]);
    free(paths->path);
}
