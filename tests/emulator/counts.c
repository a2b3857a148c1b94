/* SPDX-License-Identifier: MIT */
#include "counts.h"

#include "base/error.h"

#include <inttypes.h>
#include <string.h>

void counts_reset(struct counts *counts) { *counts = (struct counts){ 0 }; }

void counts_log(struct counts *counts, const char *operation, const char *subject, const char *outcome)
{
    struct counts_entry *entry = &counts->log[counts->logged++ % COUNTS_LOG];
    entry->operation = operation;
    error_copy(entry->subject, sizeof entry->subject, *subject ? subject : "-");
    error_copy(entry->outcome, sizeof entry->outcome, outcome);
}

void counts_write(const struct counts *counts, const char *const *names, struct buf *to)
{
    for (unsigned i = 0; names[i] && i < COUNTS_OPERATIONS; i++)
        buf_printf(to, "%s %" PRIu64 "\n", names[i], counts->operations[i]);
    buf_printf(to, "throttled %" PRIu64 "\nrejected %" PRIu64 "\nfaulted %" PRIu64 "\n", counts->throttled,
               counts->rejected, counts->faulted);
    buf_printf(to, "requests %" PRIu64 "\nconnections %" PRIu64 "\n", counts->requests, counts->connections);
}

void counts_write_log(const struct counts *counts, struct buf *to)
{
    uint64_t from = counts->logged > COUNTS_LOG ? counts->logged - COUNTS_LOG : 0;
    for (uint64_t i = from; i < counts->logged; i++) {
        const struct counts_entry *entry = &counts->log[i % COUNTS_LOG];
        buf_printf(to, "%s %s %s\n", entry->operation, entry->subject, entry->outcome);
    }
}
