/* SPDX-License-Identifier: MIT */
/*
 * bench-herd READERS FILE: so many threads, all released at once, each open, read and close the file. Prints the
 * microseconds from the release until the last has its value. Each must have read the same.
 */
#include "measure.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { VALUE_MAX = 4096, STACK_SIZE = 65536 };

struct reader {
    pthread_t thread;
    const char *path;
    double done_us;
    ssize_t len;
    int error;
    char value[VALUE_MAX];
};

static pthread_barrier_t gate;

static void *reader_run(void *data)
{
    struct reader *reader = data;
    pthread_barrier_wait(&gate);
    int fd = open(reader->path, O_RDONLY | O_CLOEXEC);
    reader->len = fd < 0 ? -1 : read(fd, reader->value, sizeof reader->value);
    reader->error = errno;
    if (fd >= 0)
        close(fd);
    reader->done_us = now_us();
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        error(2, 0, "usage: bench-herd READERS FILE");
    unsigned n = count_of(argv[1]);
    struct reader *readers = calloc(n, sizeof *readers);
    pthread_attr_t attributes;
    if (!readers || pthread_attr_init(&attributes) || pthread_attr_setstacksize(&attributes, STACK_SIZE) ||
        pthread_barrier_init(&gate, NULL, n + 1))
        error(EXIT_FAILURE, ENOMEM, "readers");
    for (unsigned i = 0; i < n; i++) {
        readers[i].path = argv[2];
        int failed = pthread_create(&readers[i].thread, &attributes, reader_run, &readers[i]);
        if (failed)
            error(EXIT_FAILURE, failed, "thread %u", i);
    }
    double released_us = now_us();
    pthread_barrier_wait(&gate);
    double last_us = released_us;
    for (unsigned i = 0; i < n; i++) {
        pthread_join(readers[i].thread, NULL);
        if (readers[i].len <= 0)
            error(EXIT_FAILURE, readers[i].len ? readers[i].error : ENODATA, "%s", argv[2]);
        if (readers[i].len != readers[0].len || memcmp(readers[i].value, readers[0].value, (size_t)readers[i].len) != 0)
            error(EXIT_FAILURE, 0, "%s: two readers read different values", argv[2]);
        if (readers[i].done_us > last_us)
            last_us = readers[i].done_us;
    }
    printf("%.0f\n", last_us - released_us);
    pthread_barrier_destroy(&gate);
    pthread_attr_destroy(&attributes);
    free(readers);
    return EXIT_SUCCESS;
}
