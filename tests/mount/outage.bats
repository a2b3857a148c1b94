#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A network that does not answer: one reader waits for it, the others are told, and it comes back by itself.
# shellcheck disable=SC2154,SC2030,SC2031 # lib.bash's variables, and those of bats' subshells
# shellcheck disable=SC2016,SC2153 # for the shells inside; the program that lib.bash is given
bats_require_minimum_version 1.5.0
load lib.bash

setup() { common_setup; }

teardown() {
    [[ -z $emulator ]] || kill -CONT "$emulator" 2>/dev/null || true
    common_teardown
}

# The emulator neither takes connections nor answers those that it has; the kernel still takes a few for it.
dead() { kill -STOP "$emulator"; }
alive() {
    kill -CONT "$emulator"
    wait_until control counts
}

# says COMMAND...: its messages without the names.
says() { "$@" 2>&1 >/dev/null | sed 's/.*: //'; }

# lines PATTERN: how many of the log's are like that.
lines() { grep -cE "$1" "$LOG" || true; }

number() { control counts | awk -v name="$1" '$1 == name { print $2 }'; }

# The limit is three deadlines: should the files take more than a second, a reader is let through.
@test "200 files, one after another: one deadline, one errno, no call but the first; back within 16 s with no remount" {
    emulator_start --jobs 300 --running 0
    mapfile -t jobs < <(control jobs)
    mount_start -o timeout=2s
    control_post reset-counts
    dead
    began=$EPOCHREALTIME
    says cat "${jobs[@]/#/$M/}" >"$BATS_TEST_TMPDIR/not-files"
    files=("${jobs[@]:0:200}")
    files=("${files[@]/#/$M/}")
    says cat "${files[@]/%//status}" >"$BATS_TEST_TMPDIR/said"
    took_us=$((${EPOCHREALTIME/./} - ${began/./}))
    [ "$(sort "$BATS_TEST_TMPDIR/said" "$BATS_TEST_TMPDIR/not-files" | uniq -c | sed 's/^ *//')" = '500 Connection timed out' ]
    echo "took $took_us us"
    ((took_us > 1900000 && took_us < 6000000))
    alive
    # What the emulator finds when it wakes: the connections that were tried, and this test's own.
    (($(number requests) <= 2 && $(number connections) <= 6))
    [ "$(lines '^personalizefs: describe .*: Connection timed out ')" = 1 ]
    [ "$(lines '^personalizefs: 127\.0\.0\.1:[0-9]+ does not answer \(deadline: waited 20[0-9][0-9] ms')" = 1 ]
    began=$EPOCHREALTIME
    until value=$(cat "$M/${jobs[299]}/status" 2>/dev/null); do
        sleep 0.1
    done
    ((${EPOCHREALTIME/./} - ${began/./} < 16000000))
    [ -n "$value" ]
    [ "$(lines 'personalizefs: 127\.0\.0\.1:[0-9]+ answers again, after [0-9]+ s')" = 1 ]
    sleep 1 # of those that failed the errno is repeated for a second
    cat "${files[@]/%//status}" >/dev/null
}

@test "200 values of listed jobs: their directories stay, their reading says why" {
    emulator_start --jobs 200 --running 0
    mount_start -o timeout=2s
    ls "$M" >/dev/null
    dead
    took=$(milliseconds bash -c 'cat "$1"/*/numResults 2>"$2"' bash "$M" "$BATS_TEST_TMPDIR/said")
    [ "$(sed 's/.*: //' "$BATS_TEST_TMPDIR/said" | uniq -c | sed 's/^ *//')" = '200 Connection timed out' ]
    ((took > 1900 && took < 6000))
    [ "$(find "$M" -maxdepth 1 -type d | wc -l)" = 201 ]
    alive
}

@test "100 readers at once: each is told within the first one's deadline, or its own" {
    emulator_start --jobs 100 --running 0
    mapfile -t jobs < <(control jobs)
    mount_start -o timeout=2s
    dead
    began=$EPOCHREALTIME
    for job in "${jobs[@]}"; do
        cat "$M/$job/status" 2>"$BATS_TEST_TMPDIR/said.$job" 3>&- &
        waiting+=("$!")
    done
    for pid in "${waiting[@]}"; do
        wait_gone "$pid"
    done
    ((${EPOCHREALTIME/./} - ${began/./} < 6000000))
    [ "$(cat "$BATS_TEST_TMPDIR"/said.* | sed 's/.*: //' | sort | uniq -c | sed 's/^ *//')" = '100 Connection timed out' ]
    [ "$(lines 'does not answer')" = 1 ]
    alive
}

@test "nobody listens: one line in the log, however many ask; another errno when it becomes another" {
    emulator_start --jobs 60 --running 0
    mapfile -t jobs < <(control jobs)
    mount_start -o timeout=2s
    kill -TERM "$emulator"
    wait_gone "$emulator"
    for job in "${jobs[@]}"; do
        [ "$(says cat "$M/$job/status")" = 'Connection refused' ]
    done
    [ "$(says ls "$M")" = 'Connection refused' ]
    [ "$(lines 'Connection refused|connection-refused')" = 2 ] # the first job's, with what to do about it, and the outage's
    [ "$(lines 'describe')" = 1 ]
    "$EMULATOR" --port "${URL##*:}" --jobs 60 --running 0 >"$BATS_TEST_TMPDIR/emulator.log" 2>&1 3>&- &
    emulator=$!
    wait_until control counts
    control fault $'kind=hang\njob='"${jobs[0]}"
    wait_until bash -c "cat $M/${jobs[0]}/status 2>&1 | grep 'Connection timed out'"
    [ "$(lines 'does not answer')" = 1 ]
    wait_until cat "$M/${jobs[1]}/status"
    [ "$(lines 'answers again')" = 1 ]
}

@test "a glob says why it found nothing, in the root and in an ARN's directory; then it finds" {
    emulator_start --jobs 20 --running 0
    elsewhere=arn:aws:personalize:eu-west-1:$account:batch-inference-job
    mount_start -o timeout=2s,list-ttl=1s
    [ "$(says bash -c 'grep FAILED "$1"/weekly-*/status' bash "$M")" = 'No such file or directory' ]
    sleep 1.1
    dead
    for _ in 1 2; do
        [ "$(says bash -c 'grep FAILED "$1"/weekly-*/status' bash "$M")" = 'Connection timed out' ]
        [ "$(says bash -c 'grep FAILED "$1"/*/status' bash "$M")" = 'Connection timed out' ]
        [ "$(says bash -c 'cat "$1"/nightly-202?-[01]*/status' bash "$M")" = 'Connection timed out' ]
    done
    [ "$(says bash -c 'grep FAILED "$1"/*/status' bash "$M/$elsewhere")" = 'Connection timed out' ]
    [ "$(says cat "$M/.git/status")" = 'No such file or directory' ]
    [ "$(says mkdir "$M/weekly-*")" = 'Read-only file system' ]
    [ "$(says touch "$M/weekly-*")" = 'Read-only file system' ]
    alive
    wait_until ls "$M"
    run -0 bash -c 'grep -c . "$1"/*/status' bash "$M"
    [ "${#lines[@]}" = 20 ]
    [ "$(says bash -c 'grep FAILED "$1"/weekly-*/status' bash "$M")" = 'No such file or directory' ]
}

@test "what is fresh goes on being read" {
    emulator_start --jobs 20 --running 0
    mapfile -t jobs < <(control jobs)
    control job "${jobs[0]}"$'\nstatus="IN PROGRESS"'
    mount_start -o timeout=2s,ttl=10m
    cat "$M/${jobs[0]}/status" "$M/${jobs[1]}/status" >/dev/null
    dead
    [ "$(says cat "$M/${jobs[2]}/status")" = 'Connection timed out' ]
    took=$(milliseconds cat "$M/${jobs[0]}/status" "$M/${jobs[0]}/roleArn" "$M/${jobs[1]}/describe.json")
    ((took < 500))
    [ "$(cat "$M/${jobs[0]}/status")" = 'IN PROGRESS' ]
    grep -q '"status"' "$M/${jobs[1]}/describe.json"
    [ "$(stat -c %F "$M/${jobs[0]}")" = directory ]
    alive
}

# One job's call that hangs is all that is heard of the network: two things are to be seen then.

@test "a reader who finds out and is interrupted lets the next one" {
    emulator_start --jobs 20 --running 0
    mapfile -t jobs < <(control jobs)
    mount_start -o timeout=2s
    control fault $'kind=hang\njob='"${jobs[0]}"
    control fault $'kind=hang\njob='"${jobs[1]}"
    [ "$(says cat "$M/${jobs[0]}/status")" = 'Connection timed out' ]
    sleep 1.1
    cat "$M/${jobs[1]}/status" 2>/dev/null 3>&- &
    probe=$!
    wait_until test "$(describes)" = 2
    sleep 0.1
    [ "$(says cat "$M/${jobs[2]}/status")" = 'Connection timed out' ]
    kill -INT "$probe"
    kill -TERM "$probe"
    wait_gone "$probe"
    [ -n "$(cat "$M/${jobs[3]}/status")" ]
    sleep 1
    [ -n "$(cat "$M/${jobs[2]}/status")" ]
}

@test "SIGHUP lets the next reader through at once" {
    emulator_start --jobs 20 --running 0
    mapfile -t jobs < <(control jobs)
    mount_start -o timeout=2s
    control fault $'kind=hang\njob='"${jobs[0]}"
    [ "$(says cat "$M/${jobs[0]}/status")" = 'Connection timed out' ]
    [ "$(says cat "$M/${jobs[1]}/status")" = 'Connection timed out' ]
    [ "$(describes)" = 1 ]
    kill -HUP "$daemon"
    wait_until grep -q 'reloading' "$LOG"
    [ -n "$(cat "$M/${jobs[1]}/status")" ] # the second of its failure is forgotten too
    [ -n "$(cat "$M/${jobs[2]}/status")" ]
    [ "$(lines 'answers again')" = 1 ]
}

@test "keys that are refused or missing are no outage" {
    emulator_start --jobs 20 --running 0
    mapfile -t jobs < <(control jobs)
    mount_start
    control fault kind=code=UnrecognizedClientException
    for job in "${jobs[@]:0:5}"; do
        [ "$(says cat "$M/$job/status")" = 'Key was rejected by service' ]
    done
    [ "$(describes)" = 5 ]
    [ "$(lines 'does not answer')" = 0 ]
}

@test "with stale-if-error old values stand in: one deadline, then at once" {
    emulator_start --jobs 30 --running 0 --stuck 30
    mapfile -t jobs < <(control jobs)
    mount_start -o timeout=2s,ttl=1s,stale-if-error=10m
    before=$(for job in "${jobs[@]}"; do cat "$M/$job/status"; done)
    sleep 1.1
    dead
    began=$EPOCHREALTIME
    after=$(for job in "${jobs[@]}"; do cat "$M/$job/status"; done)
    ((${EPOCHREALTIME/./} - ${began/./} < 6000000))
    [ "$after" = "$before" ]
    [ "$(wc -l <<<"$after")" = 30 ]
    alive
}
