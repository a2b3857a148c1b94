/* SPDX-License-Identifier: MIT */
/* A json_value is a cJSON item. Its callers see neither cJSON nor a double. */
#include "codec/json.h"

#include "base/buf.h"
#include "base/cleanup.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct json {
    cJSON *root;
    char *digits; /* of all numbers in document order, each with a NUL */
};

/*
 * Numbers pass cJSON by: their digits are kept here, and in the text that it parses each is a 0 and spaces. It would
 * make doubles of them and refuses those longer than 63 bytes.
 */
struct numbers {
    const char *text;
    char *blanked;
    struct buf digits;
};

static int keep_number(void *data, struct json_span span)
{
    struct numbers *numbers = data;
    memset(numbers->blanked + span.at, ' ', span.len);
    numbers->blanked[span.at] = '0';
    (void)buf_append(&numbers->digits, numbers->text + span.at, span.len);
    return buf_append_char(&numbers->digits, 0);
}

static unsigned hex_value(const char *digits)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        char c = digits[i];
        value = value << 4 | (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static bool is_escape_u(const char *at, const char *end) { return end - at >= 6 && at[0] == '\\' && at[1] == 'u'; }

/* The policy for escapes, on a text that json_check has passed: backslashes stand in strings and keys alone. */
static int check_escapes(const char *text, size_t len, struct error *error)
{
    const char *end = text + len;
    const char *at = text;
    while (at < end && (at = memchr(at, '\\', (size_t)(end - at)))) {
        const char *start = at;
        at += 2;
        if (start[1] != 'u')
            continue;
        at = start + 6;
        unsigned unit = hex_value(start + 2);
        if (!unit)
            return error_set(error, EBADMSG, NULL, "JSON with U+0000 in a string, at byte %zu", (size_t)(start - text));
        if (unit < 0xd800 || unit > 0xdfff)
            continue;
        unsigned low = is_escape_u(at, end) ? hex_value(at + 2) : 0;
        if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff)
            return error_set(error, EBADMSG, NULL, "JSON with a lone surrogate in a string, at byte %zu",
                             (size_t)(start - text));
        at += 6;
    }
    return 0;
}

static int compare_keys(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Keys are compared as cJSON has decoded them: "a" and "\u0061" are one. Sorting them keeps it from being quadratic. */
static int check_keys(const cJSON *object, struct error *error)
{
    size_t n = 0;
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, object) n++;
    if (n < 2)
        return 0;
    FREE_CLEANUP char **keys = calloc(n, sizeof *keys);
    if (!keys)
        return error_set(error, ENOMEM, NULL, "no memory for JSON");
    size_t at = 0;
    cJSON_ArrayForEach(member, object) keys[at++] = member->string;
    qsort(keys, n, sizeof *keys, compare_keys);
    for (size_t i = 1; i < n; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0)
            return error_set(error, EBADMSG, NULL, "JSON with the key \"%.64s\" twice in an object", keys[i]);
    return 0;
}

/* Gives each number its digits and holds each object to the policy. As deep as the text, so JSON_DEPTH_MAX at most. */
static int finish_tree(cJSON *item, char **digits, struct error *error)
{
    if (cJSON_IsNumber(item)) {
        item->valuestring = *digits;
        item->type |= cJSON_IsReference; /* so that cJSON_Delete leaves them alone */
        *digits += strlen(*digits) + 1;
        return 0;
    }
    int failed = cJSON_IsObject(item) ? check_keys(item, error) : 0;
    cJSON *child = NULL;
    cJSON_ArrayForEach(child, item)
    {
        if (failed)
            break;
        failed = finish_tree(child, digits, error);
    }
    return failed;
}

/* A text that has passed the check and the policy for escapes: what cJSON can then lack is memory alone. */
static int build_tree(struct json *json, const struct numbers *numbers, size_t len, struct error *error)
{
    json->root = cJSON_ParseWithLength(numbers->blanked, len);
    if (!json->root)
        return error_set(error, ENOMEM, NULL, "no memory for JSON");
    char *digits = json->digits;
    return finish_tree(json->root, &digits, error);
}

int json_parse(const char *text, size_t len, const struct json_limits *limits, struct json **ret_json,
               struct error *error)
{
    FREE_CLEANUP struct json *json = calloc(1, sizeof *json);
    FREE_CLEANUP char *blanked = malloc(len + 1);
    if (!json || !blanked)
        return error_set(error, ENOMEM, NULL, "no memory for JSON");
    if (len)
        memcpy(blanked, text, len);
    /* Between two numbers there is a byte at least, so one more for each is never more than the text and one. */
    struct numbers numbers = { .text = text, .blanked = blanked, .digits = BUF_INIT(len + 1) };
    int failed = json_check(text, len, limits, keep_number, &numbers, error);
    json->digits = numbers.digits.data;
    if (!failed)
        failed = check_escapes(text, len, error);
    if (!failed)
        failed = build_tree(json, &numbers, len, error);
    explicit_bzero(blanked, len); /* it may hold keys: json_wipe() */
    if (failed) {
        json_free(steal(&json));
        return failed;
    }
    *ret_json = steal(&json);
    return 0;
}

static void strings_wipe(cJSON *item)
{
    for (; item; item = item->next) {
        if (item->valuestring)
            explicit_bzero(item->valuestring, strlen(item->valuestring));
        strings_wipe(item->child); /* no deeper than the limits let it be */
    }
}

void json_wipe(struct json *json)
{
    if (json)
        strings_wipe(json->root);
    json_free(json);
}

void json_free(struct json *json)
{
    if (!json)
        return;
    cJSON_Delete(json->root);
    free(json->digits);
    free(json);
}

static const cJSON *item_of(const struct json_value *value) { return (const void *)value; }
static const struct json_value *value_of(const cJSON *item) { return (const void *)item; }

const struct json_value *json_root(const struct json *json) { return value_of(json->root); }

enum json_type json_type_of(const struct json_value *value)
{
    switch (value ? item_of(value)->type & 0xff : cJSON_NULL) {
    case cJSON_False:
        return JSON_FALSE;
    case cJSON_True:
        return JSON_TRUE;
    case cJSON_Number:
        return JSON_NUMBER;
    case cJSON_String:
        return JSON_STRING;
    case cJSON_Array:
        return JSON_ARRAY;
    case cJSON_Object:
        return JSON_OBJECT;
    default:
        return JSON_NULL;
    }
}

static const struct json_value *find_member(const struct json_value *value, const char *name, size_t len)
{
    if (json_type_of(value) != JSON_OBJECT)
        return NULL;
    for (value = json_first(value); value; value = json_next(value)) {
        const char *key = json_key(value);
        if (*key == *name && strncmp(key, name, len) == 0 && !key[len])
            return value;
    }
    return NULL;
}

const struct json_value *json_member(const struct json_value *value, const char *name)
{
    return find_member(value, name, strlen(name));
}

const struct json_value *json_path(const struct json_value *value, const char *path)
{
    for (;;) {
        size_t len = strcspn(path, ".");
        value = find_member(value, path, len);
        if (!path[len])
            return value;
        path += len + 1;
    }
}

const char *json_string(const struct json_value *value)
{
    return json_type_of(value) == JSON_STRING ? item_of(value)->valuestring : NULL;
}

const char *json_number(const struct json_value *value)
{
    return json_type_of(value) == JSON_NUMBER ? item_of(value)->valuestring : NULL;
}

const struct json_value *json_first(const struct json_value *value)
{
    return value ? value_of(item_of(value)->child) : NULL;
}

const struct json_value *json_next(const struct json_value *value) { return value_of(item_of(value)->next); }

const char *json_key(const struct json_value *value) { return value ? item_of(value)->string : NULL; }

int json_append_string(struct buf *buf, const char *text)
{
    (void)buf_append_char(buf, '"');
    while (*text) {
        size_t plain = 0;
        while ((unsigned char)text[plain] >= ' ' && text[plain] != '"' && text[plain] != '\\')
            plain++;
        (void)buf_append(buf, text, plain);
        text += plain;
        if (!*text)
            break;
        if (*text == '"' || *text == '\\')
            (void)buf_printf(buf, "\\%c", *text);
        else
            (void)buf_printf(buf, "\\u%04x", (unsigned)(unsigned char)*text);
        text++;
    }
    return buf_append_char(buf, '"');
}
