#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: check
# budget: 300
"""
The kvm engine and the pc machine on a real KVM, in software: kvm_x86.py CASE. One outer machine serves all tests of a
case, which are reported one by one as TAP.

VMM=qemu runs the same tests on QEMU inside the outer machine, which must pass them too.
"""

import hashlib
import os
import random
import shlex
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

import vmm
from guest import need
from image import cache, file_hash, image, made, tool
from outer import Inner, Outer, Skip, cella_binary, main_of, need_engine

MODULES = "virtio_mmio virtio_pci virtio_blk virtio_net virtio_rng virtio_console ext4".split()
APPEND = "console=ttyS0 nokaslr quiet panic=-1 tsc=reliable"
DISK_MIB, DATA_MIB = 32, 6
RIG_INIT = """#!/bin/busybox sh
export HOME=/ PS1='~ # '
dmesg -n 5
exec setsid cttyhack sh
"""


def root_disk():
    """An ext4 disk that a guest goes on from: busybox, and a file whose checksum is known. Returns (path, checksum)."""
    data = random.Random(7).randbytes(DATA_MIB << 20)
    busybox = tool("tools/debfetch", "path", "busybox-static:amd64/bookworm") + "/bin/busybox"
    key = hashlib.sha256((file_hash(busybox) + RIG_INIT + str(DISK_MIB)).encode()).hexdigest()[:12]
    path = cache("root-amd64-" + key)

    def make():
        tree = path + ".tree"
        subprocess.run(["rm", "-rf", tree], check=True)
        for d in "bin proc sys dev tmp mnt etc".split():
            os.makedirs(os.path.join(tree, d))
        subprocess.run(["cp", busybox, tree + "/bin/busybox"], check=True)
        names = subprocess.run([busybox, "--list"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        for name in names:
            if name != "busybox":
                os.symlink("busybox", f"{tree}/bin/{name}")
        for name, text in (("rig-init", RIG_INIT), ("etc/udhcpc", UDHCPC)):
            with open(f"{tree}/{name}", "w", encoding="ascii") as f:
                f.write(text)
            os.chmod(f"{tree}/{name}", 0o755)
        with open(tree + "/given", "wb") as f:
            f.write(data)
        env = {**os.environ, "PATH": os.environ["PATH"] + ":/sbin:/usr/sbin"}
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, path + ".new", f"{DISK_MIB}M"], check=True, env=env)
        subprocess.run(["rm", "-rf", tree], check=True)
        os.rename(path + ".new", path)

    return made(path, make), hashlib.sha256(data).hexdigest()


UDHCPC = """#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add $ip/${mask:-24} dev $interface
for r in $router; do ip route add default via $r; break; done
"""


class Rig:
    """The outer machine with the program under test, a kernel, an initrd and a root disk."""

    def __init__(self):
        if os.uname().machine != "x86_64":
            raise Skip("the outer machine takes an x86-64 host's cella")
        qemu = vmm.chosen() is vmm.qemu
        if not qemu:
            need_engine("kvm", "pc")
        self.outer = outer = Outer()
        kernel, initrd = image("cloud-amd64/12", MODULES, name="inner-x86-64")
        self.kernel, self.initrd = outer.put(kernel), outer.put(initrd)
        disk, self.disk_sum = root_disk()
        self.disk = outer.put(disk, "root.ext4")
        self.build = vmm.qemu_x86 if qemu else vmm.cella
        if qemu:
            self.program = outer.install("/usr/bin/qemu-system-x86_64").split()
            subprocess.run(["cp", "-rL", "/usr/share/qemu", "/usr/share/seabios", outer.share], check=True)
            self.program += ["-L", "/host/qemu", "-L", "/host/seabios"]
        else:
            self.program = outer.install(cella_binary()).split()
        # What guests fetch comes from the outer machine: the user network's 10.0.2.2 is its loopback.
        with open(os.path.join(outer.share, "fetch"), "wb") as f:
            data = random.Random(8).randbytes(4 << 20)
            f.write(data)
        self.fetch_sum = hashlib.sha256(data).hexdigest()
        outer.run("ip link set lo up; mkdir /srv; cp /host/fetch /srv; httpd -p 127.0.0.1:8000 -h /srv")

    def close(self):
        self.outer.close()

    def guest(self, append="", boot_timeout=120, **options):
        argv = self.build(self.kernel, self.initrd, f"{APPEND} {append}".strip(), mem="256M", program=self.program, **options)
        return Inner(self.outer, " ".join(shlex.quote(a) for a in argv), boot_timeout)


def shell_from_disk(rig, cpus, transport):
    with rig.guest("rig.root=/dev/vda", cpus=cpus, disks=[vmm.Disk(rig.disk)], net=True, transport=transport) as g:
        online = g.run("grep -c ^processor /proc/cpuinfo").strip()
        need(online == str(cpus), f"{online} of {cpus} CPUs are online")
        need("/dev/vda / ext4" in g.run("cat /proc/mounts"), "the shell does not run from the disk")
        on_pci = "pci" in g.run("readlink -f /sys/block/vda")
        need(on_pci == transport.startswith("pci"), f"the disk is not on {transport}")
        need(rig.disk_sum in g.run("sha256sum /given", 90), "the given file reads differently")
        g.run("cat /given /given >/copy; sync; echo 3 >/proc/sys/vm/drop_caches")
        want = hashlib.sha256(random.Random(7).randbytes(DATA_MIB << 20) * 2).hexdigest()
        need(want in g.run("sha256sum /copy; rm /copy", 90), "the copy reads differently")
        g.run("ip link set lo up; ip link set eth0 up; udhcpc -i eth0 -n -q -t 5 -s /etc/udhcpc", 60)
        got = g.run("wget -q -O - http://10.0.2.2:8000/fetch | sha256sum", 90)
        need(rig.fetch_sum in got, "the guest fetched other data")
        g.run("mount -o remount,ro /")
        g.power_off()


def reboot(rig):
    with rig.guest(cpus=2, transport="pci", reboot=True) as g:
        g.run("touch /tmp/first-life")
        g.console.sendline("reboot -f")
        g.console.expect("BusyBox v", 60)
        g.prompt(10)
        need(g.status("test -e /tmp/first-life") != 0, "the guest's memory outlived the reboot")
        need(g.run("grep -c ^processor /proc/cpuinfo").strip() == "2", "a CPU did not come back")
        g.power_off()


def reboot_ends(rig):
    with rig.guest(transport="pci", reboot=False) as g:
        g.power_off("reboot -f")


CHECK = [
    ("one CPU over PCI: a shell from a disk, checksum, network fetch, poweroff", lambda r: shell_from_disk(r, 1, "pci")),
    ("two CPUs over PCI", lambda r: shell_from_disk(r, 2, "pci")),
    ("one CPU over MMIO", lambda r: shell_from_disk(r, 1, "mmio")),
    ("two CPUs over MMIO", lambda r: shell_from_disk(r, 2, "mmio")),
    ("reboot boots again", reboot),
    ("--no-reboot ends with status 0 at a reboot", reboot_ends),
]


if __name__ == "__main__":
    main_of({"check": (Rig, CHECK)})
