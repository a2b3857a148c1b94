/* SPDX-License-Identifier: MIT */
/*
 * fields: the one table of what a job has. Lookup, listing, rendering, the manual's table and the tests are driven by
 * it; nothing else names a field. Members and types: the service model, shape BatchInferenceJob
 * (https://docs.aws.amazon.com/personalize/latest/dg/API_BatchInferenceJob.html) and BatchInferenceJobSummary.
 */
#ifndef JOBS_FIELDS_H
#define JOBS_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

/* A map is a directory of whatever names the service returned. */
enum field_type { FIELD_TEXT, FIELD_NUMBER, FIELD_TIME, FIELD_MAP };

struct field {
    const char *path;   /* below the job's directory: "jobInput/path" */
    const char *member; /* in the answer: "jobInput.s3DataSource.path" */
    enum field_type type;
    bool listed;      /* a listing's items carry it too; otherwise only a describe tells */
    const char *help; /* one line, for the manual */
};

enum { FIELDS_MAX = 32 }; /* no kind has more fields */

/* What is watched: there is one kind today, and a second would be one more of these. */
struct kind {
    const char *resource;           /* in an ARN, before the name: "batch-inference-job" */
    const char *describe_operation; /* and the member that names the job in its request */
    const char *describe_parameter;
    const char *describe_member; /* the answer's root member */
    const char *list_operation;
    const char *list_member;
    const struct field *fields;
    size_t n_fields;
    /* Those that the program itself looks at, as indices into `fields`. */
    size_t name, arn, status, created, updated;
    /* Those in the table of all jobs, in its order: of the fields that listings carry. What may be long comes last. */
    size_t columns[FIELDS_MAX];
    size_t n_columns;
};

extern const struct kind kind_batch_inference_job;

/* Whether a job with this status does not change any more: ACTIVE, ...FAILED or ...STOPPED. */
bool status_is_final(const char *status, size_t len);
/* Whether this can be a job's name: [a-zA-Z0-9][a-zA-Z0-9_-]{0,62} (the service model, shape Name). */
enum { JOB_NAME_MAX = 63 };
bool job_name_is_valid(const char *name);

#endif
