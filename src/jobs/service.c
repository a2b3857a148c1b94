/* SPDX-License-Identifier: MIT */
#include "jobs/service.h"

#include "aws/failure.h"
#include "aws/sts.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/list.h"
#include "base/log.h"
#include "codec/json.h"
#include "codec/json_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_BYTES_MAX = 8192, DEPTH_MAX = 32, ARN_PARTS = 6, ACCOUNT_PAGES_MAX = 10 };

struct service {
    struct job_source source;
    const struct kind *kind;
    struct client *client;
    struct credentials_provider *credentials;
    struct client *sts;
    char partition[PARTITION_SIZE];
    char region[REGION_SIZE];
    char account[ACCOUNT_SIZE]; /* "": not known yet */
    struct list calls;
    struct source_call *account_call; /* while it is being found out */
    unsigned account_pages;           /* asked for it: the first may be empty and have a token */
    struct error account_error;       /* why the listing of one did not tell it */
};

enum call_kind { CALL_DESCRIBE, CALL_LIST, CALL_ACCOUNT };

struct source_call {
    struct list node;
    struct service *service;
    enum call_kind kind;
    struct client_call *call; /* NULL: a describe that waits for the account, an account that waits for credentials */
    bool abandoned;
    bool ahead;           /* no reader waits for it yet */
    bool returned;        /* an account's: the provider did not answer at once */
    struct sts_call *sts; /* an account's, when STS is asked */
    char name[JOB_NAME_MAX + 1];
    int64_t deadline_ms;
    source_described_fn *described;
    source_token_fn *next;
    source_listed_fn *listed;
    void *data;
};

static struct service *service_of(struct job_source *source) { return (struct service *)(void *)source; }

static struct source_call *call_new(struct service *service, enum call_kind kind, int64_t deadline_ms, void *data)
{
    struct source_call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    call->service = service;
    call->kind = kind;
    call->deadline_ms = deadline_ms;
    call->data = data;
    list_insert(&service->calls, &call->node);
    return call;
}

static void call_free(struct source_call *call)
{
    list_remove(&call->node);
    if (call->service->account_call == call)
        call->service->account_call = NULL;
    free(call);
}

/* An answer that was none still has an id, for a support case. */
static const struct error *with_request_id(struct error *error, const struct client_answer *answer)
{
    error_copy(error->request_id, sizeof error->request_id, answer->request_id);
    return error;
}

/* Ends a call without an answer. */
static void call_fail(struct source_call *call, const struct error *error)
{
    struct source_call ended = *call;
    call_free(call);
    if (ended.kind == CALL_DESCRIBE)
        ended.described(ended.data, NULL, (struct source_time){ 0 }, error);
    else if (ended.kind == CALL_LIST)
        ended.listed(ended.data, NULL, (struct source_time){ 0 }, error);
}

/* The account in an ARN, if it is one of ours: arn:PARTITION:personalize:REGION:ACCOUNT:... */
static bool account_from_arn(struct slice arn, char account[ACCOUNT_SIZE])
{
    const char *at = arn.data;
    const char *end = arn.data + arn.len;
    for (int part = 0; at && part < ARN_PARTS - 2; part++) {
        at = memchr(at, ':', (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    if (!at || end - at < ACCOUNT_SIZE || at[ACCOUNT_SIZE - 1] != ':')
        return false;
    for (int i = 0; i < ACCOUNT_SIZE - 1; i++)
        if (!isdigit((unsigned char)at[i]))
            return false;
    memcpy(account, at, ACCOUNT_SIZE - 1);
    account[ACCOUNT_SIZE - 1] = 0;
    return true;
}

/* Where the policy for JSON has refused a page: the first job of it that is to blame, for the log. */
static void name_the_job(const struct service *service, const struct client_answer *answer, struct error *error)
{
    const struct json_limits limits = { .bytes = SERVICE_PAGE_BYTES, .depth = DEPTH_MAX };
    struct slice whole = { answer->body, answer->body_len };
    struct slice items;
    struct slice item;
    struct slice name;
    size_t at = 0;
    if (!json_text_find(whole, service->kind->list_member, &items))
        return;
    while (json_text_next(items, &at, &item)) {
        struct json *json = NULL;
        struct error why;
        if (!json_parse(item.data, item.len, &limits, &json, &why))
            json_free(json);
        else if (json_text_find(item, service->kind->fields[service->kind->name].member, &name)) {
            char text[ERROR_MESSAGE_SIZE];
            error_copy(text, sizeof text, error->message);
            (void)failure_set(error, FAILURE_NOT_PROTOCOL, "job %.*s: %s", (int)(name.len < 80 ? name.len : 80),
                              name.data, text);
            return;
        }
    }
}

static int answer_parse(const struct client_answer *answer, size_t bytes_max, struct json **ret_json,
                        struct error *error)
{
    const struct json_limits limits = { .bytes = bytes_max, .depth = DEPTH_MAX };
    int result = json_parse(answer->body, answer->body_len, &limits, ret_json, error);
    if (result) {
        char why[ERROR_MESSAGE_SIZE];
        error_copy(why, sizeof why, error->message);
        result = failure_set(error, result == -ENOMEM ? FAILURE_MEMORY : FAILURE_NOT_PROTOCOL, "%s", why);
    }
    return result;
}

/* ---- describe ---- */

/* The text of a member of the answer's object. */
static struct slice member_text(const struct client_answer *answer, const struct json_value *root,
                                const struct json_value *member)
{
    struct slice whole = { answer->body, answer->body_len };
    struct slice text = { 0 };
    size_t at = 0;
    for (const struct json_value *value = json_first(root); json_text_next(whole, &at, &text) && value != member;)
        value = json_next(value);
    return text;
}

static int describe_read(const struct source_call *call, const struct client_answer *answer, struct record **ret_record,
                         struct error *error)
{
    const struct kind *kind = call->service->kind;
    struct json *json = NULL;
    int result = answer_parse(answer, SERVICE_DESCRIBE_BYTES, &json, error);
    if (result)
        return result;
    const struct json_value *job = json_member(json_root(json), kind->describe_member);
    if (json_type_of(job) != JSON_OBJECT)
        result = failure_set(error, FAILURE_NOT_PROTOCOL, "an answer without %s", kind->describe_member);
    else
        result = record_new(kind, job, member_text(answer, json_root(json), job), ret_record, error);
    json_free(json);
    if (result)
        return result;
    struct slice name = record_name(*ret_record);
    if (name.len == strlen(call->name) && !memcmp(name.data, call->name, name.len))
        return 0;
    record_unref(steal(ret_record));
    return failure_set(error, FAILURE_NOT_PROTOCOL, "asked for %s, answered for another job", call->name);
}

static void describe_answered(void *data, const struct client_answer *answer, const struct error *failed)
{
    struct source_call *call = data;
    struct error error;
    struct record *record = NULL;
    if (!answer || describe_read(call, answer, &record, &error)) {
        call_fail(call, answer ? with_request_id(&error, answer) : failed);
        return;
    }
    struct source_call ended = *call;
    call_free(call);
    ended.described(ended.data, record, (struct source_time){ answer->sent_ms, answer->sent_wall_ms }, NULL);
    record_unref(record);
}

static int describe_send(struct source_call *call)
{
    struct service *service = call->service;
    const struct kind *kind = service->kind;
    BUF_CLEANUP struct buf body = BUF_INIT(REQUEST_BYTES_MAX);
    (void)buf_printf(&body, "{\"%s\":\"arn:%s:personalize:%s:%s:%s/%s\"}", kind->describe_parameter, service->partition,
                     service->region, service->account, kind->resource, call->name);
    if (buf_error(&body))
        return buf_error(&body);
    struct client_request request = { .operation = kind->describe_operation,
                                      .body = buf_str(&body),
                                      .body_len = body.len,
                                      .deadline_ms = call->deadline_ms,
                                      .max_body = SERVICE_DESCRIBE_BYTES,
                                      .ahead = call->ahead };
    return client_start(service->client, &request, describe_answered, call, &call->call);
}

/* ---- list ---- */

static void page_release(struct source_page *page)
{
    for (size_t i = 0; i < page->n_records; i++)
        record_unref(page->records[i]);
    free(page->records);
    *page = (struct source_page){ 0 };
}

/* Learns the account from the first ARN; afterwards every ARN must carry it. */
static int account_check(struct service *service, const struct json_value *item, struct error *error)
{
    char account[ACCOUNT_SIZE];
    const char *arn = json_string(json_path(item, service->kind->fields[service->kind->arn].member));
    if (!arn || !account_from_arn((struct slice){ arn, strlen(arn) }, account))
        return failure_set(error, FAILURE_NOT_PROTOCOL, "a listed job without an ARN of this service");
    if (!*service->account)
        memcpy(service->account, account, sizeof account);
    if (!strcmp(service->account, account))
        return 0;
    return failure_set(error, FAILURE_WRONG_ACCOUNT, "the jobs listed are of account %s, not %s", account,
                       service->account);
}

static int page_read_item(struct service *service, const struct json_value *item, struct slice text,
                          struct source_page *page, struct error *error)
{
    struct record *record = NULL;
    if (text.len > SERVICE_DESCRIBE_BYTES) /* no file could hold it */
        return failure_set(error, FAILURE_NOT_PROTOCOL, "a listed job of %zu bytes, where %d are allowed", text.len,
                           SERVICE_DESCRIBE_BYTES);
    int result = record_new_listed(service->kind, item, text, &record, error);
    if (result)
        return result;
    char name[JOB_NAME_MAX + 2] = "";
    struct slice value = record_name(record);
    memcpy(name, value.data, value.len <= JOB_NAME_MAX ? value.len : 0);
    if (!job_name_is_valid(name)) {
        log_warning("a listed job's name is no name and is left out: %.*s", (int)value.len, value.data);
        record_unref(record);
        return 0;
    }
    result = account_check(service, item, error);
    if (result) {
        record_unref(record);
        return result;
    }
    page->records[page->n_records++] = record;
    return 0;
}

static int page_read(struct service *service, const struct client_answer *answer, const struct json_value *root,
                     struct source_page *page, struct error *error)
{
    const struct json_value *items = json_member(root, service->kind->list_member);
    size_t n = 0;
    for (const struct json_value *item = json_first(items); item; item = json_next(item))
        n++;
    page->records = calloc(n ? n : 1, sizeof *page->records);
    if (!page->records)
        return failure_set(error, FAILURE_MEMORY, "no memory for a page of %zu jobs", n);
    struct slice texts = member_text(answer, root, items);
    struct slice text;
    size_t at = 0;
    for (const struct json_value *item = json_first(items); item && json_text_next(texts, &at, &text);
         item = json_next(item)) {
        int result = page_read_item(service, item, text, page, error);
        if (result)
            return result;
    }
    return 0;
}

/* The token, NULL where this is the last page, is the tree's. */
static int page_parse(const struct service *service, const struct client_answer *answer, struct json **ret_json,
                      const char **ret_token, struct error *error)
{
    int result = answer_parse(answer, SERVICE_PAGE_BYTES, ret_json, error);
    if (result == -EBADMSG)
        name_the_job(service, answer, error);
    if (result)
        return result;
    const struct json_value *token = json_member(json_root(*ret_json), "nextToken");
    if (json_type_of(json_member(json_root(*ret_json), service->kind->list_member)) != JSON_ARRAY)
        return failure_set(error, FAILURE_NOT_PROTOCOL, "an answer without %s", service->kind->list_member);
    if (json_type_of(token) != JSON_NULL && !json_string(token))
        return failure_set(error, FAILURE_NOT_PROTOCOL, "nextToken is not a string");
    const char *text = json_string(token);
    *ret_token = text && *text ? text : NULL;
    return 0;
}

/* The next page is asked for before this one is read: one comes while the other is worked on. The token is taken from
 * the text as it stands, which may yet turn out to be none of the protocol. Whether there was one. */
static bool next_ask(struct source_call *call, const struct client_answer *answer)
{
    const struct json_limits limits = { .bytes = SERVICE_PAGE_BYTES, .depth = 1 };
    struct error error;
    struct slice text;
    struct json *json = NULL;
    if (json_text_find((struct slice){ answer->body, answer->body_len }, "nextToken", &text))
        (void)json_parse(text.data, text.len, &limits, &json, &error);
    const char *token = json ? json_string(json_root(json)) : NULL;
    bool there_is_one = token && *token;
    if (there_is_one) {
        call->next(call->data, token);
        client_flush(call->service->client);
    }
    json_free(json);
    return there_is_one;
}

static void list_answered(void *data, const struct client_answer *answer, const struct error *failed)
{
    struct source_call *call = data;
    struct error error;
    struct json *json = NULL;
    struct source_page page = { 0 };
    bool told = answer && next_ask(call, answer);
    if (!answer)
        call_fail(call, failed);
    else if (page_parse(call->service, answer, &json, &page.next_token, &error) ||
             page_read(call->service, answer, json_root(json), &page, &error))
        call_fail(call, with_request_id(&error, answer));
    else {
        struct source_call ended = *call;
        call_free(call);
        if (!told && page.next_token) /* its name was written with escapes */
            ended.next(ended.data, page.next_token);
        ended.listed(ended.data, &page, (struct source_time){ answer->sent_ms, answer->sent_wall_ms }, NULL);
    }
    page_release(&page);
    json_free(json);
}

static int list_send(struct source_call *call, const char *token, int page_size, client_done_fn *answered)
{
    struct service *service = call->service;
    BUF_CLEANUP struct buf body = BUF_INIT(REQUEST_BYTES_MAX);
    (void)buf_printf(&body, "{\"maxResults\":%d", page_size);
    if (token) {
        (void)buf_append_str(&body, ",\"nextToken\":");
        (void)json_append_string(&body, token);
    }
    (void)buf_append_char(&body, '}');
    if (buf_error(&body))
        return buf_error(&body);
    struct client_request request = { .operation = service->kind->list_operation,
                                      .body = buf_str(&body),
                                      .body_len = body.len,
                                      .deadline_ms = call->deadline_ms,
                                      .max_body = SERVICE_PAGE_BYTES };
    return client_start(service->client, &request, answered, call, &call->call);
}

/* ---- the account ---- */

/* Sends, or ends with `error`, the describes that waited for the account. */
static void account_settled(struct service *service, const struct error *error)
{
    struct list waiting;
    list_init(&waiting);
    list_each (node, after, &service->calls) {
        struct source_call *call = list_item(node, struct source_call, node);
        if (call->kind != CALL_DESCRIBE || call->call)
            continue;
        list_remove(node);
        list_insert(&waiting, node);
    }
    while (!list_empty(&waiting)) {
        struct source_call *call = list_item(waiting.next, struct source_call, node);
        struct error failed;
        list_remove(&call->node);
        list_insert(&service->calls, &call->node);
        if (!error && call->abandoned) {
            (void)failure_set(&failed, FAILURE_ENDING, "nobody waits for %s any more", call->name);
            call_fail(call, &failed);
        } else if (error)
            call_fail(call, error);
        else if (describe_send(call)) {
            (void)failure_set(&failed, FAILURE_MEMORY, "no memory to describe %s", call->name);
            call_fail(call, &failed);
        }
    }
}

static void account_end(struct source_call *call, const struct error *error)
{
    struct service *service = call->service;
    call_free(call);
    account_settled(service, *service->account ? NULL : error);
}

static void account_from_sts(void *data, const char *account, const struct error *failed)
{
    struct source_call *call = data;
    struct error error = call->service->account_error;
    call->sts = NULL;
    if (account && account_is_valid(account))
        memcpy(call->service->account, account, ACCOUNT_SIZE);
    else if (failed && !strcmp(error.code, FAILURE_NO_ACCOUNT))
        error = *failed; /* the listing itself went well */
    account_end(call, &error);
}

/* The listing told, or STS is asked: but not where the network is dead, which it would only make to last longer. */
static void account_answered(void *data, const struct client_answer *answer, const struct error *failed)
{
    struct source_call *call = data;
    struct service *service = call->service;
    struct json *json = NULL;
    struct source_page page = { 0 };
    call->call = NULL;
    if (!answer)
        service->account_error = *failed;
    else if (!page_parse(service, answer, &json, &page.next_token, &service->account_error) &&
             !page_read(service, answer, json_root(json), &page, &service->account_error) && !*service->account)
        (void)failure_set(&service->account_error, FAILURE_NO_ACCOUNT,
                          "the account has no jobs from which its id could be learnt");
    bool goes_on = !*service->account && page.next_token && ++service->account_pages < ACCOUNT_PAGES_MAX &&
                   !list_send(call, page.next_token, 1, account_answered);
    page_release(&page);
    json_free(json);
    if (goes_on)
        return;
    if (*service->account || !service->sts || failure_is_unanswered(&service->account_error) ||
        sts_get_caller_identity(service->sts, call->deadline_ms, account_from_sts, call, &call->sts)) {
        struct error error = service->account_error;
        account_end(call, &error);
    }
}

static void account_from_credentials(void *data, const struct credentials *credentials, const struct error *failed)
{
    struct source_call *call = data;
    struct service *service = call->service;
    struct error error;
    bool returned = call->returned;
    (void)failed; /* the listing will fail for the same reason, and say so */
    call->call = NULL;
    if (credentials && credentials->account_id && account_is_valid(credentials->account_id))
        memcpy(service->account, credentials->account_id, ACCOUNT_SIZE);
    int result = *service->account ? 0 : list_send(call, NULL, 1, account_answered);
    if (*service->account || result)
        call_free(call);
    if (!returned || (!*service->account && !result))
        return;
    if (result)
        (void)failure_set(&error, FAILURE_MEMORY, "no memory to find out the account");
    account_settled(service, result ? &error : NULL);
}

/* 0: the account is known now, or service->account_call will tell. */
static int account_ask(struct service *service, int64_t deadline_ms)
{
    struct source_call *call = call_new(service, CALL_ACCOUNT, deadline_ms, NULL);
    if (!call)
        return -ENOMEM;
    service->account_call = call;
    service->account_pages = 0;
    service->credentials->get(service->credentials, account_from_credentials, call);
    if (service->account_call)
        service->account_call->returned = true;
    return *service->account || service->account_call ? 0 : -ENOMEM;
}

/* ---- the seam ---- */

static int service_describe(struct job_source *source, const char *name, int64_t deadline_ms, bool ahead,
                            source_described_fn *done, void *data, struct source_call **ret_call)
{
    struct service *service = service_of(source);
    struct source_call *call = call_new(service, CALL_DESCRIBE, deadline_ms, data);
    if (!call)
        return -ENOMEM;
    call->described = done;
    call->ahead = ahead;
    (void)strncpy(call->name, name, sizeof call->name - 1);
    int result = *service->account || service->account_call ? 0 : account_ask(service, deadline_ms);
    if (!result && *service->account)
        result = describe_send(call);
    if (result) {
        call_free(call);
        return result;
    }
    *ret_call = call;
    return 0;
}

static int service_list(struct job_source *source, const char *token, int64_t deadline_ms, source_token_fn *next,
                        source_listed_fn *done, void *data, struct source_call **ret_call)
{
    struct service *service = service_of(source);
    struct source_call *call = call_new(service, CALL_LIST, deadline_ms, data);
    if (!call)
        return -ENOMEM;
    call->next = next;
    call->listed = done;
    int result = list_send(call, token, SERVICE_PAGE_SIZE, list_answered);
    if (result) {
        call_free(call);
        return result;
    }
    *ret_call = call;
    return 0;
}

static void service_abandon(struct job_source *source, struct source_call *call)
{
    (void)source;
    call->abandoned = true;
    if (call->call)
        client_abandon(call->call);
}

static void service_readopt(struct job_source *source, struct source_call *call)
{
    (void)source;
    call->abandoned = call->ahead = false;
    if (call->call)
        client_readopt(call->call);
}

static void service_cancel(struct job_source *source, struct source_call *call)
{
    struct service *service = service_of(source);
    if (call->call)
        client_cancel(call->call);
    else if (call->sts)
        sts_cancel(call->sts);
    else if (call->kind == CALL_ACCOUNT)
        service->credentials->cancel(service->credentials, call);
    call_free(call);
}

int service_new(const struct service_settings *settings, struct job_source **ret_source)
{
    struct service *service = calloc(1, sizeof *service);
    if (!service)
        return -ENOMEM;
    service->source = (struct job_source){ .describe = service_describe,
                                           .list = service_list,
                                           .abandon = service_abandon,
                                           .readopt = service_readopt,
                                           .cancel = service_cancel };
    service->kind = settings->kind;
    service->client = settings->client;
    service->credentials = settings->credentials;
    service->sts = settings->sts;
    (void)strncpy(service->partition, settings->partition, sizeof service->partition - 1);
    (void)strncpy(service->region, settings->region, sizeof service->region - 1);
    (void)strncpy(service->account, settings->account ? settings->account : "", sizeof service->account - 1);
    list_init(&service->calls);
    *ret_source = &service->source;
    return 0;
}

void service_free(struct job_source *source)
{
    if (!source)
        return;
    struct service *service = service_of(source);
    while (!list_empty(&service->calls))
        service_cancel(source, list_item(service->calls.next, struct source_call, node));
    free(service);
}

const char *service_account(const struct job_source *source) { return ((const struct service *)source)->account; }
