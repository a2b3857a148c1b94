#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Credentials that end, are replaced, or are good on a clock that is another than this host's.
#   CREDENTIALS_SECONDS   how long the readers of the first test read (60; 600 for the long run)
# shellcheck disable=SC2154,SC2030,SC2031 # lib.bash's variables, and those of bats' subshells
bats_require_minimum_version 1.5.0
load lib.bash

setup() {
    common_setup
    mounts=()
    key_id=$AWS_ACCESS_KEY_ID secret_key=$AWS_SECRET_ACCESS_KEY
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    unset AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_ROLE_ARN
    export AWS_METADATA_SERVICE_TIMEOUT=5 # on a loaded machine a second is short
}

teardown() {
    local pid
    for pid in "${mounts[@]}"; do
        ! still "$pid" || kill -TERM "$pid"
        wait_gone "$pid"
    done
    common_teardown
}

role=arn:aws:iam::$account:role/reader

# The sources that are asked, each in the environment of one mount.
with_container() { AWS_CONTAINER_CREDENTIALS_FULL_URI=$URL/v1/credentials "$@"; }
with_instance() { AWS_EC2_METADATA_DISABLED=false AWS_EC2_METADATA_SERVICE_ENDPOINT=$URL "$@"; }
with_role() {
    printf '[profile reader]\nrole_arn = %s\nsource_profile = keys\n' "$role" >"$BATS_TEST_TMPDIR/config"
    printf '[profile keys]\naws_access_key_id = %s\naws_secret_access_key = %s\n' \
        "$key_id" "$secret_key" >>"$BATS_TEST_TMPDIR/config"
    AWS_CONFIG_FILE=$BATS_TEST_TMPDIR/config AWS_ENDPOINT_URL_STS=$URL "$@" --profile reader
}

# signed_with: the keys of the last call of Personalize.
signed_with() { control signers | awk '$1 ~ /BatchInferenceJob/ { key = $2 } END { print key }'; }
# describe_next: reads what only a describe tells, of a job that was not read before: exactly one call.
describe_next() {
    cat "$M/${jobs[0]}/numResults" && jobs=("${jobs[@]:1}")
}

# mount_beside NAME WITH [OPTION...]: a mount of its own, with credentials from a source of its own.
mount_beside() {
    local name=$1 with=$2
    shift 2
    mkdir "$BATS_TEST_TMPDIR/$name"
    (
        M=$BATS_TEST_TMPDIR/$name LOG=$BATS_TEST_TMPDIR/$name.log
        "$with" mount_start -o ttl=1ms,terminal-ttl=1ms "$@"
        echo "$daemon" >"$BATS_TEST_TMPDIR/$name.pid"
    )
    mounts+=("$(cat "$BATS_TEST_TMPDIR/$name.pid")")
}

# Reads for so many seconds, once in each, and says each failure.
reader() {
    local end=$((SECONDS + $2)) n=0
    while ((SECONDS < end)); do
        cat "$BATS_TEST_TMPDIR/$1/${jobs[0]}/numResults" >/dev/null || echo "$1: reading $n failed"
        n=$((n + 1))
        sleep 1
    done
    echo "$1 read $n"
}

@test "credentials that live a minute: a reader each second never fails, and they are renewed in time, no sooner" {
    local seconds=${CREDENTIALS_SECONDS:-60} life=60 name renewals pids=()
    emulator_start --jobs 1 --running 0 --credentials-life-s "$life"
    mapfile -t jobs < <(control jobs)
    control role "$role"
    mount_beside container with_container
    mount_beside instance with_instance
    mount_beside role with_role
    began=$SECONDS
    for name in container instance role; do
        reader "$name" "$seconds" >"$BATS_TEST_TMPDIR/$name.out" 2>&1 3>&- &
        pids+=($!)
    done
    wait "${pids[@]}"
    took=$((SECONDS - began))
    cat "$BATS_TEST_TMPDIR"/*.out
    run ! grep -h -e failed -e 'cat:' "$BATS_TEST_TMPDIR"/{container,instance,role}.out
    run ! grep -h -e 'could not be renewed' -e emulator/secret "$BATS_TEST_TMPDIR"/{container,instance,role}.log
    control counts
    [ "$(calls rejected)" = 0 ] # none was used beyond its end
    for name in ContainerCredentials MetadataCredentials AssumeRole; do
        renewals=$(($(calls "$name") - 1))
        [ "$renewals" -ge $((seconds / life)) ]
        [ $((renewals * 30)) -lt "$took" ]
    done
    [ "$(calls MetadataToken)" = 1 ]
}

@test "with nobody reading nothing is renewed, whatever has ended; a crowd that comes then waits for one renewal" {
    local job pids=()
    emulator_start --jobs 20 --running 0 --credentials-life-s 6
    mapfile -t jobs < <(control jobs)
    with_instance mount_start
    describe_next
    [ "$(calls requests)" = 4 ]
    sleep 6.5
    [ "$(calls requests)" = 4 ]
    control set credentials_life_s=3600
    control fault $'operation=MetadataCredentials\nkind=latency=500'
    for job in "${jobs[@]}"; do
        cat "$M/$job/numResults" >/dev/null 3>&- &
        pids+=($!)
    done
    wait "${pids[@]}"
    [ "$(calls MetadataCredentials)" = 2 ]
    [ "$(calls rejected) $(describes)" = '0 20' ]
}

@test "credentials that the service takes for expired are asked for once more, at once" {
    emulator_start --jobs 20 --running 0
    mapfile -t jobs < <(control jobs)
    with_container mount_start
    describe_next
    sleep 1.2 # younger ones are not asked for again: others were rejected
    control expire-credentials ''
    describe_next
    [ "$(calls ContainerCredentials) $(calls rejected) $(describes)" = '2 1 3' ]
}

@test "keys on disk that are replaced: the next call uses the new ones" {
    emulator_start --jobs 20 --running 0
    mapfile -t jobs < <(control jobs)
    control key $'access_key=AKIASECOND\nsecret_key=emulator/secret+second\nsession_token=emulator/secret+token'
    keys=$BATS_TEST_TMPDIR/credentials
    printf '[default]\naws_access_key_id=%s\naws_secret_access_key=%s\n' "$key_id" "$secret_key" >"$keys"
    AWS_SHARED_CREDENTIALS_FILE=$keys mount_start
    describe_next
    [ "$(signed_with)" = "$key_id" ]
    printf '[default]\naws_access_key_id=AKIASECOND\naws_secret_access_key=emulator/secret+second\n' >"$keys.new"
    printf 'aws_session_token=emulator/secret+token\n' >>"$keys.new"
    mv "$keys.new" "$keys"
    describe_next
    [ "$(signed_with)" = AKIASECOND ]
    [ "$(calls rejected) $(describes)" = '0 2' ]
}

@test "SIGHUP, and a shared file that changes and wants the same: what there is serves until others have come" {
    emulator_start --jobs 20 --running 0
    mapfile -t jobs < <(control jobs)
    control role "$role"
    with_role mount_start
    describe_next
    first=$(signed_with)
    control fault $'operation=AssumeRole\nkind=hang'
    kill -HUP "$daemon"
    wait_until grep -q 'reloading: SIGHUP' "$LOG"
    describe_next
    [ "$(signed_with)" = "$first" ]
    wait_until test "$(calls AssumeRole)" = 2 # in the background
    control clear-faults ''
    printf '# a comment\n' >>"$BATS_TEST_TMPDIR/config"
    renewed() { describe_next && [ "$(signed_with)" != "$first" ]; }
    wait_until renewed
    [ "$(calls rejected)" = 0 ]
}

@test "instance metadata in trouble: what it gave serves a while beyond its end" {
    emulator_start --jobs 20 --running 0 --credentials-life-s 2 --credentials-grace-s 3600
    mapfile -t jobs < <(control jobs)
    with_instance mount_start
    describe_next
    first=$(signed_with)
    control fault $'operation=MetadataCredentials\nkind=status=503'
    sleep 2.5
    describe_next
    [ "$(signed_with)" = "$first" ]
    grep -q 'instance metadata gives no new credentials, the last ones are used a while longer' "$LOG"
    control set credentials_grace_s=0
    run cat "$M/${jobs[0]}/numResults" # now the service takes them no more, and there are no others
    [ "$status" -ne 0 ]
    control clear-faults ''
    works() { describe_next && [ "$(signed_with)" != "$first" ]; }
    wait_until works
}

# The service's clock is that far from this host's.
for_clocks() {
    local offset
    for offset in 3600 -3600; do
        emulator_start --jobs 20 --running 0 --clock-offset-s "$offset" --credentials-life-s 900
        mapfile -t jobs < <(control jobs)
        control role "$role"
        "$1" mount_start
        describe_next
        describe_next
        echo "$offset: $(control signers)"
        "$2"
        mount_stop
        kill -TERM "$emulator"
        wait_gone "$emulator"
    done
}

@test "a clock an hour off, with keys that stand: the first reading works, after one that is refused" {
    with_keys() { AWS_ACCESS_KEY_ID=$key_id AWS_SECRET_ACCESS_KEY=$secret_key "$@"; }
    once() { [ "$(calls rejected) $(describes)" = '1 3' ]; }
    for_clocks with_keys once
}

@test "a clock an hour off, with credentials that look expired or good for longer: the first reading works" {
    one_issue() { [ "$(calls ContainerCredentials) $(calls MetadataCredentials) $(calls rejected) $(describes)" = "$1" ]; }
    of_container() { one_issue '1 0 1 3'; }
    for_clocks with_container of_container
    of_instance() { one_issue '0 1 1 3'; }
    for_clocks with_instance of_instance
    one_role() { [ "$(calls rejected) $(describes)" = '1 2' ]; } # STS is the one that is asked twice
    for_clocks with_role one_role
}
