# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # the names that scripts/bench sets
measure_P3() {
    local described listed began took
    serve --jobs 10000
    mount_start
    counts_reset
    began=$(date +%s%N)
    (cd "$mnt" && printf '%s\0' */status | xargs -0 cat) >"$work/statuses"
    took=$((($(date +%s%N) - began) / 1000000))
    (($(wc -l <"$work/statuses") == 10000)) || die "some statuses are missing"
    described=$(describes) listed=$(lists)
    row P3 'cat */status, 10,000 jobs, new mount: lists, describes' "$listed, $described" \
        "took $(calc "$took / 1000" %.1f) s" '100, 0' "$listed == 100 && $described == 0"
    mount_stop
}
