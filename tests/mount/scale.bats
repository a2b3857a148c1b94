#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Ten thousand jobs, and a hundred thousand: how many calls, each name once, memory.
# shellcheck disable=SC2012,SC2154 # ls is what is tested; lib.bash's variables
load lib.bash

setup() {
    common_setup
    lister=
}
teardown() {
    [[ -z $lister ]] || kill "$lister" 2>/dev/null || true
    common_teardown
}

called() { echo "$(lists) $(describes)"; }
listed_at_least() { (($(lists) >= $1)); }
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
least() { echo $(($1 < $2 ? $1 : $2)); }

# poll N: the three walks, over N jobs.
poll() {
    cd "$M" || return
    [ "$(cat -- */status | wc -l)" = "$1" ]
    cat -- */failureReason >/dev/null
    [ "$(find . -maxdepth 2 -name status -newermt 2001-01-01 | wc -l)" = "$1" ]
    cd / || return
}

@test "10,000 jobs, a new mount, three walks: 100 lists and no describe" {
    emulator_start --jobs 10000 --running 0 --empty-pages 0
    mount_start -o list-ttl=1h
    poll 10000
    [ "$(called)" = '100 0' ]
}

# In a time T there are at most 1 + T/list-ttl listings, and 1 + T/ttl describes of a job that runs; and a walk lists once,
# and meets a file twice (to expand the pattern, to open it).
@test "10,000 jobs of which 20 run, looked at once a list-ttl, ten times: no call more than the bound" {
    local list_ttl=1000 ttl=500 bound=0 began took
    emulator_start --jobs 10000 --running 0 --stuck 20 --empty-pages 0
    mount_start -o ttl=${ttl}ms,terminal-ttl=24m,list-ttl=${list_ttl}ms
    for _ in {1..10}; do
        began=$(now_ms)
        poll 10000
        took=$(($(now_ms) - began))
        bound=$((bound + 100 * $(least 3 $((1 + took / list_ttl))) + 20 * $(least 6 $((1 + took / ttl)))))
        ((took >= list_ttl)) || sleep "$(printf '0.%03d' $((list_ttl - took)))"
    done
    echo "calls: $(($(lists) + $(describes))) ($(called)), bound: $bound" | tee /dev/fd/3
    (($(lists) + $(describes) <= bound))
    (($(lists) >= 100))
}

@test "ls of 100,000 jobs, interrupted half-way and taken up again: each name once, no page twice" {
    skip_with_sanitizers
    emulator_start --jobs 100000 --running 0 --empty-pages 0
    mount_start -o list-ttl=1h
    ls -U "$M" >/dev/null 2>&1 3>&- &
    lister=$!
    wait_until listed_at_least 100
    wait_until listed_at_least 300
    wait_until listed_at_least 500
    kill "$lister"
    wait "$lister" || true
    lister=
    [ "$(lists)" -lt 1000 ]
    ls -U "$M" | sort >"$BATS_TEST_TMPDIR/names"
    [ "$(lists)" -lt 1002 ]
    control jobs | sort | cmp - "$BATS_TEST_TMPDIR/names"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/names")" = 100000 ]
    [ "$(describes)" = 0 ]
}

@test "10,000 changes of a value leave nothing behind" {
    root_looks_into_daemon
    skip_with_sanitizers
    emulator_start --jobs 100 --running 0 --stuck 100 --churn-ms 1
    mount_start -o ttl=1ms
    mapfile -t jobs < <(control jobs)
    read_until() { # DESCRIBES: each tells a value that was not there before
        while (($(describes) < $1)); do
            for _ in {1..5}; do
                "$PROBE" repeat 1 "${jobs[@]/%//failureReason}" >/dev/null
            done
        done
    }
    cd "$M" || return
    read_until 2000
    before=$(anonymous_kib)
    read_until 12000
    after=$(anonymous_kib)
    cd / || return
    echo "anonymous memory: $before KiB, $after KiB"
    ((after < before + 512))
}
