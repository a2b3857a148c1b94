# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # the names that scripts/bench sets

measure_P6() {
    local rounds=5 i pages_ms=20 listed bare_us ls_us ratio
    serve --jobs 10000 --latency-ms $pages_ms --tls-cert "$work/tls.pem" --tls-key "$work/tls.key"
    for ((i = 0; i < rounds; i++)); do
        mount_start
        counts_reset
        "$tools/bench-timed" ls "$mnt" >>"$samples/ls"
        lists >>"$samples/calls"
        mount_stop
        mount_command "$tools/bench-pages" "$url" "$demo_region" >>"$samples/pages"
        calc "$(tail -n 1 "$samples/ls") / $(tail -n 1 "$samples/pages" | cut -d' ' -f1)" '%.4f\n' >>"$samples/ratio"
    done
    ls_us=$(median $rounds <"$samples/ls")
    bare_us=$(cut -d' ' -f1 "$samples/pages" | median $rounds)
    ratio=$(middle <"$samples/ratio")
    listed=$(sort -nu "$samples/calls" | paste -sd,)
    row P6 "first ls of 10,000 jobs, $pages_ms ms a page, TLS" "$(calc "$ls_us / 1000" %.0f) ms" \
        "bare list calls $(calc "$bare_us / 1000" %.0f) ms" "≤ 1.05 × bare: $(calc "$ratio" %.3f)" "$ratio <= 1.05" \
        "$ratio / 1.05"
    row P6 '  lists' "$listed" '' 100 "\"$listed\" == \"100\""
}
