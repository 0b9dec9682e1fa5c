#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: served_linux
# budget: 300
"""
A Debian kernel as a cell whose network and console the root serves (`cella cell serve`): bare_served.py CASE. It comes to a
shell, it and the root ping each other; and who serves may end at any moment, as may the cell.
"""

import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

from bare_arm64 import Bare, Board
from expect import SLOW, Failed
from guest import main_of, need
from image import image

MODULES = "virtio_mmio virtio_net virtio_console".split()
NET = "-n tap,ifname=cell0,host_ip=192.168.77.1/24"
EARLY = os.environ.get("CELLA_RIG_EARLY", "")


class Tap(Board):
    modules = Board.modules + ["tun"]


class Served:
    """The cell's shell on its virtio console, which is a FIFO and a file of the root's."""

    def __init__(self, rig):
        self.rig = rig
        rig.run("mkfifo /tmp/in")

    def serve(self):
        self.rig.run(f"(exec 3<>/tmp/in; exec cella cell serve served {NET} --console <&3 >/tmp/out 2>&1) & echo $! >/tmp/serve.pid")

    def out(self):
        return self.rig.run("tail -c 3000 /tmp/out").replace("\r", "")

    def expect(self, pattern, timeout=60):
        end = time.monotonic() + timeout * SLOW
        while True:
            said = self.out()
            found = re.search(pattern, said, re.M)
            if found:
                return found
            if time.monotonic() > end:
                raise Failed(f"the cell has not printed {pattern!r} within {timeout * SLOW:.0f} s but\n{said}\n{self.rig.said()}")
            time.sleep(0.5)

    def tell(self, command):
        self.rig.run(f"echo '{command}' >/tmp/in")

    def up(self):
        self.tell("ip addr add 192.168.77.2/24 dev eth0; ip link set eth0 up; echo linked $((1 + 1))")
        self.expect("^linked 2$", 30)

    def pings(self, tag):
        self.tell(f"ping -c 3 -W 5 192.168.77.1; echo {tag} $((40 + 2))")
        self.expect(f"^{tag} 42$", 60)
        said = self.out()
        need("3 packets received" in said, f"the cell's pings:\n{said}")
        said = self.rig.run("ping -c 3 -W 5 192.168.77.2; true")
        need("3 packets received" in said, f"the root's pings:\n{said}")


def start(rig):
    rig.cell(f"linux -i /cella/initrd.gz -c 'rig.tty=hvc0 panic=-1 quiet {EARLY}' /cella/linux-served.toml /cella/linux", 90)


def served_linux():
    kernel, initrd = image("arm64/12", MODULES, name="bare-served")
    rig = Bare(put=[kernel, initrd], board=Tap())
    try:
        rig.enable()
        pool = rig.pool_used()
        start(rig)
        cell = Served(rig)
        cell.serve()
        cell.expect("^~ # ", 150)
        cell.up()
        cell.pings("first")
        rig.cell("destroy served", 60)
        need(rig.pool_used() == pool, f"{rig.pool_used()} pages of the pool are used, {pool} were before")
        rig.disable()
        rig.healthy()
    finally:
        rig.close()


main_of(globals())
