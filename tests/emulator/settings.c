/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include "codec/timestamp.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, NUMBER };
enum { LIVE = true, AT_START = false };

struct row {
    const char *name; /* on the command line with '-' for '_' */
    const char *value_name;
    const char *help;
    const char *default_value;
    enum kind kind;
    bool live; /* may be set while it runs */
    size_t offset;
    size_t size; /* of a text */
    int64_t min;
    int64_t max;
};

#define TEXT_ROW(field, live, value_name, text, help)                                 \
    {                                                                                 \
#field, value_name, help, text, TEXT, live, offsetof(struct settings, field), \
            sizeof((struct settings *)NULL)->field, 0, 0                              \
    }
#define NUMBER_ROW(field, live, text, min, max, help)                                        \
    {                                                                                        \
#field, "N", help, text, NUMBER, live, offsetof(struct settings, field), 0, min, max \
    }

static const struct row rows[] = {
    TEXT_ROW(listen, AT_START, "ADDRESS", "127.0.0.1", "a loopback address"),
    NUMBER_ROW(port, AT_START, "0", 0, 65535, "0: any free one"),
    TEXT_ROW(url_file, AT_START, "FILE", "", "where to write the URL once it serves"),
    TEXT_ROW(tls_cert, AT_START, "FILE", "", "certificate chain, PEM: serve https"),
    TEXT_ROW(tls_key, AT_START, "FILE", "", "its key, PEM"),
    NUMBER_ROW(jobs, AT_START, "20", 0, 10000000, "how many jobs there are"),
    NUMBER_ROW(running, AT_START, "5", 0, 10000000, "how many of them live, beginning at the start"),
    NUMBER_ROW(stuck, AT_START, "0", 0, 10000000, "how many more stand still in a stage that is not the last"),
    NUMBER_ROW(seed, AT_START, "1", 0, INT64_MAX, "what the jobs are made from"),
    TEXT_ROW(account, AT_START, "ID", "123456789012", "the account, 12 digits"),
    TEXT_ROW(region, AT_START, "REGION", "us-west-2", "the regions, separated by commas"),
    TEXT_ROW(name_prefix, AT_START, "TEXT", "nightly-", "how the jobs' names begin"),
    TEXT_ROW(newest_day, AT_START, "DAY", "2026-11-22", "the day of the newest job, YYYY-MM-DD"),
    TEXT_ROW(access_key, LIVE, "ID", "AKIAEMULATOREXAMPLE", "the access key id that is accepted"),
    TEXT_ROW(secret_key, LIVE, "KEY", "emulator/secret+key/EXAMPLE", "its secret key"),
    TEXT_ROW(session_token, LIVE, "TOKEN", "", "the session token that is then required"),
    NUMBER_ROW(credentials_life_s, LIVE, "3600", 1, 43200, "how long the credentials that it issues live"),
    TEXT_ROW(instance_role, LIVE, "NAME", "instance", "the role of instance metadata; none: there is no role"),
    TEXT_ROW(container_token, LIVE, "TOKEN", "", "the authorization that the container endpoint then requires"),
    TEXT_ROW(sso_token, LIVE, "TOKEN", "emulator/secret+sso", "SSO's access token; none: nobody is signed in"),
    TEXT_ROW(sso_refresh_token, LIVE, "TOKEN", "emulator/secret+refresh", "the token that renews it, once"),
    TEXT_ROW(sso_client_id, LIVE, "ID", "emulator-client", "the client that may renew it"),
    TEXT_ROW(sso_client_secret, LIVE, "SECRET", "emulator/secret+client", "its secret"),
    NUMBER_ROW(sso_life_s, LIVE, "28800", 1, 1000000, "how long a renewed access token lives"),
    NUMBER_ROW(lifetime_s, LIVE, "120", 0, 1000000, "how long a job lives; 0: all have ended"),
    NUMBER_ROW(latency_ms, LIVE, "0", 0, 3600000, "how long each answer takes"),
    NUMBER_ROW(rate, LIVE, "0", 0, 1000000000, "requests a second before it throttles; 0: no limit"),
    NUMBER_ROW(page_size, LIVE, "100", 1, 100, "the most jobs a page of a listing has"),
    NUMBER_ROW(empty_pages, LIVE, "7", 0, 1000000, "about one page in N is preceded by an empty one; 0: none"),
    NUMBER_ROW(clock_offset_s, LIVE, "0", -1000000000, 1000000000, "how far its clock is off"),
    NUMBER_ROW(churn_ms, LIVE, "0", 0, 3600000, "every failureReason changes so often; 0: never"),
    NUMBER_ROW(churn_longest, LIVE, "12000", 24, 999999, "how long such a failureReason becomes"),
};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

static int row_set(const struct row *row, struct settings *settings, const char *value, struct buf *why)
{
    void *field = (char *)settings + row->offset;
    if (row->kind == TEXT) {
        if (strlen(value) >= row->size) {
            buf_printf(why, "%s is too long", row->name);
            return -EINVAL;
        }
        memcpy(field, value, strlen(value) + 1);
        return 0;
    }
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (errno || end == value || *end || number < row->min || number > row->max) {
        buf_printf(why, "%s must be a number from %lld to %lld", row->name, (long long)row->min, (long long)row->max);
        return -EINVAL;
    }
    memcpy(field, &(int64_t){ number }, sizeof(int64_t));
    return 0;
}

void settings_init(struct settings *settings)
{
    struct buf BUF_CLEANUP why = BUF_INIT(256);
    *settings = (struct settings){ 0 };
    for (unsigned i = 0; i < N_ROWS; i++)
        (void)row_set(&rows[i], settings, rows[i].default_value, &why); /* the defaults fit */
}

/* Finds a row by its name, where '-' is as good as '_'. */
static const struct row *row_find(const char *name, size_t len)
{
    for (unsigned i = 0; i < N_ROWS; i++) {
        size_t at = 0;
        while (at < len && (name[at] == '-' ? '_' : name[at]) == rows[i].name[at])
            at++;
        if (at == len && !rows[i].name[at])
            return &rows[i];
    }
    return NULL;
}

int settings_set(struct settings *settings, const char *name, const char *value, struct buf *why)
{
    const struct row *row = row_find(name, strlen(name));
    if (!row || !row->live) {
        buf_printf(why, "%s: %s", name, row ? "cannot be set while the emulator runs" : "no such setting");
        return -EINVAL;
    }
    return row_set(row, settings, value, why);
}

static void help_print(void)
{
    printf("Usage: personalize-emulator [options]\n\nA stand-in for Amazon Personalize's batch inference jobs.\n\n");
    for (unsigned i = 0; i < N_ROWS; i++) {
        char option[64];
        int len = snprintf(option, sizeof option, "--%s %s", rows[i].name, rows[i].value_name);
        for (int at = 2; at < len && option[at] != ' '; at++)
            if (option[at] == '_')
                option[at] = '-';
        const char *value = rows[i].default_value;
        printf("  %-24s %s%s%s%s\n", option, rows[i].help, *value ? " (default: " : "", value, *value ? ")" : "");
    }
}

/* Names separated by commas, each once. */
static bool regions_are_valid(const char *list)
{
    for (const char *name = list; name; name = strchr(name, ',')) {
        name += *name == ',' && name != list;
        size_t len = strcspn(name, ",");
        if (!len || len >= REGION_SIZE || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
            return false;
        for (const char *other = list; other != name; other = strchr(other, ',') + 1)
            if (strcspn(other, ",") == len && !strncmp(other, name, len))
                return false;
    }
    return true;
}

/* What no single row can tell. */
static int settings_check(const struct settings *settings)
{
    char stamp[SETTING_SIZE + 16];
    int64_t ms;
    if (strlen(settings->account) != 12 || strspn(settings->account, "0123456789") != 12) {
        fprintf(stderr, "personalize-emulator: --account must be 12 digits\n");
        return -EINVAL;
    }
    if (!regions_are_valid(settings->region)) {
        fprintf(stderr, "personalize-emulator: --region must be names of regions, each once, separated by commas\n");
        return -EINVAL;
    }
    const char *day = settings->newest_day;
    snprintf(stamp, sizeof stamp, "%.4s%.2s%.2sT000000Z", day, strlen(day) == 10 ? day + 5 : "",
             strlen(day) == 10 ? day + 8 : "");
    if (timestamp_from_amz(stamp, &ms)) {
        fprintf(stderr, "personalize-emulator: --newest-day must be YYYY-MM-DD\n");
        return -EINVAL;
    }
    size_t len = strspn(settings->name_prefix, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
    if (settings->name_prefix[len] || len > 40 || (len && strchr("-_", settings->name_prefix[0]))) {
        fprintf(stderr, "personalize-emulator: --name-prefix must be the beginning of a job's name, at most 40 long\n");
        return -EINVAL;
    }
    if (!settings->tls_cert[0] != !settings->tls_key[0]) {
        fprintf(stderr, "personalize-emulator: --tls-cert and --tls-key go together\n");
        return -EINVAL;
    }
    return 0;
}

int settings_from_arguments(struct settings *settings, int argc, char **argv)
{
    struct buf BUF_CLEANUP why = BUF_INIT(1024);
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
            help_print();
            return 1;
        }
        size_t len = strcspn(name, "=");
        const struct row *row = strncmp(name, "--", 2) != 0 || len < 3 ? NULL : row_find(name + 2, len - 2);
        if (!row) {
            fprintf(stderr, "personalize-emulator: %s: no such option (--help lists them)\n", name);
            return -EINVAL;
        }
        const char *value = name[len] ? name + len + 1 : argv[++i];
        if (!value || row_set(row, settings, value, &why)) {
            fprintf(stderr, "personalize-emulator: %s\n", value ? buf_str(&why) : "a value is missing");
            return -EINVAL;
        }
    }
    return settings_check(settings);
}
