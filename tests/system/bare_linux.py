#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: second_linux_starts_its_init
# budget: 240
"""A Debian kernel as a cell, beside the one that is the root: bare_linux.py CASE"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

from bare_arm64 import Bare
from guest import main_of, need
from image import image

WORDS = "earlycon=pl011,mmio32,0x09000000 keep_bootcon console=none loglevel=8 panic=-1"


def second_linux_starts_its_init():
    """On two CPUs, up to its shell, which ends for want of a console: the panic's reset ends the cell and nothing else."""
    kernel, initrd = image("arm64/12", [], name="bare-linux")
    rig = Bare(put=[kernel, initrd])
    console = rig.outer.console
    try:
        rig.enable()
        pool = rig.pool_used()
        rig.cell(f"linux -i /cella/initrd.gz -c '{WORDS}' /cella/linux.toml /cella/linux", 90)
        console.expect("SMP: Total of 2 processors activated", 60)
        console.expect("Run /init as init process", 120)
        console.expect("Attempted to kill init", 60)
        console.sendline("")
        for _ in range(20):
            if rig.state("linux") == "shut down":
                break
            rig.run("sleep 1")
        need(rig.state("linux") == "shut down", f"the cell is {rig.state('linux')}")
        rig.cell("destroy linux")
        need(rig.pool_used() == pool, f"{rig.pool_used()} pages of the pool are used, {pool} were before")
        need(rig.run("cat /sys/devices/system/cpu/online").strip() == "0-3", "its CPUs didn't come back")
        rig.disable()
    finally:
        rig.close()


main_of(globals())
