# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # the names that scripts/bench sets

measure_P4() {
    local count=1000 connections=8 took request limit described
    serve --jobs $count --latency-ms "$latency_ms"
    mount_start
    ls "$mnt" >"$work/names"
    bare 3 "$(head -n 1 "$work/names")" >"$samples/bare"
    counts_reset
    (cd "$mnt" && "$tools/bench-timed" sh -c 'cat -- */numResults') >"$samples/walk"
    described=$(describes)
    mount_stop
    request=$(median 3 <"$samples/bare")
    took=$(calc "$(<"$samples/walk") / 1e6")
    limit=$(calc "1.25 * $count * $latency_ms / 1000 / $connections")
    row P4 "cat */numResults, 1,000 cold jobs $latency_ms ms away, list known" "$took s" \
        "one call after the other $(calc "$request * $count / 1e6" %.1f) s" "≤ $limit s" "$took <= $limit" "$took / $limit"
    row P4 '  describes' "$described" '' "$count" "$described == $count"
}
