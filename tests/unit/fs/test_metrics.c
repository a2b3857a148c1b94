/* SPDX-License-Identifier: MIT */
#include "control_world.h"
#include "fs/metrics.h"

#include <ctype.h>

static void render(struct buf *to)
{
    const struct control_sources sources = own_sources();
    *to = BUF_INIT(CONTROL_TEXT_MAX);
    metrics_render(&sources, to);
    assert_int_equal(buf_error(to), 0);
}

static void expect_sample(const char *line, bool is_there)
{
    BUF_CLEANUP struct buf text;
    char whole[2000];
    (void)snprintf(whole, sizeof whole, "\n%s\n", line);
    render(&text);
    if ((strstr(buf_str(&text), whole) != NULL) != is_there)
        fail_msg("%s %s in:\n%s", line, is_there ? "is not" : "is", buf_str(&text));
}

/* https://prometheus.io/docs/practices/naming/ */
static void the_names_are_as_prometheus_has_them(void **state)
{
    (void)state;
    static const char prefix[] = "personalizefs_";
    const struct metric *metric;
    for (size_t i = 0; (metric = metric_at(i)); i++) {
        size_t len = strlen(metric->name);
        assert_memory_equal(metric->name, prefix, sizeof prefix - 1);
        for (const char *c = metric->name; *c; c++)
            assert_true(islower((unsigned char)*c) || *c == '_');
        bool is_total = !strcmp(metric->name + len - 6, "_total");
        assert_int_equal(is_total, metric->type == METRIC_COUNTER);
        assert_true(*metric->help && !strpbrk(metric->help, "\n\\"));
        for (size_t other = 0; other < i; other++)
            assert_string_not_equal(metric->name, metric_at(other)->name);
    }
}

static void jobs_are_counted_by_status(void **state)
{
    struct world *world = *state;
    expect_sample("personalizefs_listing_failed 0", true);
    list(world, "[" FINISHED ",{\"jobName\":\"b\",\"status\":\"ACTIVE\"},{\"jobName\":\"c\"},"
                "{\"jobName\":\"d\",\"status\":\"a \\\"b\\\" \\\\ \\u001b\\n\"}]");
    fake_clock_advance(&world->clock, 1500);
    expect_sample("personalizefs_jobs{status=\"ACTIVE\"} 2", true);
    expect_sample("personalizefs_jobs{status=\"\"} 1", true);
    expect_sample("personalizefs_jobs{status=\"a \\\"b\\\" \\\\\\\\ \\\\0033\\\\n\"} 1", true);
    expect_sample("personalizefs_listing_age_seconds 1.500", true);
}

static void statuses_beyond_reason_are_one(void **state)
{
    struct world *world = *state;
    char json[4000] = "[" FINISHED;
    for (int i = 0; i < 40; i++)
        (void)snprintf(json + strlen(json), sizeof json - strlen(json), ",{\"jobName\":\"b%d\",\"status\":\"S%d\"}", i,
                       i);
    (void)snprintf(json + strlen(json), sizeof json - strlen(json), ",{\"jobName\":\"c\",\"status\":\"other\"}]");
    list(world, json);
    expect_sample("personalizefs_jobs{status=\"ACTIVE\"} 1", true);
    expect_sample("personalizefs_jobs{status=\"S29\"} 1", true);
    expect_sample("personalizefs_jobs{status=\"S30\"} 1", false);
    expect_sample("personalizefs_jobs{status=\"other\"} 11", true); /* one of them says so itself */
}

/* Each sample once, whatever statuses are: one that comes twice costs a scraper all of them. */
static void long_statuses_are_told_apart_or_are_one(void **state)
{
    struct world *world = *state;
    char longest[256 * 6 + 1] = "";
    char word[250];
    char json[8000];
    char wanted[256 * 6 + 100] = "personalizefs_jobs{status=\"";
    for (int i = 0; i < 255; i++)
        strcat(longest, "\\u0001");
    memset(word, 'A', sizeof word);
    (void)snprintf(json, sizeof json,
                   "[{\"jobName\":\"a\",\"status\":\"%sx\"},{\"jobName\":\"b\",\"status\":\"%sy\"},"
                   "{\"jobName\":\"c\",\"status\":\"%.249s/\"},{\"jobName\":\"d\",\"status\":\"%.249s/beyond it\"}]",
                   longest, longest, word, word);
    list(world, json);
    expect_sample("personalizefs_jobs{status=\"other\"} 1", true);
    for (int i = 0; i < 255; i++)
        strcat(wanted, "\\\\0001");
    strcat(wanted, "x\"} 1");
    expect_sample(wanted, true);
    (void)snprintf(wanted, sizeof wanted, "personalizefs_jobs{status=\"%.249s/\"} 1", word);
    expect_sample(wanted, true);
}

static void what_was_never_known_is_absent(void **state)
{
    struct world *world = *state;
    BUF_CLEANUP struct buf text;
    render(&text);
    assert_null(strstr(buf_str(&text), "\npersonalizefs_listing_age_seconds "));
    assert_null(strstr(buf_str(&text), "\npersonalizefs_last_answer_age_seconds "));
    assert_null(strstr(buf_str(&text), "\npersonalizefs_credentials_expiry_seconds "));
    own.stats.last_good_ms = world->clock.monotonic_ms - 250;
    own.stats.credentials_expire_ms = world->clock.wall_ms - 2000;
    expect_sample("personalizefs_last_answer_age_seconds 0.250", true);
    expect_sample("personalizefs_credentials_expiry_seconds -2.000", true);
    own.stats.credentials_expire_ms = world->clock.wall_ms + 3600000;
    expect_sample("personalizefs_credentials_expiry_seconds 3600.000", true);
}

static void calls_and_their_durations(void **state)
{
    (void)state;
    struct stats_operation *operation = stats_operation(&own.stats, "DescribeBatchInferenceJob");
    stats_ended(&own.stats, operation, STATS_OK, 1000, 1007);
    stats_ended(&own.stats, operation, STATS_OK, 1000, 1300);
    stats_ended(&own.stats, operation, STATS_THROTTLED, 1000, 61000);
    own.stats.retries = 4;
    own.stats.halvings = 5;
    own.counts = (struct tree_counts){ .hits = 6, .misses = 7 };
#define CALLS "personalizefs_calls_total{operation=\"DescribeBatchInferenceJob\",outcome="
#define BUCKET "personalizefs_call_duration_seconds_bucket{operation=\"DescribeBatchInferenceJob\",le="
    expect_sample(CALLS "\"ok\"} 2", true);
    expect_sample(CALLS "\"throttled\"} 1", true);
    expect_sample(CALLS "\"denied\"} 0", true);
    expect_sample(BUCKET "\"0.005\"} 0", true);
    expect_sample(BUCKET "\"0.01\"} 1", true);
    expect_sample(BUCKET "\"0.25\"} 1", true);
    expect_sample(BUCKET "\"0.5\"} 2", true);
    expect_sample(BUCKET "\"10\"} 2", true);
    expect_sample(BUCKET "\"+Inf\"} 3", true);
    expect_sample("personalizefs_call_duration_seconds_sum{operation=\"DescribeBatchInferenceJob\"} 60.307", true);
    expect_sample("personalizefs_call_duration_seconds_count{operation=\"DescribeBatchInferenceJob\"} 3", true);
    expect_sample("personalizefs_retries_total 4", true);
    expect_sample("personalizefs_throttles_total 5", true);
    expect_sample("personalizefs_cache_hits_total 6", true);
    expect_sample("personalizefs_cache_misses_total 7", true);
    expect_sample("personalizefs_failures_total 0", true);
}

static void each_has_its_help_and_type_once(void **state)
{
    (void)state;
    static const char *const types[] = {
        [METRIC_GAUGE] = "gauge", [METRIC_COUNTER] = "counter", [METRIC_HISTOGRAM] = "histogram"
    };
    const struct metric *metric;
    BUF_CLEANUP struct buf text;
    render(&text);
    for (size_t i = 0; (metric = metric_at(i)); i++) {
        char lines[400];
        (void)snprintf(lines, sizeof lines, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help, metric->name,
                       types[metric->type]);
        const char *at = strstr(buf_str(&text), lines);
        assert_non_null(at);
        assert_null(strstr(at + 1, lines));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(the_names_are_as_prometheus_has_them), OWN_TEST(jobs_are_counted_by_status),
        OWN_TEST(statuses_beyond_reason_are_one),       OWN_TEST(long_statuses_are_told_apart_or_are_one),
        OWN_TEST(what_was_never_known_is_absent),       OWN_TEST(calls_and_their_durations),
        OWN_TEST(each_has_its_help_and_type_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
