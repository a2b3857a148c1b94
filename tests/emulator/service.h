/* SPDX-License-Identifier: MIT */
/* service: the operations, as rows of one table. */
#ifndef EMULATOR_SERVICE_H
#define EMULATOR_SERVICE_H

#include "emulator.h"
#include "model.h"

/* Answers an input that the model allows. NULL: the answer is filled; else the error's name, with its text appended to
 * `message`. */
typedef const char *operation_fn(struct emulator *emulator, const struct json_value *input, struct answer *answer,
                                 struct buf *message);

struct operation {
    const char *target; /* X-Amz-Target */
    const char *name;
    const char *service; /* that the signature is for */
    const char *subject; /* the member of the input that the log shows; an ARN as the name at its end */
    const struct model_member *input;
    operation_fn *answer;
};

extern const struct operation operations[];
extern const char *const operation_names[]; /* in the same order, NULL ends */

/* NULL where there is no such operation. */
const struct operation *operation_find(const char *target);

operation_fn service_describe;
operation_fn service_list;
operation_fn service_create;

/* An error in the service's shape: the name plain or namespaced, in turn. */
void service_error(struct emulator *emulator, int status, const char *code, const char *message, struct answer *answer);

#endif
