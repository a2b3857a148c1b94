/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include "base/clock.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <syslog.h>

enum { LINE_SIZE = 1000, SECOND_MS = 1000 };

/* The one piece of state that is the process's, not a module's: where its words go. */
static struct {
    enum log_level level;
    bool to_syslog;
    int64_t second_began_ms;
    unsigned written; /* in this second */
    unsigned dropped;
} sink = { .level = LOG_LEVEL_INFO };

void log_set_level(enum log_level level) { sink.level = level; }

bool log_enabled(enum log_level level) { return level <= sink.level; }

void log_to_syslog(void)
{
    openlog("personalizefs", LOG_PID, LOG_DAEMON);
    sink.to_syslog = true;
}

static void put(enum log_level level, const char *line)
{
    static const int priority[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
    if (sink.to_syslog)
        syslog(priority[level], "%s", line);
    else
        (void)fprintf(stderr, "personalizefs: %s\n", line);
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
            put(LOG_LEVEL_WARNING, line);
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
    put(level, line);
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
