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

int render_value(enum field_type type, struct packed_value value, struct buf *to)
{
    BUF_CLEANUP struct buf text = BUF_INIT(RENDER_BYTES_MAX);
    if (packed_type(value) != (type == FIELD_TEXT ? JSON_STRING : JSON_NUMBER))
        return buf_error(to);
    int result = packed_text(value, &text);
    if (result)
        return result;
    if (type == FIELD_TEXT)
        (void)render_text((struct slice){ buf_str(&text), text.len }, to);
    else if (type == FIELD_TIME)
        (void)render_time(buf_str(&text), to);
    else
        (void)buf_append_str(to, buf_str(&text));
    return buf_append_char(to, '\n');
}
