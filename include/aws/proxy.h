/* SPDX-License-Identifier: MIT */
/*
 * proxy: which HTTP proxy requests go through, as botocore reads it from the environment: https_proxy for https,
 * http_proxy for plain http, no_proxy for hosts that are asked directly; the names in lower case come before those in
 * upper case. User and password are taken out of the URL here, so that nothing that shows it shows them.
 */
#ifndef AWS_PROXY_H
#define AWS_PROXY_H

#include "aws/config.h"
#include "base/error.h"

struct proxy {
    char *url;        /* scheme://host:port; NULL: none, and all below too */
    char *user;       /* decoded, in memory of base/secret.h; NULL: none */
    char *password;   /* the same */
    const char *from; /* the variable's name */
};

struct proxies {
    struct proxy https;
    struct proxy http;
    char *no_proxy; /* host names and what they end in, addresses, networks, by commas; "*" for all; NULL: none */
    const char *no_proxy_from;
    char *no_proxy_plain; /* the same for plain http, and this host itself: what is plain because it stays here, does */
};

/* 0, -ENOMEM, or -EINVAL where a URL is none that can be used; the error does not repeat it. A scheme may be left out
 * (http), or be https, socks4, socks4a, socks5, socks5h; so may the port (the scheme's own). */
int proxies_read(const struct config *config, struct proxies *ret_proxies, struct error *error);
void proxies_release(struct proxies *proxies);

#endif
