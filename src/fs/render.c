/* SPDX-License-Identifier: MIT */
#include "fs/render.h"

#include "base/escape.h"
#include "codec/timestamp.h"

#include <string.h>

static int render_time(const char *digits, struct buf *to)
{
    char text[TIMESTAMP_SIZE];
    int64_t ms = 0;
    if (timestamp_from_number(digits, &ms))
        return buf_append_str(to, digits);
    timestamp_format(ms, text);
    return buf_append_str(to, text);
}

int render_value(enum field_type type, const struct json_value *value, struct buf *to)
{
    const char *text = type == FIELD_TEXT ? json_string(value) : json_number(value);
    if (!text)
        return buf_error(to);
    if (type == FIELD_TEXT)
        (void)escape_text((struct slice){ text, strlen(text) }, to);
    else if (type == FIELD_TIME)
        (void)render_time(text, to);
    else
        (void)buf_append_str(to, text);
    return buf_append_char(to, '\n');
}
