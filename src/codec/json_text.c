/* SPDX-License-Identifier: MIT */
#include "codec/json_text.h"

#include <string.h>

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* The token at `at`: a string with its quotes, a bracket, a comma, a colon, or a word. 0 at the end. */
static size_t token_len(struct slice text, size_t at)
{
    size_t end = at;
    if (at >= text.len)
        return 0;
    if (text.data[at] == '"') {
        for (end++; end < text.len && text.data[end] != '"'; end++)
            end += text.data[end] == '\\';
        return end < text.len ? end + 1 - at : text.len - at;
    }
    if (strchr("{}[],:", text.data[at]))
        return 1;
    while (end < text.len && !is_space(text.data[end]) && !strchr("{}[],:\"", text.data[end]))
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

bool json_text_next(struct slice container, size_t *at, struct slice *ret_value)
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
    if (container.data[skip_space(container, 0)] == '{') { /* the key and its colon */
        here = skip_space(container, here + token_len(container, here));
        here = skip_space(container, here + 1);
    }
    if (here >= container.len)
        return false;
    *at = skip_value(container, here);
    *ret_value = (struct slice){ container.data + here, *at - here };
    return true;
}

int json_text_compact(struct slice text, struct buf *to)
{
    size_t at = skip_space(text, 0);
    for (size_t len; (len = token_len(text, at)); at = skip_space(text, at + len))
        (void)buf_append(to, text.data + at, len);
    return buf_error(to);
}

static void new_line(struct buf *to, size_t depth)
{
    (void)buf_append_char(to, '\n');
    for (size_t i = 0; i < depth; i++)
        (void)buf_append_str(to, "  ");
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
        (void)buf_append(to, text.data + at, len);
        if (c == ':')
            (void)buf_append_char(to, ' ');
        before = c;
    }
    return buf_append_char(to, '\n');
}
