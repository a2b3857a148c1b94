# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the commands in this folder share. Sourced, never run: the sourcing script has `set -euo pipefail`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The packages of Debian 12, in one place. BUILD: to build and to mount. TEST: what ./scripts/test needs besides.
# Another package may stand in for one after a `|`, or, as command:NAME, a program from wherever it came; the first is the
# one that is installed.
# shellcheck disable=SC2034 # used by the sourcing scripts
packages_build=(
    gcc libc6-dev meson ninja-build 'pkgconf|pkg-config' scdoc
    libfuse3-dev 'libcurl4-openssl-dev|libcurl4-gnutls-dev|libcurl4-nss-dev' libcjson-dev libexpat1-dev libssl-dev
    bats libcmocka-dev libmicrohttpd-dev # the emulator and the tests are part of the build
    fuse3 ca-certificates
)
# shellcheck disable=SC2034
packages_test=(
    clang clang-format clang-tidy libclang-rt-14-dev valgrind libc6-dbg
    prometheus prometheus-node-exporter # promtool, and the programs that read metrics.prom
    awscli curl git openssl procps python3 rsync shellcheck strace universal-ctags
    'nodejs|command:node' 'npm|command:npm' # the AWS SDK for JavaScript: it runs on Debian 12's, and on newer ones
)

say() { printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
    warn "$@"
    exit 1
}

# project_files PATTERN…: the repository's files, each ended by NUL; those not committed yet too, but no ignored ones.
project_files() {
    local file files
    git -C "$root" rev-parse --git-dir >/dev/null || return
    mapfile -d '' files < <(git -C "$root" ls-files -z --cached --others --exclude-standard -- "$@")
    for file in "${files[@]}"; do
        [[ ! -f $root/$file ]] || printf '%s\0' "$file"
    done
}

# --- packages -----------------------------------------------------------------------------------------------------

package_installed() {
    if [[ $1 == command:* ]]; then
        command -v "${1#command:}" >/dev/null
        return
    fi
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Prints those of the arguments that are missing, one a line.
packages_missing() {
    local wanted name names
    for wanted in "$@"; do
        IFS='|' read -ra names <<<"$wanted"
        for name in "${names[@]}"; do
            package_installed "$name" && continue 2
        done
        printf '%s\n' "${names[0]}"
    done
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -- "$@"
    else
        return 1
    fi
}

# Installs what is missing of the arguments; touches nothing where nothing is.
packages_install() {
    local missing
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        warn "this machine has no apt-get: going on with what is installed (wanted, by Debian's names: $*)"
        return
    fi
    mapfile -t missing < <(packages_missing "$@")
    ((${#missing[@]})) || return 0
    say "Installing: ${missing[*]}"
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update </dev/null ||
        ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends --no-remove \
            -o Dpkg::Use-Pty=0 install "${missing[@]}" </dev/null; then
        die "cannot install the packages above. As root: apt-get install ${missing[*]}"
    fi
}

# --- FUSE ---------------------------------------------------------------------------------------------------------

# Says on stderr why nothing can be mounted here, and what to do; returns 1 then.
fuse_check() {
    if [[ ! -c /dev/fuse ]]; then
        cat >&2 <<'END'
There is no /dev/fuse, so nothing can be mounted. What to do:
  on a machine:     sudo modprobe fuse
  in a container:   docker run --device /dev/fuse --cap-add SYS_ADMIN --security-opt apparmor=unconfined …
END
        return 1
    fi
    if [[ ! -r /dev/fuse || ! -w /dev/fuse ]]; then
        cat >&2 <<END
$(id -un) may not open /dev/fuse, so nothing can be mounted:
  $(ls -l /dev/fuse)
What to do, as udev does elsewhere:   sudo chmod 0666 /dev/fuse
END
        return 1
    fi
    if ! (: <>/dev/fuse) 2>/dev/null; then
        cat >&2 <<'END'
/dev/fuse is there but cannot be opened, so nothing can be mounted. What to do:
  on a machine:     sudo modprobe fuse
  in a container:   docker run --device /dev/fuse --cap-add SYS_ADMIN --security-opt apparmor=unconfined …
END
        return 1
    fi
}

# Whether something is mounted on the directory, even a dead daemon's mount, which stat(2) cannot look at.
is_mounted() {
    local parent
    parent=$(realpath -e -- "$(dirname -- "$1")" 2>/dev/null) || return 1
    TARGET=$parent/$(basename -- "$1") awk '
        BEGIN { target = ENVIRON["TARGET"]; gsub(/ /, "\\040", target) }
        $5 == target { found = 1 }
        END { exit !found }' /proc/self/mountinfo
}

unmount() {
    if ((EUID == 0)); then
        umount "$@"
    else
        fusermount3 -u "${@/#-l/-z}"
    fi
}

# --- build --------------------------------------------------------------------------------------------------------

# build_configure DIR [MESON-OPTION…]
build_configure() {
    local dir=$1
    shift
    if [[ -f $dir/meson-private/coredata.dat ]]; then
        meson setup --reconfigure "$dir" "$root" "$@"
    else
        meson setup "$dir" "$root" "$@"
    fi
}

# build_binary DIR NAME: the absolute path of a program that was built.
build_binary() {
    local found
    mapfile -t found < <(find "$(cd "$1" && pwd)/src" "$(cd "$1" && pwd)/tests" -type f -name "$2" -perm -u+x)
    [[ ${#found[@]} -eq 1 ]] || die "$1 has ${#found[@]} programs named $2"
    printf '%s\n' "${found[0]}"
}

# --- the emulator and a mount of it -------------------------------------------------------------------------------

# The account, region and keys that the emulator starts with; none of them is anybody's.
demo_account=123456789012
demo_region=us-west-2
demo_access_key=AKIAEMULATOREXAMPLE
demo_secret_key=emulator/secret+key/EXAMPLE

# emulator_start EMULATOR STATE [OPTION…]: in the background, free of this shell and its terminal. Leaves its address in
# STATE/url, its pid in STATE/emulator.pid and what it says in STATE/emulator.log.
emulator_start() {
    local emulator=$1 state=$2 pid tries
    shift 2
    rm -f "$state/url"
    setsid "$emulator" --port 0 --url-file "$state/url" --account "$demo_account" --region "$demo_region" \
        --access-key "$demo_access_key" --secret-key "$demo_secret_key" "$@" \
        </dev/null >"$state/emulator.log" 2>&1 &
    pid=$!
    disown "$pid"
    printf '%s\n' "$pid" >"$state/emulator.pid"
    for ((tries = 0; tries < 100; tries++)); do
        grep -qs '^http' "$state/url" && return
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    warn "the emulator did not start:"
    cat "$state/emulator.log" >&2
    return 1
}

# emulator_stop STATE: ends the emulator of emulator_start, and no other process that has got its pid since.
emulator_stop() {
    local state=$1 pid tries
    pid=$(cat "$state/emulator.pid" 2>/dev/null) || return 0
    emulator_runs "$state" "$pid" || return 0
    kill "$pid"
    for ((tries = 0; tries < 50; tries++)); do
        emulator_runs "$state" "$pid" || return 0
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
}

emulator_runs() {
    [[ $2 =~ ^[0-9]+$ ]] && tr '\0' '\n' 2>/dev/null <"/proc/$2/cmdline" | grep -Fxqs -- "$1/url"
}

# with_demo_keys COMMAND…: the command with the emulator's keys, and nothing of the user's own AWS setup or proxies.
with_demo_keys() (
    # shellcheck disable=SC2086 # names
    unset ${!AWS_@} http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY
    export AWS_ACCESS_KEY_ID=$demo_access_key AWS_SECRET_ACCESS_KEY=$demo_secret_key
    export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
    exec "$@"
)
