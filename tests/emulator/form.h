/* SPDX-License-Identifier: MIT */
/* form: application/x-www-form-urlencoded, of a body or of a URL's query. */
#ifndef EMULATOR_FORM_H
#define EMULATOR_FORM_H

#include "request.h"

#include <stdbool.h>

/* Whether a request's body is a form. */
bool form_is_sent(const struct request *request);
/* The first value of that name, decoded; false where there is none or it is longer than `size`. */
bool form_value(const char *form, size_t form_len, const char *name, char *to, size_t size);

#endif
