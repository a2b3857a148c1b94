# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the checks share. Sourced with the tree to look at as the first argument: goes there.

set -euo pipefail
cd "$1"
findings=0

# A finding, as a compiler would write it.
finding() {
    printf '%s\n' "$*"
    findings=$((findings + 1))
}

# Ends a check. `looked_at` must be positive: a check that looked at nothing has shown nothing.
finish() {
    local looked_at=$1
    printf '%d looked at, %d findings\n' "$looked_at" "$findings"
    ((looked_at > 0 && findings == 0))
}

# project_files PATTERN…: the files that git knows or would add.
project_files() {
    local file
    git ls-files --cached --others --exclude-standard -- "$@" | sort -u | while IFS= read -r file; do
        [[ ! -f $file ]] || printf '%s\n' "$file"
    done
}
