/* SPDX-License-Identifier: MIT */
/* faults: what goes wrong on request, for whom and how often. */
#ifndef EMULATOR_FAULTS_H
#define EMULATOR_FAULTS_H

#include "base/buf.h"
#include "base/list.h"

#include <stdint.h>

/* How an answer's bytes get to the client. */
enum delivery {
    DELIVER_WHOLE,
    DELIVER_NEVER,        /* hang */
    DELIVER_RESET,        /* RST before anything is sent */
    DELIVER_RESET_BODY,   /* headers, half of the body, RST */
    DELIVER_RESET_AFTER,  /* the whole answer, then RST */
    DELIVER_TRUNCATED,    /* headers with the whole length, half of the body, then the end of the connection */
    DELIVER_SLOWLY,       /* one byte a second */
    DELIVER_ENDLESSLY,    /* chunks for ever */
    DELIVER_HUGE_HEADER,  /* one of 120 KiB */
    DELIVER_MANY_HEADERS, /* 200 of 1 KiB */
};

enum fault_kind {
    FAULT_DELIVERY, /* the true answer, delivered otherwise */
    FAULT_STATUS,   /* an HTTP status with a short body */
    FAULT_CODE,     /* a modelled error */
    FAULT_REDIRECT,
    FAULT_BODY, /* 200 with another body */
    FAULT_LATENCY,
};

enum { FAULT_GLOB_SIZE = 256, FAULT_TEXT_SIZE = 4096 };

struct fault {
    struct list node;
    char operation[FAULT_GLOB_SIZE]; /* "*": any */
    char job[FAULT_GLOB_SIZE];       /* a glob for the job's name; "": any request */
    char name[24];                   /* the kind's, for the log */
    enum fault_kind kind;
    enum delivery delivery;
    char text[FAULT_TEXT_SIZE]; /* error's name, redirect's target or body */
    const char *content_type;
    int64_t number; /* HTTP status or milliseconds */
    int64_t skip;   /* so many requests that match are spared first */
    int64_t left;   /* how often it happens; -1: always */
};

struct faults {
    struct list list;
};

void faults_init(struct faults *faults);
void faults_clear(struct faults *faults);
/* Adds one from "name=value" lines. 0, -ENOMEM, or -EINVAL with the reason appended to `why`. */
int faults_add(struct faults *faults, const char *lines, struct buf *why);
/* Copies the first that matches to *ret_fault and counts it down. Whether there was one. */
bool faults_take(struct faults *faults, const char *operation, const char *job, struct fault *ret_fault);

#endif
