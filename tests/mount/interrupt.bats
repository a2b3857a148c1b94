#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Whoever waits for the service can be ended, and nobody else waits for it: with a service, and a name server, that never
# answer.
# shellcheck disable=SC2016,SC2154,SC2012 # commands for eval; lib.bash's variables; jobs' names are plain
bats_require_minimum_version 1.5.0
load lib.bash

CALLER=${CALLER:-$(dirname "$(dirname "$EMULATOR")")/mount/caller}

setup() {
    common_setup
    S=$BATS_TEST_TMPDIR/said
    asked=0
    names=()
    inside=()
    mute=
}
teardown() {
    [[ -z $mute ]] || kill "$mute"
    common_teardown
}

# freed SIGNAL [N*] COMMAND...: the command, or N of it at once, blocked, is gone within 100 ms of the signal, in the best
# of six tries, and within two seconds in each. @ in it is one of `names`, or else a name that nobody has asked for
# before: what hangs in one try is none of the next one's. Unkillable twice in a row is not tried again. What the command
# said is then in $S.
freed() {
    local signal=$1 copies=1 said before='' try job
    shift
    [[ $1 == [0-9]* ]] && copies=${1%\*} && shift
    for try in {1..6}; do
        job=${names[asked]:-blocked-$asked}
        asked=$((asked + 1))
        said=$("$CALLER" free "$signal" "$copies" "${@//@/$job}" 2>"$S") || true
        if [[ $said =~ ^freed\ ([0-9]+) ]] && ((BASH_REMATCH[1] < 100)); then
            return
        fi
        [[ $said != stuck ]] || break # never, on however busy a machine
        [[ $said =~ ^busy\ .*D && $before =~ ^busy\ .*D ]] && break
        before=$said
    done
    echo "SIG$signal, try $try, $*: $said; $(<"$S")"
    return 1
}

callers=(
    'cat "$M/@/status"'
    'stat "$M/@"'
    'ls "$M"'
    'ls -l "$M/@"'
    'find "$M"'
    'bash -c "cd $M/@; :"'
    'test -e "$M/@"'
    'grep ACTIVE "$M/@/status"'
    'bash -c "x=\$(<$M/@/status); :"'
    '"$CALLER" call map "$M/@/status"'
    '2* stat "$M/@"'
    'dash -c "cat $M/@/status; :"'
)

each_caller_freed() {
    local caller words
    [ ${#callers[@]} = 12 ]
    for caller in "${callers[@]}"; do
        eval "words=($caller)"
        freed "$1" "${words[@]}"
    done
}

# within_a_second COMMAND...: `run`, which fails the test where the command takes longer.
within_a_second() {
    run "${inside[@]}" timeout -s KILL 1 bash -c "$*"
    if [ "$status" = 137 ]; then
        echo "longer than a second: $*"
        return 1
    fi
}

# others_go_on FRESH COLD: what must not wait while the list cannot be had. FRESH is a job whose values are known, COLD one
# whose calls are answered, or nothing.
others_go_on() {
    local M=${M#/proc/*/root} name
    within_a_second "mountpoint '$M'"
    [ "$status" = 0 ]
    within_a_second "cd '$M' && stat ."
    [ "$status" = 0 ]
    within_a_second "stat '$M'"
    [ "$status" = 0 ]
    within_a_second "test -d '$M'"
    [ "$status" = 0 ]
    for name in x .x "$1"-2; do
        within_a_second "mkdir '$M/$name'"
        [[ $status = 1 && $output == *'Read-only file system' ]]
    done
    [[ -n $1 ]] || return 0 # there never was a list: df, which opens its argument, waits for one
    within_a_second "df '$M'"
    [ "$status" = 0 ]
    within_a_second "cat '$M/$1/status'"
    [ "$output" = ACTIVE ]
    within_a_second "ls '$M/$1'"
    [ "$status" = 0 ]
    [[ -n $2 ]] || return 0
    within_a_second "cat '$M/$2/status'"
    [ "$output" = ACTIVE ]
    within_a_second "stat '$M/$2-none'"
    [[ $status = 1 && $output == *'No such file or directory' ]]
}

# callers_start N [NAME]: N that wait, each for a job of its own or all for one; each leaves what it got in $S.N.
callers_start() {
    local i
    waiting=()
    for ((i = 0; i < $1; i++)); do
        # A hundred that look for leaks as they end would take the daemon's time.
        ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 "$CALLER" call open "$M/${2:-waits-$i}/status" >"$S.$i" 2>&1 3>&- &
        waiting+=($!)
    done
    wait_until all_asleep
}
all_asleep() { ! ps -o stat= -p "$(IFS=, && echo "${waiting[*]}")" | grep -qv '^S'; }

# daemon_ends: SIGTERM unmounts within a second; then it ends, and all of `waiting` are told.
daemon_ends() {
    local took
    # Whoever sleeps in the kernel is woken by the daemon, not by this.
    took=$(milliseconds eval 'kill -TERM $daemon; while mounted; do sleep 0.01; done')
    echo "unmounted after $took ms"
    [ "$took" -lt 1000 ]
    wait_gone "$daemon" # with sanitizers it looks for leaks first
    daemon=
    for pid in "${waiting[@]}"; do
        wait_gone "$pid"
    done
    run sort -u "$S".*
    [[ $output =~ ^(ENOTCONN|ESHUTDOWN|ENOTCONN.ESHUTDOWN)$ ]]
    [ "$(cat "$S".* | wc -l)" = ${#waiting[@]} ]
}

hanging() {
    emulator_start --jobs 20 --running 0
    mount_start "$@"
    control fault kind=hang
}

# ---- one who waits ----

@test "Ctrl-C frees each blocked caller" {
    hanging
    each_caller_freed INT
}

@test "SIGTERM frees each blocked caller" {
    hanging
    each_caller_freed TERM
}

@test "SIGKILL frees each blocked caller" {
    hanging
    each_caller_freed KILL
}

@test "a handled SIGINT ends each blocking call with EINTR, though SA_RESTART" {
    hanging
    for verb in open stat access chdir map list; do
        freed INT "$CALLER" call "$verb" "$M/@"
        [ "$(<"$S")" = EINTR ]
    done
    for verb in open stat access map; do
        freed INT "$CALLER" call "$verb" "$M/@/status"
        [ "$(<"$S")" = EINTR ]
    done
    freed INT "$CALLER" call list "$M"
    [ "$(<"$S")" = EINTR ]
    freed INT '2*' "$CALLER" call stat "$M/@"
    [ "$(<"$S")" = EINTR$'\n'EINTR ]
}

@test "programs and shells that handle SIGINT are freed by it too" {
    hanging
    freed INT ls --color=always -l "$M"
    for command in '[ -e $1/@ ]' 'x=$(<$1/@/status)' 'cat $1/@/status' 'for i in $1/*; do :; done'; do
        freed INT bash -c "trap 'echo handled; exit 9' INT; $command; echo went on" bash "$M"
        grep -q handled "$S"
        run ! grep 'went on' "$S"
    done
    freed INT dash -c 'trap "echo handled; exit 9" INT; cat $1/@/status; echo went on' dash "$M"
    grep -q handled "$S"
    run ! grep 'went on' "$S"
}

# bash's cd asks up to three times, stat(2) and chdir(2) twice: what was just interrupted must not wait again.
@test "one handled SIGINT frees bash's cd" {
    hanging
    freed INT bash -c 'trap "echo handled; exit 9" INT; cd $1/@; echo went on' bash "$M"
    grep -q handled "$S"
}

@test "values of a listed job that nobody has described: freed" {
    emulator_start --jobs 40 --running 0
    mount_start
    ls -l "$M" >/dev/null
    mapfile -t names < <(control jobs)
    control fault kind=hang
    for signal in INT TERM KILL; do
        freed "$signal" cat "$M/@/numResults"
        freed "$signal" stat "$M/@/roleArn"
        freed "$signal" bash -c 'x=$(<$1/@/numResults); :' bash "$M"
        freed "$signal" "$CALLER" call map "$M/@/numResults"
    done
}

@test "values that have expired: freed" {
    emulator_start --jobs 40 --running 0 --stuck 40
    mount_start -o ttl=1s
    mapfile -t names < <(control jobs)
    for job in "${names[@]}"; do
        cat "$M/$job/status"
    done >/dev/null
    sleep 1.1
    control fault kind=hang
    for signal in INT TERM KILL; do
        freed "$signal" cat "$M/@/status"
        freed "$signal" stat "$M/@"
        freed "$signal" bash -c 'cd $1/@; :' bash "$M"
        freed "$signal" "$CALLER" call map "$M/@/status"
    done
}

# ---- everybody else ----

@test "with the list expired and its listing hanging, everybody else goes on" {
    emulator_start --jobs 20 --running 0
    mapfile -t jobs < <(control jobs)
    mount_start -o list-ttl=100ms,timeout=60s
    for job in "${jobs[@]:0:3}"; do
        control job "$job"$'\nstatus="ACTIVE"'
    done
    ls "$M" >/dev/null
    cat "$M/${jobs[0]}/status" >/dev/null
    sleep 1.2 # the list holds for a second at least
    control fault $'kind=hang\noperation=ListBatchInferenceJobs'
    control fault $'kind=hang\njob='"${jobs[9]}"
    cat "$M/${jobs[9]}/numResults" 2>"$S.cat" 3>&- &
    cat=$!
    "$CALLER" free INT 1 ls "$M" >"$S.ls1" 2>&1 3>&- & # waits for the calm of its ls first, so the others come meanwhile
    ls "$M" >"$S.ls2" 2>&1 3>&- &
    ls=$!
    others_go_on "${jobs[0]}" "${jobs[1]}"
    others_go_on "${jobs[0]}" "${jobs[2]}"
    [ "$(lists)" -ge 2 ]
    kill -0 "$ls"
    kill -0 "$cat"
    kill -TERM "$ls" "$cat"
    wait_gone "$ls"
    wait_gone "$cat"
    wait_until test -s "$S.ls1"
    [[ $(<"$S.ls1") == freed* ]]
    freed INT '2*' ls "$M"
    freed KILL '2*' ls "$M"
    others_go_on "${jobs[0]}" "${jobs[2]}"
    control_post clear-faults
    [ "$(ls "$M" | wc -l)" = 20 ]
    [ -n "$(cat "$M/${jobs[9]}/status")" ]
}

@test "200 wait for one value, some are killed, the others get it from one describe" {
    emulator_start --jobs 1 --running 0
    job=$(control jobs)
    control job "$job"$'\nstatus="ACTIVE"'
    mount_start -o timeout=60s
    control fault kind=hang
    callers_start 200 "$job"
    kill -KILL "${waiting[@]:0:20}"
    kill -TERM "${waiting[@]:20:20}"
    for pid in "${waiting[@]:0:40}"; do
        wait_gone "$pid"
    done
    control_post clear-faults
    for pid in "${waiting[@]}"; do
        wait_gone "$pid"
    done
    [ "$(cat "$S".* | sort | uniq -c | xargs)" = '160 OK' ]
    [ "$(describes)" -le 3 ] # one, or the attempts of one where this machine took more than five seconds
    [ "$(cat "$M/$job/status")" = ACTIVE ]
}

# ---- the end ----

@test "SIGTERM to the daemon frees 100 callers and unmounts within a second" {
    hanging
    callers_start 100
    daemon_ends
}

@test "SIGTERM to the daemon frees those that list, too" {
    hanging
    ls "$M" 2>"$S" 3>&- &
    ls=$!
    callers_start 10
    daemon_ends
    wait_gone "$ls"
    [[ $(<"$S") == *': Cannot send after transport endpoint shutdown' ||
        $(<"$S") == *': Transport endpoint is not connected' ]]
}

@test "the deadline is the caller's" {
    hanging -o timeout=2s
    took=$(milliseconds cat "$M/some-job/status")
    [ "$took" -ge 1900 ]
    [ "$took" -lt 6000 ]
    run cat "$M/other-job/status"
    [ "$status" = 1 ]
    [[ $output == *': Connection timed out' ]]
    run ls "$M"
    [ "$status" = 2 ]
    [[ $output == *': Connection timed out' ]]
}

# ---- a name server that never answers ----

nowhere=http://personalize.example.invalid

# The daemon in a mount namespace of its own, where /etc/resolv.conf names that server and there is no other way to find
# a host; $M is then the mount as it is seen from here, and `inside` goes in.
# mount_start_mute ENDPOINT [OPTION...]
mount_start_mute() {
    local endpoint=$1
    shift
    local resolv=$BATS_TEST_TMPDIR/resolv.conf nsswitch=$BATS_TEST_TMPDIR/nsswitch.conf
    ((EUID == 0)) || skip 'only root may have port 53'
    printf 'nameserver 127.77.77.53\noptions timeout:30 attempts:5\n' >"$resolv"
    printf 'hosts: dns\n' >"$nsswitch"
    "$CALLER" mute 127.77.77.53 >"$BATS_TEST_TMPDIR/mute" 3>&- &
    mute=$!
    wait_until test -s "$BATS_TEST_TMPDIR/mute"
    # shellcheck disable=SC2016 # for the shell inside
    unshare --mount --propagation private bash -c '
        mount --bind "$1" /etc/resolv.conf && mount --bind "$2" /etc/nsswitch.conf && shift 2 && exec "$@"' bash \
        "$resolv" "$nsswitch" "$PERSONALIZEFS" -f -o "allow-http,account-id=$account" \
        -o "endpoint-url=$endpoint" "$@" us-west-2 "$M" >"$LOG" 2>&1 3>&- &
    daemon=$!
    mounted() { grep -q " ${M#/proc/*/root} fuse.personalizefs " "/proc/$daemon/mounts" 2>/dev/null; }
    wait_until mounted
    M=/proc/$daemon/root$M
    inside=(nsenter --mount --target "$daemon")
}

@test "a name server that never answers: each blocked caller is freed, everybody else goes on" {
    mount_start_mute "$nowhere"
    for signal in INT TERM KILL; do
        each_caller_freed "$signal"
        others_go_on '' ''
    done
    freed INT "$CALLER" call open "$M/@/status"
    [ "$(<"$S")" = EINTR ]
}

@test "a name server that never answers: SIGTERM ends the daemon and frees 100 callers" {
    mount_start_mute "$nowhere"
    callers_start 100
    daemon_ends
}

# The service itself has a number here; the name that hangs is that of STS, from which new credentials must come.
@test "a name server that never answers, met when there was a list and it must be asked for again: the same" {
    emulator_start --jobs 20 --running 0
    mapfile -t jobs < <(control jobs)
    control job "${jobs[0]}"$'\nstatus="ACTIVE"'
    keys="aws_access_key_id = $AWS_ACCESS_KEY_ID"$'\n'"aws_secret_access_key = $AWS_SECRET_ACCESS_KEY"
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    export AWS_CONFIG_FILE=$BATS_TEST_TMPDIR/config AWS_ENDPOINT_URL_STS=$nowhere
    printf '[default]\n%s\n' "$keys" >"$AWS_CONFIG_FILE"
    AWS_MAX_ATTEMPTS=50 mount_start_mute "$URL" -o timeout=300s # the load of the credentials goes on all the while
    [ "$(ls "$M" | wc -l)" = 20 ]
    [ "$(cat "$M/${jobs[0]}/status")" = ACTIVE ]
    role=arn:aws:iam::$account:role/reader
    printf '[default]\nrole_arn = %s\nsource_profile = keys\n[profile keys]\n%s\n' "$role" "$keys" >"$AWS_CONFIG_FILE"
    kill -HUP "$daemon"
    wait_until grep -q reloading "$LOG"
    control_post reset-counts
    ls "$M" >"$S.ls" 2>&1 3>&- &
    ls=$!
    cat "$M/${jobs[1]}/numResults" 2>"$S.cat" 3>&- &
    cat=$!
    others_go_on "${jobs[0]}" ''
    kill -0 "$ls"
    kill -0 "$cat"
    kill -TERM "$ls" "$cat"
    wait_gone "$ls"
    wait_gone "$cat"
    for signal in INT TERM KILL; do
        freed "$signal" '2*' ls "$M"
        freed "$signal" cat "$M/@/status"
        others_go_on "${jobs[0]}" ''
    done
    [ "$(describes) $(lists)" = '0 0' ]
    callers_start 20
    daemon_ends
}
