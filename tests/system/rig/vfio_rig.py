# SPDX-License-Identifier: BSD-2-Clause
"""
A device of the outer machine, passed on to a guest: QEMU emulates an IOMMU that remaps interrupts and a spare network card
behind it, the outer kernel gives that to vfio-pci, and the guest drives it.
"""

import shlex

import vmm
from guest import need
from image import image
from kvm_rig import KINDS
from outer import Inner, Outer, X86, need_engine

NIC = "0000:00:06.0"
OUTER_MODULES = "vfio_iommu_type1 vfio-pci e1000e".split()


class VfioRig:
    """The inner kernel is the ordinary one: the cloud flavour has no driver for the card."""

    def __init__(self):
        kind = KINDS["x86-64"]
        program, libs = kind.cella()
        need_engine("kvm", kind.machine)
        kernel, initrd = image("amd64/12", ["e1000e"], name="inner-vfio")
        self.outer = outer = Outer(X86, modules=OUTER_MODULES, append="intel_iommu=on", boot_timeout=150, extra=[
            "-device", "intel-iommu,intremap=on", "-netdev", "user,id=n1", "-device", "e1000e,netdev=n1,addr=6,romfile="])
        try:
            self.kernel, self.initrd = outer.put(kernel), outer.put(initrd)
            self.program = outer.install(program, libs).split()
        except BaseException:
            outer.close()
            raise

    def close(self):
        self.outer.close()

    def command(self, append=""):
        argv = vmm.cella(self.kernel, self.initrd, f"console=ttyS0 nokaslr quiet panic=-1 tsc=reliable {append}".strip(),
                         mem="256M", program=self.program, extra=["--vfio-pci", NIC])
        return " ".join(shlex.quote(a) for a in argv)

    def refused(self, *names):
        said = self.outer.run(f"{self.command()} </dev/null 2>&1 | tail -n 1; true")
        for name in names:
            need(name in said, f"{name!r} is not named in: {said}")


def bound_device_is_named(rig):
    """The host's own driver has it: the message says which and what to do, and doing that is how the guest gets it."""
    rig.refused(f"--vfio-pci {NIC}", "e1000e has it", "driver_override", "unbind")
    give(rig)


def give(rig):
    device = f"/sys/bus/pci/devices/{NIC}"
    rig.outer.run(f"echo vfio-pci >{device}/driver_override; echo {NIC} >{device}/driver/unbind; "
                  f"echo {NIC} >/sys/bus/pci/drivers_probe")
    need("vfio-pci" in rig.outer.run(f"readlink {device}/driver"), "the card is not vfio-pci's")


def guest_drives_the_card(rig, kind="MSI", vectors=3, append=""):
    """Traffic moves the counts of the card's interrupts: three MSI-X vectors, or the line."""
    give(rig)
    with Inner(rig.outer, rig.command(append), 300) as g:
        g.run("ip link set eth0 up", 60)
        g.run("ip addr add 10.0.2.15/24 dev eth0; sleep 3; ping -c 1 -W 20 10.0.2.2", 90)
        before = counted(g, kind)
        need(len(before) == vectors, f"not {vectors} interrupts but {before}")
        need(" 0% packet loss" in g.run("ping -c 5 -W 10 10.0.2.2", 120), "pings are lost")
        after = counted(g, kind)
        need(sum(after) >= sum(before) + 5, f"pings came without interrupts: {before}, then {after}")
        g.power_off()


def guest_drives_it_by_its_line(rig):
    guest_drives_the_card(rig, "IO-APIC", 1, "pci=nomsi")


def counted(g, kind):
    lines = [line.split() for line in g.run("cat /proc/interrupts").split("\n") if "eth0" in line and kind in line]
    return [int(words[1]) for words in lines]
