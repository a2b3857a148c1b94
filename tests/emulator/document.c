/* SPDX-License-Identifier: MIT */
#include "document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DOCUMENT_MAX = 4 << 20, REPLACEMENT = 0xfffd };

void document_init(struct document *document) { *document = (struct document){ .text = BUF_INIT(DOCUMENT_MAX) }; }

void document_release(struct document *document)
{
    buf_release(&document->text);
    free(document->entry);
    document_init(document);
}

void document_clear(struct document *document)
{
    buf_clear(&document->text);
    document->used = 0;
    document->error = 0;
}

static const char *path_of(const struct document *document, size_t i)
{
    return document->text.data + document->entry[i].path;
}

/* Makes room for one more entry at `at` and puts path and raw there. */
static void insert(struct document *document, size_t at, const char *path, size_t raw)
{
    if (document->used == document->room) {
        size_t room = document->room ? document->room * 2 : 32;
        void *entry = reallocarray(document->entry, room, sizeof *document->entry);
        if (!entry) {
            document->error = -ENOMEM;
            return;
        }
        document->entry = entry;
        document->room = room;
    }
    size_t path_at = document->text.len;
    int error = buf_append(&document->text, path, strlen(path) + 1);
    if (error) {
        document->error = error;
        return;
    }
    memmove(&document->entry[at + 1], &document->entry[at], (document->used - at) * sizeof *document->entry);
    document->entry[at] = (struct document_entry){ path_at, raw };
    document->used++;
}

static size_t keep_raw(struct document *document, const char *raw)
{
    size_t at = document->text.len;
    int error = buf_append(&document->text, raw, strlen(raw) + 1);
    if (error)
        document->error = error;
    return at;
}

void document_add(struct document *document, const char *path, const char *raw)
{
    size_t at = keep_raw(document, raw);
    if (!document->error)
        insert(document, document->used, path, at);
}

void document_add_string(struct document *document, const char *path, const char *text, bool ascii)
{
    size_t at = document->text.len;
    write_string(&document->text, text, ascii);
    int error = buf_append_char(&document->text, 0);
    if (error)
        document->error = error;
    if (!document->error)
        insert(document, document->used, path, at);
}

/* Whether `path` is `above` or lies below it. */
static bool is_within(const char *path, const char *above)
{
    size_t len = strlen(above);
    return !strncmp(path, above, len) && (path[len] == 0 || path[len] == '.');
}

/* How many whole segments two paths share. */
static unsigned shared_segments(const char *a, const char *b)
{
    unsigned n = 0;
    for (; *a == *b; a++, b++) {
        if (!*a)
            return n + 1;
        n += *a == '.';
    }
    return n + ((*a == '.' && !*b) || (!*a && *b == '.'));
}

void document_remove(struct document *document, const char *path)
{
    size_t kept = 0;
    for (size_t i = 0; i < document->used; i++)
        if (!is_within(path_of(document, i), path))
            document->entry[kept++] = document->entry[i];
    document->used = kept;
}

void document_set(struct document *document, const char *path, const char *raw)
{
    size_t place = document->used;
    unsigned closest = 0;
    size_t raw_at = keep_raw(document, raw);
    if (document->error)
        return;
    for (size_t i = 0; i < document->used; i++) {
        const char *other = path_of(document, i);
        if (!strcmp(other, path)) {
            document->entry[i].raw = raw_at;
            return;
        }
        unsigned shared = shared_segments(other, path);
        if (shared && shared >= closest) {
            closest = shared;
            place = i + 1;
        }
    }
    insert(document, place, path, raw_at);
    if (document->error)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < document->used; i++) {
        const char *other = path_of(document, i);
        if (i == place || !(is_within(other, path) || is_within(path, other)))
            document->entry[kept++] = document->entry[i];
    }
    document->used = kept;
}

/* Writes entries [from, to), whose paths agree in their first `skip` bytes, as one object. */
static void write_object(const struct document *document, size_t from, size_t to, size_t skip, struct buf *out)
{
    buf_append_char(out, '{');
    for (size_t i = from, after; i < to; i = after) {
        const char *name = path_of(document, i) + skip;
        size_t len = strcspn(name, ".");
        for (after = i + 1; after < to; after++) {
            const char *other = path_of(document, after) + skip;
            if (strncmp(other, name, len) != 0 || (other[len] != '.' && other[len] != 0))
                break;
        }
        if (i > from)
            buf_append_char(out, ',');
        buf_append_char(out, '"');
        buf_append(out, name, len);
        buf_append_str(out, "\":");
        if (name[len])
            write_object(document, i, after, skip + len + 1, out);
        else
            buf_append_str(out, document->text.data + document->entry[i].raw);
    }
    buf_append_char(out, '}');
}

int document_write(const struct document *document, struct buf *to)
{
    if (document->error)
        return document->error;
    write_object(document, 0, document->used, 0, to);
    return buf_error(to);
}

uint32_t utf8_next(const char **text)
{
    const unsigned char *byte = (const unsigned char *)*text;
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned len = byte[0] < 0x80 ? 1 : byte[0] >> 5 == 6 ? 2 : byte[0] >> 4 == 14 ? 3 : byte[0] >> 3 == 30 ? 4 : 0;
    uint32_t point = len == 1 ? byte[0] : len ? byte[0] & (0xffu >> (len + 1)) : REPLACEMENT;
    for (unsigned i = 1; i < len; i++) {
        if (byte[i] >> 6 != 2) {
            len = 0;
            break;
        }
        point = point << 6 | (byte[i] & 0x3f);
    }
    if (!len || point < least[len] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
        *text += 1;
        return REPLACEMENT;
    }
    *text += len;
    return point;
}

size_t utf8_length(const char *text)
{
    size_t n = 0;
    while (*text) {
        utf8_next(&text);
        n++;
    }
    return n;
}

static void write_escaped(struct buf *to, uint32_t point)
{
    static const char shorts[] = "\bb\tt\nn\ff\rr\"\"\\\\";
    for (const char *pair = shorts; *pair; pair += 2)
        if (point == (unsigned char)pair[0]) {
            buf_append_char(to, '\\');
            buf_append_char(to, pair[1]);
            return;
        }
    if (point > 0xffff) {
        buf_printf(to, "\\u%04x", 0xd800 + ((point - 0x10000) >> 10));
        point = 0xdc00 + ((point - 0x10000) & 0x3ff);
    }
    buf_printf(to, "\\u%04x", point);
}

void write_string(struct buf *to, const char *text, bool ascii)
{
    buf_append_char(to, '"');
    while (*text) {
        size_t plain = 0; /* the usual case in one piece */
        while (text[plain] >= ' ' && text[plain] < 0x7f && text[plain] != '"' && text[plain] != '\\')
            plain++;
        buf_append(to, text, plain);
        text += plain;
        if (!*text)
            break;
        const char *start = text;
        uint32_t point = utf8_next(&text);
        bool raw = !ascii && point >= 0xa0 && (point != REPLACEMENT || text - start == 3);
        if (raw)
            buf_append(to, start, (size_t)(text - start));
        else
            write_escaped(to, point);
    }
    buf_append_char(to, '"');
}
