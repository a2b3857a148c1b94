#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What share/ has for Prometheus and Grafana: the rules say what they should when they should, and neither names anything
# that a mount's metrics have not.
bats_require_minimum_version 1.5.0
load ../mount/lib.bash

ROOT=$BATS_TEST_DIRNAME/../..
RULES=$ROOT/share/prometheus/personalizefs.yml
DASHBOARD=$ROOT/share/grafana/personalizefs.json

setup() { common_setup; }
teardown() { common_teardown; }

# metrics_read: what a mount says that has been read to $METRICS, and to $NAMES the names of its series, one a line.
metrics_read() {
    METRICS=$BATS_TEST_TMPDIR/metrics
    NAMES=$BATS_TEST_TMPDIR/names
    emulator_start --jobs 6 --running 0
    mount_start
    ls "$M"
    cat "$M"/*/numResults
    cat "$M/.personalizefs/metrics.prom" >"$METRICS"
    awk '$2 == "TYPE" { print $3; if ($4 == "histogram") print $3 "_bucket\n" $3 "_sum\n" $3 "_count" }' \
        "$METRICS" >"$NAMES"
    [ "$(wc -l <"$NAMES")" -ge 10 ]
}

# unknown_names FILE: the metrics' names in it that the mount has not.
unknown_names() {
    sed 's/^ *#.*//' "$1" | grep -oE '\b(personalizefs|node)_[a-z_]+' | sort -u | grep -vxFf "$NAMES" |
        grep -vx node_textfile_mtime_seconds || true # node_exporter's
}

# outcomes_of TEXT: each outcome that the matchers in it name.
outcomes_of() { grep -oE 'outcome=~?\\?"[a-z_|]+' <<<"$1" | sed 's/.*"//' | tr '|' '\n'; }

@test "the alert rules are right, and say what they should when they should" {
    command -v promtool || skip 'there is no promtool'
    promtool check rules "$RULES"
    promtool test rules "$ROOT/tests/monitoring/rules.test.yml"
    # Each is tested, firing.
    while read -r alert; do
        awk -v alert="$alert" '$1 == "alertname:" { mine = $2 == alert } mine && $1 == "exp_alerts:" { found = 1 } END { exit !found }' \
            "$ROOT/tests/monitoring/rules.test.yml" || { echo "untested: $alert" && false; }
    done < <(awk '$2 == "alert:" { print $3 }' "$RULES")
}

@test "rules and dashboard name nothing that the mount's metrics have not" {
    metrics_read
    [ -z "$(unknown_names "$RULES")" ]
    [ -z "$(unknown_names "$DASHBOARD")" ]
    printf 'expr: personalizefs_no_such_total\n' >"$BATS_TEST_TMPDIR/wrong"
    [ "$(unknown_names "$BATS_TEST_TMPDIR/wrong")" = personalizefs_no_such_total ]
    outcomes=$(outcomes_of "$(cat "$RULES" "$DASHBOARD")")
    [ -n "$outcomes" ]
    for outcome in $outcomes; do
        grep -qF "outcome=\"$outcome\"" "$METRICS"
    done
}

@test "the dashboard is JSON, and Prometheus understands each of its queries" {
    python3 - "$DASHBOARD" >"$BATS_TEST_TMPDIR/queries.yml" <<'PYTHON'
import json, sys
print("groups:\n- name: queries\n  rules:")
ids = set()
for panel in json.load(open(sys.argv[1]))["panels"]:
    assert panel["id"] not in ids, panel["id"]
    ids.add(panel["id"])
    for i, target in enumerate(panel["targets"]):
        expr = target["expr"].replace("$__rate_interval", "5m")
        print(f"  - record: query_{panel['id']}_{i}\n    expr: {json.dumps(expr)}")
PYTHON
    [ "$(grep -c record "$BATS_TEST_TMPDIR/queries.yml")" -ge 10 ]
    command -v promtool || skip 'there is no promtool'
    promtool check rules "$BATS_TEST_TMPDIR/queries.yml"
}
