#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A value is a file that never changes: an open one keeps what it began with, whole, and the name gives the new one.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a process of its own; lib.bash's variables
load lib.bash

setup() {
    common_setup
    holder=
}
teardown() {
    [[ -z $holder ]] || kill "$holder" 2>/dev/null || true
    common_teardown
}

set_job() { control job "$(printf '%s\n' "$@")"; }
reads() { [[ $(cat "$1") == "$2" ]]; }

# letters N LETTER
letters() { head -c "$1" /dev/zero | tr '\0' "$2"; }

# hold FILE: opens it; tell VERB: what the open file then gives, in `told` (see probe.c).
hold() {
    coproc HOLD { exec "$PROBE" hold "$1" 3>&-; }
    holder=$HOLD_PID
    IFS= read -r -t 20 told <&"${HOLD[0]}"
    [ "$told" = held ]
}
tell() {
    echo "$1" >&"${HOLD[1]}"
    IFS= read -r -t 20 told <&"${HOLD[0]}"
}
hold_end() {
    kill "$holder"
    wait "$holder" || true
    holder=
}

# drop_caches WHAT: the kernel forgets pages (1), names and inodes (2) or both (3) that nobody holds.
drop_caches() {
    sync
    echo "$1" >/proc/sys/vm/drop_caches
}
skip_unless_caches_can_be_dropped() {
    [[ -w /proc/sys/vm/drop_caches ]] || skip 'the kernel'"'"'s caches can only be dropped by root'
}

@test "a file opened before a change keeps its value, whole, by read, map and send, its pages dropped too" {
    emulator_start --jobs 0 --running 0
    old=$(letters 9000 a)
    for new in "$(letters 9000 b)" c "$(letters 30000 d)"; do
        set_job job 'status="PENDING"' "failureReason=\"$old\"" 'lastUpdatedDateTime=1780000000'
        mount_start -o ttl=500ms
        hold "$M/job/failureReason"
        set_job job "failureReason=\"$new\"" 'lastUpdatedDateTime=1790000000'
        sleep 0.6
        [ "$(cat "$M/job/failureReason")" = "$new" ]
        [ "$(stat -c '%s %Y' "$M/job/failureReason")" = "$((${#new} + 1)) 1790000000" ]
        tell drop
        [ "$told" = dropped ] # and the mapping was not touched before
        for verb in map drop rest drop read drop send map read send; do
            tell "$verb"
            [ "$verb $told" = "$verb $old" ] || [ "$verb $told" = 'drop dropped' ]
        done
        fd=$(find "/proc/$holder/fd" -lname '*failureReason*')
        [ "$(stat -Lc '%s %Y' "$fd")" = '9001 1780000000' ]
        [ "$(cat "$fd")" = "$old" ] # opened again, by what is open
        [ "$(cat "$M/job/failureReason")" = "$new" ]
        hold_end
        mount_stop
    done
}

@test "a file whose value is gone is read to its end, whatever comes after" {
    emulator_start --jobs 0 --running 0
    set_job job 'status="PENDING"' "failureReason=\"$(letters 9000 a)\""
    mount_start -o ttl=200ms
    hold "$M/job/failureReason"
    for then in 'failureReason=null' 'failureReason=""'; do
        set_job job "$then"
        sleep 0.3
        [ "$(cat "$M/job/failureReason")" = '' ]
    done
    [ "$(stat -c %s "$M/job/failureReason")" = 1 ]
    control remove-job job
    sleep 0.3
    run cat "$M/job/failureReason"
    [[ $status == 1 && $output == *'No such file or directory' ]]
    control fault $'operation=DescribeBatchInferenceJob\nkind=status=403'
    for verb in drop rest drop map drop send read; do
        tell "$verb"
        [ "$verb $told" = "$verb $(letters 9000 a)" ] || [ "$verb $told" = 'drop dropped' ]
    done
}

@test "20 versions held open at once, each with its own value, after the kernel's caches were dropped too" {
    emulator_start --jobs 0 --running 0
    mount_start -o ttl=1ms
    fds=()
    for i in {1..20}; do
        set_job job 'status="PENDING"' "failureReason=\"$(letters $((i * 700)) x)$i\""
        wait_until reads "$M/job/failureReason" "$(letters $((i * 700)) x)$i"
        exec {fd}<"$M/job/failureReason"
        fds+=("$fd")
    done
    [ ! -w /proc/sys/vm/drop_caches ] || drop_caches 3
    for i in {1..20}; do
        fd=${fds[i - 1]}
        [ "$(stat -Lc %s "/proc/self/fd/$fd")" = $((i * 700 + ${#i} + 1)) ]
        [ "$(cat <&"$fd")" = "$(letters $((i * 700)) x)$i" ]
        exec {fd}<&-
    done
}

@test "the kernel's caches dropped: open files read on, names give the new values, nothing is asked for what is fresh" {
    skip_unless_caches_can_be_dropped
    emulator_start --jobs 40 --running 0
    mapfile -t jobs < <(control jobs)
    set_job "${jobs[0]}" 'status="PENDING"' "failureReason=\"$(letters 9000 a)\""
    mount_start -o ttl=500ms
    before=$(cat "$M"/nightly*/jobInput/path)
    hold "$M/${jobs[0]}/failureReason"
    drop_caches 3
    for verb in map rest read send; do
        tell "$verb"
        [ "$told" = "$(letters 9000 a)" ]
    done
    set_job "${jobs[0]}" "failureReason=\"$(letters 9000 b)\""
    sleep 0.6
    [ "$(cat "$M/${jobs[0]}/failureReason")" = "$(letters 9000 b)" ]
    for what in 2 1 3; do
        drop_caches $what
        tell drop
        for verb in read map send; do
            tell "$verb"
            [ "$told" = "$(letters 9000 a)" ]
        done
        [ "$(cat "$M/${jobs[0]}/failureReason")" = "$(letters 9000 b)" ]
    done
    finished=$(($(describes) - $(control requests | grep -c "${jobs[0]}")))
    [ "$(cat "$M"/nightly*/jobInput/path)" = "$before" ]
    [ "$(($(describes) - $(control requests | grep -c "${jobs[0]}")))" = "$finished" ]
}

# Self-checking values that change their length every 3 ms, read from 8 processes. `calls` says that they expired and were
# asked for, once for many readers; `changes` that they did change.
churn() {
    local how=$1 reads=$2 longest=$3 said calls
    control set "churn_longest=$longest"
    calls=$(describes)
    run "$PROBE" whole "$how" "$reads" "$M"/nightly*/failureReason
    echo "$output"
    calls=$(($(describes) - calls))
    echo "$calls describes"
    [ "$status" = 0 ]
    [[ $output == "$reads whole, 0 torn, 0 cut, 0 empty, 0 errors, "*' changes' ]]
    said=${output#*errors, }
    [ "${said% changes}" -gt 200 ]
    [ "$calls" -gt 30 ]
    [ "$calls" -lt $((reads / 2)) ]
}
# churn_start [OPTION...]
churn_start() {
    emulator_start --jobs 12 --running 0 --stuck 6 --churn-ms 3 --latency-ms 1
    mount_start -o ttl=10ms,terminal-ttl=10ms "$@"
}

@test "100,000 reads of values that change every 3 ms: none torn, cut or empty" {
    churn_start
    churn read 80000 12000
    churn read 20000 60
}

@test "meanwhile the kernel's caching is on: most reads are none of the daemon's" {
    skip_with_sanitizers
    churn_start -d
    churn read 20000 12000
    echo "$(requests READ) READ"
    [ "$(requests READ)" -gt 30 ] # the measure is one: values did change
    [ "$(requests READ)" -lt 10000 ]
}

@test "20,000 maps of values that change every 3 ms: none torn, cut or empty" {
    churn_start
    churn map 16000 12000
    churn map 4000 60
}

@test "20,000 sendfiles of values that change every 3 ms: none torn, cut or empty" {
    churn_start
    churn send 16000 12000
    churn send 4000 60
}

@test "what ordinary programs read of values that change every 3 ms is whole" {
    emulator_start --jobs 3 --running 0 --churn-ms 3
    mount_start -o ttl=5ms,terminal-ttl=5ms
    for file in "$M"/nightly*/failureReason; do
        for i in {1..20}; do
            for command in cat 'tail -n 1' 'dd bs=100 status=none' 'grep .' 'cp -T /dev/stdin /dev/stdout'; do
                read -r generation length filling < <($command <"$file")
                [ "${#generation} $((10#$length))" = "12 $((22 + ${#filling} - 1))" ]
            done
            # cp gives up, and says so, where the value has changed between its stat and its open.
            until cp --remove-destination "$file" "$BATS_TEST_TMPDIR/copy" 2>"$BATS_TEST_TMPDIR/said"; do
                grep -q 'replaced while being copied' "$BATS_TEST_TMPDIR/said"
            done
            read -r generation length filling <"$BATS_TEST_TMPDIR/copy"
            [ "$(stat -c %s "$BATS_TEST_TMPDIR/copy")" = $((10#$length)) ]
        done
    done
}

@test "versions nobody holds are forgotten: memory is flat over 2,000 changes" {
    # A sanitizer's quarantine of freed memory is no leak.
    export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1
    emulator_start --jobs 20 --running 0 --churn-ms 1
    mount_start -o ttl=1ms,terminal-ttl=1ms
    resident_kib() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$daemon/status"; }
    # changes N: reads until N answers have come; each has another value than the one before.
    changes() {
        local from
        from=$(describes)
        while (($(describes) - from < $1)); do
            cat "$M"/nightly*/failureReason >/dev/null
        done
    }
    changes 500
    before=$(resident_kib)
    changes 2000
    echo "$before KiB, then $(resident_kib) KiB"
    # 6,000 bytes a value: 12 MiB if they were kept.
    [ "$(($(resident_kib) - before))" -lt 4096 ]
}

@test "sizes are exact: stat, wc -c and what is read agree, for every file" {
    emulator_start --jobs 24 --running 0 --stuck 4
    mapfile -t jobs < <(control jobs)
    set_job "${jobs[0]}" 'failureReason="\u001b[31m\n\\\u009b\u007f é 🧊"'
    set_job "${jobs[1]}" "failureReason=\"$(letters 20000 x)\""
    set_job "${jobs[2]}" "failureReason=\"$(letters 4095 x)\"" "filterArn=\"$(letters 4096 y)\""
    set_job "${jobs[3]}" 'failureReason=""' 'numResults=null'
    mount_start
    cat "$M"/*/describe.json >"$BATS_TEST_TMPDIR/described" # then each job shows what no table knows, too
    stated=$(find "$M" -type f -printf '%s %P\n' | sort -k 2)
    [ "$(grep -c '/failureReason$' <<<"$stated")" = 24 ]
    [ "$(cd "$M" && find . -type f | sed 's,^\./,,' | sort | while read -r file; do
        echo "$(wc -c <"$file") $file"
    done)" = "$stated" ]
    [ "$(cd "$M" && find . -type f | sed 's,^\./,,' | sort | while read -r file; do
        echo "$(tail -n +1 "$file" | wc -c) $file"
    done)" = "$stated" ]
    [[ $stated == *"20001 ${jobs[1]}/failureReason"* ]]
    [[ $stated == *"4096 ${jobs[2]}/failureReason"*"4097 ${jobs[2]}/filterArn"* ]]
    [[ $stated == *"1 ${jobs[3]}/failureReason"*"0 ${jobs[3]}/numResults"* ]]
    [ "$(tail -c 4 "$M/${jobs[1]}/failureReason")" = xxx ]
    [ "$(find "$M" -type f -size 0 | wc -l)" = "$(grep -c '^0 ' <<<"$stated")" ]
}

@test "an inode number is the value's: the same while it is, another with another, the old one with the old value" {
    emulator_start --jobs 0 --running 0
    set_job job 'status="PENDING"' 'failureReason="one"' 'lastUpdatedDateTime=1790000000'
    mount_start -o ttl=200ms
    inode() { stat -c %i "$M/job/failureReason"; }
    one=$(inode)
    others=$(cd "$M/job" && stat -c %i . status jobName jobInput jobInput/path)
    for i in {1..4}; do # expires, is confirmed; is read, or not
        sleep 0.3
        ((i % 2)) || cat "$M/job/failureReason" >/dev/null
        [ "$(inode)" = "$one" ]
    done
    set_job job 'failureReason="two"'
    sleep 0.3
    two=$(inode)
    [ "$two" != "$one" ]
    sleep 0.3
    [ "$(inode)" = "$two" ]
    set_job job 'failureReason="one"'
    sleep 0.3
    [ "$(inode)" = "$one" ]
    [ "$(cat "$M/job/failureReason")" = one ]
    [ "$(cd "$M/job" && stat -c %i . status jobName jobInput jobInput/path)" = "$others" ]
    [ "$(find "$M/job" -type f -size +0 -printf '%i\n' | sort | uniq -d)" = '' ]
}
