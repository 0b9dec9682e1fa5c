#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: gicv3 gicv2 costs
# budget: 90
"""
The bare image under a program of a few hundred lines instead of Linux (tests/bare): in and out of EL2, interrupts, cells;
and what traps cost, in instructions, against Jailhouse's numbers.
bare_image.py CASE
"""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

import vmm
from guest import Skip, main_of, need


LIMITS = {"null_hypercall": 139, "trapped_smc": 137, "gicd_read": 267}


def run(version, *extra):
    elf = os.path.join(os.path.dirname(vmm.cella_binary()), "bare", "harness.elf")
    if not os.access(elf, os.R_OK):
        raise Skip(f"{elf} is not built")
    if not shutil.which("qemu-system-aarch64"):
        raise Skip("no qemu-system-aarch64 (package qemu-system-arm)")
    done = subprocess.run(["qemu-system-aarch64", "-M", f"virt,virtualization=on,gic-version={version}", "-cpu", "cortex-a57",
                           "-smp", "2", "-m", "512", "-nographic", "-nic", "none", "-no-reboot", "-kernel", elf, *extra],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=80)
    lines = done.stdout.strip().split("\n")
    need(lines[-1] == "ok", f"the harness says:\n{done.stdout}")
    return lines


def gicv3():
    run(3)


def gicv2():
    run(2)


def costs():
    seen = {}
    for line in run(3, "-icount", "shift=0,sleep=off"):
        if line.startswith("cost "):
            seen[line.split()[1]] = int(line.split()[2], 16)
    print(seen)
    need(seen.keys() == LIMITS.keys(), f"costs of {sorted(seen)} only")
    for name, limit in LIMITS.items():
        need(seen[name] <= limit, f"{name}: {seen[name]} instructions, more than {limit}")


if __name__ == "__main__":
    main_of(globals())
