# SPDX-License-Identifier: MIT
# What the tests that mount share. Each test gets an emulator of its own and, where it asks for one, a mount.
#   PERSONALIZEFS, EMULATOR   the programs, absolute; PERSONALIZEFS built with min_ttl_ms=1
#   PROBE                     tests/mount/probe, beside them (see there)
# A test that cannot mount fails; a daemon that is left over fails the test that left it.

# shellcheck disable=SC2034 # used by the tests
PROBE=${PROBE:-$(dirname "$(dirname "$EMULATOR")")/mount/probe}
export AWS_ACCESS_KEY_ID=AKIAEMULATOREXAMPLE AWS_SECRET_ACCESS_KEY=emulator/secret+key/EXAMPLE
export AWS_CONFIG_FILE=/nonexistent AWS_SHARED_CREDENTIALS_FILE=/nonexistent AWS_EC2_METADATA_DISABLED=true
unset AWS_SESSION_TOKEN AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_ENDPOINT_URL AWS_ENDPOINT_URL_PERSONALIZE
account=123456789012

common_setup() {
    M=$BATS_TEST_TMPDIR/mnt
    LOG=$BATS_TEST_TMPDIR/log
    mkdir "$M"
    daemon=
    emulator=
}

# still PROCESS: whether it is still the program that was started, and not a stranger with its number.
still() {
    local comm
    comm=$(cat "/proc/$1/comm" 2>/dev/null) || return 1
    [[ $comm == personalize* || $comm == memcheck* || $comm == strace ]]
}

common_teardown() {
    local failed=0
    if [[ -n $daemon ]] && still "$daemon"; then
        kill -TERM "$daemon" 2>/dev/null || true
        wait_gone "$daemon" || { echo "the daemon did not end" && kill -KILL "$daemon" && failed=1; }
    fi
    while grep -q " $M fuse" /proc/mounts; do
        echo "left mounted: $M" && failed=1
        umount -l "$M" 2>/dev/null || fusermount3 -uz "$M"
    done
    [[ -z $emulator ]] || ! still "$emulator" || kill -TERM "$emulator" 2>/dev/null || true
    chmod -R u+w "$BATS_TEST_TMPDIR" # copies have the modes of the originals
    # What must never be in a log.
    if [[ -f $LOG ]] && grep -E 'emulator/secret|ERROR: AddressSanitizer|runtime error|Assertion' "$LOG"; then
        failed=1
    fi
    return $failed
}

# emulator_start [OPTION...]: sets emulator (its process) and URL.
emulator_start() {
    local url_file=$BATS_TEST_TMPDIR/url
    rm -f "$url_file"
    "$EMULATOR" --port 0 --url-file "$url_file" "$@" >"$BATS_TEST_TMPDIR/emulator.log" 2>&1 3>&- &
    emulator=$!
    wait_until test -s "$url_file"
    URL=$(cat "$url_file")
}

# control WHAT [BODY]: the emulator's control path, e.g. control set latency_ms=50; prints its answer.
control() {
    if (($# > 1)); then
        curl -sSf --cacert "${CA:-/dev/null}" --data-binary "$2" "$URL/_control/$1"
    else
        curl -sSf --cacert "${CA:-/dev/null}" "$URL/_control/$1"
    fi
}
control_post() { curl -sSf --cacert "${CA:-/dev/null}" -X POST "$URL/_control/$1"; }
calls() { control counts | awk -v name="$1" '$1 == name { print $2 }'; }
describes() { calls DescribeBatchInferenceJob; }
lists() { calls ListBatchInferenceJobs; }

# mount_start [OPTION...]: mounts on $M in the foreground, log in $LOG; sets daemon. The account is given unless the
# options have one, so that a describe is one call.
mount_start() {
    local given="account-id=$account,"
    [[ "$*" == *account-id* || "$*" == *no-account* ]] && given=
    local arguments=()
    local argument
    for argument; do
        [[ $argument == no-account ]] || arguments+=("$argument")
    done
    "$PERSONALIZEFS" -f -o "${given}endpoint-url=$URL" "${arguments[@]}" us-west-2 "$M" >"$LOG" 2>&1 3>&- &
    daemon=$!
    wait_until mounted
}

mounted() { grep -q " $M fuse.personalizefs " /proc/mounts; }

mount_stop() {
    kill -TERM "$daemon"
    wait_gone "$daemon"
    daemon=
}

# wait_until COMMAND...: at most 10 s.
wait_until() {
    local i
    for ((i = 0; i < 1000; i++)); do
        "$@" >/dev/null 2>&1 && return 0 # a bare return gives, in a trap, the status from before it
        sleep 0.01
    done
    echo "never: $*"
    return 1
}

gone() { ! kill -0 "$1" 2>/dev/null || [[ $(ps -o stat= -p "$1") == Z* ]]; }
wait_gone() { wait_until gone "$1"; }

# milliseconds COMMAND...: how long it took.
milliseconds() {
    local began
    began=$(date +%s%N)
    "$@" >/dev/null 2>&1 || true
    echo $((($(date +%s%N) - began) / 1000000))
}

# requests NAME...: how many requests of these kinds (LOOKUP, READDIRPLUS, …) have reached the daemon, which must have been
# mounted with -d.
requests() {
    local names
    names=$(IFS='|' && echo "$*")
    grep -cE "opcode: ($names) " "$LOG" || true
}

# wakeups: how often the daemon has begun to sleep. Its loop waits for requests and answers in its sleep: while this number
# stays, nothing has reached it.
# settle: until the daemon has nothing left to do: the kernel tells it late what it has closed or forgotten.
settle() {
    local before
    until before=$(wakeups) && sleep 0.3 && [ "$(wakeups)" = "$before" ]; do :; done
}
wakeups() { awk '$1 == "voluntary_ctxt_switches:" { print $2 }' "/proc/$daemon/status"; }

# unasked COUNT COMMAND...: what the function COUNT prints, of what has reached the daemon, stays as it is while the command
# runs, once in ten runs. A kernel drops its copies when it likes, at any time where memory is short, and has to ask again.
unasked() {
    local count=$1 before
    shift
    for _ in {1..10}; do
        before=$("$count")
        "$@"
        [ "$("$count")" = "$before" ] && return
    done
    echo "something was asked each time: $*"
    return 1
}

# For what is too heavy with sanitizers, or measures memory.
skip_with_sanitizers() {
    ! grep -q __asan_init "$PERSONALIZEFS" || skip 'a sanitizer'"'"'s time and memory are not the daemon'"'"'s'
}
# Its keys are no other process's business: the kernel shows its memory, descriptors and environment to root alone.
root_looks_into_daemon() { ((EUID == 0)) || skip 'only root may look into the daemon'; }

anonymous_kib() { awk '$1 == "Anonymous:" { print $2 }' "/proc/$daemon/smaps_rollup"; }
