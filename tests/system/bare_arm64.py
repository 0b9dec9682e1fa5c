#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: alone v3 its13 v2
# long: cycles hostile
# budget: 900
"""
Cells of the bare engine below Debian's kernel on an arm64 board (rig/bare_arm64.py): bare_arm64.py CASE [WORDS OF A TITLE]. A case
is one kind of board; its tests share one boot and are reported one by one as TAP.
"""

import os
import re
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

import jailhouse
from bare_arm64 import Bare, Shared, System, alone
from guest import need
from outer import main_of

JITTER = r"Timer fired, jitter: +(\d+) ns, min: +(\d+) ns, avg: +(\d+) ns, max: +(\d+) ns"
BEAT = r"victim: beat (\d+) sum (\w+) changed (\d+) strange (\d+) late (\d+) ns"


# ---- the whole life ----


def one_script(rig):
    """After enable, a cell, and disable, the machine is as it was, and all of it works once more."""
    rig.run("test -c /dev/cella || insmod /cella/cella.ko")
    before = System(rig)
    for again in range(2):
        rig.enable()
        rig.start("gic-demo")
        rig.says("gic-demo", JITTER, 30)
        work = int(rig.run("i=0; end=$(($(date +%s) + 3)); while [ $(date +%s) -lt $end ]; do i=$((i + 1)); done; echo $i"))
        need(work >= 3, f"the root came to {work} rounds in 3 s")
        count = rig.count("Timer fired")
        need(count >= 10, f"only {count} timer lines came")
        need(rig.state("gic-demo") == "running", f"the cell is {rig.state('gic-demo')}")
        online = rig.run("cat /sys/devices/system/cpu/online").strip()
        need(online == "0-2", f"the root has CPUs {online} beside the cell")
        rig.cell("shutdown gic-demo")
        need(rig.state("gic-demo") == "shut down", f"after shutdown the cell is {rig.state('gic-demo')}")
        last = rig.says("gic-demo", JITTER)
        count = rig.count("Timer fired")
        time.sleep(0.5)
        need(rig.count("Timer fired") == count, "a cell that is shut down prints on")
        rig.cell("destroy gic-demo")
        rig.disable()
        before.compare(System(rig))
        if not again:
            print(f"# {last.group(0)}")
    rig.healthy()


def enable_disable(rig, count):
    before = System(rig)
    for n in range(count):
        rig.enable()
        need(rig.run("cat /sys/devices/system/cpu/online").strip() == "0-3", f"CPUs are missing after enable {n}")
        rig.disable()
    before.compare(System(rig))
    rig.healthy()


def beside_patching(rig, count=5):
    """A kprobe that goes in and out stops all CPUs for each change of the kernel's text; enabling and disabling wait their turn."""
    probes = "/sys/kernel/tracing/kprobe_events"
    rig.run("[ -e /sys/kernel/tracing/kprobe_events ] || mount -t tracefs t /sys/kernel/tracing")
    rig.run(f"echo p:cella_test do_sys_openat2 >{probes}")
    rig.run("((cd /sys/kernel/tracing/events/kprobes/cella_test; while [ ! -e /tmp/enough ]; do echo 1 >enable; echo 0 >enable; "
            "echo >>/tmp/patched; done) >/dev/null 2>&1 &)")
    try:
        for _ in range(count):
            rig.enable()
            rig.disable()
    finally:
        rig.run("touch /tmp/enough; sleep 1")
    need(int(rig.run("wc -l </tmp/patched")) > count, "the kernel's text was hardly changed meanwhile")
    rig.healthy()


def restarts(rig, count):
    """create, load, start, shutdown, start, destroy: each time the pool is as before, and the cell begins anew."""
    rig.enable()
    base = rig.pool_used()
    for n in range(count):
        rig.cell(f"create {rig.toml('gic-demo')}")
        rig.load("gic-demo", "gic-demo", "period_us=20000")
        for start in range(2):
            mark = rig.mark()
            rig.cell("start gic-demo")
            rig.says("gic-demo", "Initialized", 20, mark)
            rig.says("gic-demo", JITTER, 20, mark)
            rig.cell("shutdown gic-demo")
        rig.cell("destroy gic-demo")
        need(rig.pool_used() == base, f"cycle {n}: {rig.pool_used()} pages of the pool are used, {base} before")
    rig.disable()
    rig.healthy()


def two_cpus(rig):
    rig.enable()
    rig.start("smp-demo")
    rig.says("smp-demo", "smp-demo: 3 of 3", 30)
    rig.cell("shutdown smp-demo")
    rig.load("smp-demo", "smp-demo", "off")
    rig.cell("start smp-demo")
    rig.says("smp-demo", "CPU 3 is here", 10)
    rig.says("smp-demo", "'smp-demo' is shut down", 10)
    need(rig.state("smp-demo") == "shut down", f"after SYSTEM_OFF the cell is {rig.state('smp-demo')}")
    count = rig.count("is here")
    time.sleep(1)
    need(rig.count("is here") == count, "SYSTEM_OFF left a CPU of the cell running")
    need(not rig.count("came back"), "SYSTEM_OFF came back")
    rig.cell("destroy smp-demo")
    rig.disable()


def shared_uart(rig):
    """Its lines come out of Linux's own console, between the shell's."""
    rig.enable()
    rig.cell(f"create {rig.toml('uart-demo')}")
    rig.load("uart-demo", "uart-demo")
    said = rig.run("cella cell start uart-demo; sleep 2; cella cell shutdown uart-demo")
    need("Hello 3 from cell!" in said, f"the cell printed {said!r}")
    rig.cell("destroy uart-demo")
    rig.disable()


def doorbells(rig):
    """The root, with what Linux shows of its device, and ivshmem-demo: doorbells, states and memory both ways; each sees the other end."""
    rig.enable()
    base = rig.pool_used()
    rig.run("ls -d /sys/bus/pci/drivers/cella-ivshmem/0001:00:00.0")
    need(rig.run("cat /sys/bus/pci/devices/0001:00:00.0/vendor /sys/bus/pci/devices/0001:00:00.0/device").split() == ["0x110a", "0x4106"],
         "the root's device is another one")
    rig.cell(f"create {rig.toml('ivshmem-demo')}")
    for words in ("", "fail=16"):
        rig.load("ivshmem-demo", "ivshmem-demo", words)
        mark = rig.mark()
        rig.cell("start ivshmem-demo")
        rig.says("ivshmem-demo", "ivshmem: device 00.0, id 1 of 2, IRQ 240", 20, mark)
        rig.run("/cella/ivshmem_root 1000 5 >/tmp/root.log 2>&1 & echo $! >/tmp/root.pid")
        # The state is one interrupt and each ring another, as far as they come one by one.
        rig.says("ivshmem-demo", r"interrupt, [2-9]\d* interrupts, states 1 3, outputs 0x7eee0005", 20, mark)
        seen = await_root(rig, r"root: ([2-9]|\d\d+) interrupts, peer's state 3, output \d+")
        need("root: 0001:00:00.0, id 0 of 2" in seen, f"the root's program says\n{seen}")
        if not words:
            rig.cell("shutdown ivshmem-demo")
        await_root(rig, r"interrupts, peer's state 0,")
        count = int(rig.run("cat /sys/bus/pci/devices/0001:00:00.0/interrupts"))
        time.sleep(1)
        need(int(rig.run("cat /sys/bus/pci/devices/0001:00:00.0/interrupts")) == count, "a cell that is shut down rings on")
        need(rig.state("ivshmem-demo") == ("failed" if words else "shut down"), f"the cell is {rig.state('ivshmem-demo')}")
        rig.run("kill $(cat /tmp/root.pid)")
    rig.cell("destroy ivshmem-demo")
    need(rig.pool_used() == base, f"{rig.pool_used()} pages of the pool are used, {base} before")
    rig.disable()
    need(rig.status("test -e /sys/bus/pci/devices/0001:00:00.0")[0], "the root's device outlived the engine")
    rig.healthy()


def jailhouse_files(rig):
    """Root cell and inmate from rig/jailhouse.py. That root cell has no high PCI window, where the rig's own device is; it goes."""
    rig.run("for d in /sys/bus/pci/devices/*/virtio*; do echo 1 >${d%/*}/remove; done")
    rig.enable("jailhouse.cell")
    rig.cell("create /cella/jailhouse-demo.cell")
    need(rig.run("cat /sys/devices/system/cpu/online").strip() == "0,2-3", "CPU 1 is not the cell's alone")
    rig.load("inmate-demo", "uart-demo")
    said = rig.run("cella cell start inmate-demo; sleep 2; cella cell shutdown inmate-demo")
    need("Hello 3 from cell!" in said, f"the cell printed {said!r}")
    rig.cell("destroy inmate-demo")
    rig.disable()
    rig.healthy()


def inmate_answers(rig):
    """cella-net.ko in the root and an inmate at the other end: ARP and pings, and again after either was gone."""
    rig.enable()
    base = rig.pool_used()
    net = Shared(rig)
    rig.cell(f"create {rig.toml('ivshmem-net-demo')}")
    rig.load("ivshmem-net-demo", "ivshmem-net-demo")
    for _ in range(2):
        mark = rig.mark()
        rig.cell("start ivshmem-net-demo")
        net.pings("-c 20 -A -s 1400")
        rig.run(f"ip link set {net.name} down; ip link set {net.name} up")
        net.pings("-c 2")
        rig.cell("shutdown ivshmem-net-demo")
        rig.says("ivshmem-net-demo", r"net: \d+ frames, (2[2-9]|[3-9]\d) answered", 10, mark)
        net.wait_carrier(False)
    rig.cell("destroy ivshmem-net-demo")
    need(rig.pool_used() == base, f"{rig.pool_used()} pages of the pool are used, {base} before")
    rig.disable()
    need(rig.status(f"test -e /sys/class/net/{net.name}")[0], "the root's network outlived the engine")
    rig.run("rmmod cella-net")
    rig.healthy()


def no_answer(rig):
    """A cell that never looks at its messages, for eight seconds, and may think for ever: a signal ends the wait, and the root works meanwhile."""
    rig.enable()
    rig.run("sed 's/^reply_timeout.*/reply_timeout = 0/' /cella/gic-demo.toml >/tmp/silent.toml")
    rig.cell("create /tmp/silent.toml")
    rig.cell("load gic-demo /cella/silent.bin")
    rig.cell("start gic-demo")
    said = rig.run("(cella cell shutdown gic-demo; echo status $?) >/tmp/shutdown 2>&1 & sleep 1; kill -INT $(pidof ld-linux-aarch64.so.1 cella); sleep 1; cat /tmp/shutdown; true")
    need("status" in said and "status 0" not in said, f"the wait was not ended: {said}")
    need(rig.state("gic-demo") == "running", f"a cell that never answered is {rig.state('gic-demo')}")
    rig.cell("destroy gic-demo", 60)    # when it has turned itself off
    rig.disable()
    rig.healthy()


def await_root(rig, pattern):
    end = time.monotonic() + 20
    while True:
        seen = rig.run("cat /tmp/root.log")
        if re.search(pattern, seen):
            return seen
        need(time.monotonic() < end, f"the root's program has not printed {pattern!r} but\n{seen}")
        time.sleep(0.2)


# ---- those who don't behave ----


class Victim:
    """The neighbour: its heart goes on and its memory stays."""

    def __init__(self, rig):
        self.rig = rig
        self.at, self.worst = 0, 0
        rig.start("victim")
        self.beat, self.sum = 0, None
        self.check()

    def check(self):
        """A line that was printed from now on."""
        mark = self.rig.mark()
        found = self.rig.says("victim", BEAT, 30, mark)
        beat, total, changed, strange, late = found.groups()
        need(int(beat) > self.beat, f"the heart stopped at {beat}")
        need(self.sum in (None, total) and changed == "0", f"the victim's memory changed: {found.group(0)}, it was {self.sum}")
        need(strange == "0", f"the victim got interrupts that are not its own: {found.group(0)}")
        need(self.rig.state("victim") == "running", f"the victim is {self.rig.state('victim')}")
        self.beat, self.sum, self.worst = int(beat), total, max(self.worst, int(late))


def hostile(rig, name, starts):
    """Starts it until it is through with its steps; where it only spins, it is ended and started for the next step."""
    rig.enable()
    victim = Victim(rig)
    base = None
    rig.cell(f"create {rig.toml('hostile')}")
    rig.load("hostile", name)
    parked = spun = 0
    for _ in range(starts):
        mark = rig.mark()
        rig.cell("start hostile")
        base = base or rig.pool_used()
        state, done = "", False
        end = time.monotonic() + 4
        while time.monotonic() < end:
            state = rig.state("hostile")
            done = "hostile: done" in rig.said(mark)
            if done or state == "failed":
                break
            time.sleep(0.1)
        if done:
            break
        parked += state == "failed"
        spun += state != "failed"
        if state != "failed":
            rig.cell("shutdown hostile")
    victim.check()
    need(rig.pool_used() == base, f"the pool has {rig.pool_used()} pages in use, {base} before")
    print(f"# {name}: parked {parked} times, spun {spun} times; the victim was at most {victim.worst / 1000:.0f} us late")
    need(not rig.count("hostile: hypercall"), "a management call of a cell succeeded")
    need(not rig.count("hostile: CPU"), "a cell turned a CPU on that is not its own")
    if rig.state("hostile") == "running":
        rig.cell("shutdown hostile")
    rig.cell("destroy hostile")
    victim.check()
    rig.cell("shutdown victim")
    rig.cell("destroy victim")
    rig.disable()
    rig.healthy()


def failed_cell(rig):
    """What touches nothing is parked and said so; the root goes on, and the cell can be started again."""
    rig.enable()
    rig.start("hostile", "addresses", "step=0")
    end = time.monotonic() + 10
    while rig.state("hostile") != "failed" and time.monotonic() < end:
        time.sleep(0.1)
    need(rig.state("hostile") == "failed", f"the cell is {rig.state('hostile')}, not failed")
    need(rig.count("40000000"), "the log doesn't say which address")
    cpus = rig.run("cat /sys/devices/cella/cells/*/cpus_failed")
    need(cpus.strip(), "sysfs names no failed CPU")
    rig.load("hostile", "hello")
    rig.cell("start hostile")
    rig.says("hostile", "hello from cell", 10)
    rig.cell("shutdown hostile")
    rig.cell("destroy hostile")
    rig.disable()
    rig.healthy()


def stress(rig, seconds=8):
    """Both of the root's CPUs work in memory, files and processes while the timer runs."""
    rig.enable()
    rig.start("gic-demo", words="period_us=1000 quiet=500")
    rig.says("gic-demo", JITTER, 30)
    rig.run(f"sh -c 'while :; do dd if=/dev/zero bs=64k count=64 2>/dev/null | sha256sum; ls -R /sys/class; done >/dev/null & a=$!; "
            f"while :; do dd if=/dev/urandom of=/tmp/junk bs=1M count=4 2>/dev/null; done & b=$!; sleep {seconds}; kill $a $b'; rm /tmp/junk",
            seconds + 60)
    late = re.findall(JITTER, rig.said())
    need(rig.count("Timer fired") >= seconds // 4, f"only {len(late)} lines of 500 expiries each in {seconds} s")
    print(f"# under stress, lateness of some {rig.count('Timer fired') * 500} expiries in ns: min {late[-1][1]} avg {late[-1][2]} max {late[-1][3]}")
    rig.cell("shutdown gic-demo")
    rig.cell("destroy gic-demo")
    rig.disable()
    rig.healthy()


def misuse(rig, seconds=10):
    """tests/fuzz/arm64/cell_ioctl.c, then everything still works."""
    rig.run("test -c /dev/cella || insmod /cella/cella.ko")
    if rig.enabled():
        rig.disable()
    before = System(rig)
    cells = []
    for name in (rig.config, os.path.basename(rig.toml("victim")), os.path.basename(rig.toml("smp-demo"))):
        out = f"/tmp/{name}.bin"
        rig.cell(f"compile /cella/{name} {out}")
        cells.append(out)
    rig.run("dmesg -n 1")  # each refusal has its line
    said = rig.run(f"/cella/cell_ioctl {seconds} 1 /cella/cella-arm64.bin {' '.join(cells)}", seconds + 60)
    print("# " + said.strip().replace("\n", "\n# "))
    before.compare(System(rig))
    one_script(rig)


def module_stays(rig):
    rig.enable()
    status, said = rig.status("rmmod cella")
    need(status, f"rmmod succeeded while enabled: {said}")
    rig.disable()
    rig.run("rmmod cella")
    need(rig.status("test -e /dev/cella")[0], "/dev/cella outlived its module")
    rig.enable()
    rig.disable()


def wrong_words(rig):
    """What can't be done is said in one line, and changes nothing."""
    rig.enable()
    base = rig.pool_used()
    for words in ("start nobody", "destroy nobody", "load nobody /cella/hello.bin", "shutdown 99", "create /cella/hello.bin",
                  "enable /cella/" + rig.config):
        status, said = rig.status(f"cella cell {words}")
        need(status == 1 and said.strip(), f"`cella cell {words}` ended with {status}: {said}")
    rig.cell(f"create {rig.toml('victim')}")
    status, said = rig.status(f"cella cell create {rig.toml('victim')}")
    need(status == 1, "a cell was created twice")
    rig.cell("destroy victim")
    need(rig.pool_used() == base, "the pool shrank")
    rig.disable()


def by_itself(inmate, pattern):
    """The inmate library doesn't need the engine: what fails in a cell and not here is the engine's fault."""
    for gic in ("v3", "v2"):
        with alone(gic, inmate) as c:
            c.expect(pattern, 30)


class Nothing:
    def close(self):
        pass


SCRIPT = ("enable, create, load, start, shutdown, destroy, disable, twice: the machine is as it was", one_script)
DOORBELLS = ("a cell and the root ring each other over shared memory", doorbells)
NETWORK = ("an inmate answers pings over shared memory", inmate_answers)
HOSTILE = "addresses sysregs calls irqs states".split()


def hostiles(starts, names=HOSTILE):
    return [(f"hostile {n}: a neighbour's heart and memory don't mind", lambda r, n=n: hostile(r, n, starts)) for n in names]


# isb; x1 = CNTVCT_EL0 + 8 * CNTFRQ_EL0; until CNTVCT_EL0 >= x1; PSCI SYSTEM_OFF by SMC; stay
SILENT = struct.pack("<11I", 0xD5033FDF, 0xD53BE041, 0xD53BE002, 0x8B020C21, 0xD53BE043, 0xEB01007F, 0x54FFFFC3, 0x52800100, 0x72B08000,
                     0xD4000003, 0x14000000)
# On four of its sixteen CPUs, and with more memory: our inmates have stacks for as many CPUs as there may be.
JAILHOUSE = {"jailhouse.cell": jailhouse.system(0xF), "jailhouse-demo.cell": jailhouse.inmate_demo(ram=(0x7F900000, 0x100000))}
V3 = [
    SCRIPT,
    ("3 restarts leave the pool as it was", lambda r: restarts(r, 3)),
    ("a cell with two CPUs turns the second on and off, and both off", two_cpus),
    ("a cell prints on the UART that it shares with the root", shared_uart),
    DOORBELLS,
    NETWORK,
    ("a root cell and an inmate as Jailhouse's files have them", jailhouse_files),
    ("a wait for a cell that doesn't answer ends by a signal", no_answer),
    ("a cell that fails is parked and reported, and starts again", failed_cell),
    *hostiles(12),
    ("the timer of a cell goes on while the root is under stress", stress),
    ("misuse of /dev/cella harms nothing", misuse),
    ("it is enabled and disabled beside who patches the kernel", beside_patching),
    ("the module stays while it is enabled", module_stays),
    ("wrong words are refused by name", wrong_words),
]
SHORT = [SCRIPT, DOORBELLS, ("a cell with two CPUs turns the second on and off, and both off", two_cpus), *hostiles(12, ["irqs"])]
ALONE = [
    ("hello greets on the board alone", lambda _: by_itself("hello", "hello from cell CPU 0, EL1")),
    ("gic-demo's timer fires on the board alone", lambda _: by_itself("gic-demo", JITTER)),
    ("smp-demo turns three CPUs on and off on the board alone", lambda _: by_itself("smp-demo", "smp-demo: 9 of 9")),
]
LONG = [
    ("20 times enable and disable", lambda r: enable_disable(r, 20)),
    ("20 restarts leave the pool as it was", lambda r: restarts(r, 20)),
    ("a minute of stress in the root", lambda r: stress(r, 60)),
    ("a minute of misuse", lambda r: misuse(r, 60)),
]


if __name__ == "__main__":
    main_of({
        "alone": (Nothing, ALONE),
        "v3": (lambda: Bare("12", "v3", blobs={**JAILHOUSE, "silent.bin": SILENT}), V3),
        "its13": (lambda: Bare("13", "v3-its"), SHORT),
        "v2": (lambda: Bare("12", "v2"), SHORT),
        "cycles": (lambda: Bare("12", "v3"), LONG),
        "hostile": (lambda: Bare("13", "v3-its"), hostiles(120)),
    })
