#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# personalizefs wait: what it says and returns, and what it costs the service.
# shellcheck disable=SC2154,SC2317 # lib.bash's variables and bats'; what wait_until calls
bats_require_minimum_version 1.5.0
load lib.bash

setup() {
    common_setup
    S=$BATS_TEST_TMPDIR/said
    waiting=()
}
teardown() {
    ((${#waiting[@]} == 0)) || kill -KILL "${waiting[@]}" 2>/dev/null || true
    common_teardown
}

# Three jobs that stand still, and one of each end; times are an hour, so that what is asked can be counted.
standing() {
    emulator_start --jobs 6 --running 0 --stuck 3
    mapfile -t names < <(control jobs)
    running=${names[0]}
    other=${names[1]}
    active=${names[2]}
    failed=${names[3]}
    status_set "$running" 'IN PROGRESS'
    status_set "$other" 'CREATE PENDING'
    status_set "$active" ACTIVE
    control job "$failed"$'\nstatus="CREATE FAILED"\nfailureReason="no role\\u001b[31m"'
    mount_start "$@"
}
status_set() { control job "$1"$'\nstatus="'"$2"'"'; }

# waiter N ARGUMENT...: in the background; what it says is in $S.N, its status then in $S.N.status.
waiter() {
    local n=$1
    shift
    {
        "$PERSONALIZEFS" wait "$@" 2>"$S.$n" && status=0 || status=$?
        echo "$status" >"$S.$n.status"
    } 3>&- &
    waiting+=($!)
}
ended() { [ -s "$S.$1.status" ]; }
# After failures the looks are up to 15 s apart.
long_until() { wait_until "$@" || wait_until "$@" || wait_until "$@"; }

# ---- the ends ----

@test "a job that is ACTIVE: 0, and nothing is said" {
    standing
    run --separate-stderr "$PERSONALIZEFS" wait "$M/$active"
    [ "$status:$output:$stderr" = 0:: ]
    [ "$(describes)" = 1 ]
}

@test "a job that failed: 1, with its failureReason on one line" {
    standing
    run -1 --separate-stderr "$PERSONALIZEFS" wait "$M/$failed/status"
    [ -z "$output" ]
    # shellcheck disable=SC2154 # bats sets it
    [ "$stderr" = "personalizefs wait: $M/$failed: CREATE FAILED: no role\\0033[31m" ]
    status_set "$other" 'CREATE STOPPED'
    control job "$other"$'\nfailureReason=null'
    run -1 "$PERSONALIZEFS" wait "$M/$other"
    [ "$output" = "personalizefs wait: $M/$other: CREATE STOPPED" ]
}

@test "it returns when the last of several is finished, whatever became of the first" {
    standing -o ttl=1s
    waiter 1 "$M/$failed" "$M/$running" "$M/$active"
    wait_until grep -q "$failed" "$S.1"
    run ! ended 1
    status_set "$running" ACTIVE
    wait_until ended 1
    [ "$(<"$S.1.status")" = 1 ]
    [ "$(wc -l <"$S.1")" = 1 ]
    [ "$("$PERSONALIZEFS" wait "$M/$running" "$M/$active" && echo $?)" = 0 ]
}

@test "the time is over: 124, with what the job is" {
    standing
    run -124 "$PERSONALIZEFS" wait --timeout=300ms "$M/$running" "$M/$active"
    [ "$output" = "personalizefs wait: $M/$running: the time is over; it is IN PROGRESS" ]
}

@test "the time is over while the service does not answer: 124, long before the mount's own timeout" {
    standing -o timeout=60s
    control fault kind=hang
    SECONDS=0
    run -124 "$PERSONALIZEFS" wait --timeout 500ms "$M/$running"
    [ "$SECONDS" -lt 30 ]
    [ "$output" = "personalizefs wait: $M/$running: the time is over; it is not known yet" ]
}

@test "a job that does not exist: 1" {
    standing
    for path in "$M/no-such-job" "$M/no-such-job/status" "$M/no-such-job" "$M/no-such-job/status"; do
        run -1 "$PERSONALIZEFS" wait "$path"
        [ "$output" = "personalizefs wait: ${path%/status}: there is no such job" ]
    done
}

@test "wrong use: 2" {
    standing
    mkdir "$BATS_TEST_TMPDIR/elsewhere"
    touch "$BATS_TEST_TMPDIR/elsewhere/status"
    for arguments in '' '--timeout' '--timeout=' '--timeout=0' '--timeout 5x PATH' '--timeout=99999999d PATH' \
        '--no-such PATH' '--help=x' '-x PATH' "$BATS_TEST_TMPDIR/elsewhere" "$BATS_TEST_TMPDIR/elsewhere/status" \
        "$BATS_TEST_TMPDIR/nowhere" / "$M" "$M/" "$M/$active/numResults" "$M/$active/jobInput" \
        "$M/$active/jobInput/path" "$M/.git" "$M/.git/status" "$M/$active/none" "$M/arn:aws:personalize:us-west-2:$account:batch-inference-job"; do
        # shellcheck disable=SC2086 # words
        run -2 "$PERSONALIZEFS" wait $arguments
        [[ $output == 'personalizefs wait: '* ]]
        [ "${#lines[@]}" = 1 ]
    done
    run -0 "$PERSONALIZEFS" wait --help
    [[ $output == 'usage: personalizefs wait '* ]]
}

# ---- the paths ----

@test "a job's directory or its status, by any path" {
    standing
    status_set status ACTIVE
    ln -s "$M/$active" "$BATS_TEST_TMPDIR/link"
    cd "$M/$active"
    for path in "$M/$active" "$M/$active/" "$M//$active/status" . status ../"$active" "$BATS_TEST_TMPDIR/link" \
        "$BATS_TEST_TMPDIR/link/status" "$M/status" "$M/status/status" \
        "$M/arn:aws:personalize:us-west-2:$account:batch-inference-job/$active" \
        "$M/arn:aws:personalize:us-west-2:$account:batch-inference-job/$active/status"; do
        echo "$path"
        "$PERSONALIZEFS" wait --timeout 1h "$path"
    done
    cd "$M"
    "$PERSONALIZEFS" wait "$active" -- "$active/status"
}

@test "a bind mount of a job is a job too" {
    ((EUID == 0)) || skip 'only root may mount so'
    standing
    mkdir "$BATS_TEST_TMPDIR/bound"
    mount --bind "$M/$active" "$BATS_TEST_TMPDIR/bound"
    run "$PERSONALIZEFS" wait "$BATS_TEST_TMPDIR/bound" "$BATS_TEST_TMPDIR/bound/status"
    umount "$BATS_TEST_TMPDIR/bound"
    [ "$status:$output" = 0: ]
}

# ---- what it costs ----

@test "ten waiters cost one describe, however long they look" {
    standing -o ttl=1h
    for i in {1..10}; do
        waiter "$i" --timeout 2500ms "$M/$running"
    done
    for i in {1..10}; do
        wait_until ended "$i"
        [ "$(<"$S.$i.status")" = 124 ]
    done
    [ "$(describes)" = 1 ]
    [ "$(lists)" = 0 ]
}

@test "while the value is fresh a waiter's looks do not even wake the daemon" {
    standing -o ttl=1h
    cat "$M/$running/status"
    cat "$M/$running/status"
    waiter 1 "$M/$running"
    settle
    before=$(wakeups)
    sleep 3 # three looks, which are not to be seen
    [ "$(wakeups)" = "$before" ]
    [ "$(describes)" = 1 ]
}

# ---- trouble ----

@test "an outage is said once and does not end it" {
    standing -o ttl=1s
    control fault kind=code=AccessDeniedException
    waiter 1 "$M/$running" "$M/$other"
    wait_until grep -q 'Permission denied; trying again' "$S.1"
    asked=$(describes)
    asked_more() { [ "$(describes)" -gt $((asked + 1)) ]; }
    wait_until asked_more
    [ "$(wc -l <"$S.1")" = 1 ]
    run ! ended 1
    control_post clear-faults
    status_set "$running" ACTIVE
    status_set "$other" ACTIVE
    long_until ended 1
    [ "$(<"$S.1.status")" = 0 ]
    [ "$(wc -l <"$S.1")" = 1 ]
}

@test "one that began in an outage, by the status of a job that nobody knows, gets its answer" {
    standing -o timeout=2s
    control fault kind=reset
    waiter 1 "$M/$running/status"
    wait_until grep -q 'Connection reset by peer; trying again' "$S.1"
    status_set "$running" ACTIVE
    control_post clear-faults
    long_until ended 1
    [ "$(<"$S.1.status")" = 0 ]
}

@test "the mount goes away: 1" {
    standing -o ttl=1s
    waiter 1 "$M/$running"
    waiter 2 "$M/$running"
    answered() { [ "$(describes)" -ge 1 ]; }
    wait_until answered
    mount_stop
    for i in 1 2; do
        wait_until ended "$i"
        [ "$(<"$S.$i.status")" = 1 ]
        [[ $(<"$S.$i") == *"personalizefs wait: $M/$running: the mount is gone: "* ]]
    done
}

@test "the daemon is killed: 1" {
    standing -o ttl=1s
    waiter 1 "$M/$running"
    answered() { [ "$(describes)" -ge 1 ]; }
    wait_until answered
    kill -KILL "$daemon"
    wait_until ended 1
    umount -l "$M" 2>/dev/null || fusermount3 -uz "$M"
    [ "$(<"$S.1.status")" = 1 ]
    [[ $(<"$S.1") == *"the mount is gone: "* ]]
}

# ---- the terminal ----

# on_terminal KEYS COMMAND...: with a terminal of 60 columns as its own, on which KEYS are typed once it has shown
# something; what it shows goes to $S. Prints its exit status, negative for the signal that ended it.
on_terminal() {
    python3 - "$S" "$@" <<'PYTHON'
import fcntl, os, pty, struct, sys, termios, time
said, keys, command = sys.argv[1], sys.argv[2], sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    os.execvp(command[0], command)
with open(said, "wb", buffering=0) as said:
    while True:
        try:
            some = os.read(terminal, 4096)
        except OSError:
            break
        said.write(some)
        if keys:
            time.sleep(0.3) # so that it waits for the service, most probably
            os.write(terminal, keys.encode())
            keys = ""
_, status = os.waitpid(pid, 0)
print(os.waitstatus_to_exitcode(status))
PYTHON
}

@test "progress on a terminal is one line that is written again, and gone at the end" {
    standing
    run on_terminal '' "$PERSONALIZEFS" wait --timeout 2500ms "$M/$active" "$M/$running" "$M/$other"
    [ "$output" = 124 ]
    # Everything before the last words: no newline, each writing at most as wide as the terminal.
    progress=$(grep -m 1 finished "$S" | tr '\r' '\n' | grep finished | sed 's/\x1b\[K//')
    [ "$(wc -l <<<"$progress")" -ge 2 ]
    [[ $(head -n 1 <<<"$progress") == "0 of 3 finished, "*" s: $active ? "* ]]
    [[ $(tail -n 1 <<<"$progress") == "1 of 3 finished, "*" s: $running IN PROGRESS "* ]]
    [ "$(wc -L <<<"$progress")" -le 59 ]
    [ "$(grep -c 'the time is over' "$S")" = 2 ]
}

@test "Ctrl-C ends it at once, by the signal, while the service does not answer" {
    standing -o timeout=60s
    control fault kind=hang
    SECONDS=0
    [ "$(on_terminal $'\003' "$PERSONALIZEFS" wait "$M/$running")" = -2 ]
    [ "$SECONDS" -lt 30 ]
    [ "$(describes)" = 1 ]
}
