/* SPDX-License-Identifier: MIT */
/*
 * ini: the format of AWS's shared config and credentials files
 * (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html).
 *
 * A file is parsed into sections of properties. In a config file a profile is [profile NAME] or [default] (which counts
 * only if there is no [profile default]), in a credentials file [NAME]; [sso-session NAME] and [services NAME] are kept
 * with their kind, other sections are left out. Indented lines continue a value, each after a '\n'; a property whose
 * own line has no value has sub-properties there. Properties of a section that stands twice are merged, the later wins;
 * property names are lower-cased, names that the format does not allow are dropped.
 *
 * A comment begins with '#' or ';' as the first character of a line that is not blank (indented too, as in awscli), or
 * after a blank behind a property or sub-property; a continued value keeps it.
 */
#ifndef CODEC_INI_H
#define CODEC_INI_H

#include "base/error.h"

#include <stddef.h>

enum ini_kind { INI_CONFIG, INI_CREDENTIALS };

struct ini;

/* Parses `len` bytes of `text` and merges what it finds into *ini (NULL: a new one is made), so that the credentials
 * file, parsed after the config file, wins as the SDKs have it. 0, -ENOMEM, or -EINVAL with the line number in the
 * message, *ini then being as before. `text` is not kept. */
int ini_parse(struct ini **ini, enum ini_kind kind, const char *text, size_t len, struct error *error);
void ini_free(struct ini *ini); /* takes NULL; wipes the values, which may be secrets */

/* section: "profile", "sso-session" or "services". The value, or NULL. */
const char *ini_get(const struct ini *ini, const char *section, const char *name, const char *property);
/* The same for a sub-property: ini_get_nested(ini, "services", "dev", "personalize", "endpoint_url"). */
const char *ini_get_nested(const struct ini *ini, const char *section, const char *name, const char *property,
                           const char *key);
/* Whether the section is there, even empty. `ini` may be NULL in all four. */
int ini_has(const struct ini *ini, const char *section, const char *name);
/* Walks all of it, kind after kind, each in order: calls `visit` for each section (property NULL), property (key NULL)
 * and sub-property. */
typedef void ini_visit_fn(void *data, const char *section, const char *name, const char *property, const char *key,
                          const char *value);
void ini_visit(const struct ini *ini, ini_visit_fn *visit, void *data);

#endif
