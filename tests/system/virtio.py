#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: disk_packed net_packed disk_queues disk_direct tap tap_queues tap_script user_mtu
# budget: 200
"""
virtio devices in more than one shape, driven by an unmodified Debian kernel: virtio.py CASE

The tap cases run in a network namespace of their own.
"""

import ctypes
import hashlib
import http.server
import os
import random
import socket
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import linux
import vmm
from guest import Guest, Skip, main_of, need, rig

PACKED = ["--virtio-ring", "packed"]
HOST, GUEST = "10.77.0.1", "10.77.0.2"


def feature(guest, device, bit):
    return guest.run(f"cat /sys/bus/virtio/devices/{device}/features").strip()[bit] == "1"


def disk_packed():
    kernel, initrd = rig(12)
    with tempfile.TemporaryDirectory() as d:
        path = linux.blank(d, 32)
        with Guest(kernel, initrd, disks=[vmm.Disk(path)], cpus=2, extra=PACKED) as g:
            need(feature(g, "virtio0", 34), "the guest did not take packed rings")
            want = linux.write_random(g, 16)
            g.run("sync; echo 3 >/proc/sys/vm/drop_caches")
            got = linux.checksum(g.run("dd if=/dev/vda bs=1M count=16 2>/dev/null | sha256sum", 60))
            need(got == want, "the guest reads back other data than it wrote")
            g.healthy()
            g.power_off()


def disk_queues():
    """Two processes on two CPUs, each with a queue."""
    kernel, initrd = rig(12)
    with tempfile.TemporaryDirectory() as d:
        path = linux.blank(d, 64)
        with Guest(kernel, initrd, disks=[vmm.Disk(path, "queues=2")], cpus=2) as g:
            need(len(g.run("ls /sys/block/vda/mq").split()) == 2, "the guest did not take two queues")
            g.run("for i in 0 1; do (seq $i 2 400000 | dd of=/dev/vda bs=64k seek=$((i * 200)) conv=notrunc 2>/dev/null;"
                  " echo done >/tmp/$i) & done; wait; sync; echo 3 >/proc/sys/vm/drop_caches", 120)
            for i in 0, 1:
                text = "".join(f"{n}\n" for n in range(i, 400001, 2)).encode()
                got = g.run(f"dd if=/dev/vda bs=64k skip={i * 200} count=40 2>/dev/null | head -c {len(text)} | sha256sum", 60)
                need(hashlib.sha256(text).hexdigest() in got, f"what queue {i} wrote reads differently")
            g.healthy()
            g.power_off()


def disk_direct():
    kernel, initrd = rig(12)
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as d:
        path = linux.blank(d, 32)
        try:
            os.close(os.open(path, os.O_RDWR | os.O_DIRECT))
        except OSError:
            raise Skip("the file system has no direct access")
        with Guest(kernel, initrd, disks=[vmm.Disk(path, "direct,serial=DIRECT-1")]) as g:
            need(g.run("cat /sys/block/vda/serial").strip() == "DIRECT-1", "another serial number")
            want = linux.write_random(g, 8)
            g.run("sync; echo 3 >/proc/sys/vm/drop_caches")
            got = linux.checksum(g.run("dd if=/dev/vda bs=1M count=8 2>/dev/null | sha256sum", 60))
            need(got == want, "the guest reads back other data than it wrote")
            g.power_off()
        need(linux.file_sum(path, 8 << 20) == want, "the image holds other data than the guest wrote")


def net_packed():
    linux.net(12, cpus=2, extra=PACKED)


def user_mtu():
    """A large MTU takes several mergeable buffers for each frame."""
    fetch_user("user,mtu=60000")


def serve(address):
    data = random.Random(9).randbytes(8 << 20)
    linux.Quiet.data = data
    server = http.server.ThreadingHTTPServer((address, 0), linux.Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, hashlib.sha256(data).hexdigest()


def fetch_user(spec):
    kernel, initrd = rig(12)
    server, want = serve("127.0.0.1")
    with Guest(kernel, initrd, extra=["-n", spec]) as g:
        g.run("ip link set lo up; ip link set eth0 up; udhcpc -i eth0 -n -q -t 5 -s /etc/udhcpc", 60)
        need(g.run("cat /sys/class/net/eth0/mtu").strip() == "60000", "the guest has another MTU")
        got = linux.checksum(g.run(f"wget -q -O - http://10.0.2.2:{server.server_address[1]}/data | sha256sum", 90))
        need(got == want, "the guest fetched other data")
        g.healthy()
        g.power_off()
    server.shutdown()


def namespace():
    libc = ctypes.CDLL(None, use_errno=True)
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        raise Skip("there is no /dev/net/tun to use")
    if libc.unshare(0x40000000):
        raise Skip("no right to make a network namespace")


def over_tap(spec, check=None, **options):
    kernel, initrd = rig(12)
    with Guest(kernel, initrd, extra=["-n", spec], **options) as g:
        server, want = serve(HOST)
        g.run(f"ip link set lo up; ip addr add {GUEST}/24 dev eth0; ip link set eth0 up")
        if check:
            check(g)
        got = linux.checksum(g.run(f"wget -q -O - http://{HOST}:{server.server_address[1]}/data | sha256sum", 90))
        need(got == want, "the guest fetched other data")
        # And a stream the other way.
        with tempfile.TemporaryDirectory() as d:
            got = upload(g, d)
            text = "".join(f"{n}\n" for n in range(1, 300001)).encode()
            need(got == hashlib.sha256(text).hexdigest(), "the host received other data")
        g.healthy()
        g.power_off()
        server.shutdown()


def upload(g, d):
    sums = []
    s = socket.create_server((HOST, 7777))

    def take():
        c, _ = s.accept()
        h = hashlib.sha256()
        while True:
            b = c.recv(1 << 16)
            if not b:
                break
            h.update(b)
        c.close()
        sums.append(h.hexdigest())

    t = threading.Thread(target=take)
    t.start()
    g.run(f"seq 1 300000 | nc -w 10 {HOST} 7777", 90)
    t.join(30)
    s.close()
    return sums[0] if sums else ""


def offloads(g):
    for bit, name in ((0, "CSUM"), (1, "GUEST_CSUM"), (7, "GUEST_TSO4"), (11, "HOST_TSO4"), (15, "MRG_RXBUF"), (17, "CTRL_VQ")):
        need(feature(g, "virtio0", bit), f"the guest did not take {name}")


def tap():
    namespace()
    over_tap(f"tap,host_ip={HOST}/24", offloads)
    over_tap(f"tap,host_ip={HOST}/24,ifname=again0", offloads, cpus=2)


def tap_queues():
    namespace()

    def check(g):
        offloads(g)
        need(feature(g, "virtio0", 22), "the guest did not take MQ")
        need(len(g.run("ls -d /sys/class/net/eth0/queues/rx-*").split()) == 2, "the guest has not two queues")

    over_tap(f"tap,host_ip={HOST}/24,queues=2", check, cpus=2)


def tap_script():
    namespace()
    with tempfile.TemporaryDirectory() as d:
        script = os.path.join(d, "up")
        with open(script, "w") as f:
            f.write(f"#!/bin/sh\nip addr add {HOST}/24 dev $1 && ip link set $1 up\n")
        os.chmod(script, 0o755)
        over_tap(f"tap,ifname=byscript,script={script}")


CASES = {f.__name__: f for f in (disk_packed, net_packed, disk_queues, disk_direct, tap, tap_queues, tap_script, user_mtu)}

if __name__ == "__main__":
    main_of(CASES)
