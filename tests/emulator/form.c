/* SPDX-License-Identifier: MIT */
#include "form.h"

#include <string.h>
#include <strings.h>

bool form_is_sent(const struct request *request)
{
    static const char form[] = "application/x-www-form-urlencoded";
    const char *type = request_header(request, "Content-Type");
    return type && !strncasecmp(type, form, sizeof form - 1) &&
           (!type[sizeof form - 1] || type[sizeof form - 1] == ';');
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | ' ') >= 'a' && (c | ' ') <= 'f' ? (c | ' ') - 'a' + 10 : -1;
}

/* Form data, decoded. */
static bool decode(const char *text, size_t len, char *to, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        char byte = text[i] == '+' ? ' ' : text[i];
        if (byte == '%') {
            if (len - i < 3 || hex_of(text[i + 1]) < 0 || hex_of(text[i + 2]) < 0)
                return false;
            byte = (char)(hex_of(text[i + 1]) << 4 | hex_of(text[i + 2]));
            i += 2;
        }
        if (!byte || n + 1 >= size)
            return false;
        to[n++] = byte;
    }
    to[n] = 0;
    return true;
}

bool form_value(const char *form, size_t form_len, const char *name, char *to, size_t size)
{
    size_t name_len = strlen(name);
    const char *end = form + form_len;
    for (const char *at = form; at < end;) {
        const char *ampersand = memchr(at, '&', (size_t)(end - at));
        const char *next = ampersand ? ampersand : end;
        if ((size_t)(next - at) > name_len && !memcmp(at, name, name_len) && at[name_len] == '=')
            return decode(at + name_len + 1, (size_t)(next - at) - name_len - 1, to, size);
        at = next + 1;
    }
    return false;
}
