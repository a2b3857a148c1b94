# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # the names that scripts/bench sets

# memory Rss|Anonymous: of the daemon, in MiB.
memory() { awk -v name="$1:" '$1 == name { printf "%.1f\n", $2 / 1024 }' "/proc/$daemon/smaps_rollup"; }

measure_P8() {
    local count=100000 resident anonymous listed described job
    serve --jobs $count --tls-cert "$work/tls.pem" --tls-key "$work/tls.key"
    mount_start -o list-ttl=1h
    control jobs >"$work/names"
    job=$(head -n 1 "$work/names")
    cat "$mnt/$job/status" >"$work/status"
    resident=$(memory Rss) anonymous=$(memory Anonymous)
    ls -U "$mnt" >"$work/names"
    (($(wc -l <"$work/names") == count)) || die "some names are missing"
    listed=$(memory Anonymous)
    sed "s,^,$mnt/,; s,\$,/numResults," "$work/names" >"$work/paths"
    "$tools/bench-pool" 64 "$work/paths" >"$work/read"
    (($(describes) >= count)) || die "some jobs were not described"
    described=$(memory Anonymous)
    row P8 'memory after the first call over TLS: resident' "$resident MiB" '' '≤ 16 MiB' "$resident <= 16" "$resident / 16"
    row P8 'memory after the first call over TLS: anonymous' "$anonymous MiB" '' '≤ 8 MiB' "$anonymous <= 8" "$anonymous / 8"
    row P8 'anonymous memory, 100,000 jobs listed' "$listed MiB" '' '≤ 40 MiB' "$listed <= 40" "$listed / 40"
    row P8 'anonymous memory, 100,000 jobs described' "$described MiB" '' '≤ 150 MiB' "$described <= 150" "$described / 150"
    mount_stop
}
