#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Each way in which there are no credentials, or none that are taken: its errno, within the deadline, and its line in the
# log, which names the cause, says what to do next and has no secret in it. Every secret here begins with
# emulator/secret, which the teardown looks for in the log.
# shellcheck disable=SC2154,SC2030,SC2031 # lib.bash's variables, and those of bats' subshells
# shellcheck disable=SC2153,SC2016 # URL is emulator_start's; the backquotes are the messages'
bats_require_minimum_version 1.5.0
load lib.bash

role=arn:aws:iam::$account:role/reader
session='[profile p]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = reader\n[sso-session s]\n'
session+='sso_region = us-west-2\nsso_start_url = https://example.awsapps.com/start\n'

setup() {
    common_setup
    key_id=$AWS_ACCESS_KEY_ID secret_key=$AWS_SECRET_ACCESS_KEY
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_CONTAINER_CREDENTIALS_FULL_URI
    unset AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_ARN
    export HOME=$BATS_TEST_TMPDIR/home
    mkdir "$HOME"
    emulator_start --jobs 1 --running 0
    job=$(control jobs)
}
teardown() { common_teardown; }

# config TEXT: the shared config file (printf's format).
config() {
    # shellcheck disable=SC2059
    printf "$1" >"$BATS_TEST_TMPDIR/config"
    export AWS_CONFIG_FILE=$BATS_TEST_TMPDIR/config
}

keys_of() { printf 'aws_access_key_id = %s\\naws_secret_access_key = %s\\n' "$1" "$2"; }

# sso_cache EXPIRES [MEMBERS]: the token of session s, as `aws sso login` leaves it.
sso_cache() {
    mkdir -p "$HOME/.aws/sso/cache"
    printf '{"accessToken": "emulator/secret+sso", "expiresAt": "%s"%s}' "$1" "${2:-}" \
        >"$HOME/.aws/sso/cache/$(printf s | sha1sum | cut -d ' ' -f 1).json"
}

# fails ERRNO CODE MESSAGE ADVICE CALLS [VARIABLE=VALUE...] [-- OPTION...]: a mount with that environment, where reading
# says ERRNO's message, one line of the log has CODE, MESSAGE (a regular expression) and what ADVICE begins with, and
# Personalize was asked CALLS times. Nothing is said of how long it took: what hangs would hang for ever.
fails() {
    local text=$1 code=$2 message=$3 advice=$4 n=$5 line
    shift 5
    control_post reset-counts
    while (($#)) && [[ $1 != -- ]]; do
        local -x "${1?}"
        shift
    done
    shift || true
    mount_start --log-level debug "$@"
    run timeout 60 cat "$M/$job/numResults"
    [[ $status == 1 && $output == *": $text" ]] || { echo "not '$text': $status $output" && cat "$LOG" && return 1; }
    line="^personalizefs: describe $job: $text \($code(, request [-0-9a-f]+)?\): $message.*\.? $advice"
    [[ $(grep -Ec "$line" "$LOG") == 1 ]] || { echo "not once: $line" && cat "$LOG" && return 1; }
    [[ $(describes) == "$n" ]] || { echo "called $(describes) times" && return 1; }
    mount_stop
    ! grep -F -e emulator/secret "$LOG"
}

NO_KEY='Required key not available'

@test "no keys, half a pair, and keys that nobody knows" {
    fails "$NO_KEY" no-credentials '.*' 'Put keys into AWS_ACCESS_KEY_ID' 0
    fails "$NO_KEY" no-credentials 'AWS_ACCESS_KEY_ID is in the environment, AWS_SECRET_ACCESS_KEY is not' \
        'Put keys into AWS_ACCESS_KEY_ID' 0 AWS_ACCESS_KEY_ID="$key_id"
    fails 'Key was rejected by service' UnrecognizedClientException 'The security token included in the request is inv' \
        'The service does not know the access key id' 1 AWS_ACCESS_KEY_ID=AKIANOBODY \
        AWS_SECRET_ACCESS_KEY="$secret_key"
}

@test "a secret that is wrong: the request that the service repeats does not reach the log" {
    control set session_token=emulator/secret+token
    fails 'Key was rejected by service' InvalidSignatureException \
        'The request signature we calculated does not match .* Consult the service documentation for details' \
        'The secret key does not belong to the access key id' 1 AWS_ACCESS_KEY_ID="$key_id" \
        AWS_SECRET_ACCESS_KEY=emulator/secret+wrong AWS_SESSION_TOKEN=emulator/secret+token
    run ! grep -i -e security-token -e 'Canonical String' "$LOG"
}

@test "a session token that has ended" {
    control set session_token=emulator/secret+old
    control set session_token=emulator/secret+new
    fails 'Key has expired' ExpiredTokenException 'The security token included in the request is expired' \
        'Renew the temporary credentials' 1 AWS_ACCESS_KEY_ID="$key_id" AWS_SECRET_ACCESS_KEY="$secret_key" \
        AWS_SESSION_TOKEN=emulator/secret+old
}

@test "a region that is not the endpoint's" {
    kill -TERM "$emulator"
    wait_gone "$emulator"
    emulator_start --region eu-west-1
    fails 'Key was rejected by service' InvalidSignatureException \
        "Credential should be scoped to a valid region, not 'us-west-2'" ".*the region is not the endpoint's" 1 \
        AWS_ACCESS_KEY_ID="$key_id" AWS_SECRET_ACCESS_KEY="$secret_key"
}

@test "SSO: nobody has signed in, the sign-in has ended, is not renewed, is not taken; no such role; no answer" {
    local renewable=', "refreshToken": "emulator/secret+gone", "clientId": "emulator-client", '
    renewable+='"clientSecret": "emulator/secret+client", "registrationExpiresAt": "2099-01-01T00:00:00Z"'
    config "$session"
    export AWS_PROFILE=p AWS_ENDPOINT_URL_SSO=$URL AWS_ENDPOINT_URL_SSO_OIDC=$URL
    fails 'Key has expired' sso-session-expired 'nobody has signed in: there is no /.*\.json' 'Run `aws sso login`' 0
    sso_cache 2020-01-01T00:00:00Z
    fails 'Key has expired' sso-session-expired 'the sign-in of profile "p" has ended' 'Run `aws sso login`' 0
    sso_cache 2020-01-01T00:00:00Z "$renewable"
    fails 'Key has expired' sso-session-expired 'SSO does not renew .* "p": .*Invalid refresh token provided' \
        'Run `aws sso login`' 0
    [ "$(calls CreateToken)" = 1 ]
    sso_cache 2099-01-01T00:00:00Z
    fails 'Permission denied' sso-role-refused "the role reader in the account $account: No access" \
        'The signed-in person has no such role' 0
    control set sso_token=another
    fails 'Key has expired' sso-session-expired 'SSO does not take the token of profile "p": Session token not found' \
        'Run `aws sso login`' 0
    control fault $'operation=GetRoleCredentials\nkind=hang'
    fails 'Connection timed out' credentials-timeout 'nothing came from SSO of profile "p" within' \
        'The source of the credentials that the message names' 0 -- -o timeout=2
    echo 'emulator/secret+rubbish' >"$(echo "$HOME"/.aws/sso/cache/*.json)"
    fails 'Bad message' credentials-not-understood '/.*\.json: ' 'What the source of the credentials answers' 0
}

@test "a role: there is none, its external id is another, its source's keys are not known, STS says rubbish or nothing" {
    config "[profile p]\nrole_arn = $role\nsource_profile = k\n[profile k]\n$(keys_of "$key_id" "$secret_key")"
    export AWS_PROFILE=p AWS_ENDPOINT_URL_STS=$URL
    fails 'Permission denied' role-refused "STS for the role $role: AccessDenied: User: arn:.* is not authorized" \
        'Allow sts:AssumeRole on the role' 0
    control role "$role"$'\nexternal_id=x'
    fails 'Permission denied' role-refused "STS for the role $role: AccessDenied: " 'Allow sts:AssumeRole on the role' 0
    control fault $'operation=AssumeRole\nkind=html'
    fails 'Bad message' credentials-not-understood 'STS: ' 'What the source of the credentials answers' 0
    control clear-faults ''
    control fault $'operation=AssumeRole\nkind=hang'
    fails 'Connection timed out' credentials-timeout "nothing came from the role $role within" \
        'The source of the credentials that the message names' 0 -- -o timeout=2
    control clear-faults ''
    config "[profile p]\nrole_arn = $role\nsource_profile = k\n[profile k]\n$(keys_of AKIANOBODY "$secret_key")"
    fails 'Key was rejected by service' InvalidClientTokenId 'The security token included in the request is invalid' \
        'The service does not know the access key id' 0
}

@test "what nobody can be asked for, and what another program owns: a code, a login session" {
    config "[profile p]\nrole_arn = $role\nsource_profile = k\nmfa_serial = arn:aws:iam::$account:mfa/me\n[profile k]\n\
$(keys_of "$key_id" "$secret_key")"
    fails "$NO_KEY" mfa-needed 'the role of profile "p" needs a code' 'A mount cannot ask for a code' 0 AWS_PROFILE=p
    config "[profile p]\nlogin_session = arn:aws:sts::$account:assumed-role/a/b\n"
    fails "$NO_KEY" login-session 'profile "p" is one of `aws login`' 'A mount that renewed it would take it away' 0 \
        AWS_PROFILE=p
}

@test "web identity: refused, no token's file, an empty one, no role" {
    export AWS_ENDPOINT_URL_STS=$URL AWS_ROLE_ARN=$role AWS_WEB_IDENTITY_TOKEN_FILE=$BATS_TEST_TMPDIR/token
    fails "$NO_KEY" token-file-unreadable "the web identity token file .*/token: No such file or directory" \
        "The token's file cannot be read" 0
    : >"$BATS_TEST_TMPDIR/token"
    fails "$NO_KEY" token-file-unreadable 'the web identity token file .*/token holds no token' \
        "The token's file cannot be read" 0
    echo emulator/secret+web >"$BATS_TEST_TMPDIR/token"
    fails 'Permission denied' web-identity-refused "STS for the role $role: AccessDenied: " \
        'STS did not take the token' 0
    control role "$role"$'\nweb_identity_token=another'
    fails 'Permission denied' web-identity-refused "STS for the role $role: InvalidIdentityToken: " \
        'STS did not take the token' 0
    [ "$(calls AssumeRoleWithWebIdentity)" = 1 ]
    unset AWS_ROLE_ARN
    fails "$NO_KEY" credentials-misconfigured 'there is a web identity token file .*AWS_ROLE_ARN' \
        'The message says what is missing' 0
}

# process SCRIPT: a credential_process that is this shell script.
process() {
    printf '#!/bin/sh\n%s\n' "$1" >"$BATS_TEST_TMPDIR/process"
    chmod 755 "$BATS_TEST_TMPDIR/process"
    config "[profile p]\ncredential_process = $BATS_TEST_TMPDIR/process emulator/secret+argument\n"
}

@test "credential_process: fails, is killed, cannot be run, hangs, prints rubbish or another version" {
    export AWS_PROFILE=p
    local hush='{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "emulator/secret+process"}'
    local try='Run the profile.s credential_process by hand'
    process "echo '$hush'; echo 'emulator/secret+error' >&2; exit 3"
    fails "$NO_KEY" credential-process-failed 'credential_process of profile "p" ended with status 3' "$try" 0
    process "echo '$hush'; kill -KILL \$\$"
    fails "$NO_KEY" credential-process-failed 'credential_process of profile "p" was ended by SIGKILL' "$try" 0
    chmod 644 "$BATS_TEST_TMPDIR/process"
    fails "$NO_KEY" credential-process-failed '.*cannot be run \(.*/process\): Permission denied' "$try" 0
    process "echo emulator/secret+rubbish"
    fails 'Bad message' credentials-not-understood 'credential_process: the answer is not JSON' \
        'What the source of the credentials answers' 0
    process 'echo '\''{"Version": 2, "AccessKeyId": "A", "SecretAccessKey": "emulator/secret+process"}'\'
    fails 'Bad message' credentials-not-understood 'credential_process: Version is not 1' \
        'What the source of the credentials answers' 0
    process "echo \$\$ >$BATS_TEST_TMPDIR/hanging; exec sleep 600"
    fails 'Connection timed out' credentials-timeout 'nothing came from credential_process of profile "p" within' \
        'The source of the credentials that the message names' 0 -- -o timeout=4
    wait_gone "$(cat "$BATS_TEST_TMPDIR/hanging")" # it was ended
}

@test "containers: refused, no answer, rubbish, nobody there, a host that is no agent's, no token's file" {
    local look='The container.s credential endpoint gave none'
    export AWS_CONTAINER_CREDENTIALS_FULL_URI=$URL/v1/credentials
    control set container_token=emulator/secret+container
    fails "$NO_KEY" container-credentials-failed "$URL/v1/credentials: HTTP 401: the authorization token is not valid" \
        "$look" 0 AWS_CONTAINER_AUTHORIZATION_TOKEN=emulator/secret+other
    [ "$(calls ContainerCredentials)" = 1 ]
    fails "$NO_KEY" token-file-unreadable 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: /nonexistent: No such file' \
        "The token's file cannot be read" 0 AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/nonexistent
    control fault $'operation=ContainerCredentials\nkind=body={"AccessKeyId": "emulator/secret"'
    fails 'Bad message' credentials-not-understood 'container: the answer is not JSON' \
        'What the source of the credentials answers' 0
    control clear-faults ''
    control fault $'operation=ContainerCredentials\nkind=hang'
    fails 'Connection timed out' credentials-timeout "nothing came from the container's endpoint within" \
        'The source of the credentials that the message names' 0 -- -o timeout=2
    fails "$NO_KEY" container-credentials-failed 'http://127.0.0.1:1/: connection-refused' "$look" 0 \
        AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/
    fails "$NO_KEY" credentials-misconfigured 'AWS_CONTAINER_CREDENTIALS_FULL_URI: plain http is only for' \
        'The message says what is missing' 0 AWS_CONTAINER_CREDENTIALS_FULL_URI=http://192.0.2.1/
}

@test "instance metadata: not there, no token in time, switched off, no role, rubbish, refused" {
    export AWS_EC2_METADATA_DISABLED=false AWS_EC2_METADATA_SERVICE_ENDPOINT=$URL
    export AWS_METADATA_SERVICE_TIMEOUT=5 # on a loaded machine a second is short
    fails "$NO_KEY" instance-metadata-unreachable 'http://127.0.0.1:1/latest/api/token: connection-refused' \
        'There are no keys in the environment and the profile' 0 AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1
    control fault $'operation=MetadataToken\nkind=hang'
    fails "$NO_KEY" instance-metadata-token-timeout "$URL/latest/api/token: attempt-timeout" \
        'Instance metadata gives no token; in a container, that is its hop limit' 0 AWS_METADATA_SERVICE_TIMEOUT=1
    control clear-faults ''
    control fault $'operation=MetadataToken\nkind=status=403'
    fails "$NO_KEY" instance-metadata-refused "$URL/latest/api/token: HTTP 403" \
        "The instance's metadata service is switched off" 0
    control clear-faults ''
    control fault $'operation=MetadataCredentials\nkind=body={"Code": "AssumeRoleUnauthorizedAccess"}'
    fails "$NO_KEY" credentials-refused 'instance metadata says AssumeRoleUnauthorizedAccess for the role instance' \
        'The source of the credentials refused or failed' 0
    control clear-faults ''
    control fault $'operation=MetadataCredentials\nkind=html'
    fails 'Bad message' credentials-not-understood 'instance metadata: the answer is not JSON' \
        'What the source of the credentials answers' 0
    control set instance_role=
    fails "$NO_KEY" instance-without-role "$URL/latest/meta-data/iam/security-credentials/: HTTP 404" \
        'The instance has no IAM role' 0
}
