/* SPDX-License-Identifier: MIT */
#include "jobs/record.h"

#include "aws/failure.h"
#include "base/buf.h"
#include "codec/timestamp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES_MAX = 1 << 20 };
#define ABSENT UINT32_MAX

/* Where a value ends in the text (it begins where the last one before it ended), or ABSENT. */
struct record {
    unsigned refs;
    bool listed;
    bool final;
    const struct kind *kind;
    int64_t updated_ms;
    uint32_t *ends; /* one for each field that it carries; after them, in the same block, the text */
};

static size_t carried(const struct kind *kind, bool listed)
{
    size_t n = 0;
    for (size_t i = 0; i < kind->n_fields; i++)
        n += !listed || kind->fields[i].listed;
    return n;
}

static const char *value_of(const struct field *field, const struct json_value *value)
{
    return field->type == FIELD_TEXT ? json_string(value) : json_number(value);
}

static int wrong_type(const struct kind *kind, const struct field *field, const struct json_value *job,
                      struct error *error)
{
    const char *name = json_string(json_path(job, kind->fields[kind->name].member));
    return failure_set(error, FAILURE_NOT_PROTOCOL, "job %.63s: %s is not %s", name ? name : "without a name",
                       field->member, field->type == FIELD_TEXT ? "a string" : "a number");
}

/* Appends the values to `text` and notes where each ends. */
static int collect(const struct kind *kind, const struct json_value *job, bool listed, struct buf *text, uint32_t *ends,
                   struct error *error)
{
    for (size_t i = 0, n = 0; i < kind->n_fields; i++) {
        const struct field *field = &kind->fields[i];
        if (listed && !field->listed)
            continue;
        const struct json_value *value = json_path(job, field->member);
        ends[n] = ABSENT;
        if (json_type_of(value) != JSON_NULL) {
            const char *words = value_of(field, value);
            if (!words)
                return wrong_type(kind, field, job, error);
            (void)buf_append_str(text, words);
            ends[n] = (uint32_t)text->len;
        }
        n++;
    }
    return 0;
}

static int64_t time_of(const struct record *record, size_t field)
{
    struct slice value = record_value(record, field);
    int64_t ms = 0;
    BUF_CLEANUP struct buf digits = BUF_INIT(TEXT_BYTES_MAX);
    if (!value.data || buf_append(&digits, value.data, value.len) || timestamp_from_number(buf_str(&digits), &ms))
        return 0;
    return ms;
}

int record_new(const struct kind *kind, const struct json_value *job, bool listed, struct record **ret_record,
               struct error *error)
{
    uint32_t ends[FIELDS_MAX];
    size_t n = carried(kind, listed);
    BUF_CLEANUP struct buf text = BUF_INIT(TEXT_BYTES_MAX);
    const char *name = json_string(json_path(job, kind->fields[kind->name].member));
    if (!name)
        return failure_set(error, FAILURE_NOT_PROTOCOL, "a job without a name");
    int result = collect(kind, job, listed, &text, ends, error);
    if (result)
        return result;
    struct record *record = buf_error(&text) ? NULL : malloc(sizeof *record + n * sizeof *ends + text.len);
    if (!record)
        return failure_set(error, FAILURE_MEMORY, "no memory for job %.63s", name);
    *record = (struct record){ .refs = 1, .listed = listed, .kind = kind, .ends = (uint32_t *)(record + 1) };
    memcpy(record->ends, ends, n * sizeof *ends);
    if (text.len)
        memcpy(record->ends + n, text.data, text.len);
    struct slice status = record_value(record, kind->status);
    record->final = status.data && status_is_final(status.data, status.len);
    record->updated_ms = time_of(record, kind->updated);
    if (!record->updated_ms)
        record->updated_ms = time_of(record, kind->created);
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

struct slice record_value(const struct record *record, size_t field)
{
    const struct kind *kind = record->kind;
    const char *text = (const char *)(record->ends + carried(kind, record->listed));
    uint32_t begin = 0;
    if (record->listed && !kind->fields[field].listed)
        return (struct slice){ 0 };
    size_t at = 0;
    for (size_t i = 0; i < field; i++) {
        if (record->listed && !kind->fields[i].listed)
            continue;
        if (record->ends[at] != ABSENT)
            begin = record->ends[at];
        at++;
    }
    if (record->ends[at] == ABSENT)
        return (struct slice){ 0 };
    return (struct slice){ text + begin, record->ends[at] - begin };
}

const struct kind *record_kind(const struct record *record) { return record->kind; }

bool record_is_final(const struct record *record) { return record->final; }

int64_t record_updated_ms(const struct record *record) { return record->updated_ms; }

int64_t record_created_ms(const struct record *record) { return time_of(record, record->kind->created); }

bool record_agrees(const struct record *a, const struct record *b)
{
    for (size_t i = 0; i < a->kind->n_fields; i++) {
        if ((a->listed || b->listed) && !a->kind->fields[i].listed)
            continue;
        struct slice x = record_value(a, i);
        struct slice y = record_value(b, i);
        if (!x.data != !y.data || x.len != y.len || (x.data && memcmp(x.data, y.data, x.len) != 0))
            return false;
    }
    return true;
}
