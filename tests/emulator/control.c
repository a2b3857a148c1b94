/* SPDX-License-Identifier: MIT */
/* control: what tests do to the emulator while it runs, in plain text. */
#include "service.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_LEN = 512, SEGMENTS_MAX = 16 };

static const struct json_limits member_limits = { .bytes = REQUEST_MAX, .depth = 512 };

/* Each gets the jobs that ?region=… names, or else the first region's, and the request's body as text that it may cut
 * up from its beginning. 0, or -errno with the reason appended to the answer. */
typedef int control_fn(struct emulator *emulator, struct jobs *jobs, char **body, struct answer *answer);

/* Cuts the next line off *rest; NULL at the end. */
static char *line_next(char **rest)
{
    char *line = *rest;
    size_t len = strcspn(line, "\n");
    if (!*line)
        return NULL;
    *rest = line + len + (line[len] == '\n');
    line[len] = 0;
    if (len && line[len - 1] == '\r')
        line[len - 1] = 0;
    return line;
}

static int get_counts(struct emulator *emulator, struct jobs *jobs, char **body, struct answer *answer)
{
    (void)jobs;
    (void)body;
    counts_write(&emulator->counts, operation_names, &answer->body);
    return 0;
}

static int reset_counts(struct emulator *emulator, struct jobs *jobs, char **body, struct answer *answer)
{
    (void)jobs;
    (void)body;
    (void)answer;
    counts_reset(&emulator->counts);
    return 0;
}

static int get_requests(struct emulator *emulator, struct jobs *jobs, char **body, struct answer *answer)
{
    (void)jobs;
    (void)body;
    counts_write_log(&emulator->counts, &answer->body);
    return 0;
}

static int get_signers(struct emulator *emulator, struct jobs *jobs, char **body, struct answer *answer)
{
    (void)jobs;
    (void)body;
    counts_write_signers(&emulator->counts, &answer->body);
    return 0;
}

static int get_jobs(struct emulator *emulator, struct jobs *jobs, char **body, struct answer *answer)
{
    (void)emulator;
    (void)body;
    for (int64_t position = 0; position < jobs_positions(jobs); position++) {
        struct job job;
        if (jobs_at(jobs, position, &job))
            continue;
        buf_append_str(&answer->body, job.name);
        buf_append_char(&answer->body, '\n');
    }
    return buf_error(&answer->body);
}

static void restart_churn(struct emulator *emulator, int64_t old_churn_ms)
{
    for (unsigned i = 0; i < emulator->n_regions; i++)
        jobs_restart_churn(&emulator->regions[i], clock_wall_ms(emulator->clock), old_churn_ms);
}

/* "name=value": the name stays in `line`. *ret_value is NULL where the line is empty. */
static int line_split(char *line, const char **ret_value, struct answer *answer)
{
    char *equals = strchr(line, '=');
    *ret_value = NULL;
    if (!*line)
        return 0;
    if (!equals) {
        buf_printf(&answer->body, "%.100s: name=value wanted", line);
        return -EINVAL;
    }
    *equals = 0;
    *ret_value = equals + 1;
    return 0;
}

static int set(struct emulator *emulator, struct jobs *jobs, char **body, struct answer *answer)
{
    (void)jobs;
    for (char *line; (line = line_next(body));) {
        struct settings *settings = &emulator->settings;
        struct settings before = *settings;
        const char *value;
        int error = line_split(line, &value, answer);
        if (error)
            return error;
        if (!value)
            continue;
        error = settings_set(settings, line, value, &answer->body);
        if (error)
            return error;
        if (strcmp(before.session_token, settings->session_token) != 0)
            (void)snprintf(emulator->expired_token, sizeof emulator->expired_token, "%s", before.session_token);
        if (strcmp(before.sso_token, settings->sso_token) != 0)
            emulator->sso_expires_ms = 0;
        if (before.churn_ms != settings->churn_ms)
            restart_churn(emulator, before.churn_ms);
        if (before.rate != settings->rate)
            emulator->tokens = (double)settings->rate;
    }
    return 0;
}

static int set_key(struct emulator *emulator, struct jobs *jobs, char **body, struct answer *answer)
{
    struct key key = { 0 };
    const struct {
        const char *name;
        char *to;
        size_t size;
    } members[] = {
        { "access_key", key.access_key, sizeof key.access_key },
        { "secret_key", key.secret_key, sizeof key.secret_key },
        { "session_token", key.session_token, sizeof key.session_token },
    };
    (void)jobs;
    for (char *line; (line = line_next(body));) {
        const char *value;
        bool fits = false;
        if (line_split(line, &value, answer))
            return -EINVAL;
        for (unsigned i = 0; value && i < sizeof members / sizeof members[0]; i++)
            if (!strcmp(members[i].name, line))
                fits = (size_t)snprintf(members[i].to, members[i].size, "%s", value) < members[i].size;
        if (value && !fits) {
            buf_printf(&answer->body, "%.100s: access_key, secret_key and session_token are what a key has", line);
            return -EINVAL;
        }
    }
    if (!key.access_key[0] || !key.secret_key[0]) {
        buf_append_str(&answer->body, "a key has an access_key and a secret_key");
        return -EINVAL;
    }
    keys_add(&emulator->keys, &key);
    return 0;
}

static int set_role(struct emulator *emulator, struct jobs *jobs, char **body, struct answer *answer)
{
    char *arn = line_next(body);
    struct role *role = arn ? roles_reset(&emulator->roles, arn) : NULL;
    (void)jobs;
    if (!role) {
        buf_printf(&answer->body, "%.100s: the first line must be a role's ARN", arn ? arn : "");
        return -EINVAL;
    }
    for (char *line; (line = line_next(body));) {
        const char *value;
        if (line_split(line, &value, answer))
            return -EINVAL;
        if (value && !role_set(role, line, value)) {
            buf_printf(&answer->body, "%.100s: source, external_id and web_identity_token are what a role has", line);
            return -EINVAL;
        }
    }
    return 0;
}

static int expire_credentials(struct emulator *emulator, struct jobs *jobs, char **body, struct answer *answer)
{
    (void)jobs;
    (void)body;
    (void)answer;
    keys_expire(&emulator->keys, emulator_time_ms(emulator));
    return 0;
}

static bool path_is_valid(const char *path)
{
    unsigned segments = 1;
    if (!*path || strlen(path) > PATH_MAX_LEN || *path == '.')
        return false;
    for (const char *at = path; *at; at++) {
        if (*at == '.' && (at[1] == '.' || !at[1] || ++segments > SEGMENTS_MAX))
            return false;
        if (*at != '.' && !isalnum((unsigned char)*at) && !strchr("_-", *at))
            return false;
    }
    return true;
}

/* Finds the job that the first line names, or creates it. */
static int touch_named(struct emulator *emulator, struct jobs *jobs, char **body, struct overlay **ret_overlay,
                       struct answer *answer)
{
    char *name = line_next(body);
    if (!name || !job_name_is_valid(name)) {
        buf_printf(&answer->body, "%.100s: the first line must be a job's name", name ? name : "");
        return -EINVAL;
    }
    *ret_overlay = jobs_touch(jobs, name, JOB_BARE, clock_wall_ms(emulator->clock));
    return *ret_overlay ? 0 : -ENOMEM;
}

static int set_job(struct emulator *emulator, struct jobs *jobs, char **body, struct answer *answer)
{
    struct overlay *overlay;
    int error = touch_named(emulator, jobs, body, &overlay, answer);
    for (char *line; !error && (line = line_next(body));) {
        struct error why;
        char *equals = strchr(line, '=');
        if (!*line)
            continue;
        if (equals)
            *equals = 0;
        if (!equals || !path_is_valid(line)) {
            buf_printf(&answer->body, "%.100s: member.path=JSON wanted", line);
            error = -EINVAL;
        } else if (json_check(equals + 1, strlen(equals + 1), &member_limits, NULL, NULL, &why)) {
            buf_printf(&answer->body, "%.100s: %s", line, why.message);
            error = -EINVAL;
        } else {
            error = overlay_set(overlay, line, equals + 1);
        }
    }
    return error;
}

static int set_raw(struct emulator *emulator, struct jobs *jobs, char **body, struct answer *answer)
{
    struct overlay *overlay;
    int error = touch_named(emulator, jobs, body, &overlay, answer);
    return error ? error : overlay_set_raw(overlay, **body ? *body : NULL);
}

static int remove_job(struct emulator *emulator, struct jobs *jobs, char **body, struct answer *answer)
{
    char *name = line_next(body);
    int error = name ? jobs_remove(jobs, name, clock_wall_ms(emulator->clock)) : -EINVAL;
    if (error)
        buf_printf(&answer->body, "%.100s: no such job", name ? name : "");
    return error;
}

static int add_fault(struct emulator *emulator, struct jobs *jobs, char **body, struct answer *answer)
{
    (void)jobs;
    if (emulator->settings.tls_key[0] && (strstr(*body, "kind=huge-headers") || strstr(*body, "kind=many-headers"))) {
        buf_append_str(&answer->body, "large headers are sent past TLS: serve http for them");
        return -EINVAL;
    }
    return faults_add(&emulator->faults, *body, &answer->body);
}

static int clear_faults(struct emulator *emulator, struct jobs *jobs, char **body, struct answer *answer)
{
    (void)jobs;
    (void)body;
    faults_clear(&emulator->faults);
    answer->releases = true;
    return 0;
}

static const struct row {
    const char *method;
    const char *path;
    control_fn *answer;
} rows[] = {
    { "GET", "/_control/counts", get_counts },
    { "POST", "/_control/reset-counts", reset_counts },
    { "GET", "/_control/requests", get_requests },
    { "GET", "/_control/signers", get_signers },
    { "GET", "/_control/jobs", get_jobs },
    { "POST", "/_control/set", set },
    { "POST", "/_control/key", set_key },
    { "POST", "/_control/role", set_role },
    { "POST", "/_control/expire-credentials", expire_credentials },
    { "POST", "/_control/job", set_job },
    { "POST", "/_control/raw", set_raw },
    { "POST", "/_control/remove-job", remove_job },
    { "POST", "/_control/fault", add_fault },
    { "POST", "/_control/clear-faults", clear_faults },
};

/* The jobs of the region that the query names, of the first where there is none; NULL: no such region. */
static struct jobs *jobs_meant(struct emulator *emulator, const char *query)
{
    static const char region[] = "region=";
    if (!*query)
        return emulator->regions;
    return strncmp(query, region, sizeof region - 1) ? NULL : emulator_jobs(emulator, query + sizeof region - 1);
}

void control_answer(struct emulator *emulator, const struct request *request, struct answer *answer)
{
    const struct row *row = NULL;
    answer_header(answer, "Content-Type", "text/plain; charset=utf-8");
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!strcmp(rows[i].path, request->path) && !strcmp(rows[i].method, request->method))
            row = &rows[i];
    struct jobs *jobs = jobs_meant(emulator, request->query);
    if (!row || !jobs) {
        answer->status = 404;
        buf_printf(&answer->body, "no such %s: %s %.100s?%.100s\n", row ? "region" : "control", request->method,
                   request->path, request->query);
        return;
    }
    char FREE_CLEANUP *body = strndup(request->body, request->body_len);
    char *rest = body;
    int error = body ? row->answer(emulator, jobs, &rest, answer) : -ENOMEM;
    if (error) {
        answer->status = error == -EINVAL ? 400 : error == -ENOENT ? 404 : 500;
        buf_append_str(&answer->body, answer->body.len ? "\n" : strerror(-error));
    }
}
