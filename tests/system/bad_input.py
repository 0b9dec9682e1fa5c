#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: missing_kernel directory_kernel empty_kernel tiny_kernel random_kernel cut_kernel missing_initrd
# cases: no_memory absurd_memory absurd_cpus no_cpus unknown_option missing_value missing_disk directory_disk
# cases: directory_initrd too_little_memory bad_dtb bad_config bad_disk_options bad_network taken_port full_output
# cases: bad_command_line_length disk_shrinks disk_beyond_file_limit overlay_on_full_disk
# cases: bad_host_device bad_flash no_effect too_many_devices
# budget: 90
"""
What a user or a host can get wrong: one clear line and status 1, or an I/O error in the guest; never a crash.
bad_input.py CASE
"""

import os
import random
import resource
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

import vmm
from guest import Guest, Skip, main_of, need, rig, small_tmpfs
from kvm_rig import first_guest
from outer import need_engine

MIB = 1 << 20


def run_cella(*args, timeout=30):
    binary = vmm.cella_binary()
    if not os.access(binary, os.X_OK):
        raise Skip(f"{binary} is not built")
    return subprocess.run([binary, "run", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace", timeout=timeout)


def refused(*args, names=None):
    """The command must end with status 1 and one line that names what is wrong."""
    done = run_cella(*args)
    lines = done.stderr.strip().split("\n")
    need(done.returncode == 1, f"{args}: status {done.returncode}, not 1\n{done.stderr}")
    need(len(lines) == 1 and lines[0].startswith("cella: "), f"{args}: not one line of reason:\n{done.stderr}")
    need(names is None or names in lines[0], f"{args}: {names!r} is not named in: {lines[0]}")


def pc_guest(directory):
    """A small ELF file for machine pc."""
    if os.uname().machine != "x86_64" or not os.access("/dev/kvm", os.R_OK | os.W_OK):
        raise Skip("no /dev/kvm of an x86-64 host that this user may open")
    need_engine("kvm", "pc")
    path = os.path.join(directory, "guest")
    first_guest(path, False)
    return path


def with_kernel(data):
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "some-kernel")
        with open(path, "wb") as f:
            f.write(data)
        refused("-k", path, "--timeout", "10", names="some-kernel")


def missing_kernel():
    refused("-k", "/nonexistent/linux", names="/nonexistent/linux")


def directory_kernel():
    refused("-k", "/", names="/")


def empty_kernel():
    with_kernel(b"")


def tiny_kernel():
    with open(rig(12)[0], "rb") as f:
        with_kernel(f.read(40))


def random_kernel():
    with_kernel(random.Random(5).randbytes(3 * MIB))


def cut_kernel():
    """Half a kernel has a valid header, so it may start; then the machine hangs or crashes, and nothing else does."""
    with open(rig(12)[0], "rb") as f:
        data = f.read(MIB)
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "some-kernel")
        with open(path, "wb") as f:
            f.write(data)
        done = run_cella("-k", path, "-m", "256M", "--timeout", "5", "--no-reboot")
    need(done.returncode in (0, 1, 3, 124), f"status {done.returncode}\n{done.stderr}")


def missing_initrd():
    refused("-k", rig(12)[0], "-i", "/nonexistent/initrd", names="/nonexistent/initrd")


def no_memory():
    refused("-k", rig(12)[0], "-m", "0")


def absurd_memory():
    for size in ("1K", "99999999T", "-1G", "1Q", "18446744073709551616", ""):
        refused("-k", rig(12)[0], "-m", size)


def absurd_cpus():
    for n in ("65", "100000", "-1", "4294967297", "two", ""):
        refused("-k", rig(12)[0], "-c", n)


def no_cpus():
    refused("-k", rig(12)[0], "-c", "0")


def unknown_option():
    refused("-k", rig(12)[0], "--frobnicate", names="--frobnicate")


def missing_value():
    refused("-k")


def missing_disk():
    refused("-k", rig(12)[0], "-d", "/nonexistent/disk.img", names="/nonexistent/disk.img")


def directory_disk():
    """A directory is a root file system, and no disk."""
    refused("-k", rig(12)[0], "-d", "/usr,overlay", names="/usr")
    refused("-k", rig(12)[0], "-d", "/usr,queues=2", names="/usr")
    refused("-k", rig(12)[0], "-d", "/usr", "-d", "/tmp", names="/tmp")
    refused("-k", rig(12)[0], "--share", "/usr", "--share", "/tmp,tag=share", names="/tmp")
    refused("-k", rig(12)[0], "--share", "/nonexistent", names="/nonexistent")
    refused("-k", rig(12)[0], "--share", "/usr,rw", names="rw")
    refused("-k", rig(12)[0], "--vsock", "2", names="2")


def directory_initrd():
    refused("-k", rig(12)[0], "-i", "/usr", names="/usr")


def too_little_memory():
    """For the kernel, and for kernel and initrd together."""
    kernel, initrd = rig(12)
    refused("-k", kernel, "-m", "16M", names="-m")
    with tempfile.TemporaryDirectory() as d:
        big = os.path.join(d, "initrd")
        with open(big, "wb") as f:
            f.truncate(200 * MIB)
        refused("-k", kernel, "-i", big, "-m", "128M", names="-m")
        refused("-k", kernel, "-i", initrd, "-m", "2M", names="-m")


def bad_dtb():
    kernel, _ = rig(12)
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "some.dtb")
        good = os.path.join(d, "good.dtb")
        need(run_cella("-k", kernel, "--dump-dtb", good).returncode == 0, "--dump-dtb")
        with open(good, "rb") as f:
            tree = f.read()
        junk = random.Random(6).randbytes
        for data in (b"", b"\xd0\x0d\xfe\xed", junk(5000), tree[:60], tree[:len(tree) // 2],
                     tree[:4] + b"\xff" * 36 + tree[40:], tree[:40] + junk(len(tree) - 40)):
            with open(path, "wb") as f:
                f.write(data)
            refused("-k", kernel, "--dtb", path, "--timeout", "5", names="some.dtb")
    refused("-k", kernel, "--dtb", "/nonexistent.dtb", names="/nonexistent.dtb")
    refused("-k", kernel, "--dtb", "/usr", names="/usr")


def bad_config():
    refused("--config", "/nonexistent.toml", names="/nonexistent.toml")
    refused("--config", "/usr", names="/usr")
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "some.toml")
        for text in (b"\0", b"kernel = ", b"nosuch = 1\n", b"cpus = 1000\n", b'{"cpus": ', b"[[", b'kernel = "' + b"x" * 100000):
            with open(path, "wb") as f:
                f.write(text)
            refused("--config", path, names="some.toml")


def bad_disk_options():
    kernel, _ = rig(12)
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "disk.img")
        with open(path, "wb") as f:
            f.truncate(MIB)
        refused("-k", kernel, "-d", path + ",nosuch", names="nosuch")
        refused("-k", kernel, "-d", path + ",ro,overlay", names="overlay")
        refused("-k", kernel, "-d", "", names="disk")
        refused("-k", kernel, "-d", path, "-d", path, names=path)
        refused("-k", kernel, *["-d", path + ",ro"] * 40, names="disk")
        os.truncate(path, 1000)
        refused("-k", kernel, "-d", path, names=path)
        refused("-k", kernel, "--machine", "nosuch", names="nosuch")
        refused("-k", kernel, "--semihosting=" + path, names=path)


def bad_network():
    kernel, _ = rig(12)
    refused("-k", kernel, "-n", "nosuch", names="nosuch")
    refused("-k", kernel, "-n", "user,mac=zz", names="zz")
    for port in ("", "80", "1:2:3:4", "0:99999", "70000:80", "-1:80", "host.invalid:80:80"):
        refused("-k", kernel, "-n", "user", "--publish", port, names="--publish")


def bad_host_device():
    kernel = rig(12)[0]
    refused("-k", kernel, "--vfio-pci", "nonsense", names="--vfio-pci nonsense: no PCI address")
    refused("-k", kernel, "--vfio-pci", "00fe:1f:1f.7", names="--vfio-pci 00fe:1f:1f.7: the host has no such device")
    refused("-k", kernel, "--machine", "simbench", "--vfio-pci", "00:01.0", names="machine simbench has no PCI")


def bad_flash():
    with tempfile.TemporaryDirectory() as d:
        for name, size in (("code", MIB), ("vars", 128 << 10), ("odd", 1536), ("big", 16 * MIB)):
            with open(f"{d}/{name}", "wb") as f:
                f.truncate(size)
        code = f"{d}/code"
        refused("-F", ",x", names="--flash ,x: is not CODE[,VARS]")
        refused("-F", code + ",", names="is not CODE[,VARS]")
        refused("-F", code, "-f", code, names="--firmware: --flash names the code already")
        refused("-F", f"{d}/none,{d}/vars", names=f"{d}/none")
        refused("-F", f"{d}/odd", names=f"firmware {d}/odd: 1536 bytes")
        refused("-F", code, "--machine", "virt-arm64", "--arch", "arm64", names="has no place for it")
        if not os.access("/dev/kvm", os.R_OK | os.W_OK):
            raise Skip("/dev/kvm: machines with flash are x86-64 ones")
        for name, why in (("none", "No such file"), ("odd", "no size of one"), ("big", "no size of one")):
            refused("-F", f"{code},{d}/{name}", "--timeout", "10", names=f"flash {d}/{name}: ")
            refused("-F", f"{code},{d}/{name}", "--timeout", "10", names=why)


def taken_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = s.getsockname()[1]
        refused("-k", rig(12)[0], "-n", "user", "--publish", f"127.0.0.1:{port}:80", names=str(port))


def full_output():
    """Standard output that cannot be written: the machine runs to its end."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run([vmm.cella_binary(), "run", "hello", "--timeout", "20"], stdin=subprocess.DEVNULL,
                              stdout=full, stderr=subprocess.PIPE, timeout=30, check=False)
    need(done.returncode == 0, f"status {done.returncode}: {done.stderr}")


def bad_command_line_length():
    done = run_cella("-k", rig(12)[0], "-m", "256M", "-p", "x" * 100000, "--timeout", "3", "--no-reboot")
    need(done.returncode in (0, 1, 3, 124), f"status {done.returncode}\n{done.stderr}")


def no_effect():
    """Options that could do nothing are refused, and not passed over in silence."""
    refused("hello", "--publish", "8080:80", names="-n user")
    refused("hello", "-n", "none", "--publish", "8080:80", names="-n user")
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "disk.img")
        with open(path, "wb") as f:
            f.truncate(MIB)
        refused("hello", "-d", path, "-d", path, names="another --disk")
        guest = pc_guest(d)
        for option in ("--trace=mmio", "--dbt=no-chain", "--dump-code=0x1000", "--semihosting"):
            refused("-k", guest, option, names=option.split("=")[0])


def too_many_devices():
    """The last slot of a pc is the ISA bridge's."""
    with tempfile.TemporaryDirectory() as d:
        refused("-k", pc_guest(d), *(["-n", "none"] * 31), names="that many virtio devices")


def only_cella():
    if vmm.chosen() is not vmm.cella:
        raise Skip("what Cella answers to a failing host is not QEMU's concern")


def disk_shrinks():
    only_cella()
    kernel, initrd = rig(12)
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "disk.img")
        with open(path, "wb") as f:
            f.truncate(64 * MIB)
        with Guest(kernel, initrd, disks=[vmm.Disk(path)]) as g:
            g.run("dd if=/dev/vda of=/dev/null bs=1M count=1")
            os.truncate(path, MIB)
            need(g.status("dd if=/dev/vda of=/dev/null bs=1M skip=32 count=4", 60) != 0,
                 "the guest read what is no longer there")
            g.run("dd if=/dev/vda of=/dev/null bs=4k count=1")
            g.power_off()


def disk_beyond_file_limit():
    """A write past RLIMIT_FSIZE is an I/O error of the guest's, not a SIGXFSZ of ours."""
    only_cella()
    kernel, initrd = rig(12)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "disk.img")
        with open(path, "wb") as f:
            f.truncate(1024 * MIB)
        resource.setrlimit(resource.RLIMIT_FSIZE, (900 * MIB, limits[1]))
        try:
            with Guest(kernel, initrd, mem="512M", disks=[vmm.Disk(path)]) as g:
                need(g.status("dd if=/dev/zero of=/dev/vda bs=1M seek=950 count=2 conv=fsync", 30) != 0, "a write went through")
                g.run("dd if=/dev/zero of=/dev/vda bs=1M seek=100 count=2 conv=fsync")
                g.power_off()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def overlay_on_full_disk():
    only_cella()
    kernel, initrd = rig(12)
    with small_tmpfs("4m") as d:
        path = os.path.join(d, "disk.img")
        with open(path, "wb") as f:
            f.truncate(64 * MIB)
        os.environ["TMPDIR"] = d
        with Guest(kernel, initrd, disks=[vmm.Disk(path, "overlay")]) as g:
            need(g.status("dd if=/dev/urandom of=/dev/vda bs=1M count=24 conv=fsync", 90) != 0,
                 "24 MiB went to an overlay of 4 MiB")
            need(g.status("dd if=/dev/vda of=/dev/null bs=1M count=1", 30) == 0, "the disk no longer reads")
            g.power_off()


if __name__ == "__main__":
    main_of(globals())
