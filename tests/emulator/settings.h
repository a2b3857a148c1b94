/* SPDX-License-Identifier: MIT */
/* settings: what the emulator can be told, in one table for the command line and for POST /_control/set. */
#ifndef EMULATOR_SETTINGS_H
#define EMULATOR_SETTINGS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { SETTING_SIZE = 256, SETTING_TOKEN_SIZE = 4096, REGION_SIZE = 64 };

struct settings {
    char listen[SETTING_SIZE];
    int64_t port;
    char url_file[SETTING_SIZE];
    char tls_cert[SETTING_SIZE];
    char tls_key[SETTING_SIZE];
    int64_t jobs;
    int64_t running;
    int64_t stuck;
    int64_t seed;
    char account[SETTING_SIZE];
    char region[SETTING_SIZE];
    char name_prefix[SETTING_SIZE];
    char newest_day[SETTING_SIZE];
    char access_key[SETTING_SIZE];
    char secret_key[SETTING_SIZE];
    char session_token[SETTING_TOKEN_SIZE];
    int64_t credentials_life_s;
    char instance_role[SETTING_SIZE];
    char container_token[SETTING_SIZE];
    char sso_token[SETTING_SIZE];
    char sso_refresh_token[SETTING_SIZE];
    char sso_client_id[SETTING_SIZE];
    char sso_client_secret[SETTING_SIZE];
    int64_t sso_life_s;
    int64_t lifetime_s;
    int64_t latency_ms;
    int64_t rate;
    int64_t page_size;
    int64_t empty_pages;
    int64_t clock_offset_s;
    int64_t churn_ms;
    int64_t churn_longest;
};

void settings_init(struct settings *settings);
/* Reads the command line. 0; 1 after --help, which it has printed; -EINVAL with what is wrong on stderr. */
int settings_from_arguments(struct settings *settings, int argc, char **argv);
/* Sets one by name while the emulator runs. 0, or -EINVAL with the reason appended to `why`. */
int settings_set(struct settings *settings, const char *name, const char *value, struct buf *why);

#endif
