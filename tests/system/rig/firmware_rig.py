# SPDX-License-Identifier: BSD-2-Clause
"""
Firmware in the x86-64 rig: OVMF from its package, a disk with GRUB and a kernel on an EFI system partition, and the flash that keeps
OVMF's variables.
"""

import hashlib
import os
import shutil
import subprocess

from guest import need
from image import cache, file_hash, image, made, tool
from kvm_rig import KINDS, MODULES
from outer import Inner, Outer, Skip, X86, need_engine

CODE, VARS = "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"
DISK_MIB = 64
LINUX = KINDS["x86-64"].append
GRUB_CFG = f"""set timeout=0
menuentry rig {{
	linux /linux {LINUX} rig.by=grub
	initrd /initrd.gz
}}
"""


def made_by(*argv):
    env = {**os.environ, "PATH": os.environ["PATH"] + ":/sbin:/usr/sbin", "MTOOLS_SKIP_CHECK": "1"}
    if not shutil.which(argv[0], path=env["PATH"]):
        raise Skip(f"{argv[0]} is missing: run tools/deps check")
    done = subprocess.run(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise Skip(f"{argv[0]}: {done.stdout.strip()}")


def grub_disk(kernel, initrd):
    """A GPT disk whose one partition is an EFI system partition, as an installed Debian's would be."""
    grub = tool("tools/debfetch", "path", "grub-efi-amd64-bin") + "/usr/lib/grub/x86_64-efi/monolithic/grubx64.efi"
    key = "".join([file_hash(grub), file_hash(kernel), file_hash(initrd), GRUB_CFG, str(DISK_MIB)])
    path = cache("grub-" + hashlib.sha256(key.encode()).hexdigest()[:12])

    def make():
        new, cfg = path + ".new", path + ".cfg"
        with open(cfg, "w", encoding="ascii") as f:
            f.write(GRUB_CFG)
        with open(new, "wb") as f:
            f.truncate(DISK_MIB << 20)
        made_by("sh", "-c", f"printf 'label: gpt\\nstart=2048, type=uefi\\n' | sfdisk -q {new}")
        made_by("mkfs.fat", "-F", "32", "--offset", "2048", new, str((DISK_MIB - 2) << 10))
        made_by("mmd", "-i", new + "@@1M", "::EFI", "::EFI/BOOT", "::EFI/debian")
        for source, name in ((grub, "EFI/BOOT/BOOTX64.EFI"), (cfg, "EFI/debian/grub.cfg"), (kernel, "linux"),
                             (initrd, "initrd.gz")):
            made_by("mcopy", "-i", new + "@@1M", os.path.realpath(source), "::" + name)
        os.rename(new, path)

    return made(path, make)


class FirmwareRig:
    def __init__(self):
        kind = KINDS["x86-64"]
        program, libs = kind.cella()
        need_engine("kvm", kind.machine)
        for f in (CODE, VARS):
            if not os.path.exists(f):
                raise Skip(f"{f} is missing: install ovmf")
        kernel, initrd = image(kind.spec, MODULES, name="inner-x86-64")
        disk = grub_disk(kernel, initrd)
        self.outer = outer = Outer(X86)
        try:
            self.code, self.vars = outer.put(CODE), outer.put(VARS, "vars.fd")
            self.kernel, self.initrd, self.disk = outer.put(kernel), outer.put(initrd), outer.put(disk, "grub.img")
            self.program = outer.install(program, libs).split()
        except BaseException:
            outer.close()
            raise

    def close(self):
        self.outer.close()

    def guest(self, *options):
        return Inner(self.outer, " ".join([*self.program, "run", "-F", f"{self.code},{self.vars}", "-m", "256M", *options]), 300)


def by_efi(g):
    need("EFI" in g.run("dmesg | grep -m 1 'efi: EFI'"), "the kernel was not started by EFI")
    need("rsdp" in g.run("ls /sys/firmware/acpi/tables >/dev/null; dmesg | grep -i -m 1 rsdp").lower(), "there are no ACPI tables")


def grub_boots_linux(rig):
    """OVMF finds the loader on the disk, GRUB its configuration and the kernel; two CPUs, and power-off by ACPI."""
    before = rig.outer.run(f"sha256sum {rig.vars}").split()[0]
    with rig.guest("-c", "2", "-d", rig.disk) as g:
        need("rig.by=grub" in g.run("cat /proc/cmdline"), "another kernel runs")
        need(g.run("grep -c ^processor /proc/cpuinfo").strip() == "2", "a CPU is missing")
        by_efi(g)
        g.power_off()
    need(rig.outer.run(f"sha256sum {rig.vars}").split()[0] != before, "no variable was kept")


def kernel_by_fw_cfg(rig):
    """Started a second time with the variables of before, OVMF loads the kernel that -k names."""
    with rig.guest("-k", rig.kernel, "-i", rig.initrd, "-p", f"'{LINUX} rig.by=fw_cfg'") as g:
        need("rig.by=fw_cfg" in g.run("cat /proc/cmdline"), "another kernel runs")
        by_efi(g)
        g.power_off()


def second_machine_is_refused(rig):
    """Two machines do not write one file of variables."""
    said = rig.outer.run(f"{' '.join(rig.program)} run -F {rig.code},{rig.vars} -m 64M --timeout 20 </dev/null >/dev/null 2>&1 & "
                         f"sleep 5; {' '.join(rig.program)} run -F {rig.code},{rig.vars} -m 64M </dev/null 2>&1; wait", 90)
    need("another machine has it" in said, said)


__all__ = ["FirmwareRig", "grub_boots_linux", "kernel_by_fw_cfg", "second_machine_is_refused"]
