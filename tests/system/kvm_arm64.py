#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: check
# budget: 420
"""
The kvm engine on an arm64 host, cross-built (make cross-arm64), on a real KVM in software: kvm_arm64.py CASE. One outer
machine serves all tests of a case, which are reported one by one as TAP.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

from guest import need
from kvm_rig import Rig, reboot, shell_from_disk
from outer import main_of


def hello(rig):
    out = rig.outer.run(" ".join(rig.program) + " run --timeout 60 -c 2 hello </dev/null")
    need("All is well: 2 vCPU(s) greeted" in out, f"hello said {out!r}")


def one_gic_here(rig):
    status, out = rig.outer.shell.run(" ".join(rig.program) + " run --irqchip gicv2 hello </dev/null", check=False)
    need(status == 1 and "gicv2" in out, f"a GICv2 that this host cannot give: status {status}, {out!r}")


CHECK = [
    ("hello greets from two vCPUs, with timer interrupts, and powers off", hello),
    ("a GICv2 where the host has none is refused by name", one_gic_here),
    ("two CPUs: a shell from a disk, checksum, network fetch, poweroff", lambda r: shell_from_disk(r, 2, None)),
    ("reboot boots again", lambda r: reboot(r, None)),
]


if __name__ == "__main__":
    main_of({"check": (lambda: Rig("arm64"), CHECK)})
