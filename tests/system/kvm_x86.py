#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: check
# budget: 420
"""
The kvm engine and the pc machine on a real KVM, in software: kvm_x86.py CASE. One outer machine serves all tests of a
case, which are reported one by one as TAP.

VMM=qemu runs the same tests on QEMU inside the outer machine, which must pass them too.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

from kvm_rig import Rig, reboot, reboot_ends, shell_from_disk
from outer import main_of

CHECK = [
    ("one CPU over PCI: a shell from a disk, checksum, network fetch, poweroff", lambda r: shell_from_disk(r, 1, "pci")),
    ("two CPUs over PCI", lambda r: shell_from_disk(r, 2, "pci")),
    ("one CPU over MMIO", lambda r: shell_from_disk(r, 1, "mmio")),
    ("two CPUs over MMIO", lambda r: shell_from_disk(r, 2, "mmio")),
    ("reboot boots again", reboot),
    ("--no-reboot ends with status 0 at a reboot", reboot_ends),
]


if __name__ == "__main__":
    main_of({"check": (lambda: Rig("x86-64"), CHECK)})
