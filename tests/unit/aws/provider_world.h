/* SPDX-License-Identifier: MIT */
/* provider_world: a chain from end to end: shared files and environment in, requests and credentials out. */
#ifndef PROVIDER_WORLD_H
#define PROVIDER_WORLD_H

#include "aws/provider.h"

#include "shared_files.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, EXTRA_MAX = 4 };

/* The fake clock stands at 2026-11-22T12:00:00Z. */
#define IN_AN_HOUR "2026-11-22T13:00:00Z"
#define IN_AN_HOUR_MS INT64_C(1795352400000)

#define ROLE_A "arn:aws:iam::123456789012:role/A"
#define ROLE_ANSWER(operation, id, end)                                                                     \
    "<" operation "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" operation "Result>"      \
    "<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/A/s</Arn></AssumedRoleUser><Credentials>" \
    "<AccessKeyId>" id "</AccessKeyId><SecretAccessKey>HUSH</SecretAccessKey>"                              \
    "<SessionToken>HUSHTOKEN</SessionToken><Expiration>" end "</Expiration></Credentials></" operation      \
    "Result></" operation "Response>"
#define STS_ERROR(code)                                                                             \
    "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>" \
    "<Code>" code "</Code><Message>said so</Message></Error></ErrorResponse>"

#define PROFILE_A "[default]\nrole_arn = " ROLE_A "\nsource_profile = b\n"
#define KEYS_B "[profile b]\naws_access_key_id = AKIDB\naws_secret_access_key = HUSH\n"

struct test {
    struct files files;
    struct world world;
    struct credentials_provider *chain;
    char extra[EXTRA_MAX][PATH_SIZE]; /* files besides the two */
    size_t n_extra;
};

int provider_setup(void **state);
int provider_teardown(void **state);

#define provider_test(function) cmocka_unit_test_setup_teardown(function, provider_setup, provider_teardown)

/* Writes a file below the home; its whole path. */
const char *extra_write(struct test *test, const char *name, const char *text);
/* A chain over this config file, in a world of its own. */
void start(struct test *test, const char *config);
/* Ends both; start() and the teardown do too. */
void test_end(struct test *test);
void ask(struct test *test, struct answer *answer);
/* Request `i` as it was started. */
const struct fake_request *request(const struct test *test, size_t i);
/* It is the last one, and this. */
void asked(const struct test *test, size_t i, const char *method, const char *url);
/* The header has `value` in it; NULL: it was not sent. */
void sent(const struct test *test, size_t i, const char *name, const char *value);
/* Answers it. */
void give(struct test *test, size_t i, int status, const char *body);
/* There was one answer: these credentials, or this failure, which has advice and tells no secret. */
void is(const struct answer *answer, const char *id, const char *source);
void failed(const struct answer *answer, const char *code, int number, const char *message);

#endif
