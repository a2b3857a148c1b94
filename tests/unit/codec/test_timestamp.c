/* SPDX-License-Identifier: MIT */
#include "codec/timestamp.h"

#include "base/cleanup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define DAY_MS INT64_C(86400000)

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *digits;
        int64_t ms;
    } cases[] = {
        { "0", 0 },
        { "-0", 0 },
        { "0.0", 0 },
        { "1", 1000 },
        { "-1", -1000 },
        { "1700000060", 1700000060000 },
        { "1700000060.123", 1700000060123 },
        { "1.700000060123E9", 1700000060123 },
        { "1.7E9", 1700000000000 },
        { "1.7e+9", 1700000000000 },
        { "17e8", 1700000000000 },
        { "17000000601.23e-1", 1700000060123 },
        { "1700000060123e-3", 1700000060123 },
        { "1700000060123000000000e-12", 1700000060123 },
        { "0.00000000170000006012345e18", 1700000060123 },
        { "0.000001700000060123E15", 1700000060123 },
        { "1700000060.1", 1700000060100 },
        { "1700000060.12", 1700000060120 },
        { "1700000060.120", 1700000060120 },
        /* cut, not rounded, and toward zero */
        { "1700000060.1239", 1700000060123 },
        { "1700000060.99999999999999999999", 1700000060999 },
        { "1.7000000601239999E9", 1700000060123 },
        { "-0.0009", 0 },
        { "-1.9999", -1999 },
        { "-1.9999e0", -1999 },
        /* doubles of these are a millisecond off, or two of them are one */
        { "1700000060.001", 1700000060001 },
        { "1.700000060001E9", 1700000060001 },
        { "253402300799.998", 253402300799998 },
        { "0.001", 1 },
        { "0.0009999", 0 },
        { "1e-3", 1 },
        { "1E-4", 0 },
        { "-1e-3", -1 },
        { "10e-4", 1 },
        /* zero and nearly zero, with any exponent */
        { "0e999999999", 0 },
        { "-0.000E99999999999999999999999999999999", 0 },
        { "1e-999999999", 0 },
        { "123456789e-99999999999999999999999999999999", 0 },
        { "1e00000000000000000000000000000000000000003", 1000000 },
        { "1e-00", 1000 },
        /* the ends */
        { "253402300799", 253402300799000 },
        { "253402300799.9999", TIMESTAMP_MAX_MS },
        { "2.534023007999999e11", TIMESTAMP_MAX_MS },
        { "-62167219200", TIMESTAMP_MIN_MS },
        { "-62167219200.0001", TIMESTAMP_MIN_MS },
        { "-6.21672192E10", TIMESTAMP_MIN_MS },
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        int64_t ms = 42;
        if (timestamp_from_number(cases[i].digits, &ms) || ms != cases[i].ms)
            fail_msg("%s: %lld", cases[i].digits, (long long)ms);
    }
}

static void test_numbers_refused(void **state)
{
    (void)state;
    static const struct {
        const char *digits;
        int error;
    } cases[] = {
        { "253402300800", -ERANGE },
        { "-62167219200.001", -ERANGE },
        { "-62167219201", -ERANGE },
        { "1e400", -ERANGE },
        { "-1e400", -ERANGE },
        { "1e999999999", -ERANGE },
        { "0.0001e99999999999999999999999999999999", -ERANGE },
        { "9223372036854775807", -ERANGE },
        { "9223372036854775808", -ERANGE },
        { "18446744073709551616.000", -ERANGE },
        { "1700000060000", -ERANGE }, /* milliseconds taken for seconds */
        { "", -EINVAL },
        { "-", -EINVAL },
        { "+1", -EINVAL },
        { ".5", -EINVAL },
        { "1.", -EINVAL },
        { "1.e3", -EINVAL },
        { "01", -EINVAL },
        { "-01", -EINVAL },
        { "00", -EINVAL },
        { "--1", -EINVAL },
        { "1e", -EINVAL },
        { "1e+", -EINVAL },
        { "1e1.5", -EINVAL },
        { "1e+-1", -EINVAL },
        { "1e1x", -EINVAL },
        { "1 ", -EINVAL },
        { " 1", -EINVAL },
        { "1.2.3", -EINVAL },
        { "0x10", -EINVAL },
        { "1,5", -EINVAL },
        { "NaN", -EINVAL },
        { "Infinity", -EINVAL },
        { "-Infinity", -EINVAL },
        { "\"1\"", -EINVAL },
        { "1\xd9\xa1", -EINVAL },
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        int64_t ms = 42;
        if (timestamp_from_number(cases[i].digits, &ms) != cases[i].error)
            fail_msg("%s: not %d", cases[i].digits, cases[i].error);
        assert_int_equal(ms, 42);
    }
}

/* A million digits, so that what is multiplied and added per digit would overflow, and what is tried per unit of the
 * exponent would not end. */
static void test_long_numbers(void **state)
{
    (void)state;
    enum { DIGITS = 1000000 };
    FREE_CLEANUP char *text = malloc(DIGITS + 64);
    assert_non_null(text);
    int64_t ms = 0;
    memset(text, '9', DIGITS);
    text[DIGITS] = 0;
    assert_int_equal(timestamp_from_number(text, &ms), -ERANGE);
    (void)snprintf(text + DIGITS, 64, "e-%d", DIGITS - 3);
    assert_int_equal(timestamp_from_number(text, &ms), 0);
    assert_int_equal(ms, 999999);
    memset(text, '0', DIGITS);
    text[1] = '.';
    (void)snprintf(text + DIGITS, 64, "25e%d", DIGITS);
    assert_int_equal(timestamp_from_number(text, &ms), 0);
    assert_int_equal(ms, 25000);
    (void)snprintf(text + DIGITS, 64, "e9223372036854775807");
    assert_int_equal(timestamp_from_number(text, &ms), 0);
    assert_int_equal(ms, 0);
}

static const struct {
    int64_t ms;
    const char *iso;
    const char *amz;
    const char *http;
} dates[] = {
    { 0, "1970-01-01T00:00:00.000Z", "19700101T000000Z", "Thu, 01 Jan 1970 00:00:00 GMT" },
    { -1, "1969-12-31T23:59:59.999Z", "19691231T235959Z", "Wed, 31 Dec 1969 23:59:59 GMT" },
    { -999, "1969-12-31T23:59:59.001Z", "19691231T235959Z", "Wed, 31 Dec 1969 23:59:59 GMT" },
    { -1000, "1969-12-31T23:59:59.000Z", "19691231T235959Z", "Wed, 31 Dec 1969 23:59:59 GMT" },
    { 784111777000, "1994-11-06T08:49:37.000Z", "19941106T084937Z", "Sun, 06 Nov 1994 08:49:37 GMT" },
    { 1440938160000, "2015-08-30T12:36:00.000Z", "20150830T123600Z", "Sun, 30 Aug 2015 12:36:00 GMT" },
    { 951782400007, "2000-02-29T00:00:00.007Z", "20000229T000000Z", "Tue, 29 Feb 2000 00:00:00 GMT" },
    { 951868799999, "2000-02-29T23:59:59.999Z", "20000229T235959Z", "Tue, 29 Feb 2000 23:59:59 GMT" },
    { 951868800000, "2000-03-01T00:00:00.000Z", "20000301T000000Z", "Wed, 01 Mar 2000 00:00:00 GMT" },
    { -2203977600000, "1900-02-28T00:00:00.000Z", "19000228T000000Z", "Wed, 28 Feb 1900 00:00:00 GMT" },
    { -2203891200000, "1900-03-01T00:00:00.000Z", "19000301T000000Z", "Thu, 01 Mar 1900 00:00:00 GMT" },
    { 1795371361262, "2026-11-22T18:16:01.262Z", "20261122T181601Z", "Sun, 22 Nov 2026 18:16:01 GMT" },
    { 1700000060123, "2023-11-14T22:14:20.123Z", "20231114T221420Z", "Tue, 14 Nov 2023 22:14:20 GMT" },
    { 2147483648000, "2038-01-19T03:14:08.000Z", "20380119T031408Z", "Tue, 19 Jan 2038 03:14:08 GMT" },
    { 4107542400000, "2100-03-01T00:00:00.000Z", "21000301T000000Z", "Mon, 01 Mar 2100 00:00:00 GMT" },
    { TIMESTAMP_MIN_MS, "0000-01-01T00:00:00.000Z", "00000101T000000Z", "Sat, 01 Jan 0000 00:00:00 GMT" },
    { TIMESTAMP_MAX_MS, "9999-12-31T23:59:59.999Z", "99991231T235959Z", "Fri, 31 Dec 9999 23:59:59 GMT" },
};

static void test_dates(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(dates); i++) {
        char iso[TIMESTAMP_SIZE];
        char amz[TIMESTAMP_AMZ_SIZE];
        char http[TIMESTAMP_HTTP_SIZE];
        timestamp_format(dates[i].ms, iso);
        timestamp_format_amz(dates[i].ms, amz);
        timestamp_format_http(dates[i].ms, http);
        assert_string_equal(iso, dates[i].iso);
        assert_string_equal(amz, dates[i].amz);
        assert_string_equal(http, dates[i].http);
        int64_t second_ms = dates[i].ms - ((dates[i].ms % 1000 + 1000) % 1000);
        int64_t ms = 42;
        assert_int_equal(timestamp_from_amz(amz, &ms), 0);
        assert_int_equal(ms, second_ms);
        assert_int_equal(timestamp_from_http(http, &ms), 0);
        assert_int_equal(ms, second_ms);
    }
}

static void test_beyond_the_years(void **state)
{
    (void)state;
    char iso[TIMESTAMP_SIZE];
    timestamp_format(INT64_MAX, iso);
    assert_string_equal(iso, "9999-12-31T23:59:59.999Z");
    timestamp_format(INT64_MIN, iso);
    assert_string_equal(iso, "0000-01-01T00:00:00.000Z");
}

/* Every day of ten thousand years, against a calendar that only counts. */
static void test_every_day(void **state)
{
    (void)state;
    static const int days_in[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t ms = TIMESTAMP_MIN_MS + 43200000;
    for (int year = 0; year < 10000; year++) {
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (int month = 1; month <= 12; month++) {
            int days = days_in[month - 1] + (leap && month == 2);
            for (int day = 1; day <= days; day++, ms += DAY_MS) {
                char expected[64];
                char amz[TIMESTAMP_AMZ_SIZE];
                int64_t again = 0;
                timestamp_format_amz(ms, amz);
                (void)snprintf(expected, sizeof expected, "%04d%02d%02dT120000Z", year, month, day);
                if (strcmp(amz, expected) != 0 || timestamp_from_amz(expected, &again) || again != ms)
                    fail_msg("%s, not %s", amz, expected);
            }
        }
    }
    assert_int_equal(ms, TIMESTAMP_MAX_MS + 1 + 43200000);
}

static void test_amz_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "20150830T123600",
        "20150830T123600Z ",
        " 20150830T123600Z",
        "20150830t123600z",
        "20150830 123600Z",
        "2015-08-30T12:36:00Z",
        "20150229T000000Z",
        "19000229T000000Z",
        "20150431T000000Z",
        "20150000T000000Z",
        "20150100T000000Z",
        "20151301T000000Z",
        "20150132T000000Z",
        "20150830T240000Z",
        "20150830T126000Z",
        "20150830T123660Z",
        "2015083AT123600Z",
        "-0150830T123600Z",
        "2015 830T123600Z",
        "20150830T1236+0Z",
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        int64_t ms = 42;
        if (timestamp_from_amz(cases[i], &ms) != -EINVAL)
            fail_msg("accepted: %s", cases[i]);
        assert_int_equal(ms, 42);
    }
}

static void test_http_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "Sun, 06 Nov 1994 08:49:37",
        "Sunday, 06-Nov-94 08:49:37 GMT", /* RFC 850's form */
        "Sun Nov  6 08:49:37 1994",       /* asctime's */
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 NOV 1994 08:49:37 GMT",
        "Sun, 06 ovD 1994 08:49:37 GMT",
        "Mon, 06 Nov 1994 08:49:37 GMT", /* it was a Sunday */
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:60 GMT",
        "Sun, 06 Nov 1994 08-49-37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 199x 08:49:37 GMT",
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        int64_t ms = 42;
        if (timestamp_from_http(cases[i], &ms) != -EINVAL)
            fail_msg("accepted: %s", cases[i]);
        assert_int_equal(ms, 42);
    }
}

static void test_iso(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } cases[] = {
        { "2026-11-22T13:00:00Z", INT64_C(1795352400000) },
        { "2026-11-22T13:00:00UTC", INT64_C(1795352400000) },
        { "2026-11-22T13:00:00+00:00", INT64_C(1795352400000) },
        { "2026-11-22T15:30:00+02:30", INT64_C(1795352400000) },
        { "2026-11-22T05:00:00-08:00", INT64_C(1795352400000) },
        { "2026-11-22T13:00:00.1Z", INT64_C(1795352400100) },
        { "2026-11-22T13:00:00.123456789Z", INT64_C(1795352400123) },
        { "2024-02-29T00:00:00Z", INT64_C(1709164800000) },
        { "1970-01-01T00:00:00Z", 0 },
        { "", -1 },
        { "2026-11-22", -1 },
        { "2026-11-22T13:00:00", -1 },
        { "2026-11-22T13:00Z", -1 },
        { "2026-11-22 13:00:00Z", -1 },
        { "2026-11-22t13:00:00z", -1 },
        { "2026-11-22T13:00:00.Z", -1 },
        { "2026-11-22T13:00:00Zx", -1 },
        { "2026-11-22T13:00:00+01", -1 },
        { "2026-11-22T13:00:00+0100", -1 },
        { "2026-11-22T13:00:00+24:00", -1 },
        { "2026-11-22T13:00:00+aa:00", -1 },
        { "2026-02-29T13:00:00Z", -1 },
        { "2026-13-01T13:00:00Z", -1 },
        { "2026-11-22T24:00:00Z", -1 },
        { "2026-11-22T13:60:00Z", -1 },
        { "20261122T130000Z", -1 },
        { "1795352400", -1 },
        { "-026-11-22T13:00:00Z", -1 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms = -1;
        int result = timestamp_from_iso(cases[i].text, &ms);
        if (result != (cases[i].ms < 0 ? -EINVAL : 0) || ms != cases[i].ms)
            fail_msg("%s: %d, %lld", cases[i].text, result, (long long)ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_numbers_refused),  cmocka_unit_test(test_long_numbers),
        cmocka_unit_test(test_dates),   cmocka_unit_test(test_beyond_the_years), cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_iso),     cmocka_unit_test(test_amz_refused),      cmocka_unit_test(test_http_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
