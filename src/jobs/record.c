/* SPDX-License-Identifier: MIT */
#include "jobs/record.h"

#include "aws/failure.h"
#include "base/buf.h"
#include "codec/json_text.h"
#include "codec/timestamp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct record {
    unsigned refs;
    bool final;
    const struct kind *kind;
    int64_t updated_ms;
    int64_t created_ms;
    uint64_t arn_hash;
    uint64_t listed_hash; /* of what listings carry */
    uint32_t name_len;
    uint32_t text_len;
    char bytes[]; /* the name, then the text */
};

static const struct json_limits limits = { .bytes = 16 << 20, .depth = JSON_DEPTH_MAX };

/* A scalar as text: a string decoded, a number in its digits; NULL if it is absent, null or something else. */
static const char *words_of(const struct json_value *value)
{
    const char *text = json_string(value);
    return text ? text : json_number(value);
}

static const struct json_value *field_value(const struct kind *kind, size_t field, const struct json_value *job)
{
    return json_path(job, kind->fields[field].member);
}

static int wrong_type(const struct json_value *job, const struct kind *kind, const char *member, const char *wanted,
                      struct error *error)
{
    const char *name = json_string(field_value(kind, kind->name, job));
    return failure_set(error, FAILURE_NOT_PROTOCOL, "job %.63s: %s is not %s", name ? name : "without a name", member,
                       wanted);
}

/* Each part of the path before the last must be an object, or not be there. */
static int check_containers(const struct json_value *job, const struct kind *kind, const char *member,
                            struct error *error)
{
    const struct json_value *value = job;
    char part[64];
    for (const char *dot; (dot = strchr(member, '.')); member = dot + 1) {
        size_t len = (size_t)(dot - member) < sizeof part ? (size_t)(dot - member) : sizeof part - 1;
        memcpy(part, member, len);
        part[len] = 0;
        value = json_member(value, part);
        if (json_type_of(value) == JSON_NULL)
            return 0;
        if (json_type_of(value) != JSON_OBJECT)
            return wrong_type(job, kind, part, "an object", error);
    }
    return 0;
}

static int check_types(const struct json_value *job, const struct kind *kind, struct error *error)
{
    static const enum json_type wanted[] = {
        [FIELD_TEXT] = JSON_STRING, [FIELD_NUMBER] = JSON_NUMBER, [FIELD_TIME] = JSON_NUMBER, [FIELD_MAP] = JSON_OBJECT
    };
    static const char *const words[] = {
        [FIELD_TEXT] = "a string", [FIELD_NUMBER] = "a number", [FIELD_TIME] = "a number", [FIELD_MAP] = "an object"
    };
    for (size_t i = 0; i < kind->n_fields; i++) {
        const struct field *field = &kind->fields[i];
        enum json_type type = json_type_of(field_value(kind, i, job));
        int result = check_containers(job, kind, field->member, error);
        if (!result && type != JSON_NULL && type != wanted[field->type])
            result = wrong_type(job, kind, field->member, words[field->type], error);
        if (result)
            return result;
    }
    return 0;
}

static int64_t time_of(const struct kind *kind, size_t field, const struct json_value *job)
{
    const char *digits = json_number(field_value(kind, field, job));
    int64_t ms = 0;
    return digits && !timestamp_from_number(digits, &ms) ? ms : 0;
}

static uint64_t hash_listed(const struct kind *kind, const struct json_value *job)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < kind->n_fields; i++) {
        const char *words = kind->fields[i].listed ? words_of(field_value(kind, i, job)) : NULL;
        hash = words ? hash_bytes(hash, words, strlen(words) + 1) : hash_bytes(hash, "", 0);
    }
    return hash;
}

static void note_facts(struct record *record, const struct json_value *job)
{
    const struct kind *kind = record->kind;
    const char *arn = json_string(field_value(kind, kind->arn, job));
    const char *status = json_string(field_value(kind, kind->status, job));
    record->final = status && status_is_final(status, strlen(status));
    record->created_ms = time_of(kind, kind->created, job);
    record->updated_ms = time_of(kind, kind->updated, job);
    if (!record->updated_ms)
        record->updated_ms = record->created_ms;
    record->arn_hash = hash_bytes(0, arn ? arn : "", arn ? strlen(arn) : 0);
    record->listed_hash = hash_listed(kind, job);
}

int record_new(const struct kind *kind, const struct json_value *job, struct slice text, struct record **ret_record,
               struct error *error)
{
    const char *name = json_string(field_value(kind, kind->name, job));
    BUF_CLEANUP struct buf compact = BUF_INIT(text.len);
    if (!name)
        return failure_set(error, FAILURE_NOT_PROTOCOL, "a job without a name");
    int result = check_types(job, kind, error);
    if (result)
        return result;
    size_t name_len = strlen(name);
    result = json_text_compact(text, &compact);
    struct record *record = result ? NULL : malloc(sizeof *record + name_len + compact.len);
    if (!record)
        return failure_set(error, FAILURE_MEMORY, "no memory for job %.63s", name);
    *record =
        (struct record){ .refs = 1, .kind = kind, .name_len = (uint32_t)name_len, .text_len = (uint32_t)compact.len };
    memcpy(record->bytes, name, name_len);
    memcpy(record->bytes + name_len, compact.data, compact.len);
    note_facts(record, job);
    *ret_record = record;
    return 0;
}

struct record *record_ref(struct record *record)
{
    record->refs++;
    return record;
}

void record_unref(struct record *record)
{
    if (record && !--record->refs)
        free(record);
}

struct slice record_text(const struct record *record)
{
    return (struct slice){ record->bytes + record->name_len, record->text_len };
}

int record_parse(const struct record *record, struct json **ret_json)
{
    struct error error;
    struct slice text = record_text(record);
    return json_parse(text.data, text.len, &limits, ret_json, &error);
}

const struct kind *record_kind(const struct record *record) { return record->kind; }

struct slice record_name(const struct record *record) { return (struct slice){ record->bytes, record->name_len }; }

uint64_t record_arn_hash(const struct record *record) { return record->arn_hash; }

bool record_is_final(const struct record *record) { return record->final; }

int64_t record_updated_ms(const struct record *record) { return record->updated_ms; }

int64_t record_created_ms(const struct record *record) { return record->created_ms; }

bool record_agrees(const struct record *a, const struct record *b) { return a->listed_hash == b->listed_hash; }
