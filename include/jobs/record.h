/* SPDX-License-Identifier: MIT */
/*
 * record: what the service said of one job, once, kept compactly: the fields' values as they were sent (text decoded,
 * numbers and times in the service's own digits) in one block of memory. Immutable and counted: a reader that began
 * with a record keeps it, whatever comes later.
 */
#ifndef JOBS_RECORD_H
#define JOBS_RECORD_H

#include "base/error.h"
#include "base/table.h"
#include "codec/json.h"
#include "jobs/fields.h"

#include <stdint.h>

struct record;

/* From the object that describes one job: all fields, or only those that listings carry. A member that is absent or
 * null has no value. 0, -ENOMEM, or -EBADMSG where a member is not of its type, or there is no valid job name. */
int record_new(const struct kind *kind, const struct json_value *job, bool listed, struct record **ret_record,
               struct error *error);
struct record *record_ref(struct record *record);
void record_unref(struct record *record); /* takes NULL */

/* A value: data NULL where there is none (also for a field that a listed record does not carry). Not NUL-terminated. */
struct slice record_value(const struct record *record, size_t field);
const struct kind *record_kind(const struct record *record);
/* Whether the status is one that does not change any more. */
bool record_is_final(const struct record *record);
/* lastUpdatedDateTime, else creationDateTime, else 0: milliseconds since the epoch. */
int64_t record_updated_ms(const struct record *record);
/* creationDateTime, else 0. */
int64_t record_created_ms(const struct record *record);
/* Whether the two agree in every field that both carry, values absent included. */
bool record_agrees(const struct record *a, const struct record *b);

#endif
