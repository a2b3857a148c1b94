/* SPDX-License-Identifier: MIT */
#include "jobs/regions.h"

#include "base/log.h"
#include "jobs/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct region {
    struct regions *regions;
    struct client *client;
    struct job_source *service;
    struct cache *cache;
    char name[REGION_SIZE];
    char directory[FAILURE_PATH_SIZE]; /* "" for the mount's own */
};

struct regions {
    struct regions_settings settings;
    struct region region[REGIONS_MAX]; /* the mount's own is the first */
    unsigned n_regions;
};

static void names_changed(void *data)
{
    const struct region *region = data;
    region->regions->settings.names_changed(region->regions->settings.data, region->cache);
}

static void region_release(struct region *region)
{
    cache_free(region->cache);
    service_free(region->service);
    client_free(region->client);
    *region = (struct region){ 0 };
}

static int region_init(struct regions *regions, struct region *region, const struct endpoint *endpoint,
                       const char *account)
{
    const struct regions_settings *settings = &regions->settings;
    struct client_settings client = settings->client;
    *region = (struct region){ .regions = regions };
    (void)snprintf(region->name, sizeof region->name, "%s", endpoint->region);
    if (regions->n_regions)
        (void)snprintf(region->directory, sizeof region->directory, "arn:%s:personalize:%s:%s:%s", settings->partition,
                       region->name, account, settings->kind->resource);
    client.endpoint = *endpoint;
    int result = client_new(&client, &region->client);
    const struct service_settings service = { .kind = settings->kind,
                                              .client = region->client,
                                              .credentials = client.credentials,
                                              .sts = settings->sts,
                                              .partition = settings->partition,
                                              .region = region->name,
                                              .account = account };
    if (!result)
        result = service_new(&service, &region->service);
    struct cache_settings cache = settings->cache;
    cache.kind = settings->kind;
    cache.source = region->service;
    cache.names_changed = names_changed;
    cache.data = region;
    cache.directory = region->directory;
    if (region != &regions->region[0])
        cache.events = NULL;
    if (!result)
        result = cache_new(&cache, &region->cache);
    if (result)
        region_release(region);
    else
        regions->n_regions++;
    return result;
}

int regions_new(const struct regions_settings *settings, struct regions **ret_regions, struct error *error)
{
    struct regions *regions = calloc(1, sizeof *regions);
    if (!regions)
        return error_set(error, ENOMEM, NULL, "no memory");
    regions->settings = *settings;
    if (region_init(regions, &regions->region[0], &settings->client.endpoint, settings->account)) {
        free(regions);
        return error_set(error, ENOMEM, NULL, "no memory");
    }
    *ret_regions = regions;
    return 0;
}

void regions_end_waits(struct regions *regions, int number)
{
    for (unsigned i = 0; i < regions->n_regions; i++)
        cache_end_waits(regions->region[i].cache, number);
}

void regions_expire(struct regions *regions)
{
    for (unsigned i = 0; i < regions->n_regions; i++) {
        cache_expire(regions->region[i].cache);
        client_let_through(regions->region[i].client);
    }
}

void regions_free(struct regions *regions)
{
    if (!regions)
        return;
    for (unsigned i = 0; i < regions->n_regions; i++)
        region_release(&regions->region[i]);
    free(regions);
}

struct cache *regions_own(struct regions *regions) { return regions->region[0].cache; }

struct cache *regions_cache_of(void *data, const struct arn *arn)
{
    struct regions *regions = data;
    struct endpoint endpoint;
    struct error error;
    for (unsigned i = 0; i < regions->n_regions; i++) {
        const struct region *region = &regions->region[i];
        if (!strcmp(region->name, arn->region) && !strcmp(service_account(region->service), arn->account) &&
            !strcmp(regions->settings.partition, arn->partition))
            return region->cache;
    }
    if (strcmp(regions->settings.partition, arn->partition) != 0 || regions->n_regions == REGIONS_MAX)
        return NULL;
    if (endpoint_make(arn->region, regions->settings.endpoint_url, regions->settings.endpoint_flags, &endpoint,
                      &error)) {
        log_warning("region %s: %s", arn->region, error.message);
        return NULL;
    }
    struct region *region = &regions->region[regions->n_regions];
    return region_init(regions, region, &endpoint, arn->account) ? NULL : region->cache;
}
