#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: pci_its pci_its_4cpu pci_v2m pci_legacy mmio mmio_legacy
# budget: 120
"""
Disk and network of an arm64 Debian over each of the virtio transports: transport.py CASE

Each case looks at how the guest drives them: which interrupt controller its messages go through, and whether it took the
legacy interface (VIRTIO_F_VERSION_1, character 32 of `features`, is 0).
"""

import hashlib
import http.server
import os
import random
import re
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

import vmm
from guest import Guest, Skip, main_of, need, rig

MIB = 1 << 20


class Quiet(http.server.BaseHTTPRequestHandler):
    data = random.Random(5).randbytes(2 * MIB)

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.data)))
        self.end_headers()
        self.wfile.write(self.data)

    def log_message(self, *_):
        pass


def checksum(text):
    found = re.search(r"\b[0-9a-f]{64}\b", text)
    need(found, f"no checksum in {text!r}")
    return found.group(0)


def drive(transport, interrupts, modern=True, before=None, **options):
    """`interrupts`: what /proc/interrupts must say of the disk's queue. `before` runs in the guest first."""
    if vmm.chosen() is vmm.qemu:
        raise Skip("what is tested is cella's own transports")
    kernel, initrd = rig(12)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "disk.img")
        with open(path, "wb") as f:
            f.write(random.Random(6).randbytes(8 * MIB))
        with Guest(kernel, initrd, disks=[vmm.Disk(path)], net=True, transport=transport, **options) as g:
            if before:
                g.run(before, 60)
            features = g.run("cat /sys/bus/virtio/devices/virtio0/features").strip()
            need(features[32] == ("1" if modern else "0"), f"not the interface that was asked for: {features}")
            with open(path, "rb") as f:
                want = hashlib.sha256(f.read()).hexdigest()
            need(checksum(g.run("dd if=/dev/vda bs=256k 2>/dev/null | sha256sum", 90)) == want, "the disk reads wrong")
            g.run("seq 1 100000 | dd of=/dev/vda bs=4k conv=fsync 2>/dev/null", 60)
            g.run("ip link set lo up; ip link set eth0 up; udhcpc -i eth0 -n -q -t 5 -s /etc/udhcpc", 60)
            port = server.server_address[1]
            got = checksum(g.run(f"wget -q -O - http://10.0.2.2:{port}/data | sha256sum", 90))
            need(got == hashlib.sha256(Quiet.data).hexdigest(), "the guest fetched other data")
            table = g.run("cat /proc/interrupts")
            need(re.search(interrupts, table), f"no {interrupts} in\n{table}")
            g.healthy()
            g.power_off()
        with open(path, "rb") as f:
            need(f.read(14) == b"1\n2\n3\n4\n5\n6\n7\n", "what the guest wrote is not on the disk")
    server.shutdown()


def pci_its():
    drive(None, r"\d\d+ .*ITS-MSI +\d+ Edge +virtio0-req.0")


def pci_its_4cpu():
    drive("pci", r"ITS-MSI +\d+ Edge +virtio0-req", cpus=4)


def pci_v2m():
    drive("pci", r" MSI +\d+ Edge +virtio0-req.0", irqchip="gicv2")


def pci_legacy():
    drive("pci-legacy", r"ITS-MSI +\d+ Edge +virtio\d-req.0", modern=False,
          before="rmmod virtio_pci && insmod /lib/virtio_pci.ko force_legacy=1 && sleep 1; ls /dev/vda")


def mmio():
    drive("mmio", r"GICv3 +\d+ Level +virtio0")


def mmio_legacy():
    drive("mmio-legacy", r"GICv3 +\d+ Level +virtio0", modern=False)


if __name__ == "__main__":
    main_of(globals())
