#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # from lib.bash
# A real client agrees: Debian's awscli and the mount, at the same emulator, give the same for every field that both
# know. The 50 jobs are made once, and read once by the client.
bats_require_minimum_version 1.5.0
load ../mount/lib.bash
load lib.bash

jobs=50

# set_job NAME MEMBER=JSON…
set_job() { control job "$(printf '%s\n' "$@")"; }

# Values that no seed is sure to make, on top of what it has made.
set_jobs() {
    local names reason=failureReason created=creationDateTime updated=lastUpdatedDateTime
    mapfile -t names < <(control jobs | sort)
    set_job "${names[0]}" 'status="CREATE FAILED"' \
        $reason=$'"caf\\u00e9 \xe2\x80\xa8 \xef\xbb\xbf \xf0\x9f\xa7\x8a \\ud83e\\uddca"'
    set_job "${names[1]}" \
        $reason=$'"a\\nb\\n\\n\\tc\\r\\n\\u001b[31mred\\u001b[0m \\u007f\\u0001\\u001f\\u0080\\u009b2J\xc2\x9f\\b\\f"'
    # shellcheck disable=SC2016 # nothing is to be expanded
    set_job "${names[2]}" $reason='"\\ \\n \\0033 \\\\ \\c \\x41 \" '\''` $(echo no) %s \/"'
    set_job "${names[3]}" $reason='""' 'roleArn=""' 'filterArn=""' 'jobInput.s3DataSource.path=""'
    set_job "${names[4]}" $reason=null numResults=null filterArn=null roleArn=null solutionVersionArn=null \
        jobInput=null jobOutput=null $created=null $updated=null
    set_job "${names[5]}" $reason='"\n"' numResults=0
    set_job "${names[6]}" $reason='" \t leading and trailing \n"' numResults=-1
    set_job "${names[7]}" $created=1.7E9 $updated=1.700000060123E9
    set_job "${names[8]}" $created=1700000000 $updated=1700000060.9999
    set_job "${names[9]}" $created=17.00000000123e+8 $updated=0
    set_job "${names[10]}" $created=1700000000.001 $updated=1.7000000609999E9
    set_job only-what-is-required
    set_job A-_9 'status="PENDING"' jobInput.s3DataSource.kmsKeyArn=$'"k\xc3\xbc\\u0085"'
}

setup_file() {
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR ANSWERS=$BATS_FILE_TMPDIR/clients
    export M URL LOG daemon emulator
    common_setup
    mkdir "$ANSWERS"
    emulator_start --jobs $((jobs - 2)) --running 0 --stuck 8
    set_jobs
    control set page_size=7
    for job in $(control jobs); do
        arn_of "$job"
    done >"$BATS_FILE_TMPDIR/arns"
    "$PYTHON" "$CLIENT" describe "$URL" us-west-2 "$ANSWERS" <"$BATS_FILE_TMPDIR/arns"
    "$PYTHON" "$CLIENT" explode "$ANSWERS/tree" "$ANSWERS"/*.json
    mount_start
}

teardown_file() { BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR common_teardown; }

aws_personalize() {
    AWS_PAGER='' "$AWS" --region us-west-2 --endpoint-url "$URL" personalize "$@"
}

# with FIELD: how many of the client's jobs have it; empty FIELD: how many have it empty; holding FIELD PATTERN: how
# many have bytes there that match; raw PATTERN: how many answers do.
with() { find "$ANSWERS/tree" -path "*/$1" -type f | wc -l; }
empty() { find "$ANSWERS/tree" -path "*/$1" -type f -size 0 | wc -l; }
holding() { find "$ANSWERS/tree" -path "*/$1" -type f -print0 | LC_ALL=C xargs -0 grep -lzP "$2" | wc -l; }
raw() { grep -lE "$1" "$ANSWERS"/*.raw | wc -l; }

@test "the 50 jobs have all that there is to agree on" {
    [ "$("$AWS" --version | cut -d' ' -f1)" = aws-cli/2.9.19 ] || echo "# another version: $("$AWS" --version)" >&3
    [ "$(with jobName)" = "$jobs" ]
    [ "$(find "$ANSWERS" -name '*.raw' | wc -l)" = "$jobs" ]
    for status in "${statuses[@]}"; do
        echo "status $status"
        [ "$(holding status "^$status\$")" -ge 1 ]
    done
    for field in numResults failureReason solutionVersionArn filterArn roleArn creationDateTime lastUpdatedDateTime \
        jobInput/path jobInput/kmsKeyArn jobOutput/path jobOutput/kmsKeyArn; do
        echo "with and without $field: $(with "$field") of $jobs"
        [ "$(with "$field")" -ge 1 ]
        [ "$(with "$field")" -lt "$jobs" ]
    done
    for field in failureReason filterArn roleArn jobInput/path; do
        echo "empty $field"
        [ "$(empty "$field")" -ge 1 ]
    done
    # LF, TAB, CR, NUL's neighbour, ESC, DEL, C1, backslash, quotes, non-ASCII of two, three and four bytes.
    for bytes in '\n' '\t' '\r' '\x01' '\x1b' '\x7f' '\xc2\x80' '\xc2[\x81-\x9f]' '[\\]' "'" '"' '\xc3[\xa0-\xbf]' \
        '\xe5\x85\xa5' '\xf0\x9f' '^\n' '^ ' '\n\n' '\n\z'; do
        echo "a failureReason with $bytes"
        [ "$(holding failureReason "$bytes")" -ge 1 ]
    done
    # Both ways to write what is not ASCII.
    [ "$(raw '"failureReason":"[^"]*\\u[0-9a-f]{4}')" -ge 1 ]
    [ "$(LC_ALL=C raw $'"failureReason":"[^"]*\xe2')" -ge 1 ]
    for field in creationDateTime lastUpdatedDateTime; do
        for notation in '[0-9](\.[0-9]+)?[eE]\+?9' '[0-9]{10}\.[0-9]+' '[0-9]{10}'; do
            echo "$field as $notation"
            [ "$(raw "\"$field\":${notation}[,}]")" -ge 1 ]
        done
    done
}

@test "every field of every job is what the client reads, byte for byte" {
    compare_tree "$M" "$ANSWERS/tree"
    echo "$compared comparisons"
    [ "$compared" = $((jobs * ${#fields[@]})) ]
}

@test "the comparison sees one byte, one millisecond, and empty from absent" {
    tree=$BATS_TEST_TMPDIR/tree
    job=$(basename "$(dirname "$(find "$ANSWERS/tree" -name failureReason -size +9c | sort | head -n 1)")")
    bare=$(basename "$(dirname "$(find "$ANSWERS/tree" -name failureReason -empty | sort | head -n 1)")")
    none=only-what-is-required
    altered() {
        rm -rf "$tree"
        mkdir "$tree"
        cp -r "$ANSWERS/tree/"{"$job","$bare","$none"} "$tree"
        "$@"
        run ! compare_tree "$M" "$tree"
        echo "$*: $output"
        [ "${#lines[@]}" = 1 ]
    }
    altered sed -i '1s/^./~/' "$tree/$job/failureReason"
    altered bash -c "echo >>'$tree/$job/failureReason'"
    altered sed -i 's/Z$/0Z/' "$tree/$job/creationDateTime"
    altered truncate -s 0 "$tree/$job/status"
    altered rm "$tree/$bare/failureReason"
    altered touch "$tree/$none/failureReason"
}

@test "a listing of several pages has the same names" {
    control_post reset-counts
    aws_personalize list-batch-inference-jobs --page-size 7 --query 'batchInferenceJobs[].[batchInferenceJobArn]' \
        --output text >"$BATS_TEST_TMPDIR/listed"
    [ "$(lists)" -ge 8 ]
    [ "$(wc -l <"$BATS_TEST_TMPDIR/listed")" = "$jobs" ]
    sed 's,.*/,,' "$BATS_TEST_TMPDIR/listed" | sort >"$BATS_TEST_TMPDIR/names"
    # shellcheck disable=SC2012 # names are [a-zA-Z0-9_-]
    ls -A "$M" | sort | diff - "$BATS_TEST_TMPDIR/names"
    while read -r arn; do
        [ "$(cat "$M/${arn##*/}/batchInferenceJobArn")" = "$arn" ]
    done <"$BATS_TEST_TMPDIR/listed"
}

@test "the command line's own answers too" {
    mkdir "$BATS_TEST_TMPDIR/answers"
    for job in $(control jobs | sort | sed -n '1p;3p;10p') only-what-is-required; do
        aws_personalize describe-batch-inference-job --batch-inference-job-arn "$(arn_of "$job")" --output json \
            >"$BATS_TEST_TMPDIR/answers/$job.json"
    done
    "$PYTHON" "$CLIENT" explode "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR"/answers/*.json
    compare_tree "$M" "$BATS_TEST_TMPDIR/tree"
    [ "$compared" = $((4 * ${#fields[@]})) ]
}
