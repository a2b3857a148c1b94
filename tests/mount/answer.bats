#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The whole answer, whatever it is: hostile strings and names, wrong types, every value once, every path to it.
# shellcheck disable=SC2154,SC2030,SC2031 # lib.bash's variables, and those of bats' subshells
# shellcheck disable=SC2012,SC2016 # jobs' names are plain; nothing is to be expanded yet
bats_require_minimum_version 1.5.0
load lib.bash

HOSTILE=$BATS_TEST_DIRNAME/answer.py
arn=arn:aws:personalize:us-west-2:$account:batch-inference-job
ireland=arn:aws:personalize:eu-west-1:$account:batch-inference-job

setup() {
    common_setup
    server=
    tracer=
}
teardown() {
    for process in $server $tracer; do
        kill "$process" 2>/dev/null || true
    done
    common_teardown
}

set_job() { control job "$(printf '%s\n' "$@")"; }
asked() { calls requests; }

# fails TEXT COMMAND...: with that message of errno's at the end of what it says.
fails() {
    local text=$1
    shift
    run "$@"
    [[ $status != 0 && $output == *": $text" ]] && return
    printf 'not "%s": %s, status %s: %s\n' "$text" "$*" "$status" "$output"
    return 1
}

# server_start WHAT [ARGUMENT]: a server of answer.py's; sets server and its address, served.
server_start() {
    local file=$BATS_TEST_TMPDIR/served
    rm -f "$file"
    "$HOSTILE" "$1" "$file" "${@:2}" 2>"$BATS_TEST_TMPDIR/server.log" 3>&- &
    server=$!
    wait_until test -s "$file"
    served=$(cat "$file")
}

# --- strings and names ----------------------------------------------------------------------------------------------

@test "300 hostile strings: one tame line each, and printf %b of dash and bash gives back what describe.json has" {
    emulator_start --jobs 0
    "$HOSTILE" strings "$URL"
    mount_start
    for shell in dash bash; do
        mkdir "$BATS_TEST_TMPDIR/$shell"
        "$shell" -c 'for job in "$1"/*/; do
            printf %b "$(cat "$job/failureReason")" >"$2/$(basename "$job")"
        done' - "$M" "$BATS_TEST_TMPDIR/$shell"
    done
    "$HOSTILE" check-strings "$M" "$BATS_TEST_TMPDIR/dash" "$BATS_TEST_TMPDIR/bash"
    [ "$(cat "$M"/*/failureReason | wc -l)" = 300 ]
    # No byte of C0 or DEL, no C1 in UTF-8, but each line's end.
    run ! env LC_ALL=C grep -aP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$M"/*/failureReason
}

@test "hostile keys: nothing is hidden, nothing collides, nothing climbs out; find and cat work with each name" {
    emulator_start --jobs 0
    "$HOSTILE" keys "$URL"
    mount_start
    cat "$M/keys/describe.json" "$M/raw/describe.json" >/dev/null
    "$HOSTILE" check-keys "$M"
    find "$M" -type f -print0 >"$BATS_TEST_TMPDIR/found"
    [ "$(tr -dc '\0' <"$BATS_TEST_TMPDIR/found" | wc -c)" = "$(sort -zu "$BATS_TEST_TMPDIR/found" | tr -dc '\0' | wc -c)" ]
    xargs -0 cat <"$BATS_TEST_TMPDIR/found" >/dev/null
    run ! grep -zq -e '/\.' -e '[[:cntrl:]]' <(sed -z "s,^$M,," "$BATS_TEST_TMPDIR/found")
    # Names that the encoding cannot make.
    for name in .git %2f %2e. 'a%0ab' %00x %c2%9b ..%2F "$(printf 'a\001')" "$(printf 'a\xff')" 'key%~1' '%41'; do
        fails 'No such file or directory' cat "$M/keys/future/$name"
    done
}

@test "names of 255 bytes, 29 levels deep, are read" {
    emulator_start --jobs 0
    python3 - >"$BATS_TEST_TMPDIR/deep" <<'END'
print('deep\nfuture=' + ''.join('{"%s":' % (c * 255) for c in 'abcdefghijklmnopqrstuvwxyzABC') + '"bottom"' + '}' * 29)
END
    curl -sSf --data-binary "@$BATS_TEST_TMPDIR/deep" "$URL/_control/job"
    mount_start
    cat "$M/deep/describe.json" >/dev/null
    # The whole path is longer than a system call takes.
    [ "$(cd "$M/deep/future" && for c in {a..z} A B; do
        cd "$(printf "%255s" '' | tr ' ' "$c")" || exit
    done && cat ./C*)" = bottom ]
    [ "$(find "$M/deep/future" -type f | wc -l)" = 1 ]
}

# --- wrong types ------------------------------------------------------------------------------------------------------

# What a describe's answer is, a member that is then read, and what it says: the value, or ! for EBADMSG.
answers=(
    '{"status":"ACTIVE"}|status|ACTIVE'
    '{"status":null}|status|'
    '{"jobName":7}|status|!'
    '{"jobName":null}|status|!'
    '{"jobName":"other"}|status|!'
    '[]|status|!'
    '[{"status":"ACTIVE"}]|status|!'
    'null|status|!'
    '"ACTIVE"|status|!'
    '7|status|!'
    '{}}|status|!'
    '{"status":5}|status|!'
    '{"status":true}|status|!'
    '{"status":["ACTIVE"]}|status|!'
    '{"status":{"status":"ACTIVE"}}|status|!'
    '{"failureReason":[]}|status|!'
    '{"jobInput":"s3://a"}|status|!'
    '{"jobInput":[]}|status|!'
    '{"jobInput":{"s3DataSource":["path"]}}|status|!'
    '{"jobInput":{"s3DataSource":null}}|jobInput/path|'
    '{"jobInput":null}|jobInput/kmsKeyArn|'
    '{"batchInferenceJobConfig":{"itemExplorationConfig":["a"]}}|status|!'
    '{"batchInferenceJobConfig":{"itemExplorationConfig":{"a":7}}}|batchInferenceJobConfig/itemExplorationConfig/a|7'
    '{"status":"a\u0000b"}|status|!'
    '{"status":"\u0000"}|status|!'
    '{"a\u0000":1}|status|!'
    '{"future":{"a":["\u0000"]}}|status|!'
    '{"status":"@00"}|status|!'
    '{"future":"a@00b"}|status|!'
    '{}@00|status|!'
    '{"status":"@01"}|status|!'
    '{"status":"@0a"}|status|!'
    '{"status":"@7f@c2@9b"}|status|\0177\0302\0233'
    '{"status":"\ud800"}|status|!'
    '{"status":"\udc00\ud800"}|status|!'
    '{"future":"\ud83e"}|status|!'
    '{"\udfff":1}|status|!'
    '{"status":"\ud83e\uddca"}|status|🧊'
    '{"status":"@ff"}|status|!'
    '{"status":"@c0@af"}|status|!'
    '{"status":"@ed@a0@80"}|status|!'
    '{"status":"@f4@90@80@80"}|status|!'
    '{"future":"@e2@82"}|status|!'
    '{"@80":1}|status|!'
    '@ef@bb@bf{"status":"ACTIVE"}|status|!'
    '{"status":"A","status":"B"}|status|!'
    '{"status":"A","st\u0061tus":"A"}|status|!'
    '{"future":{"a":{"b":1,"b":1}}}|status|!'
    '{"Status":"twin","status":"ACTIVE"}|Status|twin'
    '{"numResults":"7"}|status|!'
    '{"numResults":true}|status|!'
    '{"numResults":9007199254740993}|numResults|9007199254740993'
    '{"numResults":1e400}|numResults|1e400'
    '{"numResults":-0}|numResults|-0'
    '{"numResults":1.50E+007}|numResults|1.50E+007'
    '{"numResults":007}|status|!'
    '{"numResults":NaN}|status|!'
    '{"future":9007199254740993}|future|9007199254740993'
    '{"future":-1E-400}|future|-1E-400'
    '{"future":[true,null]}|future/1|'
    '{"creationDateTime":"2026-11-22T18:16:01Z"}|status|!'
    '{"creationDateTime":{}}|status|!'
    '{"creationDateTime":Infinity}|status|!'
    '{"creationDateTime":1795371361.2629}|creationDateTime|2026-11-22T18:16:01.262Z'
    '{"creationDateTime":1.7953713612629E9}|creationDateTime|2026-11-22T18:16:01.262Z'
    '{"creationDateTime":-1}|creationDateTime|1969-12-31T23:59:59.000Z'
    '{"creationDateTime":0}|creationDateTime|1970-01-01T00:00:00.000Z'
    '{"creationDateTime":1e-400}|creationDateTime|1970-01-01T00:00:00.000Z'
    '{"creationDateTime":253402300799.9999}|creationDateTime|9999-12-31T23:59:59.999Z'
    '{"creationDateTime":253402300800}|creationDateTime|253402300800'
    '{"creationDateTime":3093527980800}|creationDateTime|3093527980800'
    '{"creationDateTime":-62167219200}|creationDateTime|0000-01-01T00:00:00.000Z'
    '{"creationDateTime":-62167219201}|creationDateTime|-62167219201'
    '{"creationDateTime":1e400}|creationDateTime|1e400'
    '{"creationDateTime":-1.0E+999999999999}|creationDateTime|-1.0E+999999999999'
    '{"lastUpdatedDateTime":3093527980800,"creationDateTime":1700000000}|lastUpdatedDateTime|3093527980800'
)

# answer_write NAME JOB FILE: @XX stands for a byte; an object is given the job's name where it has none.
answer_write() {
    local job=$2
    [[ $job != *'{'* || $job == *'"jobName":'* ]] || job=${job/'{'/"{\"jobName\":\"$1\","}
    printf '{"batchInferenceJob":%s}' "${job//,\}/\}}" | python3 -c 'import re, sys
raw = re.sub(rb"@([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), sys.stdin.buffer.read())
open(sys.argv[1], "wb").write(raw)' "$3"
}

@test "wrong-typed answers are EBADMSG or the value in the service's digits, and the daemon lives on" {
    folder=$BATS_TEST_TMPDIR/answers
    mkdir "$folder"
    for i in "${!answers[@]}"; do
        answer_write "a$i" "${answers[i]%%|*}" "$folder/a$i"
    done
    python3 -c 'print("{\"batchInferenceJob\":{\"jobName\":\"d30\",\"future\":" + "[" * 30 + "]" * 30 + "}}")' >"$folder/d30"
    python3 -c 'print("{\"batchInferenceJob\":{\"jobName\":\"d31\",\"future\":" + "[" * 31 + "]" * 31 + "}}")' >"$folder/d31"
    python3 -c 'print("{\"batchInferenceJob\":{\"jobName\":\"big\",\"future\":" + "[" * 400000 + "]" * 400000 + "}}")' >"$folder/big"
    : >"$folder/empty"
    server_start serve "$folder"
    URL=$served
    mount_start
    for i in "${!answers[@]}"; do
        IFS='|' read -r answer file expected <<<"${answers[i]}"
        echo "a$i: $answer"
        if [[ $expected == '!' ]]; then
            fails 'Bad message' cat "$M/a$i/$file"
            grep -q "^personalizefs: describe a$i: .* (answer-not-understood)" "$LOG" || { cat "$LOG" && false; }
        else
            [ "$(cat "$M/a$i/$file" && echo .)" = "$expected${expected:+$'\n'}." ]
            [ -s "$M/a$i/describe.json" ]
        fi
    done
    [ "$(ls "$M/d30/future/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0")" = 0 ]
    for job in d31 big empty; do
        fails 'Bad message' cat "$M/$job/status"
    done
    # What is no time is none for mtime: the creation time stands in, or 0.
    [ "$(stat -c %Y "$M/a$((${#answers[@]} - 1))/status")" = 1700000000 ]
    [ "$(stat -c %Y "$M/a$((${#answers[@]} - 2))/status")" = 0 ]
    [ "$(cat "$M/a0/status")" = ACTIVE ]
    kill -0 "$daemon"
}

@test "wrong-typed listings are EBADMSG, and the log names the job" {
    emulator_start --jobs 3 --running 0
    mount_start -o list-ttl=1ms
    item="\"batchInferenceJobArn\":\"$arn/bad-one\""
    cases=(
        '"batchInferenceJobs":{}' '"batchInferenceJobs":null' '"batchInferenceJobs":[7]' '"batchInferenceJobs":[null]'
        '"batchInferenceJobs":[],"nextToken":7' '"batchInferenceJobs":[],"nextToken":"\u0000"'
        '"batchInferenceJobs":[],"batchInferenceJobs":[]'
        "\"batchInferenceJobs\":[{\"jobName\":7,$item}]" "\"batchInferenceJobs\":[{$item}]"
        '"batchInferenceJobs":[{"jobName":"bad-one"}]' '"batchInferenceJobs":[{"jobName":"bad-one","batchInferenceJobArn":"x"}]'
        "@\"batchInferenceJobs\":[{\"jobName\":\"bad-one\",$item,\"status\":5}]"
        "@\"batchInferenceJobs\":[{\"jobName\":\"bad-one\",$item,\"status\":\"\\ud800\"}]"
        "@\"batchInferenceJobs\":[{\"jobName\":\"bad-one\",$item,\"failureReason\":\"a\\u0000b\"}]"
    )
    for case in "${cases[@]}"; do
        echo "$case"
        : >"$LOG"
        control clear-faults ''
        control fault $'operation=ListBatchInferenceJobs\nkind=body={'"${case#@}}"
        sleep 0.002
        fails 'Bad message' ls "$M"
        [[ $case != @* ]] || grep -q bad-one "$LOG" || { cat "$LOG" && false; }
    done
    # The same page token twice.
    control clear-faults ''
    control fault $'operation=ListBatchInferenceJobs\nkind=body={"batchInferenceJobs":[],"nextToken":"again"}'
    control_post reset-counts
    sleep 0.002
    fails 'Bad message' ls "$M"
    [ "$(lists)" = 2 ]
    control clear-faults ''
    sleep 0.002
    [ "$(ls -A "$M" | wc -l)" = 3 ]
}

# --- every value once -----------------------------------------------------------------------------------------------

# walk_jobs: ten jobs whose values are all different: v1-job-0, v2-job-0, …
walk_jobs() {
    local i n value
    for ((i = 0; i < 10; i++)); do
        n=0
        for member in solutionVersionArn filterArn failureReason roleArn batchInferenceJobMode jobInput.s3DataSource.path \
            jobInput.s3DataSource.kmsKeyArn jobOutput.s3DataDestination.path jobOutput.s3DataDestination.kmsKeyArn \
            themeGenerationConfig.fieldsForThemeGeneration.itemName jobInput.future jobInput.s3DataSource.future \
            batchInferenceJobConfig.itemExplorationConfig.explorationWeight future.a.b.c future.list status; do
            n=$((n + 1))
            value="\"v$n-job-$i\""
            [[ $member != future.list ]] || value="[\"v$n-job-$i\",{\"..\":\"v17-job-$i\",\"s3DataSource\":\"v18-job-$i\"}]"
            printf '%s=%s\n' "$member" "$value"
        done >"$BATS_TEST_TMPDIR/members"
        control job "job-$i"$'\n'"$(cat "$BATS_TEST_TMPDIR/members")"
    done
}

@test "grep -r meets every value once, and once more in describe.json; aliases are never listed" {
    emulator_start --jobs 0
    walk_jobs
    mount_start
    cat "$M"/*/describe.json >"$BATS_TEST_TMPDIR/described"
    grep -r . "$M" >"$BATS_TEST_TMPDIR/grepped"
    for ((i = 0; i < 10; i++)); do
        for ((n = 1; n <= 18; n++)); do
            printf 'v%d-job-%d\n' $n $i
        done
    done | sort >"$BATS_TEST_TMPDIR/values"
    grep -v /describe.json: "$BATS_TEST_TMPDIR/grepped" | grep -o 'v[0-9]*-job-[0-9]*' | sort | diff - "$BATS_TEST_TMPDIR/values"
    grep -o 'v[0-9]*-job-[0-9]*' "$BATS_TEST_TMPDIR/described" | sort | diff - "$BATS_TEST_TMPDIR/values"
    run ! grep -E '/(s3DataSource|s3DataDestination|arn:[^/]*|\.personalizefs)(/|:[^/]*$)' <(cut -d: -f1 "$BATS_TEST_TMPDIR/grepped" |
        grep -v /future/list/)
    [ "$(find "$M" -name 's3Data*' -type d | wc -l)" = 0 ]
    [ "$(ls -A "$M" | wc -l)" = 10 ]
}

# same_copies: what find, cp, tar and rsync make of the mount.
same_copies() {
    local copies=$BATS_TEST_TMPDIR/copies copy
    mkdir -p "$copies/cp" "$copies/tar" "$copies/rsync" "$copies/find"
    cp -r "$M/." "$copies/cp"
    tar -C "$M" -c . | tar -C "$copies/tar" -x
    rsync -a "$M/" "$copies/rsync"
    (cd "$M" && find . -type d -exec mkdir -p "$copies/find/{}" \; && find . -type f -exec cp {} "$copies/find/{}" \;)
    for copy in cp tar rsync find; do
        diff -r "$M" "$copies/$copy"
    done
    # Times come along, and nothing is left to do.
    rsync -ain "$M/" "$copies/rsync" >"$BATS_TEST_TMPDIR/again"
    [ ! -s "$BATS_TEST_TMPDIR/again" ] || { cat "$BATS_TEST_TMPDIR/again" && false; }
}

@test "find, rsync -a, tar c and cp -r give the same bytes and end with 0" {
    emulator_start --jobs 60 --running 0 --stuck 4
    "$HOSTILE" keys "$URL"
    control raw raw
    set -o pipefail
    mount_start
    cat "$M"/*/describe.json >/dev/null
    same_copies
}

@test "on a new mount too: each of them is the first to read it" {
    emulator_start --jobs 30 --running 0 --stuck 4
    set -o pipefail
    for command in "cp -r '$M/.' \"\$1\"" "tar -C '$M' -c . | tar -C \"\$1\" -x" "rsync -a '$M/' \"\$1\""; do
        # A copy has the modes of the original: not to be written to.
        [ ! -e "$BATS_TEST_TMPDIR/copy" ] || chmod -R u+w "$BATS_TEST_TMPDIR/copy"
        rm -rf "$BATS_TEST_TMPDIR/copy"
        mkdir "$BATS_TEST_TMPDIR/copy"
        mount_start
        echo "$command"
        bash -o pipefail -c "$command" - "$BATS_TEST_TMPDIR/copy"
        mount_stop
    done
}

# --- every path to it -------------------------------------------------------------------------------------------------

@test "aliases: the API's own longer paths resolve, hold the same, and are in no listing" {
    emulator_start --jobs 1 --running 0
    job=$(control jobs)
    set_job "$job" 'jobInput.s3DataSource.path="s3://in"' 'jobInput.s3DataSource.kmsKeyArn=null' \
        'jobInput.s3DataSource.future={"a":1}' 'jobOutput.s3DataDestination.kmsKeyArn="key"'
    mount_start
    [ "$(cat "$M/$job/jobInput/s3DataSource/path")" = s3://in ]
    [ "$(cat "$M/$job/jobOutput/s3DataDestination/kmsKeyArn")" = key ]
    [ ! -s "$M/$job/jobInput/s3DataSource/kmsKeyArn" ]
    [ -e "$M/$job/jobInput/s3DataSource/kmsKeyArn" ]
    [ "$(cat "$M/$job/jobInput/s3DataSource/future/a")" = 1 ]
    [ "$(ls "$M/$job/jobInput")" = $'future\nkmsKeyArn\npath' ]
    [ "$(ls "$M/$job/jobInput/s3DataSource")" = $'future\nkmsKeyArn\npath' ]
    [ "$(stat -c %i "$M/$job/jobInput/s3DataSource/path")" = "$(stat -c %i "$M/$job/jobInput/path")" ]
    for path in jobInput/s3DataSource/s3DataSource jobInput/s3DataDestination jobOutput/s3DataSource s3DataSource \
        jobInput/s3DataSource/nothing; do
        fails 'No such file or directory' stat "$M/$job/$path"
    done
    [ "$(describes) $(lists)" = '1 0' ]
}

@test "a whole ARN is a path: the same job, the same calls, the same listing" {
    emulator_start --jobs 30 --running 0 --empty-pages 0
    job=$(control jobs | head -n 1)
    set_job "$job" 'status="ACTIVE"'
    mount_start
    [ "$(cat "$M/$arn/$job/status")" = ACTIVE ]
    [ "$(cat "$M/$job/status")" = ACTIVE ]
    cmp "$M/$arn/$job/describe.json" "$M/$job/describe.json"
    path=$(cat "$M/$job/batchInferenceJobArn")
    [ "$(cat "$M/$path/jobName")" = "$job" ]
    [ "$(describes) $(lists)" = '1 0' ]
    [ "$(stat -c %i "$M/$path/status")" = "$(stat -c %i "$M/$job/status")" ]
    [ "$(ls "$M/$arn")" = "$(ls "$M")" ]
    [ "$(lists)" = 1 ]
    [ "$(ls -A "$M" | wc -l)" = 30 ]
    for name in no-such-job .git 'a b' "$(printf 'a%.0s' {1..64})" "$arn"; do
        fails 'No such file or directory' stat "$M/$arn/$name"
    done
    [ "$(describes)" = 2 ]
    # The account need not be known before: no listing is made for it.
    mount_stop
    control_post reset-counts
    mount_start no-account
    [ "$(cat "$M/$arn/$job/status")" = ACTIVE ]
    [ "$(describes) $(lists)" = '1 0' ]
}

@test "another region's ARN: its own jobs, signed for it; another account's is the service's to refuse" {
    emulator_start --region us-west-2,eu-west-1 --jobs 30 --running 0 --empty-pages 0
    job=$(control jobs | head -n 1)
    set_job "$job" 'status="ACTIVE"'
    control 'job?region=eu-west-1' "$job"$'\nstatus="IRISH"'
    control 'job?region=eu-west-1' $'only-there\nstatus="ACTIVE"'
    mount_start
    [ "$(cat "$M/$ireland/$job/status")" = IRISH ]
    [ "$(cat "$M/$job/status")" = ACTIVE ]
    [ "$(cat "$M/$ireland/$job/batchInferenceJobArn")" = "$ireland/$job" ]
    [ "$(cat "$M/$ireland/only-there/status")" = ACTIVE ]
    [ "$(describes) $(lists)" = '3 0' ]
    fails 'No such file or directory' cat "$M/only-there/status"
    [ "$(ls "$M/$ireland" | sort)" = "$(control 'jobs?region=eu-west-1' | sort)" ]
    [ "$(ls "$M" | sort)" = "$(control jobs | sort)" ]
    [ "$(lists) $(calls rejected)" = '2 0' ]
    # A region that the service does not serve with these keys, an account that is not theirs.
    fails 'Key was rejected by service' cat "$M/${ireland/eu-west-1/ap-south-1}/$job/status"
    fails 'Permission denied' cat "$M/${arn/$account/210987654321}/$job/status"
    [ "$(cat "$M/$ireland/$job/status")" = IRISH ]
}

# ARNs that are none of ours, or none at all.
foreign=(
    "arn:aws-cn:personalize:us-west-2:$account:batch-inference-job"
    "arn:aws-cn:personalize:cn-north-1:$account:batch-inference-job"
    "arn:aws-us-gov:personalize:us-gov-west-1:$account:batch-inference-job"
    "arn:aws:personalize:cn-north-1:$account:batch-inference-job"
    "arn:aws:personalize:us-west-2:${account%2}:batch-inference-job"
    "arn:aws:personalize:us-west-2:${account}3:batch-inference-job"
    "arn:aws:personalize:us-west-2:12345678901x:batch-inference-job"
    "arn:aws:personalize:us-west-2::batch-inference-job"
    "arn:aws:personalize::$account:batch-inference-job"
    "arn:aws:personalize:US-WEST-2:$account:batch-inference-job"
    "arn:aws:personalize:eu-West-1:$account:batch-inference-job"
    "arn:aws:personalize:x@evil.example#:$account:batch-inference-job"
    "arn:aws:personalize:eu-west-1@evil.example:$account:batch-inference-job"
    "arn:aws:personalize:eu-west-1.evil.example:$account:batch-inference-job"
    "arn:aws:personalize:evil.example:$account:batch-inference-job"
    "arn:aws:personalize:eu-west-1?:$account:batch-inference-job"
    "arn:aws:personalize:eu-west-1%2f:$account:batch-inference-job"
    "arn:aws:personalize:eu-west-1 :$account:batch-inference-job"
    "arn:aws:personalize:eu-west:$account:batch-inference-job"
    "arn:aws:personalize:eu-1:$account:batch-inference-job"
    "arn:aws:personalize:eu--1:$account:batch-inference-job"
    "arn:aws:personalize:eu-$(printf 'a%.0s' {1..100})-1:$account:batch-inference-job"
    "arn:aws:personalize:../../eu-west-1:$account:batch-inference-job"
    "arn:aws:personalize:eu-west-1/../x:$account:batch-inference-job"
    "arn:aws:personalize:eu-west-1:$account:batch-inference-job-x"
    "arn:aws:personalize:eu-west-1:$account:batch-segment-job"
    "arn:aws:personalize:eu-west-1:$account:"
    "arn:aws:personalize:eu-west-1:$account"
    "arn:aws:s3:eu-west-1:$account:batch-inference-job"
    "ARN:aws:personalize:eu-west-1:$account:batch-inference-job"
    "arn:aws:personalize:eu-west-1:$account:batch-inference-job:x"
)

@test "ARNs that may not be asked for are ENOENT, without a call" {
    emulator_start --region us-west-2,eu-west-1 --jobs 1 --running 0
    mount_start
    for path in "${foreign[@]}"; do
        for below in '' /job /job/status /../; do
            run -1 stat "$M/$path$below"
            [[ $output == *': No such file or directory' ]] || { echo "$path$below: $output" && false; }
        done
        fails 'No such file or directory' cat "$M/$path/job/status"
    done
    [ "$(asked)" = 0 ]
    [ -d "$M/$arn/../$(control jobs)" ] # nothing climbs out, but this is no climbing
}

@test "ARNs that may not be asked for have no name resolved and nothing connected; a ninth region neither" {
    root_looks_into_daemon
    log=$BATS_TEST_TMPDIR/proxied
    : >"$log"
    server_start proxy "$log"
    # Without an endpoint of its own each region has AWS's host. A proxy is told the names, and nothing else is reached.
    HTTPS_PROXY=$served https_proxy=$served NO_PROXY='' no_proxy='' \
        "$PERSONALIZEFS" -f -o "account-id=$account,timeout=3s" us-west-2 "$M" >"$LOG" 2>&1 3>&- &
    daemon=$!
    wait_until mounted
    strace -f -qq -e trace=network,openat,clone,clone3 -o "$BATS_TEST_TMPDIR/trace" -p "$daemon" 2>"$BATS_TEST_TMPDIR/strace" 3>&- &
    tracer=$!
    wait_until grep -q '^TracerPid:[[:space:]]*[1-9]' "/proc/$daemon/status"
    for path in "${foreign[@]}"; do
        fails 'No such file or directory' cat "$M/$path/job/status"
    done
    for region in eu-west-1 eu-west-2 eu-west-3 eu-north-1 ap-south-1 ap-east-1 sa-east-1; do
        [ -d "$M/${arn/us-west-2/$region}" ]
    done
    fails 'No such file or directory' stat "$M/${arn/us-west-2/us-east-1}"
    fails 'No such file or directory' cat "$M/${arn/us-west-2/us-east-1}/job/status"
    [ ! -s "$log" ]
    # Neither a socket, nor a thread for the resolver, nor its files.
    run ! grep -E 'socket\(|connect\(|send(to|msg|mmsg)\(|clone|/etc/(hosts|resolv.conf|nsswitch.conf)' "$BATS_TEST_TMPDIR/trace"
    # Both would have been seen.
    run cat "$M/$ireland/job/status"
    [ "$status" = 1 ]
    [ "$(sort -u "$log")" = 'CONNECT personalize.eu-west-1.amazonaws.com:443 HTTP/1.1' ]
    grep -q 'connect(.*AF_INET' "$BATS_TEST_TMPDIR/trace"
    kill "$tracer"
    wait_gone "$tracer"
    tracer=
}

# --- names that no table knows, before they are known ---------------------------------------------------------------

# guesses PREPARE: each question to a job that has not been described is answered right the first time, by one describe.
# The command, @ for the job's directory; its status; what it says.
questions=(
    'cat @/future/a|0|1'
    'cat @/future/b/c|0|deep'
    'cat @/future/list/1|0|two'
    'cat @/flag|0|true'
    'cat @/null|0|'
    'cat @/jobInput/future|0|in'
    'cat @/jobInput/s3DataSource/future|0|in'
    'cat @/batchInferenceJobConfig/itemExplorationConfig/explorationWeight|0|0.3'
    'stat -c %F @/future|0|directory'
    'stat -c %F @/flag|0|regular file'
    'stat -c %s @/flag|0|5'
    'ls @/future|0|a b list'
    'ls @/future/b|0|c'
    'ls @/flag|0|@/flag'
    'ls @/batchInferenceJobConfig/itemExplorationConfig|0|explorationWeight'
    'find @/future -type f|0|@/future/a @/future/b/c @/future/list/0 @/future/list/1'
    'cd @/future|0|'
    'cd @/future/b && cat c|0|deep'
    '[ -e @/future ]|0|'
    '[ -d @/future ]|0|'
    '[ -f @/future ]|1|'
    '[ -e @/flag ]|0|'
    '[ -f @/flag ]|0|'
    '[ -s @/flag ]|0|'
    '[ -d @/flag ]|1|'
    '[ -s @/null ]|1|'
    '[ -e @/nothing ]|1|'
    '[ -e @/nothing/below ]|1|'
    '[ -e @/future/nothing ]|1|'
    '[ -e @/flag/below ]|1|'
    'cat @/nothing|1|cat: @/nothing: No such file or directory'
    'cat @/nothing/below|1|cat: @/nothing/below: No such file or directory'
    'cat @/future/nothing|1|cat: @/future/nothing: No such file or directory'
    'cat @/future|1|cat: @/future: Is a directory'
    'cat @/flag/below|1|cat: @/flag/below: Not a directory'
    'cat @/status/below|1|cat: @/status/below: Not a directory'
    'ls @/nothing|2|ls: cannot access '"'@/nothing'"': No such file or directory'
    'stat @/nothing|1|stat: cannot statx '"'@/nothing'"': No such file or directory'
    'cd @/flag|1|cd: @/flag: Not a directory'
    'cd @/nothing|1|cd: @/nothing: No such file or directory'
    'read -r line <@/flag && echo $line|0|true'
    'head -c 2 @/future/b/c|0|de'
    'exec 3<@/flag 4<@/future/a && cat <&3 <&4|0|1'
    'mkdir @/future/new|1|mkdir: cannot create directory '"‘@/future/new’"': Read-only file system'
)

guesses() {
    local i command wanted_status wanted job wrong=0 before
    for i in "${!questions[@]}"; do
        IFS='|' read -r command wanted_status wanted <<<"${questions[i]}"
        job=$M/job-$i
        before=$(describes)
        run bash -c "${command//@/$job}"
        output=${output//$'\n'/ }
        output=${output/#bash: line [0-9]: /}
        if [[ $status != "$wanted_status" || $output != "${wanted//@/$job}" || $(($(describes) - before)) -gt 1 ]]; then
            echo "$command: $status, '$output', $(($(describes) - before)) describes" && wrong=1
        fi
    done
    return $wrong
}

guess_jobs() {
    local i unknown='"flag":true,"null":null,"future":{"a":1,"b":{"c":"deep"},"list":["one","two"]},
        "jobInput":{"s3DataSource":{"path":"s3://a","future":"in"}},
        "batchInferenceJobConfig":{"itemExplorationConfig":{"explorationWeight":"0.3"}}'
    for i in "${!questions[@]}"; do
        set_job "job-$i"       # listed
        set_job "job-$i-other" # read by nobody: with it between them the jobs are no walk, and none is read ahead
        control raw "job-$i
{\"batchInferenceJob\":{\"jobName\":\"job-$i\",\"batchInferenceJobArn\":\"$arn/job-$i\",\"status\":\"ACTIVE\",$unknown}}"
    done
}

@test "a name that no table knows, in a job that is not known: right the first time, by one describe" {
    emulator_start --jobs 0
    guess_jobs
    mount_start
    control_post reset-counts
    guesses
    [ "$(lists)" = 0 ]
}

@test "the same in a job that a listing has shown" {
    emulator_start --jobs 0
    guess_jobs
    mount_start
    ls -l "$M" >/dev/null
    [ "$(cat "$M/job-0/status")" = ACTIVE ]
    control_post reset-counts
    guesses
}

@test "the same while its answer takes its time, with others that ask too" {
    emulator_start --jobs 0
    guess_jobs
    mount_start
    control set latency_ms=150
    asks=('future/b/c|deep' 'flag|true' 'nothing|No such file or directory' 'future|Is a directory'
        'nothing/below|No such file or directory' 'flag/below|Not a directory')
    readers=()
    for i in "${!asks[@]}"; do
        for k in 1 2 3; do # each into a file of its own: cat writes an error in pieces
            cat "$M/job-$i/${asks[i]%|*}" >"$BATS_TEST_TMPDIR/said.$i.$k" 2>&1 3>&- &
            readers+=($!)
        done
    done
    for reader in "${readers[@]}"; do
        wait "$reader" || true
    done
    for i in "${!asks[@]}"; do
        cat "$BATS_TEST_TMPDIR/said.$i".*
        [ "$(cat "$BATS_TEST_TMPDIR/said.$i".* | grep -c "${asks[i]#*|}\$")" = 3 ]
        [ "$(cat "$BATS_TEST_TMPDIR/said.$i".* | wc -l)" = 3 ]
    done
    [ "$(describes)" = ${#asks[@]} ]
}
