/* SPDX-License-Identifier: MIT */
/*
 * renewal: keeps what a source gave, and asks it anew in time, but only when something is about to be signed.
 *
 * Credentials that end are renewed in the background once min(15 min, life/4) is left, and waited for once min(10 min,
 * life/8) is; while the old ones are good they stand in for new ones that cannot be had, for a while. Those without an
 * end are taken to live 15 min from when they came, and are never held to have ended. One load at a time, whoever
 * waits. Those that have ended on arrival are used all the same, for a minute: the clock may be ours that is wrong.
 */
#ifndef AWS_RENEWAL_H
#define AWS_RENEWAL_H

#include "aws/credentials.h"

/* `source` is freed with it, whatever is returned. `name` is for people ("credential_process of profile \"dev\"") and
 * copied. A load is given up after `timeout_ms`. 0 or -ENOMEM. */
int renewal_new(const struct credentials_settings *settings, struct credentials_provider *source, const char *name,
                int64_t timeout_ms, struct credentials_provider **ret_provider);
/* Serves what `other` holds, if that is still good, until new ones have come, which the next get() asks for. Both were
 * made for the same keys. */
void renewal_inherit(struct credentials_provider *self, const struct credentials_provider *other);
/* Nobody waits and nothing is being loaded. Of one that renewal_new() made. */
bool renewal_is_idle(const struct credentials_provider *self);

#endif
