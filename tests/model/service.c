/* SPDX-License-Identifier: MIT */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const statuses[] = { "PENDING", "IN PROGRESS", "ACTIVE", "CREATE FAILED" };
enum { STATUSES = 4, FAILED = 3, FIRST_FINAL = 2 };
static const char *const names[JOBS] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };
static const char *const files[FILES] = { "status", "failureReason", "numResults" };

static void note(struct service *service, unsigned job, const struct state *state, int64_t now_ms)
{
    unsigned n = service->n_pasts[job];
    if (n == PASTS_MAX)
        abort();
    if (n)
        service->pasts[job][n - 1].until_ms = now_ms;
    service->jobs[job] = *state;
    service->pasts[job][n] = (struct past){ *state, INT64_MAX };
    service->n_pasts[job]++;
}

void service_init(struct service *service)
{
    *service = (struct service){ .updated = 1000 };
    for (unsigned job = 0; job < JOBS; job++)
        note(service, job, &service->jobs[job], 0);
}

void service_change(struct service *service, unsigned job, unsigned choice, int64_t now_ms)
{
    struct state state = service->jobs[job];
    unsigned status = choice % STATUSES;
    bool is_new = !state.exists;
    bool only_results = !is_new && status == state.status && !state_is_final(&state);
    state.exists = true;
    state.results = choice / STATUSES % 3 * 10;
    state.status = status;
    if (!only_results)
        state.updated = ++service->updated;
    note(service, job, &state, now_ms);
}

void service_vanish(struct service *service, unsigned job, int64_t now_ms)
{
    struct state state = service->jobs[job];
    state.exists = false;
    note(service, job, &state, now_ms);
}

const char *job_name(unsigned job) { return names[job]; }

int job_number(const char *name)
{
    for (int job = 0; job < JOBS; job++)
        if (!strcmp(names[job], name))
            return job;
    return -1;
}

const char *file_name(enum file file) { return files[file]; }

bool file_is_listed(enum file file) { return file != FILE_RESULTS; }

const char *state_status(const struct state *state) { return statuses[state->status]; }

bool state_is_final(const struct state *state) { return state->status >= FIRST_FINAL; }

void state_text(const struct state *state, enum file file, char text[TEXT_MAX])
{
    *text = 0;
    if (file == FILE_STATUS)
        (void)snprintf(text, TEXT_MAX, "%s\n", state_status(state));
    else if (file == FILE_REASON && state->status == FAILED)
        (void)snprintf(text, TEXT_MAX, "reason %u\n", state->updated);
    else if (file == FILE_RESULTS && state->results)
        (void)snprintf(text, TEXT_MAX, "%u\n", state->results);
}

void state_json(const struct state *state, unsigned job, struct buf *to)
{
    (void)buf_printf(to, "{\"jobName\":\"%s\",\"batchInferenceJobArn\":\"arn:%s\",\"status\":\"%s\"", names[job],
                     names[job], state_status(state));
    if (state->status == FAILED)
        (void)buf_printf(to, ",\"failureReason\":\"reason %u\"", state->updated);
    if (state->results)
        (void)buf_printf(to, ",\"numResults\":%u", state->results);
    (void)buf_printf(to, ",\"creationDateTime\":1,\"lastUpdatedDateTime\":%u}", state->updated);
}
