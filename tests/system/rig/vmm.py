# SPDX-License-Identifier: BSD-2-Clause
"""
The one place where system tests and benchmarks get a virtual machine's command line.

`cella` is what is tested: $CELLA, else build/cella. `qemu` is the control experiment: the same kernel, initrd,
command line, CPU model and devices (virtio-mmio, modern), so that a test that fails under both is a fault of the test,
and a kernel message that only one of them causes is told apart (dmesg_diff.py).
$VMM chooses which one the tests drive; $CELLA_DBT is handed to `cella run --dbt`.
"""

import os
import shutil

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


class Skip(Exception):
    """The test cannot run here; str() says why."""


class Disk:
    def __init__(self, path, mode="rw"):
        self.path, self.mode = path, mode  # mode: rw, ro, overlay


def cella_binary():
    return os.environ.get("CELLA", os.path.join(TOP, "build", "cella"))


def cella(kernel, initrd=None, append="", cpus=1, mem="1G", cpu=None, disks=(), net=False, publish=(),
          reboot=False, dbt=None, irqchip=None, rng=False, console="serial", transport=None, extra=(), program=()):
    """`publish` is pairs of (host port on 127.0.0.1, guest port); `program` is how an outer machine starts it."""
    if not program and not os.access(cella_binary(), os.X_OK):
        raise Skip(f"{cella_binary()} is not built")
    argv = [*(program or [cella_binary()]), "run", "-k", kernel]
    if initrd:
        argv += ["-i", initrd]
    argv += ["-c", str(cpus), "-m", mem, "-p", append]
    if cpu:
        argv += ["--cpu", cpu]
    if irqchip:
        argv += ["--irqchip", irqchip]
    if rng:
        argv += ["--rng"]
    if console != "serial":
        argv += ["--console", console]
    for d in disks:
        argv += ["-d", d.path + ("" if d.mode == "rw" else "," + d.mode)]
    if net:
        argv += ["-n", "user"]
    for host, guest in publish:
        argv += ["--publish", f"127.0.0.1:{host}:{guest}"]
    if transport:
        argv += ["--virtio-transport", transport]
    if not reboot:
        argv += ["--no-reboot"]
    dbt = dbt or os.environ.get("CELLA_DBT")
    if dbt:
        argv += ["--dbt", dbt]
    return argv + list(extra)


def qemu(kernel, initrd=None, append="", cpus=1, mem="1G", cpu=None, disks=(), net=False, publish=(),
         reboot=False, dbt=None, irqchip=None, rng=False, console="serial", extra=(),
         program=("qemu-system-aarch64",)):
    if not shutil.which(program[0]):
        raise Skip(f"{program[0]} is missing: run tools/deps check")
    if cpu == "max":
        cpu = "max,pauth-impdef=on"  # the architected algorithm costs QEMU most of its time
    gic = {None: 3, "gicv3": 3, "gicv2": 2}[irqchip]
    argv = list(program) + ["-M", f"virt,gic-version={gic}", "-accel", "tcg", "-cpu", cpu or "cortex-a72",
                            "-smp", str(cpus), "-m", mem, "-nic", "none", "-global", "virtio-mmio.force-legacy=false",
                            "-kernel", kernel]
    if console == "serial":
        argv += ["-nographic"]
    else:
        argv += ["-display", "none", "-serial", "none", "-monitor", "none", "-chardev", "stdio,id=c0,signal=off",
                 "-device", "virtio-serial-device", "-device", "virtconsole,chardev=c0"]
    if rng:
        argv += ["-device", "virtio-rng-device"]
    if initrd:
        argv += ["-initrd", initrd]
    argv += ["-append", append]
    for i, d in enumerate(disks):
        opt = {"rw": "", "ro": ",readonly=on", "overlay": ",snapshot=on"}[d.mode]
        argv += ["-drive", f"if=none,id=d{i},format=raw,file={d.path}{opt}", "-device", f"virtio-blk-device,drive=d{i}"]
    if net:
        fwd = "".join(f",hostfwd=tcp:127.0.0.1:{h}-:{g}" for h, g in publish)
        argv += ["-netdev", f"user,id=n0{fwd}", "-device", "virtio-net-device,netdev=n0"]
    if not reboot:
        argv += ["-no-reboot"]
    return argv + list(extra)


def qemu_x86(kernel, initrd=None, append="", cpus=1, mem="1G", disks=(), net=False, reboot=False, transport="pci", extra=(),
             program=("qemu-system-x86_64",)):
    """QEMU on KVM; over MMIO it is the microvm machine, which is the one that has that."""
    mmio = transport == "mmio"
    argv = [*program, "-M", "microvm,rtc=on" if mmio else "q35", "-accel", "kvm", "-cpu", "host", "-smp", str(cpus),
            "-m", mem, "-nodefaults", "-no-user-config", "-nic", "none", "-nographic", "-serial", "mon:stdio",
            "-kernel", kernel, "-append", append]
    if initrd:
        argv += ["-initrd", initrd]
    kind = "device" if mmio else "pci"
    for i, d in enumerate(disks):
        opt = {"rw": "", "ro": ",readonly=on", "overlay": ",snapshot=on"}[d.mode]
        argv += ["-drive", f"if=none,id=d{i},format=raw,file={d.path}{opt}", "-device", f"virtio-blk-{kind},drive=d{i}"]
    if net:
        argv += ["-netdev", "user,id=n0", "-device", f"virtio-net-{kind},netdev=n0" + ("" if mmio else ",romfile=")]
    if not reboot:
        argv += ["-no-reboot"]
    return argv + list(extra)


KINDS = {"cella": cella, "qemu": qemu}


def chosen():
    """The builder that the tests use."""
    name = os.environ.get("VMM", "cella")
    if name not in KINDS:
        raise SystemExit(f"VMM={name}: choose from {' '.join(KINDS)}")
    return KINDS[name]
