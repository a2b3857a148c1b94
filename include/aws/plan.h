/* SPDX-License-Identifier: MIT */
/*
 * plan: which source the configuration says that credentials come from, and which roles are then assumed. Pure: it
 * looks at the environment and the shared files as they were read, and asks nobody.
 */
#ifndef AWS_PLAN_H
#define AWS_PLAN_H

#include "aws/config.h"

#include <stddef.h>
#include <stdint.h>

enum { PLAN_ROLES_MAX = 16 };

enum plan_source {
    PLAN_ENVIRONMENT,
    PLAN_KEYS, /* in `file` under `profile` */
    PLAN_PROCESS,
    PLAN_WEB_IDENTITY,
    PLAN_SSO,
    PLAN_CONTAINER,
    PLAN_IMDS
};

struct plan_role {
    const char *arn;
    const char *session_name; /* NULL: one is made up */
    const char *external_id;  /* NULL: none */
    const char *token_file;   /* web identity's; NULL: a role that is assumed with keys */
    int duration_s;           /* 0: STS's own */
};

struct plan_sso {
    const char *session; /* NULL: the profile's own start URL, which cannot be renewed */
    const char *start_url;
    const char *region;
    const char *account_id; /* NULL with role_name: the profile names neither */
    const char *role_name;
};

/* The strings are the configuration's: valid until it is read again. */
struct plan {
    enum plan_source source;
    const char *profile; /* in which the source stands */
    enum ini_kind file;
    const char *command;
    struct plan_role web_identity;
    struct plan_sso sso;
    struct plan_role roles[PLAN_ROLES_MAX]; /* assumed one after another, the first with the source's credentials */
    size_t n_roles;
};

/* 0; -ENOKEY with an error where nothing is configured that could have any (instance metadata switched off), or where
 * what is configured is wrong. */
int plan_make(const struct config *config, struct plan *plan, struct error *error);
/* The same number for plans that ask the same of the same. */
uint64_t plan_fingerprint(const struct plan *plan);
/* The profile's own sources and roles alone. 1: it has none. */
int plan_make_of_profile(const struct config *config, struct plan *plan, struct error *error);

#endif
