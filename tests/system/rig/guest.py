# SPDX-License-Identifier: BSD-2-Clause
"""
Guests for system tests: Debian's installer as it comes, or Debian's kernel with an initramfs of ours that has the
virtio modules. Both end at a busybox shell on the PL011.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

from expect import Console, Failed, Shell
from image import image, tool
from vmm import Skip, chosen

PROMPT = r"^(~|/) # "
# What a healthy guest never prints.
BAD = re.compile(r"Kernel panic|Oops|BUG:|WARNING: CPU|Unable to handle|rcu:.*stall|soft lockup|Internal error|"
                 r"undefined instruction|Segmentation fault|Illegal instruction")

INSTALLER = {
    12: ("debian-installer-12-netboot-arm64", "bookworm"),
    13: ("debian-installer-13-netboot-arm64/trixie", "trixie"),
}
MODULES = "virtio_mmio virtio_pci virtio_blk virtio_net virtio_rng virtio_console ext4".split()


def need(condition, what):
    if not condition:
        raise Failed(what)


@contextlib.contextmanager
def small_tmpfs(size):
    """A directory that holds so much and no more. The kernel lets go of a killed process's io_uring files in the background."""
    with tempfile.TemporaryDirectory() as d:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", d], stderr=subprocess.DEVNULL).returncode:
            raise Skip("mounting a small tmpfs needs root")
        try:
            yield d
        finally:
            end = time.monotonic() + 20
            while subprocess.run(["umount", d], stderr=subprocess.DEVNULL).returncode and time.monotonic() < end:
                time.sleep(0.1)


def main_of(names):
    """The main program of a file of cases: runs the function that the argument names, exits as tests/run wants."""
    if len(sys.argv) != 2 or not callable(names.get(sys.argv[1])):
        sys.exit(f"usage: {os.path.basename(sys.argv[0])} CASE (they are listed at the top of the file)")
    # The driver's time limit: unwind, so that no machine outlives its test.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        names[sys.argv[1]]()
    except Skip as why:
        print(why)
        sys.exit(77)
    except Failed as report:
        print(f"{sys.argv[1]}: {report}")
        sys.exit(1)


def installer(release):
    """(kernel, initrd) of the Debian installer."""
    root = tool("tools/debfetch", "path", INSTALLER[release][0])
    d = f"{root}/usr/lib/debian-installer/images/{release}/arm64/text/debian-installer/arm64"
    return f"{d}/linux", f"{d}/initrd.gz"


def rig(release, modules=MODULES, add=(), name=None):
    """(kernel, initrd) for arm64 with modules and an init of ours."""
    return image(str(release), modules, add, name or f"d{release}")


class Guest:
    """A virtual machine that is at its shell, to be used in a `with` block."""

    def __init__(self, kernel, initrd, append="", rdinit=None, boot_timeout=90, vmm=None, **options):
        line = ("rig.tty=hvc0 " if options.get("console") == "virtio" else "console=ttyAMA0 ") + (f"rdinit={rdinit} " if rdinit else "") + append
        self.argv = (vmm or chosen())(kernel, initrd, line.strip(), **options)
        self.console = Console(self.argv)
        self.shell = Shell(self.console)
        try:
            self.prompt(boot_timeout)
        except BaseException:
            self.console.close()
            raise

    def prompt(self, timeout):
        self.console.expect(PROMPT, timeout)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.console.close()

    def run(self, command, timeout=30):
        """Output of a command that must succeed."""
        return self.shell.run(command, timeout)[1]

    def status(self, command, timeout=30):
        return self.shell.run(command, timeout, check=False)[0]

    def healthy(self):
        bad = BAD.search(self.console.text)
        if bad:
            self.console.fail(f"the guest printed {bad.group(0)!r}")

    def power_off(self, timeout=30):
        """Ends the guest by PSCI SYSTEM_OFF; the VMM must exit with 0."""
        self.console.sendline("poweroff -f")
        status = self.console.wait_exit(timeout)
        if status != 0:
            self.console.fail(f"poweroff -f ended the VMM with status {status}")
        self.healthy()


__all__ = ["Failed", "Guest", "PROMPT", "Skip", "installer", "main_of", "need", "rig"]
