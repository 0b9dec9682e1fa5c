# SPDX-License-Identifier: BSD-2-Clause
"""
Guests whose rings the outer machine's kernel works on, by vhost-net and vhost-vsock: its worker threads are looked for, because
what a guest sees does not differ.
"""

import hashlib
import os
import shlex
import subprocess

import vmm
from guest import need
from image import cache, file_hash, made
from kvm_rig import Rig
from outer import Inner, Skip
from vmm import TOP

HOST, GUEST, CID = "10.77.0.1", "10.77.0.2", 77
SOURCE = os.path.join(TOP, "tests", "system", "guests", "vsock.c")
TEXT = "".join(f"{i}\n" for i in range(1, 20001)).encode()
WATCH = "rm -f /tmp/workers; while [ ! -e /tmp/stop ]; do grep -h ^vhost- /proc/[0-9]*/comm >>/tmp/workers; sleep 1; done"
CONNECT = f"until [ -e /tmp/stop ] || /tmp/vsock c 5000 {CID} </tmp/text >/tmp/back; do sleep 1; done"


def vsock_program():
    path = cache("vsock-" + file_hash(SOURCE)[:12], "vsock")
    return made(path, lambda: subprocess.run(["gcc", "-O1", "-static", "-o", path, SOURCE], check=True))


class VhostRig(Rig):
    def __init__(self, host):
        self.program_file = vsock_program()
        self.added = [self.program_file]
        super().__init__(host)
        self.outer.put(self.program_file, "vsock")
        self.outer.run("seq 1 20000 >/tmp/text")

    def guest_by_vhost(self, transport, beside, **options):
        """`beside` are commands of the outer machine, each of which runs while the guest does."""
        if vmm.chosen() is vmm.qemu:
            raise Skip("the options are Cella's")
        self.outer.run("rm -f /tmp/stop")
        extra = ["-n", f"tap,vhost=on,host_ip={HOST}/24", "--vsock", f"{CID},vhost=on"]
        argv = vmm.cella(self.kernel, self.initrd, self.kind.append, mem="256M", program=self.program, transport=transport,
                     extra=extra, **options)
        run = "".join(f"({b}) >/dev/null 2>&1 &\n" for b in beside) + shlex.join(argv) + "\nstatus=$?; touch /tmp/stop; (exit $status)"
        return Inner(self.outer, run, 150)


def fetches(rig, g):
    g.run(f"ip link set lo up; ip addr add {GUEST}/24 dev eth0; ip link set eth0 up")
    got = g.run(f"wget -q -O - http://{HOST}:8001/fetch | sha256sum", 90)
    need(rig.fetch_sum in got, "the guest fetched other data")
    need(g.run(f"ping -c 3 -W 10 -s 1400 {HOST} | grep -c 'bytes from'", 60).strip() == "3", "pings were lost")


def network_and_sockets(rig):
    with rig.guest_by_vhost("pci", [WATCH, CONNECT, "/tmp/vsock l 900"]) as g:
        fetches(rig, g)
        want = hashlib.sha256(TEXT).hexdigest()
        need(want in g.run("seq 1 20000 | /vsock c 900 | sha256sum", 60), "the host's echo differs")
        need(g.status("/vsock c 901 </dev/null") == 3, "a port where nobody listens was connected to")
        g.run("/vsock l 5000", 90)
        irqs = g.run("grep -c 'virtio.*put' /proc/interrupts").strip()
        need(int(irqs) >= 2, "the network has no vectors of its own")
        g.power_off()
    need(want in rig.outer.run("sha256sum /tmp/back"), "the guest's echo differs")
    workers = set(rig.outer.run("sort -u /tmp/workers").split())
    need(workers, "no thread of the kernel's was at work")


def network_over_mmio(rig):
    """Calls come through our thread there. A reboot takes the rings back and gives them again."""
    with rig.guest_by_vhost("mmio", [WATCH], reboot=True) as g:
        fetches(rig, g)
        g.console.sendline("reboot -f")
        g.console.expect("BusyBox v", 150)
        g.prompt(10)
        fetches(rig, g)
        g.power_off()
    need(rig.outer.run("sort -u /tmp/workers").split(), "no thread of the kernel's was at work")
