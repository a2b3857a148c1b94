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

static bool is_there(enum field_type type, struct packed_value value)
{
    return packed_type(value) == (type == FIELD_TEXT ? JSON_STRING : JSON_NUMBER);
}

int render_words(enum field_type type, struct packed_value value, struct buf *to)
{
    BUF_CLEANUP struct buf text = BUF_INIT(RENDER_BYTES_MAX);
    if (!is_there(type, value))
        return buf_error(to);
    int result = packed_text(value, &text);
    if (result)
        return result;
    if (type == FIELD_TEXT)
        return escape_text((struct slice){ buf_str(&text), text.len }, to);
    return type == FIELD_TIME ? render_time(buf_str(&text), to) : buf_append_str(to, buf_str(&text));
}

int render_value(enum field_type type, struct packed_value value, struct buf *to)
{
    int result = render_words(type, value, to);
    return result || !is_there(type, value) ? result : buf_append_char(to, '\n');
}
