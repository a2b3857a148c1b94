/* SPDX-License-Identifier: MIT */
/*
 * json: what the network sends, in two steps besides cJSON (which only this module includes).
 *
 *   json_check  RFC 8259 to the letter: UTF-8 without a byte order mark, one value, nothing after it. cJSON 1.7.15
 *               accepts much more (raw control characters, invalid UTF-8, text after the end).
 *   the policy  for answers: no duplicate keys in an object, no U+0000 and no lone surrogate in a string or a key.
 *
 * cJSON makes doubles of numbers, so each number keeps the digits that it was written with: json_number().
 * A document owns its values; they are valid until json_free().
 */
#ifndef CODEC_JSON_H
#define CODEC_JSON_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct json_limits {
    size_t bytes;   /* of the whole text */
    unsigned depth; /* of nested arrays and objects: [] has depth 1 */
};
/* Whatever the limits say: no deeper (where cJSON ends too), and no more values, each being some 80 bytes of memory. */
enum { JSON_DEPTH_MAX = 1000, JSON_VALUES_MAX = 1 << 18 };

/* Where a number stands in the text. */
struct json_span {
    size_t at;
    size_t len;
};
/* Called for each number in document order, before what follows it is checked; a non-zero return (-errno) ends the
 * check with it. */
typedef int json_number_fn(void *data, struct json_span span);

/* 0, or -EBADMSG (limits included) with the byte offset in the message. `number` may be NULL. */
int json_check(const char *text, size_t len, const struct json_limits *limits, json_number_fn *number, void *data,
               struct error *error);

struct json;       /* a document */
struct json_value; /* a value in it */

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* Check, policy, parse. 0, -EBADMSG or -ENOMEM. `text` is not kept. */
int json_parse(const char *text, size_t len, const struct json_limits *limits, struct json **ret_json,
               struct error *error);
void json_free(struct json *json); /* takes NULL */
/* The same, and overwrites the strings before: for documents with secrets. */
void json_wipe(struct json *json);

const struct json_value *json_root(const struct json *json);
/* JSON_NULL for NULL too, so that absent and null can be asked for together. */
enum json_type json_type_of(const struct json_value *value);
/* The member with exactly this name (case matters); NULL if `value` is no object, NULL, or has none. */
const struct json_value *json_member(const struct json_value *value, const char *name);
/* The member at "a.b.c". */
const struct json_value *json_path(const struct json_value *value, const char *path);
/* UTF-8, without NULs within; NULL if `value` is no string (or NULL). */
const char *json_string(const struct json_value *value);
/* The digits as they were written, NUL-terminated; NULL if `value` is no number (or NULL). */
const char *json_number(const struct json_value *value);
/* Members or elements in document order; NULL after the last, or if `value` has none. */
const struct json_value *json_first(const struct json_value *value);
const struct json_value *json_next(const struct json_value *value);
/* A member's name; NULL for an element or the root. */
const char *json_key(const struct json_value *value);

/* Appends `text` as a JSON string with its quotes, escaping what RFC 8259 requires. */
struct buf;
int json_append_string(struct buf *buf, const char *text);

#endif
