#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: exit_status triple_fault crash
# budget: 60
"""
How a guest of the kvm engine ends its machine, on this machine's own /dev/kvm: kvm_ends.py CASE. Guests are ELF files for
the pc machine, in 64-bit mode.
"""

import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

import vmm
from guest import Skip, main_of, need
from outer import need_engine

EXIT = "mov $0xf4, %edx; mov ${}, %al; outb %al, %dx; 1: hlt; jmp 1b"
TRIPLE_FAULT = "lidt 1f(%rip); ud2; 1: .word 0; .quad 0"
NO_CODE = "mov $0xd0000000, %eax; jmp *%rax"


def image(where, code):
    need_engine("kvm", "pc")
    if os.uname().machine != "x86_64":
        raise Skip("guests for x86-64 want such a host")
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        raise Skip("this machine has no /dev/kvm that may be used")
    path = os.path.join(where, "guest")
    with open(path + ".S", "w", encoding="ascii") as f:
        f.write(f".globl _start\n_start: {code}\n.fill 64, 1, 0x90\n")
    subprocess.run(["gcc", "-nostdlib", "-static", "-Wl,-Ttext=0x100000,-n,--build-id=none", "-o", path, path + ".S"], check=True)
    return path


def argv(kernel, *args):
    return [vmm.cella_binary(), "run", "--engine", "kvm", "-k", kernel, "-m", "128M", "-n", "none", "--timeout", "20", *args]


def run(code, *args):
    with tempfile.TemporaryDirectory() as d:
        done = subprocess.run(argv(image(d, code), *args), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=40, check=False)
    return done.returncode, done.stdout.decode()


def exit_status():
    for status in (0, 7):
        got = run(EXIT.format(status))
        need(got == (status, ""), f"{got}, not {status}")


def triple_fault():
    """A reset the first time, an end when it comes again at once; with --no-reboot the first is the end."""
    for args in ((), ("--no-reboot",)):
        status, said = run(TRIPLE_FAULT, *args)
        need(status == 3 and "triple fault" in said, f"{status}: {said}")


def crash():
    status, said = run(NO_CODE)
    need(status == 3 and "rip  00000000d0000000" in said and "the guest crashed it" in said, f"{status}: {said}")


main_of(globals())
