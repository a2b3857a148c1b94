#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Usage: shells.py SHELL FOLDER: types into an interactive SHELL (bash, zsh), on a terminal of its own, and presses Tab.

The command itself is a function that says what it was called with, so what a line has become is not read from the screen.
Each line is typed in the folder FOLDER of the completions' tree. Exit status 77 where there is no such shell."""

import os
import pty
import re
import select
import shutil
import sys
import tempfile
import time

shell, folder = sys.argv[1], os.path.abspath(sys.argv[2])
LIMIT_S = 60

if not shutil.which(shell):
    print(f"there is no {shell}")
    sys.exit(77)

# What is typed before Tab, and what the command then gets.
CASES = [
    ("--reg", "--region="),
    ("--account", "--account-id="),
    ("--terminal", "--terminal-ttl="),
    ("--allow-", "--allow-http"),
    ("--log-level=w", "--log-level=warning"),
    ("--log-level w", "--log-level warning"),
    ("--profile=ops-w", "--profile=ops-west"),
    ("-o neg", "-o negative-ttl="),
    ("-o ttl=5s,neg", "-o ttl=5s,negative-ttl="),
    ("-o ttl=5s,allow_other,log-level=de", "-o ttl=5s,allow_other,log-level=debug"),
    ("us-west-2 mnt-p", "us-west-2 mnt-personalize/"),
    ("mnt-p", "mnt-personalize/"),
    ("wai", "wait"),
    ("wait --ti", "wait --timeout="),
    ("wait --timeout 5m mnt-personalize/nigh", "wait --timeout 5m mnt-personalize/nightly/"),
    ("wait mnt-personalize/nightly/sta", "wait mnt-personalize/nightly/status"),
    ("wait --region", "wait --region"),
    ("--no-such", "--no-such"),
]


class Terminal:
    def __init__(self, arguments, home):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            environment = {"PATH": os.environ["PATH"], "HOME": home, "TERM": "dumb", "PS1": "> ", "LC_ALL": "C.UTF-8"}
            os.execvpe(arguments[0], arguments, environment)
        self.seen = ""

    def type(self, text):
        os.write(self.fd, text.encode())

    def until(self, pattern):
        """What was shown up to what matches first, and that; it is then forgotten."""
        end = time.monotonic() + LIMIT_S
        while not (found := re.search(pattern, self.seen)):
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                sys.exit(f"never: {pattern!r} in {self.seen!r}")
            self.seen += os.read(self.fd, 4096).decode(errors="replace")
        shown = self.seen[:found.start()]
        self.seen = self.seen[found.end():]
        return shown, found

    def end(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def home_make(home):
    os.makedirs(f"{home}/mnt-personalize/nightly")
    os.mkdir(f"{home}/.aws")
    open(f"{home}/mnt-personalize/nightly/status", "w").close()
    with open(f"{home}/.aws/config", "w") as config:
        config.write("[default]\n[profile ops-west]\n[sso-session ops-wide]\nregion = us-west-2\n")


SAYING = "personalizefs() { printf 'GOT%s{%s}\\n' '' \"$*\"; }\n"
STARTS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], f". {folder}/personalizefs.bash\n"),
    "zsh": (["zsh", "-f", "-i"], f"fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D\n"),
}

with tempfile.TemporaryDirectory() as home:
    home_make(home)
    arguments, load = STARTS[shell]
    terminal = Terminal(arguments, home)
    terminal.type(load + SAYING + "personalizefs ready\n")
    terminal.until(r"GOT\{ready\}")
    wrong = 0
    for typed, expected in CASES:
        terminal.type(f"personalizefs {typed}\t")
        terminal.type("\n")
        shown, found = terminal.until(r"GOT\{([^}]*)\}")
        # zsh takes a slash or = that it has put at the end back at the newline.
        if found.group(1).rstrip("/=") != expected.rstrip("/="):
            wrong += 1
            print(f"{shell}: {typed!r} became {found.group(1)!r}, not {expected!r}")
        if complaint := re.search(r"\w+:\d+: .*|.*: line \d+: .*", shown):
            wrong += 1
            print(f"{shell}: {typed!r}: {complaint.group()}")
    terminal.end()
    print(f"{len(CASES)} lines, {wrong} wrong")
    sys.exit(wrong != 0)
