# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # the names that scripts/bench sets
measure_P11() {
    local rounds=11 i returned visible nothing
    serve --jobs 20
    for ((i = 0; i < rounds; i++)); do
        mount_command "$tools/bench-timed" -m "$mnt" "$personalizefs" -o "$(options)" "$demo_region" "$mnt" \
            >"$work/started" 2>"$work/mount.log"
        sed -n 1p "$work/started" >>"$samples/returned"
        sed -n 2p "$work/started" >>"$samples/visible"
        unmount "$mnt"
        mount_command "$tools/bench-timed" "$personalizefs" --version >>"$samples/exec"
    done
    returned=$(median $rounds <"$samples/returned")
    visible=$(median $rounds <"$samples/visible")
    nothing=$(median $rounds <"$samples/exec")
    row P11 'start to mounted: until the command returns' "$(calc "$returned / 1000" %.1f) ms" \
        "its --version $(calc "$nothing / 1000" %.1f) ms" '≤ 30 ms' "$returned <= 30000" "$returned / 30000"
    row P11 '  until the mount is visible' "$(calc "$visible / 1000" %.1f) ms" '' '≤ 30 ms' "$visible <= 30000" "$visible / 30000"
}
