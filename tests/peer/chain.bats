#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # from packages.bash
# A real client finds the same: for each of the configurations in chain/cases.js, the AWS SDK for JavaScript's node
# provider chain and the mount, side by side before the same emulator, use the same keys, region and endpoint for the same
# job's status, or both fail. What may differ, and why, is in chain/allowed.js.
bats_require_minimum_version 1.5.0
load packages.bash

setup_file() {
    ((EUID == 0)) || return 0 # a network of its own, in which AWS's hosts are this one, is root's to make
    export packages RESULT=$BATS_FILE_TMPDIR/result
    packages_ready
    mkdir "$BATS_FILE_TMPDIR/chain"
    status=0
    # Closed: bats waits for whoever holds it.
    NODE_PATH=$packages/node_modules node "$BATS_TEST_DIRNAME/chain/run.js" "$BATS_FILE_TMPDIR/chain" >"$RESULT" 2>&1 3>&- ||
        status=$?
    echo "status $status" >>"$RESULT"
}

setup() { ((EUID == 0)) || skip "needs root"; }

# number WHAT: of the line "WHAT: N"
number() { sed -n "s/^$1: \([0-9]*\)$/\1/p" "$RESULT"; }

@test "the same keys, region and endpoint, or both fail" {
    grep -E '^ *[0-9]+ |^[a-z ]+: [0-9]+$' "$RESULT" >&3
    grep -Fx 'status 0' "$RESULT" || { cat "$RESULT" && return 1; }
    [ "$(number different)" = 0 ]
    # Not all by failing.
    [ "$(sed -n 's/ configurations$//p' "$RESULT")" -ge 400 ]
    [ "$(number same)" -ge 250 ]
    [ "$(number allowed)" -le 75 ]
}

@test "at most ten kinds of difference are allowed, each has a reason and is met" {
    [ "$(grep -c '^  [0-9]* ' "$RESULT")" -le 10 ]
    run ! grep -q '^  0 ' "$RESULT"
    node -e 'for (const kind of Object.values(require(process.argv[1]).kinds)) if (!kind.reason) process.exit(1)' \
        "$BATS_TEST_DIRNAME/chain/allowed.js"
}
