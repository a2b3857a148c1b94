/* SPDX-License-Identifier: MIT */
#include "aws/document.h"
#include "aws/endpoint.h"
#include "aws/failure.h"
#include "aws/fetch.h"
#include "aws/provider.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FROM "container"
#define ECS_HOST "http://169.254.170.2"

enum { TIMEOUT_MS = 2000, ATTEMPTS = 3, TOKEN_BYTES = 16 << 10 }; /* botocore's ContainerMetadataFetcher */

struct container {
    struct loader loader; /* the first: a pointer to it is one to all of it */
    struct fetch fetch;
    char url[PROVIDER_URL_SIZE];
    struct http_header headers[2];
    char *token;
};

static struct container *container_of(struct credentials_provider *self) { return (struct container *)(void *)self; }

/* Plain http goes only to this host, and to ECS's and EKS's agents beside it. */
static bool host_is_agent(const char *host)
{
    static const char *const agents[] = { "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]" };
    for (size_t i = 0; i < sizeof agents / sizeof *agents; i++) {
        size_t len = strlen(agents[i]);
        if (!strncmp(host, agents[i], len) && (!host[len] || host[len] == ':'))
            return true;
    }
    return false;
}

/* RFC 3986 query characters. */
static bool query_is_valid(const char *query)
{
    for (; *query; query++)
        if (*query <= ' ' || *query > '~' || strchr("#\"<>\\^`{|}", *query))
            return false;
    return true;
}

int container_url(const struct config *config, char url[PROVIDER_URL_SIZE], struct error *error)
{
    const char *relative = config_env(config, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = config_env(config, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    const char *variable = relative ? "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" : "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    char given[PROVIDER_URL_SIZE];
    struct endpoint endpoint = { 0 };
    struct error why;
    if (!relative && !full)
        return failure_set(error, FAILURE_PROFILE,
                           "there is no container here: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
                           "AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
    if (relative && *relative != '/')
        return failure_set(error, FAILURE_PROFILE, "%s does not begin with '/'", variable);
    int len = snprintf(given, sizeof given, "%s%s", relative ? ECS_HOST : "", relative ? relative : full);
    if (len >= (int)sizeof given)
        return failure_set(error, FAILURE_PROFILE, "%s is too long", variable);
    char *query = strchr(given, '?');
    if (query)
        *query++ = 0;
    if (query && !query_is_valid(query))
        return failure_set(error, FAILURE_PROFILE, "%s: that is no query", variable);
    if (endpoint_parse(given, true, &endpoint, &why))
        return failure_set(error, FAILURE_PROFILE, "%s: %s", variable, why.message);
    if (endpoint_parse(given, false, &endpoint, &why) && !host_is_agent(endpoint.host))
        return failure_set(error, FAILURE_PROFILE,
                           "%s: plain http is only for loopback, 169.254.170.2, 169.254.170.23 and [fd00:ec2::23]",
                           variable);
    len = snprintf(url, PROVIDER_URL_SIZE, "%s%s%s", endpoint.url, query ? "?" : "", query ? query : "");
    return len < PROVIDER_URL_SIZE ? 0 : failure_set(error, FAILURE_PROFILE, "%s is too long", variable);
}

/* The file, read anew each time since agents renew it, before the variable. */
static int token_read(struct container *container, struct error *error)
{
    const struct config *config = container->loader.settings->config;
    const char *path = config_env(config, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = config_env(config, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
    size_t len = token ? strlen(token) : 0;
    secret_free(container->token);
    container->token = NULL;
    if (path) {
        int result = file_read_secret(path, TOKEN_BYTES, &container->token, &len);
        if (result)
            return failure_set(error, FAILURE_TOKEN_FILE, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: %s: %s", path,
                               strerrordesc_np(-result));
    } else if (token && !(container->token = secret_copy(token, len))) {
        return failure_set(error, FAILURE_MEMORY, "no memory for a token");
    }
    while (len && strchr(" \t\r\n", container->token[len - 1]))
        container->token[--len] = 0;
    for (const char *at = container->token; at && *at; at++)
        if (*at < ' ' || *at > '~')
            return failure_set(error, FAILURE_TOKEN_FILE,
                               "the container's authorization token has a character that no header may have");
    return 0;
}

static void on_response(void *data, const struct http_response *response, const struct error *failed)
{
    struct container *container = data;
    struct credentials credentials = { 0 };
    struct json *json = NULL;
    struct error error;
    int result;
    secret_free(container->token);
    container->token = NULL;
    if (!response) {
        result = failure_set(&error, FAILURE_CONTAINER, "%s: %s: %s", container->url, failed->code, failed->message);
    } else if (response->status != 200) {
        struct error said;
        (void)failure_from_response(response, &said);
        result =
            failure_set(&error, FAILURE_CONTAINER, "%s: HTTP %d: %s", container->url, response->status, said.message);
    } else {
        result = document_parse(buf_str(response->body), response->body->len, FROM, &json, &error);
        if (!result)
            result = document_read(json_root(json), &document_names_container, FROM, &credentials, &error);
    }
    json_wipe(json);
    if (result)
        loader_fail(&container->loader, &error);
    else
        loader_give(&container->loader, &credentials);
    credentials_release(&credentials);
}

static void container_get(struct credentials_provider *self, credentials_done_fn *done, void *data)
{
    struct container *container = container_of(self);
    struct error error;
    loader_begin(&container->loader, done, data);
    int result = container_url(container->loader.settings->config, container->url, &error);
    if (!result)
        result = token_read(container, &error);
    if (result) {
        loader_fail(&container->loader, &error);
        return;
    }
    container->headers[0] = (struct http_header){ "Accept", "application/json" };
    container->headers[1] = (struct http_header){ "Authorization", container->token };
    const struct http_request request = { .method = "GET",
                                          .url = container->url,
                                          .headers = container->headers,
                                          .n_headers = container->token ? 2 : 1,
                                          .timeout_ms = TIMEOUT_MS,
                                          .connect_timeout_ms = TIMEOUT_MS,
                                          .max_body = DOCUMENT_BYTES,
                                          .direct = true,
                                          .secret = true };
    if (fetch_start(&container->fetch, &request, ATTEMPTS, on_response, container))
        loader_fail_memory(&container->loader);
}

static void container_cancel(struct credentials_provider *self, void *data)
{
    struct container *container = container_of(self);
    if (loader_cancel(&container->loader, data))
        fetch_cancel(&container->fetch);
}

static void container_forget(struct credentials_provider *self) { (void)self; /* nothing is kept */ }

static void container_free(struct credentials_provider *self)
{
    struct container *container = container_of(self);
    fetch_cancel(&container->fetch);
    secret_free(container->token);
    free(container);
}

int provider_container_new(const struct credentials_settings *settings, struct credentials_provider **ret_provider)
{
    struct container *container = calloc(1, sizeof *container);
    if (!container)
        return -ENOMEM;
    container->loader.settings = settings;
    container->loader.provider = (struct credentials_provider){
        .get = container_get, .cancel = container_cancel, .forget = container_forget, .free = container_free
    };
    fetch_init(&container->fetch, settings);
    *ret_provider = &container->loader.provider;
    return 0;
}
