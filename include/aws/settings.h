/* SPDX-License-Identifier: MIT */
/*
 * settings: what the mount's options, the environment and the shared files come to: checked, copied, and each with
 * where it came from. Read once, at the start; only what says where credentials come from is looked at as it is now.
 *
 * A value that is none (a switch that is neither true nor false, a number that is none) is an error: botocore takes
 * some of them for "false", which would quietly ask hosts that are not of FIPS.
 * https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
 */
#ifndef AWS_SETTINGS_H
#define AWS_SETTINGS_H

#include "aws/config.h"
#include "aws/endpoint.h"
#include "aws/proxy.h"
#include "aws/user_agent.h"

#include <stdbool.h>

/* What the mount was given. */
struct settings_given {
    const char *region;      /* NULL: not */
    const char *region_from; /* for people: "SOURCE", "option" */
    const char *endpoint_url;
    bool allow_http;
};

enum { SETTINGS_ROWS_MAX = 24 };

struct settings_row {
    const char *name;
    char *value; /* NULL: not set */
    char from[80];
};

struct settings {
    struct endpoint endpoint; /* of Personalize, in the mount's region */
    char *endpoint_url;       /* of the user's; NULL: each region's own */
    unsigned endpoint_flags;  /* enum endpoint_flag */
    int max_attempts;         /* of a call, the first included */
    char *ca_bundle;          /* absolute; NULL: the system's */
    char user_agent[USER_AGENT_SIZE];
    struct proxies proxies;
    struct settings_row rows[SETTINGS_ROWS_MAX];
    unsigned n_rows;
};

/* 0, -ENOMEM, or -EINVAL with an error that names the setting. Logs a warning for what is taken as something else. */
int settings_read(const struct config *config, const struct settings_given *given, struct settings *ret_settings,
                  struct error *error);
void settings_release(struct settings *settings);

/* The table of all that is in force, for people: `value` NULL where it is not set, `from` "" then. No value is a
 * secret: of keys, as `aws configure list` does it, the last four characters are left. */
typedef void settings_visit_fn(void *data, const char *name, const char *value, const char *from);
void settings_visit(const struct settings *settings, const struct config *config, settings_visit_fn *visit, void *data);

#endif
