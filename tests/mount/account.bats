#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Whose jobs: where the account id comes from, and an account that is another.
load lib.bash
# shellcheck disable=SC2153 # set by emulator_start

setup() { common_setup; }
teardown() { common_teardown; }

identities() { calls GetCallerIdentity; }

# For all services, as the SDKs have it: STS's endpoint too.
mount_without_account() {
    export AWS_ENDPOINT_URL=$URL
    mount_start no-account
}

@test "no account given, no job listed: STS says whose keys they are" {
    emulator_start --jobs 0
    mount_without_account
    run cat "$M/nobody/status"
    [[ $output == *'No such file or directory'* ]]
    [ "$(lists) $(identities) $(describes)" = '1 1 1' ]
    control job $'later\nstatus="PENDING"'
    [ "$(cat "$M/later/status")" = PENDING ]
    [ "$(lists) $(identities) $(describes)" = '1 1 2' ] # asked once a mount
}

@test "no account given, listing denied: STS says whose keys they are" {
    emulator_start --jobs 1 --running 0
    job=$(control jobs)
    control fault $'operation=ListBatchInferenceJobs\nkind=code=AccessDeniedException'
    mount_without_account
    [ "$(cat "$M/$job/jobName")" = "$job" ]
    [ "$(identities)" = 1 ]
    run ls "$M"
    [[ $output == *'Permission denied'* ]]
}

@test "no account given, a listing tells: STS is not asked" {
    emulator_start --jobs 3 --running 0
    job=$(control jobs | head -n 1)
    mount_without_account
    [ "$(cat "$M/$job/jobName")" = "$job" ]
    [ "$(lists) $(identities) $(describes)" = '1 0 1' ]
}

@test "a listing of another account's jobs than the one given is an error that says so" {
    emulator_start --jobs 3 --running 0
    mount_start -o account-id=210987654321
    run ls "$M"
    [ "$status" -ne 0 ]
    grep -F 'wrong-account' "$LOG" | grep -F 123456789012 | grep -qF 210987654321
}
