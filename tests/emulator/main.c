/* SPDX-License-Identifier: MIT */
/* personalize-emulator: see README.md. */
#include "server.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

/* Whoever waits for the file finds it whole. */
static int url_write(const char *path, const char *url)
{
    char temporary[SETTING_SIZE + 16];
    snprintf(temporary, sizeof temporary, "%s.%d", path, (int)getpid());
    int CLOSE_CLEANUP fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || dprintf(fd, "%s\n", url) < 0 || rename(temporary, path)) {
        int error = -errno;
        fprintf(stderr, "personalize-emulator: %s: %s\n", path, strerror(-error));
        (void)unlink(temporary);
        return error;
    }
    return 0;
}

static int signals_open(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static int serve(struct emulator *emulator)
{
    struct server *server = NULL;
    int CLOSE_CLEANUP signal_fd = signals_open();
    int error = signal_fd < 0 ? -errno : server_start(emulator, &server);
    if (!error && emulator->settings.url_file[0])
        error = url_write(emulator->settings.url_file, server_url(server));
    if (!error) {
        printf("listening on %s\n", server_url(server));
        (void)fflush(stdout);
        error = server_run(server, signal_fd);
    }
    server_stop(server);
    return error;
}

int main(int argc, char **argv)
{
    static struct settings settings;
    static struct emulator emulator;
    settings_init(&settings);
    int error = settings_from_arguments(&settings, argc, argv);
    if (error)
        return error > 0 ? EXIT_SUCCESS : 2;
    error = emulator_init(&emulator, &settings, &clock_system);
    if (!error)
        error = serve(&emulator);
    if (error)
        fprintf(stderr, "personalize-emulator: %s\n", strerror(-error));
    emulator_release(&emulator);
    return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
