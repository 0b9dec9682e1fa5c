#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: gicv3 gicv2 costs jitter
# long: jitter_long
# budget: 300
"""
The bare image under a program of a few hundred lines instead of Linux (tests/bare): in and out of EL2, interrupts, cells;
what traps cost, in instructions, against Jailhouse's numbers; and what a cell's timer interrupt costs beside hostile neighbours.
bare_image.py CASE
"""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

import jitter as neighbours
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
                           "-smp", "3", "-m", "512", "-nographic", "-nic", "none", "-no-reboot", "-kernel", elf, *extra],
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


GROWTH = 5  # percent


def beside_hostile(version, longer):
    """The worst case of a victim's interrupts, in instructions of its own CPU, grows by GROWTH at most beside each hostile inmate."""
    alone = neighbours.measure(version, slice_us=10000)
    need(len(alone["whole"]) > 400, f"the victim had {len(alone['whole'])} interrupts alone")
    print(f"# GICv{version}, alone: {len(alone['whole'])} interrupts, acknowledge to injection {neighbours.summary(alone['inject'])}, "
          f"vector to return {neighbours.summary(alone['whole'])}")
    late = []
    for name, (starts, slice_us) in neighbours.HOSTILE.items():
        seen = neighbours.measure(version, name, starts, slice_us * longer)
        need(len(seen["whole"]) > 200, f"the victim had {len(seen['whole'])} interrupts beside {name}")
        grown = {kind: neighbours.growth(alone[kind], seen[kind]) for kind in seen}
        print(f"# beside {name}: {len(seen['whole'])} interrupts, {neighbours.summary(seen['inject'])} ({grown['inject']:+.1f} %), "
              f"{neighbours.summary(seen['whole'])} ({grown['whole']:+.1f} %)", flush=True)
        late += [f"{name} {kind} {percent:+.1f} %" for kind, percent in grown.items() if percent > GROWTH]
    need(not late, f"the worst case grows by more than {GROWTH} %: {', '.join(late)}")


def jitter():
    beside_hostile(3, 1)


def jitter_long():
    beside_hostile(3, 3)
    beside_hostile(2, 3)


if __name__ == "__main__":
    main_of(globals())
