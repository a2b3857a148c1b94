/* SPDX-License-Identifier: MIT */
/*
 * emulator: a stand-in for Amazon Personalize's batch inference jobs. Everything but the HTTP server itself (server.h)
 * is behind emulator_answer(): a request as it was received goes in, an answer and how it is to be delivered come out.
 */
#ifndef EMULATOR_EMULATOR_H
#define EMULATOR_EMULATOR_H

#include "counts.h"
#include "faults.h"
#include "jobs.h"
#include "keys.h"
#include "request.h"
#include "roles.h"
#include "settings.h"

#include "base/clock.h"

enum { REGIONS_MAX = 16 };

struct emulator {
    struct settings settings;
    const struct clock *clock;
    struct jobs regions[REGIONS_MAX]; /* the jobs of each */
    unsigned n_regions;
    struct faults faults;
    struct counts counts;
    char expired_token[SETTING_TOKEN_SIZE]; /* the session token before the one that is in force */
    struct keys keys;                       /* besides those of the settings */
    struct roles roles;
    int64_t sso_expires_ms; /* of settings.sso_token, by the emulator's clock; 0: it has no end */
    uint64_t n_sso_tokens;
    double tokens; /* of the throttle's bucket */
    int64_t tokens_at_ms;
    uint64_t n_errors;   /* every second one is namespaced */
    uint64_t n_listings; /* every second one ends in a null token */
    uint64_t n_answers;
    struct document document; /* for one job after the other */
};

/* 0 or -errno; `settings` are copied. */
int emulator_init(struct emulator *emulator, const struct settings *settings, const struct clock *clock);
void emulator_release(struct emulator *emulator);

/* Fills `answer`, whose body is an empty buffer. */
void emulator_answer(struct emulator *emulator, const struct request *request, struct answer *answer);

/* The jobs of a region, or NULL. */
struct jobs *emulator_jobs(struct emulator *emulator, const char *region);
/* The clock that signatures are checked against and the Date header shows. */
int64_t emulator_time_ms(const struct emulator *emulator);
/* Keys for a role's session, of the life that the settings have or `duration_s` if that is shorter (0: not asked for).
 */
const struct key *emulator_issue(struct emulator *emulator, const char *role_arn, const char *session,
                                 int64_t duration_s);

/* control.c: what stands under /_control/. */
void control_answer(struct emulator *emulator, const struct request *request, struct answer *answer);

#endif
