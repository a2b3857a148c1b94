# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2154 # used by the tests; from tests/mount/lib.bash
# What comparing the mount with another client's tree of files (see client.py) takes.

# Debian's, whatever else the path has.
AWS=/usr/bin/aws PYTHON=/usr/bin/python3
CLIENT=$BATS_TEST_DIRNAME/client.py

# What the client's model and the mount both know.
fields=(jobName batchInferenceJobArn status numResults failureReason solutionVersionArn filterArn roleArn
    creationDateTime lastUpdatedDateTime jobInput/path jobInput/kmsKeyArn jobOutput/path jobOutput/kmsKeyArn)
statuses=(PENDING 'IN PROGRESS' ACTIVE 'CREATE FAILED' 'CREATE PENDING' 'CREATE IN_PROGRESS' 'CREATE STOPPED')

arn_of() { printf 'arn:aws:personalize:us-west-2:%s:batch-inference-job/%s\n' "$account" "$1"; }

# compare_field MOUNTED CLIENTS SCRATCH: says on stdout how they differ, nothing where they agree. What the client's
# answer lacks is an empty file, what is empty there an empty line.
compare_field() {
    local mounted=$1 clients=$2 scratch=$3
    cat "$mounted" >"$scratch" || { echo "$mounted: cannot be read" && return; }
    if [[ ! -e $clients ]]; then
        [[ ! -s $scratch ]] || echo "$mounted: '$(cat "$scratch")', and the client has none"
        return
    fi
    if [[ $(wc -l <"$scratch") -ne 1 || $(tail -c 1 "$scratch" | od -An -tx1) != ' 0a' ]]; then
        echo "$mounted: is not one line: $(od -c "$scratch" | head)"
        return
    fi
    # The escapes are what `printf %b` undoes; the newline that `$(…)` drops is the file's own, escaped ones stay.
    printf %b "$(cat "$scratch")" | cmp - "$clients" >"$scratch.cmp" 2>&1 ||
        echo "$mounted: '$(cat "$scratch")' is not the client's: $(cat "$scratch.cmp")"
}

# compare_tree MOUNT TREE: every field of every job of TREE; the number of comparisons in `compared`, what differs on
# stdout. False where something does.
compare_tree() {
    local job field scratch=$BATS_TEST_TMPDIR/scratch differences=$BATS_TEST_TMPDIR/differences
    compared=0
    for job in "$2"/*/; do
        job=$(basename "$job")
        for field in "${fields[@]}"; do
            compare_field "$1/$job/$field" "$2/$job/$field" "$scratch"
            compared=$((compared + 1))
        done
    done >"$differences"
    cat "$differences"
    [[ ! -s $differences ]]
}
