/* SPDX-License-Identifier: MIT */
/* options: durations, command lines right and wrong. */
#include "base/buf.h"
#include "base/cleanup.h"
#include "options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "command_line.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* ---- durations ---- */

static void test_durations(void **state)
{
    static const struct {
        const char *text;
        int r;
        int64_t ms;
    } cases[] = {
        { "0", 0, 0 },
        { "1", 0, SECOND },
        { "90", 0, 90 * SECOND },
        { "90s", 0, 90 * SECOND },
        { "15m", 0, 15 * MINUTE },
        { "12h", 0, 12 * HOUR },
        { "1d", 0, DAY },
        { "0s", 0, 0 },
        { "0ms", 0, 0 },
        { "10ms", 0, 10 },
        { "1500ms", 0, 1500 },
        { "007", 0, 7 * SECOND },
        { "00000000000000000000000000000001s", 0, SECOND },
        { "3650d", 0, 3650 * DAY },
        { "87600h", 0, 3650 * DAY },
        { "5256000m", 0, 3650 * DAY },
        { "315360000", 0, 3650 * DAY },
        { "315360000000ms", 0, 3650 * DAY },
        { "3651d", -ERANGE, 0 },
        { "87601h", -ERANGE, 0 },
        { "5256001m", -ERANGE, 0 },
        { "315360001", -ERANGE, 0 },
        { "315360000001ms", -ERANGE, 0 },
        { "9223372036854775807", -ERANGE, 0 },
        { "9223372036854775808ms", -ERANGE, 0 },
        { "18446744073709551617", -ERANGE, 0 }, /* 2^64 + 1 */
        { "213503982335d", -ERANGE, 0 },        /* a little over 2^64 ms */
        { "99999999999999999999999999999999999999d", -ERANGE, 0 },
        { "", -EINVAL, 0 },
        { " ", -EINVAL, 0 },
        { "s", -EINVAL, 0 },
        { "ms", -EINVAL, 0 },
        { "-1", -EINVAL, 0 },
        { "+1", -EINVAL, 0 },
        { " 1", -EINVAL, 0 },
        { "1 ", -EINVAL, 0 },
        { "1 s", -EINVAL, 0 },
        { "1s ", -EINVAL, 0 },
        { "1\n", -EINVAL, 0 },
        { "1.5", -EINVAL, 0 },
        { "1,5s", -EINVAL, 0 },
        { "1e3", -EINVAL, 0 },
        { "0x10", -EINVAL, 0 },
        { "1S", -EINVAL, 0 },
        { "1M", -EINVAL, 0 },
        { "1w", -EINVAL, 0 },
        { "1y", -EINVAL, 0 },
        { "1us", -EINVAL, 0 },
        { "1sec", -EINVAL, 0 },
        { "1min", -EINVAL, 0 },
        { "1mss", -EINVAL, 0 },
        { "1h30m", -EINVAL, 0 },
        { "1s1", -EINVAL, 0 },
        { "ten", -EINVAL, 0 },
        { "infinity", -EINVAL, 0 },
        { "\xd9\xa1", -EINVAL, 0 }, /* ARABIC-INDIC DIGIT ONE */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t ms = -1;
        int r = duration_parse(cases[i].text, &ms);
        if (r != cases[i].r || ms != (r ? -1 : cases[i].ms))
            fail_msg("\"%s\": %d and %lld ms", cases[i].text, r, (long long)ms);
    }
    print_message("%zu durations\n", COUNT(cases));
}

/* ---- command lines ---- */

static void test_defaults(void **state)
{
    struct options options;
    struct error error;
    (void)state;
    assert_int_equal(parse(ARGS("/mnt"), &options, &error), 0);
    assert_string_equal(options.source, "personalizefs");
    assert_string_equal(options.mountpoint, "/mnt");
    assert_null(options.partition);
    assert_null(options.region);
    assert_null(options.account_id);
    assert_null(options.profile);
    assert_null(options.endpoint_url);
    assert_int_equal(options.timeout_ms, 15 * SECOND);
    assert_int_equal(options.max_requests, 8);
    assert_int_equal(options.max_jobs, 100000);
    assert_int_equal(options.ttl_ms, 30 * SECOND);
    assert_int_equal(options.terminal_ttl_ms, DAY);
    assert_int_equal(options.list_ttl_ms, 60 * SECOND);
    assert_int_equal(options.negative_ttl_ms, 5 * SECOND);
    assert_int_equal(options.uid, getuid());
    assert_int_equal(options.gid, getgid());
    assert_int_equal(options.umask, 0);
    assert_int_equal(options.log_level, LOG_LEVEL_INFO);
    assert_false(options.allow_http || options.allow_other || options.foreground || options.debug || options.help ||
                 options.version);
    options_release(&options);
    assert_null(options.source);
}

static void test_source(void **state)
{
    static const struct {
        const char *source;
        const char *partition;
        const char *region;
        const char *account;
    } cases[] = {
        { "us-west-2", NULL, "us-west-2", NULL },
        { "ap-southeast-1", NULL, "ap-southeast-1", NULL },
        { "us-gov-west-1", NULL, "us-gov-west-1", NULL },
        { "none", NULL, NULL, NULL },
        { "personalizefs", NULL, NULL, NULL },
        { "arn:aws:personalize:us-west-2", "aws", "us-west-2", NULL },
        { "arn:aws:personalize:us-west-2:", "aws", "us-west-2", NULL },
        { "arn:aws:personalize:us-west-2:123456789012", "aws", "us-west-2", "123456789012" },
        { "arn:aws:personalize:us-west-2:123456789012:", "aws", "us-west-2", "123456789012" },
        { "arn:aws-cn:personalize:cn-north-1:000000000000", "aws-cn", "cn-north-1", "000000000000" },
        { "arn:aws-us-gov:personalize:us-gov-west-1", "aws-us-gov", "us-gov-west-1", NULL },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options options;
        struct error error;
        if (parse(ARGS(cases[i].source, "m"), &options, &error))
            fail_msg("%s: %s", cases[i].source, error.message);
        assert_string_equal(options.source, cases[i].source);
        assert_string_equal(options.mountpoint, "m");
        assert_string_equal(or_none(options.partition), or_none(cases[i].partition));
        assert_string_equal(or_none(options.region), or_none(cases[i].region));
        assert_string_equal(or_none(options.account_id), or_none(cases[i].account));
        options_release(&options);
    }
}

/* Each two lines mean the same. */
static void test_equal_lines(void **state)
{
    const char *const *const cases[][2] = {
        { ARGS("-f", "/m"), ARGS("/m", "-f") },
        { ARGS("-f", "/m"), ARGS("--foreground", "/m") },
        { ARGS("-f", "/m"), ARGS("-o", "foreground", "/m") },
        { ARGS("-d", "/m"), ARGS("-fd", "/m") },
        { ARGS("-d", "/m"), ARGS("-f", "--log-level=error", "-d", "/m") },
        { ARGS("-d", "/m"), ARGS("-d", "--log-level", "error", "/m") },
        { ARGS("us-west-2", "/m"), ARGS("-o", "rw", "us-west-2", "--", "/m") },
        { ARGS("us-west-2", "/m"), ARGS("us-west-2", "-o", "region=us-west-2", "/m") },
        { ARGS("us-west-2", "/m", "-o", "rw,dev,suid"), ARGS("us-west-2", "/m") }, /* as mount.fuse3(8) calls it */
        { ARGS("/m"), ARGS("/m", "-o", "ro,rw,_netdev,nofail,suid,nosuid,dev,nodev,exec,noexec") },
        { ARGS("/m"), ARGS("/m", "-o", "auto,noauto,user,user=root,defaults,relatime,x-systemd.requires=a") },
        { ARGS("/m"), ARGS("/m", "-o", "x-gvfs-hide,x-systemd.automount") },
        { ARGS("/m"), ARGS("/m", "-o", "") },
        { ARGS("/m"), ARGS("/m", "-o", ",,") },
        { ARGS("/m", "-o", "profile=a", "-f"), ARGS("/m", "-fo", "profile=a") },
        { ARGS("/m", "-o", "profile=a", "-f"), ARGS("/m", "-foprofile=a") },
        { ARGS("/m", "-o", "profile=a", "-f"), ARGS("/m", "-o", ",profile=a,,foreground,") },
        /* The last one wins. */
        { ARGS("/m", "--ttl=5m"), ARGS("/m", "-o", "ttl=1m,ttl=2m", "--ttl", "5m") },
        { ARGS("/m", "--region=eu-west-1"), ARGS("/m", "--region=us-west-2", "-o", "region=eu-west-1") },
        { ARGS("eu-west-1", "/m"), ARGS("--region=us-west-2", "eu-west-1", "/m", "-o", "region=eu-west-1") },
        /* Backslashes, in a -o list only. */
        { ARGS("/m", "--profile=a,b"), ARGS("/m", "-o", "profile=a\\,b") },
        { ARGS("/m", "--profile=a,b"), ARGS("/m", "-o", "profile=a\\054b") },
        { ARGS("/m", "--profile=a\\b"), ARGS("/m", "-o", "profile=a\\\\b") },
        { ARGS("/m", "--profile=a\\"), ARGS("/m", "-o", "profile=a\\") },
        { ARGS("/m", "--profile=a08b"), ARGS("/m", "-o", "profile=a\\08b") },
        { ARGS("/m", "--profile=a\xff"), ARGS("/m", "-o", "profile=a\\377") },
        /* Values with an equals sign, or that look like options. */
        { ARGS("/m", "--profile=a=b"), ARGS("/m", "-o", "profile=a=b") },
        { ARGS("/m", "--profile=-f"), ARGS("/m", "--profile", "-f") },
        { ARGS("/m", "--profile=--"), ARGS("/m", "--profile", "--") },
    };
    BUF_CLEANUP struct buf one = BUF_INIT(4096);
    BUF_CLEANUP struct buf other = BUF_INIT(4096);
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        show_line(cases[i][0], &one);
        show_line(cases[i][1], &other);
        assert_string_equal(buf_str(&one), buf_str(&other));
    }
}

static void test_operands(void **state)
{
    struct options options;
    struct error error;
    (void)state;
    assert_int_equal(parse(ARGS("--", "none", "-m"), &options, &error), 0);
    assert_string_equal(options.source, "none");
    assert_string_equal(options.mountpoint, "-m");
    options_release(&options);
    assert_int_equal(parse(ARGS("-"), &options, &error), 0);
    assert_string_equal(options.mountpoint, "-");
    options_release(&options);
    assert_int_equal(parse(ARGS("-h"), &options, &error), 0);
    assert_true(options.help);
    assert_null(options.mountpoint);
    options_release(&options);
    assert_int_equal(parse(ARGS("-V"), &options, &error), 0);
    assert_true(options.version);
    options_release(&options);
    assert_int_equal(parse(ARGS("--uid=4294967294", "--gid", "7", "-oumask=027", "/m"), &options, &error), 0);
    assert_int_equal(options.uid, 4294967294U);
    assert_int_equal(options.gid, 7);
    assert_int_equal(options.umask, 027);
    options_release(&options);
}

/* `says` is in the message, which is one line. */
static const struct {
    const char *const *arguments;
    const char *says;
} wrong_lines[] = {
    { (const char *const[]){ "personalizefs", NULL }, "MOUNTPOINT is missing" },
    { (const char *const[]){ NULL }, "MOUNTPOINT is missing" },
    { ARGS("-f"), "MOUNTPOINT is missing" },
    { ARGS(""), "MOUNTPOINT is empty" },
    { ARGS("a\nb"), "MOUNTPOINT holds a control character" },
    { ARGS("us-west-2", "/m", "/n"), "too many arguments: \"/n\"" },
    { ARGS("us-west-2", "/m", "--", "-f"), "too many arguments: \"-f\"" },
    /* Unknown options; no name is completed. */
    { ARGS("/m", "-x"), "unknown option \"-x\"" },
    { ARGS("/m", "-fx"), "unknown option \"-x\"" },
    { ARGS("/m", "--bogus"), "unknown option \"--bogus\"" },
    { ARGS("/m", "--bogus=1"), "unknown option \"--bogus=1\"" },
    { ARGS("/m", "-o", "bogus"), "unknown option \"bogus\"" },
    { ARGS("/m", "-o", "ro,bogus=1,rw"), "unknown option \"bogus=1\"" },
    { ARGS("/m", "--reg=us-west-2"), "unknown option \"--reg=us-west-2\"" },
    { ARGS("/m", "--regions=us-west-2"), "unknown option \"--regions=us-west-2\"" },
    { ARGS("/m", "-o", "tt=5"), "unknown option \"tt=5\"" },
    { ARGS("/m", "-o", "ttls=5"), "unknown option \"ttls=5\"" },
    { ARGS("/m", "-o", "TTL=5"), "unknown option \"TTL=5\"" },
    { ARGS("/m", "-o", "=5"), "unknown option \"=5\"" },
    { ARGS("/m", "-o", " ttl=5"), "unknown option \" ttl=5\"" },
    { ARGS("/m", "-o", "ron"), "unknown option \"ron\"" },
    { ARGS("/m", "-o", "x"), "unknown option \"x\"" },
    { ARGS("/m", "-o", "X-mount.mkdir"), "unknown option \"X-mount.mkdir\"" },
    { ARGS("/m", "-o", "auto_unmount"), "unknown option \"auto_unmount\"" },
    { ARGS("/m", "--ro"), "unknown option \"--ro\"" },
    { ARGS("/m", "--x-y"), "unknown option \"--x-y\"" },
    { ARGS("/m", "-\x1b[31m"), "unknown option \"-?\"" },
    { ARGS("/m", "--\n"), "unknown option \"--?\"" },
    /* Values that are missing, or not wanted. */
    { ARGS("/m", "-o"), "option -o needs a value" },
    { ARGS("/m", "--ttl"), "option ttl needs a value" },
    { ARGS("/m", "--ttl="), "option ttl needs a value" },
    { ARGS("/m", "--ttl", ""), "option ttl needs a value" },
    { ARGS("/m", "-o", "ttl"), "option ttl needs a value" },
    { ARGS("/m", "-o", "profile="), "option profile needs a value" },
    { ARGS("/m", "-o", "profile=,ro"), "option profile needs a value" },
    { ARGS("/m", "--foreground=1"), "option foreground takes no value" },
    { ARGS("/m", "-o", "allow_other="), "option allow_other takes no value" },
    /* Values that are none. */
    { ARGS("/m", "--region=US-WEST-2"), "option region=US-WEST-2: expected a region" },
    { ARGS("/m", "--region=evil.example.com"), "option region=evil.example.com: expected a region" },
    { ARGS("/m", "--account-id=12345678901"), "option account-id=12345678901: expected 12 digits" },
    { ARGS("/m", "--account-id=1234567890123"), "expected 12 digits" },
    { ARGS("/m", "--account-id=12345678901a"), "expected 12 digits" },
    { ARGS("/m", "--ttl=soon"), "option ttl=soon: expected a time" },
    { ARGS("/m", "--ttl=0"), "option ttl=0: expected a time" },
    { ARGS("/m", "--terminal-ttl=0ms"), "option terminal-ttl=0ms: expected a time" },
    { ARGS("/m", "--list-ttl=0d"), "option list-ttl=0d: expected a time" },
    { ARGS("/m", "--list-ttl=3651d"), "option list-ttl=3651d: expected a time" },
    { ARGS("/m", "--negative-ttl=-1"), "option negative-ttl=-1: expected a time" },
    { ARGS("/m", "--timeout=0"), "option timeout=0: expected a time" },
    { ARGS("/m", "--timeout=61m"), "at most 1h" },
    { ARGS("/m", "--max-requests=0"), "expected a number from 1 to 64" },
    { ARGS("/m", "--max-requests=65"), "expected a number from 1 to 64" },
    { ARGS("/m", "--max-requests=8x"), "expected a number from 1 to 64" },
    { ARGS("/m", "--max-jobs=0"), "expected a number from 1 to 100000000" },
    { ARGS("/m", "-omax-jobs=100000001"), "expected a number from 1 to 100000000" },
    { ARGS("/m", "--uid=root"), "option uid=root: expected a number" },
    { ARGS("/m", "--uid=4294967295"), "option uid=4294967295: expected a number" },
    { ARGS("/m", "--gid=-1"), "option gid=-1: expected a number" },
    { ARGS("/m", "--umask=1000"), "expected an octal number" },
    { ARGS("/m", "--umask=8"), "expected an octal number" },
    { ARGS("/m", "--umask=u=rw"), "expected an octal number" },
    { ARGS("/m", "--log-level=loud"), "expected error, warning, info or debug" },
    { ARGS("/m", "--profile=a\nb"), "option profile=a?b: expected" },
    { ARGS("/m", "-o", "profile=a\\012b"), "option profile=a?b: expected" },
    { ARGS("/m", "-o", "profile=a\\000b"), "a NUL character" },
    { ARGS("/m", "--endpoint-url=http://a\r\nX: y"), "option endpoint-url=http://a??X: y: expected" },
    /* SOURCE. */
    { ARGS("", "/m"), "SOURCE \"\": not a region" },
    { ARGS("US-WEST-2", "/m"), "SOURCE \"US-WEST-2\": not a region" },
    { ARGS("us-west-2\n", "/m"), "SOURCE \"us-west-2?\": not a region" },
    { ARGS("/dev/sda1", "/m"), "not a region" },
    { ARGS("arn:", "/m"), "not the beginning of an ARN" },
    { ARGS("arn:aws:personalize", "/m"), "not the beginning of an ARN" },
    { ARGS("arn:aws:s3:us-west-2", "/m"), "not the beginning of an ARN" },
    { ARGS("arn:aws:personalize:", "/m"), "no such form of region" },
    { ARGS("arn:aws:personalize:a.b", "/m"), "no such form of region" },
    { ARGS("arn:aws-cn:personalize:us-west-2", "/m"), "not in that partition" },
    { ARGS("arn:aws:personalize:cn-north-1", "/m"), "not in that partition" },
    { ARGS("arn::personalize:us-west-2", "/m"), "not in that partition" },
    { ARGS("arn:aws:personalize:us-west-2:1", "/m"), "an account has 12 digits" },
    { ARGS("arn:aws:personalize:us-west-2:123456789012:batch-inference-job/a", "/m"), "end with the account" },
    { ARGS("arn:aws:personalize:us-west-2:123456789012::", "/m"), "end with the account" },
    /* What is said twice must agree. */
    { ARGS("us-west-2", "/m", "--region=eu-west-1"), "SOURCE says us-west-2, but region=eu-west-1" },
    { ARGS("arn:aws:personalize:us-west-2", "/m", "-o", "region=eu-west-1"),
      "SOURCE says us-west-2, but region=eu-west-1" },
    { ARGS("arn:aws:personalize:us-west-2:123456789012", "/m", "--account-id=210987654321"),
      "SOURCE says 123456789012, but account-id=210987654321" },
};

static void test_wrong_use(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong_lines); i++) {
        struct options options;
        struct error error;
        int r = parse(wrong_lines[i].arguments, &options, &error);
        if (r != -EINVAL || error.number != EINVAL || !strstr(error.message, wrong_lines[i].says))
            fail_msg("case %zu (%s): %d, \"%s\"", i, wrong_lines[i].says, r, error.message);
        assert_null(strpbrk(error.message, "\n\r\x1b"));
        assert_null(options.source);
        assert_null(options.mountpoint);
    }
    print_message("%zu wrong lines\n", COUNT(wrong_lines));
}

static void test_least_ttl(void **state)
{
    static const char *const names[] = { "ttl", "terminal-ttl", "list-ttl" };
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct options options;
        struct error error;
        char enough[64];
        char less[64];
        (void)snprintf(enough, sizeof enough, "%s=%dms", names[i], MIN_TTL_MS);
        (void)snprintf(less, sizeof less, "%s=%dms", names[i], MIN_TTL_MS - 1);
        assert_int_equal(parse(ARGS("-o", enough, "/m"), &options, &error), 0);
        options_release(&options);
        assert_int_equal(parse(ARGS("-o", less, "/m"), &options, &error), -EINVAL);
        assert_non_null(strstr(error.message, "at least "));
    }
}

/* A line of any length is an error or is taken whole. */
static void test_long_line(void **state)
{
    enum { SIZE = 1 << 17 };
    FREE_CLEANUP char *list = malloc(SIZE);
    struct options options;
    struct error error;
    (void)state;
    assert_non_null(list);
    memset(list, 'a', SIZE - 1);
    list[SIZE - 1] = 0;
    assert_int_equal(parse(ARGS("-o", list, "/m"), &options, &error), -EINVAL);
    memcpy(list, "--profile=", 10);
    assert_int_equal(parse(ARGS(list, "/m"), &options, &error), 0);
    assert_int_equal(strlen(options.profile), SIZE - 1 - 10);
    options_release(&options);
}

static void visit(void *data, const char *name, const char *value, const char *from)
{
    assert_int_equal(buf_printf(data, "%s=%s<%s\n", name, or_none(value), from), 0);
}

/* There is such a line in the table of what is in force. */
static void has(const char *const *arguments, const char *line, bool expected)
{
    struct buf BUF_CLEANUP table = BUF_INIT(1 << 14);
    struct options options;
    struct error error;
    char whole[200];
    assert_int_equal(parse(arguments, &options, &error), 0);
    (void)buf_append_char(&table, '\n');
    options_visit(&options, visit, &table);
    (void)buf_printf(&table, "region from %s\n", options_region_from(&options));
    (void)snprintf(whole, sizeof whole, "\n%s\n", line);
    if (!strstr(buf_str(&table), whole) == expected)
        fail_msg("\"%s\" in: %s", line, buf_str(&table));
    options_release(&options);
}

static void test_where_they_are_from(void **state)
{
    char line[40];
    (void)state;
    has(ARGS("/m"), "ttl=30s<default", true);
    has(ARGS("--ttl", "1m", "/m"), "ttl=1m<option", true);
    has(ARGS("-o", "ttl=1m,ttl=30s", "/m"), "ttl=30s<option", true); /* though it is the default */
    has(ARGS("/m"), "allow-http=false<default", true);
    has(ARGS("-o", "allow-http", "/m"), "allow-http=true<option", true);
    has(ARGS("-d", "/m"), "log-level=debug<option", true);
    has(ARGS("-d", "/m"), "foreground=true<option", true);
    has(ARGS("--umask=022", "/m"), "umask=022<option", true);
    (void)snprintf(line, sizeof line, "uid=%u<default", getuid());
    has(ARGS("/m"), line, true);
    (void)snprintf(line, sizeof line, "gid=%u<default", getgid());
    has(ARGS("/m"), line, true);
    has(ARGS("--gid=7", "/m"), "gid=7<option", true);
    has(ARGS("--account-id=123456789012", "/m"), "account-id=123456789012<option", true);
    has(ARGS("arn:aws:personalize:us-west-2:123456789012", "/m"), "account-id=123456789012<SOURCE", true);
    has(ARGS("us-west-2", "/m"), "region from SOURCE", true);
    has(ARGS("--region=us-west-2", "us-west-2", "/m"), "region from option", true);
    has(ARGS("-o", "ro,nofail", "/m"), "ro=true<option", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_source),
        cmocka_unit_test(test_equal_lines),
        cmocka_unit_test(test_operands),
        cmocka_unit_test(test_wrong_use),
        cmocka_unit_test(test_least_ttl),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_where_they_are_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
