/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ports of a PC that reset it: 0xcf9 (bit 2 going up resets; bit 1 and 3 say how thoroughly, which is all the same here) and
 * 0x92 (bit 0 going up resets, bit 1 is A20, which is always on).
 */
#ifndef DEV_MISC_PC_RESET_H
#define DEV_MISC_PC_RESET_H

#include "dev/mmio.h"

#define PC_RESET_PORT	0xcf9u
#define PC_RESET_VALUE	6u		/* what ACPI's reset register is told */

struct pc_reset {
	struct mmio_dev mmio;		/* port 0x92 */
	struct region cf9;
	uint8_t port92, control;
};

extern const struct dev_class pc_reset_class;

#endif
