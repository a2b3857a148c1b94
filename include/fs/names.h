/* SPDX-License-Identifier: MIT */
/*
 * names: a file name for whatever the service uses as a member's name. Percent-encoded where it cannot be one (a slash,
 * a control character, a leading dot, a percent sign; the empty name is "%"), at most 255 bytes, and unique in its
 * directory: one that collides or had to be cut gets %~2, %~3, … at its end. Nothing is hidden, nothing collides,
 * nothing climbs out of the tree.
 */
#ifndef FS_NAMES_H
#define FS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum { NAME_BYTES_MAX = 255, NAME_SIZE = NAME_BYTES_MAX + 1 };

/* `key`: UTF-8 without NULs. True if all of it went in; false if it was cut. */
bool name_encode(const char *key, char to[NAME_SIZE]);
/* Makes the n-th (2, 3, …) of an encoded name, in place; it is cut if there is no room for the suffix. */
void name_number(char name[NAME_SIZE], unsigned n);
/* Whether the encoding can make this name. ".git" it cannot. */
bool name_is_possible(const char *name);

#endif
