#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# .personalizefs/events: every change of status that is seen, once, in order, for whoever follows it.
# shellcheck disable=SC2154 # lib.bash's variables
load lib.bash

FOLLOW=${FOLLOW:-$(dirname "$PROBE")/follow}

setup() {
    common_setup
    EVENTS=$M/.personalizefs/events
    followers=()
}
teardown() {
    local follower
    exec 5<&-
    for follower in "${followers[@]}"; do
        kill "$follower" 2>/dev/null || true
    done
    common_teardown
}

# A name and a status as long as they may be, so that few changes make a long log.
long_name() { printf '%s-%02d' "$(printf 'j%.0s' {1..60})" "$1"; }
long_status() { printf 'S-%s-%03d' "$(printf 'x%.0s' {1..244})" "$1"; }

# change STATUS JOB...: sets the status of all of them in the service, in one go.
change() {
    local status=$1 job
    shift
    for job; do
        printf 'url="%s/_control/job"\ndata-binary="%s\\nstatus=\\"%s\\""\nsilent\nshow-error\nfail\nnext\n' \
            "$URL" "$job" "$status"
    done | sed '$d' | curl -K - # a last "next" would ask for one more
}

has_lines() { (($(wc -l <"$1") >= $2)); }
grew_beyond() { (($(stat -c %s "$1") > $2)); }
lists_beyond() { (($(lists) > $1)); }

# follow_start N: N times tail -F, into files follower-1 and so on.
follow_start() {
    local i
    for ((i = 1; i <= $1; i++)); do
        tail -s 0.1 -n +1 -F "$EVENTS" >"$BATS_TEST_TMPDIR/follower-$i" 2>/dev/null 3>&- &
        followers+=($!)
    done
}
follow_stop() {
    kill "${followers[@]}"
    wait "${followers[@]}" || true
    followers=()
}

@test "a new job and a changed one are a line each; the first listing and the same again are none" {
    emulator_start --jobs 5 --running 0 --stuck 0
    mount_start -o list-ttl=1ms,ttl=1ms,terminal-ttl=1ms
    ls "$M" >/dev/null
    [ ! -s "$EVENTS" ]
    ls "$M" >/dev/null
    control job $'one\nstatus="PENDING"'
    wait_until grep -q one "$EVENTS"
    control job $'one\nstatus="CREATE FAILED\\n\\u001b[31m"'
    wait_until has_lines "$EVENTS" 2
    control job $'one\nstatus="ACTIVE"'
    cat "$M/one/numResults" >/dev/null # seen by a describe, or by a listing: once
    ls "$M" >/dev/null
    wait_until has_lines "$EVENTS" 3
    ls "$M" >/dev/null
    diff <(cut -f 2- "$EVENTS") - <<<$'one\t-\tPENDING\none\tPENDING\tCREATE FAILED\\n\\0033[31m\none\tCREATE FAILED\\n\\0033[31m\tACTIVE'
    grep -Evc $'^20[0-9-]{8}T[0-9:.]{12}Z\t' "$EVENTS" && return 1
    [ "$(stat -c '%a %s' "$EVENTS")" = "444 $(wc -c <"$EVENTS")" ]
}

@test "four tail -F see 2,000 changes once, in order, through a rotation and an outage" {
    local jobs=() round i
    for ((i = 0; i < 100; i++)); do
        jobs+=("$(long_name "$i")")
    done
    emulator_start --jobs 0 --running 0 --stuck 0
    change "$(long_status 0)" "${jobs[@]}"
    mount_start -o list-ttl=100ms,timeout=2s
    ls "$M" >/dev/null
    exec 5<"$EVENTS" # the first log, kept
    inode=$(stat -c %i "$EVENTS")
    follow_start 4
    for ((round = 1; round <= 20; round++)); do
        if ((round == 10)); then # the service is gone, while they change
            control fault kind=reset
            change "$(long_status "$round")" "${jobs[@]}"
            wait_until grep -q 'ECONNRESET\|reset' "$LOG"
            grep -q "$(long_status 9)" "$EVENTS"
            control_post clear-faults
        elif (($(stat -L -c %s /proc/self/fd/5) > 1 << 20)) && [[ $(stat -c %i "$EVENTS") == "$inode" ]]; then
            sleep 1.1 # another log begins when this one has been quiet for a second
            change "$(long_status "$round")" "${jobs[@]}"
        else
            change "$(long_status "$round")" "${jobs[@]}"
        fi
        for ((i = 1; i <= 4; i++)); do
            wait_until has_lines "$BATS_TEST_TMPDIR/follower-$i" $((round * 100))
        done
    done
    [ "$(stat -c %i "$EVENTS")" != "$inode" ]
    follow_stop
    cat <&5 >"$BATS_TEST_TMPDIR/whole"
    [ "$(wc -c <"$BATS_TEST_TMPDIR/whole")" -gt $((1 << 20)) ]
    cat "$EVENTS" >>"$BATS_TEST_TMPDIR/whole"
    for ((i = 1; i <= 4; i++)); do
        cmp "$BATS_TEST_TMPDIR/whole" "$BATS_TEST_TMPDIR/follower-$i"
    done
    [ "$(wc -l <"$BATS_TEST_TMPDIR/whole")" = 2000 ]
    # Each job's go from one to the next.
    awk -F '\t' -v first="$(long_status 0)" '
        $3 != (($2 in last) ? last[$2] : first) || $1 < time { print "wrong: " $0; wrong = 1 }
        { last[$2] = $4; time = $1; n[$2]++ }
        END { for (job in n) if (n[job] != 20) wrong = 1; exit wrong }' "$BATS_TEST_TMPDIR/whole"
}

@test "readers that are faster than the pages are dropped see no byte that was not written" {
    local jobs=() i
    for ((i = 0; i < 10; i++)); do
        jobs+=("$(long_name "$i")")
    done
    emulator_start --jobs 0 --running 0 --stuck 0
    change OLD "${jobs[@]}"
    mount_start -o list-ttl=1ms
    ls "$M" >/dev/null
    "$FOLLOW" 4 $'-\tTHE END' "$EVENTS" >"$BATS_TEST_TMPDIR/said" 3>&- &
    followers+=($!)
    for ((i = 1; i <= 30; i++)); do
        change "$(long_status "$i")" "${jobs[@]}"
    done
    wait_until grep -q "$(long_status 30)" "$EVENTS"
    control job $'end\nstatus="THE END"'
    wait "${followers[0]}"
    followers=()
    [ "$(cat "$BATS_TEST_TMPDIR/said")" = "0 times smaller, 0 bytes wrong, all to the end" ]
}

@test "with no reader nothing is called; one look starts one listing" {
    emulator_start --jobs 5 --running 0 --stuck 0
    mount_start -o list-ttl=1s
    [ "$(lists)" = 0 ]
    cat "$EVENTS"
    wait_until lists_beyond 0
    follow_start 1
    before=$(lists)
    wait_until lists_beyond "$before"
    follow_stop
    settle
    before=$(lists)
    asleep=$(wakeups)
    sleep 2.5
    [ "$(lists)" = "$before" ]
    [ "$(wakeups)" = "$asleep" ]
    cat "$EVENTS"
    wait_until lists_beyond "$before"
}

@test "in an outage events are read at once, and nothing is asked more often than list-ttl" {
    emulator_start --jobs 5 --running 0 --stuck 0
    mount_start -o list-ttl=1s,timeout=15s
    ls "$M" >/dev/null
    control job $'one\nstatus="PENDING"'
    wait_until grep -q one "$EVENTS"
    control fault kind=hang
    sleep 1.1
    for _ in {1..20}; do # none waits for what hangs
        [ "$(timeout 10 cut -f 2- "$EVENTS")" = $'one\t-\tPENDING' ]
    done
    control_post clear-faults
    control job $'one\nstatus="ACTIVE"'
    i=0
    until grep -q ACTIVE "$EVENTS"; do # at most the deadline, and a second after it
        ((i++ < 600))
        sleep 0.1
    done
    [ "$(wc -l <"$EVENTS")" = 2 ]
}
