#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ./scripts/quickstart, from the first start to the stop, with a job that lives a few seconds.

bats_require_minimum_version 1.5.0

setup_file() {
    quickstart=$BATS_TEST_DIRNAME/../../scripts/quickstart
    QUICKSTART_DIR=$BATS_FILE_TMPDIR/state
    export quickstart QUICKSTART_DIR QUICKSTART_LIFETIME_S=6
}

teardown_file() {
    "$quickstart" stop 3>&-
}

# Its output goes into a pipe, which ends only if nothing that it leaves running holds the other end.
start() {
    "$quickstart" </dev/null 2>&1 3>&- | cat >"$BATS_TEST_TMPDIR/out"
    local status=("${PIPESTATUS[@]}")
    cat "$BATS_TEST_TMPDIR/out"
    return "${status[0]}"
}

# A process that has ended but that nobody has waited for yet has ended.
runs() { [[ $(ps -o stat= -p "$1") == [!Z]* ]]; }

statuses() { grep -oE '^[0-9:]{8}  .*' "$BATS_TEST_TMPDIR/out" | cut -c 11-; }

@test "the first start shows a status that changes, and leaves the mount" {
    start
    statuses
    [ "$(statuses | wc -l)" -ge 2 ]
    grep -qx 'ACTIVE\|CREATE FAILED' <(statuses | tail -n 1)
    [ "$(cat "$QUICKSTART_DIR"/mnt/*/status | wc -l)" -ge 2 ]
}

@test "the state is nobody else's to look into" {
    [ "$(stat -c %a "$QUICKSTART_DIR")" = 700 ]
}

@test "a second start begins anew" {
    read -r first <"$QUICKSTART_DIR/emulator.pid"
    start
    read -r second <"$QUICKSTART_DIR/emulator.pid"
    [ "$first" != "$second" ]
    run ! runs "$first"
    cat "$QUICKSTART_DIR"/mnt/*/status
}

@test "stop ends everything, even a mount that somebody stands in" {
    read -r pid <"$QUICKSTART_DIR/emulator.pid"
    (cd "$QUICKSTART_DIR/mnt" && "$quickstart" stop 3>&-)
    [ ! -e "$QUICKSTART_DIR" ]
    run ! runs "$pid"
    run ! grep -F "$QUICKSTART_DIR" /proc/self/mountinfo
}

@test "without /dev/fuse it says so and what to do, and leaves nothing" {
    ((EUID == 0)) || skip 'only root may take it away'
    touch "$BATS_TEST_TMPDIR/no-device"
    # shellcheck disable=SC2016 # for the shell inside
    run -1 unshare --mount --propagation private bash -c 'mount --bind "$1" /dev/fuse && exec "$2" </dev/null' bash \
        "$BATS_TEST_TMPDIR/no-device" "$quickstart"
    [[ $output == *'There is no /dev/fuse, so nothing can be mounted. What to do:'*'sudo modprobe fuse'*'--device /dev/fuse'* ]]
    [ ! -e "$QUICKSTART_DIR" ]
}

@test "stop is fine where nothing runs" {
    run -0 "$quickstart" stop
    [ -z "$output" ]
}

@test "a wrong argument is wrong use" {
    run -2 "$quickstart" begin
}
