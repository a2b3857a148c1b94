#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The command: how it starts, what it says, how it ends.
# shellcheck disable=SC2154,SC2030,SC2031 # lib.bash's variables, and those of bats' subshells
# shellcheck disable=SC2012 # jobs' names are plain
bats_require_minimum_version 1.5.0
load lib.bash

CALLER=${CALLER:-$(dirname "$(dirname "$EMULATOR")")/mount/caller}

setup() {
    common_setup
    public=
}
teardown() {
    common_teardown
    [[ -z $public ]] || rmdir "$public/mnt" "$public"
}

# background ARGUMENT...: without -f; sets daemon.
background() {
    "$PERSONALIZEFS" -o "endpoint-url=$URL,account-id=$account" "$@" 3>&-
    mounted
    find_daemon
}

# The daemon that this test has started: its environment says so. That is shown to root alone: for others it is the one
# process of this program.
find_daemon() {
    local of name
    daemon=
    for of in /proc/[0-9]*; do
        if ((EUID)); then
            IFS= read -r -d '' name <"$of/cmdline" || continue
            [[ $name == "$PERSONALIZEFS" ]] || continue
        else
            [[ $(readlink "$of/exe") == "$PERSONALIZEFS" ]] || continue
            grep -qzFx "BATS_TEST_TMPDIR=$BATS_TEST_TMPDIR" "$of/environ" || continue
        fi
        daemon=${of#/proc/}
    done 2>/dev/null
    [[ -n $daemon ]]
}

# refused STATUS MESSAGE ARGUMENT...: the message, a regular expression, is all that is said; nothing is mounted.
refused() {
    local wanted=$1 message=$2
    shift 2
    run --separate-stderr "$PERSONALIZEFS" "$@"
    if [[ $status == "$wanted" && -z $output && $stderr =~ ^"personalizefs: "$message$ ]] && ! mounted; then
        return
    fi
    printf '%s: status %s, "%s" "%s"\n' "$*" "$status" "$output" "$stderr"
    return 1
}

unmount_outside() {
    if ((EUID == 0)); then umount "$M"; else fusermount3 -u "$M"; fi
}

# ---- start ----

@test "without -f the command returns when the mount serves" {
    emulator_start --jobs 3 --running 0
    background us-west-2 "$M"
    [ "$(ls "$M" | wc -l)" = 3 ]
    # It has let go of the caller's session, directory, terminal and files.
    [ "$(ps -o sid= -p "$daemon" | xargs)" = "$daemon" ]
    ((EUID == 0)) || return 0 # the rest is shown to root alone
    [ "$(readlink "/proc/$daemon/cwd")" = / ]
    for fd in 0 1 2; do
        [ "$(readlink "/proc/$daemon/fd/$fd")" = /dev/null ]
    done
}

@test "the daemon holds none of the caller's descriptors" {
    root_looks_into_daemon
    emulator_start --jobs 3
    exec 9>"$BATS_TEST_TMPDIR/held"
    run timeout -s KILL 20 bash -c '"$@" 2>&1 3>&- | cat' bash "$PERSONALIZEFS" \
        -o "endpoint-url=$URL,account-id=$account" us-west-2 "$M"
    exec 9>&-
    find_daemon
    [ "$status" = 0 ]
    [ -z "$output" ] # it serves: nothing to say
    [ -z "$(find "/proc/$daemon/fd" -lname '*/held')" ]
}

@test "what keeps it from serving comes out of the parent, with status 1" {
    emulator_start --jobs 3
    refused 1 "mount point $M/none: No such file or directory" -o "endpoint-url=$URL" us-west-2 "$M/none"
    touch "$BATS_TEST_TMPDIR/file"
    refused 1 "mount point .*/file: Not a directory" -o "endpoint-url=$URL" us-west-2 "$BATS_TEST_TMPDIR/file"
    refused 1 'no region: .*SOURCE.*AWS_REGION.*' -o "endpoint-url=$URL" "$M"
    refused 1 'no region: .*' -o "endpoint-url=$URL" none "$M"
    AWS_REGION=nowhere refused 1 '.*AWS_REGION.*nowhere' -o "endpoint-url=$URL" "$M"
    refused 1 '.*"?nobody"?.*' -o "endpoint-url=$URL,profile=nobody" us-west-2 "$M"
    refused 1 '.*http://.*' -o endpoint-url=http://example.com us-west-2 "$M"
    refused 1 '.*https://.*' -o endpoint-url=ftp://127.0.0.1 us-west-2 "$M"
    AWS_CA_BUNDLE=/nonexistent/ca.pem refused 1 '.*/nonexistent/ca\.pem.*' us-west-2 "$M"
    # In the foreground too.
    refused 1 "mount point $M/none: No such file or directory" -f us-west-2 "$M/none"
    refused 1 'no region: .*' -f "$M"
    [[ $(control counts) == *'requests 0'* ]]
}

@test "wrong use is status 2, and says what is right" {
    refused 2 'MOUNTPOINT is missing.*--help.*'
    refused 2 '.*"?third"?.*' us-west-2 "$M" third
    refused 2 '.*not-a-region.*us-west-2.*' not-a-region "$M"
    refused 2 '.*frobnicate.*' -o frobnicate us-west-2 "$M"
    refused 2 '.*frobnicate.*' --frobnicate us-west-2 "$M"
    refused 2 '.*-q.*' -q us-west-2 "$M"
    refused 2 '.*ttl.*1ms.*' -o ttl=0 us-west-2 "$M"
    refused 2 '.*ttl.*soon.*|.*soon.*ttl.*|.*ttl.*expected.*' -o ttl=soon us-west-2 "$M"
    refused 2 '.*account-id.*12 digits.*' -o account-id=12 us-west-2 "$M"
    refused 2 'SOURCE says us-west-2, but region=eu-west-1' -o region=eu-west-1 us-west-2 "$M"
    refused 2 'SOURCE says 123456789012, but account-id=999999999999' -o account-id=999999999999 \
        "arn:aws:personalize:us-west-2:$account" "$M"
    refused 2 '.*partition.*' "arn:aws-cn:personalize:us-west-2:$account" "$M"
    refused 2 '.*ARN.*' "arn:aws:s3:us-west-2:$account" "$M"
}

@test "-h and -V" {
    run --separate-stderr "$PERSONALIZEFS" -h
    [ "$status" = 0 ]
    [ -z "$stderr" ]
    [[ ${lines[0]} == 'usage: personalizefs [options] [SOURCE] MOUNTPOINT' ]]
    for option in ttl terminal-ttl list-ttl negative-ttl timeout endpoint-url account-id profile uid gid umask \
        allow_other max-requests max-jobs; do
        grep -q "^ *$option\b" <<<"$output"
    done
    help=$output
    run --separate-stderr "$PERSONALIZEFS" --help
    [ "$output" = "$help" ]
    run --separate-stderr "$PERSONALIZEFS" -V
    [ "$status" = 0 ]
    [[ $output =~ ^personalizefs\ [0-9]+\.[0-9]+\.[0-9]+$ && -z $stderr ]]
    version=$output
    [ "$("$PERSONALIZEFS" --version)" = "$version" ]
}

@test "SOURCE: a region, the beginning of an ARN, or what the AWS configuration says" {
    emulator_start --jobs 1 --running 0
    job=$(control jobs)
    start() {
        "$PERSONALIZEFS" -f -o "endpoint-url=$URL" "$@" "$M" >"$LOG" 2>&1 3>&- &
        daemon=$!
        wait_until mounted
    }
    for source in "arn:aws:personalize:us-west-2:$account" "arn:aws:personalize:us-west-2:$account:"; do
        start "$source"
        [[ $(grep " $M " /proc/mounts) == "$source "* ]]
        control_post reset-counts
        [ "$(sed 's,.*:,,' "$M/$job/batchInferenceJobArn")" = "batch-inference-job/$job" ]
        [ "$(lists) $(describes)" = '0 1' ] # so the account was known
        mount_stop
    done
    start arn:aws:personalize:us-west-2
    [ -n "$(cat "$M/$job/status")" ]
    mount_stop
    for source in none personalizefs ''; do
        # shellcheck disable=SC2086 # nothing at all
        AWS_REGION=us-west-2 start $source
        [[ $(grep " $M " /proc/mounts) == "${source:-personalizefs} "* ]]
        [ -n "$(cat "$M/$job/status")" ]
        mount_stop
    done
    start --region us-west-2 --account-id="$account"
    [ -n "$(cat "$M/$job/status")" ]
    mount_stop
    printf '[profile other]\nregion = us-west-2\naws_access_key_id = %s\naws_secret_access_key = %s\n' \
        "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" >"$BATS_TEST_TMPDIR/config"
    export AWS_CONFIG_FILE=$BATS_TEST_TMPDIR/config
    AWS_ACCESS_KEY_ID='' AWS_SECRET_ACCESS_KEY='' start -o profile=other
    [ -n "$(cat "$M/$job/status")" ]
}

@test "a mount point given relatively, with blanks, through a symbolic link" {
    emulator_start --jobs 2
    cd "$BATS_TEST_TMPDIR" || return
    background us-west-2 mnt
    [ "$(ls "$M" | wc -l)" = 2 ]
    mount_stop
    cd / || return
    ln -s mnt "$BATS_TEST_TMPDIR/link"
    "$PERSONALIZEFS" -f -o "endpoint-url=$URL" us-west-2 "$BATS_TEST_TMPDIR/link" >"$LOG" 2>&1 3>&- &
    daemon=$!
    wait_until mounted
    [ "$(ls "$BATS_TEST_TMPDIR/link/" | wc -l)" = 2 ]
    mount_stop
    mkdir "$BATS_TEST_TMPDIR/a b,c"
    "$PERSONALIZEFS" -f -o "endpoint-url=$URL" us-west-2 "$BATS_TEST_TMPDIR/a b,c" >"$LOG" 2>&1 3>&- &
    daemon=$!
    wait_until mountpoint "$BATS_TEST_TMPDIR/a b,c"
    [ "$(ls "$BATS_TEST_TMPDIR/a b,c" | wc -l)" = 2 ]
    mount_stop
    run ! mountpoint "$BATS_TEST_TMPDIR/a b,c"
}

@test "mount(8) and what fstab passes" {
    ((EUID == 0)) || skip 'only root may use mount(8)'
    emulator_start --jobs 2
    options="endpoint-url=$URL,account-id=$account,_netdev,nofail,noauto,x-systemd.automount,ttl=5s,defaults"
    # Its helper, which finds us on PATH.
    PATH=$(dirname "$PERSONALIZEFS"):$PATH mount.fuse3 us-west-2 "$M" -t fuse.personalizefs -o "$options" 3>&-
    find_daemon
    [ "$(ls "$M" | wc -l)" = 2 ]
    umount "$M"
    wait_gone "$daemon"
    daemon=
    # mount(8) does not hand PATH on, so the command must be installed: here in a mount namespace only.
    # shellcheck disable=SC2016 # for the shell inside
    unshare --mount --propagation private bash -c '
        mount -t tmpfs none /usr/local/bin && ln -s "$1" /usr/local/bin/personalizefs &&
            mount -t fuse.personalizefs us-west-2 "$2" -o "$3"' bash "$PERSONALIZEFS" "$M" "$options" 3>&-
    find_daemon
    [[ $(grep " $M " "/proc/$daemon/mounts") == 'us-west-2 '*' fuse.personalizefs ro,'* ]]
    [ "$(ls "/proc/$daemon/root$M" | wc -l)" = 2 ]
    nsenter --mount --target "$daemon" umount "$M"
    wait_gone "$daemon"
    daemon=
}

# ---- the files' owner ----

@test "uid, gid and umask" {
    emulator_start --jobs 1 --running 0
    job=$(control jobs)
    mount_start
    ls "$M" >/dev/null
    [ "$(stat -c '%u %g %a' "$M" "$M/$job" "$M/$job/jobInput" "$M/$job/status" "$M/$job/jobInput/path")" = \
        "$(printf "$(id -u) $(id -g) %s\n" 555 555 555 444 444)" ]
    mount_stop
    ((EUID == 0)) || return 0 # others may not look into it
    mount_start -o uid=1234,gid=2345,umask=037
    [ "$(stat -c '%u %g %a' "$M" "$M/$job" "$M/$job/status")" = "$(printf '1234 2345 %s\n' 540 540 440)" ]
}

@test "allow_other: others see the mount, without it they do not" {
    ((EUID == 0)) || skip 'only root may be another'
    public=$(mktemp -d)
    chmod 755 "$public"
    M=$public/mnt
    mkdir "$M"
    emulator_start --jobs 2 --running 0
    job=$(control jobs | head -n 1)
    other() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
    mount_start
    run other cat "$M/$job/status"
    [[ $status = 1 && $output == *': Permission denied' ]]
    mount_stop
    mount_start -o allow_other
    [ "$(other ls "$M" | wc -l)" = 2 ]
    [ -n "$(other cat "$M/$job/status")" ]
    mount_stop
    # The kernel looks at the mode: nobody but group 2345.
    mount_start -o allow_other,uid=1234,gid=2345,umask=027
    run other cat "$M/$job/status"
    [[ $status = 1 && $output == *': Permission denied' ]]
    [ -n "$(setpriv --reuid 65534 --regid 2345 --clear-groups cat "$M/$job/status")" ]
}

# ---- the end ----

@test "SIGTERM and SIGINT unmount, with status 0" {
    emulator_start --jobs 2
    for signal in TERM INT; do
        mount_start
        ls "$M" >/dev/null
        kill -"$signal" "$daemon"
        status=0
        wait "$daemon" || status=$?
        [ "$status" = 0 ]
        run ! mounted
        daemon=
        background us-west-2 "$M"
        kill -"$signal" "$daemon"
        wait_gone "$daemon"
        run ! mounted
        daemon=
    done
}

@test "an unmount from outside ends the daemon, with status 0" {
    emulator_start --jobs 2
    mount_start
    ls "$M" >/dev/null
    unmount_outside
    status=0
    wait "$daemon" || status=$?
    [ "$status" = 0 ]
    daemon=
    run ! grep -Ei 'broke|error|warning' "$LOG"
    mount_start
    fusermount3 -u "$M"
    status=0
    wait "$daemon" || status=$?
    [ "$status" = 0 ]
    daemon=
}

@test "SIGTERM with a file open and a shell inside: unmounted all the same" {
    emulator_start --jobs 1 --running 0
    job=$(control jobs)
    mount_start
    exec 5<"$M/$job/jobName"
    cd "$M/$job" || return
    kill -TERM "$daemon"
    status=0
    wait "$daemon" || status=$?
    [ "$status" = 0 ]
    daemon=
    run ! mounted
    run cat <&5
    [ "$status" != 0 ] || [ "$output" = "$job" ] # of what the kernel has kept
    exec 5<&-
    cd / || return
    [ -z "$(ls -A "$M")" ]
}

@test "SIGKILL leaves a dead mount; starting again clears it, says so, and serves" {
    emulator_start --jobs 2
    mount_start
    ls "$M" >/dev/null
    kill -KILL "$daemon"
    wait "$daemon" || true
    run ls "$M/nothing"
    [[ $output == *'Transport endpoint is not connected' ]]
    mounted
    for how in foreground background; do
        if [ $how = foreground ]; then
            # mount_start would take the dead mount for the new one.
            "$PERSONALIZEFS" -f -o "endpoint-url=$URL" us-west-2 "$M" >"$LOG" 2>&1 3>&- &
            daemon=$!
            wait_until grep -q 'is mounted on' "$LOG"
            grep -q "cleared the mount on $M " "$LOG"
        else
            background us-west-2 "$M"
        fi
        [ "$(ls "$M" | wc -l)" = 2 ]
        [ "$(grep -c " $M fuse" /proc/mounts)" = 1 ]
        kill -KILL "$daemon"
        wait_gone "$daemon"
    done
    background us-west-2 "$M"
    [ "$(ls "$M" | wc -l)" = 2 ]
    mount_stop
    run ! mounted
}

@test "a mount that serves is left alone" {
    emulator_start --jobs 2
    mount_start
    run --separate-stderr "$PERSONALIZEFS" -o "endpoint-url=$URL" us-west-2 "$M"
    [ "$status" = 1 ]
    [ "$stderr" = "personalizefs: a personalizefs is already mounted on $M" ]
    [ "$(grep -c " $M fuse" /proc/mounts)" = 1 ]
    [ "$(ls "$M" | wc -l)" = 2 ]
}

@test "a dead mount of another type is not touched" {
    ((EUID == 0)) || skip 'only root may mount by itself'
    emulator_start --jobs 2
    "$CALLER" dead fuse.sshfs "$M"
    run --separate-stderr "$PERSONALIZEFS" -o "endpoint-url=$URL" us-west-2 "$M"
    [ "$status" = 1 ]
    [[ $stderr == "personalizefs: $M is a dead mount of type fuse.sshfs: unmount it first" ]]
    [ "$(grep -c " $M fuse.sshfs " /proc/mounts)" = 1 ]
    umount -l "$M"
    # One of our type is cleared.
    "$CALLER" dead fuse.personalizefs "$M"
    background us-west-2 "$M"
    [ "$(ls "$M" | wc -l)" = 2 ]
}

# ---- SIGHUP ----

@test "SIGHUP: the list and running jobs are asked for again, finished ones are not" {
    emulator_start --jobs 2 --running 0
    mapfile -t jobs < <(control jobs)
    control job "${jobs[0]}"$'\nstatus="IN PROGRESS"'
    control job "${jobs[1]}"$'\nstatus="ACTIVE"'
    mount_start -o ttl=1h,list-ttl=1h
    ls "$M" >/dev/null
    cat "$M"/*/numResults >/dev/null
    [ "$(lists) $(describes)" = '1 2' ]
    ls "$M" >/dev/null
    cat "$M"/*/roleArn >/dev/null
    [ "$(lists) $(describes)" = '1 2' ]
    kill -HUP "$daemon"
    wait_until grep -qi 'reload' "$LOG"
    ls "$M" >/dev/null
    [ "$(lists)" = 2 ]
    # Of names that the kernel has not met, since it keeps those of a running job for its ttl.
    cat "$M/${jobs[1]}/filterArn" >/dev/null
    [ "$(describes)" = 2 ]
    cat "$M/${jobs[0]}/filterArn" >/dev/null
    [ "$(describes)" = 3 ]
}

@test "SIGHUP: the configuration and the credentials are read again" {
    emulator_start --jobs 2 --running 0
    mapfile -t jobs < <(control jobs)
    export AWS_SHARED_CREDENTIALS_FILE=$BATS_TEST_TMPDIR/credentials
    keys() {
        printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$1" "$2" >"$AWS_SHARED_CREDENTIALS_FILE"
    }
    keys "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"
    real=$AWS_SECRET_ACCESS_KEY
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    mount_start
    [ -n "$(cat "$M/${jobs[0]}/status")" ]
    control set $'access_key=AKIAROTATEDEXAMPLE00\nsecret_key='"$real"
    keys AKIAROTATEDEXAMPLE00 "$real"
    kill -HUP "$daemon"
    wait_until grep -qi 'reload' "$LOG"
    control_post reset-counts
    [ -n "$(cat "$M/${jobs[1]}/status")" ]
    [[ $(control counts) == *'rejected 0'* ]]
    # What cannot be read leaves what was.
    rm "$AWS_SHARED_CREDENTIALS_FILE"
    mkdir "$AWS_SHARED_CREDENTIALS_FILE"
    kill -HUP "$daemon"
    sleep 0.2
    kill -0 "$daemon"
    [ -n "$(cat "$M/${jobs[0]}/roleArn")" ]
}

@test "a reader of the log that has stopped holds nobody up, and SIGTERM ends the mount" {
    emulator_start --jobs 40 --running 0
    mapfile -t jobs < <(control jobs)
    control fault $'operation=DescribeBatchInferenceJob\nkind=code=AccessDeniedException'
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    exec 9<>"$BATS_TEST_TMPDIR/pipe"
    head -c 65536 /dev/zero >&9 # full: whoever writes waits for ever
    "$PERSONALIZEFS" -f -o "account-id=$account,endpoint-url=$URL" us-west-2 "$M" 2>&9 3>&- 9>&- &
    daemon=$!
    wait_until mounted
    for job in "${jobs[@]}"; do
        timeout 10 cat "$M/$job/status" 2>/dev/null || [ $? = 1 ]
    done
    timeout 10 df "$M"
    timeout 10 stat "$M"
    kill -TERM "$daemon"
    wait_gone "$daemon"
    exec 9>&-
}

@test "without -f the log is in syslog, with its priorities, and goes on when that is started anew" {
    ((EUID == 0)) || skip 'only root may have a /dev/log of its own'
    emulator_start --jobs 2
    control fault $'kind=code=AccessDeniedException\noperation=ListBatchInferenceJobs'
    mkdir "$BATS_TEST_TMPDIR/dev"
    run timeout 60 unshare --mount --propagation private bash "$BATS_TEST_DIRNAME/syslog.bash" \
        "$BATS_TEST_TMPDIR/dev" "$BATS_TEST_TMPDIR/received" "$URL" "$M" 3>&-
    echo "$output"
    [ "$status" = 0 ]
    received() { grep -Exc "$1" "$BATS_TEST_TMPDIR/received"; }
    # <30> is LOG_DAEMON and LOG_INFO, <28> LOG_WARNING (RFC 5424, 6.2.1).
    [ "$(received '<30>personalizefs\[[0-9]+\]: us-west-2 is mounted on .*')" = 1 ]
    [ "$(received '<28>personalizefs\[[0-9]+\]: list jobs: Permission denied \(AccessDeniedException.*')" = 1 ]
    [ "$(received '<30>personalizefs\[[0-9]+\]: describe unknown: No such file or directory \(.*')" = 1 ]
    run ! grep -v '^<[0-9]*>personalizefs\[' "$BATS_TEST_TMPDIR/received"
}

@test "df and statvfs(3) say what there is: no blocks, a file a job, names of 255 bytes, read-only" {
    emulator_start --jobs 7
    mount_start
    ls "$M" >/dev/null
    [ "$(stat -f -c '%l %b %f %a %c %d' "$M")" = '255 0 0 0 7 0' ]
    [ "$(df --output=itotal "$M" | tail -n 1 | xargs)" = 7 ]
    [ "$(findmnt -n -o OPTIONS "$M" | cut -d , -f 1)" = ro ]
}
