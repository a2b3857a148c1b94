/* SPDX-License-Identifier: MIT */
/*
 * regions: whose jobs a mount shows: its own region and account, and those that paths name by ARN, each with a client,
 * a service and a cache of its own, made when first asked for.
 */
#ifndef JOBS_REGIONS_H
#define JOBS_REGIONS_H

#include "aws/client.h"
#include "jobs/arn.h"
#include "jobs/cache.h"

enum { REGIONS_MAX = 8 };

struct regions;

struct regions_settings {
    const struct kind *kind;
    struct client_settings client; /* its endpoint is the mount's own region's */
    /* kind, source, directory, names_changed and data are left out; events are the own region's */
    struct cache_settings cache;
    const char *endpoint_url; /* of the user's; NULL: each region's own */
    unsigned endpoint_flags;  /* enum endpoint_flag */
    struct client *sts;       /* NULL: not to be asked for the account */
    const char *partition;
    const char *account; /* of the mount's own; NULL: to be found out */
    /* A listing has changed which names there are. */
    void (*names_changed)(void *data, const struct cache *cache);
    void *data;
};

/* What the settings point to must outlive it. 0 or -errno. */
int regions_new(const struct regions_settings *settings, struct regions **ret_regions, struct error *error);
/* Ends every wait with `number`. */
void regions_end_waits(struct regions *regions, int number);
/* What is held of running jobs and of lists counts as old from now on, and the next reader is let through to a network
 * that was found dead. */
void regions_expire(struct regions *regions);
void regions_free(struct regions *regions); /* takes NULL */

/* The mount's own. */
struct cache *regions_own(struct regions *regions);
/* Those that an ARN is about; NULL where the ARN is of another partition, there are REGIONS_MAX already, or memory is
 * short: then no host name is made, and nothing called. `data` is the struct regions *, to fit struct tree_settings. */
struct cache *regions_cache_of(void *data, const struct arn *arn);

#endif
