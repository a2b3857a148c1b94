# SPDX-License-Identifier: MIT
# syslog.bash DEV RECEIVED URL MOUNTPOINT: in a mount namespace of its own, gives it another /dev, made in the directory DEV,
# where this script is the log: first with one socket, then with another, as after a restart of the journal. What the daemon
# sends goes to RECEIVED.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.bash
source "$(dirname "$0")/lib.bash"

dev=$1 received=$2 url=$3 mountpoint=$4

mount -t tmpfs tmpfs "$dev"
for node in fuse null random urandom zero; do
    touch "$dev/$node"
    mount --bind "/dev/$node" "$dev/$node"
done
mount --rbind "$dev" /dev

receive() {
    python3 -c '
import socket
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
while True:
    print(log.recv(65536).decode(), flush=True)' >>"$received" &
    receiver=$!
    wait_until test -S /dev/log
}
receive_no_more() {
    kill "$receiver"
    wait "$receiver" || true
    rm /dev/log
}

receive
"$PERSONALIZEFS" -o "endpoint-url=$url,account-id=$account" us-west-2 "$mountpoint"
ls "$mountpoint" || true # denied
wait_until grep -q 'list jobs' "$received"
receive_no_more
receive
cat "$mountpoint/unknown/status" || true
wait_until grep -q 'describe unknown' "$received"
umount "$mountpoint"
no_daemon() { ! pgrep -f "us-west-2 $mountpoint"; }
wait_until no_daemon
receive_no_more
