/* SPDX-License-Identifier: MIT */
/*
 * metadata: what hands out credentials to whoever runs here: instance metadata, version 2 only
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html), and the container agents'
 * endpoint (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html).
 */
#ifndef EMULATOR_METADATA_H
#define EMULATOR_METADATA_H

#include "service.h"

operation_fn metadata_token;
operation_fn metadata_role;
operation_fn metadata_credentials;
operation_fn container_credentials;

#endif
