#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What is fresh is read by the kernel alone; what has expired is asked for, once, and only if it is read.
# shellcheck disable=SC2154 # lib.bash's variables
load lib.bash

setup() {
    common_setup
    follower=
}
teardown() {
    [[ -z $follower ]] || kill "$follower" 2>/dev/null || true
    common_teardown
}

# set_job JOB MEMBER=JSON...: sets members of a job in the service.
set_job() { control job "$(printf '%s\n' "$@")"; }
reads() { [[ $(cat "$1") == "$2" ]]; }

# all_requests: every request but FORGET, which the kernel sends on its own account.
all_requests() { grep -c 'opcode: [^F]' "$LOG" || true; }

@test "a fresh value is read 1,000 times without the daemon" {
    emulator_start --jobs 3 --running 0 --stuck 1
    mapfile -t jobs < <(control jobs)
    for job in "${jobs[@]}"; do
        set_job "$job" 'failureReason="Because."'
    done
    mount_start
    files=("$M/${jobs[0]}/failureReason" "$M/${jobs[1]}/failureReason" "$M/${jobs[2]}/failureReason")
    [ "$("$PROBE" repeat 3 "${files[@]}")" = '9 Because.' ]
    settle
    thousand() { [ "$("$PROBE" repeat 1000 "${files[@]}")" = '3000 Because.' ]; }
    unasked wakeups thousand
    [ "$(describes)" = 3 ]
    # The measure is one: a name never met wakes the daemon.
    before=$(wakeups)
    [ "$before" -gt 0 ]
    [ ! -e "$M/met-never" ]
    [ "$(wakeups)" -gt "$before" ]
}

@test "whatever looks at a fresh job sends no request, from the third time on" {
    emulator_start --jobs 2 --running 0
    mapfile -t jobs < <(control jobs)
    mount_start -d
    look() {
        (cd "$M/${jobs[0]}" && cat status numResults && stat status jobInput/path && grep -r . . && wc -c ./*Arn &&
            [ -e failureReason ] && find . -newer roleArn && cp --remove-destination status "$BATS_TEST_TMPDIR/copy") >/dev/null
    }
    but_opening() { echo $(($(all_requests) - $(requests OPENDIR RELEASEDIR))); }
    look && look && look
    unasked but_opening look
    [ "$(requests OPEN)" = 1 ] # ENOSYS, for ever
    [ "$(describes)" = 1 ]
}

@test "a change of the same length and time is seen when the value expires; before, nothing calls" {
    emulator_start --jobs 1 --running 0
    job=$(control jobs)
    set_job "$job" 'status="PENDING"' 'lastUpdatedDateTime=1790000000.5'
    mount_start -o ttl=3s
    [ "$(cat "$M/$job/status")" = PENDING ]
    set_job "$job" 'status="RUNNING"'
    [ "$("$PROBE" repeat 2000 "$M/$job/status")" = '2000 PENDING' ]
    [ "$(cat "$M/$job/jobName")" = "$job" ]
    [ "$(describes)" = 1 ]
    sleep 3.3
    [ "$(describes)" = 1 ]
    [ "$(cat "$M/$job/status")" = RUNNING ]
    [ "$(stat -c %s "$M/$job/status")" = 8 ]
    # One describe for all of the job's files.
    find "$M/$job" -type f -exec cat {} + >/dev/null
    [ "$(describes)" = 2 ]
}

@test "finished jobs are not asked again within terminal-ttl, running ones each ttl" {
    emulator_start --jobs 0 --running 0
    final=(ACTIVE 'CREATE FAILED' FAILED 'CREATE STOPPED' STOPPED)
    running=(PENDING 'IN PROGRESS' 'CREATE PENDING' 'CREATE IN_PROGRESS' INACTIVE 'ACTIVE ' 'FAILED SOON' active '')
    i=0
    for status in "${final[@]}" "${running[@]}"; do
        set_job "job-$i" "status=\"$status\""
        i=$((i + 1))
    done
    mount_start -o ttl=1s
    for round in 1 2 3; do
        ((round == 1)) || sleep 1.3
        i=0
        for status in "${final[@]}" "${running[@]}"; do
            [ "$(cat "$M/job-$i/status"; echo .)" = "$status"$'\n.' ]
            i=$((i + 1))
        done
        [ "$(describes)" = $((${#final[@]} + round * ${#running[@]})) ]
    done
    [ "$(lists)" = 0 ]
}

@test "a finished job is asked again after terminal-ttl" {
    emulator_start --jobs 0 --running 0
    set_job job 'status="ACTIVE"'
    mount_start -o ttl=1ms,terminal-ttl=2s
    [ "$("$PROBE" repeat 1000 "$M/job/status")" = '1000 ACTIVE' ]
    [ "$(describes)" = 1 ]
    set_job job 'status="FAILED"'
    sleep 2.3
    [ "$(cat "$M/job/status")" = FAILED ]
    [ "$(describes)" = 2 ]
}

@test "a listing that shows a finished job unchanged confirms it for nothing; one that shows a change does not" {
    emulator_start --jobs 0 --running 0
    set_job job 'status="ACTIVE"' 'lastUpdatedDateTime=1790000000' 'numResults=25'
    mount_start -o ttl=100ms,terminal-ttl=1500ms,list-ttl=100ms
    [ "$(cat "$M/job/numResults")" = 25 ]
    for i in {1..7}; do
        sleep 0.5
        [ "$(ls "$M")" = job ]
        [ "$(cat "$M/job/numResults")" = 25 ]
    done
    [ "$(describes)" = 1 ]
    [ "$(lists)" = 7 ]
    set_job job 'numResults=30' 'lastUpdatedDateTime=1790000001'
    sleep 0.5
    ls "$M" >/dev/null
    wait_until reads "$M/job/numResults" 30
    [ "$(describes)" = 2 ]
}

@test "an idle mount calls nothing and never wakes" {
    emulator_start --jobs 20 --running 5
    mount_start -o ttl=100ms,terminal-ttl=100ms,list-ttl=100ms,negative-ttl=100ms
    cat "$M"/*/numResults >/dev/null
    [ ! -e "$M/no-such-job" ]
    exec 5<"$M/$(control jobs | head -n 1)/status"
    sleep 0.5
    before="$(describes) $(lists) $(wakeups)"
    [ "${before%% *}" -ge 21 ]
    sleep 1.5
    [ "$(describes) $(lists) $(wakeups)" = "$before" ]
    exec 5<&-
}

@test "200 readers of one cold job: one describe, each has the value" {
    emulator_start --jobs 2 --running 0 --latency-ms 1500
    job=$(control jobs | head -n 1)
    set_job "$job" 'failureReason="The same for all."'
    mount_start
    [ "$("$PROBE" herd 200 "$M/$job/failureReason" | sort | uniq -c | xargs)" = '200 The same for all.' ]
    [ "$(describes)" = 1 ]
    [ "$(lists)" = 0 ]
}

@test "200 readers of one expired job: one describe, each has the new value" {
    emulator_start --jobs 0 --running 0
    set_job job 'status="PENDING"' 'failureReason="old"'
    mount_start -o ttl=2s
    [ "$(cat "$M/job/failureReason")" = old ]
    set_job job 'status="PENDING"' 'failureReason="new, and longer"'
    control set latency_ms=1500
    sleep 2.3
    [ "$("$PROBE" herd 200 "$M/job/failureReason" | sort | uniq -c | xargs)" = '200 new, and longer' ]
    [ "$(describes)" = 2 ]
}

@test "a job that is not there is asked for once in negative-ttl, and met when it comes" {
    emulator_start --jobs 0 --running 0
    mount_start -o negative-ttl=3s
    for _ in {1..5}; do
        for i in {1..20}; do
            [ ! -e "$M/later-$i" ]
        done
    done
    [ "$(describes)" = 20 ]
    set_job later-7 'status="PENDING"'
    [ ! -e "$M/later-7" ]
    [ "$(describes)" = 20 ]
    sleep 3.3
    [ "$(cat "$M/later-7/status")" = PENDING ]
    [ "$(describes)" = 21 ]
}

@test "a value that expires and has not changed is confirmed, and its pages stay: no READ" {
    emulator_start --jobs 0 --running 0
    set_job job 'status="PENDING"' 'failureReason="Because."'
    mount_start -d -o ttl=700ms
    [ "$(cat "$M/job/failureReason" "$M/job/failureReason" "$M/job/failureReason")" = $'Because.\nBecause.\nBecause.' ]
    called=$(describes)
    before=$(requests READ)
    [ "$before" -gt 0 ]
    for round in 1 2; do
        sleep 1
        [ "$(cat "$M/job/failureReason")" = Because. ]
        [ "$(describes)" = $((called + round)) ]
    done
    [ "$(requests READ)" = "$before" ]
    set_job job 'failureReason="Hence it"'
    sleep 1
    [ "$(cat "$M/job/failureReason")" = 'Hence it' ]
    [ "$(requests READ)" = $((before + 1)) ]
}

@test "after a listing each job's first read is its one describe, and from the third on the kernel's alone" {
    emulator_start --jobs 30 --running 0 --stuck 5
    mount_start
    ls -l "$M" >/dev/null
    [ "$(describes)" = 0 ]
    expected=$(cat "$M"/*/jobInput/path)
    [ "$(wc -l <<<"$expected")" = 30 ]
    [ "$(describes)" = 30 ]
    [ "$(cat "$M"/*/jobInput/path)" = "$expected" ]
    files=("$M"/*/jobInput/path)
    settle
    third() { [ "$("$PROBE" repeat 1 "${files[@]}" | cut -d ' ' -f 2)" = "$expected" ]; }
    unasked wakeups third
    [ "$(describes)" = 30 ]
}

# The age counts from when the request was sent; the kernel's own may be earlier than the last confirmation, never later.
@test "ctime says when the value was confirmed, mtime when it changed" {
    emulator_start --jobs 0 --running 0 --latency-ms 300
    set_job job 'status="PENDING"' 'lastUpdatedDateTime=1.700000060123E9' 'creationDateTime=1700000000.25'
    mount_start -o ttl=2s
    confirmed() { stat -c '%.3Z' "$@"; }
    between() { awk -v from="$1" -v at="$2" -v to="$3" 'BEGIN { exit !(from - 0.002 <= at && at <= to) }'; }
    before=$(date +%s.%N)
    cat "$M/job/status" >/dev/null
    after=$(date +%s.%N)
    first=$(confirmed "$M/job/status")
    between "$before" "$first" "$(awk -v t="$after" 'BEGIN { printf "%.3f", t - 0.29 }')"
    [ "$(stat -c '%.3Y' "$M/job/status" "$M/job" "$M/job/jobName" "$M/job/failureReason" | sort -u)" = 1700000060.123 ]
    [ "$(stat -c '%.3Y' "$M/job/jobInput")" = 1700000000.250 ]
    [ "$(confirmed "$M/job" "$M/job/failureReason" | sort -u)" = "$first" ]
    [ "$(confirmed "$M/job/status")" = "$first" ] # held, not confirmed again
    sleep 2.3
    before=$(date +%s.%N)
    second=$(confirmed "$M/job/status")
    between "$before" "$second" "$(date +%s.%N)"
    [ "$(stat -c '%.3Y' "$M/job/status")" = 1700000060.123 ]
    set_job job 'lastUpdatedDateTime=1700000999'
    sleep 2.3
    [ "$(stat -c '%.3Y' "$M/job/status")" = 1700000999.000 ]
    [ "$(stat -c '%.3Y' "$M/job")" = 1700000999.000 ]
    [ "$(cat "$M/job/lastUpdatedDateTime")" = 2023-11-14T22:29:59.000Z ]
}

@test "tail -F follows a status: each value once, an expiry without a change prints nothing" {
    emulator_start --jobs 0 --running 0
    set_job job 'status="PENDING"'
    mount_start -o ttl=1s
    tail -s .2 -F "$M/job/status" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
    follower=$!
    wait_until grep -qx PENDING "$BATS_TEST_TMPDIR/out"
    sleep 2.5
    set_job job 'status="RUNNING"' # as long as the one before
    wait_until grep -qx RUNNING "$BATS_TEST_TMPDIR/out"
    sleep 2.5
    set_job job 'status="CREATE PENDING"'
    wait_until grep -qx 'CREATE PENDING' "$BATS_TEST_TMPDIR/out"
    set_job job 'status="ACTIVE"'
    wait_until grep -qx ACTIVE "$BATS_TEST_TMPDIR/out"
    sleep 1.5
    kill "$follower"
    wait "$follower" || true
    follower=
    [ "$(cat "$BATS_TEST_TMPDIR/out")" = $'PENDING\nRUNNING\nCREATE PENDING\nACTIVE' ]
    [ "$(describes)" -ge 7 ]
    run grep -v 'has been replaced' "$BATS_TEST_TMPDIR/err"
    [ "$output" = '' ]
}

@test "while read <file sees each new value, in the job's directory too" {
    emulator_start --jobs 0 --running 0
    set_job job 'status="s0"'
    mount_start -o ttl=100ms
    seen=$(
        cd "$M/job"
        for value in s1 s2 s3a s4 s55 s6; do
            set_job job "status=\"$value\""
            sleep 0.4
            for file in "$M/job/status" status; do
                while read -r line; do
                    printf '%s ' "$line"
                done <"$file"
            done
        done
    )
    [ "$seen" = 's1 s1 s2 s2 s3a s3a s4 s4 s55 s55 s6 s6 ' ]
}
