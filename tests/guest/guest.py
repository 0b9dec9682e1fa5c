#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: exceptions exceptions:a72 exceptions:tiny sysregs:c2 sysregs:a72-v3 mmu mmu:a72 mmu:pressure mmu:tiny
# cases: tlb:c2 tlb:c4-tiny code:c2 code:c2-v3-tiny code:c2-nochain debug debug:a72-pressure debug:tiny
# cases: irq:c4 irq:c4-v3 irq:c4-a72-tiny irq:c4-v3-virt psci:c4 psci:c2-v3-virt sync:c4 sync:c2-a72-pressure sync:c2-tiny
# cases: group group:a72 group:pressure group:tiny-pressure
# cases: returns:c2 returns:c2-v3-tiny returns:c2-a72-pressure returns:c2-nochain
# cases: random:c4 random:c2-a72-v3-tiny random:pressure
# budget: 60
"""
Tests that run inside a machine at EL1 and EL0: guest.py NAME[:VARIANT]...

NAME.c in this directory is linked with rt/ and run on simbench; it prints TAP. A variant is words joined by "-": a72
(another CPU model), v3 (GICv3), cN (N vCPUs), virt (virt-arm64), tiny, pressure, nochain (options of the translator).
$VMM=qemu runs the same image on QEMU, as a control experiment; $CELLA_DBT is handed to `cella run --dbt`.
"""

import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
CC = ["aarch64-linux-gnu-gcc", "-std=gnu17", "-O2", "-g", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Wno-missing-field-initializers", "-ffreestanding",
      "-nostdlib", "-static", "-fno-pic", "-fno-pie", "-no-pie", "-mgeneral-regs-only", "-mno-outline-atomics",
      "-mstrict-align", "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-march=armv8-a", "-z", "noexecstack",
      "-Wl,-n,--build-id=none,--no-warn-rwx-segments", "-I", TOP, "-T", f"{HERE}/rt/rt.ld"]
DBT = {"tiny": "tiny-cache", "pressure": "reg-pressure", "nochain": "no-chain"}


def build(name, out):
    if not shutil.which(CC[0]):
        print(f"{CC[0]} is missing: run tools/deps check")
        sys.exit(77)
    rt = [os.path.join(HERE, "rt", f) for f in ("start.S", "rt.c", "rt_mem.c", "rt_gic.c")]
    subprocess.run([*CC, "-o", out, *rt, os.path.join(HERE, name + ".c")], check=True)
    return out


def command(image, words):
    cpus, cpu, machine, chip = "1", "max", "simbench", "gicv2"
    dbt = [w for w in os.environ.get("CELLA_DBT", "").split(",") if w]
    for w in words:
        if w == "a72":
            cpu = "cortex-a72"
        elif w == "v3":
            chip = "gicv3"
        elif w == "virt":
            machine = "virt-arm64"
        elif w[0] == "c" and w[1:].isdigit():
            cpus = w[1:]
        elif w in DBT:
            dbt.append(DBT[w])
        else:
            sys.exit(f"{w}: no such variant")
    if os.environ.get("VMM") == "qemu":
        cpu = "max,pauth-impdef=on" if cpu == "max" else cpu
        return ["qemu-system-aarch64", "-M", f"virt,gic-version={chip[-1]}", "-accel", "tcg,thread=multi", "-cpu", cpu,
                "-smp", cpus, "-m", "512M", "-nographic", "-nic", "none", "-kernel", image]
    binary = os.environ.get("CELLA", os.path.join(TOP, "build", "cella"))
    if not os.access(binary, os.X_OK):
        print(f"{binary} is not built")
        sys.exit(77)
    argv = [binary, "run", "-k", image, "--machine", machine, "--irqchip", chip, "-c", cpus, "--cpu", cpu, "-m", "512M",
            "--timeout", os.environ.get("GUEST_TIMEOUT", "50"), "--no-reboot"]
    return argv + (["--dbt", ",".join(dbt)] if dbt else [])


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: guest.py NAME[-VARIANT...]")
    status = 0
    for arg in sys.argv[1:]:
        name, _, variant = arg.partition(":")
        with tempfile.TemporaryDirectory() as d:
            argv = command(build(name, f"{d}/{name}.elf"), [w for w in variant.split("-") if w])
            status |= subprocess.run(argv, stdin=subprocess.DEVNULL, check=False).returncode
    sys.exit(status)


if __name__ == "__main__":
    main()
