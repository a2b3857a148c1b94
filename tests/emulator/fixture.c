/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct json_limits limits = { .bytes = 16 << 20, .depth = 32 };

void fixture_start(struct fixture *fixture)
{
    assert_int_equal(emulator_init(&fixture->emulator, &fixture->settings, &fixture->clock.clock), 0);
}

int fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fake_clock_init(&fixture->clock);
    settings_init(&fixture->settings);
    fixture->answer.body = BUF_INIT(ANSWER_MAX);
    *state = fixture;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    emulator_release(&fixture->emulator);
    buf_release(&fixture->answer.body);
    json_free(fixture->json);
    free(fixture);
    return 0;
}

void ask(struct fixture *fixture, const struct request *request)
{
    struct error error;
    buf_release(&fixture->answer.body);
    fixture->answer = (struct answer){ .body = BUF_INIT(ANSWER_MAX) };
    json_free(fixture->json);
    fixture->json = NULL;
    emulator_answer(&fixture->emulator, request, &fixture->answer);
    (void)json_parse(buf_str(&fixture->answer.body), fixture->answer.body.len, &limits, &fixture->json, &error);
}

void call(struct fixture *fixture, const char *target, const char *body)
{
    struct signed_request made;
    signed_request_make(&made, target, body, NULL, emulator_time_ms(&fixture->emulator));
    ask(fixture, &made.request);
}

void control(struct fixture *fixture, const char *method, const char *path, const char *body)
{
    const struct request request = {
        .method = method, .path = path, .query = "", .body = body, .body_len = strlen(body)
    };
    ask(fixture, &request);
}

/* The same, signed for another region. */
void call_in(struct fixture *fixture, const char *region, const char *target, const char *body)
{
    struct signed_request made;
    const struct sigv4_scope scope = { region, "personalize", emulator_time_ms(&fixture->emulator) };
    signed_request_make(&made, target, body, NULL, scope.time_ms);
    signed_request_sign(&made, &scope);
    ask(fixture, &made.request);
}

void control_of(struct fixture *fixture, const char *region, const char *path, const char *body)
{
    char query[64];
    snprintf(query, sizeof query, "region=%s", region);
    const struct request request = {
        .method = *body ? "POST" : "GET", .path = path, .query = query, .body = body, .body_len = strlen(body)
    };
    ask(fixture, &request);
}

void describe(struct fixture *fixture, const char *name)
{
    char body[512];
    snprintf(body, sizeof body, "{\"batchInferenceJobArn\":\"" ARN "%s\"}", name);
    call(fixture, DESCRIBE, body);
}

const char *member(const struct fixture *fixture, const char *path)
{
    const struct json_value *value = fixture->json ? json_path(json_root(fixture->json), path) : NULL;
    return json_string(value) ? json_string(value) : json_number(value) ? json_number(value) : "";
}

/* The error's name without its namespace. */
const char *code(const struct fixture *fixture)
{
    const char *type = member(fixture, "__type");
    const char *hash = strchr(type, '#');
    return hash ? hash + 1 : type;
}

const char *life_of(struct fixture *fixture, const char *name)
{
    describe(fixture, name);
    return member(fixture, "batchInferenceJob.status");
}
