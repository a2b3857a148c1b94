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

# bare_start: mounts as the configuration alone says.
bare_start() {
    "$PERSONALIZEFS" -f --log-level debug "$M" >"$LOG" 2>&1 3>&- &
    # shellcheck disable=SC2034 # lib.bash's
    daemon=$!
    wait_until mounted
}

# From here on: the settings of the shared files, and a variable of each.
ca=/etc/ssl/certs/ca-certificates.crt
in_files=(region use_fips_endpoint use_dualstack_endpoint ignore_configured_endpoint_urls ca_bundle max_attempts
    retry_mode sdk_ua_app_id)

# value SETTING: one that is good for it.
value() {
    case $1 in
        region) echo us-west-2 ;;
        ca_bundle) echo $ca ;;
        max_attempts) echo 4 ;;
        retry_mode) echo standard ;;
        sdk_ua_app_id) echo ops ;;
        *) echo false ;;
    esac
}

@test "each setting of the environment is said to be from its variable" {
    emulator_start --jobs 1
    printf '[profile ops]\n' >"$BATS_TEST_TMPDIR/config"
    export AWS_PROFILE=ops AWS_CONFIG_FILE=$BATS_TEST_TMPDIR/config AWS_SHARED_CREDENTIALS_FILE=/dev/null
    export AWS_ENDPOINT_URL_PERSONALIZE=$URL AWS_ENDPOINT_URL_STS=$URL AWS_ENDPOINT_URL_SSO=$URL
    export AWS_ENDPOINT_URL_SSO_OIDC=$URL no_proxy=.internal
    for name in "${in_files[@]}"; do
        export "AWS_${name^^}=$(value "$name")"
    done
    bare_start
    for name in "${in_files[@]}"; do
        said "$name is $(value "$name"), from AWS_${name^^}"
    done
    said 'profile is ops, from AWS_PROFILE'
    said "config_file is $AWS_CONFIG_FILE, from AWS_CONFIG_FILE"
    said 'credentials_file is /dev/null, from AWS_SHARED_CREDENTIALS_FILE'
    said "endpoint_url is $URL, from AWS_ENDPOINT_URL_PERSONALIZE"
    for name in sts sso sso_oidc; do
        said "endpoint_url_$name is $URL, from AWS_ENDPOINT_URL_${name^^}"
    done
    said 'no_proxy is .internal, from no_proxy'
    said 'credentials is environment, from environment'
}

@test "each setting of a profile is said to be from there, its services section too" {
    emulator_start --jobs 1
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE
    export HOME=$BATS_TEST_TMPDIR/home
    mkdir -p "$HOME/.aws"
    {
        printf '[default]\nservices = local\nendpoint_url = %s\n' "$URL"
        printf 'aws_access_key_id = AKIAEMULATOREXAMPLE\naws_secret_access_key = emulator/secret+key/EXAMPLE\n'
        for name in "${in_files[@]}"; do
            printf '%s = %s\n' "$name" "$(value "$name")"
        done
        printf '[services local]\npersonalize =\n  endpoint_url = %s\n' "$URL"
    } >"$HOME/.aws/config"
    bare_start
    for name in "${in_files[@]}"; do
        said "$name is $(value "$name"), from profile default"
    done
    said 'profile is default, from default'
    said "config_file is $HOME/.aws/config, from default"
    said "credentials_file is $HOME/.aws/credentials, from default"
    said "endpoint_url is $URL, from services local"
    said "endpoint_url_sts is $URL, from profile default"
    said 'credentials is keys, from profile default'
    said 'access_key is ****************MPLE, from profile default'
    said 'secret_key is ****************MPLE, from profile default'
}

@test "no setting and no option is left out of the log, and none is said twice" {
    emulator_start --jobs 1
    mount_start --log-level debug
    sed -En 's/^personalizefs: ([a-z_-]+) is (not set|.*, from .*)$/\1/p' "$LOG" | sort >"$BATS_TEST_TMPDIR/said"
    uniq -d "$BATS_TEST_TMPDIR/said" | diff - /dev/null
    {
        printf '%s\n' "${in_files[@]}" profile config_file credentials_file endpoint_url endpoint_url_sts \
            endpoint_url_sso endpoint_url_sso_oidc https_proxy http_proxy no_proxy credentials access_key secret_key
        # Options by another name, those that are no settings, and what mount(8) passes.
        "$PERSONALIZEFS" --help | sed -En 's/^  (-[a-zA-Z], )?([a-z_-]+)(=[A-Z]+)? .*/\2/p' |
            grep -vxE 'region|profile|endpoint-url|help|version|ro'
    } | sort -u | diff - "$BATS_TEST_TMPDIR/said"
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
