#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: private_pages first_exit
# alone: first_exit
# budget: 60
"""How little the kvm engine costs, with tiny guests on this machine's own /dev/kvm: kvm_small.py CASE"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

from guest import main_of, need
from kvm_rig import first_guest
from outer import need_engine
from vmm import Skip, cella_binary

MAX_PRIVATE_KIB = 5 * 1024
MAX_CPU_S = 0.008
MEM = 128


def argv(directory, stay):
    if os.uname().machine != "x86_64" or not os.access("/dev/kvm", os.R_OK | os.W_OK):
        raise Skip("no /dev/kvm of an x86-64 host that this user may open")
    need_engine("kvm", "pc")
    path = os.path.join(directory, "guest")
    first_guest(path, stay)
    return [cella_binary(), "run", "-k", path, "-m", f"{MEM}M", "-n", "none"]


def private_pages():
    """At most 5 MiB of private pages beyond the guest's memory."""
    with tempfile.TemporaryDirectory() as d:
        p = subprocess.Popen(argv(d, True) + ["--timeout", "30"], stdin=subprocess.DEVNULL)
        try:
            time.sleep(2)
            need(p.poll() is None, "the guest ended")
            with open(f"/proc/{p.pid}/smaps", encoding="ascii", errors="replace") as f:
                text = f.read()
        finally:
            p.terminate()
            p.wait()
    kib = guest = 0
    for mapping in re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", text, flags=re.M):
        private = sum(int(n) for n in re.findall(r"^Private_\w+: +(\d+) kB", mapping, re.M))
        size = re.search(r"^Size: +(\d+) kB", mapping, re.M)
        if size and int(size[1]) >= MEM * 1024 * 3 // 4:
            guest += 1
        else:
            kib += private
    print(f"{kib} KiB of private pages")
    need(guest, "no mapping of the guest's memory")
    need(kib <= MAX_PRIVATE_KIB, f"{kib} KiB of private pages beyond guest memory, {MAX_PRIVATE_KIB} allowed")


def first_exit():
    """CPU time from start to the end of a 64 KiB guest: the median of 9 is at most 8 ms."""
    with tempfile.TemporaryDirectory() as d:
        command, times = argv(d, False), []
        for _ in range(9):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            need(done.returncode == 0, f"the guest's machine ended with status {done.returncode}")
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    median = sorted(times)[len(times) // 2]
    print(f"{1000 * median:.1f} ms of CPU time")
    need(median <= MAX_CPU_S, f"{1000 * median:.1f} ms of CPU time from start to end, {1000 * MAX_CPU_S:.0f} allowed")


if __name__ == "__main__":
    main_of({"private_pages": private_pages, "first_exit": first_exit})
