/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virt-arm64: the general arm64 machine. Its map follows that of QEMU's `virt`, so that kernels, firmware and people's
 * habits (earlycon=pl011,0x9000000) fit:
 *
 *	00000000  128 MiB	flash (none yet)
 *	08000000   64 KiB	GICD
 *	08010000    8 KiB	GICC (GICv2)
 *	08020000    4 KiB	GICv2m (GICv2): SPI 48 to 111
 *	08080000  128 KiB	ITS (GICv3)
 *	080a0000  128 KiB each	GICR (GICv3): 64 of them end at 088a0000
 *	09000000    4 KiB	PL011		SPI 1
 *	09010000    4 KiB	PL031		SPI 2
 *	09030000    4 KiB	PL061		SPI 7
 *	0a000000  512 B each	32 virtio-mmio	SPI 16 to 47
 *	10000000		PCI: memory to 3efeffff, ports at 3eff0000, ECAM at 3f000000; lines SPI 3 to 6
 *	40000000		RAM, in one piece as far as the CPU's physical addresses go
 *	8000000000  512 GiB	PCI: more memory, if RAM ends below
 */
#include "dev/gpio/pl061.h"
#include "dev/irqchip/gic.h"
#include "dev/rtc/pl031.h"
#include "dev/uart/pl011.h"
#include "dev/virtio/mmio.h"
#include "machine/machine.h"

#define RAM_BASE	(1 * GIB)
#define SPI(n)		(GIC_FIRST_SPI + (n))

static const struct board_irqchip virt_gics[] = {
	{ "gicv3", 0x08000000, 0x080a0000, GIC_FIRST_SPI, 64, affinity_of_16, 0x08080000 },
	{ "gicv2", 0x08000000, 0x08010000, GIC_FIRST_SPI, 8, affinity_flat, 0x08020000 },
	{ NULL }
};

static const struct board_device virt_devices[] = {
	{ &pl011_class, 0x09000000, SPI(1), BOARD_CLOCK | BOARD_SERIAL },
	{ &pl031_class, 0x09010000, SPI(2), BOARD_CLOCK },
	{ &pl061_class, 0x09030000, SPI(7), BOARD_CLOCK | BOARD_POWER_KEY },
	{ NULL }
};

static const struct board_pci virt_pci = {
	.win = {
		.ecam = 0x3f000000, .ecam_size = 16 * MIB,
		.mem32 = 0x10000000, .mem32_size = 0x2eff0000,
		.mem64 = 512 * GIB, .mem64_size = 512 * GIB,
		.io_space = BUS_MMIO, .io = 0x3eff0000, .io_size = 64 * KIB, .io_first = 0x1000,
		.vendor = 0x1b36, .device = 0x0008,	/* as the generic bridge of QEMU's */
	},
	.intid = SPI(3), .lines = 4,
};

static uint32_t virt_ranges(uint64_t ram, struct machine_range r[MACHINE_MAX_RANGES])
{
	r[0] = (struct machine_range){ RAM_BASE, ram };
	return 1;
}

const struct machine_class machine_virt_arm64 = {
	.name		= "virt-arm64",
	.summary	= "general arm64 machine: GICv3 or GICv2, PL011, virtio",
	.isa		= ISA_ARM64,
	.ops		= &machine_arm64_ops,
	.irqchips	= virt_gics,
	.devices	= virt_devices,
	.pci		= &virt_pci,
	.virtio		= { 0x0a000000, VIRTIO_MMIO_SIZE, SPI(16), 32 },
	.max_vcpus	= 64,
	.default_ram	= 512 * MIB,
	.min_ram	= 2 * MIB,
	.max_ram	= (1ull << 48) - RAM_BASE,
	.own_fdt	= true,
	.ranges		= virt_ranges,
};
