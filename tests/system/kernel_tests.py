#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: crypto cpus_off_and_on sleep
# long: bpf_jit tracing
# budget: 120
"""
Tests that Debian's kernel brings along, and parts of it that change code or stop CPUs: kernel_tests.py CASE

They aren't ours, and they look where ours may not: test_bpf compares what a compiler of arm64 code in the kernel makes with
known results, a thousand programs; the crypto modules compare code for NEON and the cryptographic instructions with known
vectors when they register; tracers write instructions into code that other CPUs run.
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

from guest import Guest, main_of, need, rig

CRYPTO = ("aes-ce-cipher aes-ce-blk aes-ce-ccm aes-neon-blk aes-neon-bs chacha-neon crct10dif-ce ghash-ce nhpoly1305-neon "
          "poly1305-neon polyval-ce sha1-ce sha2-ce sha256-arm64 sha512-arm64 ccm gcm ctr cts xts ecb essiv adiantum "
          "curve25519-generic authenc raid6_pq xor tcrypt").split()
WORK = "for i in 1 2 3 4 5 6 7 8; do seq 1 300 | sort -n | md5sum >/dev/null; done"


def crypto():
    """Every algorithm passes its self test; tcrypt tests all that the kernel knows, those too that are built in no module."""
    kernel, initrd = rig(12, CRYPTO, name="d12-crypto")
    with Guest(kernel, initrd, cpus=2, boot_timeout=150) as g:
        results = g.run("grep selftest /proc/crypto").split("\n")
        need(len(results) > 60, f"only {len(results)} algorithms are registered")
        need(all("passed" in r for r in results if r), "an algorithm has not passed its self test")
        log = g.run("dmesg | grep -E 'alg: |raid6: using|xor: using'")
        need("neon" in log, "raid6 and xor use no NEON")
        wrong = [line for line in re.findall(r"alg: .*failed.*", log) if "rc=-2)" not in line and "transform" not in line]
        need(not wrong, "\n".join(wrong))
        g.power_off()


def bpf_jit():
    kernel, initrd = rig(12, ["test_user_copy", "test_static_keys", "test_bpf"], name="d12-bpf")
    with Guest(kernel, initrd, cpus=2, boot_timeout=300) as g:
        log = g.run("dmesg | grep -E 'Summary|user_copy|static_key'")
        passed = re.search(r"test_bpf: Summary: (\d+) PASSED, 0 FAILED, \[(\d+)/(\d+) JIT'ed\]", log)
        need(passed and int(passed[1]) > 1000 and passed[2] == passed[3], f"test_bpf says {log!r}")
        need("test_tail_calls: Summary: 10 PASSED, 0 FAILED" in log, f"test_bpf says {log!r}")
        need("tests passed" in log, f"test_user_copy says {log!r}")
        g.power_off()


def cpus_off_and_on():
    kernel, initrd = rig(12)
    with Guest(kernel, initrd, cpus=4) as g:
        for _ in range(3):
            g.run(f"({WORK}) & ({WORK}) & true")
            for cpu in (1, 2, 3, 0):
                g.run(f"echo 0 >/sys/devices/system/cpu/cpu{cpu}/online")
                if cpu == 0:
                    g.run("echo 1 >/sys/devices/system/cpu/cpu0/online")
                elif cpu == 3:
                    need(g.run("grep -c ^processor /proc/cpuinfo").strip() == "1", "a CPU is still on")
                    g.run("for c in 1 2 3; do echo 1 >/sys/devices/system/cpu/cpu$c/online || exit 1; done")
            need(g.run("grep -c ^processor /proc/cpuinfo").strip() == "4", "a CPU did not come back")
        g.run("wait; seq 1 3000 | sort -r >/tmp/x")
        g.power_off()


def sleep():
    """Suspend to idle ends by the RTC's alarm."""
    kernel, initrd = rig(12)
    with Guest(kernel, initrd, cpus=2) as g:
        clock = "/sys/class/rtc/rtc0/since_epoch"
        before = int(g.run(f"cat {clock}"))
        g.run("echo +3 >/sys/class/rtc/rtc0/wakealarm; echo freeze >/sys/power/state", 60)
        slept = int(g.run(f"cat {clock}")) - before
        need(slept >= 2, f"the guest slept {slept} s of 3")
        g.power_off()


def tracing():
    """The function tracer on and off, probes at and in functions, while two CPUs work."""
    kernel, initrd = rig(12)
    with Guest(kernel, initrd, cpus=2) as g:
        g.run("mount -t tracefs t /sys/kernel/tracing; cd /sys/kernel/tracing")
        for _ in range(3):
            g.run(f"echo function >current_tracer; ({WORK}) & {WORK}; wait; echo 0 >tracing_on", 90)
            need(int(g.run("grep -c vfs_read trace", 60)) > 0, "the tracer saw no vfs_read")
            g.run(f"echo nop >current_tracer; echo 1 >tracing_on; {WORK}", 90)
        for n, where in enumerate("vfs_read vfs_write kernel_clone do_exit schedule vfs_read+8 vfs_read+16 vfs_read+32".split()):
            g.run(f"echo p:rig{n} {where} >>kprobe_events")
        g.run(f"echo r:rigr vfs_read >>kprobe_events; echo 1 >events/kprobes/enable; ({WORK}) & {WORK}; wait", 90)
        hits = dict(re.findall(r"^\s*(rig\w) +(\d+)", g.run("cat kprobe_profile"), re.M))
        need(len(hits) == 9 and "0" not in hits.values(), f"a probe was not met: {hits}")
        g.run("echo 0 >events/kprobes/enable; echo >kprobe_events; cd /")
        g.power_off()


if __name__ == "__main__":
    main_of({f.__name__: f for f in (crypto, bpf_jit, cpus_off_and_on, sleep, tracing)})
