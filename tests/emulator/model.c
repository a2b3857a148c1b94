/* SPDX-License-Identifier: MIT */
#include "model.h"

#include "document.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char SERIALIZATION[] = "SerializationException";
static const char INVALID_INPUT[] = "InvalidInputException";

enum { PATTERNS_MAX = 16 };

#define ARN "arn:[a-z0-9-]+:personalize:.*:.*:.+"
#define ROLE "arn:[a-z0-9-]+:iam::[0-9]{12}:role/?[a-zA-Z_0-9+=,.@/_-]+"
#define KEY "arn:aws.*:kms:.*:[0-9]{12}:key/.*"
#define LOCATION "(s3|http|https)://.+"
#define S3_MEMBERS(path)                                                                                 \
    { path, MODEL_STRUCTURE, true, 0, 0, NULL }, { path ".path", MODEL_STRING, true, 0, 256, LOCATION }, \
    {                                                                                                    \
        path ".kmsKeyArn", MODEL_STRING, false, 0, 2048, KEY                                             \
    }
#define CONFIG "batchInferenceJobConfig"
#define THEME "themeGenerationConfig"

const struct model_member model_describe[] = {
    { "batchInferenceJobArn", MODEL_STRING, true, 0, 256, ARN },
    { 0 },
};

const struct model_member model_list[] = {
    { "solutionVersionArn", MODEL_STRING, false, 0, 256, ARN },
    { "nextToken", MODEL_STRING, false, 0, 1500, "[\001-\177]*" },
    { "maxResults", MODEL_INTEGER, false, 1, 100, NULL },
    { 0 },
};

const struct model_member model_create[] = {
    { "jobName", MODEL_STRING, true, 1, 63, "[a-zA-Z0-9][a-zA-Z0-9_-]*" },
    { "solutionVersionArn", MODEL_STRING, true, 0, 256, ARN },
    { "filterArn", MODEL_STRING, false, 0, 256, ARN },
    { "numResults", MODEL_INTEGER, false, INT32_MIN, INT32_MAX, NULL },
    { "jobInput", MODEL_STRUCTURE, true, 0, 0, NULL },
    S3_MEMBERS("jobInput.s3DataSource"),
    { "jobOutput", MODEL_STRUCTURE, true, 0, 0, NULL },
    S3_MEMBERS("jobOutput.s3DataDestination"),
    { "roleArn", MODEL_STRING, true, 0, 256, ROLE },
    { CONFIG, MODEL_STRUCTURE, false, 0, 0, NULL },
    { CONFIG ".itemExplorationConfig", MODEL_MAP_OF_STRINGS, false, 0, 100, NULL },
    { CONFIG ".rankingInfluence", MODEL_MAP_OF_WEIGHTS, false, 0, 2, NULL },
    { "tags", MODEL_TAGS, false, 0, 200, NULL },
    { "batchInferenceJobMode", MODEL_STRING, false, 0, 256, "BATCH_INFERENCE|THEME_GENERATION" },
    { THEME, MODEL_STRUCTURE, false, 0, 0, NULL },
    { THEME ".fieldsForThemeGeneration", MODEL_STRUCTURE, true, 0, 0, NULL },
    { THEME ".fieldsForThemeGeneration.itemName", MODEL_STRING, true, 0, 150, "[A-Za-z_][A-Za-z0-9_]*" },
    { 0 },
};

static const char *refuse(struct buf *message, const char *value, const char *path, const char *rule)
{
    buf_printf(message, "1 validation error detected: Value %s%.300s%s at '%s' failed to satisfy constraint: %s",
               value ? "'" : "", value ? value : "null", value ? "'" : "", path, rule);
    return INVALID_INPUT;
}

static const char *refuse_type(struct buf *message, const char *path)
{
    buf_printf(message, "Unexpected type of value at '%s'", path);
    return SERIALIZATION;
}

/* Patterns are compiled when they are first met and kept: each is a constant of this file. */
static const regex_t *compiled(const char *pattern)
{
    static struct {
        const char *pattern;
        regex_t regex;
    } kept[PATTERNS_MAX];
    char whole[256];
    unsigned i = 0;
    while (i < PATTERNS_MAX - 1 && kept[i].pattern && strcmp(kept[i].pattern, pattern) != 0)
        i++;
    if (kept[i].pattern && !strcmp(kept[i].pattern, pattern))
        return &kept[i].regex;
    snprintf(whole, sizeof whole, "^(%s)$", pattern);
    if (regcomp(&kept[i].regex, whole, REG_EXTENDED | REG_NOSUB))
        return NULL;
    kept[i].pattern = pattern;
    return &kept[i].regex;
}

static bool fits_pattern(const char *text, const char *pattern)
{
    const regex_t *regex = compiled(pattern);
    return regex && !regexec(regex, text, 0, NULL, 0);
}

static const char *check_string(const struct model_member *member, const struct json_value *value, struct buf *message)
{
    char rule[320];
    const char *text = json_string(value);
    if (!text)
        return refuse_type(message, member->path);
    int64_t len = (int64_t)utf8_length(text);
    if (len > member->max || len < member->min) {
        snprintf(rule, sizeof rule, "Member must have length %s than or equal to %lld",
                 len > member->max ? "less" : "greater", (long long)(len > member->max ? member->max : member->min));
        return refuse(message, text, member->path, rule);
    }
    if (!member->pattern || fits_pattern(text, member->pattern))
        return NULL;
    snprintf(rule, sizeof rule, "Member must satisfy regular expression pattern: %s", member->pattern);
    return refuse(message, text, member->path, rule);
}

/* A JSON integer that fits; anything else is false. */
static bool read_integer(const struct json_value *value, int64_t *ret_number)
{
    const char *digits = json_number(value);
    char *end;
    if (!digits || strpbrk(digits, ".eE"))
        return false;
    errno = 0;
    *ret_number = strtoll(digits, &end, 10);
    return !errno && !*end && *ret_number >= INT32_MIN && *ret_number <= INT32_MAX;
}

int64_t model_integer(const struct json_value *value, int64_t absent)
{
    int64_t number;
    return read_integer(value, &number) ? number : absent;
}

static const char *check_integer(const struct model_member *member, const struct json_value *value, struct buf *message)
{
    char rule[96];
    int64_t number;
    if (!read_integer(value, &number))
        return refuse_type(message, member->path);
    if (number >= member->min && number <= member->max)
        return NULL;
    snprintf(rule, sizeof rule, "Member must have value %s than or equal to %lld",
             number > member->max ? "less" : "greater", (long long)(number > member->max ? member->max : member->min));
    return refuse(message, json_number(value), member->path, rule);
}

static const char *check_strings(const struct model_member *member, const struct json_value *value, struct buf *message)
{
    int64_t n = 0;
    for (const struct json_value *item = json_first(value); item; item = json_next(item), n++) {
        const char *text = json_string(item);
        if (!text)
            return refuse_type(message, member->path);
        if (utf8_length(json_key(item)) > 256 || utf8_length(text) > 1000)
            return refuse(message, text, member->path,
                          "Map keys must have length at most 256, values length at most 1000");
    }
    return n > member->max ? refuse(message, "map", member->path, "Member must have at most 100 members") : NULL;
}

static const char *check_weights(const struct model_member *member, const struct json_value *value, struct buf *message)
{
    for (const struct json_value *item = json_first(value); item; item = json_next(item)) {
        const char *digits = json_number(item);
        if (!digits)
            return refuse_type(message, member->path);
        double weight = strtod(digits, NULL);
        if (weight < 0 || weight > 1)
            return refuse(message, digits, member->path, "Member must have value between 0 and 1");
        if (strcmp(json_key(item), "POPULARITY") != 0 && strcmp(json_key(item), "FRESHNESS") != 0)
            return refuse(message, json_key(item), member->path, "Map keys must be one of [POPULARITY, FRESHNESS]");
    }
    return NULL;
}

/* Letters beyond ASCII are taken as letters: \p{L} and its like are not POSIX's. */
static bool tag_text_fits(const char *text, size_t min, size_t max)
{
    size_t len = text ? utf8_length(text) : 0;
    if (!text || len < min || len > max)
        return false;
    for (; *text; text++)
        if ((unsigned char)*text < 0x80 && !strchr(" _.:/=+-@", *text) &&
            !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", *text))
            return false;
    return true;
}

static const char *check_tags(const struct model_member *member, const struct json_value *value, struct buf *message)
{
    int64_t n = 0;
    for (const struct json_value *tag = json_first(value); tag; tag = json_next(tag), n++) {
        const struct json_value *key = json_member(tag, "tagKey");
        const struct json_value *text = json_member(tag, "tagValue");
        if (json_type_of(tag) != JSON_OBJECT)
            return refuse_type(message, member->path);
        if (!tag_text_fits(json_string(key), 1, 128) || !tag_text_fits(json_string(text), 0, 256))
            return refuse(message, json_string(key), member->path,
                          "Tags must have a tagKey and a tagValue of the pattern "
                          "^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$");
    }
    if (n <= member->max)
        return NULL;
    buf_printf(message, "A resource can have at most %lld tags", (long long)member->max);
    return "TooManyTagsException";
}

static const char *check_value(const struct model_member *member, const struct json_value *value, struct buf *message)
{
    if (member->type == MODEL_STRING)
        return check_string(member, value, message);
    if (member->type == MODEL_INTEGER)
        return check_integer(member, value, message);
    if (json_type_of(value) != (member->type == MODEL_TAGS ? JSON_ARRAY : JSON_OBJECT))
        return refuse_type(message, member->path);
    switch (member->type) {
    case MODEL_MAP_OF_STRINGS:
        return check_strings(member, value, message);
    case MODEL_MAP_OF_WEIGHTS:
        return check_weights(member, value, message);
    case MODEL_TAGS:
        return check_tags(member, value, message);
    default:
        return NULL;
    }
}

const char *model_check(const struct model_member *members, const struct json_value *input, struct buf *message)
{
    if (json_type_of(input) != JSON_OBJECT) {
        buf_append_str(message, "Start of structure or map found where not expected.");
        return SERIALIZATION;
    }
    for (const struct model_member *member = members; member->path; member++) {
        char parent[128];
        const char *dot = strrchr(member->path, '.');
        snprintf(parent, sizeof parent, "%.*s", dot ? (int)(dot - member->path) : 0, member->path);
        bool in_something = !dot || json_type_of(json_path(input, parent)) == JSON_OBJECT;
        const struct json_value *value = in_something ? json_path(input, member->path) : NULL;
        const char *code = NULL;
        if (json_type_of(value) != JSON_NULL)
            code = check_value(member, value, message);
        else if (member->required && in_something)
            code = refuse(message, NULL, member->path, "Member must not be null");
        if (code)
            return code;
    }
    return NULL;
}
