/* SPDX-License-Identifier: MIT */
/*
 * sts: the three calls of the Security Token Service that a mount needs
 * (https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html), at the region's own endpoint or at the one that
 * AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL or the files give.
 */
#ifndef AWS_STS_H
#define AWS_STS_H

#include "aws/client.h"
#include "aws/credentials.h"
#include "aws/plan.h"

/* A client of STS in settings->region that signs with `credentials` (NULL: not at all), which must outlive it. To be
 * ended by client_free(). 0, -ENOMEM, or -errno where there is no such endpoint. */
int sts_client_new(const struct credentials_settings *settings, struct credentials_provider *credentials,
                   struct client **ret_client, struct error *error);

struct sts_call;

/* AssumeRole, or with `token`, a web identity's, AssumeRoleWithWebIdentity. `done` gets credentials, or an error of
 * aws/failure.h's table that is about the role; never from within. role->session_name must be there. 0 or -errno. */
int sts_assume_role(struct client *client, const struct plan_role *role, const char *token, int64_t deadline_ms,
                    credentials_done_fn *done, void *data, struct sts_call **ret_call);

/* Whose keys they are: `account` is 12 digits; NULL with `error`. */
typedef void sts_identity_fn(void *data, const char *account, const struct error *error);
int sts_get_caller_identity(struct client *client, int64_t deadline_ms, sts_identity_fn *done, void *data,
                            struct sts_call **ret_call);

/* Ends it without a call back. */
void sts_cancel(struct sts_call *call);

#endif
