#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The main job: mount, read, unmount.
load lib.bash

setup() { common_setup; }
teardown() { common_teardown; }

@test "cat of a status is one describe" {
    emulator_start --jobs 5 --running 0
    job=$(control jobs | head -n 1)
    control job "$job"$'\nstatus="ACTIVE"'
    mount_start
    [ "$(cat "$M/$job/status")" = ACTIVE ]
    [ "$(describes)" = 1 ]
    [ "$(lists)" = 0 ]
}

@test "every documented member is there, empty where the service returned none" {
    emulator_start --jobs 1 --running 0
    job=$(control jobs)
    control job "$job"$'\nfailureReason=null\nnumResults=25\nthemeGenerationConfig=null\nbatchInferenceJobConfig=null'
    mount_start
    run bash -c "cd '$M/$job' && find . -type f | sort"
    [ "$output" = "$(printf './%s\n' batchInferenceJobArn batchInferenceJobMode creationDateTime \
        describe.json failureReason filterArn jobInput/kmsKeyArn jobInput/path jobName jobOutput/kmsKeyArn jobOutput/path lastUpdatedDateTime \
        numResults roleArn solutionVersionArn status themeGenerationConfig/fieldsForThemeGeneration/itemName)" ]
    [ "$(ls -A "$M/$job/batchInferenceJobConfig")" = $'itemExplorationConfig\nrankingInfluence' ]
    [ -z "$(ls -A "$M/$job/batchInferenceJobConfig/rankingInfluence")" ]
    [ "$(cat "$M/$job/numResults")" = 25 ]
    [ "$(stat -c %s "$M/$job/failureReason")" = 0 ]
    [ "$(stat -c %s "$M/$job/numResults")" = 3 ]
    [ ! -s "$M/$job/themeGenerationConfig/fieldsForThemeGeneration/itemName" ]
    [ "$(stat -c '%a %a' "$M/$job/status")" = '444 444' ]
    [ "$(stat -c %a "$M/$job")" = 555 ]
}

@test "the root lists the jobs and nothing else, over all pages" {
    emulator_start --jobs 250 --running 0
    mount_start
    [ "$(ls -A "$M" | sort)" = "$(control jobs | sort)" ]
    [ "$(describes)" = 0 ]
}

@test "whatever would write is EROFS" {
    emulator_start --jobs 1 --running 0
    job=$(control jobs)
    mount_start
    cat "$M/$job/status"
    for command in "echo x >'$M/$job/status'" "echo x >>'$M/$job/status'" "echo >'$M/new'" "mkdir '$M/x'" \
        "rm -f '$M/$job/status'" "touch '$M/$job/status'" "mv '$M/$job/status' '$M/y.txt'" "ln -s a '$M/z'" \
        "chmod 777 '$M/$job/status'" "rmdir '$M/$job'"; do
        run bash -c "$command"
        [ "$status" -ne 0 ]
        [[ $output == *'Read-only file system'* ]]
    done
}

@test "inode numbers are the same after a remount" {
    emulator_start --jobs 3 --running 0
    job=$(control jobs | head -n 1)
    mount_start
    before=$(stat -c %i "$M/$job" "$M/$job/status" "$M/$job/jobInput" "$M/$job/jobInput/path")
    mount_stop
    mount_start
    [ "$(stat -c %i "$M/$job" "$M/$job/status" "$M/$job/jobInput" "$M/$job/jobInput/path")" = "$before" ]
    [ "$(sort -u <<<"$before" | wc -l)" = 4 ]
}

@test "SOURCE is shown as given, the type is fuse.personalizefs, the mount is ro" {
    emulator_start --jobs 1
    mount_start
    [[ $(grep " $M " /proc/mounts) == 'us-west-2 '*' fuse.personalizefs ro,nosuid,nodev,'*default_permissions* ]]
}

@test "mtime is lastUpdatedDateTime, ctime when it was confirmed" {
    emulator_start --jobs 1 --running 0
    job=$(control jobs)
    control job "$job"$'\nlastUpdatedDateTime=1.700000060123E9'
    mount_start
    before=$(date +%s)
    [ "$(stat -c %Y "$M/$job/status")" = 1700000060 ]
    [ "$(stat -c %y "$M/$job")" = "$(TZ=UTC date -d @1700000060.123 '+%F %T.%N %z')" ]
    [ "$(stat -c %Z "$M/$job/status")" -ge $((before - 1)) ]
    [ "$(cat "$M/$job/lastUpdatedDateTime")" = 2023-11-14T22:14:20.123Z ]
}
