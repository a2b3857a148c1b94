/* SPDX-License-Identifier: MIT */
#include "aws/response.h"

#include "aws/failure.h"
#include "codec/timestamp.h"

#include <stdlib.h>

enum { SKEW_MS = 4 * 60 * 1000 };

bool response_shows_skew(const struct http_response *response, unsigned traits, int64_t wall_ms, int64_t skew_ms,
                         int64_t *ret_skew_ms)
{
    const char *date = response->header(response, "Date");
    int64_t date_ms;
    if (!(traits & (FAILURE_SKEW | FAILURE_SIGNATURE)) || !date || timestamp_from_http(date, &date_ms))
        return false;
    *ret_skew_ms = date_ms - wall_ms;
    int64_t off_ms = *ret_skew_ms - skew_ms;
    return (traits & FAILURE_SKEW) || off_ms >= SKEW_MS || off_ms <= -SKEW_MS;
}

int64_t response_retry_after_ms(const struct http_response *response)
{
    const char *text = response ? response->header(response, "x-amz-retry-after") : NULL;
    char *end;
    if (!text || *text < '0' || *text > '9')
        return -1;
    long long ms = strtoll(text, &end, 10); /* LLONG_MAX where it is beyond */
    return *end ? -1 : ms;
}
