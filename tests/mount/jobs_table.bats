#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# .personalizefs/jobs.tsv: all jobs as one table, whole, for one listing's calls.
# shellcheck disable=SC2154 # lib.bash's variables
load lib.bash

setup() {
    common_setup
    TABLE=$M/.personalizefs/jobs.tsv
    readers=()
}
teardown() {
    local reader
    for reader in "${readers[@]}"; do
        kill "$reader" 2>/dev/null || true
    done
    common_teardown
}

header=$'jobName\tstatus\tcreationDateTime\tlastUpdatedDateTime\tsolutionVersionArn\tbatchInferenceJobMode\tfailureReason'
anonymous_kb() { awk '$1 == "RssAnon:" { print $2 }' "/proc/$daemon/status"; }
is_sanitized() { grep -q __asan_init "$PERSONALIZEFS"; }

@test "10,000 jobs after a new mount: 100 list calls, no describe, little memory" {
    emulator_start --jobs 10000 --running 0 --empty-pages 0
    mount_start -o list-ttl=1h
    before=$(anonymous_kb)
    awk -F '\t' 'NF == 7 { n[$2]++ } END { for (status in n) print status, n[status] }' "$TABLE" >"$BATS_TEST_TMPDIR/said"
    is_sanitized || [ $(($(anonymous_kb) - before)) -lt $((10 << 10)) ]
    [ "$(lists)" = 100 ]
    [ "$(describes)" = 0 ]
    grep -qx 'status 1' "$BATS_TEST_TMPDIR/said"
    [ "$(awk '{ n += $NF } END { print n }' "$BATS_TEST_TMPDIR/said")" = 10001 ]
    [ "$(wc -c <"$TABLE")" = "$(stat -c %s "$TABLE")" ]
    diff <(tail -n +2 "$TABLE" | cut -f 1) <(ls -U "$M")
    diff <(tail -n +2 "$TABLE" | cut -f 2 | sort | uniq -c) <(cat "$M"/*/status | sort | uniq -c)
    [ "$(describes)" = 0 ]
}

@test "a table read first of all makes the listing; its columns are the files of the jobs" {
    emulator_start --jobs 30 --running 0 --empty-pages 0
    control job $'new\nfailureReason="a\\tb\\\\c\\nd"\nstatus=null'
    mount_start
    cat "$TABLE" >"$BATS_TEST_TMPDIR/table"
    [ "$(lists)" = 1 ]
    [ "$(describes)" = 0 ]
    [ "$(head -1 "$BATS_TEST_TMPDIR/table")" = "$header" ]
    printf '%s\n' "$header" >"$BATS_TEST_TMPDIR/made"
    ls -U "$M" | while read -r job; do
        for field in ${header//$'\t'/ }; do
            printf '%s\t' "$(cat "$M/$job/$field")"
        done | sed 's/\t$//'
        echo
    done >>"$BATS_TEST_TMPDIR/made"
    diff "$BATS_TEST_TMPDIR/table" "$BATS_TEST_TMPDIR/made"
    grep -P '^new\t\t' "$BATS_TEST_TMPDIR/table" | grep -qF 'a\tb\\c\nd'
    # By range, from anywhere.
    for at in 0 1 $((${#header} - 1)) ${#header} $((${#header} + 1)) 1000 4095 4096; do
        cmp <(tail -c +$((at + 1)) "$BATS_TEST_TMPDIR/table") <(tail -c +$((at + 1)) "$TABLE")
    done
}

@test "20 slow readers while jobs change: each sees one generation, whole" {
    emulator_start --jobs 300 --running 0 --empty-pages 0
    mapfile -t jobs < <(control jobs)
    mount_start -o list-ttl=1ms
    slowly() {
        exec 6<"$TABLE" || return 1
        head -c 100 <&6 && sleep "0.$1" && dd bs=1 count=500 <&6 2>/dev/null && sleep 0.2 && cat <&6
    }
    for ((i = 0; i < 20; i++)); do
        stat -c %s "$TABLE" >/dev/null
        slowly "$((i % 9 + 1))" >"$BATS_TEST_TMPDIR/slow-$i" 3>&- &
        readers+=($!)
        control job "$(printf '%s\nstatus="GENERATION %s"\nfailureReason="%s"' "${jobs[i]}" "$i" "$(printf 'x%.0s' $(seq "$i"))")"
        cat "$TABLE" >"$BATS_TEST_TMPDIR/quick-$i"
    done
    wait "${readers[@]}"
    readers=()
    for ((i = 0; i < 20; i++)); do
        [ "$(awk -F '\t' 'NF != 7' "$BATS_TEST_TMPDIR/slow-$i" "$BATS_TEST_TMPDIR/quick-$i")" = '' ]
        [ "$(wc -l <"$BATS_TEST_TMPDIR/slow-$i")" = 301 ]
        # Changes came one after the other: a generation has the first few of them, and no other.
        awk -F '\t' -v jobs="${jobs[*]:0:20}" '
            { status[$1] = $2 }
            END {
                n = split(jobs, job, " ")
                for (i = n; i >= 1; i--) {
                    has = status[job[i]] == "GENERATION " (i - 1)
                    if (later && !has) exit 1
                    later = later || has
                }
            }' "$BATS_TEST_TMPDIR/slow-$i"
    done
    grep -q 'GENERATION 19' "$TABLE"
}

@test "the same jobs again are the same file, another generation is another" {
    emulator_start --jobs 20 --running 0 --empty-pages 0
    mount_start -o list-ttl=1ms
    # A list lasts at least ten times what it took.
    listed_again() { stat -c '%i %Y %s' "$TABLE" >"$BATS_TEST_TMPDIR/again" && [ "$(lists)" -gt "$before" ]; }
    changed() { second=$(stat -c %i "$TABLE") && [ "$second" != "${first%% *}" ]; }
    first=$(stat -c '%i %Y %s' "$TABLE")
    before=$(lists)
    wait_until listed_again
    [ "$(<"$BATS_TEST_TMPDIR/again")" = "$first" ]
    control job "$(control jobs | head -1)"$'\nstatus="OTHER"'
    wait_until changed
    mount_stop
    mount_start -o list-ttl=1ms
    [ "$(stat -c %i "$TABLE")" = "$second" ]
}

@test "it fails as a listing does, and is well again with it" {
    emulator_start --jobs 5 --running 0 --stuck 0
    mount_start -o list-ttl=1ms,timeout=2s
    fails() { run cat "$TABLE" && [ "$status" = 1 ]; } # once the list that there is has got old
    control fault $'kind=code=AccessDeniedException\noperation=ListBatchInferenceJobs'
    fails
    [[ $output == *'Permission denied' ]]
    control_post clear-faults
    [ "$(wc -l <"$TABLE")" = 6 ]
    control fault $'kind=status=500\noperation=ListBatchInferenceJobs'
    wait_until fails
    [[ $output == *'Remote I/O error' ]]
    # The others do not mind.
    [ "$(wc -l <"$M/.personalizefs/events")" = 0 ]
    control_post clear-faults
    [ "$(wc -l <"$TABLE")" = 6 ]
}
