/* SPDX-License-Identifier: MIT */
/*
 * bench-multi CONNECTIONS URL REGION LIST: what one signed DescribeBatchInferenceJob for each ARN of a list, one a
 * line, costs with libcurl's multi interface alone, on so many connections that are kept. Prints the microseconds of
 * all.
 */
#include "call.h"
#include "measure.h"

#include <stdio.h>
#include <string.h>

enum { ARN_MAX = 512, CONNECTIONS_MAX = 64 };

struct run {
    CURLM *multi;
    FILE *list;
    const char *url;
    const char *region;
    unsigned under_way;
};

/* The next of the list on this handle, if there is one. */
static void next_start(struct run *run, struct call *call)
{
    char arn[ARN_MAX];
    if (!fgets(arn, sizeof arn, run->list))
        return;
    arn[strcspn(arn, "\n")] = 0;
    call_describes(call, arn);
    call_prepare(call, run->url, run->region, "DescribeBatchInferenceJob");
    if (curl_multi_add_handle(run->multi, call->curl))
        error(EXIT_FAILURE, 0, "libcurl");
    run->under_way++;
}

/* How many have ended; each is followed by the next. */
static unsigned ended_take(struct run *run)
{
    unsigned n = 0;
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(run->multi, &left));) {
        struct call *call;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        curl_multi_remove_handle(run->multi, call->curl);
        call_check(call, code);
        run->under_way--;
        next_start(run, call);
        n++;
    }
    return n;
}

int main(int argc, char **argv)
{
    struct call calls[CONNECTIONS_MAX];
    if (argc != 5 || !strstr(argv[2], "://") || count_of(argv[1]) > CONNECTIONS_MAX)
        error(2, 0, "usage: bench-multi CONNECTIONS URL REGION LIST");
    unsigned connections = count_of(argv[1]);
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        error(EXIT_FAILURE, 0, "libcurl");
    struct run run = { .multi = curl_multi_init(), .list = fopen(argv[4], "re"), .url = argv[2], .region = argv[3] };
    if (!run.multi || !run.list)
        error(EXIT_FAILURE, errno, "%s", argv[4]);
    double began = now_us();
    for (unsigned i = 0; i < connections; i++) {
        call_init(&calls[i], run.url);
        next_start(&run, &calls[i]);
    }
    while (run.under_way) {
        int running;
        if (curl_multi_perform(run.multi, &running))
            error(EXIT_FAILURE, 0, "libcurl");
        /* Nothing is waited for while there is something to be sent. */
        if (!ended_take(&run) && curl_multi_poll(run.multi, NULL, 0, 1000, NULL))
            error(EXIT_FAILURE, 0, "libcurl");
    }
    printf("%.0f\n", now_us() - began);
    for (unsigned i = 0; i < connections; i++)
        call_release(&calls[i]);
    curl_multi_cleanup(run.multi);
    fclose(run.list);
    curl_global_cleanup();
    return EXIT_SUCCESS;
}
