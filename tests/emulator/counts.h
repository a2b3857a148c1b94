/* SPDX-License-Identifier: MIT */
/* counts: what was asked, by operation and outcome, and the last requests in full. */
#ifndef EMULATOR_COUNTS_H
#define EMULATOR_COUNTS_H

#include "base/buf.h"

#include <stdint.h>

enum { COUNTS_OPERATIONS = 16, COUNTS_LOG = 1000, COUNTS_SUBJECT_SIZE = 96, COUNTS_SIGNER_SIZE = 64 };

struct counts {
    uint64_t operations[COUNTS_OPERATIONS]; /* in the order of the service's table; throttled and refused ones too */
    uint64_t throttled;
    uint64_t rejected; /* for their signature */
    uint64_t faulted;
    uint64_t requests;
    uint64_t connections; /* on which a request of the service came */
    struct counts_entry {
        const char *operation;
        char subject[COUNTS_SUBJECT_SIZE];   /* a job's name or a page token */
        char outcome[24];                    /* the HTTP status, or the fault's name */
        char access_key[COUNTS_SIGNER_SIZE]; /* that it was signed with */
        char region[COUNTS_SIGNER_SIZE];     /* that it was signed for */
        char host[COUNTS_SIGNER_SIZE];       /* the Host header */
    } log[COUNTS_LOG];
    uint64_t logged;
};

void counts_reset(struct counts *counts);
/* What is logged of one request; "" where there is nothing. */
struct counts_event {
    const char *operation;
    const char *subject;
    const char *outcome;
    const char *access_key;
    const char *region;
    const char *host;
};
void counts_log(struct counts *counts, const struct counts_event *event);
/* "NAME N" lines. `names` are the operations', NULL ends. */
void counts_write(const struct counts *counts, const char *const *names, struct buf *to);
/* "OPERATION SUBJECT OUTCOME" lines. */
void counts_write_log(const struct counts *counts, struct buf *to);
/* "OPERATION ACCESS_KEY REGION HOST OUTCOME" lines. */
void counts_write_signers(const struct counts *counts, struct buf *to);

#endif
