/* SPDX-License-Identifier: MIT */
#include "aws/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Partitions, the region prefixes that tell them, and what their hosts end in: AWS's list as the SDKs carry it
 * (https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json). All have FIPS and dual-stack hosts. */
static const struct partition {
    const char *prefix;
    const char *name;
    const char *dns_suffix;
    const char *dual_stack_suffix;
} partitions[] = {
    { "cn-", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn" },
    { "us-gov-", "aws-us-gov", "amazonaws.com", "api.aws" },
    { "us-iso-", "aws-iso", "c2s.ic.gov", "api.aws.ic.gov" },
    { "us-isob-", "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud" },
    { "eu-isoe-", "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk" },
    { "us-isof-", "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov" },
    { "eusc-", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu" },
    { "", "aws", "amazonaws.com", "api.aws" }, /* all others */
};

enum { HOST_NAME_MAX_BYTES = 253, LABEL_MAX_BYTES = 63, PORT_MAX = 65535 };

/* A URL's parts. */
struct address {
    bool https;
    bool loopback;
    char host[HOST_NAME_MAX_BYTES + 1]; /* as it stands in a URL: an IPv6 address in brackets */
    unsigned port;                      /* 0: the scheme's own */
    const char *path;                   /* in the text */
};

/* In the C locale, whatever the program's is. */
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static char to_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }
static bool is_alnum(char c) { return is_digit(c) || is_lower(to_lower(c)); }
static bool is_hex(char c) { return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f'); }

bool region_is_valid(const char *region)
{
    size_t len = strnlen(region, REGION_SIZE);
    if (len == REGION_SIZE || !is_lower(region[0]) || !is_lower(region[1]) || region[2] != '-')
        return false;
    unsigned parts = 0;
    bool number = false; /* the last part is one */
    for (const char *at = region + 2; *at == '-';) {
        const char *part = ++at;
        number = true;
        for (; is_digit(*at) || is_lower(*at); at++)
            number = number && is_digit(*at);
        if (at == part || (*at && *at != '-'))
            return false;
        parts++;
    }
    return number && parts >= 2;
}

static const struct partition *partition_of(const char *region)
{
    const struct partition *partition = partitions;
    while (strncmp(region, partition->prefix, strlen(partition->prefix)) != 0)
        partition++;
    return partition;
}

bool account_is_valid(const char *account)
{
    size_t len = strspn(account, "0123456789");
    return len == ACCOUNT_SIZE - 1 && !account[len];
}

const char *region_partition(const char *region) { return partition_of(region)->name; }

static int refuse(struct error *error, const char *why)
{
    /* The URL itself is not repeated: it may hold a password. */
    return error_set(error, EINVAL, NULL, "endpoint URL: %s", why);
}

/* RFC 1123 names, and '_', which container networks have. No dot at the end: certificates and Host have none. */
static bool name_is_valid(const char *name)
{
    size_t label = 0;
    for (const char *at = name;; at++) {
        if (!*at || *at == '.') {
            if (!label || label > LABEL_MAX_BYTES || at[-1] == '-')
                return false;
            if (!*at)
                return true;
            label = 0;
        } else if (is_alnum(*at) || *at == '_' || (*at == '-' && label)) {
            label++;
        } else {
            return false;
        }
    }
}

/* Whether the last label is a number, decimal or 0x…: resolvers and libcurl then take the whole for an IPv4 address,
 * even "127.1" or "2130706433". */
static bool name_ends_in_number(const char *name)
{
    const char *dot = strrchr(name, '.');
    const char *label = dot ? dot + 1 : name;
    if (label[0] == '0' && to_lower(label[1]) == 'x') {
        label += 2;
        while (is_hex(*label))
            label++;
    } else {
        while (is_digit(*label))
            label++;
    }
    return !*label;
}

static int host_set_ipv6(struct address *address, const char *text, size_t len, struct error *error)
{
    char literal[INET6_ADDRSTRLEN];
    struct in6_addr ip;
    if (len < 2 || text[len - 1] != ']' || len - 2 >= sizeof literal)
        return refuse(error, "there is no IPv6 address in the brackets");
    memcpy(literal, text + 1, len - 2);
    literal[len - 2] = 0;
    /* Written anew as libcurl writes it, so that the Host that is signed is the one that is sent. */
    if (inet_pton(AF_INET6, literal, &ip) != 1 || !inet_ntop(AF_INET6, &ip, literal, sizeof literal))
        return refuse(error, "there is no IPv6 address in the brackets");
    (void)snprintf(address->host, sizeof address->host, "[%s]", literal);
    address->loopback = IN6_IS_ADDR_LOOPBACK(&ip);
    return 0;
}

static int host_set(struct address *address, const char *text, size_t len, struct error *error)
{
    if (!len)
        return refuse(error, "there is no host");
    if (*text == '[')
        return host_set_ipv6(address, text, len, error);
    if (len >= sizeof address->host)
        return refuse(error, "the host's name is too long");
    for (size_t i = 0; i < len; i++)
        address->host[i] = to_lower(text[i]);
    address->host[len] = 0;
    if (!name_is_valid(address->host))
        return refuse(error, "that is no host name");
    address->loopback = !strcmp(address->host, "localhost");
    if (name_ends_in_number(address->host)) {
        struct in_addr ip;
        if (inet_pton(AF_INET, address->host, &ip) != 1)
            return refuse(error, "an IPv4 address is four numbers from 0 to 255");
        address->loopback = ntohl(ip.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    return 0;
}

static int port_set(struct address *address, const char *text, size_t len, struct error *error)
{
    unsigned port = 0;
    bool good = len >= 1 && len <= 5 && *text != '0';
    for (size_t i = 0; good && i < len; i++) {
        good = is_digit(text[i]);
        port = port * 10 + (unsigned)(text[i] - '0');
    }
    if (!good || port > PORT_MAX)
        return refuse(error, "a port is a number from 1 to 65535");
    address->port = port == (address->https ? 443 : 80) ? 0 : port;
    return 0;
}

/* RFC 3986 path characters. What clients normalise on the way ("//", "/./", "/../") would not be what was signed. */
static int path_check(const char *path, struct error *error)
{
    const char *segment = path;
    for (const char *at = path; *at; at++) {
        bool escape = *at == '%' && is_hex(at[1]) && is_hex(at[2]);
        if (!is_alnum(*at) && !strchr("-._~!$&'()*+,;=:@/", *at) && !escape)
            return refuse(error, "there is a character in the path that must be written as %XX");
        if (escape && at[1] == '2' && to_lower(at[2]) == 'e')
            return refuse(error, "a dot in the path is written as it is");
        if (*at == '/')
            segment = at + 1;
        size_t dots = strspn(segment, ".");
        if (dots && dots <= 2 && (!segment[dots] || segment[dots] == '/'))
            return refuse(error, "there is a '.' or '..' in the path");
        if (*at == '/' && at[1] == '/')
            return refuse(error, "there is a '//' in the path");
    }
    return 0;
}

static int address_parse(struct address *address, const char *url, struct error *error)
{
    static const char http[] = "http://";
    static const char https[] = "https://";
    *address = (struct address){ .https = !strncasecmp(url, https, strlen(https)) };
    if (!address->https && strncasecmp(url, http, strlen(http)) != 0)
        return refuse(error, "it must begin with https:// or http://");
    for (const char *at = url; *at; at++)
        if (*at <= ' ' || *at > '~') /* bytes beyond ASCII are negative or above, as char is signed or not */
            return refuse(error, "there is a blank, a control character or one that is not ASCII in it");
    const char *authority = url + strlen(address->https ? https : http);
    size_t len = strcspn(authority, "/?#");
    if (memchr(authority, '@', len))
        return refuse(error, "there must be no user name or password in it");
    address->path = authority + len;
    if (strpbrk(address->path, "?#"))
        return refuse(error, "there must be no query or fragment in it");

    const char *bracket = *authority == '[' ? memchr(authority, ']', len) : NULL;
    const char *after = bracket ? bracket + 1 : authority;
    const char *colon = memchr(after, ':', len - (size_t)(after - authority));
    size_t host_len = colon ? (size_t)(colon - authority) : len;
    int r = host_set(address, authority, host_len, error);
    if (!r && colon)
        r = port_set(address, colon + 1, len - host_len - 1, error);
    return r ? r : path_check(address->path, error);
}

int endpoint_parse(const char *url, bool allow_http, struct endpoint *endpoint, struct error *error)
{
    struct address address;
    if (strnlen(url, ENDPOINT_URL_SIZE) == ENDPOINT_URL_SIZE)
        return refuse(error, "it is too long");
    int r = address_parse(&address, url, error);
    if (r)
        return r;
    if (!address.https && !address.loopback && !allow_http)
        return refuse(error, "http:// is only for this host itself (localhost, 127.0.0.1, [::1])");
    if (address.port)
        (void)snprintf(endpoint->host, sizeof endpoint->host, "%s:%u", address.host, address.port);
    else
        (void)snprintf(endpoint->host, sizeof endpoint->host, "%s", address.host);
    (void)snprintf(endpoint->path, sizeof endpoint->path, "%s", *address.path ? address.path : "/");
    int len = snprintf(endpoint->url, sizeof endpoint->url, "%s://%s%s", address.https ? "https" : "http",
                       endpoint->host, endpoint->path);
    return len < (int)sizeof endpoint->url ? 0 : refuse(error, "it is too long");
}

/* Of these services the usual hosts in GovCloud are the FIPS ones, there are no others: their endpoint rule sets
 * (https://github.com/boto/botocore/tree/develop/botocore/data, sts, sso and sso-oidc). */
static bool usual_host_is_fips(const char *prefix, const struct partition *partition)
{
    static const char *const prefixes[] = { "sts", "portal.sso", "oidc" };
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (!strcmp(prefix, prefixes[i]))
            return !strcmp(partition->name, "aws-us-gov");
    return false;
}

static void host_make(struct endpoint *endpoint, const char *prefix, unsigned flags)
{
    const struct partition *partition = partition_of(endpoint->region);
    bool dual_stack = flags & ENDPOINT_DUAL_STACK;
    bool fips = flags & ENDPOINT_FIPS && (dual_stack || !usual_host_is_fips(prefix, partition));
    (void)snprintf(endpoint->host, sizeof endpoint->host, "%s%s.%s.%s", prefix, fips ? "-fips" : "", endpoint->region,
                   dual_stack ? partition->dual_stack_suffix : partition->dns_suffix);
    (void)snprintf(endpoint->path, sizeof endpoint->path, "/");
    (void)snprintf(endpoint->url, sizeof endpoint->url, "https://%s/", endpoint->host);
}

int endpoint_make_of(const char *prefix, const char *region, const char *url, unsigned flags, struct endpoint *endpoint,
                     struct error *error)
{
    *endpoint = (struct endpoint){ 0 };
    if (!region && !url)
        return error_set(error, EINVAL, NULL, "no region is known");
    if (region && !region_is_valid(region))
        return error_set(error, EINVAL, NULL, "\"%.*s\" is not the name of a region", REGION_SIZE, region);
    (void)snprintf(endpoint->region, sizeof endpoint->region, "%s", region ? region : "");
    if (url && flags & (ENDPOINT_FIPS | ENDPOINT_DUAL_STACK))
        return refuse(error, flags & ENDPOINT_FIPS ? "it cannot be given together with use_fips_endpoint"
                                                   : "it cannot be given together with use_dualstack_endpoint");
    if (url)
        return endpoint_parse(url, flags & ENDPOINT_ALLOW_HTTP, endpoint, error);
    host_make(endpoint, prefix, flags);
    return 0;
}

int endpoint_make(const char *region, const char *url, unsigned flags, struct endpoint *endpoint, struct error *error)
{
    return endpoint_make_of("personalize", region, url, flags, endpoint, error);
}
