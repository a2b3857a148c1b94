# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # the names that scripts/bench sets
# What the rows measure in and with: numbers, an emulator, a mount, certificates. Sourced by scripts/bench.

# --- numbers ------------------------------------------------------------------------------------------------------

# What a row has measured, a file for each thing, a number a line, is in the folder `samples`.
# calc EXPRESSION [FORMAT]; holds EXPRESSION
calc() { awk "BEGIN { printf \"${2:-%.2f}\", $1 }"; }
holds() { awk "BEGIN { exit !($1) }"; }
# The median of the numbers on standard input, which must be COUNT.
median() {
    sort -n | awk -v count="$1" '
        { value[NR] = $1 }
        END {
            if (NR != count || !NR) exit 1
            printf "%.1f\n", (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2
        }'
}

# The middle one of an odd number of ratios on standard input, a line each.
middle() { sort -n | awk '{ value[NR] = $1 } END { if (NR % 2 == 0) exit 1; print value[(NR + 1) / 2] }'; }

# --- emulator and mounts ------------------------------------------------------------------------------------------

# serve [OPTION…]: an emulator for this row. Its jobs have ended, and no page of a listing is empty.
serve() {
    emulator_start "$emulator" "$work" --running 0 --empty-pages 0 "$@"
    [[ -z $emulator_processor ]] || taskset -acp "$emulator_processor" "$(<"$work/emulator.pid")" >/dev/null
    url=$(cat "$work/url")
}

control() { curl -sSf --noproxy '*' --cacert "$work/ca.pem" "$url/_control/$1" "${@:2}"; }
counts_reset() { control reset-counts -X POST; }
calls() { control counts | awk -v name="$1" '$1 == name { print $2 }'; }
calls_all() { echo $(($(describes) + $(lists))); }
describes() { calls DescribeBatchInferenceJob; }
lists() { calls ListBatchInferenceJobs; }

# The mount's command, without its -f.
mount_command() {
    with_demo_keys env AWS_CA_BUNDLE="$work/ca.pem" "${@}"
}
options() { printf 'endpoint-url=%s,account-id=%s\n' "$url" "$demo_account"; }

# mount_start [OPTION…]: a mount whose process is `daemon`.
mount_start() {
    local tries
    mount_command "$personalizefs" -f -o "$(options)" "$@" "$demo_region" "$mnt" >"$work/mount.log" 2>&1 </dev/null &
    starter=$!
    for ((tries = 0; tries < 500; tries++)); do
        if is_mounted "$mnt"; then
            daemon=$(pgrep -P "$starter" -x personalizefs) || daemon=$starter # a shell may stand between
            [[ $(<"/proc/$daemon/comm") == personalizefs ]] || die "the daemon was not found"
            return
        fi
        sleep 0.01
    done
    cat "$work/mount.log" >&2
    die "nothing was mounted"
}

mount_stop() {
    unmount "$mnt"
    wait "$starter"
}

# How often the daemon has gone to sleep: each request that reaches it, each timer, is once more.
wakes() { cat /proc/"$daemon"/task/*/status | awk '/^voluntary_ctxt_switches/ { n += $2 } END { print n }'; }

arn() { printf 'arn:aws:personalize:%s:%s:batch-inference-job/%s\n' "$demo_region" "$demo_account" "$1"; }

# bare COUNT JOB: microseconds of each.
bare() { mount_command "$tools/bench-bare" "$1" "$url" "$demo_region" "$(arn "$2")"; }

# Whatever a row has left.
clean_up() {
    if [[ $work ]]; then
        is_mounted "$mnt" && { unmount "$mnt" || unmount -l "$mnt"; } 2>/dev/null
        emulator_stop "$work"
    fi
}

# The emulator stands for another machine: where there are two processors, one is its own, and the rest ours. On one
# that they share, who answers waits for the other's time slice to end.
processors_share() {
    local all
    mapfile -t all < <(awk '/^Cpus_allowed_list/ {
        n = split($2, ranges, ",")
        for (i = 1; i <= n; i++) {
            split(ranges[i] "-" ranges[i], ends, "-")
            for (cpu = ends[1]; cpu <= ends[2]; cpu++) print cpu
        }
    }' /proc/self/status)
    emulator_processor=
    # shellcheck disable=SC2034 # used by the rows
    all_processors=$(IFS=, && printf '%s' "${all[*]}")
    ((${#all[@]} > 1)) || return 0
    emulator_processor=${all[-1]}
    taskset -cp "$(IFS=, && printf '%s' "${all[*]:0:${#all[@]}-1}")" $$ >/dev/null
}

certificates_make() {
    local make=(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2)
    if ! { "${make[@]}" -subj '/CN=bench CA' -keyout "$work/ca.key" -out "$work/ca.pem" &&
        "${make[@]}" -subj '/CN=emulator' -addext subjectAltName=IP:127.0.0.1 -CA "$work/ca.pem" \
            -CAkey "$work/ca.key" -keyout "$work/tls.key" -out "$work/tls.pem"; } >"$work/openssl.log" 2>&1; then
        cat "$work/openssl.log" >&2
        die "cannot make certificates"
    fi
}
