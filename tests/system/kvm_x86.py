#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: check
# long: vfio firmware pvh debian vhost split
# budget: 1200
"""
The kvm engine and the pc machine on a real KVM, in software: kvm_x86.py CASE. One outer machine serves all tests of a
case, which are reported one by one as TAP.

VMM=qemu runs the same tests on QEMU inside the outer machine, which must pass them too.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

import vmm
from debian_rig import DebianRig, debian_to_login
from firmware_rig import FirmwareRig, grub_boots_linux, kernel_by_fw_cfg, second_machine_is_refused
from guest import need
from image import image, tool, vmlinux
from kvm_rig import KINDS, MODULES, Rig, first_guest, reboot, reboot_ends, shell_from_disk
from outer import Inner, Skip, main_of
from vhost_rig import VhostRig, network_and_sockets, network_over_mmio
from vfio_rig import VfioRig, bound_device_is_named, guest_drives_it_by_its_line, guest_drives_the_card

BOOT_SECTOR = """
	.code16
	.globl _start
_start:	xor	%ax, %ax
	mov	%ax, %ds
	mov	$(0x7c00 + text - _start), %si
1:	lodsb
	test	%al, %al
	jz	2f
	mov	$0x0e, %ah
	mov	$7, %bx
	int	$0x10
	jmp	1b
2:	mov	$42, %al
	outb	%al, $0xf4
3:	hlt
	jmp	3b
text:	.asciz	"hello from the disk"
	.org	510
	.word	0xaa55
"""


def seabios(rig, irqchip="kernel"):
    """Firmware from its package starts a disk's first sector, which ends the machine with a status."""
    if vmm.chosen() is vmm.qemu:
        return
    bios = "/usr/share/seabios/bios-256k.bin"
    if not os.path.exists(bios):
        raise Skip(f"{bios} is missing: install seabios")
    with tempfile.TemporaryDirectory() as d:
        with open(f"{d}/boot.S", "w", encoding="ascii") as f:
            f.write(BOOT_SECTOR)
        subprocess.run(["as", "--32", "-o", f"{d}/boot.o", f"{d}/boot.S"], check=True)
        subprocess.run(["objcopy", "-O", "binary", "-j", ".text", f"{d}/boot.o", f"{d}/boot.img"], check=True)
        os.truncate(f"{d}/boot.img", 1 << 20)
        firmware, disk = rig.outer.put(bios), rig.outer.put(f"{d}/boot.img")
    command = [*rig.program, "run", "-f", firmware, "-d", disk, "-m", "64M", "--irqchip", irqchip,
               "--timeout", "60"]
    text = rig.outer.run(shlex.join(command) + " </dev/null 2>&1; echo status $?", 90)
    # SeaBIOS's serial console holds the last characters back until the next tick.
    need("hello from the" in text and "status 42" in text, text)


def ipxe(rig, transport):
    """Somebody else's drivers: SeaBIOS starts iPXE from a disk, which asks for an address. It reads registers in halves."""
    bios = "/usr/share/seabios/bios-256k.bin"
    if vmm.chosen() is vmm.qemu:
        return
    if not os.path.exists(bios):
        raise Skip(f"{bios} is missing: install seabios")
    with tempfile.TemporaryDirectory() as d:
        shutil.copy(tool("tools/debfetch", "path", "ipxe:amd64/bookworm") + "/usr/lib/ipxe/ipxe.iso", f"{d}/ipxe.iso")
        os.truncate(f"{d}/ipxe.iso", -(-os.path.getsize(f"{d}/ipxe.iso") // 2048) * 2048)
        firmware, disk = rig.outer.put(bios), rig.outer.put(f"{d}/ipxe.iso")
    command = [*rig.program, "run", "-f", firmware, "-d", disk + ",ro", "-n", "user", "-m", "128M", "--irqchip", "split",
               "--virtio-transport", transport, "--timeout", "60"]
    text = rig.outer.run(shlex.join(command) + " </dev/null 2>&1; echo status $?", 120)
    need("10.0.2.15/255" in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\n]", "", text), text)


def pvh_small(rig):
    """An ELF whose note is all that says where it begins."""
    with tempfile.TemporaryDirectory() as d:
        first_guest(d + "/first")
        guest = rig.outer.put(d + "/first")
    text = rig.outer.run(shlex.join([*rig.program, "run", "-k", guest, "-m", "64M", "--timeout", "60"])
                         + " </dev/null 2>&1; echo status $?", 90)
    need("status 0" in text and "# skipped" not in text, text)


def pvh_linux(rig):
    """Debian's vmlinux by its note: a kernel that came that way wrote version 2.12 into its parameters itself."""
    kernel, initrd = image("amd64/12", MODULES, name="inner-pvh")
    kernel, initrd = rig.outer.put(vmlinux(kernel), "vmlinux"), rig.outer.put(initrd, "pvh.gz")
    command = vmm.cella(kernel, initrd, KINDS["x86-64"].append, cpus=2, mem="256M", program=rig.program)
    with Inner(rig.outer, shlex.join(command), 240) as g:
        need("0x020c" in g.run("cat /sys/kernel/boot_params/version"), "the kernel was started otherwise")
        need(g.run("grep -c ^processor /proc/cpuinfo").strip() == "2", "a CPU is missing")
        g.power_off()


CHECK = [
    ("one CPU over PCI: a shell from a disk, checksum, network fetch, poweroff", lambda r: shell_from_disk(r, 1, "pci")),
    ("two CPUs over PCI", lambda r: shell_from_disk(r, 2, "pci")),
    ("one CPU over MMIO", lambda r: shell_from_disk(r, 1, "mmio")),
    ("two CPUs over MMIO", lambda r: shell_from_disk(r, 2, "mmio")),
    ("reboot boots again", reboot),
    ("vhost: network and sockets over PCI", network_and_sockets),
    ("SeaBIOS boots a disk", seabios),
    ("--no-reboot ends with status 0 at a reboot", reboot_ends),
]

def split(rig, cpus, transport, append=""):
    """Models of the 8259s, the IOAPIC and the 8254: the guest's timer and devices interrupt through them."""
    def check(g):
        irqs = g.run("cat /proc/interrupts")
        need("IO-APIC" in irqs and ("MSI" in irqs) == (transport == "pci" and not append), irqs)

    if vmm.chosen() is vmm.qemu:
        return
    shell_from_disk(rig, cpus, transport, check, append, irqchip="split")


def unit(rig, name):
    """Tests of the engine that this machine's own /dev/kvm may have to skip."""
    binary = os.path.join(vmm.TOP, "build", "test", name)
    if not os.access(binary, os.X_OK):
        raise Skip(f"{binary} is not built: make tests")
    text = rig.outer.run(" ".join(rig.outer.install(binary).split()) + " 2>&1; echo status $?", 120)
    need("status 0" in text and "# skipped" not in text, text)


SPLIT = [
    ("engine: irqchips", lambda r: unit(r, "kvm_irqchip")),
    ("engine: clocks", lambda r: unit(r, "kvm_clock")),
    ("engine: dirty rings", lambda r: unit(r, "kvm_dirty")),
    ("split irqchip: two CPUs over PCI", lambda r: split(r, 2, "pci")),
    ("split irqchip: MMIO, by lines of the IOAPIC", lambda r: split(r, 1, "mmio")),
    ("split irqchip: PCI without MSI, level-triggered", lambda r: split(r, 2, "pci", "pci=nomsi")),
    ("split irqchip: SeaBIOS, by the 8259s", lambda r: seabios(r, "split")),
    ("split irqchip: iPXE gets an address over PCI", lambda r: ipxe(r, "pci")),
    ("split irqchip: iPXE gets an address from a transitional card", lambda r: ipxe(r, "pci-legacy")),
]

VFIO = [
    ("--vfio-pci of a device that the host drives: the driver and what to do", bound_device_is_named),
    ("a guest drives the host's network card: MSI-X, DMA, pings", guest_drives_the_card),
    ("the same by its interrupt line", guest_drives_it_by_its_line),
]


PVH = [
    ("an ELF with a PVH note ends at its first instructions", pvh_small),
    ("Debian's vmlinux starts by its PVH note", pvh_linux),
]

VHOST = [("vhost: network over MMIO, and again after a reboot", network_over_mmio)]

DEBIAN = [("a Debian 12 disk, four CPUs and a network, to login and down again", debian_to_login)]

FIRMWARE = [
    ("OVMF starts GRUB from a disk, and that a kernel; its variables are kept", grub_boots_linux),
    ("OVMF starts the kernel of -k", kernel_by_fw_cfg),
    ("a second machine with the same file of variables is refused", second_machine_is_refused),
]


if __name__ == "__main__":
    main_of({"check": (lambda: VhostRig("x86-64"), CHECK), "vfio": (VfioRig, VFIO), "firmware": (FirmwareRig, FIRMWARE),
             "pvh": (lambda: Rig("x86-64"), PVH), "debian": (DebianRig, DEBIAN),
             "vhost": (lambda: VhostRig("x86-64"), VHOST), "split": (lambda: Rig("x86-64"), SPLIT)})
