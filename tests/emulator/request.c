/* SPDX-License-Identifier: MIT */
#include "request.h"

#include <stdio.h>
#include <strings.h>

const char *request_header(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->n_headers; i++)
        if (!strcasecmp(request->headers[i].name, name))
            return request->headers[i].value;
    return NULL;
}

size_t request_count(const struct request *request, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < request->n_headers; i++)
        n += !strcasecmp(request->headers[i].name, name);
    return n;
}

void answer_header(struct answer *answer, const char *name, const char *value)
{
    if (answer->n_headers == ANSWER_HEADERS)
        return;
    struct answer_header *header = &answer->headers[answer->n_headers++];
    header->name = name;
    snprintf(header->value, sizeof header->value, "%s", value);
}
