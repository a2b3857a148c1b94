#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The root's listing: whole, fresh for list-ttl, kept by the kernel, and what walks and copies do with it.
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
names() { ls -A "$1" | sort; }
lists_names() { [[ $(ls -A "$M") == *"$1"* ]]; }
readdirs() { requests READDIR READDIRPLUS; }
walks() { requests READDIR READDIRPLUS LOOKUP GETATTR; }

# page JOB...: a page's items, as JSON.
page() {
    local name items=
    for name; do
        items+="${items:+,}{\"jobName\":\"$name\",\"batchInferenceJobArn\":\"arn:aws:personalize:us-west-2:$account:batch-inference-job/$name\",\"status\":\"ACTIVE\",\"lastUpdatedDateTime\":1.79E9}"
    done
    printf '[%s]' "$items"
}
# answer_page PAGE [TOKEN]: what the next listing call that has no answer yet gets; TOKEN is JSON.
answer_page() {
    control fault "operation=ListBatchInferenceJobs
count=1
kind=body={\"batchInferenceJobs\":$1${2:+,\"nextToken\":$2}}"
}

# list_start: an open directory (see probe.c); list_more N: its next N names, in `listed`.
list_start() {
    coproc LIST { exec "$PROBE" list "$M" 3>&-; }
    lister=$LIST_PID
}
list_more() {
    local line
    listed=()
    echo "read $1" >&"${LIST[1]}"
    while ((${#listed[@]} < $1)) && IFS= read -r -t 20 line <&"${LIST[0]}" && [[ $line != end ]]; do
        listed+=("$line")
    done
}

@test "1,000 jobs: every name once, over all pages, and again without a call, from the kernel's own copy" {
    emulator_start --jobs 1000 --running 0 --stuck 3
    mount_start -d
    expected=$(control jobs | sort)
    [ "$(wc -l <<<"$expected")" = 1000 ]
    [ "$(names "$M")" = "$expected" ]
    called=$(lists)
    [ "$called" -ge 10 ] && [ "$called" -le 20 ]
    [ "$(readdirs)" -gt 5 ]
    names_again() { [ "$(names "$M")" = "$expected" ] && [ "$(ls -A -U "$M" | wc -l)" = 1000 ]; }
    unasked walks names_again
    [ "$(lists) $(describes)" = "$called 0" ]
}

@test "ls -l of 1,000 jobs makes no describe, and the second no request but OPENDIR" {
    emulator_start --jobs 1000 --running 0 --stuck 3
    mount_start -d
    ls -l "$M" >"$BATS_TEST_TMPDIR/first"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/first")" = 1001 ]
    [ "$(describes) $(requests LOOKUP)" = '0 0' ]
    called=$(lists)
    [ "$(readdirs)" -gt 5 ]
    again() { ls -l "$M" | cmp - "$BATS_TEST_TMPDIR/first" && find "$M" -maxdepth 1 -mmin -60 >/dev/null; }
    unasked walks again
    [ "$(lists) $(describes)" = "$called 0" ]
    # Its times are the jobs': ls -lt needs no describe for them.
    job=$(ls -t "$M" | head -n 1)
    newest=$(stat -c '%.3Y' "$M/$job")
    [ "$(describes)" = 0 ]
    [ "$(TZ=UTC date -d "@$newest" '+%Y-%m-%dT%H:%M:%S.%3NZ')" = "$(cat "$M/$job/lastUpdatedDateTime")" ]
}

@test "a listing of the same names is asked for after list-ttl, and still the kernel has its own copy" {
    emulator_start --jobs 150 --running 0 --empty-pages 0
    mount_start -d -o list-ttl=1s
    names "$M" >/dev/null
    names "$M" >/dev/null
    mtime=$(stat -c '%.9Y' "$M")
    asked=$(lists)
    later() {
        sleep 1.3
        [ "$(names "$M" | wc -l)" = 150 ]
        asked=$((asked + 2))
        [ "$(lists)" = "$asked" ]
    }
    unasked readdirs later
    [ "$(stat -c '%.9Y' "$M")" = "$mtime" ]
}

@test "a new job appears after list-ttl and a removed one disappears; before, nothing is asked" {
    emulator_start --jobs 120 --running 0 --empty-pages 0
    mapfile -t jobs < <(control jobs | sort)
    mount_start -o list-ttl=2s,negative-ttl=1s
    [ "$(names "$M")" = "$(control jobs | sort)" ]
    mtime=$(stat -c '%.9Y' "$M")
    set_job a-new-one 'status="PENDING"'
    control remove-job "${jobs[7]}"
    [ "$(names "$M" | wc -l) $(lists)" = '120 2' ]
    [ "$(cat "$M/a-new-one/status")" = PENDING ] # absence from a listing proves nothing
    [ "$(describes) $(lists)" = '1 2' ]
    sleep 2.3
    [ "$(names "$M")" = "$(control jobs | sort)" ]
    [ "$(names "$M")" = "$(control jobs | sort)" ]
    [ "$(names "$M" | grep -cx -e a-new-one -e "${jobs[7]}")" = 1 ]
    [ "$(lists)" = 4 ]
    [ "$(stat -c '%.9Y' "$M")" != "$mtime" ]
    run cat "$M/${jobs[7]}/status"
    [[ $status == 1 && $output == *'No such file or directory' ]]
    # Gone, it may come again.
    set_job "${jobs[7]}" 'status="PENDING"'
    wait_until lists_names "${jobs[7]}"
    [ "$(names "$M")" = "$(control jobs | sort)" ]
    sleep 1.2
    [ "$(cat "$M/${jobs[7]}/status")" = PENDING ]
}

@test "a listing rests ten times what it took" {
    emulator_start --jobs 150 --running 0 --empty-pages 0 --latency-ms 150
    mount_start -o list-ttl=1ms
    for _ in 1 2 3 4; do
        names "$M" >/dev/null
        sleep 0.2
    done
    [ "$(lists)" = 2 ] # of 300 ms
    control set latency_ms=0
    sleep 3
    names "$M" >/dev/null
    [ "$(lists)" = 4 ]
}

@test "empty pages, a page with one job, a null token, a job on two pages" {
    emulator_start --jobs 0 --running 0
    answer_page '[]' '"one"'
    answer_page "$(page alpha beta)" '"two"'
    answer_page '[]' '"three"'
    answer_page '[]' '"four"'
    answer_page "$(page gamma)" '"five"'
    answer_page "$(page beta delta)" null
    mount_start
    [ "$(names "$M")" = $'alpha\nbeta\ndelta\ngamma' ]
    [ "$(ls -A "$M")" = $'alpha\nbeta\ndelta\ngamma' ]
    [ "$(lists) $(describes)" = '6 0' ]
}

@test "an account without jobs is an empty root, and no error" {
    emulator_start --jobs 0 --running 0
    mount_start
    run ls -A "$M"
    [ "$status $output" = '0 ' ]
    [ "$(lists)" = 1 ]
}

@test "a listed name that cannot be a job's is left out and logged, and the others stay" {
    emulator_start --jobs 0 --running 0
    long=$(head -c 63 /dev/zero | tr '\0' n)
    answer_page "$(page good -bad a/b .. . .hidden 'sp ace' "${long}" "${long}n" '' 'esc\u001b[31m' 'ümlaut' last)" null
    mount_start
    [ "$(names "$M")" = "$(printf '%s\n' good "$long" last | sort)" ]
    for bad in -bad a/b .. .hidden 'sp ace' "${long}n" ümlaut; do
        grep -F "left out" "$LOG" | grep -qF -e ": $bad"
    done
    [ "$(grep -c 'left out' "$LOG")" = 10 ]
    run grep -q $'\e' "$LOG"
    [ "$status" = 1 ]
}

# What is in the tree does not change, and each program meets each value once.
@test "find, du, cp -r and tar of the mount end well and have the right bytes" {
    emulator_start --jobs 60 --running 0 --stuck 6
    mapfile -t jobs < <(control jobs)
    set_job "${jobs[0]}" 'failureReason="\u001b[31m\n\\ é 🧊"' 'lastUpdatedDateTime=1790000000.123'
    set_job "${jobs[1]}" "failureReason=\"$(head -c 20000 /dev/zero | tr '\0' x)\""
    mount_start -o ttl=1h,list-ttl=1h
    T=$BATS_TEST_TMPDIR
    cat "$M"/*/describe.json >"$T/described" # then each job shows the members that no table knows, too
    find "$M" -type f -printf '%s\n' >"$T/sizes"
    files=$(wc -l <"$T/sizes")
    [ "$files" -ge $((60 * 16)) ]
    [ "$(describes)" = 60 ]
    [ "$(du -sb "$M" | cut -f 1)" = "$(awk '{ n += $1 } END { print n }' "$T/sizes")" ]
    cp -r --preserve=timestamps "$M" "$T/copy"
    diff -r "$M" "$T/copy"
    tar -C "$M" -cf "$T/all.tar" .
    mkdir "$T/untarred"
    tar -C "$T/untarred" -xf "$T/all.tar"
    diff -r "$T/copy" "$T/untarred"
    [ "$(describes)" = 60 ]
    for at in "$M" "$T/copy" "$T/untarred"; do
        [ "$(cat "$at/${jobs[0]}/failureReason")" = '\0033[31m\n\\ é 🧊' ]
        [ "$(tr -d x <"$at/${jobs[1]}/failureReason" | wc -c) $(wc -c <"$at/${jobs[1]}/failureReason")" = '1 20001' ]
        [ "$(find "$at" -type f | wc -l)" = "$files" ]
        [ "$(stat -c %Y "$at/${jobs[0]}/status" "$at/${jobs[0]}" | sort -u)" = 1790000000 ]
        for job in "${jobs[@]}"; do
            [ "$(cat "$at/$job/jobName" "$at/$job/jobInput/path")" = "$job"$'\n'"s3://example-bucket/input/$job.json" ]
        done
    done
}

@test "rsync -a of the mount ends well, and the second finds nothing to do" {
    command -v rsync >/dev/null || skip 'rsync is not installed'
    emulator_start --jobs 60 --running 0
    mount_start -o ttl=1h,list-ttl=1h
    ls "$M" >/dev/null # the first listing moves the root's mtime
    rsync -a "$M/" "$BATS_TEST_TMPDIR/copy/"
    diff -r "$M" "$BATS_TEST_TMPDIR/copy"
    run rsync -ai "$M/" "$BATS_TEST_TMPDIR/copy/"
    [ "$status $output" = '0 ' ]
    [ "$(describes)" = 60 ]
}

@test "a walk while values change every few milliseconds ends well" {
    emulator_start --jobs 12 --running 0 --stuck 3 --churn-ms 3
    mount_start -o ttl=5ms,terminal-ttl=5ms,list-ttl=5ms
    for _ in {1..10}; do
        find "$M" -type f -size +0 -mmin +0 >/dev/null
        du -s "$M" >/dev/null
        ls -lR "$M" >/dev/null
        [ "$(find "$M" -name failureReason -exec cat {} + | wc -l)" = 12 ]
        grep -r . "$M" >"$BATS_TEST_TMPDIR/found"
        [ "$(grep -c /failureReason: "$BATS_TEST_TMPDIR/found")" = 12 ]
        sed -n 's,.*/failureReason:,,p' "$BATS_TEST_TMPDIR/found" | while read -r _ length filling; do
            [ $((10#$length)) = $((${#filling} + 21)) ]
        done
    done
}

@test "a listing goes on from any offset, after the kernel's caches were dropped and the list has changed too" {
    emulator_start --jobs 500 --running 0
    mount_start -o list-ttl=500ms
    list_start
    list_more 100000
    all=$(printf '%s\n' "${listed[@]}")
    [ "$(grep -v '^\.' <<<"$all" | sort)" = "$(control jobs | sort)" ]
    echo offsets >&"${LIST[1]}"
    read -r -t 20 same <&"${LIST[0]}"
    [ "$same" = '501 of 501' ]
    [ ! -w /proc/sys/vm/drop_caches ] || echo 3 >/proc/sys/vm/drop_caches
    echo offsets >&"${LIST[1]}"
    read -r -t 20 same <&"${LIST[0]}"
    [ "$same" = '501 of 501' ]
    kill "$lister"
    wait "$lister" || true

    list_start
    list_more 100
    seen=("${listed[@]}")
    gone=$(sed -n '50p;90p;300p' <<<"$all")
    while read -r job; do
        control remove-job "$job"
    done <<<"$gone"
    set_job a-new-one 'status="ACTIVE"'
    sleep 0.8
    [ "$(names "$M")" = "$(control jobs | sort)" ]
    [ ! -w /proc/sys/vm/drop_caches ] || echo 3 >/proc/sys/vm/drop_caches
    list_more 100000
    seen+=("${listed[@]}")
    [ "$(printf '%s\n' "${seen[@]}" | sort | uniq -d)" = '' ]
    # Whoever was there all the time is there; the others may be or not.
    [ "$(printf '%s\n' "${seen[@]}" | grep -vxF -e a-new-one -e "$gone" -e . -e .. | sort)" = \
        "$(control jobs | grep -vx a-new-one | sort)" ]
}

@test "a job's directory lists its members with no describe, and with one to be read" {
    emulator_start --jobs 5 --running 0 --latency-ms 20
    job=$(control jobs | head -n 1)
    mount_start
    ls -A "$M" >/dev/null
    [ "$(ls -A "$M/$job" | wc -l)" -ge 14 ]
    [ "$(find "$M/$job/jobInput" -mindepth 1 | wc -l)" = 2 ]
    [ "$(describes)" = 0 ]
    ls -l "$M/$job" "$M/$job/jobInput" >/dev/null
    grep -r . "$M/$job" >/dev/null
    [ "$(describes)" = 1 ]
}

@test "members that a describe tells are listed from then on, in directories that were listed before too" {
    emulator_start --jobs 1 --running 0
    job=$(control jobs)
    set_job "$job" 'later={"a":1}' 'jobInput.more="x"' 'status="ACTIVE"'
    mount_start
    ls -l "$M" >/dev/null
    [[ $(ls "$M/$job") != *later* ]]
    [ "$(ls "$M/$job/jobInput")" = $'kmsKeyArn\npath' ]
    [ "$(cat "$M/$job/status")" = ACTIVE ]
    [[ $(ls "$M/$job") != *later* ]] # a listing told this
    [ -n "$(cat "$M/$job/jobInput/path")" ]
    [[ $(ls "$M/$job") == *later* ]]
    [ "$(ls "$M/$job/jobInput")" = $'kmsKeyArn\nmore\npath' ]
    [ "$(cat "$M/$job/later/a")" = 1 ]
    [ "$(describes)" = 1 ]
}
