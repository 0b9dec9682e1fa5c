#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: quick
# long: full
# budget: 1200
"""
Every line of the decode table (isa/arm64/*.dec) is run by a test: coverage.py CASE

A line counts when the random-instruction comparison with QEMU drew it (insn_diff, all floating point by the exact path,
flags compared), or when a guest micro-test (tests/guest) entered a block that has it. `full` draws 100,000 instructions;
`quick` a few of each line. Both fail if a case differs or a line is left.
"""

import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "guest"))
sys.dont_write_bytecode = True

import guest

BUILD = os.path.dirname(os.environ.get("CELLA", os.path.join(TOP, "build", "cella")))
INSN_DIFF = os.path.join(BUILD, "test", "insn_diff")
GUESTS = ("exceptions", "sysregs", "mmu", "tlb:c2", "code:c2", "debug", "irq:c2", "psci:c2", "sync:c2")
CASES = 100000
# Compared elsewhere: name -> where.
ELSEWHERE = {"FCVTZS_sfixh": "tests/diff/simd.c: QEMU 7.2 is wrong about it"}


def random_cases(trials):
    """How often insn_diff ran each line, and how many cases it ran, sequences included."""
    env = {**os.environ, "INSN_COVERAGE": "1", "INSN_TRIALS": str(trials), "CMOCKA_MESSAGE_OUTPUT": "STDOUT",
           "INSN_TEST": "instructions_equal_qemu_by_the_exact_path"}
    p = subprocess.run([INSN_DIFF], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    total = re.search(r"^(\d+) cases of (\d+) table lines; (\d+) lines differ$", p.stdout, re.M)
    if p.returncode or not total:
        print(p.stdout[-6000:])
        sys.exit(1)
    return {name: int(n) for n, name in re.findall(r"^ *(\d+) (\w+)$", p.stdout, re.M)}, int(total[1])


def segments(image):
    """(address, bytes) of what an ELF file loads: at both its physical and its virtual address."""
    with open(image, "rb") as f:
        data = f.read()
    at, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    out = []
    for n in range(count):
        kind, _, offset, va, pa, length = struct.unpack_from("<IIQQQQ", data, at + n * size)
        if kind == 1:
            out += [(a, data[offset:offset + length]) for a in {va, pa}]
    return out


def guest_lines(name):
    """The lines in the blocks that a micro-test enters."""
    name, _, variant = name.partition(":")
    with tempfile.TemporaryDirectory() as d:
        image = guest.build(name, f"{d}/{name}.elf")
        done = subprocess.run(guest.command(image, variant.split("-") if variant else []) + ["--trace", "compile"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        loaded = segments(image)
    if done.returncode:
        print(done.stdout.decode()[-3000:])
        sys.exit(f"{name}: status {done.returncode}")
    words = set()
    for va, size in re.findall(rb"compile: va ([0-9a-f]+) mode \d+: (\d+) guest bytes", done.stderr):
        for base, code in loaded:
            at = int(va, 16) - base
            if 0 <= at < len(code):
                words |= set(struct.iter_unpack("<I", code[at:at + int(size)][:len(code) - at & ~3]))
    names = subprocess.run([INSN_DIFF, "names"], input=b"".join(struct.pack("<I", w[0]) for w in words),
                           stdout=subprocess.PIPE, check=True).stdout.decode()
    return set(names.split())


def main():
    full = sys.argv[1:] == ["full"]
    for program in ("qemu-aarch64", guest.CC[0]):
        if not shutil.which(program):
            print(f"{program} is missing: run tools/deps check")
            sys.exit(77)
    if not os.access(INSN_DIFF, os.X_OK):
        print(f"{INSN_DIFF} is not built")
        sys.exit(77)
    tried, cases = random_cases(int(os.environ.get("INSN_TRIALS", "260" if full else "4")))
    if not tried:
        print("insn_diff left the comparison out")
        sys.exit(77)
    left = {name for name, n in tried.items() if not n} - set(ELSEWHERE)
    drawn = len(tried) - len(left) - len(ELSEWHERE)
    for name in GUESTS:
        found = guest_lines(name) & left
        if found:
            print(f"guest test {name}: {' '.join(sorted(found))}")
        left -= found
    print(f"{len(tried)} lines: {drawn} drawn at random in {cases} cases without a difference, "
          f"{len(tried) - drawn - len(left)} by other tests, {len(left)} by none")
    if left:
        sys.exit("not tested: " + " ".join(sorted(left)))
    if full and cases < CASES:
        sys.exit(f"{cases} cases are fewer than {CASES}")


main()
