/* SPDX-License-Identifier: MIT */
/*
 * bench-timed [-m MOUNTPOINT] COMMAND...: runs the command, its output thrown away, and prints the microseconds from
 * its start to its end; with -m, those until something is mounted there after them. It must end with status 0, and with
 * what is awaited mounted.
 */
#include "measure.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, LINE_SIZE = 8192 };

/* Whether the fifth field of some line of the table is the path: https://docs.kernel.org/filesystems/proc.html 3.5. */
static bool is_mounted(const char *path)
{
    char line[LINE_SIZE];
    char point[LINE_SIZE];
    bool found = false;
    FILE *table = fopen("/proc/self/mountinfo", "re");
    if (!table)
        error(EXIT_FAILURE, errno, "/proc/self/mountinfo");
    while (!found && fgets(line, sizeof line, table))
        found = sscanf(line, "%*s %*s %*s %*s %8191s", point) == 1 && !strcmp(point, path);
    fclose(table);
    return found;
}

/* The kernel wakes who polls the table when it changes, so that nobody takes a processor from what is timed. */
static void *mount_await(void *data)
{
    static double mounted_us;
    int table = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    if (table < 0)
        error(EXIT_FAILURE, errno, "/proc/self/mountinfo");
    while (!is_mounted(data)) {
        struct pollfd change = { .fd = table, .events = POLLPRI };
        if (poll(&change, 1, PATIENCE_MS) <= 0)
            error(EXIT_FAILURE, errno, "%s: nothing is mounted there", (const char *)data);
    }
    mounted_us = now_us();
    close(table);
    return &mounted_us;
}

int main(int argc, char **argv)
{
    pthread_t watch;
    posix_spawn_file_actions_t actions;
    void *mounted_us = NULL;
    pid_t pid;
    int status;
    char *mountpoint = argc > 2 && !strcmp(argv[1], "-m") ? argv[2] : NULL;
    char **command = argv + (mountpoint ? 3 : 1);
    if (!command[0])
        error(2, 0, "usage: bench-timed [-m MOUNTPOINT] COMMAND...");
    if (mountpoint && (is_mounted(mountpoint) || pthread_create(&watch, NULL, mount_await, mountpoint)))
        error(EXIT_FAILURE, 0, "%s: mounted before the start", mountpoint);
    if (posix_spawn_file_actions_init(&actions) ||
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0))
        error(EXIT_FAILURE, ENOMEM, "posix_spawn");
    double began_us = now_us();
    int failed = posix_spawnp(&pid, command[0], &actions, NULL, command, environ);
    if (failed)
        error(EXIT_FAILURE, failed, "%s", command[0]);
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status))
        error(EXIT_FAILURE, 0, "%s failed", command[0]);
    printf("%.0f\n", now_us() - began_us);
    if (mountpoint) {
        pthread_join(watch, &mounted_us);
        printf("%.0f\n", *(double *)mounted_us - began_us);
    }
    posix_spawn_file_actions_destroy(&actions);
    return EXIT_SUCCESS;
}
