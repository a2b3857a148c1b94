/* SPDX-License-Identifier: MIT */
/* response: what a service's answer says besides its body. */
#ifndef AWS_RESPONSE_H
#define AWS_RESPONSE_H

#include "aws/http.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether an answer whose failure has these traits (enum failure_trait) shows that what it answers was signed on a
 * clock that is off: our wall clock, which says `wall_ms`, corrected by `skew_ms`. Fills the service's clock less ours.
 */
bool response_shows_skew(const struct http_response *response, unsigned traits, int64_t wall_ms, int64_t skew_ms,
                         int64_t *ret_skew_ms);
/* Its x-amz-retry-after, or -1; so it is for NULL. */
int64_t response_retry_after_ms(const struct http_response *response);

#endif
