# SPDX-License-Identifier: MIT
"""dumpable.py PID TEXT...: prints each place in PID's own memory that a core dump would hold and where a text is.

Memory that is kept out of dumps (MADV_DONTDUMP) has the flag "dd" in /proc/PID/smaps. Needs root.
"""

import re
import sys


def mappings(pid):
    """The range, the name and the flags of each mapping."""
    mapping = None
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as smaps:
        for line in smaps:
            head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)", line)
            if head:
                mapping = int(head[1], 16), int(head[2], 16), head[4] or "anonymous memory"
            elif line.startswith("VmFlags:"):
                yield *mapping, line.split()[1:]


def places(pid, texts):
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for begin, end, name, flags in mappings(pid):
            if not {"rd", "wr"} <= set(flags) or {"dd", "io"} & set(flags):
                continue
            try:
                memory.seek(begin)
                held = b""
                while len(held) < end - begin:
                    piece = memory.read(end - begin - len(held))
                    if not piece:
                        break
                    held += piece
            except OSError:  # the kernel's own ([vvar]), or gone meanwhile
                continue
            for text in texts:
                for found in re.finditer(re.escape(text), held):
                    around = held[max(0, found.start() - 40) : found.end() + 40]
                    yield f"{name} at {begin + found.start():#x}: {around!r}"


for place in places(int(sys.argv[1]), [text.encode() for text in sys.argv[2:]]):
    print(place)
