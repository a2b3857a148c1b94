#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The settings of AWS's own tools, as a mount takes them.
# shellcheck disable=SC2154,SC2030,SC2031 # lib.bash's variables, and those of bats' subshells
bats_require_minimum_version 1.5.0
load lib.bash

setup() {
    common_setup
    unset AWS_CA_BUNDLE HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy
}
teardown() { common_teardown; }

said() {
    grep -Fxq "personalizefs: $1" "$LOG" && return
    printf 'not said: %s\n' "$1"
    cat "$LOG"
    return 1
}

@test "the log says of each setting where it is from, and no secret" {
    emulator_start --jobs 1
    printf '[profile ops]\nmax_attempts = 2\nsdk_ua_app_id = ops\n' >"$BATS_TEST_TMPDIR/config"
    AWS_CONFIG_FILE=$BATS_TEST_TMPDIR/config AWS_PROFILE=ops AWS_RETRY_MODE=legacy NO_PROXY=.internal \
        HTTPS_PROXY=http://someone:hush-hush@proxy.invalid HTTP_PROXY=proxy.invalid mount_start --log-level debug --ttl 90
    said 'retry_mode, from AWS_RETRY_MODE, is legacy, and is taken as standard'
    said 'profile is ops, from AWS_PROFILE'
    said "config_file is $BATS_TEST_TMPDIR/config, from AWS_CONFIG_FILE"
    said 'region is us-west-2, from SOURCE'
    said "endpoint_url is $URL, from option"
    said 'use_fips_endpoint is false, from default'
    said 'https_proxy is http://****@proxy.invalid:80, from HTTPS_PROXY'
    said 'no_proxy is .internal, from NO_PROXY'
    said 'ca_bundle is not set'
    said 'max_attempts is 2, from profile ops'
    said 'sdk_ua_app_id is ops, from profile ops'
    said 'credentials is environment, from environment'
    said 'access_key is ****************MPLE, from AWS_ACCESS_KEY_ID'
    said 'secret_key is ****************MPLE, from AWS_SECRET_ACCESS_KEY'
    said 'ttl is 90, from option'
    said "account-id is $account, from option"
    [ -n "$(cat "$M"/*/status)" ]
    run ! grep -E 'hush|someone|secret.key/' "$LOG"
}

@test "max_attempts is how often a call is tried" {
    emulator_start --jobs 1
    AWS_MAX_ATTEMPTS=5 mount_start
    job=$(control jobs)
    control fault kind=status=500
    run -1 cat "$M/$job/numResults"
    [ "$(describes)" = 5 ]
}

@test "what is no setting, and what does not go together, is not mounted" {
    while IFS='|' read -r setting message; do
        run -1 env "$setting" "$PERSONALIZEFS" -f -o endpoint-url=https://127.0.0.1:9 us-west-2 "$M"
        [[ $output == "personalizefs: $message" ]] || { echo "$setting: $output" && return 1; }
    done <<'END'
AWS_USE_FIPS_ENDPOINT=yes|use_fips_endpoint, from AWS_USE_FIPS_ENDPOINT, is "yes"; it must be true or false
AWS_USE_FIPS_ENDPOINT=true|endpoint URL: it cannot be given together with use_fips_endpoint (from option)
AWS_USE_DUALSTACK_ENDPOINT=true|endpoint URL: it cannot be given together with use_dualstack_endpoint (from option)
AWS_MAX_ATTEMPTS=0|max_attempts, from AWS_MAX_ATTEMPTS, is "0"; it must be a number from 1 to 999999
AWS_RETRY_MODE=never|retry_mode, from AWS_RETRY_MODE, is "never"; it must be standard, legacy or adaptive
AWS_CA_BUNDLE=/nonexistent/ca.pem|the CA bundle /nonexistent/ca.pem: No such file or directory
HTTPS_PROXY=http://someone:hush@:1|HTTPS_PROXY: endpoint URL: there is no host
END
}
