/* SPDX-License-Identifier: MIT */
#include "fs/names.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { ESCAPE_LEN = 3 };

/* Control characters: C0, DEL, and C1, which are two bytes in UTF-8. */
static size_t control_len(const unsigned char *at)
{
    if (*at < ' ' || *at == 0x7f)
        return 1;
    return at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0 ? 2 : 0;
}

static size_t char_len(const unsigned char *at)
{
    size_t len = *at < 0x80 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return i;
    return len;
}

/* The character at `at`, encoded: its length, at most 6 bytes. */
static size_t encode_char(const unsigned char *at, bool first, char to[8], size_t *ret_used)
{
    size_t escaped = control_len(at);
    size_t len = 0;
    if (*at == '/' || *at == '%' || (first && *at == '.'))
        escaped = 1;
    *ret_used = escaped ? escaped : char_len(at);
    for (size_t i = 0; i < escaped; i++)
        len += (size_t)snprintf(to + len, 8 - len, "%%%02X", at[i]);
    if (!escaped) {
        memcpy(to, at, *ret_used);
        len = *ret_used;
    }
    return len;
}

bool name_encode(const char *key, char to[NAME_SIZE])
{
    const unsigned char *at = (const unsigned char *)key;
    size_t len = 0;
    if (!*at) {
        memcpy(to, "%", 2);
        return true;
    }
    while (*at) {
        char encoded[8];
        size_t used = 0;
        size_t n = encode_char(at, at == (const unsigned char *)key, encoded, &used);
        if (len + n > NAME_BYTES_MAX)
            break;
        memcpy(to + len, encoded, n);
        len += n;
        at += used;
    }
    to[len] = 0;
    return !*at;
}

/* Cuts a name to `max` bytes without splitting a character or an escape. */
static void cut(char *name, size_t max)
{
    size_t len = 0;
    while (name[len]) {
        size_t n = name[len] == '%' && name[len + 1] ? ESCAPE_LEN : char_len((const unsigned char *)name + len);
        if (len + n > max)
            break;
        len += n;
    }
    name[len] = 0;
}

void name_number(char name[NAME_SIZE], unsigned n)
{
    char suffix[16];
    int len = snprintf(suffix, sizeof suffix, "%%~%u", n);
    cut(name, NAME_BYTES_MAX - (size_t)len);
    memcpy(name + strlen(name), suffix, (size_t)len + 1);
}

static bool is_hex(char c) { return isdigit((unsigned char)c) || (c >= 'A' && c <= 'F'); }

static bool is_utf8(const unsigned char *at)
{
    size_t len = char_len(at);
    size_t wanted = *at < 0x80 ? 1 : *at < 0xc2 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : *at < 0xf5 ? 4 : 0;
    return len == wanted;
}

bool name_is_possible(const char *name)
{
    size_t len = strlen(name);
    if (!len || len > NAME_BYTES_MAX || name[0] == '.')
        return false;
    for (size_t i = 0; i < len;) {
        const unsigned char *at = (const unsigned char *)name + i;
        if (*at == '%') {
            if (name[i + 1] == '~')
                return name[i + 2 + strspn(name + i + 2, "0123456789")] == 0 && isdigit((unsigned char)name[i + 2]);
            if (!(len == 1 || (is_hex(name[i + 1]) && is_hex(name[i + 2]))))
                return false;
            i += len == 1 ? 1 : ESCAPE_LEN;
            continue;
        }
        if (*at == '/' || control_len(at) || !is_utf8(at))
            return false;
        i += char_len(at);
    }
    return true;
}
