/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv2m (Arm Server Base System Architecture 3.0, appendix E): a frame whose register takes an SPI's number as a message and
 * pulses that SPI. For any controller whose pins are SPIs, a model or a kernel's.
 *
 *	device_set(d, "first", 48);  device_set(d, "count", 64);	// SPIs, counted from 0
 *	device_init(d);
 *	gicv2m_map(d, chip, base);
 */
#ifndef DEV_IRQCHIP_GICV2M_H
#define DEV_IRQCHIP_GICV2M_H

#include "core/device.h"

#define GICV2M_SIZE	0x1000u

struct gicv2m {
	struct device dev;
	struct region regs;
	struct msi_target target;
	struct irqchip *chip;
	uint32_t first, count;			/* properties */
};

extern const struct dev_class gicv2m_class;
int gicv2m_map(struct device *d, struct irqchip *chip, gpa_t base);
void gicv2m_fdt(struct fdt_writer *w, gpa_t base, uint32_t phandle);	/* a node inside the GIC's */

#endif
