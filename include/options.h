/* SPDX-License-Identifier: MIT */
/*
 * options: the command line. One table says what options there are; it parses them, makes the help, and the manual page
 * is held to it by a test. Every option works as -o name=value[,...] and as --name value or --name=value; the last one
 * given wins.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "base/error.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum { EXIT_WRONG_USE = 2 }; /* the exit status for -EINVAL from options_parse() */
enum { OPTIONS_MAX = 64 };   /* rows of the table */

struct options {
    char *source;     /* as given, for /proc/mounts; "personalizefs" where none was */
    char *mountpoint; /* as given */
    char *partition;  /* of SOURCE's ARN: the one that `region` is in; NULL where SOURCE is none */
    char *region;     /* of SOURCE or region=; NULL: the AWS configuration decides */
    char *account_id; /* of SOURCE or account-id=: 12 digits; NULL: to be found out */
    char *profile;
    char *endpoint_url;
    bool allow_http;
    int64_t timeout_ms;
    int max_requests;
    int max_jobs;
    int64_t ttl_ms;
    int64_t terminal_ttl_ms;
    int64_t list_ttl_ms;
    int64_t negative_ttl_ms;
    int64_t stale_if_error_ms;
    int64_t stale_while_revalidate_ms;
    uid_t uid; /* the process's own unless given; so with gid */
    gid_t gid;
    mode_t umask; /* bits that are taken from every file's and directory's mode */
    bool allow_other;
    bool foreground; /* true with `debug` too */
    bool debug;      /* log_level is then LOG_LEVEL_DEBUG */
    enum log_level log_level;
    bool help; /* with it or `version` the mount point may be NULL */
    bool version;
    char *given[OPTIONS_MAX]; /* by row of the table: its value as it was given, "true" for a switch; NULL: not */
};

/* 0, -EINVAL for wrong use, or -ENOMEM. *options is overwritten; on failure it holds nothing. */
int options_parse(int argc, char **argv, struct options *options, struct error *error);
void options_release(struct options *options);
void options_help(FILE *to);
/* The options that no setting of AWS's own tools stands for: name, value (NULL: not set) and where it is from. */
typedef void options_visit_fn(void *data, const char *name, const char *value, const char *from);
void options_visit(const struct options *options, options_visit_fn *visit, void *data);
/* Where options->region is from: "SOURCE" or "option". */
const char *options_region_from(const struct options *options);

/* Seconds, or a number with a unit: 90, 90s, 15m, 12h, 1d, 500ms. 0, -EINVAL for anything else, -ERANGE beyond ten
 * years. */
int duration_parse(const char *text, int64_t *ret_ms);

enum option_section { OPTIONS_SERVICE, OPTIONS_FRESHNESS, OPTIONS_FILES, OPTIONS_COMMAND, OPTIONS_IGNORED };

struct option_row {
    const char *name;     /* one in OPTIONS_IGNORED that ends in '-' stands for all that begin so */
    char letter;          /* its short form, 0 for none */
    const char *argument; /* what the help calls its value; NULL for a switch */
    /* Reads `value` (NULL for a switch) into `to`. 0, -EINVAL for a value that is none, or -ENOMEM. */
    int (*parse)(const struct option_row *row, const char *value, void *to);
    size_t offset; /* in struct options */
    int64_t min;   /* of a number or a duration */
    int64_t max;
    const char *default_value; /* read by `parse`; NULL: what the help says, or off */
    const char *expected;      /* what a value must be, for the error message; begins where "expected" ends */
    const char *help;          /* one line */
    enum option_section section;
};

/* Row `i`, NULL after the last: for documents and tests. */
const struct option_row *option_at(size_t i);

#endif
