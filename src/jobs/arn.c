/* SPDX-License-Identifier: MIT */
#include "jobs/arn.h"

#include <string.h>

/* The part before the next ':' into `to`, which moves on behind it. */
static bool take_part(const char **text, char *to, size_t size)
{
    size_t len = strcspn(*text, ":");
    if (!(*text)[len] || len >= size)
        return false;
    memcpy(to, *text, len);
    to[len] = 0;
    *text += len + 1;
    return true;
}

bool arn_parse_prefix(const struct kind *kind, const char *text, struct arn *ret_arn)
{
    char word[16];
    return take_part(&text, word, sizeof word) && !strcmp(word, "arn") &&
           take_part(&text, ret_arn->partition, sizeof ret_arn->partition) && take_part(&text, word, sizeof word) &&
           !strcmp(word, "personalize") && take_part(&text, ret_arn->region, sizeof ret_arn->region) &&
           take_part(&text, ret_arn->account, sizeof ret_arn->account) && !strcmp(text, kind->resource) &&
           region_is_valid(ret_arn->region) && !strcmp(ret_arn->partition, region_partition(ret_arn->region)) &&
           account_is_valid(ret_arn->account);
}
