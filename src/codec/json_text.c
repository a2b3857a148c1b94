/* SPDX-License-Identifier: MIT */
#include "codec/json_text.h"

#include <string.h>

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static bool is_punctuation(char c) { return c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == ':'; }

/* A string with its quotes; one that does not end goes to the end of the text. A quote that was found is looked for
 * again only once an escape has passed it: a string may be all escapes. */
static size_t string_len(const char *begin, size_t room)
{
    const char *end = begin + room;
    const char *quote = begin;
    for (const char *at = begin + 1; at < end;) {
        if (quote && quote < at)
            quote = memchr(at, '"', (size_t)(end - at));
        const char *escape = memchr(at, '\\', (size_t)((quote ? quote : end) - at));
        if (!escape)
            return quote ? (size_t)(quote + 1 - begin) : room;
        if (end - escape <= 2)
            break;
        at = escape + 2;
    }
    return room;
}

/* The token at `at`: a string with its quotes, a bracket, a comma, a colon, or a word. 0 at the end. */
static size_t token_len(struct slice text, size_t at)
{
    size_t end = at;
    if (at >= text.len)
        return 0;
    if (text.data[at] == '"')
        return string_len(text.data + at, text.len - at);
    if (is_punctuation(text.data[at]))
        return 1;
    while (end < text.len && !is_space(text.data[end]) && !is_punctuation(text.data[end]) && text.data[end] != '"')
        end++;
    return end - at;
}

static size_t skip_space(struct slice text, size_t at)
{
    while (at < text.len && is_space(text.data[at]))
        at++;
    return at;
}

static bool opens(char c) { return c == '{' || c == '['; }
static bool closes(char c) { return c == '}' || c == ']'; }

/* Behind the value that begins at `at`. */
static size_t skip_value(struct slice text, size_t at)
{
    size_t depth = 0;
    for (size_t len; (len = token_len(text, at)); at = skip_space(text, at + len)) {
        depth += opens(text.data[at]);
        depth -= closes(text.data[at]) && depth;
        if (!depth)
            return at + len;
    }
    return text.len;
}

/* The next value, and the key before it (data NULL in an array). */
static bool next_member(struct slice container, size_t *at, struct slice *ret_key, struct slice *ret_value)
{
    size_t here = skip_space(container, *at);
    if (!*at) {
        if (here >= container.len || !opens(container.data[here]))
            return false;
    } else if (here >= container.len || container.data[here] != ',')
        return false;
    here = skip_space(container, here + 1);
    if (here >= container.len || closes(container.data[here]))
        return false;
    *ret_key = (struct slice){ 0 };
    if (container.data[skip_space(container, 0)] == '{') { /* the key and its colon */
        *ret_key = (struct slice){ container.data + here, token_len(container, here) };
        here = skip_space(container, here + ret_key->len);
        here = skip_space(container, here + 1);
    }
    if (here >= container.len)
        return false;
    *at = skip_value(container, here);
    *ret_value = (struct slice){ container.data + here, *at - here };
    return true;
}

bool json_text_next(struct slice container, size_t *at, struct slice *ret_value)
{
    struct slice key;
    return next_member(container, at, &key, ret_value);
}

bool json_text_member(struct slice object, size_t *at, struct slice *ret_key, struct slice *ret_value)
{
    return next_member(object, at, ret_key, ret_value);
}

bool json_text_find(struct slice object, const char *key, struct slice *ret_value)
{
    size_t len = strlen(key);
    size_t at = 0;
    for (struct slice found; next_member(object, &at, &found, ret_value);)
        if (found.len == len + 2 && !memcmp(found.data + 1, key, len))
            return true;
    return false;
}

struct slice json_text_token(struct slice text, size_t *at)
{
    size_t begin = skip_space(text, *at);
    size_t len = token_len(text, begin);
    *at = begin + len;
    return (struct slice){ text.data + begin, len };
}

int json_text_compact(struct slice text, struct buf *to)
{
    size_t at = 0;
    for (struct slice token; (token = json_text_token(text, &at)).len;)
        (void)buf_append(to, token.data, token.len);
    return buf_error(to);
}

/* The UTF-16 unit of an escape at `at`, or 0 where there is none. */
static unsigned unit_at(struct slice text, size_t at)
{
    unsigned unit = 0;
    if (at + 6 > text.len || text.data[at] != '\\' || text.data[at + 1] != 'u')
        return 0;
    for (size_t i = at + 2; i < at + 6; i++) {
        char c = text.data[i];
        unsigned digit = (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        unit = unit << 4 | (digit & 15);
    }
    return unit;
}

static unsigned put_utf8(unsigned code, char to[4])
{
    unsigned len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    for (unsigned i = len; i-- > 1; code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)(lead[len] | code);
    return len;
}

unsigned json_text_decode(struct slice text, size_t *at, char to[4])
{
    static const char escapes[] = "b\bf\fn\nr\rt\t"; /* each letter, then what it stands for */
    if (*at >= text.len)
        return 0;
    to[0] = text.data[*at];
    if (to[0] != '\\' || *at + 1 == text.len) {
        *at += 1;
        return 1;
    }
    unsigned unit = unit_at(text, *at);
    if (!unit) {
        const char *escape = memchr(escapes, text.data[*at + 1], sizeof escapes - 1);
        to[0] = escape ? escape[1] : text.data[*at + 1];
        *at += 2;
        return 1;
    }
    unsigned low = unit >= 0xd800 && unit < 0xdc00 ? unit_at(text, *at + 6) : 0;
    *at += low ? 12 : 6;
    return put_utf8(low ? 0x10000 + ((unit - 0xd800) << 10) + (low & 0x3ff) : unit, to);
}

static void new_line(struct buf *to, size_t depth)
{
    (void)buf_append_char(to, '\n');
    for (size_t i = 0; i < depth; i++)
        (void)buf_append_str(to, "  ");
}

/* DEL and the C1 controls may stand in JSON as they are: a terminal would obey them. */
static void append_escaped(struct slice token, struct buf *to)
{
    const unsigned char *byte = (const unsigned char *)token.data;
    size_t plain = 0;
    for (size_t i = 0; i < token.len; i++) {
        bool c1 = byte[i] == 0xc2 && i + 1 < token.len && byte[i + 1] >= 0x80 && byte[i + 1] < 0xa0;
        if (byte[i] != 0x7f && !c1)
            continue;
        (void)buf_append(to, token.data + plain, i - plain);
        i += c1;
        (void)buf_printf(to, "\\u%04x", byte[i]);
        plain = i + 1;
    }
    (void)buf_append(to, token.data + plain, token.len - plain);
}

int json_text_pretty(struct slice text, struct buf *to)
{
    size_t depth = 0;
    char before = 0;
    size_t at = skip_space(text, 0);
    for (size_t len; (len = token_len(text, at)); at = skip_space(text, at + len)) {
        char c = text.data[at];
        if (closes(c)) {
            depth -= depth > 0;
            if (!opens(before)) /* an empty one stays on its line */
                new_line(to, depth);
        } else if (opens(before) || before == ',')
            new_line(to, depth);
        depth += opens(c);
        append_escaped((struct slice){ text.data + at, len }, to);
        if (c == ':')
            (void)buf_append_char(to, ' ');
        before = c;
    }
    return buf_append_char(to, '\n');
}
