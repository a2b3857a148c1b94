/* SPDX-License-Identifier: MIT */
/*
 * config: the settings of AWS's own tools: environment variables and the shared files
 * (https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html). Reads no network.
 *
 * The environment is handed in as a function, files are read through the paths that it gives.
 */
#ifndef AWS_CONFIG_H
#define AWS_CONFIG_H

#include "base/error.h"
#include "codec/ini.h"

#include <stdbool.h>

enum { CONFIG_FILE_BYTES = 1 << 20 }; /* a larger shared file is an error */

struct config;

struct config_source {
    const char *(*getenv)(void *data, const char *name);
    void *data;
    const char *profile; /* named on the mount; NULL: AWS_PROFILE, else "default" */
};

/* Which profile, and where the files are looked for, there or not: AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE,
 * else .aws/ in the home (HOME, else the password database's); "~/" at the beginning means the home too. */
struct config_location {
    char *profile;
    char *home;    /* NULL: there is none */
    char *path[2]; /* by enum ini_kind; absolute; NULL: there is no home */
};
int config_locate(const struct config_source *source, struct config_location *ret_location, struct error *error);
void config_location_release(struct config_location *location);

/* Reads both files (one that is absent, or /dev/null, is empty). 0, -ENOMEM, -EINVAL where a file is malformed, or
 * -errno where it is there and cannot be read; -EINVAL too where a profile that was named (on the mount or by
 * AWS_PROFILE) is in neither, or the [services] section that the profile names is not there. `source` is copied. */
int config_new(const struct config_source *source, struct config **ret_config, struct error *error);
void config_free(struct config *config);
/* Reads the files again if one has changed (device, inode, size, mtime, ctime). On failure the old content stays. */
int config_reload(struct config *config, struct error *error);
/* The next config_reload reads the files whether they have changed or not. */
void config_forget(struct config *config);

const char *config_env(const struct config *config, const char *name); /* NULL for "" too */
const char *config_profile(const struct config *config);               /* the profile's name */
bool config_profile_is_explicit(const struct config *config);          /* named on the mount */
/* The profile's property in both files, the credentials file's first; NULL for "" too. */
const char *config_profile_get(const struct config *config, const char *property);
/* The same in one file alone: keys that belong together must come from one. */
const char *config_file_get(const struct config *config, enum ini_kind file, const char *property);
/* Both for any profile, named or not. */
const char *config_get(const struct config *config, const char *profile, const char *property);
const char *config_get_in(const struct config *config, enum ini_kind file, const char *profile, const char *property);
const char *config_file_path(const struct config *config, enum ini_kind file); /* "" where there is no home */
const char *config_home(const struct config *config);                          /* NULL where there is none */
const struct ini *config_ini(const struct config *config);                     /* both files */
/* Number that changes whenever the files' content does. */
unsigned config_generation(const struct config *config);

/* A setting's value and where it came from, for people: "option", "AWS_REGION", "profile dev", "services dev". */
struct setting {
    const char *value; /* NULL: nowhere */
    char from[80];
};

/* Order: the variable, the profile's property. */
struct setting config_setting(const struct config *config, const char *variable, const char *property);
/* `option` is what the mount was given, or NULL. Order: option, AWS_REGION, AWS_DEFAULT_REGION, profile. */
struct setting config_region(const struct config *config, const char *option);
/* Order: option, AWS_ENDPOINT_URL_PERSONALIZE, AWS_ENDPOINT_URL, then services section and endpoint_url of the profile;
 * AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true leaves all but the option out. */
struct setting config_endpoint_url(const struct config *config, const char *option);
/* The same of another service: `variable` is "AWS_ENDPOINT_URL_STS", `key` its name in a services section: "sts". */
struct setting config_endpoint_url_of(const struct config *config, const char *option, const char *variable,
                                      const char *key);

#endif
