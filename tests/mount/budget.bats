#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# How many calls go out, how fast and in what order: a service that throttles, walks that are read ahead, readers in turn.
# shellcheck disable=SC2012,SC2154 # ls is what is tested; lib.bash's variables
load lib.bash

setup() {
    common_setup
    readers=()
}
teardown() {
    control_post clear-faults || true
    ((!${#readers[@]})) || kill "${readers[@]}" 2>/dev/null || true
    common_teardown
}

jobs_mounted() { # JOBS [OPTION...]: sets jobs, as a shell's * has them
    emulator_start --jobs "$1" --running 0 --empty-pages 0
    shift
    mount_start "$@"
    mapfile -t jobs < <(LC_ALL=C ls "$M")
    control_post reset-counts
}
numbers() { cat "${@/%//numResults}" >/dev/null; }
described() { (($(describes) >= $1)); }

# BUDGET_JOBS=500 is a walk of a minute.
@test "a service that throttles is not asked in vain for long, and who asks for one job is served amid a walk" {
    jobs_mounted $((${BUDGET_JOBS:-180} + 5))
    walk=("${jobs[@]:5}")
    control set rate=10
    cd "$M" || return
    numbers "${walk[@]}" 2>"$BATS_TEST_TMPDIR/errors" 3>&- &
    readers=($!)
    until described 100; do sleep 0.1; done # the first ten seconds
    [ "$(calls throttled)" -ge 1 ]
    control_post reset-counts
    for job in "${jobs[@]:0:5}"; do
        before=$(describes)
        numbers "$job"
        after=$(describes)
        ((after - before <= 20)) # two seconds' worth
    done
    wait "${readers[0]}"
    readers=()
    [ ! -s "$BATS_TEST_TMPDIR/errors" ]
    all=$(describes) throttled=$(calls throttled)
    echo "after the first ten seconds: $all calls, $throttled throttled"
    ((throttled * 20 <= all))
    ((all - throttled <= ${#walk[@]} - 85)) # no call but those that were needed
    cd / || return
}

@test "a walk costs as many calls as it has jobs, in whatever order it goes" {
    jobs_mounted 60
    cd "$M" || return
    numbers "${jobs[@]}"
    [ "$(describes)" = 60 ]
    numbers "${jobs[@]}"
    cat -- */describe.json >/dev/null
    [ "$(describes)" = 60 ]
    cd / || return
    mount_stop
    for order in -U -r '-U -r'; do
        mount_start
        # shellcheck disable=SC2086 # options
        mapfile -t jobs < <(LC_ALL=C ls $order "$M")
        control_post reset-counts
        (cd "$M" && numbers "${jobs[@]}")
        [ "$(describes)" = 60 ]
        mount_stop
    done
}

@test "a walk is seen in its third job; one that stops has cost a window more, and is paid for once" {
    jobs_mounted 60
    cd "$M" || return
    numbers "${jobs[30]}"
    numbers "${jobs[31]}"
    numbers "${jobs[30]}" "${jobs[31]}"
    settle
    [ "$(describes)" = 2 ]
    numbers "${jobs[32]}"
    wait_until described 5
    settle
    [ "$(describes)" = 5 ]
    numbers "${jobs[33]}" # one of them: the window is 4 now
    wait_until described 8
    settle
    [ "$(describes)" = 8 ]
    numbers "${jobs[@]:34:20}"
    wait_until described 30 # to the end
    settle
    [ "$(describes)" = 30 ]
    numbers "${jobs[@]}"
    [ "$(describes)" = 60 ]
    cd / || return
}

@test "who looks at one job, or lists them all, or reads what a listing tells, has nothing read ahead" {
    jobs_mounted 60
    cd "$M" || return
    ls -l >/dev/null
    ls -lR -- "${jobs[@]:0:3}" >/dev/null # the members whose names a describe tells: a walk of three
    wait_until described 5
    settle
    before=$(describes)
    cat -- */status >/dev/null
    find . -maxdepth 1 -mmin -60 >/dev/null
    [ "$(describes)" = "$before" ]
    for job in "${jobs[40]}" "${jobs[20]}" "${jobs[50]}"; do
        cat "$job"/* >/dev/null 2>&1 || true
        settle
    done
    [ "$(describes)" = $((before + 3)) ]
    cd / || return
}

@test "a mount with one place for calls reads nothing ahead" {
    jobs_mounted 20 -o max-requests=1
    (cd "$M" && numbers "${jobs[@]:0:6}")
    settle
    [ "$(describes)" = 6 ]
}

@test "an end in the middle of a walk, with calls ahead under way" {
    jobs_mounted 60
    control fault $'operation=DescribeBatchInferenceJob\nkind=hang\nskip=3'
    (cd "$M" && numbers "${jobs[@]:0:3}")
    wait_until described 5
    cat "$M/${jobs[3]}/numResults" >/dev/null 2>&1 3>&- & # joins one
    readers=($!)
    cat "$M/${jobs[20]}/numResults" >/dev/null 2>&1 3>&- & # and one of its own
    readers+=($!)
    wait_until described 9 # the window has doubled besides
    kill -INT "${readers[1]}"
    wait "${readers[1]}" || true
    mount_stop
    wait "${readers[0]}" || true
    readers=()
}

# Each comes when the one before has, as the daemon's log of requests shows: the first waits for an answer, the others for
# the place.
@test "waiting readers are served oldest first" {
    jobs_mounted 20 -d -o max-requests=1
    control fault $'operation=DescribeBatchInferenceJob\nkind=latency=3000\ncount=1'
    came() { grep -qE "opcode: GETATTR .* pid: ${readers[-1]}$" "$LOG"; }
    for i in 9 3 12 6; do
        cat "$M/${jobs[i]}/numResults" >/dev/null 3>&- &
        readers+=($!)
        wait_until came
    done
    wait "${readers[@]}"
    readers=()
    asked=$(control requests | awk '$1 == "DescribeBatchInferenceJob" && !seen[$2]++ { print $2 }')
    [ "$asked" = "$(printf '%s\n' "${jobs[9]}" "${jobs[3]}" "${jobs[12]}" "${jobs[6]}")" ]
}
