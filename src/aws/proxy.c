/* SPDX-License-Identifier: MIT */
#include "aws/proxy.h"

#include "aws/endpoint.h"
#include "base/secret.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct scheme {
    const char *name;
    unsigned port;
} schemes[] = { { "http", 80 },      { "https", 443 },   { "socks4", 1080 },
                { "socks4a", 1080 }, { "socks5", 1080 }, { "socks5h", 1080 } };

static int refuse(struct error *error, const char *variable, const char *why)
{
    return error_set(error, EINVAL, NULL, "%s: %s", variable, why);
}

/* The first of two variables. */
static const char *either(const struct config *config, const char *const names[2], const char **from)
{
    const char *value = NULL;
    for (int i = 0; i < 2 && !value; i++) {
        value = config_env(config, names[i]);
        *from = value ? names[i] : NULL;
    }
    return value;
}

/* The scheme at *text, which then stands behind its "://". */
static const struct scheme *scheme_take(const char **text)
{
    const char *end = strstr(*text, "://");
    if (!end)
        return &schemes[0];
    size_t len = (size_t)(end - *text);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strlen(schemes[i].name) == len && !strncasecmp(*text, schemes[i].name, len)) {
            *text = end + 3;
            return &schemes[i];
        }
    return NULL;
}

static int hex_of(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)((at - digits) % 16) : -1;
}

/* %XX is a byte; anything else stays as it is. -EINVAL for a control character: it would go into a header. */
static int decode(const char *text, size_t len, char **ret)
{
    char *copy = secret_copy(text, len);
    char *to = copy;
    if (!copy)
        return -ENOMEM;
    for (const char *at = copy; *at;) {
        int high = *at == '%' ? hex_of(at[1]) : -1;
        int low = high >= 0 ? hex_of(at[2]) : -1;
        *to = low >= 0 ? (char)(high * 16 + low) : *at;
        at += low >= 0 ? 3 : 1;
        if ((unsigned char)*to++ < ' ' || to[-1] == 0x7f) {
            secret_free(copy);
            return -EINVAL;
        }
    }
    *to = 0;
    *ret = copy;
    return 0;
}

/* "user:password", before the '@'. */
static int user_set(struct proxy *proxy, const char *text, size_t len)
{
    const char *colon = memchr(text, ':', len);
    size_t user_len = colon ? (size_t)(colon - text) : len;
    int result = decode(text, user_len, &proxy->user);
    if (!result)
        result = decode(colon ? colon + 1 : "", colon ? len - user_len - 1 : 0, &proxy->password);
    return result;
}

/* scheme://host:port, the host as a URL of an endpoint has it. */
static int url_set(struct proxy *proxy, const struct scheme *scheme, const char *host, size_t len, struct error *error)
{
    char url[ENDPOINT_URL_SIZE];
    struct endpoint endpoint = { 0 };
    struct error why;
    const char *bracket = memchr(host, ']', len);
    const char *after = bracket ? bracket : host;
    bool has_port = memchr(after, ':', len - (size_t)(after - host));
    if (len >= sizeof url - 32)
        return refuse(error, proxy->from, "it is too long");
    (void)snprintf(url, sizeof url, has_port ? "https://%.*s" : "https://%.*s:%u", (int)len, host, scheme->port);
    if (endpoint_parse(url, false, &endpoint, &why))
        return refuse(error, proxy->from, why.message);
    bracket = strchr(endpoint.host, ']');
    has_port = strchr(bracket ? bracket : endpoint.host, ':'); /* https's own is left out */
    if (asprintf(&proxy->url, "%s://%s%s", scheme->name, endpoint.host, has_port ? "" : ":443") >= 0)
        return 0;
    proxy->url = NULL;
    return error_set(error, ENOMEM, NULL, "no memory");
}

/* What follows the port is of no use, and ignored as in botocore. */
static int proxy_parse(struct proxy *proxy, const char *variable, const char *text, struct error *error)
{
    const struct scheme *scheme = scheme_take(&text);
    proxy->from = variable;
    if (!scheme)
        return refuse(error, variable, "a proxy's URL begins with http://, https:// or socks5://");
    size_t len = strcspn(text, "/?#");
    if (strchr(text + len, '@'))
        return refuse(error, variable, "a '/', '?' or '#' in the user or the password is written as %XX");
    const char *at = memrchr(text, '@', len);
    const char *host = at ? at + 1 : text;
    int result = at ? user_set(proxy, text, (size_t)(at - text)) : 0;
    if (result == -EINVAL)
        return refuse(error, variable, "there is a control character in the user or the password");
    if (result)
        return error_set(error, ENOMEM, NULL, "no memory");
    return url_set(proxy, scheme, host, len - (size_t)(host - text), error);
}

static int proxy_read(const struct config *config, const char *const names[2], struct proxy *proxy, struct error *error)
{
    const char *variable;
    const char *text = either(config, names, &variable);
    return text ? proxy_parse(proxy, variable, text, error) : 0;
}

static int no_proxy_set(struct proxies *proxies, const char *none, struct error *error)
{
    bool all = none && !strcmp(none, "*");
    proxies->no_proxy = none ? strdup(none) : NULL;
    if (all ||
        asprintf(&proxies->no_proxy_plain, "localhost,127.0.0.0/8,::1%s%s", none ? "," : "", none ? none : "") < 0)
        proxies->no_proxy_plain = all ? strdup("*") : NULL;
    return (none && !proxies->no_proxy) || !proxies->no_proxy_plain ? error_set(error, ENOMEM, NULL, "no memory") : 0;
}

int proxies_read(const struct config *config, struct proxies *ret_proxies, struct error *error)
{
    struct proxies proxies = { 0 };
    int result = proxy_read(config, (const char *const[]){ "https_proxy", "HTTPS_PROXY" }, &proxies.https, error);
    if (!result)
        result = proxy_read(config, (const char *const[]){ "http_proxy", "HTTP_PROXY" }, &proxies.http, error);
    const char *none = either(config, (const char *const[]){ "no_proxy", "NO_PROXY" }, &proxies.no_proxy_from);
    if (!result)
        result = no_proxy_set(&proxies, none, error);
    if (result)
        proxies_release(&proxies);
    else
        *ret_proxies = proxies;
    return result;
}

static void proxy_release(struct proxy *proxy)
{
    free(proxy->url);
    secret_free(proxy->user);
    secret_free(proxy->password);
}

void proxies_release(struct proxies *proxies)
{
    proxy_release(&proxies->https);
    proxy_release(&proxies->http);
    free(proxies->no_proxy);
    free(proxies->no_proxy_plain);
    *proxies = (struct proxies){ 0 };
}
