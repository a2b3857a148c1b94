/* SPDX-License-Identifier: MIT */
/* service: the operations, as rows of one table. */
#ifndef EMULATOR_SERVICE_H
#define EMULATOR_SERVICE_H

#include "emulator.h"
#include "model.h"

/* JSON and query are AWS's signed protocols; what is plain HTTP has its own rules, each operation the ones it states.
 */
enum protocol { PROTOCOL_JSON, PROTOCOL_QUERY, PROTOCOL_HTTP };

struct call {
    struct emulator *emulator;
    struct jobs *jobs; /* of the region that it is signed for */
    const struct request *request;
    const char *access_key;         /* that it is signed with; "": it is not signed */
    const struct key *key;          /* what is known of that; NULL: it is the settings' */
    const struct json_value *input; /* that the model allows; NULL where the body is not JSON */
};

/* NULL: the answer is filled; else the error's name, with its text appended to `message`. */
typedef const char *operation_fn(const struct call *call, struct answer *answer, struct buf *message);

struct operation {
    enum protocol protocol;
    const char *target; /* X-Amz-Target; for a query the Version that goes with the name as Action; for HTTP the method
                         * and the path, or how it begins and then '*' */
    const char *name;
    const char *service; /* that the signature is for; NULL: there is none */
    const char *subject; /* NULL, or the member of the input that the log shows; an ARN as the name at its end */
    const struct model_member *input;
    operation_fn *answer;
};

extern const struct operation operations[];
extern const char *const operation_names[]; /* in the same order, NULL ends */

/* NULL where there is no such operation. */
const struct operation *operation_find(const struct request *request);

operation_fn service_describe;
operation_fn service_list;
operation_fn service_create;

/* An error in the protocol's shape; in JSON the name is plain or namespaced, in turn. */
void service_error(struct emulator *emulator, enum protocol protocol, int status, const char *code, const char *message,
                   struct answer *answer);

#endif
