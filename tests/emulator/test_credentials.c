/* SPDX-License-Identifier: MIT */
/* What hands out credentials: STS, instance metadata, the container endpoint, SSO; and that they are then good to sign
 * with. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- STS ------------------------------------------------------------------------------------------------------ */

#define IDENTITY "Action=GetCallerIdentity&Version=2011-06-15"

static void ask_sts(struct fixture *fixture, const char *service, const char *region, const char *body)
{
    struct signed_request made;
    const struct sigv4_scope scope = { region, service, emulator_time_ms(&fixture->emulator) };
    signed_request_make_query(&made, body, NULL, &scope);
    ask(fixture, &made.request);
}

static const char *element(const struct fixture *fixture, const char *name, char to[256])
{
    char tag[64];
    snprintf(tag, sizeof tag, "<%s>", name);
    const char *at = strstr(buf_str(&fixture->answer.body), tag);
    at = at ? at + strlen(tag) : "";
    snprintf(to, 256, "%.*s", (int)strcspn(at, "<"), at);
    return to;
}

static void test_caller_identity(void **state)
{
    static const struct {
        const char *service;
        const char *region;
        const char *body;
        int status;
        const char *code;
    } cases[] = {
        { "sts", "us-west-2", IDENTITY, 200, "" },
        { "sts", "us-west-2", "Version=2011-06-15&Action=%47et%43allerIdentity", 200, "" },
        { "personalize", "us-west-2", IDENTITY, 403, "SignatureDoesNotMatch" },
        { "sts", "eu-west-1", IDENTITY, 403, "SignatureDoesNotMatch" },
        { "sts", "us-west-2", "Action=GetCallerIdentity", 400, "InvalidAction" },
        { "sts", "us-west-2", "Action=GetCallerIdentity&Version=2011-06-14", 400, "InvalidAction" },
        { "sts", "us-west-2", "Action=GetCallerIdentity%00&Version=2011-06-15", 400, "InvalidAction" },
        { "sts", "us-west-2", "Action=DescribeBatchInferenceJob&Version=2011-06-15", 400, "InvalidAction" },
        { "sts", "us-west-2", "", 400, "InvalidAction" },
    };
    struct fixture *fixture = *state;
    char text[256];
    fixture_start(fixture);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask_sts(fixture, cases[i].service, cases[i].region, cases[i].body);
        assert_string_equal(element(fixture, "Code", text), cases[i].code);
        assert_int_equal(fixture->answer.status, cases[i].status);
        assert_string_equal(element(fixture, "Account", text), *cases[i].code ? "" : "123456789012");
        assert_int_equal(strlen(element(fixture, "RequestId", text)), 36);
    }
    control(fixture, "POST", "/_control/set", "session_token=needed\n");
    ask_sts(fixture, "sts", "us-west-2", IDENTITY);
    assert_string_equal(element(fixture, "Code", text), "InvalidClientTokenId");
    control(fixture, "POST", "/_control/set", "session_token=\nrate=1\n");
    ask_sts(fixture, "sts", "us-west-2", IDENTITY);
    ask_sts(fixture, "sts", "us-west-2", IDENTITY);
    assert_string_equal(element(fixture, "Code", text), "Throttling");
    control(fixture, "POST", "/_control/fault", "operation=GetCallerIdentity\nkind=code=AccessDenied:403");
    ask_sts(fixture, "sts", "us-west-2", IDENTITY);
    assert_string_equal(element(fixture, "Code", text), "AccessDenied");
    assert_int_equal(fixture->answer.status, 403);
    control(fixture, "GET", "/_control/counts", "");
    assert_non_null(strstr(buf_str(&fixture->answer.body), "\nGetCallerIdentity 8\n"));
}

/* --- roles ------------------------------------------------------------------------------------------------------ */

#define READER "arn:aws:iam::123456789012:role/reader"
#define OTHER "arn:aws:iam::123456789012:role/team/other"
#define ASSUME(role, more) "Action=AssumeRole&Version=2011-06-15&RoleArn=" role "&RoleSessionName=test" more
#define WEB(role, token)                                                                         \
    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=" role "&RoleSessionName=test&" \
    "WebIdentityToken=" token

/* What an answer handed out. */
struct issued {
    char access_key[256];
    char secret_key[256];
    char token[256];
};

static struct issued issued_by_sts(const struct fixture *fixture)
{
    struct issued issued;
    element(fixture, "AccessKeyId", issued.access_key);
    element(fixture, "SecretAccessKey", issued.secret_key);
    element(fixture, "SessionToken", issued.token);
    assert_int_equal(fixture->answer.status, 200);
    assert_int_equal(strlen(issued.access_key), 20);
    return issued;
}

static struct issued issued_in_json(const struct fixture *fixture, const char *access_key, const char *secret_key,
                                    const char *token)
{
    struct issued issued;
    assert_int_equal(fixture->answer.status, 200);
    snprintf(issued.access_key, sizeof issued.access_key, "%s", member(fixture, access_key));
    snprintf(issued.secret_key, sizeof issued.secret_key, "%s", member(fixture, secret_key));
    snprintf(issued.token, sizeof issued.token, "%s", member(fixture, token));
    assert_int_equal(strlen(issued.access_key), 20);
    return issued;
}

/* The error's name, "" for none, of a listing signed with those keys. */
static const char *list_with(struct fixture *fixture, const struct issued *issued, const char *token)
{
    struct signed_request made;
    const struct sigv4_scope scope = { "us-west-2", "personalize", emulator_time_ms(&fixture->emulator) };
    signed_request_make(&made, LIST, "{}", token, scope.time_ms);
    made.access_key = issued->access_key;
    made.secret_key = issued->secret_key;
    signed_request_sign(&made, &scope);
    ask(fixture, &made.request);
    return code(fixture);
}

static void ask_sts_with(struct fixture *fixture, const struct issued *issued, const char *body)
{
    struct signed_request made;
    const struct sigv4_scope scope = { "us-west-2", "sts", emulator_time_ms(&fixture->emulator) };
    signed_request_make_query(&made, body, issued->token, &scope);
    made.access_key = issued->access_key;
    made.secret_key = issued->secret_key;
    signed_request_sign(&made, &scope);
    ask(fixture, &made.request);
}

static void test_issued_keys(void **state)
{
    struct fixture *fixture = *state;
    char text[256];
    fixture_start(fixture);
    control(fixture, "POST", "/_control/set", "credentials_life_s=60");
    control(fixture, "POST", "/_control/role", READER);
    ask_sts(fixture, "sts", "us-west-2", ASSUME(READER, ""));
    struct issued first = issued_by_sts(fixture);
    assert_string_equal(element(fixture, "Expiration", text), "2026-11-22T12:01:00Z");
    assert_string_equal(element(fixture, "Arn", text), "arn:aws:sts::123456789012:assumed-role/reader/test");
    ask_sts(fixture, "sts", "us-west-2", ASSUME(READER, "&DurationSeconds=900"));
    struct issued second = issued_by_sts(fixture);
    assert_string_not_equal(first.access_key, second.access_key);
    assert_string_not_equal(first.secret_key, second.secret_key);
    assert_string_not_equal(first.token, second.token);
    assert_string_equal(list_with(fixture, &first, first.token), "");
    assert_string_equal(list_with(fixture, &second, second.token), "");
    assert_string_equal(list_with(fixture, &first, NULL), "UnrecognizedClientException");
    assert_string_equal(list_with(fixture, &first, second.token), "UnrecognizedClientException");
    struct issued mixed = first;
    memcpy(mixed.secret_key, second.secret_key, sizeof mixed.secret_key);
    assert_string_equal(list_with(fixture, &mixed, first.token), "InvalidSignatureException");
    ask_sts_with(fixture, &first, IDENTITY);
    assert_string_equal(element(fixture, "Arn", text), "arn:aws:sts::123456789012:assumed-role/reader/test");
    fake_clock_advance(&fixture->clock, 59999);
    assert_string_equal(list_with(fixture, &first, first.token), "");
    fake_clock_advance(&fixture->clock, 1);
    assert_string_equal(list_with(fixture, &first, first.token), "ExpiredTokenException");
    ask_sts_with(fixture, &first, IDENTITY);
    assert_string_equal(element(fixture, "Code", text), "ExpiredToken");
    ask_sts(fixture, "sts", "us-west-2", ASSUME(READER, ""));
    second = issued_by_sts(fixture);
    control(fixture, "POST", "/_control/expire-credentials", "");
    assert_string_equal(list_with(fixture, &second, second.token), "ExpiredTokenException");
    control(fixture, "POST", "/_control/set", "credentials_life_s=3600");
    ask_sts(fixture, "sts", "us-west-2", ASSUME(READER, "&DurationSeconds=900"));
    assert_string_equal(element(fixture, "Expiration", text), "2026-11-22T12:16:00Z");
    control(fixture, "GET", "/_control/signers", "");
    assert_non_null(strstr(buf_str(&fixture->answer.body), first.access_key));
}

static void test_who_may_have_a_role(void **state)
{
    static const struct {
        const char *body;
        const char *code;
    } cases[] = {
        { ASSUME(READER, "&ExternalId=x%2fy"), "" },
        { ASSUME(READER, ""), "AccessDenied" },
        { ASSUME(READER, "&ExternalId=x"), "AccessDenied" },
        { ASSUME(OTHER, ""), "AccessDenied" }, /* not from these keys */
        { ASSUME("arn:aws:iam::123456789012:role/nobody", ""), "AccessDenied" },
        { ASSUME(READER, "&ExternalId=x%2fy&DurationSeconds=899"), "ValidationError" },
        { ASSUME(READER, "&ExternalId=x%2fy&DurationSeconds=43201"), "ValidationError" },
        { ASSUME(READER, "&ExternalId=x%2fy&DurationSeconds=abc"), "ValidationError" },
        { "Action=AssumeRole&Version=2011-06-15&RoleArn=" READER, "ValidationError" },
        { "Action=AssumeRole&Version=2011-06-15&RoleSessionName=test", "ValidationError" },
        { "Action=AssumeRole&Version=2011-06-15&RoleArn=" READER "&RoleSessionName=a%20b", "ValidationError" },
        { WEB(READER, "anything"), "AccessDenied" }, /* it takes none */
    };
    struct fixture *fixture = *state;
    char text[256];
    fixture_start(fixture);
    control(fixture, "POST", "/_control/role", READER "\nexternal_id=x/y\nsource=AKIAEMULATOREXAMPLE\n");
    control(fixture, "POST", "/_control/role", OTHER "\nsource=" READER);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask_sts(fixture, "sts", "us-west-2", cases[i].body);
        if (strcmp(element(fixture, "Code", text), cases[i].code) != 0)
            fail_msg("%s: %s", cases[i].body, text);
        assert_int_equal(fixture->answer.status, !*cases[i].code                          ? 200
                                                 : !strcmp(cases[i].code, "AccessDenied") ? 403
                                                                                          : 400);
    }
    ask_sts(fixture, "sts", "us-west-2", cases[0].body);
    struct issued reader = issued_by_sts(fixture);
    ask_sts_with(fixture, &reader, ASSUME(OTHER, ""));
    struct issued other = issued_by_sts(fixture);
    assert_string_equal(list_with(fixture, &other, other.token), "");
    control(fixture, "POST", "/_control/key", "access_key=AKIAANOTHER\nsecret_key=emulator/secret+another\n");
    const struct issued another = { "AKIAANOTHER", "emulator/secret+another", "" };
    assert_string_equal(list_with(fixture, &another, NULL), "");
}

static void ask_plain(struct fixture *fixture, const char *method, const char *path, const char *query,
                      const char *header, const char *value, const char *body)
{
    const struct sigv4_header headers[] = { { "Host", "127.0.0.1:8080" }, { header, value } };
    const struct request request = { .method = method,
                                     .path = path,
                                     .query = query,
                                     .headers = headers,
                                     .n_headers = header ? 2 : 1,
                                     .body = body,
                                     .body_len = strlen(body) };
    ask(fixture, &request);
}

/* Nothing is signed: the token is what counts. */
static void test_web_identity(void **state)
{
    struct fixture *fixture = *state;
    char text[256];
    fixture_start(fixture);
    control(fixture, "POST", "/_control/role", READER "\nweb_identity_token=eyJ.emulator/secret.c2ln\n");
#define ask_form(body) ask_plain(fixture, "POST", "/", "", "Content-Type", "application/x-www-form-urlencoded", body)
    ask_form(WEB(READER, "eyJ.emulator%2Fsecret.c2ln"));
    struct issued issued = issued_by_sts(fixture);
    assert_string_equal(list_with(fixture, &issued, issued.token), "");
    ask_form(WEB(READER, "eyJ.other"));
    assert_string_equal(element(fixture, "Code", text), "InvalidIdentityToken");
    assert_int_equal(fixture->answer.status, 400);
    ask_form(WEB(OTHER, "eyJ.emulator%2Fsecret.c2ln"));
    assert_string_equal(element(fixture, "Code", text), "AccessDenied");
    ask_form(ASSUME(READER, ""));
    assert_string_equal(element(fixture, "Code", text), "MissingAuthenticationToken");
    assert_int_equal(fixture->emulator.counts.operations[5], 3);
}

/* --- instance metadata, containers ------------------------------------------------------------------------------ */

#define TTL "X-aws-ec2-metadata-token-ttl-seconds"
#define METADATA_TOKEN "X-aws-ec2-metadata-token"
#define ROLES "/latest/meta-data/iam/security-credentials/"

static int status_of(struct fixture *fixture, const char *method, const char *path, const char *header,
                     const char *value)
{
    ask_plain(fixture, method, path, "", header, value, "");
    return fixture->answer.status;
}

static void test_metadata(void **state)
{
    struct fixture *fixture = *state;
    char token[256];
    fixture_start(fixture);
    assert_int_equal(status_of(fixture, "GET", ROLES, NULL, NULL), 401); /* version 1 */
    assert_int_equal(status_of(fixture, "GET", ROLES "instance", NULL, NULL), 401);
    assert_int_equal(status_of(fixture, "PUT", "/latest/api/token", NULL, NULL), 400);
    assert_int_equal(status_of(fixture, "PUT", "/latest/api/token", TTL, "21601"), 400);
    assert_int_equal(status_of(fixture, "PUT", "/latest/api/token", TTL, "-1"), 400);
    assert_int_equal(status_of(fixture, "PUT", "/latest/api/token", "X-Forwarded-For", "10.0.0.1"), 403);
    assert_int_equal(status_of(fixture, "PUT", "/latest/api/token", TTL, "60"), 200);
    snprintf(token, sizeof token, "%s", buf_str(&fixture->answer.body));
    assert_int_equal(status_of(fixture, "GET", ROLES, METADATA_TOKEN, token), 200);
    assert_string_equal(buf_str(&fixture->answer.body), "instance");
    assert_int_equal(status_of(fixture, "GET", ROLES "another", METADATA_TOKEN, token), 404);
    assert_int_equal(status_of(fixture, "GET", ROLES "instance", METADATA_TOKEN, token), 200);
    assert_string_equal(member(fixture, "Code"), "Success");
    assert_string_equal(member(fixture, "LastUpdated"), "2026-11-22T12:00:00Z");
    assert_string_equal(member(fixture, "Expiration"), "2026-11-22T13:00:00Z");
    struct issued issued = issued_in_json(fixture, "AccessKeyId", "SecretAccessKey", "Token");
    assert_string_equal(list_with(fixture, &issued, issued.token), "");
    token[strlen(token) - 1] ^= 1;
    assert_int_equal(status_of(fixture, "GET", ROLES, METADATA_TOKEN, token), 401);
    token[strlen(token) - 1] ^= 1;
    control(fixture, "POST", "/_control/set", "instance_role=");
    assert_int_equal(status_of(fixture, "GET", ROLES, METADATA_TOKEN, token), 404);
    fake_clock_advance(&fixture->clock, 60000);
    assert_int_equal(status_of(fixture, "GET", ROLES, METADATA_TOKEN, token), 401);
    control(fixture, "POST", "/_control/fault", "operation=MetadataToken\nkind=status=503");
    assert_int_equal(status_of(fixture, "PUT", "/latest/api/token", TTL, "60"), 503);
    control(fixture, "GET", "/_control/counts", "");
    assert_non_null(strstr(buf_str(&fixture->answer.body), "MetadataToken 6\nMetadataRole 5\nMetadataCredentials 3\n"));
}

static void test_container(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture);
    assert_int_equal(status_of(fixture, "GET", "/v1/credentials", NULL, NULL), 200);
    struct issued issued = issued_in_json(fixture, "AccessKeyId", "SecretAccessKey", "Token");
    assert_string_equal(member(fixture, "AccountId"), "123456789012");
    assert_string_equal(list_with(fixture, &issued, issued.token), "");
    control(fixture, "POST", "/_control/set", "container_token=needed");
    assert_int_equal(status_of(fixture, "GET", "/v1/credentials", NULL, NULL), 401);
    assert_int_equal(status_of(fixture, "GET", "/v1/credentials", "Authorization", "other"), 401);
    assert_int_equal(status_of(fixture, "GET", "/v1/credentials", "Authorization", "needed"), 200);
    control(fixture, "GET", "/_control/counts", "");
    assert_non_null(strstr(buf_str(&fixture->answer.body), "ContainerCredentials 4\n"));
}

/* --- SSO -------------------------------------------------------------------------------------------------------- */

static int ask_role(struct fixture *fixture, const char *token, const char *query)
{
    ask_plain(fixture, "GET", "/federation/credentials", query, "x-amz-sso_bearer_token", token, "");
    return fixture->answer.status;
}

static int ask_token(struct fixture *fixture, const char *grant, const char *secret, const char *refresh)
{
    char body[512];
    snprintf(body, sizeof body,
             "{\"clientId\":\"emulator-client\",\"clientSecret\":\"%s\",\"grantType\":\"%s\",\"refreshToken\":\"%s\"}",
             secret, grant, refresh);
    ask_plain(fixture, "POST", "/token", "", "Content-Type", "application/json", body);
    return fixture->answer.status;
}

static void test_sso(void **state)
{
    static const char first[] = "emulator/secret+sso";
    static const char role[] = "role_name=other&account_id=123456789012";
    struct fixture *fixture = *state;
    char token[256];
    fixture_start(fixture);
    control(fixture, "POST", "/_control/role", OTHER);
    assert_int_equal(ask_role(fixture, first, role), 200);
    assert_string_equal(member(fixture, "roleCredentials.expiration"), "1795352400000");
    struct issued issued = issued_in_json(fixture, "roleCredentials.accessKeyId", "roleCredentials.secretAccessKey",
                                          "roleCredentials.sessionToken");
    assert_string_equal(list_with(fixture, &issued, issued.token), "");
    assert_int_equal(ask_role(fixture, "another", role), 401);
    assert_string_equal(code(fixture), "UnauthorizedException");
    assert_int_equal(ask_role(fixture, first, "role_name=nobody&account_id=123456789012"), 403);
    assert_int_equal(ask_role(fixture, first, "role_name=other&account_id=210987654321"), 403);
    assert_int_equal(ask_role(fixture, first, "role_name=other"), 400);
    assert_int_equal(ask_token(fixture, "device_code", "emulator/secret+client", "emulator/secret+refresh"), 400);
    assert_string_equal(member(fixture, "error"), "unsupported_grant_type");
    assert_int_equal(ask_token(fixture, "refresh_token", "wrong", "emulator/secret+refresh"), 400);
    assert_string_equal(member(fixture, "error"), "invalid_client");
    assert_int_equal(ask_token(fixture, "refresh_token", "emulator/secret+client", "emulator/secret+refresh"), 200);
    assert_string_equal(member(fixture, "expiresIn"), "28800");
    snprintf(token, sizeof token, "%s", member(fixture, "accessToken"));
    assert_int_equal(ask_role(fixture, first, role), 401);
    assert_int_equal(ask_role(fixture, token, role), 200);
    assert_int_equal(ask_token(fixture, "refresh_token", "emulator/secret+client", "emulator/secret+refresh"), 400);
    assert_string_equal(member(fixture, "error"), "invalid_grant"); /* each is good once */
    fake_clock_advance(&fixture->clock, INT64_C(28800) * 1000);
    assert_int_equal(ask_role(fixture, token, role), 401);
    control(fixture, "POST", "/_control/set", "sso_token=again");
    assert_int_equal(ask_role(fixture, "again", role), 200);
    control(fixture, "POST", "/_control/set", "sso_token=");
    assert_int_equal(ask_role(fixture, "", role), 401);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_caller_identity),
        CASE(test_issued_keys),
        CASE(test_who_may_have_a_role),
        CASE(test_web_identity),
        CASE(test_metadata),
        CASE(test_container),
        CASE(test_sso),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
