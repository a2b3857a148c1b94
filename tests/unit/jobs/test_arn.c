/* SPDX-License-Identifier: MIT */
#include "jobs/arn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TAIL ":batch-inference-job"

static void arns_that_are(void **state)
{
    struct arn arn;
    (void)state;
    assert_true(arn_parse_prefix(&kind_batch_inference_job, "arn:aws:personalize:us-west-2:123456789012" TAIL, &arn));
    assert_string_equal(arn.partition, "aws");
    assert_string_equal(arn.region, "us-west-2");
    assert_string_equal(arn.account, "123456789012");
    assert_true(
        arn_parse_prefix(&kind_batch_inference_job, "arn:aws-cn:personalize:cn-north-1:000000000000" TAIL, &arn));
}

static void arns_that_are_not(void **state)
{
    static const char *const arns[] = {
        "",
        "arn",
        "arn:",
        "arn:aws:personalize:us-west-2:123456789012",
        "arn:aws:personalize:us-west-2:123456789012:",
        "arn:aws:personalize:us-west-2:123456789012:solution",
        "arn:aws:personalize:us-west-2:123456789012" TAIL "/a",
        "arn:aws:personalize:us-west-2:123456789012" TAIL ":",
        "arn:aws:personalize:x@evil.example#:123456789012" TAIL,
        "arn:aws:personalize:us-west-2.evil.example:123456789012" TAIL,
        "arn:aws:personalize:..:123456789012" TAIL,
        "arn:aws:personalize::123456789012" TAIL,
        "arn:aws:personalize:US-WEST-2:123456789012" TAIL,
        "arn:aws:personalize:us-west-2:12345678901" TAIL,
        "arn:aws:personalize:us-west-2:1234567890123" TAIL,
        "arn:aws:personalize:us-west-2:12345678901a" TAIL,
        "arn:aws:personalize:us-west-2:" TAIL,
        "arn:aws-cn:personalize:us-west-2:123456789012" TAIL,
        "arn:aws:personalize:cn-north-1:123456789012" TAIL,
        "arn::personalize:us-west-2:123456789012" TAIL,
        "arn:aws:s3:us-west-2:123456789012" TAIL,
        "ARN:aws:personalize:us-west-2:123456789012" TAIL,
        " arn:aws:personalize:us-west-2:123456789012" TAIL,
        "arn:aws:personalize:us-west-2\n:123456789012" TAIL,
        "arn:aws:personalize:us-west-2 :123456789012" TAIL,
        "arn:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:personalize:us-west-2:123456789012" TAIL,
        "arn:aws:personalize:us-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-2:123456789012" TAIL,
    };
    struct arn arn;
    (void)state;
    for (size_t i = 0; i < sizeof arns / sizeof *arns; i++)
        assert_false(arn_parse_prefix(&kind_batch_inference_job, arns[i], &arn));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(arns_that_are), cmocka_unit_test(arns_that_are_not) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
