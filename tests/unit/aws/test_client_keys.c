/* SPDX-License-Identifier: MIT */
/* client: clocks that are off and keys that are rejected. */
#include "aws/failure.h"
#include "base/log.h"
#include "client_world.h"

#include <errno.h>
#include <string.h>

static void test_skew(void **state)
{
    static const struct {
        const char *name;
        int64_t off_ms;
        bool corrected;
    } rows[] = {
        { "RequestTimeTooSkewed", 3600000, true },
        { "RequestExpired", -3600000, true },
        { "RequestInTheFuture", -60000, true },
        { "InvalidSignatureException", 3600000, true },
        { "InvalidSignatureException", -3600000, true },
        { "SignatureDoesNotMatch", 240000, true },
        { "SignatureDoesNotMatch", 239000, false },
        { "InvalidSignatureException", -239000, false },
        { "UnrecognizedClientException", 3600000, false },
        { "AccessDeniedException", 3600000, false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        struct result result = { 0 };
        world_init(&world, 8);
        world_start(&world, &result, "{}");
        world_advance(&world, 1000);
        fake_http_answer(&world.http, 0, 400, date_header(&world, rows[i].off_ms), error_body(rows[i].name));
        assert_int_equal(world.http.n_requests, rows[i].corrected ? 2 : 1);
        if (!rows[i].corrected) {
            world_advance(&world, 0);
            assert_int_equal(result.calls, 1);
            assert_string_equal(result.error.code, rows[i].name);
            world_release(&world);
            continue;
        }
        assert_int_equal(result.calls, 0); /* at once */
        assert_int_equal(date_of(&world, 1), date_of(&world, 0) + 1000 + rows[i].off_ms);
        assert_signed(&world, 1, &world.provider.keys);
        assert_int_equal(world.provider.n_forgets, 0);
        fake_http_answer(&world.http, 1, 200, NULL, GOOD);
        assert_result_answered(&result);
        assert_int_equal(result.sent_wall_ms, world.clock.wall_ms); /* uncorrected */
        world_start(&world, &result, "{}");                         /* the offset stays */
        assert_int_equal(date_of(&world, 2), date_of(&world, 1));
        if (rows[i].off_ms % 3600000 == 0) { /* a Date that agrees with the corrected clock corrects nothing */
            fake_http_answer(&world.http, 2, 400, date_header(&world, rows[i].off_ms),
                             error_body("InvalidSignatureException"));
            world_advance(&world, 0);
            assert_result_failed(&result, "InvalidSignatureException", EKEYREJECTED);
            assert_int_equal(world.http.n_requests, 3);
            world_release(&world);
            continue;
        }
        world.clock.wall_ms += rows[i].off_ms; /* until the clock is put right */
        fake_http_answer(&world.http, 2, 400, date_header(&world, 0), error_body("RequestExpired"));
        assert_int_equal(date_of(&world, 3), world.clock.wall_ms);
        fake_http_answer(&world.http, 3, 200, NULL, GOOD);
        assert_result_answered(&result);
        world_release(&world);
    }
}

static void test_skew_once(void **state)
{
    (void)state;
    struct world world;
    struct result result = { 0 };
    world_init(&world, 8);
    world_start(&world, &result, "{}");
    fake_http_answer(&world.http, 0, 400, date_header(&world, 3600000), error_body("InvalidSignatureException"));
    fake_http_answer(&world.http, 1, 400, date_header(&world, 7200000), error_body("InvalidSignatureException"));
    world_advance(&world, 0); /* the keys were looked for again; they are the same */
    assert_result_failed(&result, "InvalidSignatureException", EKEYREJECTED);
    assert_int_equal(world.http.n_requests, 2);
    assert_int_equal(world.provider.n_forgets, 1);
    world_start(&world, &result, "{}"); /* an offset that did not work is not kept */
    assert_int_equal(date_of(&world, 2), world.clock.wall_ms);
    fake_http_answer(&world.http, 2, 400, NULL, error_body("RequestExpired")); /* and without a Date there is none */
    assert_result_failed(&result, "RequestExpired", EREMOTEIO);
    world_start(&world, &result, "{}");
    static const char *const silly[] = { "Date", "Sun, 06 Nov 1994 08:49:37 XYZ", NULL };
    fake_http_answer(&world.http, 3, 400, silly, error_body("RequestExpired"));
    assert_result_failed(&result, "RequestExpired", EREMOTEIO);
    world_start(&world, &result, "{}"); /* a correction costs no attempt */
    fake_http_answer(&world.http, 4, 400, date_header(&world, 3600000), error_body("RequestExpired"));
    fake_http_fail(&world.http, 5, FAILURE_RESET, "cut");
    world_advance(&world, 25);
    fake_http_fail(&world.http, 6, FAILURE_RESET, "cut");
    world_advance(&world, 50);
    assert_int_equal(date_of(&world, 7), (world.clock.wall_ms + 3600000) / 1000 * 1000);
    fake_http_answer(&world.http, 7, 200, NULL, GOOD);
    assert_result_answered(&result);
    world_release(&world);
}

static void test_keys_renewed(void **state)
{
    static const char *const names[] = { "ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException",
                                         "InvalidClientTokenId", "InvalidSignatureException" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int changed = 0; changed < 4; changed++) {
            struct world world;
            struct result result = { 0 };
            world_init(&world, 8);
            world.provider.keys.session_token = (char *)(uintptr_t) "old";
            world.provider.after_forget = world.provider.keys;
            if (changed == 1)
                world.provider.after_forget.access_key_id = (char *)(uintptr_t) "AKIDOTHER";
            else if (changed == 2)
                world.provider.after_forget.secret_key = (char *)(uintptr_t) "other";
            else if (changed == 3)
                world.provider.after_forget.session_token = (char *)(uintptr_t) "new";
            world_start(&world, &result, "{}");
            fake_http_answer(&world.http, 0, 403, NULL, error_body(names[i]));
            assert_int_equal(world.provider.n_forgets, 1);
            assert_int_equal(world.http.n_requests, changed ? 2 : 1);
            if (changed) {
                assert_signed(&world, 1, &world.provider.after_forget);
                fake_http_answer(&world.http, 1, 403, NULL, error_body(names[i])); /* once */
            }
            world_advance(&world, 0);
            assert_int_equal(result.calls, 1);
            assert_string_equal(result.error.code, names[i]);
            assert_int_equal(world.provider.n_forgets, 1);
            assert_int_equal(world.http.n_requests, changed ? 2 : 1);
            world_release(&world);
        }
}

static void test_keys_gone(void **state)
{
    (void)state;
    struct world world;
    struct result result = { 0 };
    world_init(&world, 8);
    world.provider.later = true;
    world_start(&world, &result, "{}");
    world_give_keys(&world);
    fake_http_answer(&world.http, 0, 403, NULL, error_body("ExpiredToken"));
    assert_int_equal(world.provider.n_waiting, 1);
    world.provider.keys.access_key_id = NULL;
    world_give_keys(&world);
    world_advance(&world, 0);
    assert_result_failed(&result, FAILURE_NO_CREDENTIALS, ENOKEY);
    world_release(&world);
}

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_skew),
        cmocka_unit_test(test_skew_once),
        cmocka_unit_test(test_keys_renewed),
        cmocka_unit_test(test_keys_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
