/* SPDX-License-Identifier: MIT */
/*
 * model: the members of each operation's input and what they are held to, from the public service model (personalize,
 * API version 2018-05-22, https://docs.aws.amazon.com/personalize/latest/dg/API_Reference.html).
 */
#ifndef EMULATOR_MODEL_H
#define EMULATOR_MODEL_H

#include "codec/json.h"

#include "base/buf.h"

#include <stdint.h>

enum model_type {
    MODEL_STRING,
    MODEL_INTEGER,
    MODEL_STRUCTURE,
    MODEL_MAP_OF_STRINGS,
    MODEL_MAP_OF_WEIGHTS,
    MODEL_TAGS
};

struct model_member {
    const char *path; /* "jobInput.s3DataSource"; the structures stand before what is in them */
    enum model_type type;
    bool required;       /* where the structure that it is in is there */
    int64_t min;         /* of an integer; characters of a string */
    int64_t max;         /* the same; members of a map */
    const char *pattern; /* POSIX extended, for the whole string; NULL: any */
};

extern const struct model_member model_describe[];
extern const struct model_member model_list[];
extern const struct model_member model_create[];

/* Whether the whole input is as the model wants it. NULL, or the error's name with its text appended to `message`. */
const char *model_check(const struct model_member *members, const struct json_value *input, struct buf *message);
/* The number of an integer member; `absent` where there is none. */
int64_t model_integer(const struct json_value *value, int64_t absent);

#endif
