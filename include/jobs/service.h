/* SPDX-License-Identifier: MIT */
/*
 * service: the job source over the network: requests from names, records from answers, in one region of one account.
 *
 * The account id that a job's ARN needs comes from the first of: the settings, the credentials, a listing already made,
 * a listing of one item, STS GetCallerIdentity. A listing whose ARNs carry another account than the one given is an
 * error.
 */
#ifndef JOBS_SERVICE_H
#define JOBS_SERVICE_H

#include "aws/client.h"
#include "jobs/arn.h"
#include "jobs/source.h"

enum { SERVICE_PAGE_SIZE = 100, SERVICE_DESCRIBE_BYTES = 1 << 20, SERVICE_PAGE_BYTES = 16 << 20 };

struct service_settings {
    const struct kind *kind;
    struct client *client;
    struct credentials_provider *credentials; /* which the client signs with: they may know the account */
    struct client *sts;                       /* NULL: not to be asked for the account */
    const char *partition;
    const char *region;
    const char *account; /* NULL: to be found out */
};

/* What the settings point to must outlive it, but for the strings, which are copied. 0 or -ENOMEM. */
int service_new(const struct service_settings *settings, struct job_source **ret_source);
/* Cancels what is under way. Takes NULL. */
void service_free(struct job_source *source);
/* The account id, "" while it is not known. */
const char *service_account(const struct job_source *source);

#endif
