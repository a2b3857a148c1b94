/* SPDX-License-Identifier: MIT */
#include "fs/render.h"

#include "codec/timestamp.h"

#include <string.h>

enum { DIGITS_MAX = 400 };

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

static int render_time(struct slice digits, struct buf *to)
{
    char number[DIGITS_MAX];
    char text[TIMESTAMP_SIZE];
    int64_t ms = 0;
    if (digits.len < sizeof number) {
        memcpy(number, digits.data, digits.len);
        number[digits.len] = 0;
        if (!timestamp_from_number(number, &ms)) {
            timestamp_format(ms, text);
            return buf_append_str(to, text);
        }
    }
    return buf_append(to, digits.data, digits.len);
}

int render_value(const struct record *record, size_t field, struct buf *to)
{
    struct slice value = record_value(record, field);
    if (!value.data)
        return buf_error(to);
    switch (record_kind(record)->fields[field].type) {
    case FIELD_TEXT:
        (void)render_text(value, to);
        break;
    case FIELD_NUMBER:
        (void)buf_append(to, value.data, value.len);
        break;
    case FIELD_TIME:
        (void)render_time(value, to);
        break;
    }
    return buf_append_char(to, '\n');
}
