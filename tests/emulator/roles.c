/* SPDX-License-Identifier: MIT */
#include "roles.h"

#include <stdio.h>
#include <string.h>

struct role *roles_reset(struct roles *roles, const char *arn)
{
    struct role *role = NULL;
    const char *slash = strrchr(arn, '/');
    if (strncmp(arn, "arn:", 4) != 0 || !strstr(arn, ":iam::") || !strstr(arn, ":role/") || !slash[1] ||
        strlen(arn) >= ROLE_ARN_SIZE)
        return NULL;
    for (unsigned i = 0; i < roles->n; i++)
        if (!strcmp(roles->list[i].arn, arn))
            role = &roles->list[i];
    if (!role && roles->n == ROLES_MAX)
        return NULL;
    if (!role)
        role = &roles->list[roles->n++];
    *role = (struct role){ 0 };
    snprintf(role->arn, sizeof role->arn, "%s", arn);
    return role;
}

bool role_set(struct role *role, const char *name, const char *value)
{
    const struct {
        const char *name;
        char *to;
        size_t size;
    } members[] = {
        { "source", role->source, sizeof role->source },
        { "external_id", role->external_id, sizeof role->external_id },
        { "web_identity_token", role->web_identity_token, sizeof role->web_identity_token },
    };
    for (unsigned i = 0; i < sizeof members / sizeof members[0]; i++)
        if (!strcmp(members[i].name, name))
            return (size_t)snprintf(members[i].to, members[i].size, "%s", value) < members[i].size;
    return false;
}

const struct role *roles_find(const struct roles *roles, const char *arn)
{
    for (unsigned i = 0; i < roles->n; i++)
        if (!strcmp(roles->list[i].arn, arn))
            return &roles->list[i];
    return NULL;
}

const struct role *roles_find_named(const struct roles *roles, const char *account, const char *name)
{
    char part[ROLE_ARN_SIZE];
    snprintf(part, sizeof part, ":iam::%.12s:role/", account);
    for (unsigned i = 0; i < roles->n; i++)
        if (strstr(roles->list[i].arn, part) && !strcmp(strrchr(roles->list[i].arn, '/') + 1, name))
            return &roles->list[i];
    return NULL;
}
