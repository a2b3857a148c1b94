# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # the names that scripts/bench sets
measure_P9() {
    local seconds=10 before woken called
    serve --jobs 20
    mount_start
    cat "$mnt"/*/status >/dev/null
    sleep 1
    counts_reset
    before=$(wakes)
    sleep $seconds
    woken=$(($(wakes) - before))
    called=$(calls_all)
    row P9 "nobody reading, after reads, $seconds s: calls, wake-ups" "$called, $woken" '' '0, 0' \
        "$called + $woken == 0"
    mount_stop
}
