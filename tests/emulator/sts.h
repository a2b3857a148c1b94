/* SPDX-License-Identifier: MIT */
/*
 * sts: the AWS Query protocol that STS speaks: parameters come as a form, answers and errors are XML
 * (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html,
 * .../API_AssumeRole.html, .../API_AssumeRoleWithWebIdentity.html,
 * https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html).
 */
#ifndef EMULATOR_STS_H
#define EMULATOR_STS_H

#include "service.h"

/* An error in STS's shape. A name that only the JSON protocol has becomes STS's own, with its status. */
void query_error(int status, const char *code, const char *message, struct answer *answer);

operation_fn sts_caller_identity;
operation_fn sts_assume_role;
operation_fn sts_assume_role_with_web_identity;

#endif
