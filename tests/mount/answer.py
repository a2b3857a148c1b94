#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What answer.bats needs of the hostile kind.

  answer.py strings URL            makes the emulator's job-000 to job-299 fail for 300 hostile reasons
  answer.py check-strings M BACK…  each job's failureReason is one tame line, and each folder BACK has in a file of the
                                   job's name what describe.json has
  answer.py keys URL               gives the job `keys` hostile names everywhere, and `raw` some at its top
  answer.py check-keys M           each is where it should be, and nothing else
  answer.py serve FILE FOLDER      answers a describe of NAME with FOLDER/NAME's bytes; its address goes to FILE
  answer.py proxy FILE LOG         refuses everything; each request line goes to LOG, its address to FILE
"""

import http.server
import itertools
import json
import os
import random
import sys
import urllib.request

ACCOUNT = "123456789012"


def control(url, what, *lines):
    urllib.request.urlopen(f"{url}/_control/{what}", "\n".join(lines).encode()).read()


# --- strings ----------------------------------------------------------------------------------------------------------

CONTROLS = [chr(c) for c in itertools.chain(range(1, 0x20), range(0x7F, 0xA0))]
PLAIN = ["", " ", "\n", "\n\n\n", "\r\n", "\t", " lead", "trail ", "trail\n", "\\", "\\\\", "\\\\\\", "end\\", "end\\\\"]
LOOKS = ["\\n", "\\\\n", "\\0", "\\033", "\\0033", "\\x1b[31m", "\\u001b", "\\c cut", "\\e[2J", "\\a", "\\\n", "\\0302\\0233"]
SHELL = ["$(echo no)", "`echo no`", "${HOME}", "%s%n%d", "'", '"', "'\"'\"'", "!!", "*", "~", "-n", "-e x", "--", "a;b|c&d"]
JSONS = ['{"a":"b"}', "\\u0000", "null", "\\/", "</script>", "\ufeffBOM", "\ufffd", "\ufffe", "\uffff"]
BIDI = ["\u202e}txt.exe", "\u2066a\u2069", "\u200fa\u200e", "a\u202ab\u202c", "\u2028", "\u2029", "\u061c", "\u00ad"]
WIDE = ["\U0001f9ca", "\U0010ffff", "\U00010000", "e\u0301", "\u00e9", "\u0800", "\u07ff", "\u00a0", "\u00a1", "👩\u200d🚀"]
TERMINAL = ["\x1b]0;title\x07", "\x1b[2J\x1b[H", "\x9b31m", "\x1bP+q\x1b\\", "\x90q\x9c", "a\x08b", "\x0e\x0f", "\x1b[6n"]


def strings():
    # Text that would go on an escape of too few digits.
    made = [f"{a}{c}{b}" for c in CONTROLS for a, b in (("", "0123"), ("x", "7\\"))]
    made += PLAIN + LOOKS + SHELL + JSONS + BIDI + WIDE + TERMINAL
    parts = made[:]
    dice = random.Random(4)
    while len(made) < 298:
        made.append("".join(dice.choices(parts, k=dice.randint(2, 12))))
    made.append(("0123456789abcde\n" * 6400)[: 100 << 10])
    made.append("".join(dice.choices(parts, k=40000)).encode()[: 100 << 10].decode(errors="ignore"))
    return made


def set_strings(url):
    for i, text in enumerate(strings()):
        control(url, "job", f"job-{i:03}", 'status="CREATE FAILED"',
                "failureReason=" + json.dumps(text, ensure_ascii=i % 2 == 0))


def check_strings(mount, *backs):
    wanted = strings()
    assert len(wanted) == 300
    for i, text in enumerate(wanted):
        name = f"job-{i:03}"
        with open(f"{mount}/{name}/failureReason", "rb") as file:
            shown = file.read()
        assert os.stat(f"{mount}/{name}/failureReason").st_size == len(shown), name
        with open(f"{mount}/{name}/describe.json", encoding="utf-8") as file:
            told = json.load(file)["failureReason"]
        line = shown.decode()
        assert told == text, f"{name}: describe.json has {told!r} for {text!r}"
        assert line.endswith("\n") and not set(line[:-1]) & set(CONTROLS), f"{name}: {line!r}"
        for back in backs:
            with open(f"{back}/{name}", "rb") as file:
                assert file.read() == text.encode(), f"{name}: {back} makes something else of {line!r}"
    print(f"{len(wanted)} strings, {len(backs)} shells")


# --- keys -------------------------------------------------------------------------------------------------------------

# Key, and the name that it must have. The first of those that come out alike is the first here.
KEYS = [
    ("..", "%2E."), (".", "%2E"), ("/", "%2F"), ("//", "%2F%2F"), ("", "%"), ("%", "%25"), ("%2F", "%252F"),
    ("%~2", "%25~2"), ("a/b", "a%2Fb"), ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"), (".git", "%2Egit"),
    ("...", "%2E.."), ("a..", "a.."), ("a\nb", "a%0Ab"), ("\n", "%0A"), ("\x01", "%01"), ("\x7f", "%7F"),
    ("\x1b[31m", "%1B[31m"), ("\x9b", "%C2%9B"), ("\xa0", "\xa0"), ("Key", "Key"), ("key", "key"), ("KEY", "KEY"),
    ("k%65y", "k%2565y"), ("jobName", "jobName"), ("status", "status"), ("describe.json", "describe.json"),
    ("s3DataSource", "s3DataSource"), ("jobInput", "jobInput"), (" ", " "), ("-rf", "-rf"), ("*", "*"), ("~", "~"),
    ("\\", "\\"), ("\\n", "\\n"), ('"', '"'), ("$(x)", "$(x)"), ("a.b", "a.b"), ("\xe9", "\xe9"), ("e\u0301", "e\u0301"),
    ("\U0001f9ca", "\U0001f9ca"), ("\u202egpj", "\u202egpj"), ("0", "0"), ("c" * 255, "c" * 255),
    ("c" * 255 + "d" * 45, "c" * 252 + "%~2"), ("c" * 255 + "e" * 45, "c" * 252 + "%~3"),
    ("c" * 252 + "%~2", "c" * 252 + "%~4"), ("b" * 256, "b" * 252 + "%~2"), ("\xe9" * 150, "\xe9" * 126 + "%~2"),
    ("x" + "\xe9" * 150, "x" + "\xe9" * 125 + "%~2"), ("%" * 100, "%25" * 84 + "%~2"), ("/" * 85, "%2F" * 85),
    ("\U0001f9ca" * 64, "\U0001f9ca" * 63 + "%~2"), ("." + "a" * 254, "%2E" + "a" * 249 + "%~2"),
    ("f" * 100000, "f" * 252 + "%~2"),
]  # fmt: skip
# Where they are: the member that is set, and the directory that shows it.
PLACES = [
    ("batchInferenceJobConfig.itemExplorationConfig", "batchInferenceJobConfig/itemExplorationConfig"),
    ("future", "future"),
    ("jobInput.s3DataSource.future", "jobInput/future"),
]
# What collides with a documented member, an alias or the mount's own file at its level.
RAW = {
    "describe.json": "top", "jobInput/path": "slash", "jobInput.s3DataSource.path": "dots", ".personalizefs": "own",
    "status%~2": "forged", "s3DataSource": "no alias here",
    "jobInput": {"path": "outer", "s3DataSource": {"path": "inner", "s3DataSource": "below", "describe.json": "no file"},
                 "s3DataSource%~2": "forged", "kmsKeyArn": "not s3DataSource's"},
    "jobOutput": {"s3DataDestination": None},
    "themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": "name", "itemName%~2": "forged"}, "itemName": "up"},
    "list": [[], {}, [{"..": "deep"}]],
}  # fmt: skip
RAW_FILES = {
    "describe.json%~2": "top", "jobInput%2Fpath": "slash", "jobInput.s3DataSource.path": "dots",
    "%2Epersonalizefs": "own", "status%25~2": "forged", "s3DataSource": "no alias here", "jobInput/path": "inner",
    "jobInput/path%~2": "outer", "jobInput/s3DataSource%~2": "below", "jobInput/describe.json": "no file",
    "jobInput/s3DataSource%25~2": "forged", "jobInput/kmsKeyArn%~2": "not s3DataSource's", "jobInput/kmsKeyArn": None,
    "jobOutput/path": None, "jobOutput/kmsKeyArn": None,
    "themeGenerationConfig/fieldsForThemeGeneration/itemName": "name",
    "themeGenerationConfig/fieldsForThemeGeneration/itemName%25~2": "forged", "themeGenerationConfig/itemName": "up",
    "list/2/0/%2E.": "deep", "jobName": "raw", "status": "ACTIVE", "batchInferenceJobArn": None, "numResults": None,
    "failureReason": None, "solutionVersionArn": None, "filterArn": None, "roleArn": None,
    "batchInferenceJobMode": None, "creationDateTime": None, "lastUpdatedDateTime": None,
}  # fmt: skip


def set_keys(url):
    pairs = {key: f"value {i}" for i, (key, _) in enumerate(KEYS)}
    control(url, "job", "keys", *(f"{member}={json.dumps(pairs)}" for member, _ in PLACES))
    job = {"jobName": "raw", "status": "ACTIVE", **RAW}
    control(url, "raw", "raw", json.dumps({"batchInferenceJob": job}))


def read_tree(top):
    files = {}
    for path, _, names in os.walk(top, onerror=lambda error: (_ for _ in ()).throw(error)):
        for name in names:
            with open(os.path.join(path, name), encoding="utf-8", newline="") as file:
                files[os.path.relpath(os.path.join(path, name), top)] = file.read()
    return files


def check_keys(mount):
    for _, directory in PLACES:
        found = read_tree(f"{mount}/keys/{directory}")
        wanted = {name: f"value {i}\n" for i, (_, name) in enumerate(KEYS)}
        for name in wanted.keys() | found.keys():
            assert wanted.get(name) == found.get(name), f"{directory}/{name}: {found.get(name)}, not {wanted.get(name)}"
            with open(f"{mount}/keys/{directory}/{name}", encoding="utf-8") as file:
                assert file.read() == wanted[name]
    found = read_tree(f"{mount}/raw")
    del found["describe.json"]
    wanted = {name: "" if value is None else value + "\n" for name, value in RAW_FILES.items()}
    assert found == wanted, f"{set(found.items()) ^ set(wanted.items())}"
    print(f"{len(KEYS)} names")


# --- servers ----------------------------------------------------------------------------------------------------------


def serve(file, handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with open(file + ".new", "w", encoding="ascii") as new:
        new.write(f"http://127.0.0.1:{server.server_port}\n")
    os.rename(file + ".new", file)
    server.serve_forever()


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve_folder(file, folder):
    class Folder(Quiet):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with open(os.path.join(folder, asked["batchInferenceJobArn"].rsplit("/", 1)[1]), "rb") as body:
                self.answer(200, body.read())

    serve(file, Folder)


def serve_proxy(file, log):
    class Proxy(Quiet):
        def refuse(self):
            with open(log, "a", encoding="utf-8") as lines:
                lines.write(self.requestline + "\n")
            self.answer(502, b"")

        do_CONNECT = do_GET = do_POST = refuse

    serve(file, Proxy)


if __name__ == "__main__":
    {
        "strings": set_strings,
        "check-strings": check_strings,
        "keys": set_keys,
        "check-keys": check_keys,
        "serve": serve_folder,
        "proxy": serve_proxy,
    }[sys.argv[1]](*sys.argv[2:])
