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
    size_t packed_len;
    char packed[]; /* the name is what it repeats */
};

enum { BYTES_MAX = 64 << 20 };

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
}

int record_new(const struct kind *kind, const struct json_value *job, struct slice text, struct record **ret_record,
               struct error *error)
{
    const char *name = json_string(field_value(kind, kind->name, job));
    BUF_CLEANUP struct buf packed = BUF_INIT(BYTES_MAX);
    if (!name)
        return failure_set(error, FAILURE_NOT_PROTOCOL, "a job without a name");
    int result = check_types(job, kind, error);
    if (result)
        return result;
    if (packed_append(text, (struct slice){ name, strlen(name) }, &packed))
        return failure_set(error, FAILURE_MEMORY, "no memory for job %.63s", name);
    struct record *record = malloc(sizeof *record + packed.len);
    if (!record) {
        packed_release(packed.data);
        return failure_set(error, FAILURE_MEMORY, "no memory for job %.63s", name);
    }
    *record = (struct record){ .refs = 1, .kind = kind, .packed_len = packed.len };
    memcpy(record->packed, packed.data, packed.len);
    note_facts(record, job);
    *ret_record = record;
    return 0;
}

/* Whether a member of an item is, or holds, a field that listings carry. */
static bool is_listed(const struct kind *kind, const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < kind->n_fields; i++) {
        const char *member = kind->fields[i].member;
        if (kind->fields[i].listed && !strncmp(member, key, len) && (!member[len] || member[len] == '.'))
            return true;
    }
    return false;
}

int record_new_listed(const struct kind *kind, const struct json_value *item, struct slice text,
                      struct record **ret_record, struct error *error)
{
    BUF_CLEANUP struct buf kept = BUF_INIT(BYTES_MAX);
    struct slice key;
    struct slice value;
    size_t at = 0;
    for (const struct json_value *member = json_first(item); member && json_text_member(text, &at, &key, &value);
         member = json_next(member)) {
        if (!json_key(member) || !is_listed(kind, json_key(member)))
            continue;
        (void)buf_append_char(&kept, kept.len ? ',' : '{');
        (void)buf_append(&kept, key.data, key.len);
        (void)buf_append_char(&kept, ':');
        (void)buf_append(&kept, value.data, value.len);
    }
    (void)buf_append_str(&kept, kept.len ? "}" : "{}");
    if (buf_error(&kept))
        return failure_set(error, FAILURE_MEMORY, "no memory for a listed job");
    return record_new(kind, item, (struct slice){ kept.data, kept.len }, ret_record, error);
}

struct record *record_ref(struct record *record)
{
    record->refs++;
    return record;
}

void record_unref(struct record *record)
{
    if (!record || --record->refs)
        return;
    packed_release(record->packed);
    free(record);
}

struct packed_value record_root(const struct record *record) { return packed_root(record->packed); }

struct packed_value record_value(const struct record *record, size_t field)
{
    return packed_path(record_root(record), record->kind->fields[field].member);
}

size_t record_size(const struct record *record) { return sizeof *record + record->packed_len; }

const struct kind *record_kind(const struct record *record) { return record->kind; }

struct slice record_name(const struct record *record) { return packed_common(record->packed); }

uint64_t record_arn_hash(const struct record *record) { return record->arn_hash; }

bool record_is_final(const struct record *record) { return record->final; }

int64_t record_updated_ms(const struct record *record) { return record->updated_ms; }

int64_t record_created_ms(const struct record *record) { return record->created_ms; }

static bool says_nothing(struct packed_value value) { return packed_type(value) == JSON_NULL; }

bool record_agrees(const struct record *a, const struct record *b)
{
    for (size_t i = 0; i < a->kind->n_fields; i++) {
        if (!a->kind->fields[i].listed)
            continue;
        struct packed_value in_a = record_value(a, i);
        struct packed_value in_b = record_value(b, i);
        if (!(says_nothing(in_a) && says_nothing(in_b)) && !packed_equal(in_a, in_b))
            return false;
    }
    return true;
}

bool record_is_same(const struct record *a, const struct record *b)
{
    return a == b || (a->packed_len == b->packed_len && !memcmp(a->packed, b->packed, a->packed_len));
}
