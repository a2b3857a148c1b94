/* SPDX-License-Identifier: MIT */
/* A command line in, the options out, for the tests of both the parser and the table. After cmocka.h. */
#ifndef COMMAND_LINE_H
#define COMMAND_LINE_H

#include "base/buf.h"
#include "options.h"

#include <stdint.h>
#include <string.h>

#define ARGS(...) ((const char *const[]){ "personalizefs", __VA_ARGS__, NULL })

static inline int parse(const char *const *arguments, struct options *options, struct error *error)
{
    int argc = 0;
    memset(options, 0xa5, sizeof *options);
    *error = (struct error){ 0 };
    while (arguments[argc])
        argc++;
    return options_parse(argc, (char **)(uintptr_t)arguments, options, error);
}

static inline const char *or_none(const char *text) { return text ? text : "(none)"; }

static inline void show(const struct options *o, struct buf *to)
{
    assert_int_equal(
        buf_printf(
            to,
            "source=%s mountpoint=%s partition=%s region=%s account=%s profile=%s endpoint=%s http=%d "
            "timeout=%lld max=%d jobs=%d ttl=%lld terminal=%lld list=%lld negative=%lld error=%lld revalidate=%lld "
            "uid=%u gid=%u umask=%o "
            "other=%d foreground=%d debug=%d level=%d help=%d version=%d",
            or_none(o->source), or_none(o->mountpoint), or_none(o->partition), or_none(o->region),
            or_none(o->account_id), or_none(o->profile), or_none(o->endpoint_url), o->allow_http,
            (long long)o->timeout_ms, o->max_requests, o->max_jobs, (long long)o->ttl_ms, (long long)o->terminal_ttl_ms,
            (long long)o->list_ttl_ms, (long long)o->negative_ttl_ms, (long long)o->stale_if_error_ms,
            (long long)o->stale_while_revalidate_ms, o->uid, o->gid, o->umask, o->allow_other, o->foreground, o->debug,
            (int)o->log_level, o->help, o->version),
        0);
}

/* The options of a line that must be right, as text. */
static inline void show_line(const char *const *arguments, struct buf *to)
{
    struct options options;
    struct error error;
    buf_clear(to);
    if (parse(arguments, &options, &error))
        fail_msg("%s ... %s: %s", arguments[1], arguments[2] ? arguments[2] : "", error.message);
    show(&options, to);
    options_release(&options);
}

#endif
