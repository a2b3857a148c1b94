/* SPDX-License-Identifier: MIT */
/*
 * arn: whose jobs an ARN is about. It may come from a path, and then chooses the host that we sign for, so it is held
 * to its form before anything is made of it: arn:PARTITION:personalize:REGION:ACCOUNT:RESOURCE with a region of the
 * form region_is_valid() knows, its own partition, and 12 digits.
 */
#ifndef JOBS_ARN_H
#define JOBS_ARN_H

#include "aws/endpoint.h"
#include "jobs/fields.h"

#include <stdbool.h>

enum { PARTITION_SIZE = 32 };

struct arn {
    char partition[PARTITION_SIZE];
    char region[REGION_SIZE];
    char account[ACCOUNT_SIZE];
};

/* The ARN up to the job's name: "arn:aws:personalize:us-west-2:123456789012:batch-inference-job". False for anything
 * else. */
bool arn_parse_prefix(const struct kind *kind, const char *text, struct arn *ret_arn);

#endif
