#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the daemon remembers: few bytes a job; of described jobs that the kernel has let go only so many; and all that the
# kernel still holds, whatever it drops by itself.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # each test is a process of its own; lib.bash's variables; end()
load lib.bash

setup() {
    common_setup
    dropper=
    lister=
}
teardown() {
    end dropper
    end lister
    common_teardown
}

# end VARIABLE: the process whose number it holds, if any.
end() {
    local -n process=$1
    [[ -z $process ]] || { kill "$process" && wait "$process"; } 2>/dev/null || true
    process=
}

skip_unless_caches_can_be_dropped() {
    [[ -w /proc/sys/vm/drop_caches ]] || skip 'the kernel'"'"'s caches can only be dropped by root'
}
# drop_names: the kernel forgets names and inodes that nobody holds.
drop_names() { echo 2 >/proc/sys/vm/drop_caches; }

# describe_all: asks for what only a describe tells, of every job, eight at once.
describe_all() { find "$M" -mindepth 1 -maxdepth 1 -printf '%p/numResults\0' | xargs -0 -n 500 -P 8 cat | wc -l; }

@test "a job that is listed takes a few hundred bytes, one that is described about a thousand" {
    skip_with_sanitizers
    root_looks_into_daemon
    emulator_start --jobs 10000 --running 0
    mount_start -o list-ttl=1d
    stat "$M/none" 2>/dev/null || true # connected, buffers there
    before=$(anonymous_kib)
    [ "$(find "$M" -maxdepth 1 | wc -l)" = 10001 ]
    listed=$(anonymous_kib)
    described_before=$(describes)
    describe_all
    described=$(anonymous_kib)
    [ "$(($(describes) - described_before))" = 10000 ]
    echo "bytes a job: $(((listed - before) * 1024 / 10000)) listed, $(((described - before) * 1024 / 10000)) described"
    [ "$(((listed - before) * 1024 / 10000))" -lt 470 ]
    [ "$(((described - before) * 1024 / 10000))" -lt 1250 ]
}

# evicted: reads ten described jobs again, after the kernel has let them go; in `cost` how many describes that took. The six
# that were not kept, and up to two of the four that were: what is read ahead comes in their place.
evicted() {
    local before
    drop_names
    settle
    before=$(describes)
    cat "$M"/*/numResults >/dev/null
    cost=$(($(describes) - before))
}

@test "max-jobs: described jobs beyond it are asked for again once the kernel has let them go, none that it holds" {
    skip_unless_caches_can_be_dropped
    emulator_start --jobs 10 --running 0
    mount_start -o list-ttl=1d,terminal-ttl=1d,max-jobs=4
    cat "$M"/*/numResults >/dev/null
    [ "$(describes)" = 10 ]
    names=$(ls "$M")
    statuses=$(cat "$M"/*/status)
    for _ in {1..20}; do # others may drop the kernel's caches meanwhile, or hold something back
        before=$(describes)
        cat "$M"/*/numResults >/dev/null
        kept=$(($(describes) - before))
        evicted
        echo "$kept describes while the kernel held them, $cost after"
        [[ $kept != 0 || $cost != [678] ]] || break
    done
    [[ "$kept $cost" == '0 '[678] ]]
    [ "$(lists)" = 1 ] # names, and what a listing carries, are still there
    before=$(describes)
    drop_names
    [ "$(ls "$M")" = "$names" ]
    [ "$(cat "$M"/*/status)" = "$statuses" ]
    [ "$(describes) $(lists)" = "$before 1" ]
}

# list_always: lists as long as it lives; writes down what was not whole.
list_always() {
    while :; do
        [[ $(find "$M" -maxdepth 1 -printf '%s\n' | wc -l) == 13 && $(find "$M" -name status | wc -l) == 12 ]] ||
            echo 'a listing that is not whole'
    done
}

@test "the kernel's caches dropped all the time, under readers, maps and listings: nothing wrong, nothing lost" {
    skip_unless_caches_can_be_dropped
    emulator_start --jobs 12 --running 0 --stuck 6 --churn-ms 5
    mount_start -o ttl=20ms,terminal-ttl=20ms,list-ttl=50ms,max-jobs=3
    "$PROBE" whole read 500 "$M"/nightly*/failureReason
    statuses=$(grep . "$M"/*/status)
    before=$(anonymous_kib)
    (while :; do drop_names && sleep 0.02; done) 3>&- &
    dropper=$!
    list_always >"$BATS_TEST_TMPDIR/listings" 2>&1 3>&- &
    lister=$!
    reads=2000
    ! grep -q __asan_init "$PERSONALIZEFS" || reads=320 # it is some times slower
    for how in read map send; do
        run "$PROBE" whole $how $reads "$M"/nightly*/failureReason
        echo "$output"
        [ "$status" = 0 ]
        [[ $output == "$reads whole, 0 torn, 0 cut, 0 empty, 0 errors, "* ]]
    done
    end lister
    end dropper
    [ ! -s "$BATS_TEST_TMPDIR/listings" ]
    [ "$(grep . "$M"/*/status)" = "$statuses" ]
    drop_names
    settle
    after=$(anonymous_kib)
    echo "$before KiB, then $after KiB"
    # Up to 12,000 bytes a version: tens of MiB if they were kept.
    grep -q __asan_init "$PERSONALIZEFS" || [ "$((after - before))" -lt 4096 ]
}
