#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: rows_name_tests_that_exist rows_name_options_that_exist all_of_kvmtool_has_a_row version
"""docs/kvmtool.md against the repository and the program: kvmtool.py CASE"""

import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests/system/rig"), os.path.join(TOP, "tests/system")]
sys.dont_write_bytecode = True

from guest import Skip, main_of, need
from vmm import cella_binary

# What lkvm's help lists, in the order of its sources: builtin-run.c, kvm-config-arch.h of each architecture, kvm-cmd.c.
OPTIONS = """name cpus mem disk balloon vnc gtk sdl rng nodefaults 9p console vsock dev tty sandbox hugetlbfs virtio-legacy
virtio-transport loglevel kernel initrd params firmware flash network no-dhcp vfio-pci debug debug-single-step debug-ioport
debug-mmio debug-iodelay debug-nohostfs vidmode aarch32 pmu disable-mte kaslr-seed no-pvtime sve-max-vl nested e2h0 dump-dtb irqchip
force-pci firmware-address custom-mvendorid custom-marchid custom-mimpid""".split()
COMMANDS = "run setup pause resume list debug balloon stop stat sandbox help version".split()


def rows():
    """(what lkvm takes, Cella's, yes or no, tests) of each row."""
    with open(os.path.join(TOP, "docs", "kvmtool.md"), encoding="utf-8") as f:
        for line in f:
            cells = [c.strip() for c in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
            if cells and cells[0].startswith("`"):
                need(len(cells) == 4 and cells[2] in ("yes", "no"), f"no row: {line}")
                yield cells


def test_exists(name):
    program, _, case = name.partition(" ")
    if program.endswith(".py"):
        for folder in ("tests/system", "tests/tools"):
            path = os.path.join(TOP, folder, program)
            if os.path.exists(path):
                with open(path, encoding="utf-8") as f:
                    return case in " ".join(re.findall(r"^# (?:cases|long):(.*)$", f.read(), re.M)).split()
        return False
    return not case and any(os.path.exists(os.path.join(TOP, folder, program + ".c")) for folder in ("tests/unit", "tests/dev"))


def rows_name_tests_that_exist():
    need(not test_exists("linux.py nothing") and not test_exists("nothing") and not test_exists("nothing.py x"), "anything exists")
    for theirs, _, there, test in rows():
        names = re.findall(r"`([^`]*)`", test)
        need(bool(names) == (there == "yes"), f"{theirs}: a test is named if and only if it is there")
        for name in names:
            need(test_exists(name), f"{theirs}: there is no test '{name}'")


def program(*argv):
    if not os.access(cella_binary(), os.X_OK):
        raise Skip(f"{cella_binary()} is not built")
    done = subprocess.run([cella_binary(), *argv], capture_output=True, text=True, timeout=30, check=False)
    need(done.returncode == 0, f"{argv}: {done}")
    return done.stdout


def rows_name_options_that_exist():
    known = set(re.findall(r"--[a-z0-9-]+", program("run", "--help") + program("help")))
    commands = set(re.findall(r"^\s+cella ([a-z]+) ", program("help"), re.M))
    for theirs, ours, there, _ in rows():
        if there == "no":
            continue
        for option in re.findall(r"--[a-z0-9-]+", ours):
            need(option in known or "debug" in ours, f"{theirs}: there is no {option}")
        for command in re.findall(r"`cella ([a-z]+)", ours):
            need(command in commands, f"{theirs}: there is no command {command}")


def all_of_kvmtool_has_a_row():
    text = " ".join(r[0] for r in rows())
    for option in OPTIONS:
        need(re.search(rf"--{re.escape(option)}(?![a-z0-9-])", text), f"--{option} has no row")
    for command in COMMANDS:
        need(re.search(rf"`{command}[ `]", text), f"{command} has no row")


def version():
    need(re.match(r"cella \d", program("version")), "no version")


if __name__ == "__main__":
    main_of(globals())
