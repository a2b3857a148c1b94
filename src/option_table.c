/* SPDX-License-Identifier: MIT */
/* The options' values and the table of them; src/options.c uses it. */
#include "aws/endpoint.h"
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_REQUESTS = 64, MAX_JOBS = 100000000 };
#define SECOND_MS INT64_C(1000)
#define HOUR_MS (3600 * SECOND_MS)
#define DAY_MS (24 * HOUR_MS)
#define DURATION_MAX_MS (3650 * DAY_MS)

/* ---- values ---- */

/* The digits of `base` at *at, at most `max`; *at then stands behind them. */
static int read_digits(const char **at, int base, int64_t max, int64_t *ret)
{
    int64_t value = 0;
    int digit = **at - '0';
    if (digit < 0 || digit >= base)
        return -EINVAL;
    for (; digit >= 0 && digit < base; digit = *++*at - '0') {
        if (value > (max - digit) / base)
            return -ERANGE;
        value = value * base + digit;
    }
    *ret = value;
    return 0;
}

static const struct {
    const char *name;
    int64_t ms;
} units[] = { { "d", DAY_MS },    { "h", HOUR_MS },  { "m", 60 * SECOND_MS },
              { "s", SECOND_MS }, { "", SECOND_MS }, { "ms", 1 } };

int duration_parse(const char *text, int64_t *ret_ms)
{
    int64_t number;
    int r = read_digits(&text, 10, DURATION_MAX_MS, &number);
    if (r)
        return r;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text, units[i].name) != 0)
            continue;
        if (number > DURATION_MAX_MS / units[i].ms)
            return -ERANGE;
        *ret_ms = number * units[i].ms;
        return 0;
    }
    return -EINVAL;
}

static int parse_switch(const struct option_row *row, const char *value, void *to)
{
    (void)row, (void)value;
    *(bool *)to = true;
    return 0;
}

static int parse_text(const struct option_row *row, const char *value, void *to)
{
    char **place = to;
    char *copy = strdup(value);
    (void)row;
    if (!copy)
        return -ENOMEM;
    free(*place);
    *place = copy;
    return 0;
}

static int parse_region(const struct option_row *row, const char *value, void *to)
{
    return region_is_valid(value) ? parse_text(row, value, to) : -EINVAL;
}

static int parse_account(const struct option_row *row, const char *value, void *to)
{
    return account_is_valid(value) ? parse_text(row, value, to) : -EINVAL;
}

static int parse_duration(const struct option_row *row, const char *value, void *to)
{
    int64_t ms;
    if (duration_parse(value, &ms) || ms < row->min || ms > row->max)
        return -EINVAL;
    *(int64_t *)to = ms;
    return 0;
}

static int parse_number(const struct option_row *row, const char *value, int base, int64_t *ret)
{
    return read_digits(&value, base, row->max, ret) || *value || *ret < row->min ? -EINVAL : 0;
}

static int parse_count(const struct option_row *row, const char *value, void *to)
{
    int64_t number;
    if (parse_number(row, value, 10, &number))
        return -EINVAL;
    *(int *)to = (int)number;
    return 0;
}

static int parse_owner(const struct option_row *row, const char *value, void *to)
{
    int64_t number;
    _Static_assert(sizeof(uid_t) == sizeof(uint32_t) && sizeof(gid_t) == sizeof(uint32_t), "one parser for both");
    if (parse_number(row, value, 10, &number))
        return -EINVAL;
    *(uint32_t *)to = (uint32_t)number;
    return 0;
}

static int parse_mode(const struct option_row *row, const char *value, void *to)
{
    int64_t number;
    if (parse_number(row, value, 8, &number))
        return -EINVAL;
    *(mode_t *)to = (mode_t)number;
    return 0;
}

static int parse_level(const struct option_row *row, const char *value, void *to)
{
    static const char *const names[] = { "error", "warning", "info", "debug" };
    (void)row;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(value, names[i])) {
            *(enum log_level *)to = (enum log_level)i;
            return 0;
        }
    return -EINVAL;
}

/* ---- the table ---- */

#define STRING_(x) #x
#define STRING(x) STRING_(x)
#if MIN_TTL_MS == 1000
#define MIN_TTL_TEXT "1s"
#else
#define MIN_TTL_TEXT STRING(MIN_TTL_MS) "ms"
#endif
#define A_TIME "a time such as 90, 90s, 15m, 12h or 1d"

#define AT(member) .offset = offsetof(struct options, member)
#define SWITCH(member) .parse = parse_switch, AT(member)
#define TIME(member, least, most) .argument = "TIME", .parse = parse_duration, AT(member), .min = (least), .max = (most)
#define TTL(member) TIME(member, MIN_TTL_MS, DURATION_MAX_MS), .expected = A_TIME ", at least " MIN_TTL_TEXT
/* (uid_t)-1 means "no one" to chown(2), and is nobody's. */
#define OWNER(member) .argument = "ID", .parse = parse_owner, AT(member), .max = UINT32_MAX - 1, .expected = "a number"
#define IGNORED(word)                              \
    {                                              \
        .name = (word), .section = OPTIONS_IGNORED \
    }

static const struct option_row rows[] = {
    { .name = "region",
      .argument = "REGION",
      .parse = parse_region,
      AT(region),
      .section = OPTIONS_SERVICE,
      .expected = "a region such as us-west-2",
      .help = "the region whose jobs are shown (default: SOURCE's, else the AWS configuration's)" },
    { .name = "account-id",
      .argument = "ID",
      .parse = parse_account,
      AT(account_id),
      .section = OPTIONS_SERVICE,
      .expected = "12 digits",
      .help = "the account whose jobs are shown (default: SOURCE's, else the credentials')" },
    { .name = "profile",
      .argument = "NAME",
      .parse = parse_text,
      AT(profile),
      .section = OPTIONS_SERVICE,
      .expected = "a profile's name",
      .help = "the profile of the shared AWS files (default: that of AWS_PROFILE, else \"default\")" },
    { .name = "endpoint-url",
      .argument = "URL",
      .parse = parse_text,
      AT(endpoint_url),
      .section = OPTIONS_SERVICE,
      .expected = "an http or https URL",
      .help = "what is asked (default: the AWS configuration's, else the service in the region)" },
    { .name = "allow-http",
      SWITCH(allow_http),
      .section = OPTIONS_SERVICE,
      .help = "let the endpoint be plain http on another host than this one" },
    { .name = "timeout",
      TIME(timeout_ms, 1, HOUR_MS),
      .section = OPTIONS_SERVICE,
      .default_value = "15s",
      .expected = A_TIME ", more than 0, at most 1h",
      .help = "how long a caller waits for the service, retries included" },
    { .name = "max-requests",
      .argument = "N",
      .parse = parse_count,
      AT(max_requests),
      .section = OPTIONS_SERVICE,
      .min = 1,
      .max = MAX_REQUESTS,
      .default_value = "8",
      .expected = "a number from 1 to 64",
      .help = "how many requests are under way at once, at most" },
    { .name = "max-jobs",
      .argument = "N",
      .parse = parse_count,
      AT(max_jobs),
      .section = OPTIONS_SERVICE,
      .min = 1,
      .max = MAX_JOBS,
      .default_value = "100000",
      .expected = "a number from 1 to 100000000",
      .help = "how many described jobs are remembered that the kernel has let go, at most" },

    { .name = "ttl",
      TTL(ttl_ms),
      .section = OPTIONS_FRESHNESS,
      .default_value = "30s",
      .help = "how long the values of a running job are fresh" },
    { .name = "terminal-ttl",
      TTL(terminal_ttl_ms),
      .section = OPTIONS_FRESHNESS,
      .default_value = "1d",
      .help = "how long the values of a finished job are fresh" },
    { .name = "list-ttl",
      TTL(list_ttl_ms),
      .section = OPTIONS_FRESHNESS,
      .default_value = "60s",
      .help = "how long the list of jobs is fresh, and at least ten times what it took" },
    { .name = "negative-ttl",
      TIME(negative_ttl_ms, 0, DURATION_MAX_MS),
      .section = OPTIONS_FRESHNESS,
      .default_value = "5s",
      .expected = A_TIME,
      .help = "how long \"no such job\" is remembered" },
    { .name = "stale-if-error",
      TIME(stale_if_error_ms, 0, DURATION_MAX_MS),
      .section = OPTIONS_FRESHNESS,
      .default_value = "0s",
      .expected = A_TIME,
      .help = "how long an old value stands in for one that cannot be had" },
    { .name = "stale-while-revalidate",
      TIME(stale_while_revalidate_ms, 0, DURATION_MAX_MS),
      .section = OPTIONS_FRESHNESS,
      .default_value = "0s",
      .expected = A_TIME,
      .help = "how long an old value is given while a new one is fetched" },

    { .name = "uid", OWNER(uid), .section = OPTIONS_FILES, .help = "owner of every file (default: who mounts)" },
    { .name = "gid",
      OWNER(gid),
      .section = OPTIONS_FILES,
      .help = "group of every file (default: that of who mounts)" },
    { .name = "umask",
      .argument = "MODE",
      .parse = parse_mode,
      AT(umask),
      .section = OPTIONS_FILES,
      .max = 0777,
      .default_value = "000",
      .expected = "an octal number from 000 to 777",
      .help = "permissions to take from 0444 of files and 0555 of directories" },
    { .name = "allow_other",
      SWITCH(allow_other),
      .section = OPTIONS_FILES,
      .help = "let users other than the one who mounts see the files" },

    { .name = "foreground",
      .letter = 'f',
      SWITCH(foreground),
      .section = OPTIONS_COMMAND,
      .help = "stay in the foreground, and log to standard error" },
    { .name = "debug",
      .letter = 'd',
      SWITCH(debug),
      .section = OPTIONS_COMMAND,
      .help = "stay in the foreground, and log everything" },
    { .name = "log-level",
      .argument = "LEVEL",
      .parse = parse_level,
      AT(log_level),
      .section = OPTIONS_COMMAND,
      .default_value = "info",
      .expected = "error, warning, info or debug",
      .help = "the least important messages to log: error, warning, info or debug" },
    { .name = "help", .letter = 'h', SWITCH(help), .section = OPTIONS_COMMAND, .help = "print this help" },
    { .name = "version", .letter = 'V', SWITCH(version), .section = OPTIONS_COMMAND, .help = "print the version" },

    IGNORED("ro"),
    IGNORED("rw"),
    IGNORED("_netdev"),
    IGNORED("nofail"),
    IGNORED("suid"),
    IGNORED("nosuid"),
    IGNORED("dev"),
    IGNORED("nodev"),
    IGNORED("exec"),
    IGNORED("noexec"),
    IGNORED("auto"),
    IGNORED("noauto"),
    IGNORED("user"),
    IGNORED("defaults"),
    IGNORED("relatime"),
    IGNORED("x-"),
};
_Static_assert(sizeof rows / sizeof *rows <= OPTIONS_MAX, "each has a place in struct options");
const struct option_row *option_at(size_t i) { return i < sizeof rows / sizeof *rows ? &rows[i] : NULL; }
