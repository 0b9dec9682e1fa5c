# SPDX-License-Identifier: BSD-2-Clause
"""A Debian 12 on a disk of its own, made by debootstrap and kept in the cache directory: systemd, a network by DHCP, a login."""

import hashlib
import os
import shutil
import subprocess

from guest import need
from image import cache, image, made, tool
from kvm_rig import KINDS, MODULES
from outer import Inner, Outer, Skip, X86, need_engine

DISK_MIB = 640
PACKAGES = "systemd-sysv,udev,iproute2,iputils-ping"
FILES = {
    # The initramfs goes on with this; its modules are in, and there are none on the disk.
    "rig-init": "#!/bin/sh\nexec /sbin/init\n",
    "etc/hostname": "rig\n",
    "etc/fstab": "/dev/vda / ext4 errors=remount-ro 0 1\n",
    "etc/systemd/network/lan.network": "[Match]\nName=e*\n[Network]\nDHCP=yes\n",
    # Four CPUs on one that is emulated, twice: its ninety seconds for a device are short.
    "etc/systemd/system.conf.d/rig.conf": "[Manager]\nDefaultTimeoutStartSec=30min\nDefaultDeviceTimeoutSec=30min\n",
}
MASKED = "getty-static.service e2scrub_reap.service systemd-update-utmp-runlevel.service".split()


def root_disk():
    key = hashlib.sha256(repr((DISK_MIB, PACKAGES, FILES, MASKED)).encode()).hexdigest()[:12]
    path = cache(f"debian12-amd64-{key}.ext4")

    def make():
        env = {**os.environ, "PATH": os.environ["PATH"] + ":/sbin:/usr/sbin"}
        if os.geteuid():
            raise Skip("making a Debian disk (debootstrap) needs root")
        for program in ("debootstrap", "mke2fs"):
            if not shutil.which(program, path=env["PATH"]):
                raise Skip(f"{program} is missing: run tools/deps check")
        tree = path + ".tree"
        subprocess.run(["rm", "-rf", tree], check=True)
        try:
            for argv in (["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", tree,
                          tool("tools/debfetch", "mirror")],
                         ["chroot", tree, "passwd", "-d", "root"],
                         ["chroot", tree, "systemctl", "enable", "systemd-networkd"],
                         ["chroot", tree, "systemctl", "mask", *MASKED]):
                done = subprocess.run(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
                if done.returncode:
                    raise Skip(f"{argv[0]}: {(done.stdout.strip().split(chr(10)) or ['?'])[-1]}")
            for name, text in FILES.items():
                os.makedirs(os.path.dirname(f"{tree}/{name}"), exist_ok=True)
                with open(f"{tree}/{name}", "w", encoding="ascii") as f:
                    f.write(text)
            os.chmod(f"{tree}/rig-init", 0o755)
            subprocess.run("rm -rf var/cache/apt/archives/*.deb var/lib/apt/lists/*", shell=True, cwd=tree, check=True)
            subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, path + ".new", f"{DISK_MIB}M"], env=env, check=True)
            os.rename(path + ".new", path)
        finally:
            subprocess.run(["rm", "-rf", tree], check=False)

    return made(path, make)


class DebianRig:
    def __init__(self):
        kind = KINDS["x86-64"]
        program, libs = kind.cella()
        need_engine("kvm", kind.machine)
        self.kernel, self.initrd = image(kind.spec, MODULES, name="inner-x86-64")
        disk = root_disk()
        self.outer = outer = Outer(X86)
        try:
            self.kernel, self.initrd = outer.put(self.kernel), outer.put(self.initrd)
            # On the share: there it need not fit into the outer machine's memory.
            subprocess.run(["cp", "--sparse=always", disk, outer.share + "/debian.ext4"], check=True)
            self.disk = "/host/debian.ext4"
            self.program = outer.install(program, libs).split()
        except BaseException:
            outer.close()
            raise

    def close(self):
        self.outer.close()


class Login(Inner):
    """At its prompt when somebody has logged in."""

    def prompt(self, timeout):
        self.console.expect(r"rig login: ", timeout)
        self.console.sendline("root")
        self.console.expect(r"root@rig:~# ", 120)
        self.console.sendline("PS1='~ # '; stty -echo; bind 'set enable-bracketed-paste off'")
        super().prompt(30)


def debian_to_login(rig):
    """systemd brings it up, somebody logs in, and it goes down by itself."""
    line = KINDS["x86-64"].append + " rig.root=/dev/vda systemd.show_status=1"
    command = " ".join([*rig.program, "run", "-k", rig.kernel, "-i", rig.initrd, "-d", rig.disk, "-c", "4", "-m", "512M",
                        "-n", "user", "-p", f"'{line}'"])
    with Login(rig.outer, command, 600) as g:
        need("12." in g.run("cat /etc/debian_version"), "no Debian 12")
        need(g.run("nproc").strip() == "4", "not all CPUs are there")
        need("/dev/vda / ext4" in g.run("cat /proc/mounts"), "the root is not the disk")
        g.run("for i in $(seq 60); do ip -4 -o addr | grep -q 10.0.2.15 && break; sleep 1; done; ip -4 -o addr | grep -q 10.0.2.15",
              180)
        g.power_off("systemctl poweroff", 240)
