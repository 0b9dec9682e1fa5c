#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: cpus_come_and_go last_words
# long: linux_at_el2 kvm_at_el2
# budget: 180
"""
Where the driver of the bare engine has to say no, and what CPU hotplug does around it: bare_refused.py CASE. Each case boots a
board of its own, because processor or command line differ.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

from bare_arm64 import Bare, Board
from guest import main_of, need


class Odd(Board):
    """Another processor, and KVM as the kernel sets it up by itself."""

    cpu = "cortex-a57"

    def argv(self, *args):
        argv = super().argv(*args)
        argv[argv.index("-cpu") + 1] = self.cpu
        return [a.replace("kvm-arm.mode=none", "") for a in argv]


class Vhe(Odd):
    cpu = "cortex-a76"


def refused(rig, *parts):
    rig.run("insmod /cella/cella.ko")
    status, said = rig.status(f"cella cell enable /cella/{rig.config}")
    log = rig.run("dmesg | grep cella: | tail -n 3")
    need(status == 1, f"it was enabled:\n{said}")
    for part in parts:
        need(part in said + log, f"'{part}' is in neither\n{said}\nnor\n{log}")
    need(not rig.enabled(), "sysfs says that it is enabled")
    rig.run("rmmod cella")


def linux_at_el2():
    rig = Bare(board=Vhe("12"))
    try:
        refused(rig, "cannot be left for EL2", "kvm-arm.mode=nvhe")
    finally:
        rig.close()


def kvm_at_el2():
    rig = Bare(release="13", board=Odd("13"))
    try:
        refused(rig, "EL2 is in use by KVM", "kvm-arm.mode=none")
    finally:
        rig.close()


def cpus_come_and_go():
    """A CPU that is offline refuses enable; one that went later is there again after disable, as offline as it was."""
    rig = Bare()
    cpu = "/sys/devices/system/cpu/cpu"
    try:
        rig.run("insmod /cella/cella.ko")
        rig.run(f"echo 0 >{cpu}1/online")
        status, said = rig.status(f"cella cell enable /cella/{rig.config}")
        need(status == 1 and "CPU 1 is offline" in said, f"it was enabled with a CPU offline:\n{said}")
        rig.run(f"echo 1 >{cpu}1/online")
        rig.enable()
        rig.start("gic-demo")
        need(rig.status(f"echo 1 >{cpu}3/online")[0] != 0, "the cell's CPU came online")
        rig.run(f"echo 0 >{cpu}1/online")
        rig.disable()
        online = rig.run("cat /sys/devices/system/cpu/online").strip()
        need(online == "0,2-3", f"online are {online}")
        rig.run(f"echo 1 >{cpu}1/online")
        rig.enable()
        rig.disable()
        rig.healthy()
    finally:
        rig.close()


def last_words():
    """What the engine has against a configuration is in the kernel's log; the machine goes down while a cell takes its time."""
    rig = Bare()
    try:
        rig.run("insmod /cella/cella.ko")
        rig.run(f"sed 's/maintenance_irq = 25/maintenance_irq = 5/' /cella/{rig.config} >/cella/odd.toml")
        need(rig.status("cella cell enable /cella/odd.toml")[0] == 1, "it was enabled without a maintenance interrupt")
        log = rig.run("dmesg | grep cella:")
        need("maintenance interrupt 5 is no private one" in log, f"the kernel's log doesn't have why it was not enabled:\n{log}")
        rig.enable()
        rig.run("sed -i 's/^reply_timeout.*/reply_timeout = 0/' /cella/gic-demo.toml; printf '\\000\\000\\000\\024' >/cella/mute.bin")
        rig.start("gic-demo", "mute")  # b .
        rig.run("(cella cell shutdown gic-demo >/dev/null 2>&1 &) ; sleep 1")
        rig.outer.console.sendline("poweroff -f")
        rig.outer.console.wait_exit(40)
    finally:
        rig.close()


main_of(globals())
