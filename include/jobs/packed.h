/* SPDX-License-Identifier: MIT */
/*
 * packed: JSON in few bytes, to be read where it lies. Every token is kept as it was sent (strings with their escapes,
 * numbers in their digits, members in their order); only the white space between them is lost. Names of members and the
 * beginnings of ARNs and paths are words (jobs/words.h), and one text that an answer repeats, the job's name, stands in
 * it once.
 *
 * A container knows its length, so finding a member costs a step for each member before it, whatever they hold. Nothing
 * here allocates but packed_append(), and the caller's buffer.
 */
#ifndef JOBS_PACKED_H
#define JOBS_PACKED_H

#include "base/buf.h"
#include "base/table.h"
#include "codec/json.h"

#include <stdbool.h>

/* Appends to an empty buffer: `text`, which json_parse() has accepted, and `common`, the text that it repeats. 0, or
 * buf's -errno. What was appended holds references: packed_release() gives them back. */
int packed_append(struct slice text, struct slice common, struct buf *to);
void packed_release(const char *packed);
struct slice packed_common(const char *packed);
/* Whether two objects are the same to the byte. */
bool packed_same(const char *a, const char *b);

/* A value in it; valid as long as the bytes are. */
struct packed_value {
    const char *packed;
    const char *key; /* NULL: an element, or the root */
    const char *at;  /* NULL: there is no such value */
    const char *end; /* of the container that it is in */
};

struct packed_value packed_root(const char *packed);
/* JSON_NULL for no value too. */
enum json_type packed_type(struct packed_value value);
/* Members or elements in the order sent; none after the last, or if `value` has none. */
struct packed_value packed_first(struct packed_value value);
struct packed_value packed_next(struct packed_value value);
/* The member at "a.b.c", or none. */
struct packed_value packed_path(struct packed_value value, const char *path);

/* A number's digits, where they lie; NULL if the value is none. */
const char *packed_number(struct packed_value value);
/* Append a member's name, decoded; what a value holds: a string decoded, a number in its digits, else nothing. 0 or
 * buf's -errno. */
int packed_key(struct packed_value value, struct buf *to);
int packed_text(struct packed_value value, struct buf *to);
/* Append as it was sent, without white space, a value; a member, its name before it. 0 or buf's -errno. */
int packed_json(struct packed_value value, struct buf *to);
int packed_member_json(struct packed_value value, struct buf *to);
/* Whether two strings, numbers or values without content say the same: strings decoded, numbers digit by digit.
 * Containers are not looked into. */
bool packed_equal(struct packed_value a, struct packed_value b);

#endif
