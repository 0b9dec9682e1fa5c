#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: share_d12 share_readonly share_stays_inside root_directory setup_makes_a_root vsock
# budget: 240
"""Directories of the host in a Debian 12 guest, by virtio 9p: share.py CASE"""

import hashlib
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

import vmm
from guest import MODULES, Guest, Skip, main_of, need, rig
from image import tool

MIB = 1 << 20
VSOCK = os.path.join(vmm.TOP, "tests", "system", "guests", "vsock.c")
P9 = [*MODULES, "9pnet_virtio", "9p"]
MOUNT = "mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144"


def machine(*shares, **options):
    kernel, initrd = rig(12, P9, name="d12-9p")
    return Guest(kernel, initrd, extra=[a for s in shares for a in ("--share", s)], **options)


def file_sum(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def share_d12():
    with tempfile.TemporaryDirectory() as d, tempfile.TemporaryDirectory() as second:
        data = random.Random(9).randbytes(8 * MIB + 123)
        with open(f"{d}/given", "wb") as f:
            f.write(data)
        with machine(d, second + ",tag=other", cpus=2) as g:
            g.run(f"mkdir -p /a /b; {MOUNT} share /a; {MOUNT},cache=loose other /b")
            need(hashlib.sha256(data).hexdigest() in g.run("sha256sum /a/given", 60), "the given file reads differently")
            g.run("cp /a/given /a/copy; cp /a/given /b/copy; sync", 60)
            g.run("mkdir /a/many; for i in $(seq 1 150); do echo $i >/a/many/$i; done", 90)
            need(g.run("ls /a/many | wc -l").strip() == "150", "entries are missing")
            g.run("mv /a/many/7 /a/seven; rm /a/many/8; mv /a/many /a/fewer; ln /a/seven /a/hard; ln -s seven /a/soft")
            g.run("chmod 640 /a/seven; touch -d 2001-02-03 /a/seven; mkfifo /a/pipe; rmdir /a/fewer 2>/dev/null; true")
            need(g.run("cat /a/soft").strip() == "7", "the symbolic link leads elsewhere")
            g.run("truncate -s 1000 /a/copy; echo more >>/a/copy; df /a")
            g.run("exec 7>/a/gone; rm /a/gone; echo still >&7; exec 7>&-")
            need(g.status("mknod /a/null c 1 3") != 0, "a device node was made")
            g.run("umount /a /b", 60)
            g.healthy()
            g.power_off()
        need(file_sum(f"{second}/copy") == hashlib.sha256(data).hexdigest(), "the copy differs")
        with open(f"{d}/copy", "rb") as f:
            need(f.read() == data[:1000] + b"more\n", "the shortened copy differs")
        need(sorted(os.listdir(f"{d}/fewer"), key=int) == [str(i) for i in range(1, 151) if i not in (7, 8)], "wrong entries")
        st = os.stat(f"{d}/seven")
        need(st.st_mode & 0o777 == 0o640 and st.st_nlink == 2 and int(st.st_mtime) // 86400 == 11356, f"attributes: {st}")
        need(os.readlink(f"{d}/soft") == "seven", "the symbolic link differs")


def share_readonly():
    with tempfile.TemporaryDirectory() as d:
        with open(f"{d}/file", "w", encoding="ascii") as f:
            f.write("as it was\n")
        with machine(d + ",ro,tag=fixed") as g:
            g.run(f"mkdir /a; {MOUNT} fixed /a")
            need(g.run("cat /a/file").strip() == "as it was", "not what is in the file")
            for what in ("echo x >/a/file", "echo x >>/a/file", "touch /a/new", "rm /a/file", "mkdir /a/d", "mv /a/file /a/g",
                         "chmod 600 /a/file", "ln -s x /a/s", "ln /a/file /a/h"):
                need(g.status(what) != 0, f"'{what}' succeeded")
            g.power_off()
        need(os.listdir(d) == ["file"], "something was made")


def share_stays_inside():
    """Links that lead out are text; what they name is looked up in the guest."""
    with tempfile.TemporaryDirectory() as top:
        d = f"{top}/shared"
        os.mkdir(d)
        for name in ("secret", "shared/inner"):
            with open(f"{top}/{name}", "w", encoding="ascii") as f:
                f.write(name)
        os.symlink("../secret", f"{d}/relative")
        os.symlink(f"{top}/secret", f"{d}/absolute")
        os.symlink("..", f"{d}/up")
        with machine(d) as g:
            g.run(f"mkdir /a; {MOUNT} share /a")
            need(g.run("cat /a/inner").strip() == "shared/inner", "not the file in the share")
            for path in ("relative", "absolute", "up/secret", "../secret", "up/up/secret"):
                need(g.status(f"cat /a/{path}") != 0, f"{path} was read")
            need(g.run("readlink /a/relative").strip() == "../secret", "the link reads differently")
            g.power_off()


def root_directory():
    kernel, initrd = rig(12, P9, name="d12-9p")
    with tempfile.TemporaryDirectory() as d:
        # The busybox of the initramfs becomes the root's: the guest copies it there itself.
        with Guest(kernel, initrd, extra=["--share", d]) as g:
            g.run(f"mkdir /a; {MOUNT} share /a; cp -a /bin /a/; mkdir /a/proc /a/dev /a/sbin", 90)
            g.run("printf '#!/bin/sh\\nmount -t proc proc /proc\\nexec sh </dev/console >/dev/console 2>&1\\n' >/a/sbin/init")
            g.run("chmod 755 /a/sbin/init; umount /a")
            g.power_off()
        with Guest(kernel, initrd, extra=["-d", d]) as g:
            line = g.run("cat /proc/cmdline")
            need("root=/dev/root rw rootfstype=9p rootflags=trans=virtio,version=9p2000.L" in line, f"parameters: {line}")
            g.run("mkdir /n; mount -t 9p -o $(sed 's/.*rootflags=\\([^ ]*\\).*/\\1/' /proc/cmdline) /dev/root /n")
            g.run("mount -t devtmpfs dev /n/dev; echo made >/n/by-the-guest")
            g.console.sendline("exec switch_root /n /sbin/init")
            g.prompt(30)
            need(g.run("cat /by-the-guest").strip() == "made", "not the directory")
            need(" / 9p " in g.run("cat /proc/mounts"), "the root is no 9p")
            g.power_off()
        with open(f"{d}/by-the-guest", encoding="ascii") as f:
            need(f.read() == "made\n", "the file differs on the host")


def setup_makes_a_root():
    kernel, initrd = rig(12, P9, name="d12-9p")
    busybox = tool("tools/debfetch", "path", "busybox-static:arm64/bookworm") + "/bin/busybox"
    with tempfile.TemporaryDirectory() as d:
        env = {**os.environ, "XDG_DATA_HOME": d}

        def setup(*argv):
            return subprocess.run([vmm.cella_binary(), "setup", *argv], env=env, capture_output=True, text=True, timeout=30)

        done = setup("small", busybox)
        need(done.returncode == 0 and done.stdout == f"{d}/cella/small\n", f"setup: {done}")
        for argv in (("small", busybox), ("../small", busybox), ("other", "/etc/passwd"), ("other", "/nonexistent"), ()):
            done = setup(*argv)
            need(done.returncode == 1 and done.stderr.startswith("cella: ") and done.stderr.count("\n") == 1, f"{argv}: {done}")
        need(os.listdir(f"{d}/cella") == ["small"], "something else was made, or left")
        os.environ["XDG_DATA_HOME"] = d
        try:
            g = Guest(kernel, initrd, extra=["-d", "small"])
        finally:
            del os.environ["XDG_DATA_HOME"]
        with g:
            g.run("mkdir /n; mount -t 9p -o trans=virtio,version=9p2000.L /dev/root /n; mount -t devtmpfs dev /n/dev")
            g.console.sendline("exec switch_root /n /sbin/init")
            g.prompt(60)
            need(g.run("hostname").strip() == "small", "not its name")
            need(" / 9p " in g.run("cat /proc/mounts"), "the root is no 9p")
            g.power_off()


def vsock():
    """Bytes to a host's program and back, and to a guest's and back; nobody listens."""
    if not shutil.which("aarch64-linux-gnu-gcc"):
        raise Skip("aarch64-linux-gnu-gcc is missing: run tools/deps check")
    with tempfile.TemporaryDirectory() as d, tempfile.TemporaryDirectory() as share:
        subprocess.run(["aarch64-linux-gnu-gcc", "-O1", "-static", "-w", "-o", f"{share}/vsock", VSOCK], check=True)
        kernel, initrd = rig(12, [*P9, "vmw_vsock_virtio_transport"], name="d12-vsock")
        host = socket.socket(socket.AF_UNIX)
        host.bind(f"{d}/v_900")
        host.listen()
        got = []

        def serve():
            c, _ = host.accept()
            with c:
                while data := c.recv(70000):
                    got.append(data)
                c.sendall(hashlib.sha256(b"".join(got)).hexdigest().encode())

        with Guest(kernel, initrd, extra=["--vsock", f"77,socket={d}/v", "--share", share]) as g:
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            g.run(f"mkdir /a; {MOUNT} share /a; seq 1 100000 >/tmp/t")
            back = g.run("/a/vsock c 900 </tmp/t", 60)
            thread.join(10)
            data = "".join(f"{i}\n" for i in range(1, 100001)).encode()
            need(b"".join(got) == data, "the host got something else")
            need(hashlib.sha256(data).hexdigest() in back, "the answer differs")
            need(g.status("/a/vsock c 901 </dev/null") == 3, "a port where nobody listens was connected to")
            g.run("/a/vsock l 5000 >/tmp/l & until grep -q listens /tmp/l; do sleep 0.1; done")
            with socket.socket(socket.AF_UNIX) as c:
                c.settimeout(30)
                c.connect(f"{d}/v")
                c.sendall(b"CONNECT 5000\n")
                need(c.recv(100).startswith(b"OK "), "no OK")
                c.sendall(data[:40000])
                c.shutdown(socket.SHUT_WR)
                echo = b""
                while part := c.recv(70000):
                    echo += part
                need(echo == data[:40000], "the echo differs")
            g.healthy()
            g.power_off()
        need(not os.path.exists(f"{d}/v"), "the socket is still there")


if __name__ == "__main__":
    main_of({f.__name__: f for f in (share_d12, share_readonly, share_stays_inside, root_directory, setup_makes_a_root, vsock)})
