# SPDX-License-Identifier: BSD-2-Clause
"""
What a cell's timer interrupt costs in the engine, in instructions of its own CPU: alone, and beside a hostile inmate.

`-icount`'s clock is that of all CPUs, so a plugin of QEMU (tests/bare/qemu_count.c) counts the instructions of one CPU in the
engine's text. The program below the engine is tests/bare/jitter.c.
"""

import os
import re
import shutil
import statistics
import struct
import subprocess
import tempfile

import vmm
from expect import SLOW
from guest import Skip, need

BUILD = os.path.dirname(vmm.cella_binary())
HV_BASE = 0x5E000000  # as in tests/bare/board.h and jitter.c
ATTACKER, VICTIM, ORDER = 0x5F000000, 0x5F100000, 0x5D000000
CMDLINE = 0x1000
VICTIM_CPU = 2
# Hostile inmates, how many starts bring them through their steps, and the slice of each in microseconds. From its 150th step on
# `addresses` writes over its own image; what then faults at each instruction stops the clock that counts instructions.
HOSTILE = {"addresses": (150, 200), "sysregs": (73, 300), "calls": (9, 1500), "irqs": (9, 3000), "states": (10, 1500)}


def tool(name, *words):
    if not shutil.which(f"aarch64-linux-gnu-{name}"):
        raise Skip(f"no aarch64-linux-gnu-{name}")
    return subprocess.run([f"aarch64-linux-gnu-{name}", *words], stdout=subprocess.PIPE, text=True, check=True).stdout


def places(version):
    """Where in the engine what happens, in the plugin's words."""
    elf = os.path.join(BUILD, "bare", "cella-arm64.elf")
    if not os.access(elf, os.R_OK):
        raise Skip(f"{elf} is not built")
    symbol = {name: int(at, 16) for at, _, name in (line.split() for line in tool("nm", elf).split("\n") if line)}
    code = re.findall(r"^ +([0-9a-f]+):\t[0-9a-f]{8} \t(.+)$", tool("objdump", "-d", elf), re.M)
    code = [(int(at, 16), text) for at, text in code]
    insert = symbol[f"v{version}_insert"]
    if version == 3:
        written = [at for at, text in code if re.match(r"msr\t(ich_lr\d+_el2|s3_4_c12_c1[23]_\d)", text)]
    else:  # list registers are memory: where the function that writes one returns
        end = min(at for at in symbol.values() if at > insert)
        written = [at for at, text in code if insert <= at < end and text.startswith("ret")]
    need(written, "no list register is written anywhere")
    returned = next(at for at, text in code if at > symbol["trap_exit"] and text == "eret")
    found = [("b", 0), ("e", max(at for at, _ in code) + 4), ("t", symbol["vectors"] + 0x480), ("a", symbol[f"v{version}_acknowledge"]),
             ("i", insert), ("r", returned), *(("w", at) for at in written)]
    return "".join(f"{kind} {HV_BASE + at:x}\n" for kind, at in found) + f"c {VICTIM_CPU:x}\n"


def inmate(where, name, words=""):
    """A copy of the inmate with its command line, for QEMU's loader."""
    try:
        with open(os.path.join(BUILD, "inmates", f"{name}.bin"), "rb") as f:
            image = bytearray(f.read())
    except FileNotFoundError as e:
        raise Skip(f"{e.filename} is not built") from e
    image[CMDLINE:CMDLINE + len(words) + 1] = words.encode() + b"\0"
    with open(os.path.join(where, name), "wb") as f:
        f.write(image)
    return f.name


def plugin():
    if not shutil.which("qemu-system-aarch64"):
        raise Skip("no qemu-system-aarch64 (package qemu-system-arm)")
    said = subprocess.run(["qemu-system-aarch64", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    version = int(re.search(r"version (\d+)", said).group(1))
    name = os.path.join(BUILD, "bare", f"qemu_count-{1 if version < 9 else 2}.so")
    if not os.access(name, os.R_OK):
        raise Skip(f"{name} is not built")
    return name


def measure(version, attacker=None, starts=0, slice_us=1000, period_us=20):
    """
    {"inject": numbers, "whole": numbers}, one for each interrupt of the victim: from the acknowledgement to the list register's
    write, and from the vector to the return. The attacker is started so many times, each time for a slice.
    """
    with tempfile.TemporaryDirectory() as d:
        where, order, out = (os.path.join(d, name) for name in ("places", "order", "out"))
        with open(where, "w", encoding="ascii") as f:
            f.write(places(version))
        with open(order, "wb") as f:
            f.write(struct.pack("<II", starts if attacker else 0, slice_us))
        loads = [(order, ORDER), (inmate(d, "gic-demo", f"period_us={period_us} quiet=1000000000"), VICTIM)]
        if attacker:
            loads.append((inmate(d, attacker), ATTACKER))
        argv = ["qemu-system-aarch64", "-M", f"virt,virtualization=on,gic-version={version}", "-cpu", "cortex-a57", "-smp", "3", "-m", "512",
                "-nographic", "-nic", "none", "-no-reboot", "-kernel", os.path.join(BUILD, "bare", "jitter.elf"),
                "-icount", "shift=0,sleep=off", "-plugin", f"{plugin()},in={where},out={out}"]
        for name, at in loads:
            argv += ["-device", f"loader,file={name},addr={at:#x},force-raw=on"]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=100 * SLOW, check=False)
        need(done.stdout.strip().split("\n")[-1] == "ok", f"the program says:\n{done.stdout}")
        need(not attacker or "hostile: begins" in done.stdout, f"the attacker says nothing:\n{done.stdout}")
        with open(out, encoding="ascii") as f:
            rows = [line.split() for line in f]
    return {kind: [int(n) for k, n in rows if k == kind] for kind in ("inject", "whole")}


def growth(alone, beside):
    """Of the worst case, in percent."""
    return 100 * (max(beside) - max(alone)) / max(alone)


def summary(numbers):
    return f"min {min(numbers)} mean {statistics.mean(numbers):.1f} max {max(numbers)}"
