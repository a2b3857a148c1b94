#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Callers that are interrupted, calls that fail in every way, and an end while many wait: under valgrind, which must have
# nothing to say.
# shellcheck disable=SC2154 # lib.bash's variables
bats_require_minimum_version 1.5.0
load ../mount/lib.bash

CALLER=${CALLER:-$(dirname "$(dirname "$EMULATOR")")/mount/caller}

setup() {
    common_setup
    local real=$PERSONALIZEFS
    PERSONALIZEFS=$BATS_TEST_TMPDIR/under-valgrind
    printf '#!/bin/sh\nexec valgrind --leak-check=full --errors-for-leak-kinds=definite,indirect,possible %s\n' \
        "--error-exitcode=99 --log-file='$BATS_TEST_TMPDIR/valgrind' '$real' \"\$@\"" >"$PERSONALIZEFS"
    chmod +x "$PERSONALIZEFS"
}
teardown() { common_teardown; }

# ended: SIGTERM, a clean end, and nothing found.
ended() {
    local status=0
    kill -TERM "$daemon"
    wait "$daemon" || status=$?
    daemon=
    [[ $status == 0 ]] && grep -q 'ERROR SUMMARY: 0 errors' "$BATS_TEST_TMPDIR/valgrind" && return
    cat "$BATS_TEST_TMPDIR/valgrind"
    return 1
}

@test "callers that are interrupted, and an end while 50 wait" {
    emulator_start --jobs 20 --running 20
    mount_start -o ttl=1s
    job=$(control jobs | head -n 1)
    cat "$M/$job/status" >/dev/null
    sleep 1.1
    control fault kind=hang
    for signal in INT TERM KILL; do
        "$CALLER" free "$signal" 1 cat "$M/new-$signal/status"
        "$CALLER" free "$signal" 4 stat "$M/one-$signal"
        "$CALLER" free "$signal" 2 ls "$M"
        "$CALLER" free "$signal" 1 "$CALLER" call map "$M/$job/status"
    done
    for i in {1..50}; do
        "$CALLER" call open "$M/wait-$((i % 20))/status" >/dev/null 2>&1 3>&- &
        waiting[i]=$!
    done
    ls "$M" >/dev/null 2>&1 3>&- &
    sleep 1
    ended
    for pid in "${waiting[@]}"; do
        wait_gone "$pid"
    done
}

@test "calls that fail" {
    emulator_start --jobs 30 --running 0
    mount_start -o ttl=1s,list-ttl=1s
    mapfile -t jobs < <(control jobs)
    i=0
    for kind in html empty empty-object not-json truncate redirect status=500 code=AccessDeniedException \
        code=InvalidNextTokenException code=InvalidSignatureException throttle reset reset-body endless huge-headers; do
        control fault "kind=$kind"
        for caller in "cat $M/${jobs[i]}/status" "ls -l $M" "stat $M/none-$i" "cat $M/${jobs[0]}/roleArn"; do
            # shellcheck disable=SC2086 # words
            run $caller
        done
        control_post clear-faults
        i=$((i + 1))
    done
    sleep 1.1
    [ -n "$(cat "$M/${jobs[0]}/status")" ]
    [ -n "$(ls -l "$M")" ]
    ended
}
