/* SPDX-License-Identifier: MIT */
#include "aws/settings.h"

#include "aws/http.h"
#include "aws/plan.h"
#include "aws/provider.h"
#include "aws/retry.h"
#include "base/cleanup.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>

enum { NUMBER_DIGITS = 6, MASK_SIZE = 24, SHOWN_BYTES = 4, SHOWN_FROM_BYTES = 12 };

/* What is being made, for the functions that read a part of it each. */
struct reading {
    const struct config *config;
    struct settings *settings;
    struct error *error;
};

static int out_of_memory(struct error *error) { return error_set(error, ENOMEM, NULL, "no memory"); }

/* A row of the table; the value is copied. */
static int row_add(const struct reading *reading, const char *name, const char *value, const char *from)
{
    struct settings *settings = reading->settings;
    if (settings->n_rows == SETTINGS_ROWS_MAX)
        return error_set(reading->error, EINVAL, NULL, "too many settings");
    struct settings_row row = { .name = name, .value = value ? strdup(value) : NULL };
    if (value && !row.value)
        return out_of_memory(reading->error);
    (void)snprintf(row.from, sizeof row.from, "%s", value ? from : "");
    settings->rows[settings->n_rows++] = row;
    return 0;
}

static int refuse(const struct reading *reading, const char *name, const struct setting *setting, const char *expected)
{
    return error_set(reading->error, EINVAL, NULL, "%s, from %s, is \"%.60s\"; it must be %s", name, setting->from,
                     setting->value, expected);
}

/* Files */

static int files_read(const struct reading *reading)
{
    const struct config *config = reading->config;
    static const char *const variables[] = {
        [INI_CONFIG] = "AWS_CONFIG_FILE", [INI_CREDENTIALS] = "AWS_SHARED_CREDENTIALS_FILE"
    };
    static const char *const names[] = { [INI_CONFIG] = "config_file", [INI_CREDENTIALS] = "credentials_file" };
    const char *from = config_profile_is_explicit(config)  ? "option"
                       : config_env(config, "AWS_PROFILE") ? "AWS_PROFILE"
                                                           : "default";
    int result = row_add(reading, "profile", config_profile(config), from);
    for (int i = 0; i < 2 && !result; i++)
        result = row_add(reading, names[i], config_file_path(config, (enum ini_kind)i),
                         config_env(config, variables[i]) ? variables[i] : "default");
    return result;
}

/* Endpoints */

static int switch_read(const struct reading *reading, const char *name, const char *variable, unsigned flag)
{
    struct setting setting = config_setting(reading->config, variable, name);
    bool on = setting.value && !strcasecmp(setting.value, "true");
    if (setting.value && !on && strcasecmp(setting.value, "false") != 0)
        return refuse(reading, name, &setting, "true or false");
    reading->settings->endpoint_flags |= on ? flag : 0;
    return row_add(reading, name, on ? "true" : "false", setting.value ? setting.from : "default");
}

static int own_endpoint_read(const struct reading *reading, const struct settings_given *given)
{
    struct settings *settings = reading->settings;
    struct setting region = config_region(reading->config, given->region);
    struct setting url = config_endpoint_url(reading->config, given->endpoint_url);
    const char *region_from = given->region && given->region_from ? given->region_from : region.from;
    struct error why;
    if (!region.value)
        return error_set(reading->error, EINVAL, NULL,
                         "no region: give one as SOURCE (us-west-2), or set AWS_REGION or the profile's region");
    if (!region_is_valid(region.value))
        return error_set(reading->error, EINVAL, NULL, "the region from %s is no region: %s", region_from,
                         region.value);
    if (endpoint_make(region.value, url.value, settings->endpoint_flags, &settings->endpoint, &why))
        return error_set(reading->error, EINVAL, NULL, "%s (from %s)", why.message, url.value ? url.from : region_from);
    if (url.value && !(settings->endpoint_url = strdup(url.value)))
        return out_of_memory(reading->error);
    int result = row_add(reading, "region", region.value, region_from);
    return result ? result
                  : row_add(reading, "endpoint_url", url.value ? url.value : settings->endpoint.url,
                            url.value ? url.from : "region");
}

static int endpoints_read(const struct reading *reading, const struct settings_given *given)
{
    static const struct {
        const char *name, *variable, *key;
    } others[] = {
        { "endpoint_url_sts", "AWS_ENDPOINT_URL_STS", "sts" },
        { "endpoint_url_sso", "AWS_ENDPOINT_URL_SSO", "sso" },
        { "endpoint_url_sso_oidc", "AWS_ENDPOINT_URL_SSO_OIDC", "sso_oidc" },
    };
    reading->settings->endpoint_flags = given->allow_http ? ENDPOINT_ALLOW_HTTP : 0;
    int result = switch_read(reading, "use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT", ENDPOINT_FIPS);
    if (!result)
        result = switch_read(reading, "use_dualstack_endpoint", "AWS_USE_DUALSTACK_ENDPOINT", ENDPOINT_DUAL_STACK);
    if (!result)
        result = switch_read(reading, "ignore_configured_endpoint_urls", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", 0);
    if (!result)
        result = own_endpoint_read(reading, given);
    for (size_t i = 0; i < sizeof others / sizeof *others && !result; i++) {
        struct setting url = config_endpoint_url_of(reading->config, NULL, others[i].variable, others[i].key);
        result = row_add(reading, others[i].name, url.value, url.from);
    }
    return result;
}

/* Transport */

static int ca_bundle_read(const struct reading *reading)
{
    struct setting setting = config_setting(reading->config, "AWS_CA_BUNDLE", "ca_bundle");
    char **path = &reading->settings->ca_bundle;
    if (setting.value && *setting.value != '/') { /* a daemon leaves its directory */
        FREE_CLEANUP char *here = getcwd(NULL, 0);
        if (!here || asprintf(path, "%s/%s", here, setting.value) < 0)
            *path = NULL;
    } else if (setting.value) {
        *path = strdup(setting.value);
    }
    if (setting.value && !*path)
        return out_of_memory(reading->error);
    return row_add(reading, "ca_bundle", *path, setting.from);
}

static int proxy_row(const struct reading *reading, const char *name, const struct proxy *proxy)
{
    FREE_CLEANUP char *text = NULL;
    const char *host = proxy->user ? strstr(proxy->url, "://") + 3 : NULL;
    if (host && asprintf(&text, "%.*s****@%s", (int)(host - proxy->url), proxy->url, host) < 0) {
        text = NULL;
        return out_of_memory(reading->error);
    }
    return row_add(reading, name, text ? text : proxy->url, proxy->from);
}

static int transport_read(const struct reading *reading)
{
    struct proxies *proxies = &reading->settings->proxies;
    int result = ca_bundle_read(reading);
    if (!result)
        result = proxies_read(reading->config, proxies, reading->error);
    if (!result)
        result = proxy_row(reading, "https_proxy", &proxies->https);
    if (!result)
        result = proxy_row(reading, "http_proxy", &proxies->http);
    return result ? result : row_add(reading, "no_proxy", proxies->no_proxy, proxies->no_proxy_from);
}

static int user_agent_read(const struct reading *reading)
{
    struct setting app_id = config_setting(reading->config, "AWS_SDK_UA_APP_ID", "sdk_ua_app_id");
    struct utsname system;
    if (uname(&system))
        system = (struct utsname){ .release = "unknown", .machine = "unknown" };
    const struct user_agent parts = { .version = PERSONALIZEFS_VERSION,
                                      .system_release = system.release,
                                      .machine = system.machine,
                                      .http_version = http_version(),
                                      .execution_environment = config_env(reading->config, "AWS_EXECUTION_ENV"),
                                      .app_id = app_id.value };
    user_agent_make(&parts, reading->settings->user_agent);
    if (app_id.value && strlen(app_id.value) > APP_ID_MAX)
        log_warning("sdk_ua_app_id, from %s, is cut: it may have %d characters", app_id.from, APP_ID_MAX);
    return row_add(reading, "sdk_ua_app_id", app_id.value, app_id.from);
}

/* Retries: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html */

static int retries_read(const struct reading *reading)
{
    struct setting mode = config_setting(reading->config, "AWS_RETRY_MODE", "retry_mode");
    struct setting attempts = config_setting(reading->config, "AWS_MAX_ATTEMPTS", "max_attempts");
    const char *number = attempts.value;
    char text[NUMBER_DIGITS + 1];
    bool other = mode.value && (!strcasecmp(mode.value, "legacy") || !strcasecmp(mode.value, "adaptive"));
    if (mode.value && !other && strcasecmp(mode.value, "standard") != 0)
        return refuse(reading, "retry_mode", &mode, "standard, legacy or adaptive");
    if (number && (strspn(number, "0123456789") != strlen(number) || strlen(number) > NUMBER_DIGITS ||
                   strtol(number, NULL, 10) < 1))
        return refuse(reading, "max_attempts", &attempts, "a number from 1 to 999999");
    if (other)
        log_warning("retry_mode, from %s, is %s, and is taken as standard", mode.from, mode.value);
    reading->settings->max_attempts = number ? (int)strtol(number, NULL, 10) : RETRY_ATTEMPTS;
    (void)snprintf(text, sizeof text, "%d", reading->settings->max_attempts);
    int result = row_add(reading, "max_attempts", text, number ? attempts.from : "default");
    return result ? result : row_add(reading, "retry_mode", "standard", mode.value ? mode.from : "default");
}

int settings_read(const struct config *config, const struct settings_given *given, struct settings *ret_settings,
                  struct error *error)
{
    const struct reading reading = { config, ret_settings, error };
    *ret_settings = (struct settings){ 0 };
    int result = files_read(&reading);
    if (!result)
        result = endpoints_read(&reading, given);
    if (!result)
        result = transport_read(&reading);
    if (!result)
        result = retries_read(&reading);
    if (!result)
        result = user_agent_read(&reading);
    if (result)
        settings_release(ret_settings);
    return result;
}

void settings_release(struct settings *settings)
{
    free(settings->endpoint_url);
    free(settings->ca_bundle);
    proxies_release(&settings->proxies);
    for (unsigned i = 0; i < settings->n_rows; i++)
        free(settings->rows[i].value);
    *settings = (struct settings){ 0 };
}

/* The table */

/* As the CLI masks, but that of what is short nothing is left. */
static void mask(const char *secret, char to[MASK_SIZE])
{
    size_t len = strlen(secret);
    (void)snprintf(to, MASK_SIZE, "****************%s", len < SHOWN_FROM_BYTES ? "" : secret + len - SHOWN_BYTES);
}

static const char *source_name(const struct plan *plan)
{
    static const char *const names[] = {
        [PLAN_ENVIRONMENT] = "environment",   [PLAN_KEYS] = "keys", [PLAN_PROCESS] = "credential_process",
        [PLAN_WEB_IDENTITY] = "web identity", [PLAN_SSO] = "SSO",   [PLAN_CONTAINER] = "container",
        [PLAN_IMDS] = "instance metadata",
    };
    return names[plan->source];
}

/* Who says so. */
static void source_from(const struct config *config, const struct plan *plan, char *to, size_t size)
{
    const char *text = NULL;
    if (plan->source == PLAN_ENVIRONMENT)
        text = "environment";
    else if (plan->source == PLAN_WEB_IDENTITY && !config_profile_is_explicit(config) && !plan->n_roles)
        text = config_env(config, "AWS_WEB_IDENTITY_TOKEN_FILE") ? "AWS_WEB_IDENTITY_TOKEN_FILE" : NULL;
    else if (plan->n_roles)
        text = NULL; /* the profile's credential_source */
    else if (plan->source == PLAN_CONTAINER)
        text = config_env(config, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ? "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
                                                                            : "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    else if (plan->source == PLAN_IMDS)
        text = "default";
    (void)snprintf(to, size, "%s%s", text ? text : "profile ", text ? "" : plan->profile);
}

static void keys_visit(const struct config *config, const struct plan *plan, const char *from, settings_visit_fn *visit,
                       void *data)
{
    struct credentials credentials = { 0 };
    struct error ignored;
    char text[MASK_SIZE];
    if (provider_static_read(config, plan, &credentials, &ignored))
        return;
    bool variables = plan->source == PLAN_ENVIRONMENT;
    mask(credentials.access_key_id, text);
    visit(data, "access_key", text, variables ? "AWS_ACCESS_KEY_ID" : from);
    mask(credentials.secret_key, text);
    visit(data, "secret_key", text, variables ? "AWS_SECRET_ACCESS_KEY" : from);
    if (credentials.account_id)
        visit(data, "account_id", credentials.account_id, variables ? "AWS_ACCOUNT_ID" : from);
    credentials_release(&credentials);
}

static void credentials_visit(const struct config *config, settings_visit_fn *visit, void *data)
{
    struct plan plan;
    struct error ignored; /* whoever needs them is told */
    char from[sizeof((struct settings_row *)NULL)->from];
    if (plan_make(config, &plan, &ignored)) {
        visit(data, "credentials", NULL, "");
        return;
    }
    source_from(config, &plan, from, sizeof from);
    visit(data, "credentials", source_name(&plan), from);
    if (plan.source == PLAN_ENVIRONMENT || plan.source == PLAN_KEYS)
        keys_visit(config, &plan, from, visit, data);
    if (plan.n_roles || plan.source == PLAN_WEB_IDENTITY) {
        const struct plan_role *last = plan.n_roles ? &plan.roles[plan.n_roles - 1] : &plan.web_identity;
        if (!plan.n_roles && !config_profile_is_explicit(config) && config_env(config, "AWS_ROLE_ARN"))
            (void)snprintf(from, sizeof from, "AWS_ROLE_ARN");
        else /* the last is that of the profile in force */
            (void)snprintf(from, sizeof from, "profile %s", config_profile(config));
        visit(data, "role_arn", last->arn, from);
    }
}

void settings_visit(const struct settings *settings, const struct config *config, settings_visit_fn *visit, void *data)
{
    for (unsigned i = 0; i < settings->n_rows; i++)
        visit(data, settings->rows[i].name, settings->rows[i].value, settings->rows[i].from);
    credentials_visit(config, visit, data);
}
