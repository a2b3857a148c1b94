/* SPDX-License-Identifier: MIT */
#include "codec/xml.h"

#include "base/secret.h"
#include "base/wiped.h"

#include <errno.h>
#include <expat.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

struct reader {
    XML_Parser parser;
    struct xml_field *fields;
    size_t n;
    struct xml_field *into; /* the element that is open and asked for */
    size_t into_len;
    char path[XML_PATH_SIZE]; /* of the open elements: "A/B", cut where it would be too long for any field's */
    size_t path_len;          /* as it would be without the cut */
    unsigned depth;
    int error;
};

static void reader_stop(struct reader *reader, int error)
{
    reader->error = error;
    (void)XML_StopParser(reader->parser, XML_FALSE);
}

static void on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *reader = data;
    (void)attributes;
    if (++reader->depth > XML_DEPTH_MAX) {
        reader_stop(reader, -EBADMSG);
        return;
    }
    size_t len = strlen(name);
    bool fits = reader->path_len + len + 2 <= sizeof reader->path;
    if (fits) {
        char *end = reader->path + reader->path_len;
        if (reader->path_len)
            *end++ = '/';
        memcpy(end, name, len + 1);
    }
    reader->path_len += len + (reader->path_len ? 1 : 0);
    reader->into = NULL;
    for (size_t i = 0; fits && i < reader->n && !reader->into; i++)
        if (!reader->fields[i].text && !strcmp(reader->fields[i].path, reader->path))
            reader->into = &reader->fields[i];
    reader->into_len = 0;
    if (reader->into && !(reader->into->text = secret_copy("", 0)))
        reader_stop(reader, -ENOMEM);
}

static void on_end(void *data, const XML_Char *name)
{
    struct reader *reader = data;
    size_t len = strlen(name);
    reader->depth--;
    reader->into = NULL;
    reader->path_len -= len;
    if (reader->path_len)
        reader->path_len--;
    if (reader->path_len < sizeof reader->path)
        reader->path[reader->path_len] = 0;
}

static void on_text(void *data, const XML_Char *text, int len)
{
    struct reader *reader = data;
    if (!reader->into || reader->error)
        return;
    char *longer = secret_alloc(reader->into_len + (size_t)len + 1);
    if (!longer) {
        reader_stop(reader, -ENOMEM);
        return;
    }
    memcpy(longer, reader->into->text, reader->into_len);
    memcpy(longer + reader->into_len, text, (size_t)len);
    secret_free(reader->into->text);
    reader->into->text = longer;
    reader->into_len += (size_t)len;
}

static void on_doctype(void *data, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    reader_stop(data, -EBADMSG);
}

int xml_read(const char *text, size_t len, struct xml_field *fields, size_t n, struct error *error)
{
    const XML_Memory_Handling_Suite memory = { wiped_malloc, wiped_realloc, wiped_free };
    struct reader reader = { .fields = fields, .n = n };
    for (size_t i = 0; i < n; i++)
        fields[i].text = NULL;
    if (len > INT_MAX)
        return error_set(error, EBADMSG, NULL, "too long");
    reader.parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    if (!reader.parser)
        return error_set(error, ENOMEM, NULL, "out of memory");
    XML_SetUserData(reader.parser, &reader);
    XML_SetElementHandler(reader.parser, on_start, on_end);
    XML_SetCharacterDataHandler(reader.parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader.parser, on_doctype);
    bool good = XML_Parse(reader.parser, text, (int)len, 1) == XML_STATUS_OK;
    enum XML_Error code = XML_GetErrorCode(reader.parser);
    long at = XML_GetCurrentByteIndex(reader.parser);
    XML_ParserFree(reader.parser);
    if (good && !reader.error)
        return 0;
    xml_release(fields, n);
    if (reader.error == -ENOMEM || code == XML_ERROR_NO_MEMORY)
        return error_set(error, ENOMEM, NULL, "out of memory");
    return error_set(error, EBADMSG, NULL, "no XML as AWS writes it: %s at byte %ld",
                     reader.error ? "a document type or too many levels" : XML_ErrorString(code), at);
}

void xml_release(struct xml_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        secret_free(fields[i].text);
        fields[i].text = NULL;
    }
}
