/* SPDX-License-Identifier: MIT */
/*
 * bench-pages URL REGION: what all pages of ListBatchInferenceJobs cost with libcurl alone, one after the other on one
 * connection. Prints the microseconds from before the first is signed until the last is there, and how many they were.
 */
#include "call.h"
#include "measure.h"

#include <stdio.h>
#include <string.h>

enum { TOKEN_MAX = 2048 };

/* The answer's nextToken, which is taken as it stands; false: there is none. */
static bool token_find(const struct call *call, char token[TOKEN_MAX])
{
    const char *found = strstr(buf_str(&call->answer), "\"nextToken\"");
    return found && sscanf(found, "\"nextToken\" : \"%2047[^\"]\"", token) == 1;
}

int main(int argc, char **argv)
{
    struct call call;
    char token[TOKEN_MAX];
    unsigned n = 0;
    bool more;
    if (argc != 3 || !strstr(argv[1], "://"))
        error(2, 0, "usage: bench-pages URL REGION");
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        error(EXIT_FAILURE, 0, "libcurl");
    double began = now_us();
    call_init(&call, argv[1]);
    snprintf(call.body, sizeof call.body, "{\"maxResults\":100}");
    do {
        call_prepare(&call, argv[1], argv[2], "ListBatchInferenceJobs");
        call_check(&call, curl_easy_perform(call.curl));
        n++;
        more = token_find(&call, token);
        snprintf(call.body, sizeof call.body, "{\"maxResults\":100,\"nextToken\":\"%s\"}", token);
    } while (more);
    printf("%.0f %u\n", now_us() - began, n);
    call_release(&call);
    curl_global_cleanup();
    return EXIT_SUCCESS;
}
