/* SPDX-License-Identifier: MIT */
/*
 * log: one line an event, to stderr (in the foreground) or syslog (as a daemon). Control characters in what is logged
 * become '?', lines are cut at 1,000 bytes, and at most LOG_BURST lines a second are written (how many were dropped is
 * said with the next one). Nothing blocks: a line that its reader has no room for (a stopped pager, a full journal) is
 * dropped and counted.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum { LOG_BURST = 100 };

/* The least important level that is written; INFO until set. */
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);
/* From now on to syslog. */
void log_to_syslog(void);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
