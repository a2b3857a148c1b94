/* SPDX-License-Identifier: MIT */
/*
 * escape: text from outside as one harmless line, that cannot drive a terminal. A control character (C0, DEL, C1) or a
 * backslash is written as \n, \t, \r, \\ or byte by byte as \0NNN (octal), which every shell's `printf %b` gives back.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include "base/buf.h"
#include "base/table.h"

/* How many bytes the control character at the beginning of UTF-8 text has; 0: there is none. */
size_t control_length(struct slice text);

/* Appends UTF-8 text so. 0 or buf's -errno. */
int escape_text(struct slice text, struct buf *to);

#endif
