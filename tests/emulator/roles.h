/* SPDX-License-Identifier: MIT */
/* roles: which roles there are and who may have them. */
#ifndef EMULATOR_ROLES_H
#define EMULATOR_ROLES_H

#include "keys.h"

enum { ROLES_MAX = 32, ROLE_VALUE_SIZE = 2048 };

struct role {
    char arn[ROLE_ARN_SIZE];
    char source[ROLE_ARN_SIZE];      /* an access key id or a role's ARN that may assume it; "": anybody known */
    char external_id[ROLE_ARN_SIZE]; /* "": none is asked for */
    char web_identity_token[ROLE_VALUE_SIZE]; /* "": it takes no web identity */
};

struct roles {
    struct role list[ROLES_MAX];
    unsigned n;
};

/* Adds one or gives the one that there is, with nothing but its ARN; NULL: it is no role's ARN, or there are too many.
 */
struct role *roles_reset(struct roles *roles, const char *arn);
/* "source", "external_id", "web_identity_token". False: no such name, or the value is too long. */
bool role_set(struct role *role, const char *name, const char *value);
/* NULL: there is none. */
const struct role *roles_find(const struct roles *roles, const char *arn);
/* By its account and the name at the end of its ARN. */
const struct role *roles_find_named(const struct roles *roles, const char *account, const char *name);

#endif
