#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: exec irq mmio tlb fault compile stat off
# budget: 60
"""
What --trace prints, word by word: trace.py CASE
"""

import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

import vmm
from guest import Skip, main_of, need
from images import CROSS, bare_image, tool

UART, EXIT = 0x9000000, 0xA000000


def cella(*args):
    binary = vmm.cella_binary()
    if not os.access(binary, os.X_OK):
        raise Skip(f"{binary} is not built")
    done = subprocess.run([binary, "run", *args, "--timeout", "30"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, timeout=45, check=False)
    text = done.stderr.decode()
    need(done.returncode == 0, f"status {done.returncode}\n{text}")
    return text


def trace(words):
    """Lines of guests/trace.S without their beginning, and its symbols."""
    with tempfile.TemporaryDirectory() as d:
        image = bare_image("trace", f"{d}/i")
        names = {s[2]: int(s[0], 16) for s in (line.split() for line in tool(CROSS + "nm", image).splitlines())}
        text = cella("-k", image, "--machine", "simbench", *(["--trace", words] if words else []))
    return re.findall(r"^cella: (.*)$", text, re.M), names


def exec():  # pylint: disable=redefined-builtin
    """Every entry of every block, in order: loops, calls and returns as well."""
    lines, at = trace("exec")
    need(all(s.startswith("exec: vCPU 0: pc ") and s.endswith(" el1") for s in lines), "\n".join(lines))
    pcs = [int(s.split()[4], 16) for s in lines]
    head = [at["_start"]] + 4 * [at["loop"]]
    body = [at["callee"], at["back"]] + 3 * [at["call"], at["callee"], at["back"]]
    # After the loop's last turn the block goes on to the first call.
    need(pcs[0] == at["_start"] and [p for p in pcs if p in (*head, *body)] == head + body, " ".join(f"{p:x}" for p in pcs))


def irq():
    text = cella("hello", "-c", "2", "--trace", "irq")
    for cpu in (0, 1):
        for what in ("pin IRQ up", r"takes IRQ at pc [0-9a-f]+ el1", "pin IRQ down"):
            need(re.search(f"irq: vCPU {cpu}: {what}$", text, re.M), f"vCPU {cpu}: no '{what}' in\n{text}")


def mmio():
    lines, _ = trace("mmio")
    want = ["mmio: vCPU 0: read 30000008 size 8 abort nothing is there",
            f"mmio: vCPU 0: write {UART:x} size 4 value 74 pl011+0",
            f"mmio: vCPU 0: read {UART + 0x18:x} size 2 value [0-9a-f]+ pl011\\+18",
            f"mmio: vCPU 0: write {EXIT:x} size 4 value 0 "]
    need(len(lines) == len(want) and all(s.startswith(w) or re.fullmatch(w, s) for s, w in zip(lines, want)), "\n".join(lines))


def tlb():
    lines, at = trace("tlb")
    page = f"va {at['_start'] & ~4095:x} pa {at['_start'] & ~4095:x} el1"
    need(f"tlb: vCPU 0: fill fetch {page}" in lines, "\n".join(lines))
    flushes = [s[len("tlb: vCPU 0: flush"):] for s in lines if "flush" in s]
    # A reset flushes as well.
    need(flushes[-4:] == [" va 345000 asid 18", " va 345000 on every vCPU", " asid 18", " all on every vCPU"], "\n".join(lines))


def fault():
    lines, at = trace("fault")
    want = [f"esr 2000000 (ec 0) far [0-9a-f]+ pc {at['undefined']:x} el1",
            f"esr 96000010 (ec 25) far 30000008 pc {at['hole']:x} el1"]
    got = [s.split("fault: vCPU 0: ")[1] for s in lines]
    need(len(got) == 2 and all(re.fullmatch(re.sub(r"([()])", r"\\\1", w), s) for s, w in zip(got, want)), "\n".join(lines))


def compile():  # pylint: disable=redefined-builtin
    lines, at = trace("compile")
    need(any(f"va {at['_start']:x} " in s for s in lines), "\n".join(lines))


def stat():
    lines, _ = trace("stat")
    need(any(re.fullmatch(r"warning: stat: vCPU 0: exception 3", s) for s in lines), "\n".join(lines))


def off():
    lines, _ = trace("")
    need(not lines, "\n".join(lines))


main_of(globals())
