/* SPDX-License-Identifier: MIT */
/*
 * json_text: the text of JSON that json_parse() has accepted, as it was sent. Tokens are never altered: strings keep
 * their escapes, numbers their digits, members their order. Given anything else, these stay within the text, no more.
 */
#ifndef CODEC_JSON_TEXT_H
#define CODEC_JSON_TEXT_H

#include "base/buf.h"
#include "base/table.h"

#include <stdbool.h>

/* The values of an array's elements or an object's members, in order, each with the spaces around it left out: side by
 * side with json_first() and json_next(). *at starts at 0. False at the end. */
bool json_text_next(struct slice container, size_t *at, struct slice *ret_value);
/* The same with the members' keys, as they were sent, quotes included. */
bool json_text_member(struct slice object, size_t *at, struct slice *ret_key, struct slice *ret_value);
/* The value of an object's member, by the key as it was sent: for what json_parse() has refused. False if there is
 * none. */
bool json_text_find(struct slice object, const char *key, struct slice *ret_value);
/* The next token: a string with its quotes, a bracket, a comma, a colon or a word. *at starts at 0; len 0 at the end.
 */
struct slice json_text_token(struct slice text, size_t *at);
/* Decodes the next character of what stands between a string's quotes, or a byte of one that is not escaped. *at starts
 * at 0. Returns how many bytes of `to` it filled, 0 at the end. */
unsigned json_text_decode(struct slice text, size_t *at, char to[4]);
/* Appends it without the white space between tokens. 0 or buf's -errno. */
int json_text_compact(struct slice text, struct buf *to);
/* Appends it with a line for each element and member, indented by two spaces a level, and a newline at the end. The one
 * thing that is altered: DEL and C1 control characters, which JSON lets stand, are escaped, since a terminal obeys
 * them. */
int json_text_pretty(struct slice text, struct buf *to);

#endif
