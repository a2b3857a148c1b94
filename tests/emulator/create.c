/* SPDX-License-Identifier: MIT */
/* create: CreateBatchInferenceJob. */
#include "service.h"

#include <errno.h>
#include <string.h>

enum { RAW_MAX = 6 * REQUEST_MAX }; /* each byte may become \uXXXX */

/* Writes a value of the request as JSON again. Its depth is bounded by the parser's. */
static void write_value(const struct json_value *value, struct buf *to)
{
    bool more = false;
    switch (json_type_of(value)) {
    case JSON_NULL:
        buf_append_str(to, "null");
        return;
    case JSON_FALSE:
        buf_append_str(to, "false");
        return;
    case JSON_TRUE:
        buf_append_str(to, "true");
        return;
    case JSON_NUMBER:
        buf_append_str(to, json_number(value));
        return;
    case JSON_STRING:
        write_string(to, json_string(value), false);
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    bool object = json_type_of(value) == JSON_OBJECT;
    buf_append_char(to, object ? '{' : '[');
    for (const struct json_value *item = json_first(value); item; item = json_next(item), more = true) {
        if (more)
            buf_append_char(to, ',');
        if (object) {
            write_string(to, json_key(item), false);
            buf_append_char(to, ':');
        }
        write_value(item, to);
    }
    buf_append_char(to, object ? '}' : ']');
}

static int keep_member(struct overlay *overlay, const struct json_value *input, const struct model_member *member)
{
    struct buf BUF_CLEANUP raw = BUF_INIT(RAW_MAX);
    const struct json_value *value = json_path(input, member->path);
    if (member->type == MODEL_STRUCTURE || member->type == MODEL_TAGS || json_type_of(value) == JSON_NULL)
        return 0;
    write_value(value, &raw);
    return buf_error(&raw) ? buf_error(&raw) : overlay_set(overlay, member->path, buf_str(&raw));
}

const char *service_create(const struct call *call, struct answer *answer, struct buf *message)
{
    struct jobs *jobs = call->jobs;
    struct job job;
    char arn[JOB_ARN_SIZE];
    int64_t now_ms = clock_wall_ms(call->emulator->clock);
    const char *name = json_string(json_member(call->input, "jobName"));
    job_arn(jobs, name, arn);
    if (!jobs_find(jobs, name, &job)) {
        buf_printf(message, "Another resource with Amazon Resource Name (ARN) %s already exists.", arn);
        return "ResourceAlreadyExistsException";
    }
    struct overlay *overlay = jobs_touch(jobs, name, JOB_CREATED, now_ms);
    int error = overlay ? 0 : -ENOMEM;
    for (const struct model_member *member = model_create; !error && member->path; member++)
        error = keep_member(overlay, call->input, member);
    if (error) {
        if (overlay)
            (void)jobs_remove(jobs, name, now_ms);
        buf_append_str(message, "The job could not be kept.");
        return "InternalFailure";
    }
    buf_append_str(&answer->body, "{\"batchInferenceJobArn\":");
    write_string(&answer->body, arn, false);
    buf_append_char(&answer->body, '}');
    return NULL;
}
