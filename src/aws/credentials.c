/* SPDX-License-Identifier: MIT */
#include "aws/credentials.h"

#include "base/secret.h"

#include <errno.h>
#include <string.h>

void credentials_release(struct credentials *credentials)
{
    if (!credentials)
        return;
    secret_free(credentials->access_key_id);
    secret_free(credentials->secret_key);
    secret_free(credentials->session_token);
    secret_free(credentials->account_id);
    *credentials = (struct credentials){ 0 };
}

static int text_copy(char **to, const char *from)
{
    *to = from ? secret_copy(from, strlen(from)) : NULL;
    return from && !*to ? -ENOMEM : 0;
}

int credentials_copy(const struct credentials *from, struct credentials *to)
{
    *to = (struct credentials){ .expires_ms = from->expires_ms, .source = from->source };
    if (text_copy(&to->access_key_id, from->access_key_id) || text_copy(&to->secret_key, from->secret_key) ||
        text_copy(&to->session_token, from->session_token) || text_copy(&to->account_id, from->account_id)) {
        credentials_release(to);
        return -ENOMEM;
    }
    return 0;
}

int credentials_set(char **to, const char *value)
{
    *to = NULL;
    if (!value || !*value)
        return 0;
    for (const char *at = value; *at; at++)
        if (*at <= ' ' || *at > '~') /* bytes beyond ASCII are negative or above, as char is signed or not */
            return -EINVAL;
    return text_copy(to, value);
}
