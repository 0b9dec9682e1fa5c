#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Compares two kernel logs as `dmesg -r` prints them: dmesg_diff.py TESTED CONTROL

Prints each line of TESTED of level warning or worse that CONTROL lacks, and exits 1 if there is one. Time
stamps, addresses and counts do not make two lines differ.
"""

import re
import sys

LINE = re.compile(r"^<(\d+)>\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?(.*)$")
WARNING = 4


def normal(text):
    text = re.sub(r"0x[0-9a-f]+|\b[0-9a-f]{8,16}\b", "ADDR", text, flags=re.I)
    return re.sub(r"\d+", "N", text).strip()


def warnings(log):
    """[(level, text)] of the lines of level warning or worse."""
    out = []
    for line in log.split("\n"):
        m = LINE.match(line.rstrip("\r"))
        if m and int(m.group(1)) & 7 <= WARNING:
            out.append((int(m.group(1)) & 7, m.group(2)))
    return out


def only_in(tested, control):
    known = {normal(text) for _, text in warnings(control)}
    return [(level, text) for level, text in warnings(tested) if normal(text) not in known]


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: dmesg_diff.py TESTED CONTROL")
    logs = []
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8", errors="replace") as f:
            logs.append(f.read())
    extra = only_in(*logs)
    for level, text in extra:
        print(f"<{level}> {text}")
    sys.exit(1 if extra else 0)


if __name__ == "__main__":
    main()
