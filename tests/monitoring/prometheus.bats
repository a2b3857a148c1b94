#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# metrics.prom is read by Prometheus' own programs, Debian's: promtool, node_exporter's textfile collector, a server.
# shellcheck disable=SC2154,SC2030,SC2031 # lib.bash's variables, and those of bats' subshells
bats_require_minimum_version 1.5.0
load ../mount/lib.bash

setup() {
    common_setup
    metrics=$M/.personalizefs/metrics.prom
    processes=()
}

teardown() {
    local process
    for process in "${processes[@]}"; do
        kill -KILL "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    common_teardown
}

# serve NAME COMMAND...: starts a server on a port of its own choice; sets `address` to where it listens.
serve() {
    local log=$BATS_TEST_TMPDIR/$1.log
    shift
    "$@" --web.listen-address=127.0.0.1:0 >"$log" 2>&1 3>&- &
    processes+=($!)
    wait_until grep -q 'msg="Listening on"' "$log" || { cat "$log" && return 1; }
    address=$(sed -n 's/.*msg="Listening on".* address=\(127\.0\.0\.1:[1-9][0-9]*\).*/\1/p' "$log")
    [[ -n $address ]] || { cat "$log" && return 1; }
}

# sample NAME: a metric's value in the mount's file, "" where it has none.
sample() { awk -v name="$1" '$1 == name { print $2 }' "$metrics"; }

# query EXPRESSION: what the server at `server` answers, one value.
query() {
    curl -sSf "http://$server/api/v1/query" --data-urlencode "query=$1" |
        python3 -c 'import json, sys
result = json.load(sys.stdin)["data"]["result"]
print(result[0]["value"][1] if len(result) == 1 else "")'
}
answers() { [[ $(query "$1") == "$2" ]]; }

@test "promtool finds nothing to say: on a new mount, after reading, in trouble, with hostile statuses" {
    emulator_start --jobs 20
    mount_start -o list-ttl=1h
    promtool check metrics <"$metrics"
    wait_until grep -q '^personalizefs_jobs{' "$metrics"
    cat "$M"/*/numResults >/dev/null
    promtool check metrics <"$metrics"
    control fault $'operation=DescribeBatchInferenceJob\nkind=throttle'
    run cat "$M/$(control jobs | head -n 1)/roleArn"
    control_post clear-faults
    control job $'nightly-hostile\nstatus="A \\"quoted\\" \\\\ and \\u001b[31mred\\nline"'
    kill -HUP "$daemon"
    wait_until grep -q quoted "$metrics"
    promtool check metrics <"$metrics"
    grep -F 'personalizefs_jobs{status="A \"quoted\" \\\\ and \\0033[31mred\\nline"} 1' "$metrics"
    run ! grep -q $'\033' "$metrics"
}

@test "textfile collector, Prometheus, a query: the number of ACTIVE jobs is the service's" {
    emulator_start --jobs 60 --running 0 --stuck 4
    mount_start -o list-ttl=1h
    local active
    active=$(/usr/bin/aws --region us-west-2 --endpoint-url "$URL" --output text personalize list-batch-inference-jobs \
        --query "length(batchInferenceJobs[?status=='ACTIVE'])")
    ((active > 0 && active < 60))
    wait_until grep -q '^personalizefs_jobs{' "$metrics"

    # As the recipe has it: a copy beside, then renamed, so that no half of one is collected.
    mkdir "$BATS_TEST_TMPDIR/textfile"
    cp "$metrics" "$BATS_TEST_TMPDIR/textfile/personalizefs.prom.new"
    mv "$BATS_TEST_TMPDIR/textfile/personalizefs.prom.new" "$BATS_TEST_TMPDIR/textfile/personalizefs.prom"
    serve node_exporter prometheus-node-exporter --collector.disable-defaults --collector.textfile \
        --collector.textfile.directory="$BATS_TEST_TMPDIR/textfile"
    curl -sSf "http://$address/metrics" | grep -x 'node_textfile_scrape_error 0'

    cat >"$BATS_TEST_TMPDIR/prometheus.yml" <<END
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: node
    static_configs:
      - targets: ['$address']
END
    serve prometheus prometheus --config.file="$BATS_TEST_TMPDIR/prometheus.yml" \
        --storage.tsdb.path="$BATS_TEST_TMPDIR/data"
    server=$address
    wait_until answers 'personalizefs_jobs{status="ACTIVE"}' "$active"
    [ "$(query 'sum(personalizefs_jobs)')" = 60 ]
    [ "$(query 'personalizefs_calls_total{operation="ListBatchInferenceJobs",outcome="ok"}')" = 1 ]
    [ "$(query 'count(personalizefs_call_duration_seconds_bucket{operation="ListBatchInferenceJobs"})')" = 12 ]
}

@test "the counts are the service's own; a retry shows" {
    emulator_start --jobs 20
    mount_start -o list-ttl=1h
    control fault $'operation=DescribeBatchInferenceJob\nkind=status=503\ncount=1'
    cat "$M"/*/numResults >/dev/null
    [ "$(sample 'personalizefs_calls_total{operation="ListBatchInferenceJobs",outcome="ok"}')" = "$(lists)" ]
    [ "$(sample 'personalizefs_calls_total{operation="DescribeBatchInferenceJob",outcome="server_error"}')" = 1 ]
    [ "$(sample 'personalizefs_calls_total{operation="DescribeBatchInferenceJob",outcome="ok"}')" = 20 ]
    [ "$(describes)" = 21 ]
    [ "$(sample personalizefs_retries_total)" = 1 ]
    [ "$(sample 'personalizefs_call_duration_seconds_count{operation="DescribeBatchInferenceJob"}')" = "$(describes)" ]
    [ "$(sample personalizefs_failures_total)" = 0 ]
    # The listing was waited for, then jobs, unless they had been asked for ahead; all were looked up and given.
    (($(sample personalizefs_cache_misses_total) >= 1 && $(sample personalizefs_cache_misses_total) <= 21))
    (($(sample personalizefs_cache_hits_total) >= 20))
}
