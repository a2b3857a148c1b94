/* SPDX-License-Identifier: MIT */
#include "jobs/job.h"

static int64_t left(const struct knowledge *knowledge, int64_t now_ms)
{
    return knowledge->record && knowledge->fresh_until_ms > now_ms ? knowledge->fresh_until_ms - now_ms : 0;
}

bool job_is_known(const struct job *job)
{
    return !job->absent_until_ms && (job->described.record || job->listed.record);
}

int64_t job_described_left_ms(const struct job *job, int64_t now_ms) { return left(&job->described, now_ms); }

const struct knowledge *job_latest(const struct job *job)
{
    if (!job->described.record)
        return job->listed.record ? &job->listed : NULL;
    return job->listed.record && job->listed.sent_ms > job->described.sent_ms ? &job->listed : &job->described;
}

int64_t job_left_ms(const struct job *job, int64_t now_ms)
{
    const struct knowledge *latest = job_latest(job);
    return latest ? left(latest, now_ms) : 0;
}

bool job_must_revalidate(const struct job *job, int64_t now_ms)
{
    return job_is_known(job) && job->described.record && job->described.fresh_until_ms <= now_ms &&
           job->described.revalidate_until_ms > now_ms && job->failed_until_ms <= now_ms;
}

bool job_is_usable(const struct job *job, int64_t now_ms)
{
    const struct knowledge *described = &job->described;
    if (!job_is_known(job) || !described->record)
        return false;
    return described->fresh_until_ms > now_ms || job_must_revalidate(job, now_ms) ||
           (job->failed_until_ms > now_ms && described->error_until_ms > now_ms);
}
