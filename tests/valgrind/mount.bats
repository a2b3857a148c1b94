#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A mount that is read whole, while values change, and unmounted: under valgrind, which must have nothing to say.
# PERSONALIZEFS and EMULATOR: the programs.

bats_require_minimum_version 1.5.0

setup() {
    set -u
    # shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
    source "$BATS_TEST_DIRNAME/../../scripts/lib.sh"
    state=$BATS_TEST_TMPDIR
    mount=$state/mnt
    mkdir "$mount"
    # shellcheck disable=SC2153 # from the environment
    emulator_start "$EMULATOR" "$state" --jobs 30 --running 3 --lifetime-s 4 --seed 7 3>&-
}

teardown() {
    if is_mounted "$mount"; then unmount -l "$mount"; fi
    emulator_stop "$state"
}

# under_valgrind ARGUMENT…
under_valgrind() {
    with_demo_keys valgrind --leak-check=full --errors-for-leak-kinds=definite,indirect,possible --error-exitcode=99 \
        --log-file="$state/valgrind.%p" "$PERSONALIZEFS" \
        -o "endpoint-url=$(<"$state/url"),account-id=$demo_account,ttl=1s" "$@" "$demo_region" "$mount"
}

read_all() {
    ls -lR "$mount" >/dev/null
    find "$mount" -type f -exec cat {} + >/dev/null
    run cat "$mount/no-such-job/status"
    [ "$status" -ne 0 ]
    run cat "$mount/not.a.job/status"
    [ "$status" -ne 0 ]
}

# A child that became fusermount3 left a report without an end; it must not have a stack in it either.
nothing_was_found() {
    cat "$state"/valgrind.*
    grep -q 'ERROR SUMMARY: 0 errors' "$state"/valgrind.*
    run ! grep -hE 'ERROR SUMMARY: [1-9]|(at|by) 0x[0-9A-F]+: ' "$state"/valgrind.*
}

@test "in the foreground: mount, read, unmount" {
    under_valgrind -f </dev/null 3>&- &
    daemon=$!
    until is_mounted "$mount"; do
        kill -0 "$daemon"
        sleep 0.1
    done
    read_all
    sleep 1.5 # past the ttl: some values have changed
    read_all
    unmount "$mount"
    wait "$daemon"
    nothing_was_found
}

@test "as a daemon, ended by SIGTERM" {
    under_valgrind </dev/null >/dev/null 2>&1 3>&-
    is_mounted "$mount"
    read_all
    daemon=$(pgrep -f -- "$PERSONALIZEFS .* $mount\$")
    kill "$daemon"
    while kill -0 "$daemon" 2>/dev/null; do
        sleep 0.1
    done
    run ! is_mounted "$mount"
    nothing_was_found
}

@test "a service that cannot be reached" {
    emulator_stop "$state"
    under_valgrind </dev/null >/dev/null 2>&1 3>&-
    run cat "$mount/some-job/status"
    [ "$status" -ne 0 ]
    run ls "$mount"
    [ "$status" -ne 0 ]
    unmount "$mount"
    daemon=$(pgrep -f -- "$PERSONALIZEFS .* $mount\$" || true)
    while [ -n "$daemon" ] && kill -0 "$daemon" 2>/dev/null; do
        sleep 0.1
    done
    nothing_was_found
}
