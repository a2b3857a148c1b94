/* SPDX-License-Identifier: MIT */
#include "fs/render.h"

#include "codec/timestamp.h"

#include <string.h>

static void put_octal(struct buf *to, unsigned char byte) { (void)buf_printf(to, "\\0%03o", byte); }

static const char *short_escape(unsigned char byte)
{
    switch (byte) {
    case '\n':
        return "\\n";
    case '\t':
        return "\\t";
    case '\r':
        return "\\r";
    case '\\':
        return "\\\\";
    default:
        return NULL;
    }
}

int render_text(struct slice text, struct buf *to)
{
    const unsigned char *byte = (const unsigned char *)text.data;
    size_t plain = 0; /* where what needs no escape began */
    for (size_t i = 0; i < text.len; i++) {
        const char *escape = short_escape(byte[i]);
        bool c1 = byte[i] == 0xc2 && i + 1 < text.len && byte[i + 1] >= 0x80 && byte[i + 1] < 0xa0; /* in UTF-8 */
        if (!escape && !c1 && byte[i] >= ' ' && byte[i] != 0x7f)
            continue;
        (void)buf_append(to, text.data + plain, i - plain);
        if (escape)
            (void)buf_append_str(to, escape);
        else
            put_octal(to, byte[i]);
        if (c1)
            put_octal(to, byte[++i]);
        plain = i + 1;
    }
    return buf_append(to, text.data + plain, text.len - plain);
}

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
        (void)render_text((struct slice){ text, strlen(text) }, to);
    else if (type == FIELD_TIME)
        (void)render_time(text, to);
    else
        (void)buf_append_str(to, text);
    return buf_append_char(to, '\n');
}
