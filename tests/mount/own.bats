#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The mount's own files, .personalizefs/: unlisted, whole, and there in any trouble.
# shellcheck disable=SC2154,SC2030,SC2031 # lib.bash's variables, and those of bats' subshells
bats_require_minimum_version 1.5.0
load lib.bash

setup() {
    common_setup
    own=$M/.personalizefs
    token=canary/of+the/session/token==
}

teardown() {
    [[ -z $emulator ]] || kill -CONT "$emulator" 2>/dev/null || true
    common_teardown
}

# What never fails and never waits.
calm() { cat "$own/errors" "$own/metrics.prom" "$own/config"; }

# sample NAME: a metric's value, "" where it has none.
sample() { awk -v name="$1" '$1 == name { print $2 }' "$own/metrics.prom"; }

# failures N: whether so many are told.
failures() { [[ $(sample personalizefs_failures_total) == "$1" ]]; }

requests_made() { control counts | awk '$1 == "requests" { print $2 }'; }

# column NAME: of the last failure.
column() {
    awk -F '\t' -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
        END { print $at }' "$own/errors"
}

@test "reachable by path, in no listing; modes; read-only; not under an ARN; hidden names cost no call" {
    emulator_start --jobs 3
    mount_start
    [ "$(cd "$own" && LC_ALL=C echo * | tr ' ' '\n' | grep -cxE 'config|errors|metrics.prom')" = 3 ]
    [ "$(requests_made)" = 0 ]
    run ! stat "$M/.git" "$M/.personalizefsx" "$own/.git" "$own/no-such"
    run ! mkdir "$own/new"
    [[ $output == *'Read-only file system'* ]]
    [ "$(requests_made)" = 0 ]
    [ "$(stat -c %a "$own" "$own/errors" "$own/config" "$own/metrics.prom" | paste -sd ' ')" = '555 400 400 444' ]
    run ls -a "$M"
    [ "${#lines[@]}" = 5 ]
    [[ $output != *personalizefs* ]]
    [ "$(find "$M" -name '.personalizefs*' | wc -l)" = 0 ]
    [ "$(find "$own" -maxdepth 1 -type f -name '*.prom')" = "$own/metrics.prom" ]
    local arn="$M/arn:aws:personalize:us-west-2:$account:batch-inference-job"
    ls "$arn" >/dev/null
    run ! stat "$arn/.personalizefs"
    [[ $output == *'No such file or directory'* ]]
}

@test "config: every setting, with where it is from; keys masked" {
    emulator_start --jobs 1
    mount_start -o ttl=7s --max-requests 3
    [ "$(head -n 1 "$own/config")" = $'setting\tvalue\tfrom' ]
    run ! grep -vP '^[^\t]+\t[^\t]*\t[^\t]*$' "$own/config"
    grep -xP 'region\tus-west-2\tSOURCE' "$own/config"
    grep -xP 'ttl\t7s\toption' "$own/config"
    grep -xP 'max-requests\t3\toption' "$own/config"
    grep -xP 'list-ttl\t60s\tdefault' "$own/config"
    grep -xP 'access_key\t\*{16}MPLE\tAWS_ACCESS_KEY_ID' "$own/config"
    grep -xP 'secret_key\t\*{16}MPLE\tAWS_SECRET_ACCESS_KEY' "$own/config"
    [ "$(requests_made)" = 0 ]
}

@test "an outage: errors, metrics and config are read while others wait; cause and remedy are told; ages grow" {
    emulator_start --jobs 3 --running 0
    mount_start -o timeout=4s,list-ttl=1h
    ls "$M" >/dev/null
    local job blocked first
    job=$(control jobs | head -n 1)
    kill -STOP "$emulator"
    cat "$M/$job/roleArn" >/dev/null 2>"$BATS_TEST_TMPDIR/said" 3>&- &
    blocked=$!
    calm >/dev/null
    first=$(sample personalizefs_listing_age_seconds)
    sleep 0.01
    awk -v a="$first" -v b="$(sample personalizefs_listing_age_seconds)" 'BEGIN { exit !(a > 0 && b > a) }'
    kill -0 "$blocked" # all of that was read while it waited
    wait "$blocked" || true
    grep -q 'Connection timed out' "$BATS_TEST_TMPDIR/said"
    calm >/dev/null
    failures 1
    [ "$(column path)" = "$job" ]
    [ "$(column errno)" = ETIMEDOUT ]
    [[ $(column code) == deadline || $(column code) == attempt-timeout ]]
    [[ $(column advice) == *'timeout='* || $(column advice) == *slow* ]]
    [ -z "$(column httpStatus)" ]
    [ "$(sample 'personalizefs_jobs{status="ACTIVE"}')" -gt 0 ]
    # Those that are refused for the same reason are no news.
    run ! cat "$M/$job/filterArn" "$M/never-heard-of/status"
    [ "$(wc -l <"$own/errors")" = 2 ]
}

@test "denied: the missing action is named, a failed list is not asked for again before its time, SIGHUP asks" {
    emulator_start --jobs 3
    mount_start -o list-ttl=1h
    control fault $'operation=ListBatchInferenceJobs\nkind=code=AccessDeniedException'
    calm >/dev/null
    wait_until failures 1
    [ "$(column path)" = . ]
    [ "$(column operation)" = ListBatchInferenceJobs ]
    [ "$(column errno)" = EACCES ]
    [[ $(column advice) == 'Missing: personalize:ListBatchInferenceJobs. '* ]]
    [ -n "$(column requestId)" ]
    [ "$(sample personalizefs_listing_failed)" = 1 ]
    local i
    for ((i = 0; i < 20; i++)); do calm >/dev/null; done
    settle
    [ "$(lists)" = 1 ]
    control_post clear-faults
    kill -HUP "$daemon"
    wait_until grep -q '^personalizefs_jobs{' "$own/metrics.prom"
    [ "$(lists)" = 2 ]
    [ "$(sample personalizefs_listing_failed)" = 0 ]
}

@test "reading the metrics begins a list when the last is old; with no reader nothing is called" {
    emulator_start --jobs 3
    mount_start -o list-ttl=50ms
    wait_until grep -q '^personalizefs_jobs{' "$own/metrics.prom"
    settle
    local before
    before=$(lists)
    sleep 0.5
    [ "$(lists)" = "$before" ]
    wait_until listed_more_than "$before"
}

listed_more_than() {
    calm >/dev/null
    (($(lists) > $1))
}

@test "a list that hangs is one call, and nobody waits for it" {
    emulator_start --jobs 3
    mount_start -o list-ttl=1h
    control fault $'operation=ListBatchInferenceJobs\nkind=hang'
    local i
    for ((i = 0; i < 10; i++)); do calm >/dev/null; done
    settle
    [ "$(lists)" = 1 ]
    [ -z "$(sample 'personalizefs_jobs{status="ACTIVE"}')" ]
    control_post clear-faults
    wait_until grep -q '^personalizefs_jobs{' "$own/metrics.prom"
}

@test "each opening is one moment, whole, while failures come" {
    emulator_start --jobs 150 --running 0
    mount_start -o list-ttl=1h
    ls "$M" >/dev/null
    control fault $'operation=DescribeBatchInferenceJob\nkind=code=AccessDeniedException'
    exec {held}<"$own/errors"
    cat "$M"/*/roleArn >/dev/null 2>&1 3>&- &
    local failing=$!
    python3 - "$own" <<'END'
import os, sys

for round in range(300):
    name = ("errors", "metrics.prom", "errors", "config")[round % 4]
    fd = os.open(os.path.join(sys.argv[1], name), os.O_RDONLY)
    size = os.fstat(fd).st_size
    text = b""
    while piece := os.read(fd, 1000):
        text += piece
    assert len(text) == size and os.fstat(fd).st_size == size, (name, size, len(text))
    assert text.endswith(b"\n") and text[:4] in (b"time", b"# HE", b"sett"), text[:80]
    if name == "errors":
        lines = text.decode().splitlines()
        assert len(lines) <= 101 and all(line.count("\t") == 8 for line in lines)
    os.close(fd)
END
    wait "$failing" || true
    (($(sample personalizefs_failures_total) >= 150)) # the shell has looked at each too, before
    [ "$(wc -l <"$own/errors")" = 101 ]
    [ "$(wc -l <&"$held")" = 1 ]
    [ "$(wc -l <"$own/errors")" = 101 ]
    exec {held}<&-
    # cp(1) looks first, and opens what must still be the same file.
    for _ in {1..10}; do
        cp -f "$own"/{errors,metrics.prom,config} "$BATS_TEST_TMPDIR"
    done
}

@test "no secret and no session token in any of the files, whatever the service quotes" {
    emulator_start --jobs 3
    control set "session_token=$token"
    export AWS_SESSION_TOKEN=$token AWS_SECRET_ACCESS_KEY=another/secret+key/EXAMPLE
    mount_start -o list-ttl=1h
    run ! cat "$M/nightly-1/status"
    [[ $output == *'Key was rejected by service'* ]]
    run ! ls "$M"
    wait_until failures 2
    local file
    for file in errors metrics.prom config events; do
        cat "$own/$file" >"$BATS_TEST_TMPDIR/$file"
    done
    [[ $(column code) == *Signature* ]]
    run ! grep -rE 'canary|another/secret|another%2Fsecret|Credential=' "$BATS_TEST_TMPDIR"/{errors,metrics.prom,config,events}
    run ! grep -E 'canary|another/secret' "$LOG"
}
