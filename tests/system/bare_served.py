#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: served_linux unserved_linux
# long: served_linux_gicv2 served_linux_13 served_devices
# budget: 300
"""
A Debian kernel as a cell whose network and console the root serves (`cella cell serve`): bare_served.py CASE. It comes to a
shell, it and the root ping each other; and who serves may end at any moment, as may the cell. And one with nothing but a network
by shared memory (cella-net.ko).
"""

import contextlib
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

from bare_arm64 import Bare, Board, Shared
from expect import SLOW, Failed
from guest import main_of, need
from image import image
from kmod import kmod

MODULES = "virtio_mmio virtio_net virtio_console".split()
DEVICES = MODULES + "virtio_blk virtio-rng".split()
USER = "-n user -d /tmp/disk --rng"
NET = "-n tap,ifname=cell0,host_ip=192.168.77.1/24"
EARLY = os.environ.get("CELLA_RIG_EARLY", "")


class Tap(Board):
    modules = Board.modules + ["tun"]


class Served:
    """The cell's shell on its virtio console, which is a FIFO and a file of the root's."""

    def __init__(self, rig):
        self.rig = rig
        rig.run("mkfifo /tmp/in")

    def serve(self, devices=NET):
        self.rig.run(f"( (exec 3<>/tmp/in; exec cella cell serve served {devices} --console <&3 >/tmp/out 2>&1) & )")

    def serving(self):
        return self.rig.status("grep -q cella-serve /proc/interrupts")[0] == 0

    def out(self):
        return self.rig.run("tail -c 3000 /tmp/out").replace("\r", "")

    def wait(self, what, done, timeout=60):
        end = time.monotonic() + timeout * SLOW
        while not done():
            if time.monotonic() > end:
                raise Failed(f"{what}: not within {timeout * SLOW:.0f} s\n{self.out()}\n{self.rig.said()}")
            time.sleep(0.5)

    def expect(self, pattern, timeout=60):
        self.wait(f"{pattern!r} of the cell", lambda: re.search(pattern, self.out(), re.M), timeout)

    def tell(self, command):
        self.rig.run(f"echo '{command}' >/tmp/in")

    def up(self):
        self.tell("ip addr add 192.168.77.2/24 dev eth0; ip link set eth0 up; echo linked $((1 + 1))")
        self.expect("^linked 2$", 30)

    def root_pings(self):
        return "3 packets received" in self.rig.run("ping -c 3 -W 5 192.168.77.2; true")

    def cell_pings(self):
        self.tell("ping -c 3 -W 5 192.168.77.1; echo pinged $((40 + 2))")
        self.expect("^pinged 42$", 60)
        need("3 packets received" in self.out(), f"the cell's pings:\n{self.out()}")


def start(rig, config="/cella/linux-served.toml"):
    rig.cell(f"linux -i /cella/initrd.gz -c 'rig.tty=hvc0 panic=-1 quiet {EARLY}' {config} /cella/linux", 90)


def asked(rig):
    """How often the cell's CPUs trapped for an address."""
    return int(rig.run("cat /sys/devices/cella/cells/1/statistics/vmexits_mmio"))


def shell_and_pings(cell):
    start(cell.rig)
    cell.serve()
    cell.expect("^~ # ", 150)
    cell.up()
    cell.cell_pings()
    need(cell.root_pings(), "the root's pings get no answer")


def disk_rng_and_user_network(cell):
    """Four devices: what is in the root's file and what the cell reads is the same, both ways; random numbers; a file over HTTP."""
    rig = cell.rig
    rig.run("(cat /cella/linux-served.toml; printf '\\n[[memory]]\\nname = \"fourth\"\\nvirt = 0x70003000\\nsize = 0x1000\\n"
            "flags = [\"served\"]\\nirq = 243\\n') >/tmp/four.toml")
    rig.run("dd if=/dev/urandom of=/tmp/disk bs=64k count=64 2>/dev/null; mkdir -p /tmp/www; "
            "dd if=/dev/urandom of=/tmp/www/file bs=1k count=300 2>/dev/null; ifconfig lo 127.0.0.1 up; httpd -p 127.0.0.1:8080 -h /tmp/www")
    disk, file = (rig.run(f"sha256sum <{f}").split()[0] for f in ("/tmp/disk", "/tmp/www/file"))
    start(rig, "/tmp/four.toml")
    cell.serve(USER)
    cell.expect("^~ # ", 150)
    cell.tell("sha256sum </dev/vda")
    cell.expect(f"^{disk}", 60)
    cell.tell("echo written by the cell | dd of=/dev/vda bs=512 seek=77 conv=sync 2>/dev/null; sync; echo synced $((40 + 1))")
    cell.expect("^synced 41$", 30)
    there = rig.run("dd if=/tmp/disk bs=512 skip=77 count=1 2>/dev/null | head -n 1")
    need(there.strip() == "written by the cell", f"the root's file has {there!r}")
    cell.tell("cat /sys/class/misc/hw_random/rng_current; r() { dd if=/dev/hwrng bs=512 count=8 2>/dev/null | sha256sum; }; "
              "[ \"$(r)\" != \"$(r)\" ] && echo random $((50 + 1))")
    cell.expect("^virtio_rng", 30)
    cell.expect("^random 51$", 30)
    cell.tell("ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up; ip route add default via 10.0.2.2; "
              "wget -q -O - http://10.0.2.2:8080/file | sha256sum")
    cell.expect(f"^{file}", 60)


def nobody_serves(cell):
    """The cell's first access waits, for ever; the root goes on, and the cell can be destroyed."""
    rig = cell.rig
    start(rig)
    cell.wait("the cell's start", lambda: asked(rig) > 300, 90)
    before = -1
    while before != asked(rig):
        before = asked(rig)
        time.sleep(4)
    need(rig.state("served") == "running", f"a cell that nobody serves is {rig.state('served')}")
    rig.cell("destroy served", 60)


def shared_memory_pings(cell):
    """A network by ivshmem beside the served one: both ways, whole and in fragments, and again after each end was down."""
    net = Shared(cell.rig)
    cell.tell("insmod /cella-net.ko; n=$(ls /sys/bus/pci/devices/*/net | tail -n 1); ip addr add 192.168.79.2/24 dev $n; ip link set $n up; "
              "echo shared $((50 + 2))")
    cell.expect("^shared 52$", 30)
    net.pings()
    net.pings("-c 3 -s 20000")
    cell.tell("ping -c 3 -W 5 192.168.79.1; echo shared $((60 + 2))")
    cell.expect("^shared 62$", 60)
    need("3 packets received" in cell.out().split("shared 52")[-1], f"the cell's pings:\n{cell.out()}")
    cell.rig.run(f"ip link set {net.name} down; ip link set {net.name} up")
    net.pings()
    cell.tell("ip link set $n down; ip link set $n up; rmmod cella_net; echo shared $((70 + 2))")
    cell.expect("^shared 72$", 30)
    net.wait_carrier(False)


def server_is_killed(cell):
    """The cell waits, and the root doesn't; a new cell gets a new server."""
    rig = cell.rig
    status, said = rig.status(f"cella cell serve served {NET}")
    need(status == 1 and "somebody serves it already" in said, f"a second server: {said}")
    rig.run("for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline | grep -q 'cell serve served' && kill -9 ${p#/proc/}; done; true")
    cell.wait("the end of who serves", lambda: not cell.serving(), 10)
    rig.run("ping -c 2 -W 1 192.168.77.2; true")
    need(rig.state("served") == "running", f"a cell whose server was killed is {rig.state('served')}")
    rig.cell("destroy served", 60)
    shell_and_pings(cell)


def cell_is_destroyed(cell):
    """Who serves it ends by itself."""
    cell.rig.cell("destroy served", 60)
    cell.wait("the end of who serves", lambda: not cell.serving(), 20)
    need("served was stopped" in cell.out() or "the cell is gone" in cell.out(), f"it said:\n{cell.out()}")
    status, said = cell.rig.status(f"cella cell serve served {NET}")
    need(status == 1 and "no such cell" in said, f"a server of no cell: {said}")


@contextlib.contextmanager
def enabled(release, gic, **kw):
    """A rig under Cella, which is as it was when the cells are gone."""
    rig = Bare(release, gic, **kw)
    try:
        rig.enable()
        pool = rig.pool_used()
        yield rig
        need(rig.pool_used() == pool, f"{rig.pool_used()} pages of the pool are used, {pool} were before")
        rig.disable()
        need(not rig.count("is parked"), "a CPU was parked")
        rig.healthy()
    finally:
        rig.close()


def run(release, gic, *steps, modules=tuple(MODULES)):
    kernel, initrd = image(f"arm64/{release}", modules, add=[kmod(release, "cella-net.ko")], name="bare-served")
    with enabled(release, gic, put=[kernel, initrd], board=Tap(release, gic)) as rig:
        cell = Served(rig)
        for step in steps:
            begin = time.monotonic()
            step(cell)
            print(f"# {step.__name__}: {time.monotonic() - begin:.0f} s", flush=True)


def served_linux():
    run("12", "v3", nobody_serves, shell_and_pings, shared_memory_pings, server_is_killed, cell_is_destroyed)


def served_linux_gicv2():
    run("12", "v2", shell_and_pings, shared_memory_pings, cell_is_destroyed)


def served_linux_13():
    run("13", "v3-its", shell_and_pings, shared_memory_pings, server_is_killed, cell_is_destroyed)


def served_devices():
    run("12", "v3", disk_rng_and_user_network, cell_is_destroyed, modules=DEVICES)


def unserved_linux():
    """All of the cell's memory is its own; it pings by shared memory, and is gone when it ends."""
    add = [kmod("12", "cella-net.ko"), os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig", "linux_net", "autorun")]
    kernel, initrd = image("arm64/12", [], add=add, name="bare-net")
    with enabled("12", "v3", put=[kernel, initrd]) as rig:
        net = Shared(rig)
        rig.cell("linux -i /cella/initrd.gz -c 'panic=-1 quiet' /cella/linux-net.toml /cella/linux", 90)
        net.wait_carrier(True, 90)
        net.pings()
        rig.cell("destroy linux-net", 60)
        net.wait_carrier(False)


main_of(globals())
