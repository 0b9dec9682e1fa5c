# SPDX-License-Identifier: BSD-2-Clause
"""
What the kvm engine's tests of all architectures have in common: an outer machine (outer.py) that holds the program under
test, a kernel, an initrd, a disk to go on from and something to fetch; and the cases themselves.
"""

import hashlib
import os
import random
import shlex
import subprocess

import vmm
from guest import need
from image import cache, file_hash, image, made, tool
from outer import Arm64, Inner, Outer, Riscv64, Riscv64Aia, Skip, X86, need_engine
from vmm import TOP, cella_binary

MODULES = "virtio_mmio virtio_pci virtio_blk virtio_net virtio_rng virtio_console ext4".split()
DISK_MIB, DATA_MIB = 32, 6
RIG_INIT = """#!/bin/busybox sh
export HOME=/ PS1='~ # '
dmesg -n 5
exec setsid cttyhack sh
"""
UDHCPC = """#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add $ip/${mask:-24} dev $interface
for r in $router; do ip route add default via $r; break; done
"""


class Kind:
    """One architecture: the outer machine, and what its inner guests boot."""

    def __init__(self, outer, arch, spec, busybox, append, machine, modules=()):
        self.outer, self.arch, self.spec, self.busybox, self.append = outer, arch, spec, busybox, append
        self.machine, self.modules = machine, [*MODULES, *modules]

    def cella(self):
        """(program, folders with its libraries): this machine's, or a cross build that $CELLA_arch may name."""
        if os.uname().machine in (self.arch, {"amd64": "x86_64", "arm64": "aarch64"}.get(self.arch)):
            return cella_binary(), ()
        build = os.path.join(TOP, f"build-{self.outer.host}")
        program = os.environ.get("CELLA_" + self.outer.host.replace("-", "_").upper(), os.path.join(build, "cella"))
        if not os.access(program, os.X_OK):
            raise Skip(f"{program} is not built: make cross-{self.outer.host}")
        return program, (os.path.join(build, "sysroot"),)


RISCV64 = "riscv64", "riscv64/13", "busybox-static:riscv64/trixie", "console=ttyS0 quiet panic=-1", "virt-riscv64"
KINDS = {
    "x86-64": Kind(X86, "amd64", "cloud-amd64/12", "busybox-static:amd64/bookworm",
                   "console=ttyS0 nokaslr quiet panic=-1 tsc=reliable", "pc", ["vmw_vsock_virtio_transport"]),
    "arm64": Kind(Arm64, "arm64", "arm64/12", "busybox-static:arm64/bookworm", "console=ttyAMA0 nokaslr quiet panic=-1",
                  "virt-arm64"),
    "riscv64": Kind(Riscv64, *RISCV64),
    "riscv64 with AIA": Kind(Riscv64Aia, *RISCV64),
}


def root_disk(kind):
    """An ext4 disk that a guest goes on from: busybox, and a file whose checksum is known. Returns (path, checksum)."""
    data = random.Random(7).randbytes(DATA_MIB << 20)
    package = tool("tools/debfetch", "path", kind.busybox)
    busybox = next(p for p in (package + "/bin/busybox", package + "/usr/bin/busybox") if os.path.exists(p))
    key = hashlib.sha256((file_hash(busybox) + RIG_INIT + UDHCPC + str((DISK_MIB, DATA_MIB))).encode()).hexdigest()[:12]
    path = cache(f"root-{kind.arch}-{key}")

    def make():
        tree = path + ".tree"
        subprocess.run(["rm", "-rf", tree], check=True)
        for d in "bin proc sys dev tmp mnt etc".split():
            os.makedirs(os.path.join(tree, d))
        subprocess.run(["cp", busybox, tree + "/bin/busybox"], check=True)
        for name in "sh mount umount cat cp rm dd sync sha256sum ip udhcpc wget dmesg poweroff reboot grep readlink seq sort \
                sleep setsid cttyhack echo test ls touch time".split():
            os.symlink("busybox", f"{tree}/bin/{name}")
        for name, text in (("rig-init", RIG_INIT), ("etc/udhcpc", UDHCPC)):
            with open(f"{tree}/{name}", "w", encoding="ascii") as f:
                f.write(text)
            os.chmod(f"{tree}/{name}", 0o755)
        with open(tree + "/given", "wb") as f:
            f.write(data)
        env = {**os.environ, "PATH": os.environ["PATH"] + ":/sbin:/usr/sbin"}
        done = subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, path + ".new", f"{DISK_MIB}M"], env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise Skip(f"mke2fs: {done.stdout.strip()}")
        subprocess.run(["rm", "-rf", tree], check=True)
        os.rename(path + ".new", path)

    return made(path, make), hashlib.sha256(data).hexdigest()


class Rig:
    """The outer machine with all that its inner guests need. VMM=qemu puts QEMU there, on x86-64."""

    added = ()  # files for the inner guests' initrd

    def __init__(self, host, outer=None):
        self.kind = kind = KINDS[host]
        qemu = vmm.chosen() is vmm.qemu
        if qemu and host != "x86-64":
            raise Skip("QEMU as the inner machine is for x86-64 hosts only")
        program, libs = (None, ()) if qemu else kind.cella()
        if program and not libs:
            need_engine("kvm", kind.machine)
        kernel, initrd = image(kind.spec, kind.modules, self.added, name="inner-" + host)
        self.host_kernel = kernel
        disk, self.disk_sum = root_disk(kind)
        self.outer = outer = Outer(outer or kind.outer)
        try:
            self.kernel, self.initrd = outer.put(kernel), outer.put(initrd)
            self.disk = outer.put(disk, "root.ext4")
            self.build = vmm.qemu_x86 if qemu else vmm.cella
            if qemu:
                self.program = outer.install("/usr/bin/qemu-system-x86_64").split()
                subprocess.run(["cp", "-rL", "/usr/share/qemu", "/usr/share/seabios", outer.share], check=True)
                self.program += ["-L", "/host/qemu", "-L", "/host/seabios"]
            else:
                self.program = outer.install(program, libs).split()
            self.serve()
        except BaseException:
            outer.close()
            raise

    def serve(self):
        """What guests fetch comes from the outer machine: the user network's 10.0.2.2 is its loopback."""
        data = random.Random(8).randbytes(2 << 20)
        with open(os.path.join(self.outer.share, "fetch"), "wb") as f:
            f.write(data)
        self.fetch_sum = hashlib.sha256(data).hexdigest()
        self.outer.run("ip link set lo up; mkdir /srv; cp /host/fetch /srv; httpd -p 127.0.0.1:8000 -h /srv; httpd -p 8001 -h /srv")

    def close(self):
        self.outer.close()

    def command(self, append="", mem="256M", **options):
        argv = self.build(self.kernel, self.initrd, f"{self.kind.append} {append}".strip(), mem=mem, program=self.program,
                          **options)
        return " ".join(shlex.quote(a) for a in argv)

    def guest(self, append="", boot_timeout=150, **options):
        return Inner(self.outer, self.command(append, **options), boot_timeout)


def first_guest(out, stay=False):
    """A 64 KiB ELF with a PVH note that ends the machine at its first instructions, or stays."""
    subprocess.run(["gcc", "-nostdlib", "-static", *(["-DSTAY"] if stay else []), "-o", out, "-Wl,-N,-w,--build-id=none,-Ttext=0x100000"
                    ",--section-start=.note.Xen=0x120000", os.path.join(TOP, "bench", "kvm_guest", "first.S")], check=True,
                   stderr=subprocess.DEVNULL)


# ---- cases ----


def shell_from_disk(rig, cpus, transport, check=None, append="", **options):
    with rig.guest(f"rig.root=/dev/vda {append}", cpus=cpus, disks=[vmm.Disk(rig.disk)], net=True, transport=transport, **options) as g:
        online = g.run("grep -c ^processor /proc/cpuinfo").strip()
        need(online == str(cpus), f"{online} of {cpus} CPUs are online")
        need("/dev/vda / ext4" in g.run("cat /proc/mounts"), "the shell does not run from the disk")
        on_pci = "pci" in g.run("readlink -f /sys/block/vda")
        need(on_pci == (transport or "mmio").startswith("pci"), f"the disk is not on {transport}")
        need(rig.disk_sum in g.run("sha256sum /given", 90), "the given file reads differently")
        g.run("cat /given /given >/copy; sync; echo 3 >/proc/sys/vm/drop_caches")
        want = hashlib.sha256(random.Random(7).randbytes(DATA_MIB << 20) * 2).hexdigest()
        need(want in g.run("sha256sum /copy; rm /copy", 90), "the copy reads differently")
        g.run("ip link set lo up; ip link set eth0 up; udhcpc -i eth0 -n -q -t 5 -s /etc/udhcpc", 60)
        got = g.run("wget -q -O - http://10.0.2.2:8000/fetch | sha256sum", 90)
        need(rig.fetch_sum in got, "the guest fetched other data")
        if check:
            check(g)
        g.run("mount -o remount,ro /")
        g.power_off()


def reboot(rig, transport="pci"):
    with rig.guest(cpus=2, transport=transport, reboot=True) as g:
        g.run("touch /tmp/first-life")
        g.console.sendline("reboot -f")
        g.console.expect("BusyBox v", 150)
        g.prompt(10)
        need(g.status("test -e /tmp/first-life") != 0, "the guest's memory outlived the reboot")
        need(g.run("grep -c ^processor /proc/cpuinfo").strip() == "2", "a CPU did not come back")
        g.power_off()


def reboot_ends(rig, transport="pci"):
    with rig.guest(transport=transport, reboot=False) as g:
        g.power_off("reboot -f")
