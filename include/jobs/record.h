/* SPDX-License-Identifier: MIT */
/*
 * record: what the service said of one job, once: the object as it was sent, packed, and the few facts that are asked
 * for often. Immutable and counted: a reader that began with a record keeps it, whatever comes later.
 */
#ifndef JOBS_RECORD_H
#define JOBS_RECORD_H

#include "base/error.h"
#include "base/table.h"
#include "codec/json.h"
#include "jobs/fields.h"
#include "jobs/packed.h"

#include <stdint.h>

struct record;

/* From the object that describes one job, `text` being `job` as it was sent. 0, -ENOMEM, or -EBADMSG where a documented
 * member is not of its type, or there is no name. */
int record_new(const struct kind *kind, const struct json_value *job, struct slice text, struct record **ret_record,
               struct error *error);
/* The same from an item of a listing: it holds only the fields that listings carry. */
int record_new_listed(const struct kind *kind, const struct json_value *item, struct slice text,
                      struct record **ret_record, struct error *error);
/* What an item of a listing would hold of it. 0 or -ENOMEM. */
int record_abridge(const struct record *record, struct record **ret_record);
struct record *record_ref(struct record *record);
void record_unref(struct record *record); /* takes NULL */

/* The object: every member in the order sent. */
struct packed_value record_root(const struct record *record);
/* A field's value: none where it was absent, JSON_NULL where it was null. */
struct packed_value record_value(const struct record *record, size_t field);

const struct kind *record_kind(const struct record *record);
struct slice record_name(const struct record *record);
/* A hash of the job's ARN. */
uint64_t record_arn_hash(const struct record *record);
/* Whether the status is one that does not change any more. */
bool record_is_final(const struct record *record);
/* lastUpdatedDateTime, else creationDateTime, else 0: milliseconds since the epoch. */
int64_t record_updated_ms(const struct record *record);
/* creationDateTime, else 0. */
int64_t record_created_ms(const struct record *record);
/* Whether the two agree in every field that listings carry, however it is written; null and absent agree. */
bool record_agrees(const struct record *a, const struct record *b);
/* Whether the two were sent alike to the byte, white space aside: a quicker look, which may say no where the other says
 * yes. */
bool record_is_same(const struct record *a, const struct record *b);

#endif
