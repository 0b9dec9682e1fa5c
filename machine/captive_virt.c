/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * captive-virt: the map that the Captive hypervisor gives to Linux guests, so that a device tree written for it boots here
 * unchanged. The tree comes from --dtb; it has no PSCI node, so power-off and reboot need a tree that adds one.
 *
 *	00000000  128 MiB	RAM
 *	08000000		virtio-blk	INTID 64
 *	08010000		virtio-net	INTID 65
 *	08020000		PL011		INTID 66
 *	08040000		PL031		INTID 68
 *	08100000		GICD		08110000 GICC
 *	40000000   12 GiB	RAM (sparse)
 */
#include "dev/irqchip/gic.h"
#include "dev/rtc/pl031.h"
#include "dev/uart/pl011.h"
#include "dev/virtio/devices.h"
#include "machine/machine.h"

#define LOW_RAM		(128 * MIB)
#define HIGH_BASE	(1 * GIB)
#define HIGH_RAM	(12 * GIB)

static const struct board_irqchip captive_gics[] = {
	{ "gicv2", 0x08100000, 0x08110000, GIC_FIRST_SPI, 1, affinity_flat },
	{ NULL }
};

static const struct board_device captive_devices[] = {
	{ &pl011_class, 0x08020000, 66, BOARD_SERIAL },
	{ &pl031_class, 0x08040000, 68, 0 },
	{ NULL }
};

static const struct dev_class *const captive_virtio[] = { &virtio_blk_class, &virtio_net_class };

/* `ram` is the second, larger range: the first is part of the board. */
static uint32_t captive_ranges(uint64_t ram, struct machine_range r[MACHINE_MAX_RANGES])
{
	r[0] = (struct machine_range){ 0, LOW_RAM };
	r[1] = (struct machine_range){ HIGH_BASE, ram };
	return 2;
}

const struct machine_class machine_captive_virt = {
	.name		= "captive-virt",
	.summary	= "the map of the Captive hypervisor; takes its device tree by --dtb",
	.isa		= ISA_ARM64,
	.ops		= &machine_arm64_ops,
	.irqchips	= captive_gics,
	.devices	= captive_devices,
	.virtio		= { 0x08000000, 0x10000, 64, 2, captive_virtio },
	.max_vcpus	= 1,
	.default_ram	= HIGH_RAM,
	.min_ram	= 2 * MIB,
	.max_ram	= HIGH_RAM,
	.boot_range	= 1,
	.needs_dtb	= true,
	.ranges		= captive_ranges,
};
