# SPDX-License-Identifier: BSD-2-Clause
"""
A board for cells: QEMU emulates an arm64 machine with EL2 and no VHE, Debian's kernel boots on a part of its memory, and
cella.ko with build/cella-arm64.bin makes a partition of the rest. Bare is that machine with the driver, the command, the
image, inmates and configurations in /cella; System is what the root cell looks like from inside, to compare it before and after.
"""

import contextlib
import glob
import os
import re
import shutil
import struct
import subprocess
import tempfile
import time

from expect import SLOW, Console, Failed
from guest import BAD, need
from kmod import MODULES, kmod
from kvm_rig import KINDS
from outer import Arm64, Outer, Skip
from vmm import TOP

BUILD = os.environ.get("CELLA_BUILD", os.path.join(TOP, "build"))
IMAGE = "cella-arm64.bin"
CMDLINE = 0x1000  # in an inmate
LOG = "/tmp/cella.log"  # in the root: the engine's, which ends when it is disabled


class Board(Arm64):
    """One kind of outer machine: gic is "v3", "v3-its" or "v2"."""

    def __init__(self, release="12", gic="v3", icount=False):
        self.release, self.gic, self.icount = release, gic, icount
        self.spec = f"arm64/{release}"

    def argv(self, kernel, initrd, append, mem, cpus, extra):
        chip = {"v3": "gic-version=3,its=off", "v3-its": "gic-version=3", "v2": "gic-version=2"}[self.gic]
        counted = ["-icount", "shift=0,sleep=off"] if self.icount else []
        return ["qemu-system-aarch64", "-M", f"virt,virtualization=on,{chip}", "-cpu", "cortex-a57", "-smp", str(cpus), "-m", mem,
                *counted, "-nographic", "-no-reboot", "-nic", "none", "-kernel", kernel, "-initrd", initrd,
                "-append", f"console=ttyAMA0 panic=-1 nokaslr quiet mem=512M kvm-arm.mode=none {append}".strip(), *extra]


def build(*targets):
    """Makes what the board needs, unless whoever started us did: $CELLA_BUILT=1."""
    if os.environ.get("CELLA_BUILT") == "1":
        return
    for tool in ("aarch64-linux-gnu-gcc", "make"):
        if not shutil.which(tool):
            raise Skip(f"{tool} is missing: run tools/deps check")
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    done = subprocess.run(["make", "-s", *targets], cwd=TOP, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    if done.returncode:
        raise Failed(f"make {' '.join(targets)}: status {done.returncode}\n{done.stdout}")


@contextlib.contextmanager
def alone(gic, inmate, words="", icount=False):
    """The console of an inmate on the board without an engine, with the communication region that one would have made."""
    build("inmates")
    console = struct.pack("<QIHHIIQ", 0x9000000, 0x1000, 3, 1, 0, 0, 0)
    region = (b"JHCOMM" + struct.pack("<HIIII", 2, 0, 0, 0, 0) + console +
              struct.pack("<QB7xQQQI", 0, 2 if gic == "v2" else 3, 0x8000000, 0x8010000, 0x80A0000, 0))
    with open(f"{BUILD}/inmates/{inmate}.bin", "rb") as f:
        image = bytearray(f.read())
    image[CMDLINE:CMDLINE + len(words) + 1] = words.encode() + b"\0"
    with tempfile.TemporaryDirectory() as d:
        for name, data in (("image", image), ("comm", region)):
            with open(f"{d}/{name}", "wb") as f:
                f.write(data)
        argv = Board(gic=gic, icount=icount).argv("", "", "", "2048", 4, [])
        argv = argv[:argv.index("-kernel")] + ["-device", f"loader,file={d}/image,addr=0x48000000,cpu-num=0,force-raw=on",
                                                "-device", f"loader,file={d}/comm,addr=0x80000000,force-raw=on"]
        if not shutil.which(argv[0]):
            raise Skip(f"{argv[0]} is missing: install {Board.package}")
        with Console(argv) as c:
            yield c


class Bare:
    """The board at its shell, with everything in /cella and `cella` in the path. Not enabled."""

    def __init__(self, release="12", gic="v3", icount=False, cpus=4, append="", put=(), board=None, blobs=()):
        build("inmates", f"build/{IMAGE}")
        modules = [kmod(release, m) for m in MODULES]
        program, libs = KINDS["arm64"].cella()
        self.gic = gic
        self.config = "qemu-arm64-v2.toml" if gic == "v2" else "qemu-arm64.toml"
        self.outer = outer = Outer(board or Board(release, gic, icount), cpus=cpus, append=append, boot_timeout=120)
        try:
            files = [*modules, f"{BUILD}/{IMAGE}", *glob.glob(f"{BUILD}/inmates/*.bin"), *(f"{BUILD}/inmates/{n}" for n in ("cell_ioctl", "cell_start", "ivshmem_root")),
                     *glob.glob(f"{TOP}/configs/*.toml"), *put]
            os.makedirs(os.path.join(outer.share, "cella"))
            for f in files:
                if not os.path.exists(f):
                    raise Skip(f"{f} is not there")
                shutil.copy(f, os.path.join(outer.share, "cella"))
            for name, content in dict(blobs).items():
                with open(os.path.join(outer.share, "cella", name), "wb") as f:
                    f.write(content)
            command = outer.install(program, libs)
            outer.run(f"cp -r /host/cella /cella; cd /cella; printf '#!/bin/sh\\nexec {command} \"$@\"\\n' >/bin/cella; chmod 755 /bin/cella")
            # Warnings ("hrtimer: interrupt took") would run into what is read; healthy() looks for them in the kernel's log.
            outer.run("umount /host; dmesg -n 4")
        except BaseException:
            outer.close()
            raise

    def close(self):
        self.outer.close()

    def run(self, command, timeout=60):
        return self.outer.run(command, timeout)

    def status(self, command, timeout=60):
        """(status, output)"""
        return self.outer.shell.run(command, timeout, check=False)

    def cell(self, words, timeout=60):
        return self.run(f"cella cell {words}", timeout)

    def healthy(self):
        bad = BAD.search(self.outer.console.text) or BAD.search(self.run("dmesg"))
        if bad:
            self.outer.console.fail(f"the root printed {bad.group(0)!r}")

    # ---- the engine; all of this works whatever an earlier case left ----

    def enable(self, config=None):
        if self.enabled():
            self.disable()
        self.cell(f"enable --image /cella/{IMAGE} --module /cella/cella.ko /cella/{config or self.config}", 90)
        self.run(f"(cella cell console -f >{LOG} 2>&1 &)")

    def enabled(self):
        return self.status("grep -q 1 /sys/devices/cella/enabled")[0] == 0

    def disable(self):
        self.cell("disable", 90)

    def pool_used(self):
        return int(self.run("cat /sys/devices/cella/mem_pool_used"))

    def mark(self):
        """How much the engine and its cells have printed since it was enabled."""
        return int(self.run(f"wc -c <{LOG}"))

    def said(self, mark=0, lines=60):
        """What they have printed since, the last lines of it."""
        return self.run(f"tail -c +{mark + 1} {LOG} | tail -n {lines}")

    def count(self, words):
        return int(self.run(f"grep -c '{words}' {LOG}; true"))

    # ---- cells: NAME.toml of configs/ describes the cell NAME ----

    def toml(self, cell):
        return f"/cella/{cell}.toml"

    def start(self, cell, image=None, words=""):
        """Creates, loads and starts a cell."""
        self.cell(f"create {self.toml(cell)}")
        self.load(cell, image or cell, words)
        self.cell(f"start {cell}")

    def load(self, cell, image, words=""):
        self.cell(f"load {cell} /cella/{image}.bin" + (f" -s '{words}' -a 0x1000" if words else ""))

    def state(self, cell):
        for line in self.cell("list").split("\n"):
            found = re.match(rf"\d+ +{re.escape(cell)} +(\S.*?)(?:  |$)", line)
            if found:
                return found.group(1)
        raise Failed(f"no cell {cell} is listed")

    def says(self, cell, pattern, timeout=20, mark=0):
        """Waits until the log has the pattern behind the mark; returns the last match."""
        end = time.monotonic() + timeout * SLOW
        while True:
            said = self.said(mark)
            found = list(re.finditer(pattern, said))
            if found:
                return found[-1]
            if time.monotonic() > end:
                raise Failed(f"{cell} has not printed {pattern!r} within {timeout * SLOW:.0f} s but\n{said}")
            time.sleep(0.2)


class Shared:
    """The root's end of the network by shared memory (cella-net.ko), up and with an address; the other end has .2."""

    BDF = "0001:00:01.0"

    def __init__(self, rig):
        self.rig = rig
        rig.run("grep -q '^cella_net ' /proc/modules || insmod /cella/cella-net.ko")
        self.name = rig.run(f"ls /sys/bus/pci/devices/{self.BDF}/net").strip()
        rig.run(f"ip addr add 192.168.79.1/24 dev {self.name}; ip link set {self.name} up")

    def wait_carrier(self, on, timeout=20):
        end = time.monotonic() + timeout * SLOW
        while self.rig.status(f"cat /sys/class/net/{self.name}/carrier")[1].strip() != ("1" if on else "0"):
            need(time.monotonic() < end, f"the link is not {'up' if on else 'down'} within {timeout * SLOW:.0f} s")
            time.sleep(0.2)

    def pings(self, words="-c 3"):
        self.wait_carrier(True)
        said = self.rig.run(f"ping -W 5 {words} 192.168.79.2; true")
        need(re.search(r"(\d+) packets transmitted, \1 packets received", said), f"the other end does not answer:\n{said}")


class System:
    """What must be the same after `disable` as before `enable`."""

    def __init__(self, rig):
        self.cpus = rig.run("cat /sys/devices/system/cpu/online")
        self.memory = re.search(r"MemTotal: *(\d+)", rig.run("cat /proc/meminfo")).group(1)
        self.iomem = rig.run("cat /proc/iomem")
        self.irqs = [re.sub(r" +\d+(?= )", "", line.split(":")[0] + line.split(":", 1)[1]) for line in
                     rig.run("cat /proc/interrupts").split("\n") if ":" in line]
        self.affinities = rig.run("for i in /proc/irq/*/smp_affinity; do echo $i $(cat $i); done")

    def compare(self, other):
        for what in ("cpus", "memory", "iomem", "irqs", "affinities"):
            a, b = getattr(self, what), getattr(other, what)
            need(a == b, f"{what} changed:\n{a}\n--- and now\n{b}")
