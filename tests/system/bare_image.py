#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: gicv3 gicv2
# budget: 90
"""
The bare image under a program of a few hundred lines instead of Linux (tests/bare): in and out of EL2, interrupts, cells.
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


def run(version):
    elf = os.path.join(os.path.dirname(vmm.cella_binary()), "bare", "harness.elf")
    if not os.access(elf, os.R_OK):
        raise Skip(f"{elf} is not built")
    if not shutil.which("qemu-system-aarch64"):
        raise Skip("no qemu-system-aarch64 (package qemu-system-arm)")
    done = subprocess.run(["qemu-system-aarch64", "-M", f"virt,virtualization=on,gic-version={version}", "-cpu", "cortex-a57",
                           "-smp", "2", "-m", "512", "-nographic", "-nic", "none", "-no-reboot", "-kernel", elf],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=80)
    lines = done.stdout.strip().split("\n")
    need(lines[-1] == "ok", f"the harness says:\n{done.stdout}")


def gicv3():
    run(3)


def gicv2():
    run(2)


main_of(globals())
