#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # from lib.bash
# The newest client agrees: the AWS SDK for JavaScript and the mount, at the same emulator. What its model knows is
# compared with what it made of the answer; everything else with the answer's own bytes, which it was given.
bats_require_minimum_version 1.5.0
load ../mount/lib.bash
load packages.bash

jobs=200

set_job() { control job "$(printf '%s\n' "$@")"; }

# sdk WHAT…: the client, with its packages from the build folder.
sdk() {
    NODE_PATH=$packages/node_modules AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE=1 \
        node "$BATS_TEST_DIRNAME/sdk_client.js" "$1" "$URL" us-west-2 "${@:2}"
}

expected() { python3 "$BATS_TEST_DIRNAME/sdk_expected.py" "$@"; }

# What no seed is sure to make, on top of what it has made.
set_jobs() {
    local names config=batchInferenceJobConfig input=jobInput.s3DataSource
    mapfile -t names < <(control jobs | sort)
    set_job "${names[0]}" 'batchInferenceJobMode="THEME_GENERATION"' 'status="CREATE FAILED"' \
        'themeGenerationConfig.fieldsForThemeGeneration.itemName="T\u00eftle\n"' \
        'failureReason="\u0001 \u001b[31m \u009b2J \u2028 \\ \\n \ud83e\uddca \r\n"'
    set_job "${names[1]}" $config.rankingInfluence='{"POPULARITY":0.1,"FRESHNESS":1.00000000000000000001}' \
        $config.itemExplorationConfig='{"explorationWeight":"0.30","":"","..":"up","a/b":"\\","A/B":"\t"}'
    # Digits that no double has, and the same names at every place where there are names.
    set_job "${names[2]}" 'future={"big":9007199254740993,"huge":1e400,"small":-0.10E-7,"zero":-0,"list":[[],[[1]],{}]}' \
        $input.future='{"path":"p","describe.json":1}' jobInput.future=2 $input.s3DataSource=3
    set_job "${names[3]}" 'future={"true":true,"false":false,"null":null,"text":"","one":{"two":{"three":[0]}}}' \
        'themeGenerationConfig.future="\u007f"' $config.future=[] 'future2="a\nb"'
}

setup_file() {
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR ANSWERS=$BATS_FILE_TMPDIR/sdk
    export M URL LOG daemon emulator packages
    common_setup
    packages_ready
    emulator_start --jobs $jobs --running 0 --stuck 8
    set_jobs
    sdk list >"$BATS_FILE_TMPDIR/arns"
    sdk describe "$ANSWERS" <"$BATS_FILE_TMPDIR/arns"
    mount_start
}

teardown_file() { BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR common_teardown; }

# raw PATTERN: how many answers have it.
raw() { grep -lE "$1" "$ANSWERS"/raw/* | wc -l; }
# with FIELD: how many jobs have it by the SDK.
with() { find "$ANSWERS/tree" -path "*/$1" -type f -size +0 | wc -l; }

@test "the packages are what the lock file says, which names no address" {
    run ! grep -E '"resolved"|https?://[^"]*\.tgz' "$BATS_TEST_DIRNAME/package-lock.json"
    for package in client-personalize credential-providers; do
        [ "$(node -p "require('$packages/node_modules/@aws-sdk/$package/package.json').version")" = 3.958.0 ]
    done
    [ "$(grep -c '"integrity": "sha512-' "$BATS_TEST_DIRNAME/package-lock.json")" = \
        "$(grep -c '^    "node_modules/' "$BATS_TEST_DIRNAME/package-lock.json")" ]
}

@test "the 200 jobs have all that there is to agree on" {
    [ "$(wc -l <"$BATS_FILE_TMPDIR/arns")" = $jobs ]
    for field in numResults failureReason solutionVersionArn filterArn roleArn batchInferenceJobMode \
        jobInput/kmsKeyArn jobOutput/kmsKeyArn themeGenerationConfig/fieldsForThemeGeneration/itemName; do
        echo "with and without $field: $(with "$field")"
        [ "$(with "$field")" -ge 1 ]
        [ "$(with "$field")" -lt $jobs ]
    done
    for pattern in '"itemExplorationConfig":\{\}' '"rankingInfluence":\{"POPULARITY":5\.0E-1' '"futureObject":\{' \
        9007199254740993 '1e400' 'DateTime":1\.[0-9]+E9' 'DateTime":[0-9]+[,}]' '"futureNull":null'; do
        echo "raw $pattern: $(raw "$pattern")"
        [ "$(raw "$pattern")" -ge 1 ]
    done
    [ "$(wc -l <"$ANSWERS/numbers")" -ge 10 ]
}

@test "every documented member of every job is what the SDK reads, byte for byte" {
    differ=0 compared=0
    while IFS= read -r -d '' file; do
        cmp "$ANSWERS/tree/$file" "$M/$file" || differ=$((differ + 1))
        compared=$((compared + 1))
    done < <(cd "$ANSWERS/tree" && find . -type f -print0)
    echo "$compared compared"
    [ $differ = 0 ]
    [ $compared -ge $((jobs * 16)) ]
    # The doubles are those that the digits say.
    while read -r file number; do
        python3 -c 'import sys; sys.exit(float(sys.argv[1]) != float(sys.argv[2]))' "$number" "$(cat "$M/$file")"
    done <"$ANSWERS/numbers"
}

@test "the SDK lists the jobs that the mount lists" {
    sed 's,.*/,,' "$BATS_FILE_TMPDIR/arns" | sort >"$BATS_TEST_TMPDIR/listed"
    # shellcheck disable=SC2012 # names are [a-zA-Z0-9_-]
    ls -A "$M" | sort | diff - "$BATS_TEST_TMPDIR/listed"
}

@test "what the mount shows is accounted for by the answer's own bytes, each value once, and nothing is missing" {
    expected tree "$ANSWERS/raw" "$BATS_TEST_TMPDIR/expected"
    cat "$M"/*/describe.json >/dev/null # each has been described: what no table knows is there
    run diff -r "$M" "$BATS_TEST_TMPDIR/expected"
    grep -vxE "Only in $M/[^/]+: describe.json" <<<"$output" && false
    [ "$(grep -c . <<<"$output")" = $jobs ]
    # diff sees a byte, a missing file, a name too many.
    job=$(basename "$(dirname "$(find "$BATS_TEST_TMPDIR/expected" -name failureReason -size +9c | head -n 1)")")
    sed -i '1s/.$/~/' "$BATS_TEST_TMPDIR/expected/$job/failureReason"
    rm "$BATS_TEST_TMPDIR/expected/$job/status"
    touch "$BATS_TEST_TMPDIR/expected/$job/more"
    run diff -r "$M/$job" "$BATS_TEST_TMPDIR/expected/$job"
    [ "$(grep -c -e '^diff ' -e '^Only in ' <<<"$output")" = 4 ]
}

@test "describe.json is the answer's object: its order, its digits" {
    expected describe.json "$ANSWERS/raw" "$M"
}
