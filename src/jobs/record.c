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
    uint64_t arn_hash;
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

static bool time_at(struct packed_value value, int64_t *ret_ms)
{
    const char *digits = packed_number(value);
    return digits && !timestamp_from_number(digits, ret_ms);
}

static void note_facts(struct record *record, const struct json_value *job)
{
    const struct kind *kind = record->kind;
    const char *arn = json_string(field_value(kind, kind->arn, job));
    const char *status = json_string(field_value(kind, kind->status, job));
    record->final = status && status_is_final(status, strlen(status));
    record->arn_hash = hash_bytes(0, arn ? arn : "", arn ? strlen(arn) : 0);
}

/* Packs `text` into a record that has no facts noted yet; NULL: no memory. */
static struct record *record_pack(const struct kind *kind, struct slice text, struct slice name)
{
    BUF_CLEANUP struct buf packed = BUF_INIT(BYTES_MAX);
    if (packed_append(text, name, &packed))
        return NULL;
    struct record *record = malloc(sizeof *record + packed.len);
    if (!record) {
        packed_release(packed.data);
        return NULL;
    }
    *record = (struct record){ .refs = 1, .kind = kind };
    memcpy(record->packed, packed.data, packed.len);
    return record;
}

int record_new(const struct kind *kind, const struct json_value *job, struct slice text, struct record **ret_record,
               struct error *error)
{
    const char *name = json_string(field_value(kind, kind->name, job));
    if (!name)
        return failure_set(error, FAILURE_NOT_PROTOCOL, "a job without a name");
    int result = check_types(job, kind, error);
    if (result)
        return result;
    struct record *record = record_pack(kind, text, (struct slice){ name, strlen(name) });
    if (!record)
        return failure_set(error, FAILURE_MEMORY, "no memory for job %.63s", name);
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
    (void)buf_append_str(&kept, kept.len ? "}" : "{}"); /* without a name it is refused below */
    if (buf_error(&kept))
        return failure_set(error, FAILURE_MEMORY, "no memory for a listed job");
    return record_new(kind, item, (struct slice){ kept.data, kept.len }, ret_record, error);
}

int record_abridge(const struct record *record, struct record **ret_record)
{
    BUF_CLEANUP struct buf text = BUF_INIT(BYTES_MAX);
    BUF_CLEANUP struct buf key = BUF_INIT(BYTES_MAX);
    for (struct packed_value value = packed_first(record_root(record)); value.at; value = packed_next(value)) {
        buf_clear(&key);
        if (packed_key(value, &key))
            return buf_error(&key);
        if (!is_listed(record->kind, buf_str(&key)))
            continue;
        (void)buf_append_char(&text, text.len ? ',' : '{');
        (void)packed_member_json(value, &text);
    }
    (void)buf_append_char(&text, '}'); /* it has a name at least */
    struct record *abridged = NULL;
    if (!buf_error(&text))
        abridged = record_pack(record->kind, (struct slice){ text.data, text.len }, record_name(record));
    if (!abridged)
        return -ENOMEM;
    abridged->final = record->final;
    abridged->arn_hash = record->arn_hash;
    *ret_record = abridged;
    return 0;
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

const struct kind *record_kind(const struct record *record) { return record->kind; }

struct slice record_name(const struct record *record) { return packed_common(record->packed); }

uint64_t record_arn_hash(const struct record *record) { return record->arn_hash; }

bool record_is_final(const struct record *record) { return record->final; }

int64_t record_updated_ms(const struct record *record)
{
    int64_t ms = 0;
    return time_at(record_value(record, record->kind->updated), &ms) ? ms : record_created_ms(record);
}

int64_t record_created_ms(const struct record *record)
{
    int64_t ms = 0;
    return time_at(record_value(record, record->kind->created), &ms) ? ms : 0;
}

/* Null and absent say the same; so do times that are written otherwise. */
static bool values_agree(enum field_type type, struct packed_value a, struct packed_value b)
{
    int64_t a_ms = 0;
    int64_t b_ms = 0;
    if (packed_type(a) == JSON_NULL && packed_type(b) == JSON_NULL)
        return true;
    return packed_equal(a, b) || (type == FIELD_TIME && time_at(a, &a_ms) && time_at(b, &b_ms) && a_ms == b_ms);
}

bool record_agrees(const struct record *a, const struct record *b)
{
    const struct kind *kind = a->kind;
    for (size_t i = 0; i < kind->n_fields; i++)
        if (kind->fields[i].listed && !values_agree(kind->fields[i].type, record_value(a, i), record_value(b, i)))
            return false;
    return true;
}

bool record_is_same(const struct record *a, const struct record *b)
{
    return a == b || packed_same(a->packed, b->packed);
}
