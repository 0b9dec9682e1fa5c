# SPDX-License-Identifier: BSD-2-Clause
"""
Configurations as Jailhouse's own compiler would leave them, for its QEMU arm64 board: revision 14 (its
include/jailhouse/cell-config.h), and in content its root cell "qemu-arm64" and "inmate-demo". Written from that layout alone, without
abi/config.h or `cella cell compile`, so that a mistake there shows.
"""

import struct

REVISION, ARM64 = 14, 2
READ, WRITE, EXECUTE, IO, COMM, LOADABLE, SHARED = 1, 2, 4, 0x10, 0x20, 0x40, 0x80
PASSIVE_COMM = 1
DEMO, NET = 0x7FAF0000, 0x7FB00000  # shared memory of two ivshmem devices
UART = 0x9000000


def memory(phys, size, flags, virt=None):
    return struct.pack("<QQQQ", phys, phys if virt is None else virt, size, flags)


def console(size):
    """A PL011 by MMIO, registers four bytes apart."""
    return struct.pack("<QIHHIIQ", UART, size, 3, 1 | 2, 0, 0, 0)


def irqchip(words):
    return struct.pack("<QII4I", 0x8000000, 0, 32, *words)


def ivshmem(bdf, first, number, peers, protocol):
    """With INTx: one BAR of 4 KiB, neither MSI-X nor capabilities."""
    return struct.pack("<BBHH6IHHBBHHQIBBH", 3, 0, 1, bdf, 0xFFFFF000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, first, number, peers, protocol)


def cell(signature, name, flags, cpus, regions, chips, devices, irq_base, con):
    """struct jailhouse_cell_desc with its arrays. signature: none in a root cell, whose system has it."""
    cpu_set = struct.pack("<Q", cpus)
    head = struct.pack("<5sBH32sII", signature, ARM64 if signature else 0, REVISION if signature else 0, name, 0, flags)
    counts = struct.pack("<8II", len(cpu_set), len(regions), 0, len(chips), 0, len(devices), 0, 0, irq_base)
    return head + counts + struct.pack("<QQ", 0, 0) + con + cpu_set + b"".join(regions + chips + devices)


def shared_demo(root):
    """State table, common part, an output region each of three peers; the root is 0 and the cell 1."""
    common = 0 if root else SHARED
    out = [memory(DEMO + 0xA000 + 0x2000 * i, 0x2000, READ | common | (WRITE if i == (0 if root else 1) else 0)) for i in range(3)]
    return [memory(DEMO, 0x1000, READ | common), memory(DEMO + 0x1000, 0x9000, READ | WRITE | common), *out]


def shared_net(root):
    """No common part: its entry is zeroes."""
    return [memory(NET, 0x1000, READ | SHARED), bytes(32), memory(NET + 0x1000, 0x7F000, READ | SHARED | (WRITE if root else 0)),
            memory(NET + 0x80000, 0x7F000, READ | SHARED | (0 if root else WRITE))]


def system(cpus=0xFFFF):
    """The root cell's. Its virtual PCI bus lies in the redistributors' range of the board."""
    head = struct.pack("<5sBHI", b"JHSYS", ARM64, REVISION, 1)
    pci = struct.pack("<QBBH", 0x8E00000, 0, 1, 1) + bytes(8 * 28)
    gic = struct.pack("<BB2x5Q", 25, 3, 0x8000000, 0, 0, 0, 0x80A0000)
    regions = [*shared_demo(True), *shared_net(True), memory(UART, 0x37000000, READ | WRITE | IO),
               memory(0x40000000, 0x3FA10000, READ | WRITE | EXECUTE), memory(0x4010000000, 0x10000000, READ | WRITE | IO)]
    devices = [ivshmem(0, 0, 0, 3, 0), ivshmem(1 << 3, 5, 0, 2, 1)]
    return (head + memory(0x7FC00000, 0x400000, 0, virt=0) + console(0x1000) + pci + gic +
            cell(b"", b"qemu-arm64", 0, cpus, regions, [irqchip([0xFFFFFFFF] * 4)], devices, 128 - 32, bytes(32)))


def inmate_demo(cpus=2, ram=(0x7FA00000, 0x10000)):
    """ram: 64 KiB as Jailhouse has it, or more for inmates that want more."""
    regions = [*shared_demo(False), memory(UART, 0x1000, READ | WRITE | IO | SHARED),
               memory(*ram, READ | WRITE | EXECUTE | LOADABLE, virt=0), memory(0, 0x1000, READ | WRITE | COMM, virt=0x80000000)]
    return cell(b"JHCLL", b"inmate-demo", PASSIVE_COMM, cpus, regions, [irqchip([0, 0, 0, 1 << (144 - 128)])],
                [ivshmem(0, 0, 1, 3, 0)], 144 - 32, console(0))


def network_demo(cpus=4):
    """What its Linux demo has of a network: a device whose common part is empty."""
    regions = [*shared_net(False), memory(0x7FA10000 - 0x4000, 0x4000, READ | WRITE | EXECUTE | LOADABLE, virt=0)]
    return cell(b"JHCLL", b"network", PASSIVE_COMM, cpus, regions, [irqchip([0, 0, 0, 1 << (149 - 128)])],
                [ivshmem(1 << 3, 0, 1, 2, 1)], 148 - 32, bytes(32))
