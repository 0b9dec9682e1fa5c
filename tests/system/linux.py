#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: boot_d12_1cpu boot_d12_2cpu boot_d12_4cpu boot_d13_1cpu boot_d13_2cpu boot_d13_4cpu
# cases: boot_d12_8cpu boot_d12_64cpu boot_max boot_a57 boot_gicv2 boot_gicv2_1cpu boot_gz boot_8g
# cases: rng console reboot reboot_5_times stopped_while_busy dmesg_d12 dmesg_d13
# cases: disk_d12 disk_d13 disk_ext4 disk_readonly disk_overlay disk_survives_kill disk_survives_full net_d12 net_d13 publish
# cases: boot_d12_2cpu_tight boot_d12_4cpu_tight disk_tight net_tight idle
# long: boot_d12_3cpu boot_d12_5cpu boot_d12_6cpu boot_d12_7cpu boot_d12_16cpu boot_d12_32cpu boot_d13_8cpu boot_d13_64cpu
# long: dmesg_d12_a72_1cpu dmesg_d12_max_1cpu dmesg_d12_max_4cpu dmesg_d13_a72_1cpu dmesg_d13_max_1cpu dmesg_d13_max_4cpu
# long: boot_d12_1cpu_tight boot_d13_1cpu_tight boot_d13_2cpu_tight boot_d13_4cpu_tight reboot_loop
# budget: 420
# alone: idle
"""
Unmodified Debian kernels under the VMM: linux.py CASE

VMM=qemu runs the same tests on QEMU, which must pass them too. The _tight cases force a tiny code cache and register
pressure in the translator, so that eviction, relinking and spilling happen all the time.
"""

import hashlib
import http.server
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

import dmesg_diff
import vmm
from guest import Guest, installer, main_of, need, rig, small_tmpfs

MIB = 1 << 20
TIGHT = "tiny-cache,reg-pressure"


def boot(release, cpus, **options):
    kernel, initrd = installer(release)
    with Guest(kernel, initrd, rdinit="/bin/sh", cpus=cpus, **options) as g:
        g.run("mount -t proc proc /proc")
        online = g.run("grep -c ^processor /proc/cpuinfo").strip()
        need(online == str(cpus), f"{online} of {cpus} CPUs are online")
        need("aarch64" in g.run("uname -m"), "not an arm64 guest")
        # Some work on every CPU: pipes, fork, sort and a checksum known beforehand.
        text = "".join(f"{i}\n" for i in range(1, 5001)).encode()
        want = hashlib.sha256(text).hexdigest()
        for _ in range(cpus):
            got = g.run("seq 1 5000 | sort -r | sort -n | sha256sum", 60)
            need(want in got, f"checksum {got.strip()} instead of {want}")
        g.healthy()
        g.power_off()


def reboot():
    kernel, initrd = rig(12)
    with Guest(kernel, initrd, reboot=True, cpus=2) as g:
        g.run("touch /tmp/first-life")
        g.console.sendline("reboot -f")
        g.console.expect(r"Linux version", 60)
        g.prompt(60)
        need(g.status("test -e /tmp/first-life") != 0, "the guest's memory outlived the reboot")
        g.power_off()
    with Guest(kernel, initrd, reboot=False) as g:
        g.console.sendline("reboot -f")
        need(g.console.wait_exit(30) == 0, f"--no-reboot: status {g.console.status} after reboot -f")


def reboots(times, cpus):
    """reboot -f again and again, each life with its CPUs, a working clock and its memory."""
    kernel, initrd = rig(12)
    with Guest(kernel, initrd, reboot=True, cpus=cpus) as g:
        for _ in range(times):
            need(g.run("grep -c ^processor /proc/cpuinfo").strip() == str(cpus), "CPUs are missing")
            g.run("sleep 1; seq 1 2000 | sort -r >/tmp/x")
            g.console.sendline("reboot -f")
            g.console.expect(r"Linux version", 60)
            g.prompt(60)
        g.power_off()


def stopped_while_busy():
    """SIGTERM ends a machine whose CPUs are all at work: status 4, and soon."""
    kernel, initrd = rig(12)
    with Guest(kernel, initrd, cpus=4) as g:
        g.run("for i in 1 2 3 4; do (while :; do :; done) & done; sleep 1")
        os.kill(g.console.pid, 15)
        need(g.console.wait_exit(10) == 4 or vmm.chosen() is vmm.qemu, f"SIGTERM: status {g.console.status}")


def other_image(**options):
    """Debian's kernel with our initramfs on another CPU model, irqchip, memory size."""
    kernel, initrd = rig(12)
    with Guest(kernel, initrd, **options) as g:
        need("<ok>" in g.run("seq 1 3000 | sort -r | tail -n 1 | sed 's/^1$/<ok>/'"), "a pipe gave something else")
        total = int(re.search(r"MemTotal: *(\d+) kB", g.run("cat /proc/meminfo"))[1])
        if options.get("mem") == "8G":
            need(total > 7 << 20, f"the guest sees {total} kB of 8 GiB")
        g.power_off()


def boot_gz():
    kernel, initrd = rig(12)
    with tempfile.TemporaryDirectory() as d:
        packed = os.path.join(d, "Image.gz")
        with open(packed, "wb") as f:
            subprocess.run(["gzip", "-1c", kernel], stdout=f, check=True)
        with Guest(packed, initrd) as g:
            g.power_off()


def rng():
    kernel, initrd = rig(12)
    with Guest(kernel, initrd, rng=True) as g:
        need("virtio_rng" in g.run("cat /sys/class/misc/hw_random/rng_current"), "virtio-rng is not the guest's source")
        first, second = (checksum(g.run("dd if=/dev/hwrng bs=512 count=8 2>/dev/null | sha256sum")) for _ in "12")
        need(first != second, "the same random bytes came twice")
        g.power_off()


def console():
    """The shell on hvc0: 40 KB each way through virtio-console."""
    kernel, initrd = rig(12)
    with Guest(kernel, initrd, console="virtio") as g:
        text = g.run("seq 1 8000", 60)
        need(text.split() == [str(i) for i in range(1, 8001)], "lines were lost or changed on the way out")
        g.run("stty -echo")
        words = " ".join(str(i) for i in range(200))
        need(g.run(f"echo {words} | wc -w").strip() == "200", "words were lost on the way in")
        g.power_off()


def kernel_log(kind, release, cpu, cpus):
    kernel, initrd = installer(release)
    with Guest(kernel, initrd, rdinit="/bin/sh", cpus=cpus, cpu=cpu, vmm=kind) as g:
        g.run("mount -t proc proc /proc")
        log = g.run("dmesg -r", 60)
        g.power_off()
    return log


def dmesg(*what):
    tested = kernel_log(None, *what)
    need(len(tested.split("\n")) > 100, "the guest's kernel log is short")
    extra = dmesg_diff.only_in(tested, kernel_log(vmm.qemu, *what))
    if extra:  # what only a busy host causes ("hrtimer: interrupt took") doesn't come twice
        again = {dmesg_diff.normal(t) for _, t in dmesg_diff.warnings(kernel_log(None, *what))}
        extra = [(n, t) for n, t in extra if dmesg_diff.normal(t) in again]
    need(not extra, "warnings that QEMU's virt does not cause:\n" + "\n".join(f"  <{n}> {t}" for n, t in extra))


def blank(directory, mib):
    path = os.path.join(directory, "disk.img")
    with open(path, "wb") as f:
        f.truncate(mib * MIB)
    return path


def file_sum(path, length):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read(length)).hexdigest()


def checksum(text):
    """The SHA-256 in a command's output, where a kernel message may stand as well."""
    found = re.search(r"\b[0-9a-f]{64}\b", text)
    need(found, f"no checksum in {text!r}")
    return found.group(0)


def write_random(g, mib, timeout=90):
    """Writes random data to /dev/vda with a flush and returns its checksum as the guest sees it before."""
    g.run(f"dd if=/dev/urandom of=/tmp/r bs=1M count={mib}", timeout)
    want = checksum(g.run("sha256sum </tmp/r"))
    g.run("dd if=/tmp/r of=/dev/vda bs=64k conv=fsync", timeout)
    return want


def disk(release=12, **options):
    kernel, initrd = rig(release)
    with tempfile.TemporaryDirectory() as d:
        path = blank(d, 64)
        with Guest(kernel, initrd, disks=[vmm.Disk(path)], **options) as g:
            need(g.run("cat /sys/block/vda/size").strip() == str(64 * 2048), "the guest sees another size")
            want = write_random(g, 24)
            g.run("sync; echo 3 >/proc/sys/vm/drop_caches")
            got = checksum(g.run("dd if=/dev/vda bs=1M count=24 2>/dev/null | sha256sum", 90))
            need(got == want, "the guest reads back other data than it wrote")
            g.power_off()
        need(file_sum(path, 24 * MIB) == want, "the image holds other data than the guest wrote")


def disk_ext4():
    kernel, initrd = rig(12)
    with tempfile.TemporaryDirectory() as d:
        path = blank(d, 64)
        tree = os.path.join(d, "tree")
        os.mkdir(tree)
        data = random.Random(3).randbytes(5 * MIB)
        with open(os.path.join(tree, "given"), "wb") as f:
            f.write(data)
        env = {**os.environ, "PATH": os.environ["PATH"] + ":/sbin:/usr/sbin"}
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", tree, path], check=True, env=env)
        with Guest(kernel, initrd, disks=[vmm.Disk(path)], cpus=2) as g:
            g.run("mount -t ext4 /dev/vda /mnt")
            need(hashlib.sha256(data).hexdigest() in g.run("sha256sum /mnt/given"), "the given file reads differently")
            g.run("mkdir /mnt/many; for i in $(seq 1 200); do echo $i >/mnt/many/$i; done; cp /mnt/given /mnt/copy", 60)
            g.run("umount /mnt", 60)
            g.power_off()
        check = subprocess.run(["e2fsck", "-fn", path], capture_output=True, text=True, env=env)
        need(check.returncode == 0, "e2fsck is not content:\n" + check.stdout)
        subprocess.run(["debugfs", "-R", f"dump /copy {d}/copy", path], check=True, capture_output=True, env=env)
        with open(os.path.join(d, "copy"), "rb") as f:
            need(f.read() == data, "the copy that the guest made differs")


def disk_readonly():
    kernel, initrd = rig(12)
    with tempfile.TemporaryDirectory() as d:
        path = blank(d, 8)
        with Guest(kernel, initrd, disks=[vmm.Disk(path, "ro")]) as g:
            need(g.run("cat /sys/block/vda/ro").strip() == "1", "the guest takes the disk for writable")
            need(g.status("dd if=/dev/zero of=/dev/vda bs=4k count=1 conv=fsync") != 0, "a write succeeded")
            g.power_off()


def disk_overlay():
    kernel, initrd = rig(12)
    with tempfile.TemporaryDirectory() as d:
        path = blank(d, 32)
        before = file_sum(path, -1)
        with Guest(kernel, initrd, disks=[vmm.Disk(path, "overlay")]) as g:
            want = write_random(g, 8)
            g.run("sync; echo 3 >/proc/sys/vm/drop_caches")
            got = checksum(g.run("dd if=/dev/vda bs=1M count=8 2>/dev/null | sha256sum", 60))
            need(got == want, "the guest reads back other data than it wrote")
            zero = checksum(g.run("dd if=/dev/vda bs=1M skip=8 count=4 2>/dev/null | sha256sum", 60))
            need(zero == hashlib.sha256(bytes(4 * MIB)).hexdigest(), "what was not written shows something")
            g.power_off()
        need(file_sum(path, -1) == before, "an overlay changed the image below it")
        need(sorted(os.listdir(d)) == ["disk.img"], "an overlay left a file behind")


def disk_survives_kill():
    kernel, initrd = rig(12)
    with tempfile.TemporaryDirectory() as d:
        path = blank(d, 32)
        with Guest(kernel, initrd, disks=[vmm.Disk(path)]) as g:
            want = write_random(g, 8)
            os.kill(g.console.pid, 9)
            g.console.wait_exit(20)
        need(file_sum(path, 8 * MIB) == want, "a flushed write was lost by kill -9")


def disk_survives_full():
    """What a flush completed is there after the host's disk was full and the machine was killed; the rest failed."""
    kernel, initrd = rig(12)
    with small_tmpfs("16m") as d:
        path = blank(d, 64)
        with Guest(kernel, initrd, disks=[vmm.Disk(path)]) as g:
            want = write_random(g, 4)
            need(g.status("dd if=/dev/urandom of=/dev/vda bs=1M seek=8 count=32 conv=fsync", 90) != 0,
                 "32 MiB went to where 12 are free")
            os.kill(g.console.pid, 9)
            g.console.wait_exit(20)
        with Guest(kernel, initrd, disks=[vmm.Disk(path)]) as g:
            got = checksum(g.run("dd if=/dev/vda bs=1M count=4 2>/dev/null | sha256sum", 60))
            need(got == want, "a flushed write was lost")
            g.power_off()


class Quiet(http.server.BaseHTTPRequestHandler):
    data = b""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.data)))
        self.end_headers()
        self.wfile.write(self.data)

    def log_message(self, *args):
        pass


def net(release=12, **options):
    kernel, initrd = rig(release)
    Quiet.data = random.Random(4).randbytes(8 * MIB)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Guest(kernel, initrd, net=True, **options) as g:
        g.run("ip link set lo up; ip link set eth0 up; udhcpc -i eth0 -n -q -t 5 -s /etc/udhcpc", 60)
        port = server.server_address[1]
        got = checksum(g.run(f"wget -q -O - http://10.0.2.2:{port}/data | sha256sum", 90))
        need(got == hashlib.sha256(Quiet.data).hexdigest(), "the guest fetched other data")
        need("nameserver 10.0.2.3" in g.run("cat /etc/resolv.conf"), "DHCP gave no name server")
        g.power_off()
    server.shutdown()


def publish():
    kernel, initrd = rig(12)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with Guest(kernel, initrd, net=True, publish=[(port, 8080)]) as g:
        g.run("ip link set lo up; ip link set eth0 up; udhcpc -i eth0 -n -q -t 5 -s /etc/udhcpc", 60)
        g.run("(echo hello from the guest | nc -l -p 8080 >/dev/null) & sleep 1")
        with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
            s.settimeout(20)
            got = s.makefile("rb").readline()
        need(got == b"hello from the guest\n", f"a published port answered {got!r}")
        g.power_off()


def idle():
    """Under 3 % of one host core, 4 vCPUs at the prompt, over 30 s, a minute after it came."""
    kernel, initrd = installer(12)
    with Guest(kernel, initrd, rdinit="/bin/sh", cpus=4) as g:
        settled = time.monotonic() + 60
        while time.monotonic() < settled:
            g.console.pump(1)
        used, since = g.console.cpu_seconds(), time.monotonic()
        while time.monotonic() < since + 30:
            g.console.pump(1)
        percent = 100 * (g.console.cpu_seconds() - used) / (time.monotonic() - since)
        print(f"idle: {percent:.2f} % of a core")
        need(percent < 3 or vmm.chosen() is vmm.qemu, f"an idle guest uses {percent:.2f} % of a core, 3 allowed")
        g.power_off()


def cases():
    """The functions above, by the names in the header: boot_d12_4cpu_tight is boot(12, 4) with TIGHT."""
    tight = {"dbt": TIGHT, "boot_timeout": 300}
    out = {"reboot": reboot, "reboot_5_times": lambda: reboots(5, 4), "reboot_loop": lambda: reboots(15, 2),
           "stopped_while_busy": stopped_while_busy, "disk_survives_full": disk_survives_full, "disk_ext4": disk_ext4, "disk_readonly": disk_readonly, "disk_overlay": disk_overlay,
           "disk_survives_kill": disk_survives_kill, "publish": publish, "idle": idle,
           "rng": rng, "console": console, "boot_gz": boot_gz,
           "boot_max": lambda: other_image(cpu="max", cpus=2), "boot_a57": lambda: other_image(cpu="cortex-a57"),
           "boot_gicv2": lambda: other_image(irqchip="gicv2", cpus=4),
           "boot_gicv2_1cpu": lambda: other_image(irqchip="gicv2"), "boot_8g": lambda: other_image(mem="8G"),
           "disk_d12": disk, "net_d12": net,
           "disk_d13": lambda: disk(13), "net_d13": lambda: net(13), "disk_tight": lambda: disk(**tight),
           "net_tight": lambda: net(**tight)}
    for release in (12, 13):
        out[f"dmesg_d{release}"] = lambda r=release: dmesg(r, "cortex-a72", 4)
        for cpu, model in (("a72", "cortex-a72"), ("max", "max")):
            for cpus in (1, 4):
                out[f"dmesg_d{release}_{cpu}_{cpus}cpu"] = lambda r=release, m=model, c=cpus: dmesg(r, m, c)
        for cpus in (1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64):
            out[f"boot_d{release}_{cpus}cpu"] = lambda r=release, c=cpus: boot(r, c)
            out[f"boot_d{release}_{cpus}cpu_tight"] = lambda r=release, c=cpus: boot(r, c, **tight)
    return out


if __name__ == "__main__":
    main_of(cases())
