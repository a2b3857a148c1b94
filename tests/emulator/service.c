/* SPDX-License-Identifier: MIT */
#include "service.h"

#include "form.h"
#include "metadata.h"
#include "sso.h"
#include "sts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPERATION(name, subject, model, answer)                                               \
    {                                                                                         \
        PROTOCOL_JSON, "AmazonPersonalize." name, name, "personalize", subject, model, answer \
    }
#define HTTP_OPERATION(target, name, answer)                  \
    {                                                         \
        PROTOCOL_HTTP, target, name, NULL, NULL, NULL, answer \
    }
#define STS_VERSION "2011-06-15"
#define ROLE_PATH "/latest/meta-data/iam/security-credentials/"
const struct operation operations[] = {
    OPERATION("DescribeBatchInferenceJob", "batchInferenceJobArn", model_describe, service_describe),
    OPERATION("ListBatchInferenceJobs", "nextToken", model_list, service_list),
    OPERATION("CreateBatchInferenceJob", "jobName", model_create, service_create),
    { PROTOCOL_QUERY, STS_VERSION, "GetCallerIdentity", "sts", NULL, NULL, sts_caller_identity },
    { PROTOCOL_QUERY, STS_VERSION, "AssumeRole", "sts", NULL, NULL, sts_assume_role },
    { PROTOCOL_QUERY, STS_VERSION, "AssumeRoleWithWebIdentity", NULL, NULL, NULL, sts_assume_role_with_web_identity },
    HTTP_OPERATION("PUT /latest/api/token", "MetadataToken", metadata_token),
    HTTP_OPERATION("GET " ROLE_PATH, "MetadataRole", metadata_role),
    HTTP_OPERATION("GET " ROLE_PATH "*", "MetadataCredentials", metadata_credentials),
    HTTP_OPERATION("GET /v1/credentials", "ContainerCredentials", container_credentials),
    HTTP_OPERATION("GET /federation/credentials", "GetRoleCredentials", sso_role_credentials),
    HTTP_OPERATION("POST /token", "CreateToken", sso_create_token),
    { 0 },
};
const char *const operation_names[] = { "DescribeBatchInferenceJob",
                                        "ListBatchInferenceJobs",
                                        "CreateBatchInferenceJob",
                                        "GetCallerIdentity",
                                        "AssumeRole",
                                        "AssumeRoleWithWebIdentity",
                                        "MetadataToken",
                                        "MetadataRole",
                                        "MetadataCredentials",
                                        "ContainerCredentials",
                                        "GetRoleCredentials",
                                        "CreateToken",
                                        NULL };

static const char INVALID_INPUT[] = "InvalidInputException";

enum { ARN_FIELDS = 6, TOKEN_LEN = 35, TOKEN_SIZE = 96 };

static bool is_asked_in_http(const struct operation *operation, const struct request *request)
{
    const char *space = strchr(operation->target, ' ');
    size_t method_len = space ? (size_t)(space - operation->target) : 0;
    size_t len = space ? strcspn(space + 1, "*") : 0;
    return space && strlen(request->method) == method_len && !strncmp(operation->target, request->method, method_len) &&
           !strncmp(space + 1, request->path, len) && (!request->path[len] || space[1 + len] == '*');
}

const struct operation *operation_find(const struct request *request)
{
    char action[64] = "";
    char version[16] = "";
    bool query = form_is_sent(request);
    const char *target = query ? version : request_header(request, "X-Amz-Target");
    if (query && (!form_value(request->body, request->body_len, "Action", action, sizeof action) ||
                  !form_value(request->body, request->body_len, "Version", version, sizeof version)))
        return NULL;
    for (const struct operation *operation = operations; operation->target; operation++) {
        if (operation->protocol == PROTOCOL_HTTP
                ? is_asked_in_http(operation, request)
                : target && (operation->protocol == PROTOCOL_QUERY) == query && !strcmp(operation->target, target) &&
                      (!query || !strcmp(operation->name, action)))
            return operation;
    }
    return NULL;
}

void service_error(struct emulator *emulator, enum protocol protocol, int status, const char *code, const char *message,
                   struct answer *answer)
{
    if (protocol == PROTOCOL_QUERY) {
        query_error(status, code, message, answer);
        return;
    }
    /* What refuses before the operation says Message, the operations say message. */
    bool upper = !strcmp(code, "AccessDeniedException");
    bool namespaced = emulator->n_errors++ % 2;
    buf_clear(&answer->body);
    buf_printf(&answer->body, "{\"__type\":\"%s%s\",\"%s\":", namespaced ? "com.amazonaws.personalize#" : "", code,
               upper ? "Message" : "message");
    write_string(&answer->body, message, false);
    buf_append_char(&answer->body, '}');
    if (namespaced) {
        char type[ANSWER_HEADER_SIZE];
        snprintf(type, sizeof type, "%.200s:http://internal.amazon.com/coral/com.amazonaws.personalize/", code);
        answer_header(answer, "x-amzn-ErrorType", type);
    }
    answer->status = status;
}

/* The job's name at the end of an ARN of this account and region. The error's name, or NULL. */
static const char *name_from_arn(const struct jobs *jobs, const char *arn, const char **ret_name, struct buf *message)
{
    static const char resource[] = "batch-inference-job/";
    char field[ARN_FIELDS][256];
    const char *rest = arn;
    for (unsigned i = 0; i < ARN_FIELDS - 1; i++) {
        size_t len = strcspn(rest, ":");
        snprintf(field[i], sizeof field[i], "%.*s", (int)len, rest); /* the model's pattern has five colons */
        rest += len + (rest[len] == ':');
    }
    if (strcmp(field[1], partition_of(jobs->region)) != 0 || strcmp(field[3], jobs->region) != 0) {
        buf_printf(message, "The given ARN is not of this partition and region: %s", arn);
        return INVALID_INPUT;
    }
    if (strncmp(rest, resource, sizeof resource - 1) != 0 || !job_name_is_valid(rest + sizeof resource - 1)) {
        buf_printf(message, "The given ARN is not a valid batch-inference-job ARN: %s", arn);
        return INVALID_INPUT;
    }
    if (strcmp(field[4], jobs->settings->account) != 0) {
        buf_printf(message,
                   "User: arn:%s:iam::%s:user/emulator is not authorized to perform: "
                   "personalize:DescribeBatchInferenceJob on resource: %s",
                   partition_of(jobs->region), jobs->settings->account, arn);
        return "AccessDeniedException";
    }
    *ret_name = rest + sizeof resource - 1;
    return NULL;
}

const char *service_describe(const struct call *call, struct answer *answer, struct buf *message)
{
    struct emulator *emulator = call->emulator;
    struct job job;
    const char *name = NULL;
    const char *arn = json_string(json_member(call->input, "batchInferenceJobArn"));
    const char *code = name_from_arn(call->jobs, arn, &name, message);
    if (code)
        return code;
    if (jobs_find(call->jobs, name, &job)) {
        buf_printf(message, "Resource ARN %s does not exist.", arn);
        return "ResourceNotFoundException";
    }
    if (job.overlay && job.overlay->raw) {
        buf_append_str(&answer->body, job.overlay->raw);
        return NULL;
    }
    job_members(call->jobs, &job, false, clock_wall_ms(emulator->clock), &emulator->document);
    buf_append_str(&answer->body, "{\"batchInferenceJob\":");
    (void)document_write(&emulator->document, &answer->body); /* looked at in emulator_answer() */
    buf_append_char(&answer->body, '}');
    return NULL;
}

/* Where a listing goes on. */
struct place {
    int64_t position;
    bool after_empty; /* the page before was empty: this one is not */
};

static uint64_t token_seal(const struct jobs *jobs, const char *text, const char *filter)
{
    return hash_bytes(hash_bytes(jobs->seed, text, strlen(text)), filter, strlen(filter));
}

/* Opaque: nobody should read a position out of it, nor make one. */
static void token_make(const struct jobs *jobs, struct place place, const char *filter, char to[TOKEN_SIZE])
{
    char text[48];
    snprintf(text, sizeof text, "%016" PRIx64 "%c", (uint64_t)place.position ^ random_of(jobs->seed, 9),
             place.after_empty ? 'E' : 'P');
    snprintf(to, TOKEN_SIZE, "%s%016" PRIx64 "==", text, token_seal(jobs, text, filter));
}

static bool token_read(const struct jobs *jobs, const char *token, const char *filter, struct place *place)
{
    char again[TOKEN_SIZE];
    char digits[17];
    if (strlen(token) != TOKEN_LEN)
        return false;
    snprintf(digits, sizeof digits, "%.16s", token);
    place->position = (int64_t)(strtoull(digits, NULL, 16) ^ random_of(jobs->seed, 9));
    place->after_empty = token[16] == 'E';
    token_make(jobs, *place, filter, again);
    return !strcmp(token, again);
}

static bool is_of_solution(const struct document *document, const char *filter)
{
    struct buf BUF_CLEANUP wanted = BUF_INIT(4096);
    write_string(&wanted, filter, false);
    for (size_t i = 0; i < document->used; i++)
        if (!strcmp(document->text.data + document->entry[i].path, "solutionVersionArn"))
            return !strcmp(document->text.data + document->entry[i].raw, buf_str(&wanted));
    return false;
}

/* Appends the items of one page and moves *position past them. */
static void write_page(const struct call *call, int64_t *position, int64_t most, const char *filter, struct buf *to)
{
    struct emulator *emulator = call->emulator;
    int64_t now_ms = clock_wall_ms(emulator->clock);
    int64_t end = jobs_positions(call->jobs);
    int64_t n = 0;
    for (; *position < end && n < most; ++*position) {
        struct job job;
        if (jobs_at(call->jobs, *position, &job))
            continue;
        job_members(call->jobs, &job, true, now_ms, &emulator->document);
        if (*filter && !is_of_solution(&emulator->document, filter))
            continue;
        if (n++)
            buf_append_char(to, ',');
        if (document_write(&emulator->document, to) && !to->error)
            to->error = emulator->document.error;
    }
}

const char *service_list(const struct call *call, struct answer *answer, struct buf *message)
{
    struct emulator *emulator = call->emulator;
    const struct settings *settings = &emulator->settings;
    const struct jobs *jobs = call->jobs;
    const struct json_value *input = call->input;
    const char *token = json_string(json_member(input, "nextToken"));
    const char *filter = json_string(json_member(input, "solutionVersionArn"));
    int64_t most = model_integer(json_member(input, "maxResults"), 100);
    struct place place = { 0 };
    char next[TOKEN_SIZE];
    filter = filter ? filter : "";
    if (token && !token_read(jobs, token, filter, &place)) {
        buf_append_str(message, "The token is not valid.");
        return "InvalidNextTokenException";
    }
    int64_t from = place.position;
    bool empty = token && !place.after_empty && settings->empty_pages > 0 &&
                 random_of(jobs->seed ^ (uint64_t)from << 8, 3) % (uint64_t)settings->empty_pages == 0;
    buf_append_str(&answer->body, "{\"batchInferenceJobs\":[");
    if (!empty)
        write_page(call, &place.position, most < settings->page_size ? most : settings->page_size, filter,
                   &answer->body);
    buf_append_char(&answer->body, ']');
    place.after_empty = empty;
    if (empty || place.position < jobs_positions(call->jobs)) {
        token_make(jobs, place, filter, next);
        buf_printf(&answer->body, ",\"nextToken\":\"%s\"", next);
    } else if (emulator->n_listings++ % 2) {
        buf_append_str(&answer->body, ",\"nextToken\":null");
    }
    buf_append_char(&answer->body, '}');
    return NULL;
}
