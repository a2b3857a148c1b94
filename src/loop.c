/* SPDX-License-Identifier: MIT */
#include "loop.h"

#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { WATCH_MOUNT, WATCH_SIGNALS, WATCH_OTHERS, WATCHED = WATCH_OTHERS + 8 };

enum { SHORT_OF_MEMORY_MS = 50 };

int loop_signals(struct loop *loop, struct error *error)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGPIPE);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGCHLD, SIG_DFL); /* ignored, as some parents leave it, children could not be waited for */
    (void)sigdelset(&set, SIGPIPE);
    loop->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return loop->signals < 0 ? error_set(error, errno, NULL, "cannot wait for signals: %s", strerror(errno)) : 0;
}

static void take_signals(struct loop *loop)
{
    struct signalfd_siginfo info;
    while (read(loop->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP)
            loop->reload(loop->data);
        else {
            log_info("ending: %s", strsignal((int)info.ssi_signo));
            loop->ending = true;
        }
    }
}

int loop_run(struct loop *loop)
{
    while (!loop->ending && !mount_has_ended(loop->mount)) {
        struct pollfd fds[WATCHED] = {
            [WATCH_MOUNT] = { mount_fd(loop->mount), POLLIN, 0 }, [WATCH_SIGNALS] = { loop->signals, POLLIN, 0 }
        };
        unsigned others = watches_fill(loop->watches, fds + WATCH_OTHERS, WATCHED - WATCH_OTHERS);
        int result = http_curl_wait(loop->http, fds, WATCH_OTHERS + others, timers_wait_ms(loop->timers));
        if (result == -ENOMEM) /* libcurl could not wait: memory is short for now, the mount lives on */
            result = poll(fds, WATCH_OTHERS + others, SHORT_OF_MEMORY_MS) < 0 ? -errno : 0;
        if (result && result != -EINTR)
            return result;
        if (fds[WATCH_SIGNALS].revents)
            take_signals(loop);
        if (loop->ending)
            break;
        result = mount_serve(loop->mount);
        if (result && result != -ENOMEM)
            return result;
        http_curl_run(loop->http);
        watches_run(loop->watches, fds + WATCH_OTHERS, others);
        timers_run(loop->timers);
    }
    return 0;
}
