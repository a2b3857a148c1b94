/* SPDX-License-Identifier: MIT */
#include "aws/provider.h"

#include "aws/failure.h"

void loader_begin(struct loader *loader, credentials_done_fn *done, void *data)
{
    loader->done = done;
    loader->data = data;
}

bool loader_cancel(struct loader *loader, const void *data)
{
    if (!loader->done || loader->data != data)
        return false;
    loader->done = NULL;
    return true;
}

static void loader_end(struct loader *loader, const struct credentials *credentials, const struct error *error)
{
    credentials_done_fn *done = loader->done;
    loader->done = NULL;
    if (done)
        done(loader->data, credentials, error);
}

void loader_give(struct loader *loader, const struct credentials *credentials)
{
    loader_end(loader, credentials, NULL);
}

void loader_fail(struct loader *loader, const struct error *error) { loader_end(loader, NULL, error); }

void loader_fail_memory(struct loader *loader)
{
    struct error error;
    (void)failure_set(&error, FAILURE_MEMORY, "no memory for credentials");
    loader_end(loader, NULL, &error);
}

int64_t settings_now_ms(const struct credentials_settings *settings)
{
    return clock_wall_ms(settings->clock) + (settings->skew_ms ? *settings->skew_ms : 0);
}
