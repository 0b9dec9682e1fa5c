/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fixed hardware of ACPI (ACPI 6.4, 4.8) in the layout of an ICH9 PM block, at I/O ports:
 *
 *	+0	PM1 status, power button at bit 8; timer at bit 0
 *	+2	PM1 enable
 *	+4	PM1 control; ACPI mode is always on (SCI_EN). SLP_EN with type 0 (S5) powers off
 *	+8	PM timer, 24 bits at 3.579545 MHz
 *	+0x20	GPE0 status and enable, 8 bytes each: nothing raises one
 *
 * The interrupt is the SCI, a level.
 */
#ifndef DEV_MISC_ACPI_PM_H
#define DEV_MISC_ACPI_PM_H

#include "dev/mmio.h"

#define ACPI_PM_SIZE	0x80u
#define ACPI_PM_TIMER_HZ 3579545u
#define ACPI_PM_S5	0u		/* SLP_TYP that powers off */

struct acpi_pm {
	struct mmio_dev mmio;
	struct timer overflow;		/* the PM timer's bit 23 changes */
	uint16_t status, enable, control;
	uint8_t gpe_enable[8];
	bool line;
};

extern const struct dev_class acpi_pm_class;

void acpi_pm_press(struct device *d);	/* the power button, once; any thread */

#endif
