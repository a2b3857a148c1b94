/* SPDX-License-Identifier: MIT */
/* main: puts the layers together, in the order in which they need each other, and takes them apart in the reverse. */
#include "aws/config.h"
#include "aws/credentials.h"
#include "aws/http.h"
#include "aws/retry.h"
#include "aws/settings.h"
#include "aws/stats.h"
#include "aws/sts.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/timer.h"
#include "base/watch.h"
#include "codec/sigv4.h"
#include "daemon.h"
#include "fs/announcer.h"
#include "fs/control.h"
#include "fs/events_file.h"
#include "fs/fuse.h"
#include "fs/jobs_table.h"
#include "fs/tree.h"
#include "jobs/regions.h"
#include "loop.h"
#include "mountpoint.h"
#include "options.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct app {
    struct options options;
    char *mountpoint;
    struct daemon daemon;
    struct timers timers;
    struct watches watches;
    int64_t skew_ms; /* the services' clock less ours */
    struct stats stats;
    struct tree_counts counts;
    struct config *config;
    struct credentials_provider *credentials;
    struct settings settings;
    struct http *http;
    struct client *sts;
    struct failures *failures;
    struct events *events;
    struct regions *regions;
    struct announcer *announcer;
    struct jobs_table *jobs_table;
    struct events_file *events_file;
    struct control *control;
    struct tree *tree;
    struct mount *mount;
    struct loop loop;
    int ready_result; /* of telling the parent */
};

static const char *environment(void *data, const char *name)
{
    (void)data;
    return getenv(name);
}

static void node_changed(void *data, uint64_t node)
{
    struct app *app = data;
    if (app->mount)
        mount_names_changed(app->mount, node);
}

static void names_changed(void *data, const struct cache *cache)
{
    struct app *app = data;
    if (app->mount)
        tree_names_changed(app->tree, cache, node_changed, app);
}

/* Called by the announcer's thread. */
static void drop_pages(void *data, uint64_t node)
{
    struct app *app = data;
    if (app->mount)
        mount_drop_pages(app->mount, node);
}

static void reload(void *data)
{
    struct app *app = data;
    struct error error;
    log_info("reloading: SIGHUP");
    config_forget(
        app->config); /* read, it makes credentials be asked for anew; those that there are serve until then */
    if (config_reload(app->config, &error))
        log_warning("the configuration stays as it was: %s", error.message);
    regions_expire(app->regions);
}

/* Each setting in force and where it came from. */
static void settings_show(void *app_data, settings_visit_fn *visit, void *data)
{
    const struct app *app = app_data;
    settings_visit(&app->settings, app->config, visit, data);
    options_visit(&app->options, visit, data);
}

static void setting_log(void *data, const char *name, const char *value, const char *from)
{
    (void)data;
    if (value)
        log_debug("%s is %s, from %s", name, value, from);
    else
        log_debug("%s is not set", name);
}

static void serving(void *data)
{
    struct app *app = data;
    struct error error;
    if (!app->options.foreground)
        log_to_syslog();
    if (log_enabled(LOG_LEVEL_DEBUG))
        settings_show(app, setting_log, NULL);
    log_info("%s is mounted on %s (%s, %s)", app->options.source, app->mountpoint, app->settings.endpoint.region,
             app->settings.endpoint.url);
    app->ready_result = daemon_ready(&app->daemon, &error);
    if (app->ready_result) { /* whoever asked for the mount is gone */
        log_error("%s", error.message);
        app->loop.ending = true;
    }
}

/* The settings of AWS's own tools, and what they and the options say to ask. */
static int configure(struct app *app, struct error *error)
{
    const struct config_source source = { .getenv = environment, .profile = app->options.profile };
    const struct settings_given given = { .region = app->options.region,
                                          .region_from = options_region_from(&app->options),
                                          .endpoint_url = app->options.endpoint_url,
                                          .allow_http = app->options.allow_http };
    int result = config_new(&source, &app->config, error);
    return result ? result : settings_read(app->config, &given, &app->settings, error);
}

/* Jobs described ahead of a walk. No more than are remembered, else it would come too late for all of them. */
static size_t ahead_max(const struct options *options)
{
    size_t max = options->max_requests > 1 ? 2 * (size_t)options->max_requests : 0;
    size_t kept = (size_t)options->max_jobs / 2;
    return options->max_jobs && kept < max ? kept : max;
}

static int connect_service(struct app *app, struct error *error)
{
    const struct settings *settings = &app->settings;
    (void)stats_operation(&app->stats, kind_batch_inference_job.describe_operation); /* counted from 0 */
    (void)stats_operation(&app->stats, kind_batch_inference_job.list_operation);
    const struct http_settings http = {
        .user_agent = settings->user_agent,
        .ca_bundle = settings->ca_bundle,
        .proxies = &settings->proxies,
        .max_connections = app->options.max_requests,
    };
    int result = http_curl_new(&http, &app->http, error);
    if (result)
        return result;
    if (sigv4_prepare())
        return error_set(error, ENOMEM, NULL, "no memory to sign with");
    const struct credentials_settings credentials = { .config = app->config,
                                                      .http = app->http,
                                                      .timers = &app->timers,
                                                      .watches = &app->watches,
                                                      .clock = &clock_system,
                                                      .random = &random_system,
                                                      .skew_ms = &app->skew_ms,
                                                      .region = settings->endpoint.region,
                                                      .endpoint_flags = settings->endpoint_flags,
                                                      .max_attempts = settings->max_attempts,
                                                      .timeout_ms = app->options.timeout_ms };
    if (credentials_chain_new(&credentials, &app->credentials))
        return error_set(error, ENOMEM, NULL, "no memory");
    struct error sts_error; /* a mount can do without */
    if (sts_client_new(&credentials, app->credentials, &app->sts, &sts_error))
        log_warning("STS will not be asked for the account: %s", sts_error.message);
    const struct regions_settings regions = {
        .kind = &kind_batch_inference_job,
        .client = { .endpoint = settings->endpoint,
                    .service = "personalize",
                    .target = "AmazonPersonalize",
                    .max_requests = app->options.max_requests,
                    .max_attempts = settings->max_attempts,
                    .http = app->http,
                    .credentials = app->credentials,
                    .timers = &app->timers,
                    .clock = &clock_system,
                    .random = &random_system,
                    .skew_ms = &app->skew_ms,
                    .stats = &app->stats },
        .cache = { .timers = &app->timers,
                   .clock = &clock_system,
                   .failures = app->failures,
                   .events = app->events,
                   .ttl_ms = app->options.ttl_ms,
                   .final_ttl_ms = app->options.terminal_ttl_ms,
                   .list_ttl_ms = app->options.list_ttl_ms,
                   .negative_ttl_ms = app->options.negative_ttl_ms,
                   .stale_while_revalidate_ms = app->options.stale_while_revalidate_ms,
                   .stale_if_error_ms = app->options.stale_if_error_ms,
                   .ahead_max = ahead_max(&app->options),
                   .stats = &app->stats,
                   .max_jobs = (size_t)app->options.max_jobs,
                   .timeout_ms = app->options.timeout_ms },
        .endpoint_url = settings->endpoint_url,
        .endpoint_flags = settings->endpoint_flags,
        .partition = app->options.partition ? app->options.partition : region_partition(settings->endpoint.region),
        .account = app->options.account_id,
        .sts = app->sts,
        .names_changed = names_changed,
        .data = app,
    };
    return regions_new(&regions, &app->regions, error);
}

/* The mount's own files. */
static int build_control(struct app *app)
{
    struct cache *cache = regions_own(app->regions);
    int result = jobs_table_new(&kind_batch_inference_job, cache, &clock_system, &app->jobs_table);
    if (!result)
        result = announcer_new(drop_pages, app, &app->announcer);
    if (!result)
        result = events_file_new(app->events, app->announcer, &app->events_file);
    const struct control_sources control = { .clock = &clock_system,
                                             .cache = cache,
                                             .failures = app->failures,
                                             .stats = &app->stats,
                                             .counts = &app->counts,
                                             .jobs_table = app->jobs_table,
                                             .events = app->events_file,
                                             .visit_settings = settings_show,
                                             .data = app };
    return result ? result : control_new(&control, &app->control);
}

static int build_tree(struct app *app, struct error *error)
{
    if (build_control(app))
        return error_set(error, ENOMEM, NULL, "no memory");
    const struct tree_settings tree = { .kind = &kind_batch_inference_job,
                                        .cache = regions_own(app->regions),
                                        .control = app->control,
                                        .cache_of = regions_cache_of,
                                        .data = app->regions,
                                        .clock = &clock_system,
                                        .counts = &app->counts,
                                        .negative_ttl_ms = app->options.negative_ttl_ms };
    return tree_new(&tree, &app->tree) ? error_set(error, ENOMEM, NULL, "no memory") : 0;
}

static int mount_tree(struct app *app, struct error *error)
{
    const struct mount_settings mount = { .source = app->options.source,
                                          .mountpoint = app->mountpoint,
                                          .allow_other = app->options.allow_other,
                                          .debug = app->options.debug,
                                          .uid = app->options.uid,
                                          .gid = app->options.gid,
                                          .umask = app->options.umask,
                                          .tree = app->tree,
                                          .timers = &app->timers,
                                          .serving = serving,
                                          .data = app };
    int result = mount_new(&mount, &app->mount, error);
    app->loop.http = app->http;
    app->loop.timers = &app->timers;
    app->loop.watches = &app->watches;
    app->loop.mount = app->mount;
    app->loop.reload = reload;
    app->loop.data = app;
    return result;
}

/* Everything up to the first request. What has been made is in `app` whatever happens. */
static int start(struct app *app, struct error *error)
{
    timers_init(&app->timers, &clock_system);
    watches_init(&app->watches);
    int result = loop_signals(&app->loop, error);
    if (!result)
        result = configure(app, error);
    if (!result && (events_new(&clock_system, &app->events) || failures_new(&clock_system, &app->failures)))
        result = error_set(error, ENOMEM, NULL, "no memory");
    if (!result)
        result = connect_service(app, error);
    if (!result)
        result = build_tree(app, error);
    if (!result)
        result = mount_tree(app, error);
    return result;
}

/* It may wait for a page that is being read, so reads are answered until it has ended. */
static void stop_announcer(struct app *app)
{
    enum { LOOK_AGAIN_MS = 10 };
    while (app->announcer && !announcer_end(app->announcer)) {
        (void)mount_serve(app->mount);
        struct pollfd fd = { mount_fd(app->mount), POLLIN, 0 };
        (void)poll(&fd, 1, LOOK_AGAIN_MS);
    }
}

/* Waiters are answered first: an unmount would wait for them. */
static void stop(struct app *app)
{
    stop_announcer(app);
    if (app->regions)
        regions_end_waits(app->regions, ESHUTDOWN);
    mount_free(app->mount);
    tree_free(app->tree);
    control_free(app->control);
    events_file_free(app->events_file);
    announcer_free(app->announcer);
    jobs_table_free(app->jobs_table);
    regions_free(app->regions);
    events_free(app->events);
    failures_free(app->failures);
    client_free(app->sts);
    if (app->credentials)
        app->credentials->free(app->credentials);
    http_curl_free(app->http);
    config_free(app->config);
    settings_release(&app->settings);
    free(app->mountpoint);
    options_release(&app->options);
}

static int run(struct app *app)
{
    struct error error = { 0 };
    log_set_level(app->options.log_level);
    int result = mountpoint_prepare(app->options.mountpoint, &app->mountpoint, &error);
    if (!result)
        result = daemon_start(&app->daemon, app->options.foreground, &error);
    if (!result)
        result = start(app, &error);
    if (result) {
        daemon_fail(&app->daemon, EXIT_FAILURE, &error);
        return EXIT_FAILURE;
    }
    result = loop_run(&app->loop);
    if (result)
        log_error("the connection to the kernel broke: %s", strerror(-result));
    return result || app->ready_result ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct app app = { .daemon = { .parent = -1 }, .loop = { .signals = -1 } };
    struct error error;
    int result = options_parse(argc, argv, &app.options, &error);
    if (result) {
        (void)fprintf(stderr, "personalizefs: %s\n", error.message);
        return result == -EINVAL ? EXIT_WRONG_USE : EXIT_FAILURE;
    }
    if (app.options.help)
        options_help(stdout);
    else if (app.options.version)
        (void)printf("personalizefs %s\n", PERSONALIZEFS_VERSION);
    else
        result = run(&app);
    stop(&app);
    return result;
}
