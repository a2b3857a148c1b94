/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include "base/escape.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void error_copy(char *to, unsigned long size, const char *text)
{
    unsigned long n = 0;
    while (*text && n + 1 < size) {
        size_t control = control_length((struct slice){ text, text[1] ? 2 : 1 });
        to[n++] = control ? '?' : *text;
        text += control ? control : 1;
    }
    to[n] = 0;
}

int error_set(struct error *error, int number, const char *code, const char *format, ...)
{
    char text[ERROR_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    *error = (struct error){ .number = number };
    error_copy(error->code, sizeof error->code, code ? code : "");
    error_copy(error->message, sizeof error->message, text);
    return -number;
}
