#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: check
# budget: 420
"""
The kvm engine on a riscv64 host, cross-built (make cross-riscv64), on a real KVM in software: kvm_riscv64.py CASE. One outer
machine serves all tests of a case, which are reported one by one as TAP.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

from kvm_rig import Rig, reboot, shell_from_disk
from outer import main_of

CHECK = [
    ("two CPUs over PCI: a shell from a disk, checksum, network fetch, poweroff", lambda r: shell_from_disk(r, 2, "pci")),
    ("one CPU over MMIO: a shell from a disk, checksum, network fetch, poweroff", lambda r: shell_from_disk(r, 1, "mmio")),
    ("reboot boots again over PCI", lambda r: reboot(r, "pci")),
]


if __name__ == "__main__":
    main_of({"check": (lambda: Rig("riscv64"), CHECK)})
