/* SPDX-License-Identifier: MIT */
#include "aws/endpoint.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_regions(void **state)
{
    (void)state;
    static const struct {
        const char *region;
        const char *partition;
        const char *host;
    } good[] = {
        { "us-west-2", "aws", "personalize.us-west-2.amazonaws.com" },
        { "ap-southeast-1", "aws", "personalize.ap-southeast-1.amazonaws.com" },
        { "mx-central-1", "aws", "personalize.mx-central-1.amazonaws.com" },
        { "xx-new-part-12", "aws", "personalize.xx-new-part-12.amazonaws.com" },
        { "cn-northwest-1", "aws-cn", "personalize.cn-northwest-1.amazonaws.com.cn" },
        { "us-gov-west-1", "aws-us-gov", "personalize.us-gov-west-1.amazonaws.com" },
        { "us-iso-west-1", "aws-iso", "personalize.us-iso-west-1.c2s.ic.gov" },
        { "us-isob-east-1", "aws-iso-b", "personalize.us-isob-east-1.sc2s.sgov.gov" },
        { "eu-isoe-west-1", "aws-iso-e", "personalize.eu-isoe-west-1.cloud.adc-e.uk" },
        { "us-isof-south-1", "aws-iso-f", "personalize.us-isof-south-1.csp.hci.ic.gov" },
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct endpoint endpoint;
        struct error error = { 0 };
        char url[ENDPOINT_URL_SIZE];
        (void)snprintf(url, sizeof url, "https://%s/", good[i].host);
        assert_true(region_is_valid(good[i].region));
        assert_string_equal(region_partition(good[i].region), good[i].partition);
        assert_int_equal(endpoint_make(good[i].region, NULL, 0, &endpoint, &error), 0);
        assert_string_equal(endpoint.url, url);
        assert_string_equal(endpoint.host, good[i].host);
        assert_string_equal(endpoint.path, "/");
        assert_string_equal(endpoint.region, good[i].region);
    }
    assert_string_equal(region_partition("eusc-de-east-1"), "aws-eusc");
}

/* Hosts as the rule sets of botocore's personalize, sts, sso and sso-oidc make them. */
static void test_kinds_of_hosts(void **state)
{
    static const struct {
        const char *prefix, *region;
        unsigned flags;
        const char *host;
    } rows[] = {
        { "personalize", "us-east-1", ENDPOINT_FIPS, "personalize-fips.us-east-1.amazonaws.com" },
        { "personalize", "us-gov-west-1", ENDPOINT_FIPS, "personalize-fips.us-gov-west-1.amazonaws.com" },
        { "personalize", "us-isof-south-1", ENDPOINT_DUAL_STACK, "personalize.us-isof-south-1.api.aws.hci.ic.gov" },
        { "personalize", "eu-isoe-west-1", ENDPOINT_DUAL_STACK, "personalize.eu-isoe-west-1.api.cloud-aws.adc-e.uk" },
        { "personalize", "us-isob-east-1", ENDPOINT_DUAL_STACK, "personalize.us-isob-east-1.api.aws.scloud" },
        { "personalize", "us-iso-east-1", ENDPOINT_DUAL_STACK, "personalize.us-iso-east-1.api.aws.ic.gov" },
        { "sts", "us-west-2", 0, "sts.us-west-2.amazonaws.com" },
        { "sts", "us-west-2", ENDPOINT_FIPS, "sts-fips.us-west-2.amazonaws.com" },
        { "sts", "us-west-2", ENDPOINT_DUAL_STACK, "sts.us-west-2.api.aws" },
        { "sts", "us-west-2", ENDPOINT_FIPS | ENDPOINT_DUAL_STACK, "sts-fips.us-west-2.api.aws" },
        { "sts", "us-gov-west-1", ENDPOINT_FIPS, "sts.us-gov-west-1.amazonaws.com" },
        { "sts", "us-gov-west-1", ENDPOINT_FIPS | ENDPOINT_DUAL_STACK, "sts-fips.us-gov-west-1.api.aws" },
        { "sts", "cn-north-1", ENDPOINT_FIPS, "sts-fips.cn-north-1.amazonaws.com.cn" },
        { "portal.sso", "us-east-1", ENDPOINT_FIPS, "portal.sso-fips.us-east-1.amazonaws.com" },
        { "portal.sso", "us-gov-east-1", ENDPOINT_FIPS, "portal.sso.us-gov-east-1.amazonaws.com" },
        { "portal.sso", "eu-west-1", ENDPOINT_DUAL_STACK, "portal.sso.eu-west-1.api.aws" },
        { "oidc", "us-east-1", ENDPOINT_FIPS, "oidc-fips.us-east-1.amazonaws.com" },
        { "oidc", "us-gov-east-1", ENDPOINT_FIPS, "oidc.us-gov-east-1.amazonaws.com" },
        { "oidc", "us-east-1", ENDPOINT_ALLOW_HTTP, "oidc.us-east-1.amazonaws.com" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct endpoint endpoint;
        struct error error = { 0 };
        assert_int_equal(endpoint_make_of(rows[i].prefix, rows[i].region, NULL, rows[i].flags, &endpoint, &error), 0);
        assert_string_equal(endpoint.host, rows[i].host);
        assert_memory_equal(endpoint.url, "https://", 8);
        assert_memory_equal(endpoint.url + 8, rows[i].host, strlen(rows[i].host));
        assert_string_equal(endpoint.region, rows[i].region);
    }
}

static void test_a_url_is_of_no_other_kind(void **state)
{
    struct endpoint endpoint;
    struct error error = { 0 };
    (void)state;
    assert_int_equal(endpoint_make("us-west-2", "https://h", ENDPOINT_FIPS, &endpoint, &error), -EINVAL);
    assert_non_null(strstr(error.message, "use_fips_endpoint"));
    assert_int_equal(endpoint_make("us-west-2", "https://h", ENDPOINT_DUAL_STACK, &endpoint, &error), -EINVAL);
    assert_non_null(strstr(error.message, "use_dualstack_endpoint"));
    assert_int_equal(
        endpoint_make_of("sts", "us-west-2", "https://h", ENDPOINT_FIPS | ENDPOINT_DUAL_STACK, &endpoint, &error),
        -EINVAL);
    assert_string_equal(endpoint.url, "");
    assert_int_equal(endpoint_make(NULL, "https://h", 0, &endpoint, &error), 0);
    assert_string_equal(endpoint.url, "https://h/");
    assert_string_equal(endpoint.region, "");
}

static void test_hostile_regions(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "u",
        "us",
        "us-",
        "us-1",
        "us--1",
        "us-west",
        "us-west-",
        "us-west-2-",
        "us-west-2x",
        "us-west-x2",
        "-west-2",
        "usa-west-2",
        "u-west-2",
        "US-WEST-2",
        "us-West-2",
        "us_west_2",
        " us-west-2",
        "us-west-2 ",
        "us-west-2\n",
        "us-west-2\r\nX-Evil: 1",
        "us-west-2.",
        "us-west-2.evil.example",
        "us-west-2.amazonaws.com@evil.example",
        "evil.example/us-west-2",
        "us-west-2/",
        "us-west-2#",
        "us-west-2?x=-1",
        "us-west-2%00",
        "us-west-2:443",
        "us-w\xc3\xa9st-2",
        "us-west-\xd9\xa2", /* an Arabic two */
        "../us-west-2",
        "*",
        "none",
        "us-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct endpoint endpoint;
        struct error error = { 0 };
        if (region_is_valid(bad[i]))
            print_error("taken for a region: %s\n", bad[i]);
        assert_false(region_is_valid(bad[i]));
        assert_int_equal(endpoint_make(bad[i], NULL, ENDPOINT_ALLOW_HTTP, &endpoint, &error), -EINVAL);
        assert_int_equal(endpoint_make(bad[i], "https://example.com", ENDPOINT_ALLOW_HTTP, &endpoint, &error), -EINVAL);
        assert_int_equal(error.number, EINVAL);
        assert_null(strpbrk(error.message, "\r\n"));
        assert_string_equal(endpoint.url, "");
    }
    struct endpoint endpoint;
    struct error error = { 0 };
    assert_int_equal(endpoint_make(NULL, NULL, ENDPOINT_ALLOW_HTTP, &endpoint, &error), -EINVAL);
    assert_string_equal(error.message, "no region is known");
}

static void test_longest_region(void **state)
{
    (void)state;
    char region[REGION_SIZE + 1] = "us-";
    memset(region + 3, 'a', sizeof region - 4);
    memcpy(region + REGION_SIZE - 3, "-1", 3);
    assert_int_equal(strlen(region), REGION_SIZE - 1);
    struct endpoint endpoint;
    struct error error = { 0 };
    assert_int_equal(endpoint_make(region, NULL, 0, &endpoint, &error), 0);
    assert_string_equal(endpoint.region, region);
    memcpy(region + REGION_SIZE - 3, "a-1", 4);
    assert_int_equal(endpoint_make(region, NULL, 0, &endpoint, &error), -EINVAL);
}

static void test_urls(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        const char *url; /* NULL: the same */
        const char *host;
        const char *path;
    } good[] = {
        { "https://example.com", "https://example.com/", "example.com", "/" },
        { "https://example.com/", NULL, "example.com", "/" },
        { "https://example.com/base", NULL, "example.com", "/base" },
        { "https://example.com/base/", NULL, "example.com", "/base/" },
        { "https://example.com/a/b.c/%20~x;y=(1,2)", NULL, "example.com", "/a/b.c/%20~x;y=(1,2)" },
        { "https://example.com/@x:y/.hidden/..x/...", NULL, "example.com", "/@x:y/.hidden/..x/..." },
        { "HTTPS://Example.COM:8443/Base", "https://example.com:8443/Base", "example.com:8443", "/Base" },
        { "https://example.com:443", "https://example.com/", "example.com", "/" },
        { "https://example.com:80", "https://example.com:80/", "example.com:80", "/" },
        { "https://example.com:65535/", NULL, "example.com:65535", "/" },
        { "https://vpce-0a1b.personalize.us-west-2.vpce.amazonaws.com/", NULL,
          "vpce-0a1b.personalize.us-west-2.vpce.amazonaws.com", "/" },
        { "https://emulator_1:1/", NULL, "emulator_1:1", "/" },
        { "https://10.1.2.3/", NULL, "10.1.2.3", "/" },
        { "https://1.example/", NULL, "1.example", "/" },
        { "https://[2001:DB8:0:0::1]:8443", "https://[2001:db8::1]:8443/", "[2001:db8::1]:8443", "/" },
        { "http://localhost", "http://localhost/", "localhost", "/" },
        { "http://LocalHost:4566", "http://localhost:4566/", "localhost:4566", "/" },
        { "http://localhost:80/x", "http://localhost/x", "localhost", "/x" },
        { "http://localhost:443/", NULL, "localhost:443", "/" },
        { "http://127.0.0.1:4566/", NULL, "127.0.0.1:4566", "/" },
        { "http://127.255.1.2/", NULL, "127.255.1.2", "/" },
        { "http://[::1]:4566/", NULL, "[::1]:4566", "/" },
        { "http://[0:0:0:0:0:0:0:1]/", "http://[::1]/", "[::1]", "/" },
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct endpoint endpoint;
        struct error error = { 0 };
        int r = endpoint_make("us-west-2", good[i].given, 0, &endpoint, &error);
        if (r)
            print_error("%s: %s\n", good[i].given, error.message);
        assert_int_equal(r, 0);
        assert_string_equal(endpoint.url, good[i].url ? good[i].url : good[i].given);
        assert_string_equal(endpoint.host, good[i].host);
        assert_string_equal(endpoint.path, good[i].path);
        assert_string_equal(endpoint.region, "us-west-2");
    }
}

static const char *const hostile_urls[] = {
    "",
    " ",
    "example.com",
    "//example.com",
    "/",
    "https:",
    "https:/",
    "https:/example.com",
    "https://",
    "https:///",
    "https:///path",
    "https://:443",
    "https://?",
    "ftp://example.com",
    "file:///etc/passwd",
    "unix:///run/x",
    "gopher://localhost:70/",
    "httpss://example.com",
    "https ://example.com",
    " https://example.com",
    "https://example.com ",
    "https://exa mple.com",
    "https://example.com\n",
    "https://example.com/\r\nX-Evil: 1",
    "https://example.com/\tx",
    "https://example.com/\x7f",
    "https://ex\xc3\xa4mple.com",
    "https://example.com/\xc3\xa4",
    "https://user@example.com",
    "https://user:password@example.com",
    "https://@example.com",
    "https://amazonaws.com:x@example.com/",
    "https://example.com?x=1",
    "https://example.com/?x=1",
    "https://example.com/?",
    "https://example.com#x",
    "https://example.com/#",
    "https://example.com:",
    "https://example.com:/",
    "https://example.com:0",
    "https://example.com:00443",
    "https://example.com:65536",
    "https://example.com:4294967739",
    "https://example.com:-1",
    "https://example.com:+1",
    "https://example.com:44 3",
    "https://example.com:443:443",
    "https://example.com:https",
    "https://example.com\\@evil.example",
    "https://example..com",
    "https://.example.com",
    "https://example.com.",
    "https://-example.com",
    "https://example-.com",
    "https://example.-com",
    "https://exam%70le.com",
    "https://example.com%2f@evil",
    "https://{region}.example.com",
    "https://*.example.com",
    "https://ex'ample.com",
    "https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
    "https://127.1",
    "https://2130706433",
    "https://0x7f000001",
    "https://0x7f.0.0.1",
    "https://0177.0.0.1",
    "https://127.0.0.01",
    "https://127.0.0.256",
    "https://1.2.3.4.5",
    "https://127.0.0.0x1",
    "https://0x",
    "https://[",
    "https://[]",
    "https://[::1",
    "https://::1",
    "https://[::1]]",
    "https://[::1]x",
    "https://[::1]:",
    "https://[::1]443",
    "https://[::1%25lo]",
    "https://[127.0.0.1]",
    "https://[example.com]",
    "https://[1:2:3:4:5:6:7:8:9]",
    "https://[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]",
    "https://x[::1]",
    "https://example.com/..",
    "https://example.com/../x",
    "https://example.com/x/..",
    "https://example.com/x/./y",
    "https://example.com/.",
    "https://example.com/%2e%2E/x",
    "https://example.com//",
    "https://example.com//evil.example",
    "https://example.com/x//y",
    "https://example.com/%",
    "https://example.com/%2",
    "https://example.com/%2g",
    "https://example.com/a|b",
    "https://example.com/a\\b",
    "https://example.com/<x>",
    "https://example.com/\"",
    "https://example.com/[x]",
};

static void test_hostile_urls(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hostile_urls / sizeof *hostile_urls; i++) {
        struct endpoint endpoint;
        struct error error = { 0 };
        int r = endpoint_make("us-west-2", hostile_urls[i], ENDPOINT_ALLOW_HTTP, &endpoint, &error);
        if (r != -EINVAL)
            print_error("taken: %s as %s\n", hostile_urls[i], endpoint.url);
        assert_int_equal(r, -EINVAL);
        assert_int_equal(error.number, EINVAL);
        assert_memory_equal(error.message, "endpoint URL: ", 14);
        assert_null(strstr(error.message, "password@"));
    }
}

static void test_http_is_for_loopback(void **state)
{
    (void)state;
    static const char *const elsewhere[] = {
        "http://example.com",
        "http://10.0.0.1:4566",
        "http://0.0.0.0",
        "http://128.0.0.1",
        "http://126.255.255.255",
        "http://localhost.evil.com",
        "http://notlocalhost",
        "http://127.0.0.1.evil.com",
        "http://127-0-0-1.evil.com",
        "http://[::]",
        "http://[::2]",
        "http://[2001:db8::1]",
        "http://[::ffff:127.0.0.1]",
        "http://emulator:4566/base/",
        "http://169.254.170.2",
    };
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        struct endpoint endpoint;
        struct error error = { 0 };
        int r = endpoint_make("us-west-2", elsewhere[i], 0, &endpoint, &error);
        if (r != -EINVAL)
            print_error("taken: %s as %s\n", elsewhere[i], endpoint.url);
        assert_int_equal(r, -EINVAL);
        assert_non_null(strstr(error.message, "http:// is only for this host itself"));
        assert_int_equal(endpoint_make("us-west-2", elsewhere[i], ENDPOINT_ALLOW_HTTP, &endpoint, &error), 0);
    }
}

static void test_longest_url(void **state)
{
    (void)state;
    struct endpoint endpoint;
    struct error error = { 0 };
    char url[ENDPOINT_URL_SIZE + 64];
    memset(url, 'a', sizeof url);
    memcpy(url, "https://h/", 10);
    url[ENDPOINT_URL_SIZE - 1] = 0;
    assert_int_equal(endpoint_make("us-west-2", url, 0, &endpoint, &error), 0);
    assert_string_equal(endpoint.url, url);
    url[ENDPOINT_URL_SIZE - 1] = 'a';
    url[ENDPOINT_URL_SIZE] = 0;
    assert_int_equal(endpoint_make("us-west-2", url, 0, &endpoint, &error), -EINVAL);

    /* A host of 253 bytes is the longest there is. */
    char host[300] = "https://";
    for (size_t i = 0; i < 253; i++)
        host[8 + i] = i % 50 == 49 ? '.' : 'h';
    host[8 + 253] = 0;
    assert_int_equal(endpoint_make("us-west-2", host, 0, &endpoint, &error), 0);
    memcpy(host + 8 + 253, ":65535", 7);
    assert_int_equal(endpoint_make("us-west-2", host, 0, &endpoint, &error), 0);
    assert_string_equal(endpoint.host, host + 8);
    memcpy(host + 8 + 253, "h", 2);
    assert_int_equal(endpoint_make("us-west-2", host, 0, &endpoint, &error), -EINVAL);
}

static void test_accounts(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "12345678901", "1234567890123", "12345678901a", " 123456789012", "-12345678901"
    };
    assert_true(account_is_valid("123456789012"));
    assert_true(account_is_valid("000000000000"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(account_is_valid(bad[i]));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regions),
        cmocka_unit_test(test_hostile_regions),
        cmocka_unit_test(test_longest_region),
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_hostile_urls),
        cmocka_unit_test(test_http_is_for_loopback),
        cmocka_unit_test(test_longest_url),
        cmocka_unit_test(test_kinds_of_hosts),
        cmocka_unit_test(test_a_url_is_of_no_other_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
