/* SPDX-License-Identifier: MIT */
/* document: credentials in JSON, as instance metadata, containers, SSO and processes write them. */
#ifndef AWS_DOCUMENT_H
#define AWS_DOCUMENT_H

#include "aws/credentials.h"
#include "codec/json.h"

#include <stddef.h>

enum { DOCUMENT_BYTES = 64 << 10 };

struct document_names {
    const char *access_key_id;
    const char *secret_key;
    const char *session_token;
    const char *account_id;
    const char *expiration; /* ISO 8601 text, or a number of milliseconds */
    bool token_needed;
    bool expiration_needed;
};

extern const struct document_names document_names_metadata;  /* AccessKeyId, SecretAccessKey, Token, Expiration */
extern const struct document_names document_names_container; /* the same, without Token and Expiration too */
extern const struct document_names document_names_process;   /* ..., SessionToken, ... */
extern const struct document_names document_names_sso;       /* accessKeyId, ..., expiration */

/* A document of at most DOCUMENT_BYTES. 0, -ENOMEM, or -EBADMSG where it is no JSON object. No error quotes it. To be
 * ended by json_wipe(). */
int document_parse(const char *text, size_t len, const char *from, struct json **ret_json, struct error *error);
/* The credentials in it. `from` is for people: "instance metadata". 0, -ENOMEM or -EBADMSG. */
int document_read(const struct json_value *object, const struct document_names *names, const char *from,
                  struct credentials *ret_credentials, struct error *error);

#endif
