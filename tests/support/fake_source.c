/* SPDX-License-Identifier: MIT */
#include "fake_source.h"

#include "aws/failure.h"
#include "codec/json.h"
#include "codec/json_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_MAX = 1000 };

struct source_call {
    struct list node;
    struct source_time time;
    source_described_fn *described;
    source_token_fn *next;
    source_listed_fn *listed;
    void *data;
};

static struct fake_source *fake_of(struct job_source *self) { return (struct fake_source *)(void *)self; }

static struct source_call *call_new(struct fake_source *fake, void *data)
{
    struct source_call *call = calloc(1, sizeof *call);
    if (!call)
        abort();
    call->time = (struct source_time){ clock_monotonic_ms(fake->clock), clock_wall_ms(fake->clock) };
    call->data = data;
    list_insert(&fake->calls, &call->node);
    return call;
}

static int fake_describe(struct job_source *self, const char *name, int64_t deadline_ms, bool ahead,
                         source_described_fn *done, void *data, struct source_call **ret_call)
{
    struct fake_source *fake = fake_of(self);
    (void)deadline_ms;
    fake->describes++;
    fake->aheads += ahead;
    (void)snprintf(fake->last_name, sizeof fake->last_name, "%s", name);
    *ret_call = call_new(fake, data);
    (*ret_call)->described = done;
    return 0;
}

static int fake_list(struct job_source *self, const char *token, int64_t deadline_ms, source_token_fn *next,
                     source_listed_fn *done, void *data, struct source_call **ret_call)
{
    struct fake_source *fake = fake_of(self);
    (void)deadline_ms;
    fake->lists++;
    (void)snprintf(fake->last_token, sizeof fake->last_token, "%s", token ? token : "");
    *ret_call = call_new(fake, data);
    (*ret_call)->next = next;
    (*ret_call)->listed = done;
    return 0;
}

static void fake_abandon(struct job_source *self, struct source_call *call)
{
    (void)call;
    fake_of(self)->abandoned++;
}

static void fake_readopt(struct job_source *self, struct source_call *call)
{
    (void)call;
    fake_of(self)->readopted++;
}

static void fake_cancel(struct job_source *self, struct source_call *call)
{
    fake_of(self)->cancelled++;
    list_remove(&call->node);
    free(call);
}

void fake_source_init(struct fake_source *fake, const struct clock *clock)
{
    *fake = (struct fake_source){ .source = { fake_describe, fake_list, fake_abandon, fake_readopt, fake_cancel },
                                  .clock = clock };
    list_init(&fake->calls);
}

unsigned fake_source_pending(const struct fake_source *fake)
{
    unsigned n = 0;
    list_each (node, after, &fake->calls)
        n++;
    return n;
}

void fake_source_hurry(struct fake_source *fake, unsigned n)
{
    list_each (node, after, &fake->calls) {
        if (n--)
            continue;
        list_remove(node);
        list_insert(fake->calls.next, node);
        return;
    }
}

/* Takes the oldest call out; `wanted`: 'd', 'l' or '*'. */
static struct source_call take(struct fake_source *fake, char wanted)
{
    list_each (node, after, &fake->calls) {
        struct source_call *call = list_item(node, struct source_call, node);
        if (wanted == '*' || (wanted == 'd') == (call->described != NULL)) {
            struct source_call taken = *call;
            list_remove(node);
            free(call);
            return taken;
        }
    }
    (void)fprintf(stderr, "no such call is under way\n");
    abort();
}

static struct json *parse(const char *text)
{
    const struct json_limits limits = { .bytes = 1 << 20, .depth = 32 };
    struct json *json = NULL;
    struct error error;
    if (json_parse(text, strlen(text), &limits, &json, &error)) {
        (void)fprintf(stderr, "%s: %s\n", text, error.message);
        abort();
    }
    return json;
}

void fake_source_describe(struct fake_source *fake, const char *json_text)
{
    struct source_call call = take(fake, 'd');
    struct json *json = parse(json_text);
    struct record *record = NULL;
    struct error error;
    int result = record_new(&kind_batch_inference_job, json_root(json), (struct slice){ json_text, strlen(json_text) },
                            &record, &error);
    call.described(call.data, record, call.time, result ? &error : NULL);
    record_unref(record);
    json_free(json);
}

void fake_source_page(struct fake_source *fake, const char *json_text, const char *next_token)
{
    struct source_call call = take(fake, 'l');
    struct json *json = parse(json_text);
    struct record *records[PAGE_MAX];
    struct source_page page = { .records = records, .next_token = next_token };
    struct error error;
    struct slice text;
    size_t at = 0;
    for (const struct json_value *item = json_first(json_root(json)); item; item = json_next(item))
        if (!json_text_next((struct slice){ json_text, strlen(json_text) }, &at, &text) ||
            record_new_listed(&kind_batch_inference_job, item, text, &records[page.n_records++], &error))
            abort();
    if (next_token)
        call.next(call.data, next_token);
    call.listed(call.data, &page, call.time, NULL);
    for (size_t i = 0; i < page.n_records; i++)
        record_unref(records[i]);
    json_free(json);
}

void fake_source_bad_page(struct fake_source *fake, const char *next_token, const char *code)
{
    struct source_call call = take(fake, 'l');
    struct error error;
    (void)failure_set(&error, code, "as the test says");
    call.next(call.data, next_token);
    call.listed(call.data, NULL, call.time, &error);
}

void fake_source_fail(struct fake_source *fake, const char *code)
{
    struct source_call call = take(fake, '*');
    struct error error;
    (void)failure_set(&error, code, "as the test says");
    if (call.described)
        call.described(call.data, NULL, call.time, &error);
    else
        call.listed(call.data, NULL, call.time, &error);
}
