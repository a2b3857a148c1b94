/* SPDX-License-Identifier: MIT */
/* fixture: an emulator behind emulator_answer(), asked without a network; for its tests. */
#ifndef EMULATOR_FIXTURE_H
#define EMULATOR_FIXTURE_H

#include "emulator.h"
#include "signed_request.h"

#include "fake_clock.h"

#include "codec/json.h"

#define ARN "arn:aws:personalize:us-west-2:123456789012:batch-inference-job/"
#define DESCRIBE "AmazonPersonalize.DescribeBatchInferenceJob"
#define LIST "AmazonPersonalize.ListBatchInferenceJobs"
#define CREATE "AmazonPersonalize.CreateBatchInferenceJob"
/* The input of a good CreateBatchInferenceJob, and its parts. */
#define GIVEN "\"solutionVersionArn\":\"arn:aws:personalize:us-west-2:123456789012:solution/a/b\","
#define INPUT "\"jobInput\":{\"s3DataSource\":{\"path\":\"s3://a/b\"}},"
#define OUTPUT "\"jobOutput\":{\"s3DataDestination\":{\"path\":\"s3://a/c/\"}},"
#define ROLE "\"roleArn\":\"arn:aws:iam::123456789012:role/r\""
#define GOOD(name, more) "{\"jobName\":\"" name "\"," GIVEN INPUT OUTPUT more ROLE "}"

struct fixture {
    struct fake_clock clock;
    struct settings settings;
    struct emulator emulator;
    struct answer answer; /* the last one */
    struct json *json;    /* its body; NULL if it is none */
};

/* cmocka's: before fixture_start() the settings may be changed. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
void fixture_start(struct fixture *fixture);

void ask(struct fixture *fixture, const struct request *request);
/* A good request, signed with the default keys for us-west-2 or for another region. */
void call(struct fixture *fixture, const char *target, const char *body);
void call_in(struct fixture *fixture, const char *region, const char *target, const char *body);
void describe(struct fixture *fixture, const char *name);
/* The control path, for the first region and for another. */
void control(struct fixture *fixture, const char *method, const char *path, const char *body);
void control_of(struct fixture *fixture, const char *region, const char *path, const char *body);

/* A string's or a number's text in the last answer; "" where there is none. */
const char *member(const struct fixture *fixture, const char *path);
/* The error's name without its namespace. */
const char *code(const struct fixture *fixture);
/* A job's status. */
const char *life_of(struct fixture *fixture, const char *name);

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

#endif
