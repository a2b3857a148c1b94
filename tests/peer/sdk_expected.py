#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the mount must show of the service's own bytes: a second reading of the contract, from the raw answers alone.

  sdk_expected.py tree RAW OUT            each answer RAW/NAME as a tree of files OUT/NAME, all but describe.json
  sdk_expected.py describe.json RAW MOUNT…  compares describe.json of each job below MOUNT with RAW/NAME, token by token
"""

import decimal
import json
import os
import re
import sys
import time

TEXT, TIME, NUMBER, MAP = "text", "time", "number", "map"
# The documented members, by their path in the answer: where the mount has them, and what they are.
FIELDS = {
    "jobName": ("jobName", TEXT),
    "batchInferenceJobArn": ("batchInferenceJobArn", TEXT),
    "status": ("status", TEXT),
    "numResults": ("numResults", NUMBER),
    "failureReason": ("failureReason", TEXT),
    "solutionVersionArn": ("solutionVersionArn", TEXT),
    "filterArn": ("filterArn", TEXT),
    "roleArn": ("roleArn", TEXT),
    "batchInferenceJobMode": ("batchInferenceJobMode", TEXT),
    "creationDateTime": ("creationDateTime", TIME),
    "lastUpdatedDateTime": ("lastUpdatedDateTime", TIME),
    "jobInput.s3DataSource.path": ("jobInput/path", TEXT),
    "jobInput.s3DataSource.kmsKeyArn": ("jobInput/kmsKeyArn", TEXT),
    "jobOutput.s3DataDestination.path": ("jobOutput/path", TEXT),
    "jobOutput.s3DataDestination.kmsKeyArn": ("jobOutput/kmsKeyArn", TEXT),
    "batchInferenceJobConfig.itemExplorationConfig": ("batchInferenceJobConfig/itemExplorationConfig", MAP),
    "batchInferenceJobConfig.rankingInfluence": ("batchInferenceJobConfig/rankingInfluence", MAP),
    "themeGenerationConfig.fieldsForThemeGeneration.itemName": (
        "themeGenerationConfig/fieldsForThemeGeneration/itemName",
        TEXT,
    ),
}
# Objects that are shown as another's directory.
ALIASES = {"jobInput.s3DataSource": "jobInput", "jobOutput.s3DataDestination": "jobOutput"}
NAME_MAX = 255


class Number(str):
    """A number's digits."""


class Members(list):
    """An object's (key, value) pairs, in order."""


def parse(text):
    return json.loads(text, parse_float=Number, parse_int=Number, object_pairs_hook=Members)


def is_control(c):
    return c < " " or "\x7f" <= c <= "\x9f"


def escape(text):
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\"}
    octal = lambda c: "".join(f"\\0{byte:03o}" for byte in c.encode())
    return "".join(short.get(c) or (octal(c) if is_control(c) else c) for c in text)


def instant(digits):
    ms = int(decimal.Decimal(digits) * 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03}Z"


def render(value, kind=None):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true\n" if value else "false\n"
    if isinstance(value, Number):
        return (instant(value) if kind == TIME else value) + "\n"
    return escape(value) + "\n"


def parts_of(key):
    """The key's characters, each as it stands in a name."""
    percent = lambda c: "".join(f"%{byte:02X}" for byte in c.encode())
    return [
        percent(c) if c in "/%" or is_control(c) or (c == "." and i == 0) else c for i, c in enumerate(key)
    ]


def cut(parts, most):
    taken = ""
    for part in parts:
        if len((taken + part).encode()) > most:
            break
        taken += part
    return taken


def name_for(key, taken):
    parts = parts_of(key) or ["%"]
    whole = "".join(parts)
    n = 2
    name = whole
    while len(name.encode()) > NAME_MAX or name in taken:
        name = cut(parts, NAME_MAX - len(f"%~{n}")) + f"%~{n}"
        n += 1
    return name


class Tree:
    def __init__(self):
        self.files = {}
        self.directories = {""}
        self.taken = {"": {"describe.json"}}
        for member, (path, kind) in FIELDS.items():
            while path:
                above, _, name = path.rpartition("/")
                self.taken.setdefault(above, set()).add(name)
                path = above
        for member, path in ALIASES.items():
            self.taken[path].add(member.rpartition(".")[2])
        for path, kind in FIELDS.values():
            if kind == MAP:
                self.directories.add(path)
            else:
                self.files[path] = ""

    def add(self, directory, key, value):
        taken = self.taken.setdefault(directory, set())
        name = name_for(key, taken)
        taken.add(name)
        path = f"{directory}/{name}".lstrip("/")
        if isinstance(value, list):
            self.directories.add(path)
            self.add_all(path, value)
        else:
            self.files[path] = render(value)

    def add_all(self, directory, value):
        if not isinstance(value, list):
            return
        for key, below in value if isinstance(value, Members) else enumerate(value):
            self.add(directory, str(key), below)

    def add_object(self, member, members):
        directory = ALIASES.get(member, member.replace(".", "/"))
        for key, value in members:
            below = f"{member}.{key}".lstrip(".")
            if "." in key:
                self.add(directory, key, value)
            elif below in FIELDS:
                path, kind = FIELDS[below]
                if kind == MAP:
                    self.add_all(path, value)
                else:
                    self.files[path] = render(value, kind)
            elif any(field.startswith(below + ".") for field in FIELDS):
                self.add_object(below, value or [])
            else:
                self.add(directory, key, value)

    def write(self, to):
        for directory in self.directories:
            os.makedirs(os.path.join(to, directory), exist_ok=True)
        for path, text in self.files.items():
            path = os.path.join(to, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(text.encode())


def job_of(raw):
    with open(raw, encoding="utf-8") as file:
        answer = dict(parse(file.read()))
    return answer["batchInferenceJob"]


def tree(raw, out):
    files = 0
    for name in os.listdir(raw):
        one = Tree()
        one.add_object("", job_of(os.path.join(raw, name)))
        one.write(os.path.join(out, name))
        files += len(one.files)
    print(f"{files} files of {len(os.listdir(raw))} jobs")


def pretty(tokens):
    """Tokens as describe.json lays them out: two spaces a level, one member a line, nothing in what is empty."""
    out, depth, before = "", 0, ""
    for token in tokens:
        if token in "}]":
            depth -= 1
            out += "" if before in "{[" else "\n" + "  " * depth
        elif before in ("{", "[", ","):
            out += "\n" + "  " * depth
        out += token + (" " if token == ":" else "")
        depth += token in "{["
        before = token
    return out + "\n"


def describe_json(raw, mount):
    compared = 0
    for name in os.listdir(raw):
        with open(os.path.join(mount, name, "describe.json"), encoding="utf-8") as file:
            text = file.read()
        tokens = re.findall(r'"(?:[^"\\]|\\.)*"|[][{}:,]|[^][{}:,"\s]+', text)
        if parse(text) != job_of(os.path.join(raw, name)):
            sys.exit(f"{name}: describe.json is not the answer's batchInferenceJob")
        if text != pretty(tokens):
            sys.exit(f"{name}: describe.json is not laid out as documented")
        compared += len(tokens)
    print(f"{compared} tokens")


if __name__ == "__main__":
    {"tree": tree, "describe.json": describe_json}[sys.argv[1]](*sys.argv[2:])
