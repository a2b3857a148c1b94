/* SPDX-License-Identifier: MIT */
/*
 * document: the members of one job, and the emulator's own JSON writer. Members are a flat list of dotted paths with
 * their raw JSON ("jobInput.s3DataSource.path" → "\"s3://…\""), members of one object standing together; writing nests
 * them. A document is meant to be used again and again: clearing it keeps its memory.
 */
#ifndef EMULATOR_DOCUMENT_H
#define EMULATOR_DOCUMENT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct document_entry {
    size_t path; /* offsets into `text`, both NUL-terminated */
    size_t raw;
};

struct document {
    struct buf text;
    struct document_entry *entry;
    size_t used;
    size_t room;
    int error; /* sticky, as a buf's */
};

void document_init(struct document *document);
void document_release(struct document *document);
void document_clear(struct document *document);

/* Adds a member that is not there yet, after the others; the caller keeps an object's members together. */
void document_add(struct document *document, const char *path, const char *raw);
void document_add_string(struct document *document, const char *path, const char *text, bool ascii);
/* Sets a member wherever it belongs: what was at the path, below it or a scalar above it goes. */
void document_set(struct document *document, const char *path, const char *raw);
/* Takes out the member and all below it. */
void document_remove(struct document *document, const char *path);
/* Appends it as a JSON object. 0, -ENOMEM or -EMSGSIZE. */
int document_write(const struct document *document, struct buf *to);

/* Appends `text` as a JSON string. `ascii`: everything else as \uXXXX, surrogate pairs beyond U+FFFF. Control
 * characters, DEL and C1 are escaped in either way, bytes that are not UTF-8 become U+FFFD. */
void write_string(struct buf *to, const char *text, bool ascii);

/* The first `len` characters (0: any) of UTF-8 at *text; moves past it. U+FFFD for a byte that is none. */
uint32_t utf8_next(const char **text);
/* How many code points. */
size_t utf8_length(const char *text);

#endif
