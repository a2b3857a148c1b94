/* SPDX-License-Identifier: MIT */
/*
 * bench-pool READERS LIST: so many threads open, read and close the files that a list names, one path a line, each file
 * once, the next that is free. Prints the microseconds of all.
 */
#include "measure.h"
#include "paths.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { VALUE_MAX = 65536, STACK_SIZE = 131072, READERS_MAX = 1000 };

static struct paths paths;
static atomic_size_t next_path;

static void *reader_run(void *data)
{
    char value[VALUE_MAX];
    (void)data;
    for (size_t i; (i = atomic_fetch_add(&next_path, 1)) < paths.n;) {
        int fd = open(paths.path[i], O_RDONLY | O_CLOEXEC);
        if (fd < 0 || read(fd, value, sizeof value) < 0)
            error(EXIT_FAILURE, errno, "%s", paths.path[i]);
        close(fd);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[READERS_MAX];
    pthread_attr_t attributes;
    if (argc != 3 || count_of(argv[1]) > READERS_MAX)
        error(2, 0, "usage: bench-pool READERS LIST");
    unsigned n = count_of(argv[1]);
    paths_read(&paths, argv[2]);
    if (pthread_attr_init(&attributes) || pthread_attr_setstacksize(&attributes, STACK_SIZE))
        error(EXIT_FAILURE, ENOMEM, "readers");
    double began = now_us();
    for (unsigned i = 0; i < n; i++) {
        int failed = pthread_create(&threads[i], &attributes, reader_run, NULL);
        if (failed)
            error(EXIT_FAILURE, failed, "thread %u", i);
    }
    for (unsigned i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    printf("%.0f\n", now_us() - began);
    pthread_attr_destroy(&attributes);
    paths_release(&paths);
    return EXIT_SUCCESS;
}
