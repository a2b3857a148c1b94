/* SPDX-License-Identifier: MIT */
#include "jobs/ahead.h"

#include "jobs/readahead.h"

#include <errno.h>
#include <stdlib.h>

struct ahead {
    struct ahead_settings settings;
    struct readahead *readahead;
};

static int64_t now_of(const struct ahead *ahead) { return clock_monotonic_ms(ahead->settings.clock); }

static struct job *const *listed(void *data, size_t *ret_n)
{
    const struct ahead *ahead = data;
    *ret_n = *ahead->settings.n_jobs;
    return *ahead->settings.jobs;
}

static enum readahead_state state_of(void *data, const struct job *job, enum ask asked)
{
    int64_t now_ms = now_of(data);
    const struct inquiry *inquiry = job->inquiry;
    bool fresh = job_left_ms(job, asked, now_ms);
    if (inquiry->flight || (inquiry->ahead && fresh))
        return READAHEAD_FETCHED;
    return fresh || inquiry->absent_until_ms > now_ms || inquiry->failed_until_ms > now_ms ? READAHEAD_FRESH
                                                                                           : READAHEAD_WANTED;
}

static void fetch(void *data, struct job *job)
{
    const struct ahead *ahead = data;
    ahead->settings.fetch(ahead->settings.data, job);
}

int ahead_new(const struct ahead_settings *settings, struct ahead **ret_ahead)
{
    *ret_ahead = NULL;
    if (settings->window_max < 2)
        return 0;
    struct ahead *ahead = calloc(1, sizeof *ahead);
    if (!ahead)
        return -ENOMEM;
    ahead->settings = *settings;
    const struct readahead_settings readahead = {
        .window_max = settings->window_max, .listed = listed, .state = state_of, .fetch = fetch, .data = ahead
    };
    if (readahead_new(&readahead, &ahead->readahead)) {
        free(ahead);
        return -ENOMEM;
    }
    *ret_ahead = ahead;
    return 0;
}

void ahead_free(struct ahead *ahead)
{
    if (!ahead)
        return;
    readahead_free(ahead->readahead);
    free(ahead);
}

void ahead_relist(struct ahead *ahead)
{
    if (ahead)
        readahead_relist(ahead->readahead);
}

static void count(const struct ahead *ahead, bool hit)
{
    struct stats *stats = ahead->settings.stats;
    if (stats)
        (*(hit ? &stats->ahead_hits : &stats->ahead_wasted))++;
}

/* What made a describe necessary. While a listing of the job is fresh it can only be what that does not tell. */
static enum ask asked_of(const struct ahead *ahead, const struct job *job)
{
    return job->listed.record && job->listed.fresh_until_ms > now_of(ahead) ? ASK_DESCRIBED : ASK_ANY;
}

void ahead_read(struct ahead *ahead, struct job *job, bool joined)
{
    if (!ahead)
        return;
    ahead_forget(ahead, job); /* it has become old unread */
    if (joined)
        count(ahead, true);
    readahead_read(ahead->readahead, job, asked_of(ahead, job), joined);
}

void ahead_serve(struct ahead *ahead, struct job *job, enum ask asked)
{
    if (!ahead || !job->inquiry->ahead || !job_left_ms(job, ASK_DESCRIBED, now_of(ahead)))
        return;
    if (asked == ASK_ANY && asked_of(ahead, job) == ASK_DESCRIBED)
        return; /* a listing would have told that */
    job->inquiry->ahead = false;
    count(ahead, true);
    readahead_read(ahead->readahead, job, asked_of(ahead, job), true);
}

void ahead_ended(struct ahead *ahead, struct job *job, bool good)
{
    ahead_forget(ahead, job);
    job->inquiry->ahead = good;
    if (!good)
        readahead_stop(ahead->readahead);
}

void ahead_forget(struct ahead *ahead, struct job *job)
{
    if (!ahead || !job->inquiry->ahead)
        return;
    job->inquiry->ahead = false;
    count(ahead, false);
}
