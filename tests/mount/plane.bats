#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a walk costs: the members that a listing carries are served from it, the others from describes; each call is counted
# by the service. And listings that hold.
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

set_job() { control job "$(printf '%s\n' "$@")"; }
called() { echo "$(lists) $(describes)"; }
listed_at_least() { (($(lists) >= $1)); }
# hold_lists MS: each page takes so long.
hold_lists() { control fault $'operation=ListBatchInferenceJobs\nkind=latency='"$1"; }

@test "walks over what a listing carries cost its pages and no describe" {
    emulator_start --jobs 300 --running 0 --stuck 5 --empty-pages 0
    mount_start
    cd "$M" || return
    cat -- */status >"$BATS_TEST_TMPDIR/status"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/status")" = 300 ]
    [ "$(called)" = '3 0' ]
    cat -- */failureReason */solutionVersionArn */batchInferenceJobMode */lastUpdatedDateTime >/dev/null
    [ "$(find . -maxdepth 2 -name status -newermt 2001-01-01 | wc -l)" = 300 ]
    [ "$(grep -l . -- */jobName | wc -l)" = 300 ]
    [ "$(cat -- */status)" = "$(cat "$BATS_TEST_TMPDIR/status")" ]
    ls -l >/dev/null
    cd / || return
    [ "$(called)" = '3 0' ]
}

@test "one job looked at whole costs one describe, and what a listing told is what the describe tells" {
    emulator_start --jobs 120 --running 0 --empty-pages 0
    mount_start
    mapfile -t jobs < <(ls "$M")
    cd "$M/${jobs[7]}" || return
    listed=(status failureReason solutionVersionArn batchInferenceJobMode creationDateTime lastUpdatedDateTime
        jobName batchInferenceJobArn)
    told=$(tail -n +1 "${listed[@]}")
    numbers=$(stat -c '%n %i %s %Y' "${listed[@]}")
    [ "$(called)" = '2 0' ]
    grep -rs . . >/dev/null
    [ "$(called)" = '2 1' ]
    cat numResults describe.json >/dev/null
    [ "$(called)" = '2 1' ]
    cd / || return
    mount_stop
    mount_start
    cd "$M/${jobs[7]}" || return
    cat describe.json >/dev/null
    [ "$(tail -n +1 "${listed[@]}")" = "$told" ] # from the describe alone
    [ "$(stat -c '%n %i %s %Y' "${listed[@]}")" = "$numbers" ]
    cd / || return
    [ "$(called)" = '2 2' ]
}

@test "a running job whose ttl is over costs one describe, alone or in a walk, and never a listing" {
    emulator_start --jobs 150 --running 0 --stuck 4 --empty-pages 0
    mount_start -o ttl=4s,list-ttl=1h
    cat "$M"/*/status >/dev/null
    [ "$(called)" = '2 0' ]
    sleep 4.3
    running=$(grep -lE 'PENDING|PROGRESS' "$M"/*/status)
    [ "$(wc -l <<<"$running")" = 4 ]
    [ "$(called)" = '2 4' ]
    sleep 4.3
    cat "$(head -n 1 <<<"$running")" >/dev/null
    [ "$(called)" = '2 5' ]
}

@test "while a describe is fresh all of its job's values come from it, then the listing takes over" {
    emulator_start --jobs 0 --running 0
    set_job job 'status="IN PROGRESS"' 'numResults=25' 'lastUpdatedDateTime=1790000000'
    mount_start -o ttl=8s,list-ttl=10ms
    [ "$(cat "$M/job/numResults")" = 25 ]
    began=$SECONDS
    set_job job 'status="ACTIVE"' 'numResults=50' 'lastUpdatedDateTime=1790000001'
    [ "$(ls "$M")" = job ]
    one="$(cat "$M/job/status") $(cat "$M/job/numResults")"
    ((SECONDS - began >= 7)) || [ "$one $(called)" = 'IN PROGRESS 25 1 1' ]
    sleep $((began + 9 > SECONDS ? began + 9 - SECONDS : 0))
    [ "$(cat "$M/job/status")" = ACTIVE ]
    [ "$(called)" = '1 1' ]
    [ "$(cat "$M/job/numResults")" = 50 ]
    [ "$(called)" = '1 2' ]
}

@test "where describes are denied, or throttled, what a listing carries is read all the same" {
    emulator_start --jobs 30 --running 0 --empty-pages 0
    mount_start
    control fault $'operation=DescribeBatchInferenceJob\nkind=code=AccessDeniedException:400'
    [ "$(cat "$M"/*/status | wc -l)" = 30 ]
    job=$(ls "$M" | head -n 1)
    run cat "$M/$job/numResults"
    [[ $status == 1 && $output == *'Permission denied' ]]
    [ -n "$(cat "$M/$job/status")" ]
    [ "$(cat "$M/$job/jobName")" = "$job" ]
    [ "$(called)" = '1 1' ]
}

# ---- listings that hold ----

@test "an interrupted listing goes on where it was, and no page is asked for twice" {
    emulator_start --jobs 1000 --running 0 --empty-pages 0
    mount_start
    hold_lists 100
    for from in 2 5; do # twice interrupted
        ls "$M" >/dev/null 2>&1 3>&- &
        lister=$!
        wait_until listed_at_least "$from"
        kill -INT "$lister" 2>/dev/null || kill -TERM "$lister"
        kill -TERM "$lister" 2>/dev/null || true
        wait "$lister" || true
        lister=
    done
    control_post clear-faults
    [ "$(ls "$M" | sort)" = "$(control jobs | sort)" ]
    [ "$(lists)" -le 12 ]
    [ "$(ls "$M" | wc -l)" = 1000 ]
    [ "$(lists)" -le 12 ]
}

@test "jobs that appear while a listing runs, and pages that shift, are neither lost nor listed twice" {
    emulator_start --jobs 600 --running 0 --empty-pages 0
    mount_start -o list-ttl=1ms
    control jobs | sort >"$BATS_TEST_TMPDIR/before"
    hold_lists 50
    ls "$M" >"$BATS_TEST_TMPDIR/first" 3>&- &
    lister=$!
    wait_until listed_at_least 2
    for i in {1..40}; do
        set_job "appears-$i" 'status="PENDING"'
    done
    wait "$lister"
    lister=
    sort "$BATS_TEST_TMPDIR/first" >"$BATS_TEST_TMPDIR/first.sorted"
    [ "$(uniq -d "$BATS_TEST_TMPDIR/first.sorted")" = '' ]
    [ "$(comm -23 "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/first.sorted")" = '' ]
    control_post clear-faults
    lists_all() { [ "$(ls "$M" | sort)" = "$(control jobs | sort)" ]; }
    wait_until lists_all # when its freshness has ended
}

@test "a token that the service refuses starts the listing anew, once" {
    emulator_start --jobs 300 --running 0 --empty-pages 0
    mount_start
    control fault $'operation=ListBatchInferenceJobs\nskip=1\ncount=1\nkind=code=InvalidNextTokenException:400'
    [ "$(ls "$M" | sort)" = "$(control jobs | sort)" ]
    [ "$(lists)" = 5 ]
    control_post clear-faults
    mount_stop
    mount_start
    control_post reset-counts
    control fault $'operation=ListBatchInferenceJobs\nskip=1\nkind=code=InvalidNextTokenException:400'
    run ls "$M"
    [[ $status == 2 && $output == *'Bad message' ]]
    [ "$(lists)" -le 4 ]
}

@test "a describe waits for one page of a listing at most, with one place for all" {
    emulator_start --jobs 3000 --running 0 --empty-pages 0
    mount_start -o max-requests=1
    hold_lists 200
    ls "$M" >/dev/null 3>&- &
    lister=$!
    wait_until listed_at_least 1
    job=$(control jobs | tail -n 1)
    [ -n "$(cat "$M/$job/status")" ]
    control requests >"$BATS_TEST_TMPDIR/requests"
    pages=$(sed '/^DescribeBatchInferenceJob /q' "$BATS_TEST_TMPDIR/requests" | grep -c '^ListBatchInferenceJobs ')
    echo "pages before the describe: $pages"
    [ "$(describes)" = 1 ]
    [ "$(lists)" -lt 30 ]
    kill -TERM "$lister"
    wait "$lister" || true
    lister=
}
