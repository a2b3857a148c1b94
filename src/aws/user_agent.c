/* SPDX-License-Identifier: MIT */
#include "aws/user_agent.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct token {
    char text[APP_ID_MAX + 1];
};

/* RFC 9110, 5.6.2. A '#' sets a version off, so that only an app's id may have one. */
static struct token token_of(const char *value, const char *also)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!$%&'*+-.^_`|~";
    struct token token = { 0 };
    for (size_t i = 0; i < APP_ID_MAX && value[i]; i++)
        token.text[i] = strchr(allowed, value[i]) || strchr(also, value[i]) ? value[i] : '-';
    return token;
}

void user_agent_make(const struct user_agent *parts, char to[USER_AGENT_SIZE])
{
    const char *environment = parts->execution_environment;
    const char *app_id = parts->app_id;
    _Static_assert(USER_AGENT_SIZE > 6 * APP_ID_MAX + 100, "all of it has room");
    (void)snprintf(to, USER_AGENT_SIZE, "personalizefs/%s ua/2.1 os/linux#%s md/arch#%s lang/c md/libcurl#%s%s%s%s%s",
                   token_of(parts->version, "").text, token_of(parts->system_release, "").text,
                   token_of(parts->machine, "").text, token_of(parts->http_version, "").text,
                   environment ? " exec-env/" : "", environment ? token_of(environment, "").text : "",
                   app_id ? " app/" : "", app_id ? token_of(app_id, "#").text : "");
}
