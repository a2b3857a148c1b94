# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # the names that scripts/bench sets

measure_P10() {
    local count=5000 rounds=5 i mount_us bare_us ratio described job
    serve --jobs $count --tls-cert "$work/tls.pem" --tls-key "$work/tls.key"
    control jobs >"$work/names"
    sed "s,^,$mnt/,; s,\$,/numResults," "$work/names" | shuf --random-source=<(yes) >"$work/paths"
    while read -r job; do arn "$job"; done <"$work/names" >"$work/arns"
    for ((i = 0; i < rounds; i++)); do
        mount_start
        counts_reset
        "$tools/bench-pool" 64 "$work/paths" >>"$samples/mount"
        describes >>"$samples/calls"
        mount_stop
        mount_command "$tools/bench-multi" 8 "$url" "$demo_region" "$work/arns" >>"$samples/bare"
        calc "$(tail -n 1 "$samples/bare") / $(tail -n 1 "$samples/mount")" '%.4f\n' >>"$samples/ratio"
    done
    mount_us=$(median $rounds <"$samples/mount")
    bare_us=$(median $rounds <"$samples/bare")
    ratio=$(middle <"$samples/ratio")
    described=$(sort -nu "$samples/calls" | paste -sd,)
    row P10 'cold describes, 64 readers, TLS' "$(calc "$count / $mount_us * 1e6" %.0f) a second" \
        "bare loop of 8 connections $(calc "$count / $bare_us * 1e6" %.0f) a second" "≥ 0.3 × bare: $(calc "$ratio" %.3f)" \
        "$ratio >= 0.3" "0.3 / $ratio"
    row P10 '  describes' "$described" '' "$count" "\"$described\" == \"$count\""
}
