/* SPDX-License-Identifier: MIT */
/*
 * render: what a file holds: one value and one newline, so that a value is one line and none can drive a terminal.
 * Text is escaped (base/escape.h). Numbers keep the service's digits. Times are UTC with three decimals; one that is
 * outside years 0 to 9999 is given in the service's digits.
 */
#ifndef FS_RENDER_H
#define FS_RENDER_H

#include "base/buf.h"
#include "jobs/fields.h"
#include "jobs/packed.h"

enum { RENDER_BYTES_MAX = 24 << 20 }; /* what escaping, or indenting, can make of the largest answer */

/* Appends a string or a number; nothing where the service returned none, or null. 0 or buf's -errno. */
int render_words(enum field_type type, struct packed_value value, struct buf *to);
/* The same with a newline, but still nothing for nothing. */
int render_value(enum field_type type, struct packed_value value, struct buf *to);

#endif
