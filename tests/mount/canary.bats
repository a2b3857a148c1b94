#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Secrets stay where they belong. All of the emulator's, those that it issues too, begin with "emulator/secret": that is
# looked for in the log at its most talkative, the command line, every file of the mount, and the memory that a core dump
# would hold, after calls that were signed with them.
# shellcheck disable=SC2154,SC2030,SC2031 # lib.bash's variables, and those of bats' subshells
bats_require_minimum_version 1.5.0
load lib.bash

setup() {
    common_setup
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY # what is in the environment is for whoever may read that
    unset AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE
    export HOME=$BATS_TEST_TMPDIR/home
    mkdir -p "$HOME/.aws/sso/cache"
}
teardown() { common_teardown; }

# As it is, in a URL or a form, in JSON.
secrets=(emulator/secret 'emulator%2Fsecret' 'emulator\/secret')

key=AKIACANARY0000000000 secret=emulator/secret+canary+key token=emulator/secret+canary+token

# key_known: the emulator takes the key.
key_known() { control key $'access_key='"$key"$'\nsecret_key='"$secret"$'\nsession_token='"$token"; }

# role_known NAME [LINE]
role_known() { control role "arn:aws:iam::$account:role/$1"$'\n'"${2:-}"; }

# keys_in FILE PROFILE
keys_in() {
    printf '[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\naws_session_token = %s\n' \
        "$2" "$key" "$secret" "$token" >"$HOME/.aws/$1"
}

started() {
    emulator_start --jobs 3 --running 0 "$@"
    job=$(control jobs | head -n 1)
}

# signed BY: mounts, logging all, and makes calls whose keys are from BY, as the log says it.
signed() {
    mount_start --log-level debug -d -o ttl=1ms,terminal-ttl=1ms,list-ttl=1ms
    for _ in 1 2 3; do
        [ -n "$(cat "$M/$job/numResults" "$M"/*/status)" ]
    done
    grep -q "credentials is $1, from " "$LOG" || { grep 'credentials is' "$LOG" && return 1; }
    [ "$(describes)" -ge 2 ]
}

# quiet: none is where it does not belong.
quiet() {
    local secret said=0 places=("$M")
    [[ ! -d $M/.personalizefs ]] || places+=("$M/.personalizefs")
    settle
    for secret in "${secrets[@]}"; do
        grep -aF -- "$secret" "$LOG" && said=1
        tr '\0' ' ' <"/proc/$daemon/cmdline" | grep -aF -- "$secret" && said=1
        grep -raF -- "$secret" "${places[@]}" 2>/dev/null && said=1
    done
    dumpable_is_quiet || said=1
    [ $said = 0 ]
}

# What is left to the libraries: over TLS, OpenSSL keeps the last record that it decrypted as long as its connection.
# Sanitizers keep copies of their own, and lock nothing.
dumpable_is_quiet() {
    [[ $(nm -D "$PERSONALIZEFS" 2>/dev/null) != *__asan_* && $(id -u) = 0 ]] || return 0
    python3 "$BATS_TEST_DIRNAME/dumpable.py" "$daemon" "$M" "${secrets[@]}" >"$BATS_TEST_TMPDIR/dumpable"
    grep -qF "$M" "$BATS_TEST_TMPDIR/dumpable" || return 1 # it does look: what is no secret is found
    ! grep -iF -e emulator/secret -e emulator%2Fsecret -e 'emulator\\/secret' "$BATS_TEST_TMPDIR/dumpable"
}

@test "keys of the credentials file, with a session token; others that are refused" {
    started
    key_known
    keys_in credentials default
    signed keys
    grep -rqF "$job" "$M" # the files have been looked at
    quiet
    sed -i "s,$secret,emulator/secret+another," "$HOME/.aws/credentials"
    run ! cat "$M/$job/numResults"
    quiet
}

@test "what credential_process prints, and its arguments" {
    started
    key_known
    printf '{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "%s", "SessionToken": "%s"}\n' \
        "$key" "$secret" "$token" >"$HOME/keys"
    printf '#!/bin/sh\nexec cat "%s/keys"\n' "$HOME" >"$HOME/program"
    chmod +x "$HOME/program"
    printf '[default]\ncredential_process = %s emulator/secret+argument\n' "$HOME/program" >"$HOME/.aws/config"
    signed credential_process
    quiet
}

@test "a credential_process that prints rubbish" {
    started
    printf '#!/bin/sh\necho emulator/secret+rubbish\n' >"$HOME/program"
    chmod +x "$HOME/program"
    printf '[default]\ncredential_process = %s\n' "$HOME/program" >"$HOME/.aws/config"
    mount_start --log-level debug -d
    run ! cat "$M/$job/numResults"
    grep -q 'credential_process: the answer is not JSON' "$LOG"
    quiet
}

@test "a container's authorization token, and the keys that it is for" {
    started --container-token emulator/secret+container
    printf 'emulator/secret+container' >"$HOME/token"
    AWS_CONTAINER_CREDENTIALS_FULL_URI=$URL/v1/credentials AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=$HOME/token \
        signed container
    quiet
}

@test "instance metadata's token and keys" {
    started
    AWS_EC2_METADATA_DISABLED=false AWS_EC2_METADATA_SERVICE_ENDPOINT=$URL signed 'instance metadata'
    quiet
}

@test "a web identity, and the role's keys" {
    started
    role_known web web_identity_token=emulator/secret+web.identity
    printf 'emulator/secret+web.identity' >"$HOME/token"
    AWS_ENDPOINT_URL_STS=$URL AWS_WEB_IDENTITY_TOKEN_FILE=$HOME/token AWS_ROLE_ARN=arn:aws:iam::$account:role/web \
        signed 'web identity'
    quiet
}

@test "a role's keys, and those that it is assumed with" {
    started
    key_known
    role_known one
    keys_in credentials base
    printf '[default]\nrole_arn = arn:aws:iam::%s:role/one\nsource_profile = base\n' "$account" >"$HOME/.aws/config"
    AWS_ENDPOINT_URL_STS=$URL signed keys
    [ "$(calls AssumeRole)" = 1 ]
    quiet
}

@test "SSO's tokens, renewed, and the role's keys" {
    started --sso-token emulator/secret+access --sso-refresh-token emulator/secret+refresh --sso-client-id client \
        --sso-client-secret emulator/secret+client
    role_known person
    printf '[default]\nsso_session = corp\nsso_account_id = %s\nsso_role_name = person
[sso-session corp]\nsso_region = us-west-2\nsso_start_url = https://corp.example/start\n' "$account" >"$HOME/.aws/config"
    file=$HOME/.aws/sso/cache/$(printf corp | sha1sum | cut -d ' ' -f 1).json
    printf '{"accessToken": "emulator/secret+access", "expiresAt": "2001-01-01T00:00:00Z", "clientId": "client",
"clientSecret": "emulator/secret+client", "refreshToken": "emulator/secret+refresh"}' >"$file"
    AWS_ENDPOINT_URL_SSO=$URL AWS_ENDPOINT_URL_SSO_OIDC=$URL signed SSO
    [ "$(calls CreateToken)" = 1 ]
    run ! grep -q 2001 "$file" # it has been renewed
    quiet
}

# died TEXT COMMAND...: kills it once it has said that; whether it left a core.
died() {
    python3 - "$@" <<'END'
import os, signal, subprocess, sys
child = subprocess.Popen(sys.argv[2:], stderr=subprocess.PIPE, text=True)
for line in child.stderr:
    if sys.argv[1] in line:
        break
os.kill(child.pid, signal.SIGABRT)
print(os.WCOREDUMP(os.waitpid(child.pid, 0)[1]))
END
}

@test "a daemon that dies leaves no core" {
    started
    key_known
    keys_in credentials default
    cd "$BATS_TEST_TMPDIR"
    ulimit -c unlimited || skip "no core dumps here"
    [ "$(died begun sh -c 'echo begun >&2; exec sleep 60')" = True ] || skip "no core dumps here"
    [ "$(died ' is mounted on ' "$PERSONALIZEFS" -f -o "endpoint-url=$URL" us-west-2 "$M")" = False ]
    fusermount3 -uz "$M"
}
