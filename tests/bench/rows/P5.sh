# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # the names that scripts/bench sets
# The emulator answers one call of all these readers': it needs no processor of its own, and they share all there are.
measure_P5() {
    local rounds=9 readers=1000 job slowest request limit plain described
    [[ -z $emulator_processor ]] || taskset -cp "$all_processors" "$BASHPID" >/dev/null
    serve --jobs 20 --latency-ms "$latency_ms"
    mount_start
    echo ACTIVE >"$work/plain"
    while read -r job; do
        bare 1 "$job" >>"$samples/bare"
        counts_reset
        "$tools/bench-herd" $readers "$mnt/$job/status" >>"$samples/herd"
        describes >>"$samples/calls"
        "$tools/bench-herd" $readers "$work/plain" >>"$samples/exec"
    done < <(control jobs | head -n $rounds)
    mount_stop
    slowest=$(median $rounds <"$samples/herd")
    request=$(median $rounds <"$samples/bare")
    plain=$(median $rounds <"$samples/exec")
    limit=$(calc "1.5 * $request + 50000")
    described=$(sort -nu "$samples/calls" | paste -sd,)
    row P5 "1,000 readers of a cold job at once, $latency_ms ms away: the slowest" \
        "$(calc "$slowest / 1000" %.1f) ms" \
        "bare request $(calc "$request / 1000" %.1f) ms; tmpfs $(calc "$plain / 1000" %.1f) ms" \
        "≤ 1.5 × bare + 50 ms = $(calc "$limit / 1000" %.1f) ms" "$slowest <= $limit" "$slowest / $limit"
    row P5 '  describes' "$described" '' 1 "\"$described\" == \"1\""
}
