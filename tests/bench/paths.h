/* SPDX-License-Identifier: MIT */
/* paths: a list of files to read, from a file with one path a line. A list that cannot be read, or is empty, ends the
 * program. */
#ifndef BENCH_PATHS_H
#define BENCH_PATHS_H

#include <stddef.h>

struct paths {
    char **path;
    size_t n;
};

void paths_read(struct paths *paths, const char *list);
void paths_release(struct paths *paths);

#endif
