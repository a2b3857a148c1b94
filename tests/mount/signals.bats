#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Interrupts that only real ones cause: a signal that is mere news does not end a wait.
load lib.bash

setup() { common_setup; }
teardown() { common_teardown; }

@test "a bash that reaps children while [ -e job/status ] waits is never told false: 1,000 times" {
    emulator_start --jobs 1 --running 0 --latency-ms 10
    job=$(control jobs)
    control job "$job"$'\nstatus="IN PROGRESS"'
    mount_start -o ttl=1ms
    # Each look waits for a describe; meanwhile children end, one after another.
    run bash -c '
        trap : CHLD
        seen=0
        for ((i = 0; i < 1000; i++)); do
            sleep 0.01 # longer than the kernel, which counts in jiffies, keeps a millisecond
            sleep 0.002 & sleep 0.006 &
            [ -e "$1" ] && seen=$((seen + 1))
        done
        wait
        echo "$seen"' bash "$M/$job/status"
    [ "$output" = 1000 ]
    [ "$(describes)" -ge 900 ]
}

@test "after a signal that was news a real one still frees the caller" {
    emulator_start --jobs 2 --running 0 --stuck 2
    job=$(control jobs | head -n 1)
    control fault "kind=hang"
    mount_start
    bash -c 'sleep 0.2 & cat "$1"; exit' bash "$M/$job/status" &
    shell=$!
    (sleep 0.1 && exec bash -c 'trap : CHLD; sleep 0.1 & [ -e "$1" ]' bash "$M/$job/status") &
    waiting=$!
    sleep 0.6
    run gone "$waiting"
    [ "$status" -ne 0 ] # it waits on
    kill -INT "$waiting" 2>/dev/null || true
    kill -TERM "$waiting"
    wait_gone "$waiting"
    pkill -TERM -P "$shell" || true
    kill -TERM "$shell" 2>/dev/null || true
    wait_gone "$shell"
}

@test "a signal that the caller blocks does not free it, one that it does not block does" {
    emulator_start --jobs 2 --running 0 --stuck 2
    job=$(control jobs | head -n 1)
    control fault "kind=hang"
    mount_start
    env --block-signal=USR1 stat "$M/$job/status" 3>&- &
    waiting=$!
    sleep 0.3
    kill -USR1 "$waiting"
    sleep 0.3
    run gone "$waiting"
    [ "$status" -ne 0 ] # it waits on
    kill -TERM "$waiting"
    wait_gone "$waiting"
}
