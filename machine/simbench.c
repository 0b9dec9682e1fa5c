/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * simbench: a bare board for small images (ELF or raw) that bring their own everything. Map of Captive's board of that
 * name; exit device and timers are ours.
 *
 *	08000000	GICD		08010000 GICC
 *	09000000	PL011		INTID 115
 *	0a000000	exit device: a 32-bit write of N ends the machine, status N
 *	40000000	RAM, at most 512 MiB; raw images load and start here
 *	80000000	RAM, 1 GiB
 *	generic timers as CNTP_* and CNTV_* system registers, INTID 30 and 27
 */
#include "dev/irqchip/gic.h"
#include "dev/misc/simexit.h"
#include "dev/uart/pl011.h"
#include "machine/machine.h"

static const struct board_irqchip simbench_gics[] = {
	{ "gicv2", 0x08000000, 0x08010000, GIC_FIRST_SPI, 8, affinity_flat },
	{ "gicv3", 0x08000000, 0x080a0000, GIC_FIRST_SPI, 64, affinity_of_16 },
	{ NULL }
};

static const struct board_device simbench_devices[] = {
	{ &pl011_class, 0x09000000, 115, BOARD_SERIAL },
	{ &simexit_class, 0x0a000000, 0, BOARD_EXIT },
	{ NULL }
};

static uint32_t simbench_ranges(uint64_t ram, struct machine_range r[MACHINE_MAX_RANGES])
{
	r[0] = (struct machine_range){ 1 * GIB, ram };
	r[1] = (struct machine_range){ 2 * GIB, 1 * GIB };
	return 2;
}

const struct machine_class machine_simbench = {
	.name		= "simbench",
	.summary	= "bare board for small images: UART, timers, GIC, exit device",
	.isa		= ISA_ARM64,
	.ops		= &machine_arm64_ops,
	.irqchips	= simbench_gics,
	.devices	= simbench_devices,
	.max_vcpus	= 64,
	.default_ram	= 512 * MIB,
	.min_ram	= 64 * KIB,
	.max_ram	= 512 * MIB,
	.raw_payload	= true,
	.ranges		= simbench_ranges,
};
