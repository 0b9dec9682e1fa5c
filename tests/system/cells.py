#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: configurations_fit_their_board first_configuration_fits binary_form_is_taken_back words_are_checked
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


def board(directory, gic):
    """Options that name the board's files."""
    if not shutil.which("qemu-system-aarch64"):
        raise Skip("no qemu-system-aarch64 (package qemu-system-arm)")
    dtb, iomem = f"{directory}/{gic}.dtb", f"{directory}/iomem"
    subprocess.run(["qemu-system-aarch64", "-M", f"virt,virtualization=on,gic-version={gic},dumpdtb={dtb}", "-cpu", "cortex-a57",
                    "-smp", "4", "-m", "2048", "-nic", "none", "-nographic"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=30, check=True)
    with open(iomem, "w", encoding="ascii") as f:
        f.write(IOMEM)
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
