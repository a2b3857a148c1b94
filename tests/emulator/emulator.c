/* SPDX-License-Identifier: MIT */
#include "emulator.h"

#include "form.h"
#include "service.h"
#include "verify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct json_limits request_limits = { .bytes = REQUEST_MAX, .depth = 16 };

int emulator_init(struct emulator *emulator, const struct settings *settings, const struct clock *clock)
{
    *emulator = (struct emulator){ .settings = *settings, .clock = clock, .tokens = (double)settings->rate };
    emulator->tokens_at_ms = clock_monotonic_ms(clock);
    faults_init(&emulator->faults);
    document_init(&emulator->document);
    for (const char *region = emulator->settings.region; region; region = strchr(region, ',')) {
        if (emulator->n_regions == REGIONS_MAX)
            return -E2BIG;
        struct jobs *jobs = &emulator->regions[emulator->n_regions];
        int error = jobs_init(jobs, &emulator->settings, emulator->n_regions++, clock_wall_ms(clock));
        if (error)
            return error;
        region += *region == ',';
    }
    return 0;
}

void emulator_release(struct emulator *emulator)
{
    for (unsigned i = 0; i < emulator->n_regions; i++)
        jobs_release(&emulator->regions[i]);
    faults_clear(&emulator->faults);
    document_release(&emulator->document);
}

struct jobs *emulator_jobs(struct emulator *emulator, const char *region)
{
    for (unsigned i = 0; i < emulator->n_regions; i++)
        if (!strcmp(emulator->regions[i].region, region))
            return &emulator->regions[i];
    return NULL;
}

int64_t emulator_time_ms(const struct emulator *emulator)
{
    return clock_wall_ms(emulator->clock) + emulator->settings.clock_offset_s * 1000;
}

/* One second's worth of requests may come at once. */
static bool is_throttled(struct emulator *emulator)
{
    double rate = (double)emulator->settings.rate;
    int64_t now_ms = clock_monotonic_ms(emulator->clock);
    emulator->tokens += (double)(now_ms - emulator->tokens_at_ms) * rate / 1000;
    emulator->tokens_at_ms = now_ms;
    if (emulator->tokens > rate)
        emulator->tokens = rate;
    if (emulator->settings.rate == 0)
        return false;
    if (emulator->tokens < 1)
        return true;
    emulator->tokens--;
    return false;
}

static void add_request_id(struct emulator *emulator, struct answer *answer)
{
    char id[40];
    uint64_t a = random_of((uint64_t)emulator->settings.seed, 10) ^ ++emulator->n_answers;
    uint64_t b = random_of(a, 11);
    snprintf(id, sizeof id, "%08x-%04x-4%03x-a%03x-%012llx", (unsigned)(b >> 32), (unsigned)(b & 0xffff),
             (unsigned)(b >> 16 & 0xfff), (unsigned)(a >> 48 & 0xfff), (unsigned long long)(a & 0xffffffffffff));
    answer_header(answer, "x-amzn-RequestId", id);
}

/* A fault that answers by itself. Whether it did. */
static bool fault_answers(struct emulator *emulator, enum protocol protocol, const struct fault *fault,
                          struct answer *answer)
{
    switch (fault->kind) {
    case FAULT_STATUS:
        answer->status = (int)fault->number;
        answer_header(answer, "Content-Type", "text/plain");
        buf_printf(&answer->body, "status %d by request\n", answer->status);
        return true;
    case FAULT_CODE:
        service_error(emulator, protocol, (int)fault->number, fault->text,
                      !strcmp(fault->text, "ThrottlingException") ? "Rate exceeded" : "By request.", answer);
        return true;
    case FAULT_REDIRECT:
        answer->status = (int)fault->number;
        answer_header(answer, "Location", fault->text);
        return true;
    case FAULT_BODY:
        if (fault->content_type)
            answer_header(answer, "Content-Type", fault->content_type);
        buf_append_str(&answer->body, fault->text);
        return true;
    case FAULT_LATENCY:
        answer->delay_ms += fault->number;
        return false;
    case FAULT_DELIVERY:
        answer->delivery = fault->delivery;
        return false;
    }
    return false;
}

const struct key *emulator_issue(struct emulator *emulator, const char *role_arn, const char *session,
                                 int64_t duration_s)
{
    const struct settings *settings = &emulator->settings;
    int64_t life_s = settings->credentials_life_s;
    if (duration_s && duration_s < life_s)
        life_s = duration_s;
    return keys_issue(&emulator->keys, (uint64_t)settings->seed, role_arn, session,
                      emulator_time_ms(emulator) + life_s * 1000);
}

/* The error's name, or NULL: the request is well signed with keys that are known and have not ended. */
static const char *refuse_signature(const struct call *call, const char *service, struct buf *message)
{
    struct emulator *emulator = call->emulator;
    const struct settings *settings = &emulator->settings;
    struct verify_keys keys = { .access_key = settings->access_key,
                                .secret_key = settings->secret_key,
                                .session_token = settings->session_token,
                                .expired_token = emulator->expired_token,
                                .region = call->jobs->region,
                                .service = service };
    if (call->key) {
        keys.access_key = call->key->access_key;
        keys.secret_key = call->key->secret_key;
        keys.session_token = call->key->session_token;
        keys.expired_token = "";
        keys.expires_ms = call->key->expires_ms;
    }
    const char *code = verify_request(&keys, call->request, emulator_time_ms(emulator), message);
    emulator->counts.rejected += code != NULL;
    return code;
}

/* The name of an error, or NULL: the request is what the protocol wants it to be, signed, and within the rate. */
static const char *refuse_early(const struct call *call, const struct operation *operation, enum protocol protocol,
                                struct buf *message)
{
    struct emulator *emulator = call->emulator;
    const struct request *request = call->request;
    const char *type = request_header(request, "Content-Type");
    const char *service = operation ? operation->service : protocol == PROTOCOL_QUERY ? "sts" : "personalize";
    const char *code = service ? refuse_signature(call, service, message) : NULL;
    if (code)
        return code;
    if (is_throttled(emulator)) {
        emulator->counts.throttled++;
        buf_append_str(message, "Rate exceeded");
        return "ThrottlingException";
    }
    if (protocol == PROTOCOL_HTTP)
        return NULL;
    if (!operation || strcmp(request->method, "POST") != 0 || strcmp(request->path, "/") != 0 || *request->query) {
        buf_append_str(message, "The operation is not known.");
        return "UnknownOperationException";
    }
    if (protocol == PROTOCOL_JSON && (!type || strcmp(type, "application/x-amz-json-1.1") != 0)) {
        buf_append_str(message, "The content type must be application/x-amz-json-1.1.");
        return "SerializationException";
    }
    return NULL;
}

/* What the log calls the request by: a job's name, a page token. */
static const char *subject_of(const struct operation *operation, const struct json *json)
{
    const char *text =
        operation && operation->subject && json ? json_string(json_member(json_root(json), operation->subject)) : NULL;
    const char *slash = text ? strrchr(text, '/') : NULL;
    return slash ? slash + 1 : text ? text : "";
}

/* What the request says it is signed for; where there is no such region its signature is refused for that. */
static struct jobs *jobs_asked(struct emulator *emulator, const char *region)
{
    struct jobs *jobs = emulator_jobs(emulator, region);
    return jobs ? jobs : emulator->regions;
}

static void service_answer(struct emulator *emulator, const struct operation *operation, enum protocol protocol,
                           const struct request *request, const struct verify_claim *claim, const struct json *json,
                           struct answer *answer)
{
    struct buf BUF_CLEANUP message = BUF_INIT(128 << 10);
    bool is_settings = !strcmp(claim->access_key, emulator->settings.access_key);
    const struct call call = { .emulator = emulator,
                               .jobs = jobs_asked(emulator, claim->region),
                               .request = request,
                               .access_key = claim->access_key,
                               .key = is_settings ? NULL : keys_find(&emulator->keys, claim->access_key),
                               .input = json ? json_root(json) : NULL };
    document_clear(&emulator->document);
    const char *code = refuse_early(&call, operation, protocol, &message);
    if (!code && protocol == PROTOCOL_JSON && !json) {
        code = "SerializationException";
        buf_append_str(&message, "The body is no JSON object.");
    }
    if (!code && protocol == PROTOCOL_JSON)
        code = model_check(operation->input, call.input, &message);
    if (!code)
        code = operation->answer(&call, answer, &message);
    if (!code && (buf_error(&answer->body) || emulator->document.error))
        code = "InternalFailure";
    if (code)
        service_error(emulator, protocol, strcmp(code, "InternalFailure") ? 400 : 500, code, buf_str(&message), answer);
}

static void request_serve(struct emulator *emulator, const struct request *request, struct answer *answer)
{
    char outcome[24];
    struct fault fault = { 0 };
    struct json *json = NULL;
    struct error error;
    const struct operation *operation = operation_find(request);
    enum protocol protocol = operation ? operation->protocol : form_is_sent(request) ? PROTOCOL_QUERY : PROTOCOL_JSON;
    struct verify_claim claim;
    const char *host = request_header(request, "Host");
    const char *name = operation ? operation->name : "-";
    verify_claim(request, &claim);
    emulator->counts.requests++;
    if (operation)
        emulator->counts.operations[operation - operations]++;
    if (protocol == PROTOCOL_QUERY || json_parse(request->body, request->body_len, &request_limits, &json, &error))
        json = NULL;
    const char *subject = subject_of(operation, json);
    bool is_page = operation && operation->answer == service_list;
    bool answered = false;
    if (faults_take(&emulator->faults, name, is_page ? "" : subject, &fault)) {
        emulator->counts.faulted++;
        answered = fault_answers(emulator, protocol, &fault, answer);
    }
    if (!answered)
        service_answer(emulator, operation, protocol, request, &claim, json, answer);
    snprintf(outcome, sizeof outcome, "%d", answer->status);
    counts_log(&emulator->counts, &(struct counts_event){ .operation = name,
                                                          .subject = subject,
                                                          .outcome = fault.name[0] && !answered ? fault.name : outcome,
                                                          .access_key = claim.access_key,
                                                          .region = claim.region,
                                                          .host = host ? host : "" });
    json_free(json);
}

static bool has_header(const struct answer *answer, const char *name)
{
    for (unsigned i = 0; i < answer->n_headers; i++)
        if (!strcmp(answer->headers[i].name, name))
            return true;
    return false;
}

void emulator_answer(struct emulator *emulator, const struct request *request, struct answer *answer)
{
    answer->status = 200;
    answer->is_control = !strncmp(request->path, "/_control/", 10);
    if (answer->is_control) {
        control_answer(emulator, request, answer);
        return;
    }
    add_request_id(emulator, answer);
    answer->delay_ms = emulator->settings.latency_ms;
    request_serve(emulator, request, answer);
    if (!has_header(answer, "Content-Type"))
        answer_header(answer, "Content-Type", form_is_sent(request) ? "text/xml" : "application/x-amz-json-1.1");
}
