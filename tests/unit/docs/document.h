/* SPDX-License-Identifier: MIT */
/*
 * document: what the tests of documents share. A check takes a document's text and returns what is wrong with it, or
 * NULL. So it can be shown the document as it is, and the same with one fault in it, which it must find.
 */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef const char *document_check(const char *text);

static inline char *document_read(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t room = 0;
    if (!file) {
        fail_msg("cannot open %s", path);
        return NULL;
    }
    ssize_t len = getdelim(&text, &room, 0, file);
    (void)fclose(file);
    assert_true(len > 0);
    return text;
}

static inline const char *__attribute__((format(printf, 1, 2))) complain(const char *format, ...)
{
    static char text[2000];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return text;
}

/* The text with the first `from` made `to`. */
static inline char *document_replace(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    if (!at) {
        fail_msg("nowhere: %s", from);
        return NULL;
    }
    size_t size = strlen(text) + strlen(to) + 1;
    char *changed = malloc(size);
    assert_non_null(changed);
    (void)snprintf(changed, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return changed;
}

static inline void document_holds(document_check *check, const char *text)
{
    const char *wrong = check(text);
    if (wrong)
        fail_msg("%s", wrong);
}

static inline void document_fault_is_found(document_check *check, const char *text, const char *from, const char *to)
{
    document_holds(check, text);
    char *changed = document_replace(text, from, to);
    const char *wrong = check(changed);
    free(changed);
    if (!wrong)
        fail_msg("not found: \"%s\" for \"%s\"", to, from);
}

#endif
