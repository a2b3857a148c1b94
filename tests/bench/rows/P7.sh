# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # the names that scripts/bench sets

# The same names in the mount and in tmpfs, in turn.
measure_P7() {
    local count=100000 rounds=7 i how limit mount_us tmpfs_us ratio called
    serve --jobs $count
    mount_start -o list-ttl=1h
    ls -U "$mnt" >"$work/names"
    (($(wc -l <"$work/names") == count)) || die "some names are missing"
    mkdir "$work/tree"
    (cd "$work/tree" && xargs mkdir <"$work/names")
    ls -l "$mnt" >"$work/warm"
    ls -l "$work/tree" >"$work/warm"
    counts_reset
    for how in -U -l; do
        for ((i = 0; i < rounds; i++)); do
            "$tools/bench-timed" ls $how "$mnt" >>"$samples/mount$how"
            "$tools/bench-timed" ls $how "$work/tree" >>"$samples/tmpfs$how"
            calc "$(tail -n 1 "$samples/mount$how") / $(tail -n 1 "$samples/tmpfs$how")" '%.4f\n' >>"$samples/ratio$how"
        done
    done
    called=$(calls_all)
    for how in -U -l; do
        limit=1.0
        [[ $how == -U ]] || limit=1.2
        mount_us=$(median $rounds <"$samples/mount$how")
        tmpfs_us=$(median $rounds <"$samples/tmpfs$how")
        ratio=$(middle <"$samples/ratio$how")
        row P7 "ls $how of 100,000 jobs, again" "$(calc "$mount_us / 1000" %.0f) ms" \
            "tmpfs $(calc "$tmpfs_us / 1000" %.0f) ms" "≤ $limit × tmpfs: $(calc "$ratio")" "$ratio <= $limit" \
            "$ratio / $limit"
    done
    row P7 '  calls meanwhile' "$called" '' 0 "$called == 0"
    mount_stop
    rm -r "$work/tree"
}
