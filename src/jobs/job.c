/* SPDX-License-Identifier: MIT */
#include "jobs/job.h"

#include "base/buf.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

enum { STATUS_BYTES_MAX = 16 << 20 }; /* a page of a listing has no more */

struct inquiry job_never_asked = { .idle = { &job_never_asked.idle, &job_never_asked.idle } };

int inquiry_open(struct job *job)
{
    if (job->inquiry != &job_never_asked)
        return 0;
    struct inquiry *inquiry = calloc(1, sizeof *inquiry);
    if (!inquiry)
        return -ENOMEM;
    inquiry->job = job;
    list_init(&inquiry->idle);
    job->inquiry = inquiry;
    return 0;
}

void inquiry_close(struct job *job)
{
    record_unref(job->inquiry->described.record);
    if (job->inquiry != &job_never_asked)
        free(job->inquiry);
    job->inquiry = &job_never_asked;
}

void knowledge_expire(struct knowledge *knowledge) { knowledge->fresh_until_ms = knowledge->revalidate_until_ms = 0; }

void knowledge_clear(struct knowledge *knowledge)
{
    record_unref(knowledge->record);
    *knowledge = (struct knowledge){ 0 };
}

static int64_t left(const struct knowledge *knowledge, int64_t now_ms)
{
    return knowledge && knowledge->record && knowledge->fresh_until_ms > now_ms ? knowledge->fresh_until_ms - now_ms
                                                                                : 0;
}

bool job_is_known(const struct job *job)
{
    return !job->inquiry->absent_until_ms && (job->inquiry->described.record || job->listed.record);
}

const struct knowledge *job_latest(const struct job *job)
{
    if (!job->inquiry->described.record)
        return job->listed.record ? &job->listed : NULL;
    return job->listed.record && job->listed.sent_ms > job->inquiry->described.sent_ms ? &job->listed
                                                                                       : &job->inquiry->described;
}

const struct knowledge *job_shown(const struct job *job, enum ask asked, int64_t now_ms)
{
    if (asked == ASK_ANY && !left(&job->inquiry->described, now_ms))
        return job_latest(job);
    return job->inquiry->described.record ? &job->inquiry->described : NULL;
}

int64_t job_left_ms(const struct job *job, enum ask asked, int64_t now_ms)
{
    return left(job_shown(job, asked, now_ms), now_ms);
}

int64_t job_dir_left_ms(const struct job *job, int64_t now_ms) { return left(job_latest(job), now_ms); }

bool job_must_revalidate(const struct job *job, enum ask asked, int64_t now_ms)
{
    const struct knowledge *shown = job_shown(job, asked, now_ms);
    return job_is_known(job) && shown && shown->fresh_until_ms <= now_ms && shown->revalidate_until_ms > now_ms &&
           job->inquiry->failed_until_ms <= now_ms;
}

const struct knowledge *job_usable(const struct job *job, enum ask asked, int64_t now_ms)
{
    const struct knowledge *shown = job_shown(job, asked, now_ms);
    if (!job_is_known(job) || !shown)
        return NULL;
    bool stands_in = job->inquiry->failed_until_ms > now_ms && shown->error_until_ms > now_ms;
    return left(shown, now_ms) || stands_in || job_must_revalidate(job, asked, now_ms) ? shown : NULL;
}

static void tell_status(struct job *job, struct events *events, bool is_first)
{
    const struct knowledge *latest = job_is_known(job) ? job_latest(job) : NULL;
    BUF_CLEANUP struct buf status = BUF_INIT(STATUS_BYTES_MAX);
    if (!latest)
        events_forget(events, &job->status);
    else if (!packed_text(record_value(latest->record, record_kind(latest->record)->status), &status))
        events_see(events, &job->status, job->name, (struct slice){ buf_str(&status), status.len }, is_first);
}

void jobs_tell_statuses(struct job **jobs, size_t n, struct events *events, bool is_first)
{
    if (!events)
        return;
    events_begin(events);
    for (size_t i = 0; i < n; i++)
        tell_status(jobs[i], events, is_first);
    events_end(events);
}
