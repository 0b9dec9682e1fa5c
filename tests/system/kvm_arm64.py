#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: check gicv2
# long: gicv2_linux
# budget: 420
"""
The kvm engine on an arm64 host, cross-built (make cross-arm64), on a real KVM in software: kvm_arm64.py CASE. One outer
machine serves all tests of a case, which are reported one by one as TAP.
"""

import difflib
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

from guest import need
from kvm_rig import Rig, reboot, shell_from_disk
from outer import Arm64Gicv2, Skip, main_of
from vmm import TOP, cella_binary


def hello(rig):
    out = rig.outer.run(" ".join(rig.program) + " run --timeout 60 -c 2 hello </dev/null")
    need("All is well: 2 vCPU(s) greeted" in out, f"hello said {out!r}")


def refused(rig, gic, there):
    status, out = rig.outer.shell.run(" ".join(rig.program) + f" run --irqchip {gic} hello </dev/null", check=False)
    need(status == 1 and f"--irqchip {gic}: " in out and f"ask for {there}" in out,
         f"a {gic} that this host cannot give: status {status}, {out!r}")


def hello_gicv2(rig):
    for option in ("", "--irqchip gicv2", "--irqchip gicv2m"):
        out = rig.outer.run(" ".join(rig.program) + f" run --timeout 60 -c 2 {option} hello </dev/null")
        need("GICv2" in out and "All is well: 2 vCPU(s) greeted" in out, f"hello {option} said {out!r}")


# Lines that may differ: docs/kvm.md, "Device trees".
SEEDS = re.compile(r"^\s*(kaslr-seed|rng-seed) = ")


def tree(blob):
    text = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", blob], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [line for line in text.split("\n") if not SEEDS.match(line)]


def same_tree(rig):
    """--dump-dtb of the same machine by kvm, in the outer machine, and by dbt here."""
    if not shutil.which("dtc"):
        raise Skip("dtc is missing: run tools/deps check")
    if os.uname().machine != "x86_64":
        raise Skip("dbt runs on x86-64 hosts")
    what = "run -c 3 -m 300M --rng -p some=words --dump-dtb".split()
    rig.outer.run(" ".join(rig.program + what + ["/host/kvm.dtb", "-k", rig.kernel]))
    ours = os.path.join(rig.outer.share, "dbt.dtb")
    subprocess.run([cella_binary(), *what, ours, "--engine", "dbt", "-k", rig.host_kernel], check=True)
    diff = list(difflib.unified_diff(tree(ours), tree(os.path.join(rig.outer.share, "kvm.dtb")), "dbt", "kvm", lineterm="", n=0))
    need(not diff, "the trees differ:\n" + "\n".join(diff))


def over_its(rig):
    def check(g):
        need("ITS-" in g.run("cat /proc/interrupts"), "no interrupt comes by the ITS")
        need("armv8_pmuv3" in g.run("dmesg; ls /sys/bus/event_source/devices"), "there are no performance counters")

    shell_from_disk(rig, 2, "pci", check, extra=["--pmu"])


def unit(rig, name):
    build = os.path.join(TOP, "build" if os.uname().machine == "aarch64" else "build-arm64")
    binary = os.path.join(build, "test", name)
    if not os.access(binary, os.X_OK):
        raise Skip(f"{binary} is not built: make cross-arm64")
    text = rig.outer.run(rig.outer.install(binary, rig.kind.cella()[1]) + " 2>&1; echo status $?", 120)
    need("status 0" in text and "# skipped" not in text, text)


def over_gicv2m(rig):
    def check(g):
        lines = [line for line in g.run("cat /proc/interrupts").split("\n") if "virtio" in line]
        need(lines and all("MSI" in line for line in lines), f"interrupts come otherwise than by the GICv2m: {lines}")
        need(any(int(line.split()[1]) for line in lines), f"nothing came: {lines}")
        need("pmuv3" not in g.run("ls /sys/bus/event_source/devices"), "there are performance counters that nobody asked for")

    shell_from_disk(rig, 2, "pci", check)


CHECK = [
    ("hello greets from two vCPUs, with timer interrupts, and powers off", hello),
    ("a GICv2 where the host has none is refused by name", lambda r: refused(r, "gicv2", "gicv3")),
    ("the device tree is that of the dbt engine", same_tree),
    ("the kernel's GICv3 and ITS in a record", lambda r: unit(r, "kvm_gic")),
    ("two CPUs over PCI with an ITS: a shell from a disk, checksum, network fetch, poweroff; performance counters", over_its),
    ("reboot boots again over MMIO", lambda r: reboot(r, "mmio")),
]

GICV2 = [
    ("where the host has a GICv2, it is what guests get", hello_gicv2),
    ("a GICv3 where the host has none is refused by name", lambda r: refused(r, "gicv3", "gicv2")),
    ("the kernel's GICv2 in a record", lambda r: unit(r, "kvm_gic")),
]
GICV2_LINUX = [
    ("two CPUs over PCI with a GICv2m: a shell from a disk, checksum, network fetch, poweroff", over_gicv2m),
    ("reboot boots again over MMIO with a GICv2", lambda r: reboot(r, "mmio")),
]


if __name__ == "__main__":
    main_of({"check": (lambda: Rig("arm64"), CHECK), "gicv2": (lambda: Rig("arm64", Arm64Gicv2), GICV2),
             "gicv2_linux": (lambda: Rig("arm64", Arm64Gicv2), GICV2_LINUX)})
