# SPDX-License-Identifier: BSD-2-Clause
"""
A Linux with a real /dev/kvm, in software: QEMU's TCG emulates a processor with virtualisation, Debian's kernel runs
on it, and what is to be tested runs there. One such outer machine takes seconds to come up, so a test file starts one and
runs all of its cases in it.

Outer.share is a directory of this machine, there as /host (9p). Inner is a guest that the program under test runs; its
console is the outer one's.
"""

import hashlib
import os
import shutil
import signal
import sys
import tempfile
import time

from expect import Console, Failed, Shell
from image import bundle, cache, image, made, preload, tool, vmlinux
from guest import BAD, PROMPT, Skip
from vmm import cella_binary

NINE = "9p 9pnet_virtio virtio_pci".split()
ENDED = r"<inner-ended:(\d+)>"


class X86:
    """
    TCG implements SVM. 7.2's `max` with nested paging is what never hangs (QEMU 10's does). On a busy machine the kernel's trial
    of its timer, a few ticks long, fails: no_timer_check.
    """

    host = "x86-64"
    spec = "amd64/12"
    modules = NINE + "kvm-amd tun vhost_net vhost_vsock".split()
    loader = "ld-linux-x86-64.so.2"
    package = "qemu-system-x86"
    workarounds = ("cr8_lock.c", "svm_vector.c")

    @staticmethod
    def argv(kernel, initrd, append, mem, cpus, extra):
        return ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "max", "-smp", str(cpus), "-m", mem,
                "-nographic", "-no-reboot", "-nic", "none", "-kernel", vmlinux(kernel), "-initrd", initrd,
                "-append", f"console=ttyS0 panic=-1 nokaslr quiet mitigations=off no_timer_check {append}", *extra]


class Arm64:
    """TCG implements EL2, with VHE on this CPU. KVM is part of Debian's kernel; it has GICv3 and ITS but no GICv2 here."""

    gic, cpu = 3, "cortex-a76"

    host = "arm64"
    spec = "arm64/12"
    modules = NINE
    loader = "ld-linux-aarch64.so.1"
    package = "qemu-system-arm"
    workarounds = ()

    @classmethod
    def argv(cls, kernel, initrd, append, mem, cpus, extra):
        return ["qemu-system-aarch64", "-M", f"virt,virtualization=on,gic-version={cls.gic}", "-cpu", cls.cpu, "-smp", str(cpus),
                "-m", mem, "-nographic", "-no-reboot", "-nic", "none", "-kernel", kernel, "-initrd", initrd,
                "-append", f"console=ttyAMA0 panic=-1 nokaslr quiet mitigations=off {append}", *extra]


class Arm64Gicv2(Arm64):
    """A GICv2 with its virtualisation part, as boards with a GIC-400 have it, and a processor without VHE."""

    gic, cpu = 2, "cortex-a72"


class Riscv64:
    """TCG implements the hypervisor extension; kvm is a module of Debian 13's kernel."""

    host = "riscv64"
    spec = "riscv64/13"
    modules = NINE + ["kvm"]
    loader = "ld-linux-riscv64-lp64d.so.1"
    package = "qemu-system-misc"
    workarounds = ()

    @staticmethod
    def argv(kernel, initrd, append, mem, cpus, extra):
        return ["qemu-system-riscv64", "-M", "virt", "-cpu", "rv64,h=true", "-smp", str(cpus), "-m", mem, "-nographic",
                "-no-reboot", "-nic", "none", "-kernel", kernel, "-initrd", initrd,
                "-append", f"console=ttyS0 panic=-1 quiet {append}", *extra]


class Riscv64Aia(Riscv64):
    """
    With APLIC and IMSICs, which have interrupt files for three guests' vCPUs. QEMU 7.2's APLIC never ends a wired interrupt: what a handler writes last, to have it again if the line
    is still up, makes it pending always. So this machine's tree has no wired interrupts: the UART is polled, the rest is gone.
    """

    @staticmethod
    def argv(kernel, initrd, append, mem, cpus, extra):
        argv = Riscv64.argv(kernel, initrd, append, mem, cpus, extra)
        argv[argv.index("virt")] = "virt,aia=aplic-imsic,aia-guests=3"
        argv[argv.index("rv64,h=true")] = "rv64,h=true,x-smaia=true,x-ssaia=true"
        return [*argv, "-dtb", Riscv64Aia.tree(argv[:argv.index("-kernel")])]

    @staticmethod
    def tree(argv):
        out = cache("aia-" + hashlib.sha256(" ".join(argv).encode()).hexdigest()[:12] + ".dtb")

        def make():
            for name in (argv[0], "fdtput"):
                if not shutil.which(name):
                    raise Skip(f"{name} is missing: run tools/deps check")
            new = out + ".new"
            at = argv.index("-M") + 1
            tool(*argv[:at], f"{argv[at]},dumpdtb={new}", *argv[at + 1:])
            for node in tool("fdtget", "-l", new, "/soc").split():
                if node.startswith("serial"):
                    tool("fdtput", "-d", new, "/soc/" + node, "interrupts", "interrupt-parent")
                elif node.startswith(("rtc", "virtio")):
                    tool("fdtput", "-r", new, "/soc/" + node)
            os.rename(new, out)

        return made(out, make)


class Outer:
    def __init__(self, kind=X86, mem="2048", cpus=1, modules=(), append="", extra=(), boot_timeout=90):
        self.kind = kind
        self.share = tempfile.mkdtemp(prefix="cella-rig-")
        self.console = None
        try:
            kernel, initrd = image(kind.spec, kind.modules + list(modules), name="outer-" + kind.host)
            extra = ["-virtfs", f"local,path={self.share},mount_tag=host,security_model=none", *extra]
            argv = kind.argv(kernel, initrd, append, mem, cpus, extra)
            if not shutil.which(argv[0]):
                raise Skip(f"{argv[0]} is missing: install {kind.package}")
            env = {**os.environ, "LD_PRELOAD": ":".join(map(preload, kind.workarounds))} if kind.workarounds else None
            self.console = Console(argv, env)
            self.shell = Shell(self.console)
            self.console.expect(PROMPT, boot_timeout)
            self.run("mkdir -p /host /run; mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 host /host")
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        if self.console:
            self.console.close()
        shutil.rmtree(self.share, ignore_errors=True)

    def run(self, command, timeout=60):
        return self.shell.run(command, timeout)[1]

    def status(self, command, timeout=60):
        return self.shell.run(command, timeout, check=False)[0]

    def put(self, path, name=None):
        """Copies a file to the share and then to the outer machine's memory; returns its path there."""
        name = name or os.path.basename(path)
        shutil.copy(path, os.path.join(self.share, name))
        self.run(f"cp /host/{name} /tmp/{name}")
        return f"/tmp/{name}"

    def install(self, program, libc_dirs=()):
        """Takes a program with its libraries there; returns the command that starts it."""
        name = os.path.basename(program)
        bundle(program, os.path.join(self.share, name + ".d"), libc_dirs)
        self.run(f"cp -r /host/{name}.d /opt-{name}")
        if self.status(f"test -e /opt-{name}/{self.kind.loader}"):
            return f"/opt-{name}/{name}"
        return f"/opt-{name}/{self.kind.loader} --library-path /opt-{name} /opt-{name}/{name}"

    def power_off(self, timeout=30):
        self.console.sendline("poweroff -f")
        self.console.wait_exit(timeout)


class Inner:
    """A guest inside the outer machine that is at its shell, to be used in a `with` block."""

    def __init__(self, outer, command, boot_timeout=90):
        self.outer, self.console = outer, outer.console
        self.shell = Shell(self.console)
        self.shell.count = 1000  # marks that the outer shell's never are
        self.start = len(self.console.text)
        self.ended = None
        # A file, because the line would be long and its echo slow; what comes before it is the outer shell's.
        with open(os.path.join(outer.share, "inner.sh"), "w", encoding="utf-8") as f:
            f.write(f'echo "<inner-begins>"\n{command}\necho "<inner-ended:$?>"\n')
        self.console.sendline("sh /host/inner.sh")
        self.console.expect("<inner-begins>\n", 20)
        self.prompt(boot_timeout)

    def prompt(self, timeout):
        if self.console.expect(f"{PROMPT}|{ENDED}", timeout).group(0).startswith("<"):
            self.console.fail("the inner guest did not come to its prompt")

    def __enter__(self):
        return self

    def __exit__(self, kind, *exc):
        if kind is None and self.ended is None:
            self.power_off()

    def run(self, command, timeout=60):
        return self.shell.run(command, timeout)[1]

    def status(self, command, timeout=60):
        return self.shell.run(command, timeout, check=False)[0]

    def healthy(self):
        bad = BAD.search(self.console.text, self.start)
        if bad:
            self.console.fail(f"the inner guest printed {bad.group(0)!r}")

    def wait_exit(self, timeout=60):
        """Waits until the program under test has ended, and for the outer prompt; returns its status."""
        self.ended = int(self.console.expect(ENDED, timeout).group(1))
        self.console.expect(PROMPT, 10)
        return self.ended

    def power_off(self, command="poweroff -f", timeout=60):
        self.console.sendline(command)
        if self.wait_exit(timeout):
            self.console.fail(f"{command!r} ended the program under test with status {self.ended}")
        self.healthy()


def need_engine(engine, machine):
    """Skips where the program under test was built without them."""
    said = tool(cella_binary(), "version")
    for kind, name in (("engines", engine), ("machines", machine)):
        if name not in said.split(kind + ":")[1].split("\n")[0].split():
            raise Skip(f"{cella_binary()} has no {name} among its {kind}")


def tap(cases, make):
    """
    Runs (name, function) in order, each with the rig that make() gives, and prints TAP with a plan first. A case that fails
    may leave a rig in any state, so the next one gets another. A rig has close().
    """
    rig = None
    print(f"1..{len(cases)}", flush=True)
    for n, (name, fn) in enumerate(cases, 1):
        try:
            begun = time.monotonic()
            rig = rig or make()
            fn(rig)
            print(f"ok {n} - {name} ({time.monotonic() - begun:.1f} s)", flush=True)
        except Skip as why:
            print(f"ok {n} - {name} # SKIP {why}", flush=True)
        except Failed as report:
            print(f"# {name}: " + str(report).replace("\n", "\n# "))
            print(f"not ok {n} - {name}", flush=True)
            if rig:
                rig.close()
                rig = None
    if rig:
        rig.close()


def main_of(names):
    """The main program of a file of cases: NAME [WORDS OF A TEST'S TITLE]; names gives for each (make, list of cases)."""
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in names:
        sys.exit(f"usage: {os.path.basename(sys.argv[0])} {'|'.join(names)} [WORDS OF A TEST'S TITLE]")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    make, cases = names[sys.argv[1]]
    try:
        tap([c for c in cases if len(sys.argv) == 2 or sys.argv[2] in c[0]], make)
    except Skip as why:
        print(why)
        sys.exit(77)


__all__ = ["Arm64", "Arm64Gicv2", "Failed", "Inner", "Outer", "Skip", "Riscv64", "Riscv64Aia", "X86", "cella_binary", "main_of", "need_engine"]
