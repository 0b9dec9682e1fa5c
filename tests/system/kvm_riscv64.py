#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: check
# long: aia
# budget: 600
"""
The kvm engine on a riscv64 host, cross-built (make cross-riscv64), on a real KVM in software: kvm_riscv64.py CASE. One outer
machine serves all tests of a case, which are reported one by one as TAP.
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

from guest import need
from kvm_rig import Rig, reboot, shell_from_disk
from outer import main_of
from vmm import Disk


def over_mmio(rig):
    """What the kernel prints before it finds the UART comes by the firmware's console."""

    def early(g):
        need("bootconsole [sbi0] enabled" in g.console.text[g.start:], "nothing was printed by the firmware's console")

    shell_from_disk(rig, 1, "mmio", early, "loglevel=7 earlycon=sbi")


CHECK = [
    ("two CPUs over PCI: a shell from a disk, checksum, network fetch, poweroff", lambda r: shell_from_disk(r, 2, "pci")),
    ("one CPU over MMIO, the firmware's console: a shell from a disk, checksum, network fetch, poweroff", over_mmio),
    ("reboot boots again over PCI", lambda r: reboot(r, "pci")),
]


def messages(g):
    """The disk's interrupts are messages to IMSICs, the UART's line arrives at the APLIC; both do arrive."""
    g.run("cat /given >/dev/null")
    seen = g.run("cat /proc/interrupts")
    need(re.search(r":.* [1-9]\d* .*PCI-MSIX.*virtio0-req", seen), f"no message of the disk came:\n{seen}")
    need(re.search(r":.* [1-9]\d* .*APLIC-MSI.*ttyS0", seen), f"no interrupt of the UART came:\n{seen}")


def over_imsics(rig):
    with rig.guest("rig.root=/dev/vda", cpus=2, disks=[Disk(rig.disk)], transport="pci", reboot=True) as g:
        need(g.run("grep -c ^processor /proc/cpuinfo").strip() == "2", "a CPU is missing")
        need(rig.disk_sum in g.run("sha256sum /given", 90), "the given file reads differently")
        messages(g)
        g.console.sendline("reboot -f")
        g.console.expect("BusyBox v", 150)
        g.prompt(10)
        need(g.run("grep -c ^processor /proc/cpuinfo").strip() == "2", "a CPU did not come back")
        messages(g)
        g.run("mount -o remount,ro /")
        g.power_off()


def plic_on_demand(rig):
    with rig.guest(irqchip="plic") as g:
        need("PLIC" in g.run("cat /proc/interrupts"), "there is no PLIC")
        g.power_off()


AIA = [
    ("two CPUs over PCI with an AIA: interrupts by message, and again after a reboot", over_imsics),
    ("--irqchip plic gives a PLIC on such a host", plic_on_demand),
]


if __name__ == "__main__":
    main_of({"check": (lambda: Rig("riscv64"), CHECK), "aia": (lambda: Rig("riscv64 with AIA"), AIA)})
