/* SPDX-License-Identifier: MIT */
/*
 * bench-bare COUNT URL REGION ARN: what one signed DescribeBatchInferenceJob costs with libcurl alone, each on a new
 * connection. Prints the microseconds of each, from before it is signed until its answer is there.
 */
#include "call.h"
#include "measure.h"

#include <stdio.h>
#include <string.h>

static double describe_us(const char *url, const char *region, const char *arn)
{
    struct call call;
    double began = now_us();
    call_init(&call, url);
    call_describes(&call, arn);
    call_prepare(&call, url, region, "DescribeBatchInferenceJob");
    CURLcode code = curl_easy_perform(call.curl);
    double took = now_us() - began;
    call_check(&call, code);
    call_release(&call);
    return took;
}

int main(int argc, char **argv)
{
    if (argc != 5 || !strstr(argv[2], "://"))
        error(2, 0, "usage: bench-bare COUNT URL REGION ARN");
    unsigned count = count_of(argv[1]);
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        error(EXIT_FAILURE, 0, "libcurl");
    for (unsigned i = 0; i < count; i++)
        printf("%.0f\n", describe_us(argv[2], argv[3], argv[4]));
    curl_global_cleanup();
    return EXIT_SUCCESS;
}
