#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: configurations_fit_their_board first_configuration_fits binary_form_is_taken_back words_are_checked
# cases: jailhouse_files_fit_their_board jailhouse_files_are_judged
# cases: driver_builds_for_debian_12 driver_builds_for_debian_13
# budget: 120
"""
What of `cella cell` works on any machine: configurations against a board that QEMU describes, and the driver's build.
cells.py CASE
"""

import glob
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

import jailhouse
import vmm
from guest import Skip, main_of, need
from kmod import kmod

CONFIGS = os.path.join(vmm.TOP, "configs")
SYSTEMS = {"3": "qemu-arm64.toml", "2": "qemu-arm64-v2.toml"}
# What Linux with mem=512M says on that board.
IOMEM = """08000000-0800ffff : GICD
09000000-09000fff : pl011@9000000
  09000000-09000fff : 9000000.pl011 pl011@9000000
09010000-09010fff : pl031@9010000
09030000-09030fff : pl061@9030000
10000000-3efeffff : pcie@10000000
40000000-5fffffff : System RAM
  40210000-4185ffff : Kernel code
4010000000-401fffffff : PCI ECAM
8000000000-ffffffffff : pcie@10000000
"""


def cell(*args):
    done = subprocess.run([vmm.cella_binary(), "cell", *args], cwd=vmm.TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    return done.returncode, done.stdout, done.stderr


def works(*args):
    status, out, err = cell(*args)
    need(status == 0, f"cella cell {' '.join(args)}: status {status}: {err}")
    return out


def refused(part, *args):
    status, out, err = cell(*args)
    need(status == 1 and err.count("\n") == 1 and part in err, f"cella cell {' '.join(args)}: status {status}, '{part}' is not in: {err}{out}")


def board(directory, gic, cpus=4, mem=2048, more=""):
    """Options that name the board's files. more: lines of iomem."""
    if not shutil.which("qemu-system-aarch64"):
        raise Skip("no qemu-system-aarch64 (package qemu-system-arm)")
    dtb, iomem = f"{directory}/{gic}.dtb", f"{directory}/iomem"
    subprocess.run(["qemu-system-aarch64", "-M", f"virt,virtualization=on,gic-version={gic},dumpdtb={dtb}", "-cpu", "cortex-a57",
                    "-smp", str(cpus), "-m", str(mem), "-nic", "none", "-nographic"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=30, check=True)
    with open(iomem, "w", encoding="ascii") as f:
        f.write(IOMEM + more)
    return ["--iomem", iomem, "--dtb", dtb]


def configurations_fit_their_board():
    cells = [c for c in sorted(glob.glob(f"{CONFIGS}/*.toml")) if os.path.basename(c) not in SYSTEMS.values()]
    with tempfile.TemporaryDirectory() as d:
        for gic, system in SYSTEMS.items():
            files = board(d, gic)
            for c in cells:
                works("check", *files, f"{CONFIGS}/{system}", c)
        refused("the board has a GICv2", "check", *board(d, "2"), f"{CONFIGS}/{SYSTEMS['3']}")


def first_configuration_fits():
    with tempfile.TemporaryDirectory() as d:
        for gic in SYSTEMS:
            files = board(d, gic)
            first = f"{d}/first-{gic}.toml"
            works("config", "create", *files, first)
            works("check", *files, first)
            refused("File exists", "config", "create", *files, first)


def binary_form_is_taken_back():
    with tempfile.TemporaryDirectory() as d:
        for name in (SYSTEMS["3"], "linux.toml"):
            works("compile", f"{CONFIGS}/{name}", f"{d}/once")
            works("compile", f"{d}/once", f"{d}/twice")
            with open(f"{d}/once", "rb") as a, open(f"{d}/twice", "rb") as b:
                once, twice = a.read(), b.read()
            need(once == twice, f"{name}: its binary form became another")
            need(once[:5] == (b"JHCLL" if name == "linux.toml" else b"JHSYS"), f"{name}: no signature")


def written(directory, **files):
    for name, content in files.items():
        with open(f"{directory}/{name}", "wb") as f:
            f.write(content)
    return [f"{directory}/{name}" for name in files]


def jailhouse_files_fit_their_board():
    """Its root cell and inmates (rig/jailhouse.py) on the board of 16 CPUs and 1 GiB that they are for; nothing is lost on the way."""
    with tempfile.TemporaryDirectory() as d:
        files = written(d, root=jailhouse.system(), demo=jailhouse.inmate_demo(), net=jailhouse.network_demo())
        works("check", *board(d, "3", 16, 1024), *files[:2])
        works("check", *board(d, "3", 16, 1024), files[0], files[2])
        for f in files:
            works("compile", f, f"{d}/out")
            with open(f, "rb") as a, open(f"{d}/out", "rb") as b:
                need(a.read() == b.read(), f"{os.path.basename(f)} became another")


def jailhouse_files_are_judged():
    """As others are; and of another revision, or with a device that isn't there, not at all."""
    with tempfile.TemporaryDirectory() as d:
        root, demo = jailhouse.system(), jailhouse.inmate_demo()
        one, other, odd = written(d, one=demo, other=demo.replace(b"inmate-demo", b"inmate-dem2"), odd=demo[:6] + b"\x0f" + demo[7:])
        sysfile, short, hole = written(d, sys=root, short=root[:-1], hole=demo.replace(jailhouse.memory(jailhouse.DEMO + 0x1000, 0x9000, 0x83), bytes(32)))
        refused("CPU 1 belongs to cell inmate-demo", "check", sysfile, one, other)
        refused("another revision than 14", "check", sysfile, odd)
        refused("shorter than its counts say", "check", short)
        refused("follow one another", "check", sysfile, hole)
        refused("the board has 4", "check", *board(d, "3"), sysfile)
        # A window of the PCI bridge may be missing, but not a device in it.
        refused("Linux uses 0000:00:01.0", "check", *board(d, "3", 16, 1024, "  8000000000-8000003fff : 0000:00:01.0\n"), sysfile)


def words_are_checked():
    refused("did you mean 'cella cell enable'", "enabel")
    refused("write it as: cella cell create CONFIG", "create")
    refused("write it as: cella cell start CELL", "start")
    refused("option '--wrong' is not known", "list", "--wrong")
    refused("'-a' needs a value", "load", "demo", "x", "-a")
    refused("No such file", "check", "/nonexistent.toml")
    refused("name its file", "check", "--dtb", "/dev/null", f"{CONFIGS}/gic-demo.toml")
    if os.uname().machine != "aarch64":
        refused("need an arm64 host", "start", "demo")
        refused("need an arm64 host", "enable", f"{CONFIGS}/{SYSTEMS['3']}")
    need("cella cell load" in works("--help"), "no help")


def driver_builds_for_debian_12():
    kmod("12")


def driver_builds_for_debian_13():
    kmod("13")


main_of(globals())
