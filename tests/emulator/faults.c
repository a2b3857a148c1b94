/* SPDX-License-Identifier: MIT */
#include "faults.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum argument { NO_ARGUMENT, OPTIONAL_ARGUMENT, NUMBER_ARGUMENT, CODE_ARGUMENT, TEXT_ARGUMENT };

static const struct kind {
    const char *name;
    enum fault_kind kind;
    enum delivery delivery;
    enum argument argument;
    int64_t number;
    const char *text;
    const char *content_type;
} kinds[] = {
    { "hang", FAULT_DELIVERY, DELIVER_NEVER, NO_ARGUMENT, 0, "", NULL },
    { "reset", FAULT_DELIVERY, DELIVER_RESET, NO_ARGUMENT, 0, "", NULL },
    { "reset-body", FAULT_DELIVERY, DELIVER_RESET_BODY, NO_ARGUMENT, 0, "", NULL },
    { "reset-after", FAULT_DELIVERY, DELIVER_RESET_AFTER, NO_ARGUMENT, 0, "", NULL },
    { "truncate", FAULT_DELIVERY, DELIVER_TRUNCATED, NO_ARGUMENT, 0, "", NULL },
    { "slow", FAULT_DELIVERY, DELIVER_SLOWLY, NO_ARGUMENT, 0, "", NULL },
    { "endless", FAULT_DELIVERY, DELIVER_ENDLESSLY, NO_ARGUMENT, 0, "", NULL },
    { "huge-headers", FAULT_DELIVERY, DELIVER_HUGE_HEADER, NO_ARGUMENT, 0, "", NULL },
    { "many-headers", FAULT_DELIVERY, DELIVER_MANY_HEADERS, NO_ARGUMENT, 0, "", NULL },
    { "redirect", FAULT_REDIRECT, DELIVER_WHOLE, OPTIONAL_ARGUMENT, 302, "http://elsewhere.invalid/", NULL },
    { "status", FAULT_STATUS, DELIVER_WHOLE, NUMBER_ARGUMENT, 500, "", NULL },
    { "code", FAULT_CODE, DELIVER_WHOLE, CODE_ARGUMENT, 400, "", NULL },
    { "throttle", FAULT_CODE, DELIVER_WHOLE, NO_ARGUMENT, 400, "ThrottlingException", NULL },
    { "html", FAULT_BODY, DELIVER_WHOLE, NO_ARGUMENT, 200, "<!DOCTYPE html><title>Sign in</title>Please sign in.\n",
      "text/html; charset=utf-8" },
    { "empty", FAULT_BODY, DELIVER_WHOLE, NO_ARGUMENT, 200, "", NULL },
    { "empty-object", FAULT_BODY, DELIVER_WHOLE, NO_ARGUMENT, 200, "{}", NULL },
    { "not-json", FAULT_BODY, DELIVER_WHOLE, NO_ARGUMENT, 200, "{\"batchInferenceJob\":{\"status\":ACTIVE}}", NULL },
    { "body", FAULT_BODY, DELIVER_WHOLE, TEXT_ARGUMENT, 200, "", NULL },
    { "latency", FAULT_LATENCY, DELIVER_WHOLE, NUMBER_ARGUMENT, 0, "", NULL },
};

void faults_init(struct faults *faults) { list_init(&faults->list); }

void faults_clear(struct faults *faults)
{
    list_each (node, after, &faults->list) {
        list_remove(node);
        free(list_item(node, struct fault, node));
    }
}

static bool read_number(const char *text, int64_t max, int64_t *ret_number)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno || end == text || *end || number < 0 || number > max)
        return false;
    *ret_number = number;
    return true;
}

/* "NAME", "NAME=ARGUMENT"; a code's argument is "NAME" or "NAME:STATUS". */
static bool kind_set(struct fault *fault, const char *value)
{
    size_t len = strcspn(value, "=");
    const char *argument = value[len] ? value + len + 1 : NULL;
    const struct kind *kind = NULL;
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strlen(kinds[i].name) == len && !strncmp(kinds[i].name, value, len))
            kind = &kinds[i];
    if (!kind || (argument && kind->argument == NO_ARGUMENT) || (!argument && kind->argument >= NUMBER_ARGUMENT))
        return false;
    fault->kind = kind->kind;
    fault->delivery = kind->delivery;
    fault->number = kind->number;
    fault->content_type = kind->content_type;
    snprintf(fault->name, sizeof fault->name, "%s", kind->name);
    snprintf(fault->text, sizeof fault->text, "%s", argument && *argument ? argument : kind->text);
    if (kind->argument == NUMBER_ARGUMENT)
        return read_number(argument, 3600000, &fault->number) &&
               (kind->kind != FAULT_STATUS || (fault->number >= 200 && fault->number <= 599));
    char *colon = kind->argument == CODE_ARGUMENT ? strchr(fault->text, ':') : NULL;
    if (colon) {
        *colon = 0;
        return read_number(colon + 1, 599, &fault->number) && fault->number >= 400;
    }
    return true;
}

static bool line_set(struct fault *fault, const char *name, const char *value)
{
    if (!strcmp(name, "operation"))
        return snprintf(fault->operation, sizeof fault->operation, "%s", value) < FAULT_GLOB_SIZE;
    if (!strcmp(name, "job"))
        return snprintf(fault->job, sizeof fault->job, "%s", value) < FAULT_GLOB_SIZE;
    if (!strcmp(name, "count"))
        return read_number(value, INT64_MAX, &fault->left) && fault->left > 0;
    if (!strcmp(name, "skip"))
        return read_number(value, INT64_MAX, &fault->skip);
    return !strcmp(name, "kind") && kind_set(fault, value);
}

int faults_add(struct faults *faults, const char *lines, struct buf *why)
{
    struct fault *fault = calloc(1, sizeof *fault);
    if (!fault)
        return -ENOMEM;
    fault->operation[0] = '*';
    fault->left = -1;
    while (*lines) {
        char line[FAULT_TEXT_SIZE + 32];
        size_t len = strcspn(lines, "\n");
        snprintf(line, sizeof line, "%.*s", len < sizeof line ? (int)len : 0, lines);
        lines += len + (lines[len] == '\n');
        char *equals = strchr(line, '=');
        if (!len)
            continue;
        if (equals)
            *equals = 0;
        if (!equals || !line_set(fault, line, equals + 1)) {
            buf_printf(why, "%s: not understood", line);
            free(fault);
            return -EINVAL;
        }
    }
    if (!fault->name[0]) {
        buf_append_str(why, "kind= is missing");
        free(fault);
        return -EINVAL;
    }
    list_insert(&faults->list, &fault->node);
    return 0;
}

static bool matches(const struct fault *fault, const char *operation, const char *job)
{
    if (strcmp(fault->operation, "*") != 0 && strcmp(fault->operation, operation) != 0)
        return false;
    return !fault->job[0] || (*job && fnmatch(fault->job, job, 0) == 0);
}

bool faults_take(struct faults *faults, const char *operation, const char *job, struct fault *ret_fault)
{
    list_each (node, after, &faults->list) {
        struct fault *fault = list_item(node, struct fault, node);
        if (!matches(fault, operation, job))
            continue;
        if (fault->skip > 0) {
            fault->skip--;
            continue;
        }
        *ret_fault = *fault;
        if (fault->left > 0)
            fault->left--;
        if (fault->left == 0) {
            list_remove(node);
            free(fault);
        }
        return true;
    }
    return false;
}
