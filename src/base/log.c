/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <paths.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

enum { LINE_SIZE = 1000, SECOND_MS = 1000 };

/* The one piece of state that is the process's, not a module's: where its words go. */
static struct {
    enum log_level level;
    bool to_syslog;
    int syslog; /* a socket; -1: none yet */
    int64_t second_began_ms;
    unsigned written; /* in this second */
    unsigned dropped;
} sink = { .level = LOG_LEVEL_INFO, .syslog = -1 };

void log_set_level(enum log_level level) { sink.level = level; }

bool log_enabled(enum log_level level) { return level <= sink.level; }

/* syslog(3) waits where the journal is full, so its datagram is sent here (RFC 3164: priority, tag, text). */
static int syslog_open(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = _PATH_LOG };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)(const void *)&address, sizeof address)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

void log_to_syslog(void) { sink.to_syslog = true; }

static bool put_syslog(enum log_level level, const char *line)
{
    static const int priority[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
    char datagram[LINE_SIZE + 64];
    int len = snprintf(datagram, sizeof datagram, "<%d>personalizefs[%d]: %s", LOG_DAEMON | priority[level],
                       (int)getpid(), line);
    for (int tries = 0; tries < 2; tries++) { /* a journal that was started anew has another socket */
        if (sink.syslog < 0)
            sink.syslog = syslog_open();
        if (sink.syslog < 0)
            return false;
        if (send(sink.syslog, datagram, (size_t)len, MSG_NOSIGNAL) == len)
            return true;
        if (errno == EAGAIN || errno == ENOBUFS)
            return false;
        (void)close(sink.syslog);
        sink.syslog = -1;
    }
    return false;
}

static bool put_stderr(const char *line)
{
    char text[LINE_SIZE + 64];
    struct pollfd poll_fd = { .fd = STDERR_FILENO, .events = POLLOUT };
    int len = snprintf(text, sizeof text, "personalizefs: %s\n", line); /* less than PIPE_BUF: all of it or nothing */
    return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents == POLLOUT && write(STDERR_FILENO, text, (size_t)len) == len;
}

static bool put(enum log_level level, const char *line)
{
    return sink.to_syslog ? put_syslog(level, line) : put_stderr(line);
}

static bool may_write(void)
{
    int64_t now_ms = clock_monotonic_ms(&clock_system);
    char line[80];
    if (now_ms - sink.second_began_ms >= SECOND_MS) {
        unsigned dropped = sink.dropped;
        sink.second_began_ms = now_ms;
        sink.written = sink.dropped = 0;
        if (dropped) {
            (void)snprintf(line, sizeof line, "%u more messages in the second before", dropped);
            sink.dropped += !put(LOG_LEVEL_WARNING, line) ? dropped : 0;
        }
    }
    if (sink.written < LOG_BURST)
        return ++sink.written;
    sink.dropped++;
    return false;
}

__attribute__((format(printf, 2, 0))) static void log_write(enum log_level level, const char *format, va_list args)
{
    char text[LINE_SIZE];
    char line[LINE_SIZE];
    if (!log_enabled(level) || !may_write())
        return;
    (void)vsnprintf(text, sizeof text, format, args);
    error_copy(line, sizeof line, text);
    sink.dropped += !put(level, line);
}

#define DEFINE(name, level)                  \
    void log_##name(const char *format, ...) \
    {                                        \
        va_list args;                        \
        va_start(args, format);              \
        log_write(level, format, args);      \
        va_end(args);                        \
    }
DEFINE(error, LOG_LEVEL_ERROR)
DEFINE(warning, LOG_LEVEL_WARNING)
DEFINE(info, LOG_LEVEL_INFO)
DEFINE(debug, LOG_LEVEL_DEBUG)
