/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void error_copy(char *to, unsigned long size, const char *text)
{
    unsigned long n = 0;
    for (const unsigned char *byte = (const unsigned char *)text; *byte && n + 1 < size; byte++) {
        bool c1 = byte[0] == 0xc2 && byte[1] >= 0x80 && byte[1] < 0xa0; /* in UTF-8 */
        byte += c1;
        to[n++] = (char)(c1 || *byte < ' ' || *byte == 0x7f ? '?' : *byte);
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
