/* SPDX-License-Identifier: MIT */
/*
 * endpoint: from a partition and a region, or a URL of the user's own, to what is asked and signed. A region comes from
 * anywhere, a path included, and chooses the host that we sign for: it is checked here before a host name is made of
 * it.
 */
#ifndef AWS_ENDPOINT_H
#define AWS_ENDPOINT_H

#include "base/error.h"

#include <stdbool.h>

enum endpoint_flag {
    ENDPOINT_ALLOW_HTTP = 1 << 0, /* plain http to other hosts than this one */
    ENDPOINT_FIPS = 1 << 1,       /* the service's hosts of FIPS 140 */
    ENDPOINT_DUAL_STACK = 1 << 2  /* its hosts of IPv6 and IPv4 */
};

enum { ENDPOINT_URL_SIZE = 512, ENDPOINT_HOST_SIZE = 300, REGION_SIZE = 64, ACCOUNT_SIZE = 12 + 1 };

struct endpoint {
    char url[ENDPOINT_URL_SIZE];   /* what is asked: scheme, host, port, path */
    char host[ENDPOINT_HOST_SIZE]; /* the Host header: port included unless it is the scheme's own */
    char path[ENDPOINT_URL_SIZE];  /* at least "/" */
    char region[REGION_SIZE];      /* what is signed */
};

/* [a-z]{2}(-[a-z0-9]+)+-[0-9]+ and less than REGION_SIZE. */
bool region_is_valid(const char *region);
/* "aws", "aws-cn", "aws-us-gov", ...: by the region's prefix. Valid regions only. */
const char *region_partition(const char *region);
/* An account id: 12 digits. */
bool account_is_valid(const char *account);

/* `url` NULL: the service's own host in that region, of the kind that the flags (enum endpoint_flag) say. Else a URL of
 * the user's: http or https, a host, no user, query or fragment; its path is kept; http only for loopback hosts unless
 * ENDPOINT_ALLOW_HTTP; of no other kind. With a URL `region` may be NULL: there is something to ask, and nothing to
 * sign for (endpoint->region is ""). 0, or -EINVAL with an error.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html */
int endpoint_make(const char *region, const char *url, unsigned flags, struct endpoint *endpoint, struct error *error);
/* The same for another service: `prefix` is what its host names begin with: "sts", "portal.sso", "oidc". */
int endpoint_make_of(const char *prefix, const char *region, const char *url, unsigned flags, struct endpoint *endpoint,
                     struct error *error);
/* A URL alone, checked as above; endpoint->region stays as it is. */
int endpoint_parse(const char *url, bool allow_http, struct endpoint *endpoint, struct error *error);

#endif
