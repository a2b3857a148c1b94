#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The recipes of docs/monitoring.md, taken from it as they stand, but for their paths.
# shellcheck disable=SC2154,SC2317 # lib.bash's variables and bats'; what wait_until calls
bats_require_minimum_version 1.5.0
load ../mount/lib.bash

DOC=$BATS_TEST_DIRNAME/../../docs/monitoring.md
SHARE=$BATS_TEST_DIRNAME/../../share

setup() {
    common_setup
    T=$BATS_TEST_TMPDIR
    mkdir "$T/bin" "$T/state" "$T/collector"
    ln -s "$PERSONALIZEFS" "$T/bin/personalizefs"
    ln -s "$(realpath "$SHARE/nagios/check_personalizefs")" "$T/bin/check_personalizefs"
    PATH=$T/bin:$PATH
    second=
    hook=
}
teardown() {
    [[ -z $hook ]] || kill -KILL -- "-$hook" 2>/dev/null || true
    if [[ -n $second ]]; then
        kill -TERM "$second" 2>/dev/null || true
        wait_gone "$second"
    fi
    common_teardown
}

# recipe NAME: the block of that name; fails where there is none.
recipe() {
    local -
    set -o pipefail
    awk -v name="$1" '
        /^```[a-z]+ / && $2 == name { inside = found = 1; next }
        /^```$/ { inside = 0 }
        inside
        END { exit !found }' "$DOC" |
        sed -e "s|/mnt/personalize|$M|g" -e "s|/var/lib/personalize|$T/state|g" \
            -e "s|/var/lib/prometheus/node-exporter|$T/collector|g" \
            -e "s|/usr/local/share/personalizefs|$SHARE|g"
}

# program NAME: the recipe of that name as a program, $T/NAME.
program() {
    recipe "$1" >"$T/$1"
    chmod +x "$T/$1"
}

# fake NAME: a command that keeps its arguments and what it is given to read, at the end of $T/NAME.said.
fake() {
    cat >"$T/bin/$1" <<END
#!/bin/sh
{ printf '%s\n' "\$*" && { [ -t 0 ] || [ "$1" != mail ] || cat; }; } >>"$T/$1.said"
END
    chmod +x "$T/bin/$1"
    : >"$T/$1.said"
}

# Three jobs that stand still, one that failed long ago, two that are done; and whatever is changed is seen soon.
jobs_start() {
    emulator_start --jobs 6 --running 0 --stuck 3
    mapfile -t names < <(control jobs)
    local i=0 status
    for status in 'IN PROGRESS' PENDING 'CREATE FAILED' ACTIVE ACTIVE PENDING; do
        status_set "${names[i]}" "$status" null
        i=$((i + 1))
    done
    mount_start -o ttl=1s,list-ttl=100ms
}
# status_set JOB STATUS REASON
status_set() { control job "$1"$'\nstatus="'"$2"$'"\nfailureReason='"$3"; }
table_says() { grep -q "^$1"$'\t'"$2"$'\t' "$M/.personalizefs/jobs.tsv"; }

@test "each recipe has a test, each test a recipe" {
    run grep -oE '^```[a-z]+ [a-z]+$' "$DOC"
    [ "${#lines[@]}" -ge 7 ]
    for line in "${lines[@]}"; do
        grep -qE "(recipe|program) ${line#* }( |\$)" "$BATS_TEST_FILENAME"
    done
    run ! recipe no-such-recipe
}

@test "mail on failure, from cron" {
    jobs_start
    fake mail
    program mail
    "$T/mail"
    [ ! -s "$T/mail.said" ] # what failed before is no news
    status_set "${names[0]}" 'CREATE FAILED' '"no role"'
    wait_until table_says "${names[0]}" 'CREATE FAILED'
    "$T/mail"
    [ "$(<"$T/mail.said")" = "-s 1 Personalize jobs failed ops@example.com
${names[0]}: CREATE FAILED: no role" ]
    "$T/mail"
    [ "$(wc -l <"$T/mail.said")" = 2 ] # once
    control fault kind=reset
    table_fails() { ! cat "$M/.personalizefs/jobs.tsv"; }
    wait_until table_fails
    run -1 "$T/mail"
    [[ $output == *'Connection reset by peer'* ]]
    status_set "${names[1]}" 'CREATE FAILED' '"later"'
    control_post clear-faults
    wait_until table_says "${names[1]}" 'CREATE FAILED'
    "$T/mail"
    [ "$(tail -n 1 "$T/mail.said")" = "${names[1]}: CREATE FAILED: later" ]
    [ "$(wc -l <"$T/mail.said")" = 4 ]
}

@test "node_exporter's textfile collector, with two mounts on one host, one with a blank in its path" {
    command -v promtool || skip 'there is no promtool'
    jobs_start
    other="$T/the other"
    mkdir "$other"
    "$PERSONALIZEFS" -f -o "account-id=$account,endpoint-url=$URL" us-west-2 "$other" >"$T/other.log" 2>&1 3>&- &
    second=$!
    wait_until grep -qF " $T/the\040other fuse.personalizefs " /proc/mounts
    ls "$M" "$other"
    # Those of this test alone: there may be others on this host.
    cat >"$T/bin/findmnt" <<END
#!/bin/sh
$(command -v findmnt) "\$@" | grep -F "$T/"
END
    chmod +x "$T/bin/findmnt"
    program textfile
    "$T/textfile"
    run ls "$T/collector"
    [ "${#lines[@]}" = 2 ]
    for mount in "$M" "$other"; do
        file=$T/collector/personalizefs-$(tr / - <<<"${mount#/}").prom
        grep -qxF "personalizefs_jobs{mount=\"$mount\",status=\"ACTIVE\"} 2" "$file"
        grep -qE '^personalizefs_listing_age_seconds\{mount="[^"]*"\} [0-9.]+$' "$file"
        promtool check metrics <"$file"
        # Nothing was lost on the way, and every sample has the label.
        [ "$(grep -vc '^#' "$file")" = "$(grep -c "{mount=\"$mount\"[,}]" "$file")" ]
        [ "$(grep -c '^#' "$file")" = "$(grep -c '^#' "$mount/.personalizefs/metrics.prom")" ]
    done
    # No series is in both.
    run -1 grep -Fxf <(grep -v '^#' "$T"/collector/*-other.prom | cut -d ' ' -f 1) \
        <(grep -v '^#' "$T"/collector/*-mnt.prom | cut -d ' ' -f 1)
}

@test "prometheus.yml, with the alert rules" {
    command -v promtool || skip 'there is no promtool'
    recipe prometheus >"$T/prometheus.yml"
    grep -q 'rule_files' "$T/prometheus.yml"
    run promtool check config "$T/prometheus.yml"
    [ "$status" = 0 ]
    [[ $output == *'rules found'* ]]
}

@test "a check for Nagios" {
    jobs_start
    program nagios
    run -0 sh "$T/nagios"
    [[ $output == 'PERSONALIZE OK - 6 jobs, 3 running, 0 failed in 1440 min | failed=0;0;4;0 running=3;;;0 active=2;;;0 jobs=6;;;0' ]]
    status_set "${names[0]}" 'CREATE FAILED' '"no role"'
    control job "${names[0]}"$'\nlastUpdatedDateTime='"$(date +%s)"
    wait_until table_says "${names[0]}" 'CREATE FAILED'
    run -1 sh "$T/nagios"
    [[ $output == "PERSONALIZE WARNING - 6 jobs, 2 running, 1 failed in 1440 min: ${names[0]} | failed=1;0;4;0 "* ]]
    run -2 check_personalizefs -s 0 -c 2 "$M/"
    [[ $output == "PERSONALIZE CRITICAL - 6 jobs, 2 running, 2 failed: "*" | failed=2;0;1;0 "* ]]
    control fault kind=reset
    unknown() { run -3 check_personalizefs "$M" && [[ $output == *'the list of jobs cannot be read: Connection reset by peer' ]]; }
    wait_until unknown
    run -3 check_personalizefs "$T"
    [ "$output" = "PERSONALIZE UNKNOWN - no personalizefs is mounted on $T" ]
    for arguments in '' '-w x /' '-w 0 /' '-c 0 /' '-w 010 /' '-s 08 /' '-s 99999999999999999999 /' '-x /' '/ /' '-s'; do
        # shellcheck disable=SC2086 # words
        run -3 check_personalizefs $arguments
        [[ ${lines[-1]} == 'PERSONALIZE UNKNOWN - wrong use: '* ]]
    done
}

@test "a hook for each change of status" {
    jobs_start
    fake logger
    program hook
    ls "$M"
    setsid "$T/hook" 2>"$T/hook.log" 3>&- &
    hook=$!
    # It has begun to look once a change has come through; what changed before that is not told.
    marks=0
    mark() {
        marks=$((marks + 1))
        status_set "${names[5]}" "MARK $marks" null
        sleep 0.3
        grep -q 'now MARK' "$T/logger.said"
    }
    wait_until mark
    status_set "${names[0]}" ACTIVE null
    wait_until grep -qxF -- "-t personalize ${names[0]} is done" "$T/logger.said"
    status_set "${names[1]}" 'CREATE FAILED' '"no role\u0007"'
    wait_until grep -qxF -- "-t personalize ${names[1]} failed: no role\\0007" "$T/logger.said"
    status_set "${names[5]}" 'CREATE PENDING' null
    wait_until grep -qE -- "-t personalize ${names[5]}: MARK [0-9]+, now CREATE PENDING \(20[^ ]*Z\)" "$T/logger.said"
}

@test "a dashboard for watch" {
    jobs_start
    program top
    run "$T/top"
    [ "${lines[0]}" = '     2  PENDING' ] || [ "${lines[0]}" = '     2  ACTIVE' ]
    grep -qxF '     1  CREATE FAILED' <<<"$output"
    grep -q "^IN PROGRESS  ${names[0]}, since 20" <<<"$output"
    status_set "${names[0]}" ACTIVE null
    changed() { "$T/top" | grep -q "${names[0]}"$'\tIN PROGRESS\tACTIVE$'; }
    wait_until changed
}

@test "waiting in a Makefile" {
    command -v make || skip 'there is no make'
    jobs_start
    fake aws
    recipe make >"$T/Makefile"
    cd "$T"
    run -0 make JOB="${names[3]}"
    [ "$(<"$T/aws.said")" = "s3 cp --recursive $(cat "$M/${names[3]}/jobOutput/path") out/${names[3]}" ]
    run -0 make JOB="${names[3]}"
    [[ $output == *'up to date'* ]]
    run -2 make JOB="${names[2]}"
    [[ $output == *"${names[2]}: CREATE FAILED"* ]]
    [ ! -e "${names[2]}.active" ]
}
