# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # the names that scripts/bench sets
# The attributes of /sys that anybody may read and that have a value, as many levels down as the mount's files. Without
# those of devices that come and go while others mount.
sysfs_attributes() {
    local file
    find /sys -xdev -maxdepth 5 -type f -perm 0444 ! -path '*/bdi/*' ! -path '*/net/*' 2>/dev/null |
        while read -r file; do
            if [[ $(timeout 1 head -c 1 "$file" 2>/dev/null | tr '\0' x) ]]; then
                printf '%s\n' "$file"
            fi
        done
}

# Paths on standard input, again and again until they are COUNT.
cycled() { awk -v n="$1" '{ path[NR] = $0 } END { if (NR) for (i = 0; i < n; i++) print path[i % NR + 1] }'; }

# Two comparisons, since a file that was read a moment ago is in the processor's cache: with tmpfs 10,000 different
# files; with sysfs, which has fewer, as many different ones of the mount as it has. The kernel may drop pages at any
# time and then asks the daemon for them again (some hosts take memory from their guests all the time): so requests are
# counted round by round, and what the median round has is the mount's own doing.
measure_P1() {
    local count=10000 rounds=21 counted=11 i before woken called a b attributes
    serve --jobs 1000
    mount_start
    # 1,000 jobs have more than 10,000 values that are not empty.
    (cd "$mnt" && find . -type f -size +0 | sort) | awk -v n=$count 'NR <= n' >"$work/files"
    (($(wc -l <"$work/files") == count)) || die "too few files"
    mkdir "$work/tree"
    (cd "$mnt" && xargs cp --parents -t "$work/tree" <"$work/files")
    sed "s,^\.,$mnt," "$work/files" >"$work/list.mount"
    sed "s,^\.,$work/tree," "$work/files" >"$work/list.tmpfs"
    sysfs_attributes >"$work/attributes"
    attributes=$(wc -l <"$work/attributes")
    cycled $count <"$work/attributes" >"$work/list.sysfs"
    head -n "$attributes" "$work/list.mount" | cycled $count >"$work/list.few"
    "$tools/bench-reads" 3 "$work"/list.{mount,tmpfs,few,sysfs} >/dev/null
    counts_reset
    "$tools/bench-reads" $rounds "$work"/list.{mount,tmpfs} >"$samples/tmpfs"
    "$tools/bench-reads" $rounds "$work"/list.{few,sysfs} >"$samples/sysfs"
    for ((i = 0; i < counted; i++)); do
        before=$(wakes)
        "$tools/bench-reads" 1 "$work/list.mount" >/dev/null
        calc "$(wakes) - $before" '%d\n' >>"$samples/woken"
    done
    woken=$(middle <"$samples/woken")
    called=$(calls_all)
    mapfile -t a < <(tr ' ' '\n' <"$samples/tmpfs")
    mapfile -t b < <(tr ' ' '\n' <"$samples/sysfs")
    row P1 'fresh value: open, read, close; 10,000 files' "${a[0]} µs" "tmpfs ${a[2]} µs" \
        "≤ 1.75 × tmpfs: ${a[3]}" "${a[3]} <= 1.75" "${a[3]} / 1.75"
    row P1 "  10,000 of $attributes different ones" "${b[0]} µs" "sysfs ${b[2]} µs" \
        "≤ 1.0 × sysfs: ${b[3]}" "${b[3]} <= 1.0" "${b[3]}"
    row P1 "  calls; wake-ups of the daemon in a round" "$called; $woken" \
        "most in one of $counted: $(sort -n "$samples/woken" | tail -n 1)" '0; 0' "$called + $woken == 0"
    mount_stop
    rm -r "$work/tree"
}

