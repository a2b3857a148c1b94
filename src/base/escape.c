/* SPDX-License-Identifier: MIT */
#include "base/escape.h"

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

size_t control_length(struct slice text)
{
    const unsigned char *byte = (const unsigned char *)text.data;
    if (text.len > 1 && byte[0] == 0xc2 && byte[1] >= 0x80 && byte[1] < 0xa0) /* C1 */
        return 2;
    return text.len && (byte[0] < ' ' || byte[0] == 0x7f);
}

int escape_text(struct slice text, struct buf *to)
{
    const unsigned char *byte = (const unsigned char *)text.data;
    size_t plain = 0; /* where what needs no escape began */
    for (size_t i = 0; i < text.len; i++) {
        const char *escape = short_escape(byte[i]);
        size_t control = control_length((struct slice){ text.data + i, text.len - i });
        if (!escape && !control)
            continue;
        (void)buf_append(to, text.data + plain, i - plain);
        if (escape)
            (void)buf_append_str(to, escape);
        else
            put_octal(to, byte[i]);
        if (control > 1)
            put_octal(to, byte[++i]);
        plain = i + 1;
    }
    return buf_append(to, text.data + plain, text.len - plain);
}
