/* SPDX-License-Identifier: MIT */
/*
 * bench-reads ROUNDS LIST...: opens, reads and closes each file that a list names, one path a line. A round takes each
 * list once, in turn, so that what disturbs the machine disturbs them alike. Prints a line for each list: the median
 * round's microseconds a file, and the median over the rounds of the first list's time divided by this one's.
 */
#include "measure.h"
#include "paths.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { VALUE_MAX = 65536 };

struct list {
    struct paths paths;
    double *us; /* a file, by round */
};

static double list_round(const struct list *list)
{
    static char value[VALUE_MAX];
    double began = now_us();
    for (size_t i = 0; i < list->paths.n; i++) {
        int fd = open(list->paths.path[i], O_RDONLY | O_CLOEXEC);
        ssize_t len = fd < 0 ? -1 : read(fd, value, sizeof value);
        if (len <= 0) /* an empty file would be a cheaper one */
            error(EXIT_FAILURE, len ? errno : ENODATA, "%s", list->paths.path[i]);
        close(fd);
    }
    return (now_us() - began) / (double)list->paths.n;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, unsigned n)
{
    double *sorted = calloc(n, sizeof *sorted);
    if (!sorted)
        error(EXIT_FAILURE, ENOMEM, "median");
    memcpy(sorted, values, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare);
    double middle = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    free(sorted);
    return middle;
}

static void report(const struct list *first, const struct list *list, unsigned rounds)
{
    double *ratios = calloc(rounds, sizeof *ratios);
    if (!ratios)
        error(EXIT_FAILURE, ENOMEM, "ratios");
    for (unsigned round = 0; round < rounds; round++)
        ratios[round] = first->us[round] / list->us[round];
    printf("%.3f %.3f\n", median(list->us, rounds), median(ratios, rounds));
    free(ratios);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        error(2, 0, "usage: bench-reads ROUNDS LIST...");
    unsigned rounds = count_of(argv[1]);
    size_t n = (size_t)argc - 2;
    struct list *lists = calloc(n, sizeof *lists);
    if (!lists)
        error(EXIT_FAILURE, ENOMEM, "lists");
    for (size_t i = 0; i < n; i++) {
        paths_read(&lists[i].paths, argv[i + 2]);
        lists[i].us = calloc(rounds, sizeof *lists[i].us);
        if (!lists[i].us)
            error(EXIT_FAILURE, ENOMEM, "rounds");
    }
    for (unsigned round = 0; round < rounds; round++)
        for (size_t i = 0; i < n; i++)
            lists[i].us[round] = list_round(&lists[i]);
    for (size_t i = 0; i < n; i++)
        report(&lists[0], &lists[i], rounds);
    for (size_t i = 0; i < n; i++) {
        paths_release(&lists[i].paths);
        free(lists[i].us);
    }
    free(lists);
    return EXIT_SUCCESS;
}
