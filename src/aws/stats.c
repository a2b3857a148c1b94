/* SPDX-License-Identifier: MIT */
#include "aws/stats.h"

#include "aws/failure.h"

#include <errno.h>
#include <string.h>

/* Prometheus's usual ones; an attempt has 5 s. */
const int stats_bucket_ms[] = { 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000 };

const char *stats_outcome_name(enum stats_outcome outcome)
{
    static const char *const names[] = { [STATS_OK] = "ok",
                                         [STATS_NOT_FOUND] = "not_found",
                                         [STATS_DENIED] = "denied",
                                         [STATS_THROTTLED] = "throttled",
                                         [STATS_SERVER_ERROR] = "server_error",
                                         [STATS_ERROR] = "error",
                                         [STATS_UNANSWERED] = "unanswered",
                                         [STATS_CANCELLED] = "cancelled" };
    return names[outcome];
}

enum stats_outcome stats_outcome_of(const struct error *error)
{
    if (failure_find(error->code, error->http_status)->traits & FAILURE_THROTTLE)
        return STATS_THROTTLED;
    switch (error->number) {
    case ENOENT:
        return STATS_NOT_FOUND;
    case EACCES:
    case EKEYREJECTED:
    case EKEYEXPIRED:
        return STATS_DENIED;
    default:
        break;
    }
    if (error->http_status >= 500)
        return STATS_SERVER_ERROR;
    return error->http_status ? STATS_ERROR : STATS_UNANSWERED;
}

struct stats_operation *stats_operation(struct stats *stats, const char *name)
{
    struct stats_operation *last = &stats->operations[STATS_OPERATIONS - 1];
    for (struct stats_operation *operation = stats->operations; operation < last; operation++) {
        if (!*operation->name)
            error_copy(operation->name, sizeof operation->name, name);
        if (!strcmp(operation->name, name))
            return operation;
    }
    error_copy(last->name, sizeof last->name, "other");
    return last;
}

void stats_answered(struct stats_operation *operation, int64_t took_ms)
{
    int i = 0;
    while (i < STATS_BUCKETS - 1 && took_ms > stats_bucket_ms[i])
        i++;
    operation->buckets[i]++;
    operation->answered++;
    operation->answered_ms += (uint64_t)(took_ms > 0 ? took_ms : 0);
}
