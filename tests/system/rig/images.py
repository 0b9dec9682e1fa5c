# SPDX-License-Identifier: BSD-2-Clause
"""Small bare guests of tests/system/guests, built for the simbench machine by the cross compiler."""

import os
import shutil
import subprocess

from vmm import TOP, Skip

CROSS = "aarch64-linux-gnu-"
FLAGS = ("-O1 -ffreestanding -fno-stack-protector -mgeneral-regs-only -mstrict-align -fno-pic -fno-asynchronous-unwind-tables "
         "-nostdlib -static -Wl,-n,--build-id=none,-Ttext=0x40001000").split()


def tool(*argv, **kw):
    if not shutil.which(argv[0]):
        raise Skip(f"{argv[0]} is missing: run tools/deps check")
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **kw)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: status {done.returncode}\n{done.stdout}")
    return done.stdout


def bare_image(name, out, raw=False):
    """Path of guests/NAME.S or NAME.c as an ELF file, or as a raw image."""
    source = os.path.join(TOP, "tests", "system", "guests", name)
    source += ".S" if os.path.exists(source + ".S") else ".c"
    tool(CROSS + "gcc", *FLAGS, "-o", out + ".elf", source)
    if not raw:
        return out + ".elf"
    tool(CROSS + "objcopy", "-O", "binary", out + ".elf", out + ".bin")
    return out + ".bin"
