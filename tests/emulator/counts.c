/* SPDX-License-Identifier: MIT */
#include "counts.h"

#include "base/error.h"

#include <inttypes.h>
#include <string.h>

void counts_reset(struct counts *counts) { *counts = (struct counts){ 0 }; }

static void copy_or_dash(char *to, size_t size, const char *text) { error_copy(to, size, *text ? text : "-"); }

void counts_log(struct counts *counts, const struct counts_event *event)
{
    struct counts_entry *entry = &counts->log[counts->logged++ % COUNTS_LOG];
    entry->operation = event->operation;
    copy_or_dash(entry->subject, sizeof entry->subject, event->subject);
    copy_or_dash(entry->outcome, sizeof entry->outcome, event->outcome);
    copy_or_dash(entry->access_key, sizeof entry->access_key, event->access_key);
    copy_or_dash(entry->region, sizeof entry->region, event->region);
    copy_or_dash(entry->host, sizeof entry->host, event->host);
}

void counts_write(const struct counts *counts, const char *const *names, struct buf *to)
{
    for (unsigned i = 0; names[i] && i < COUNTS_OPERATIONS; i++)
        buf_printf(to, "%s %" PRIu64 "\n", names[i], counts->operations[i]);
    buf_printf(to, "throttled %" PRIu64 "\nrejected %" PRIu64 "\nfaulted %" PRIu64 "\n", counts->throttled,
               counts->rejected, counts->faulted);
    buf_printf(to, "requests %" PRIu64 "\nconnections %" PRIu64 "\n", counts->requests, counts->connections);
}

static uint64_t first_kept(const struct counts *counts)
{
    return counts->logged > COUNTS_LOG ? counts->logged - COUNTS_LOG : 0;
}

void counts_write_log(const struct counts *counts, struct buf *to)
{
    for (uint64_t i = first_kept(counts); i < counts->logged; i++) {
        const struct counts_entry *entry = &counts->log[i % COUNTS_LOG];
        buf_printf(to, "%s %s %s\n", entry->operation, entry->subject, entry->outcome);
    }
}

void counts_write_signers(const struct counts *counts, struct buf *to)
{
    for (uint64_t i = first_kept(counts); i < counts->logged; i++) {
        const struct counts_entry *entry = &counts->log[i % COUNTS_LOG];
        buf_printf(to, "%s %s %s %s %s\n", entry->operation, entry->access_key, entry->region, entry->host,
                   entry->outcome);
    }
}
