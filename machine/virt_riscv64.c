/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virt-riscv64: the general riscv64 machine. Its map follows that of QEMU's `virt`, so that kernels and people's habits
 * (earlycon=uart8250,mmio,0x10000000) fit:
 *
 *	00100000    4 KiB	system controller: power off, reset
 *	00101000    4 KiB	Goldfish RTC	source 11
 *	03000000   64 KiB	PCI: ports
 *	0c000000    6 MiB	PLIC
 *	0d000000   16 KiB	APLIC (AIA)
 *	10000000  256 B		16550		source 10
 *	10001000    4 KiB each	8 virtio-mmio	sources 1 to 8
 *	28000000    4 KiB each	IMSICs (AIA): 64 of them end at 28040000
 *	30000000   16 MiB	PCI: ECAM; lines	sources 32 to 35
 *	40000000    1 GiB	PCI: memory
 *	80000000		RAM
 *	8000000000  512 GiB	PCI: more memory, if RAM ends below
 */
#include "dev/misc/syscon.h"
#include "dev/rtc/goldfish.h"
#include "dev/uart/ns16550.h"
#include "machine/machine.h"

#define RAM_BASE	(2 * GIB)

static const struct board_irqchip virt_irqchips[] = {
	{ "aia", 0x0d000000, 0, 0, 64, affinity_flat, 0x28000000 },
	{ "plic", 0x0c000000, 0, 0, 64, affinity_flat },
	{ NULL }
};

static const struct board_device virt_devices[] = {
	{ &syscon_class, 0x00100000, 0, 0 },
	{ &goldfish_rtc_class, 0x00101000, 11, 0 },
	{ &ns16550_class, 0x10000000, 10, BOARD_SERIAL | BOARD_DIRECT },
	{ NULL }
};

static const struct board_pci virt_pci = {
	.win = {
		.ecam = 0x30000000, .ecam_size = 16 * MIB,
		.mem32 = 0x40000000, .mem32_size = 1 * GIB,
		.mem64 = 512 * GIB, .mem64_size = 512 * GIB,
		.io_space = BUS_MMIO, .io = 0x03000000, .io_size = 64 * KIB, .io_first = 0x1000,
		.vendor = 0x1b36, .device = 0x0008,	/* as the generic bridge of QEMU's */
	},
	.intid = 32, .lines = 4,
};

static uint32_t virt_ranges(uint64_t ram, struct machine_range r[MACHINE_MAX_RANGES])
{
	r[0] = (struct machine_range){ RAM_BASE, ram };
	return 1;
}

const struct machine_class machine_virt_riscv64 = {
	.name		= "virt-riscv64",
	.summary	= "general riscv64 machine: AIA or PLIC, 16550, PCI, virtio",
	.isa		= ISA_RISCV64,
	.ops		= &machine_riscv64_ops,
	.irqchips	= virt_irqchips,
	.devices	= virt_devices,
	.pci		= &virt_pci,
	.virtio		= { 0x10001000, 0x1000, 1, 8 },
	.max_vcpus	= 64,
	.default_ram	= 512 * MIB,
	.min_ram	= 2 * MIB,
	.max_ram	= (1ull << 40) - RAM_BASE,
	.own_fdt	= true,
	.ranges		= virt_ranges,
};
