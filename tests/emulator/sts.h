/* SPDX-License-Identifier: MIT */
/*
 * sts: the AWS Query protocol that STS speaks: parameters come as a form, answers and errors are XML
 * (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html,
 * https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html).
 */
#ifndef EMULATOR_STS_H
#define EMULATOR_STS_H

#include "service.h"

/* Whether a request is a form. */
bool query_is_spoken(const struct request *request);
/* A parameter, decoded; false where there is none or it is longer than `size`. */
bool query_parameter(const struct request *request, const char *name, char *to, size_t size);
/* An error in STS's shape. A name that only the JSON protocol has becomes STS's own, with its status. */
void query_error(int status, const char *code, const char *message, struct answer *answer);

operation_fn sts_caller_identity;

#endif
