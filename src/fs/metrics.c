/* SPDX-License-Identifier: MIT */
#include "fs/metrics.h"

#include "aws/stats.h"
#include "base/escape.h"
#include "jobs/failures.h"
#include "jobs/record.h"

#include <string.h>

enum { STATUSES_MAX = 32, STATUS_BYTES_MAX = 256, LABEL_BYTES_MAX = 5 * STATUS_BYTES_MAX /* all of it octal */ };

/* ---- samples ---- */

static void put_count(const char *name, uint64_t value, struct buf *to)
{
    (void)buf_printf(to, "%s %llu\n", name, (unsigned long long)value);
}

static void put_seconds(const char *name, int64_t ms, struct buf *to)
{
    (void)buf_printf(to, "%s %.3f\n", name, (double)ms / 1e3);
}

/* A label's value: as values are escaped, so that none can drive a terminal, then as the format has it. */
static void put_label(struct slice value, struct buf *to)
{
    BUF_CLEANUP struct buf text = BUF_INIT(LABEL_BYTES_MAX);
    (void)escape_text(value, &text);
    for (const char *c = buf_str(&text); *c; c++) {
        if (*c == '"' || *c == '\\')
            (void)buf_append_char(to, '\\');
        (void)buf_append_char(to, *c);
    }
}

/* ---- jobs ---- */

/* A status is whatever the service says: there is a place for so many, and the first is for all others. */
struct statuses {
    struct buf text[STATUSES_MAX];
    uint64_t jobs[STATUSES_MAX];
    unsigned n;
};

static void statuses_count(struct statuses *statuses, const struct buf *status)
{
    unsigned i = buf_error(status) ? 0 : statuses->n; /* of one that is too long only a part is there */
    while (i-- > 0)
        if (!strcmp(buf_str(&statuses->text[i]), buf_str(status))) {
            statuses->jobs[i]++;
            return;
        }
    if (statuses->n == STATUSES_MAX || buf_error(status)) {
        statuses->jobs[0]++;
        return;
    }
    statuses->text[statuses->n] = BUF_INIT(STATUS_BYTES_MAX);
    (void)buf_append_str(&statuses->text[statuses->n], buf_str(status));
    statuses->jobs[statuses->n++] = 1;
}

static void put_jobs(const struct control_sources *sources, const char *name, struct buf *to)
{
    struct statuses statuses = { .text = { BUF_INIT(STATUS_BYTES_MAX) }, .n = 1 };
    BUF_CLEANUP struct buf status = BUF_INIT(STATUS_BYTES_MAX);
    uint64_t place = 0;
    (void)buf_append_str(&statuses.text[0], "other");
    for (const struct job *job; (job = cache_next_listed(sources->cache, place)); place = job->place) {
        const struct record *record = job->listed.record;
        buf_clear(&status);
        if (record)
            (void)packed_text(record_value(record, record_kind(record)->status), &status);
        statuses_count(&statuses, &status);
    }
    for (unsigned i = 0; i < statuses.n; i++) {
        if (statuses.jobs[i]) {
            (void)buf_printf(to, "%s{status=\"", name);
            put_label((struct slice){ buf_str(&statuses.text[i]), statuses.text[i].len }, to);
            (void)buf_printf(to, "\"} %llu\n", (unsigned long long)statuses.jobs[i]);
        }
        buf_release(&statuses.text[i]);
    }
}

static void put_listing_age(const struct control_sources *sources, const char *name, struct buf *to)
{
    const struct listing_state *listing = cache_listing(sources->cache);
    if (listing->listed_once)
        put_seconds(name, clock_monotonic_ms(sources->clock) - listing->listed_ms, to);
}

static void put_listing_failed(const struct control_sources *sources, const char *name, struct buf *to)
{
    put_count(name, cache_listing(sources->cache)->failed_number != 0, to);
}

/* ---- calls ---- */

#define EACH_OPERATION(operation, stats)                                \
    for (const struct stats_operation *operation = (stats)->operations; \
         operation < (stats)->operations + STATS_OPERATIONS && *operation->name; operation++)

static void put_calls(const struct control_sources *sources, const char *name, struct buf *to)
{
    EACH_OPERATION(operation, sources->stats)
    for (int i = 0; i < STATS_OUTCOMES; i++)
        (void)buf_printf(to, "%s{operation=\"%s\",outcome=\"%s\"} %llu\n", name, operation->name,
                         stats_outcome_name((enum stats_outcome)i), (unsigned long long)operation->calls[i]);
}

static void put_durations(const struct control_sources *sources, const char *name, struct buf *to)
{
    EACH_OPERATION(operation, sources->stats)
    {
        uint64_t n = 0;
        for (int i = 0; i < STATS_BUCKETS - 1; i++) {
            n += operation->buckets[i];
            (void)buf_printf(to, "%s_bucket{operation=\"%s\",le=\"%g\"} %llu\n", name, operation->name,
                             stats_bucket_ms[i] / 1e3, (unsigned long long)n);
        }
        (void)buf_printf(to, "%s_bucket{operation=\"%s\",le=\"+Inf\"} %llu\n", name, operation->name,
                         (unsigned long long)operation->answered);
        (void)buf_printf(to, "%s_sum{operation=\"%s\"} %.3f\n", name, operation->name,
                         (double)operation->answered_ms / 1e3);
        (void)buf_printf(to, "%s_count{operation=\"%s\"} %llu\n", name, operation->name,
                         (unsigned long long)operation->answered);
    }
}

static void put_retries(const struct control_sources *sources, const char *name, struct buf *to)
{
    put_count(name, sources->stats->retries, to);
}

static void put_throttles(const struct control_sources *sources, const char *name, struct buf *to)
{
    put_count(name, sources->stats->halvings, to);
}

static void put_failures(const struct control_sources *sources, const char *name, struct buf *to)
{
    put_count(name, failures_count(sources->failures), to);
}

static void put_answer_age(const struct control_sources *sources, const char *name, struct buf *to)
{
    if (sources->stats->last_good_ms)
        put_seconds(name, clock_monotonic_ms(sources->clock) - sources->stats->last_good_ms, to);
}

static void put_credentials_expiry(const struct control_sources *sources, const char *name, struct buf *to)
{
    if (sources->stats->credentials_expire_ms)
        put_seconds(name, sources->stats->credentials_expire_ms - clock_wall_ms(sources->clock), to);
}

/* ---- the cache, the program ---- */

static void put_hits(const struct control_sources *sources, const char *name, struct buf *to)
{
    put_count(name, sources->counts->hits, to);
}

static void put_misses(const struct control_sources *sources, const char *name, struct buf *to)
{
    put_count(name, sources->counts->misses, to);
}

static void put_ahead_calls(const struct control_sources *sources, const char *name, struct buf *to)
{
    put_count(name, sources->stats->ahead_calls, to);
}

static void put_ahead_hits(const struct control_sources *sources, const char *name, struct buf *to)
{
    put_count(name, sources->stats->ahead_hits, to);
}

static void put_ahead_wasted(const struct control_sources *sources, const char *name, struct buf *to)
{
    put_count(name, sources->stats->ahead_wasted, to);
}

static void put_build_info(const struct control_sources *sources, const char *name, struct buf *to)
{
    (void)sources;
    (void)buf_printf(to, "%s{version=\"%s\"} 1\n", name, PERSONALIZEFS_VERSION);
}

/* ---- the table ---- */

static const struct metric metrics[] = {
    { "personalizefs_jobs", METRIC_GAUGE, "status", "jobs of each status in the last good listing", put_jobs },
    { "personalizefs_listing_age_seconds", METRIC_GAUGE, "", "since the last good listing was asked for",
      put_listing_age },
    { "personalizefs_listing_failed", METRIC_GAUGE, "", "1 if the last listing failed, else 0", put_listing_failed },
    { "personalizefs_last_answer_age_seconds", METRIC_GAUGE, "", "since the last good answer of the service",
      put_answer_age },
    { "personalizefs_credentials_expiry_seconds", METRIC_GAUGE, "",
      "until the credentials that signed last expire, negative afterwards; absent where they do not",
      put_credentials_expiry },
    { "personalizefs_calls_total", METRIC_COUNTER, "operation, outcome",
      "requests to the service, each attempt counted", put_calls },
    { "personalizefs_call_duration_seconds", METRIC_HISTOGRAM, "operation", "how long answers took, whatever they said",
      put_durations },
    { "personalizefs_retries_total", METRIC_COUNTER, "", "requests that repeat one that had failed", put_retries },
    { "personalizefs_throttles_total", METRIC_COUNTER, "",
      "bursts of throttling, each of which halved the rate of requests", put_throttles },
    { "personalizefs_failures_total", METRIC_COUNTER, "", "failures that were told, in the log and in errors",
      put_failures },
    { "personalizefs_cache_hits_total", METRIC_COUNTER, "",
      "values and lists given from memory; what the kernel gives by itself is not seen", put_hits },
    { "personalizefs_cache_misses_total", METRIC_COUNTER, "", "times that a caller had to wait for the service",
      put_misses },
    { "personalizefs_readahead_calls_total", METRIC_COUNTER, "", "descriptions asked for ahead of their reader",
      put_ahead_calls },
    { "personalizefs_readahead_hits_total", METRIC_COUNTER, "", "those that a reader then asked for", put_ahead_hits },
    { "personalizefs_readahead_wasted_total", METRIC_COUNTER, "", "those that nobody asked for while they were fresh",
      put_ahead_wasted },
    { "personalizefs_build_info", METRIC_GAUGE, "version", "1, with the version of the program", put_build_info },
};
enum { N_METRICS = sizeof metrics / sizeof *metrics };

const struct metric *metric_at(size_t i) { return i < N_METRICS ? &metrics[i] : NULL; }

void metrics_render(const struct control_sources *sources, struct buf *to)
{
    static const char *const types[] = {
        [METRIC_GAUGE] = "gauge", [METRIC_COUNTER] = "counter", [METRIC_HISTOGRAM] = "histogram"
    };
    for (size_t i = 0; i < N_METRICS; i++) {
        const struct metric *metric = &metrics[i];
        (void)buf_printf(to, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help, metric->name,
                         types[metric->type]);
        metric->put(sources, metric->name, to);
    }
}
